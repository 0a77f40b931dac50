"""What who runs this Allgreen sees of the accounts on it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAccount:
    """An account, as far as it matters to who runs this Allgreen.

    Attributes:
        two_factor: Whether signing in needs a second factor.
        disabled_at: Since when nobody can sign in to it; `None` if somebody can.
        last_seen_at: When one of its open sessions was used last; `None` without any.
    """

    id: str
    name: str
    email: str
    email_verified: bool
    instance_admin: bool
    two_factor: bool
    disabled_at: datetime | None
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """Accounts, the newest first."""

    items: list[ListedAccount]
    next_cursor: str | None
