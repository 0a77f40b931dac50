"""A workspace at a glance, and its people."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from allgreen.domain.policy import Role
from allgreen.server.auth.schemas import NameText
from allgreen.server.views.deleted import DeletedWorkspace
from allgreen.server.views.offers import Offer
from allgreen.server.views.schemas import Strip
from allgreen.server.views.sums import Counts
from allgreen.server.views.watchers import Prober
from allgreen.server.wire import Input


def _as_stored(text: str) -> str:
    """Return a typed name the way names are stored, however long a name may be today."""
    return " ".join(unicodedata.normalize("NFC", text).split())


ZoneText = Annotated[str, Field(max_length=64)]
TypedText = Annotated[str, Field(max_length=1000), AfterValidator(_as_stored)]


class WorkspaceInput(Input):
    """A new workspace."""

    name: NameText
    time_zone: ZoneText = "UTC"


class WorkspaceEdit(Input):
    """What to change; parts that are absent stay as they are.

    Another time zone holds from its next midnight: days that are over keep their cut.
    """

    name: NameText | None = None
    time_zone: ZoneText | None = None
    admins_may_invite: bool | None = None


class DeletionInput(Input):
    """The name of the workspace, typed by hand, so that nothing is deleted by a slip."""

    name: TypedText


class OfferInput(Input):
    """Which member may become the owner."""

    account_id: Annotated[str, Field(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The head of the workspace page.

    Attributes:
        may: What the one who asks may do here, by their role and by what owners allow admins.
        slug: Last part of the address of its status page, while that is published.
        admins_may_invite: Admins may invite observers.
        offer: `None` where there is none, and for whom it does not concern.
        uptime_pct: Pooled over all services and 90 days, floored; 100 only if exactly so.
        down_since: Begin of the longest outage that lasts.
        median_ms: Median latency over the services, of the latest 24 hours.
        checks_total: How many checks its services have.
        prober: Whether they are checked.
    """

    id: str
    name: str
    time_zone: str
    role: Role
    may: list[str]
    slug: str | None
    admins_may_invite: bool
    offer: Offer | None
    uptime_pct: float | None
    strip: Strip
    counts: Counts
    down_since: datetime | None
    median_ms: int | None
    checks_total: int
    prober: Prober
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member; addresses of others are for owners."""

    account_id: str
    name: str
    email: str | None
    you: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who may be told."""

    items: list[Person]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedWorkspaces:
    """Those that one owns, the latest first."""

    items: list[DeletedWorkspace]
