"""Lines of the history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it.

    Attributes:
        name: `None` when the account is gone.
    """

    account_id: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the history of a workspace.

    Attributes:
        who: `None` for Allgreen itself.
        action: Stable word, such as ``service.paused``.
        summary: The same for people: ``changed the limit from 500 to 800 ms``.
        before: What it was, as far as that is noted; secrets are masked.
        after: What it became.
    """

    id: str
    at: datetime
    who: Actor | None
    action: str
    summary: str
    service_id: str | None
    service_name: str | None
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Lines of the history, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None
