"""Invitations, for those who send them and for those who get them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from allgreen.domain.policy import Role
from allgreen.server.auth.schemas import EmailText
from allgreen.server.views.invitations import OwnInvitation
from allgreen.server.wire import Input


class InvitationInput(Input):
    """Whom to invite, as an admin or an observer."""

    email: EmailText
    role: Role


class TokenInput(Input):
    """The last part of the address that stands in the mail."""

    token: Annotated[str, Field(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation that nobody has accepted yet.

    Attributes:
        invited_by: Name of who sent it last; `None` when their account is gone.
        is_expired: It can be sent again.
    """

    id: str
    email: str
    role: Role
    invited_by: str | None
    sent_at: datetime
    expires_at: datetime
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SentInvitation:
    """An invitation that was just sent.

    Attributes:
        link: Only where no mail server is set, and only now: to be handed over in person.
    """

    invitation: Invitation
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationPage:
    """Invitations that wait, the latest first."""

    items: list[Invitation]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What an invitation shows to whoever holds its link.

    Attributes:
        email: The address it is for: the link was mailed there, and to nobody else.
        is_yours: Whether the account that is signed in can accept it; `None` when nobody is.
    """

    workspace_name: str
    invited_by: str
    role: Role
    email: str
    expires_at: datetime
    is_yours: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvitations:
    """Those that can be accepted now, the latest first."""

    items: list[OwnInvitation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The workspace that one is a member of now."""

    workspace_id: str
