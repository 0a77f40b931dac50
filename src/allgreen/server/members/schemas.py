"""Members of a workspace."""

from dataclasses import dataclass
from datetime import datetime

from allgreen.domain.policy import Role
from allgreen.server.wire import Input


class MemberEdit(Input):
    """The new role of a member: admin or observer. An owner is made by a transfer."""

    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who is in the workspace.

    Attributes:
        email: For owners, and of oneself.
        since: When they became a member.
        photo: Path of their photo; `None` without one.
    """

    account_id: str
    name: str
    email: str | None
    role: Role
    since: datetime
    you: bool
    pronouns: str
    photo: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who is in the workspace, in the order in which they joined."""

    items: list[Member]
