"""Lists of outages."""

from dataclasses import dataclass

from allgreen.server.views.schemas import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Outages, newest first."""

    items: list[Incident]
    next_cursor: str | None
