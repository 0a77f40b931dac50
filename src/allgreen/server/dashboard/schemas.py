"""The dashboard: all workspaces of one account at a glance."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from allgreen.domain.policy import Role
from allgreen.domain.status import ServiceHealth
from allgreen.server.views.deleted import DeletedWorkspace
from allgreen.server.views.invitations import OwnInvitation
from allgreen.server.views.offers import Offer
from allgreen.server.views.schemas import Strip
from allgreen.server.views.sums import Counts
from allgreen.server.views.watchers import Prober


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstService:
    """The service that is worst; of several the one that has been so for longest.

    Attributes:
        health: down or degraded.
        since: Begin of its outage; of one that is degraded, since when it is.
    """

    service_id: str
    name: str
    health: ServiceHealth
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Somebody who is in the workspace.

    Attributes:
        photo: Path of their photo; `None` without one.
    """

    account_id: str
    name: str
    you: bool
    photo: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCard:
    """A workspace at a glance.

    Attributes:
        may: What the one who asks may do there.
        worst: `None` while nothing is down or degraded, and while nothing can be known.
        uptime_pct: Pooled over all services and 90 days, floored; 100 only if exactly so.
        members: How many people are in it.
        faces: The first few of them, in the order in which they joined.
        is_published: Everybody sees its status page.
        offer: To own it; `None` where there is none, and for whom it does not concern.
    """

    id: str
    name: str
    time_zone: str
    role: Role
    may: list[str]
    counts: Counts
    worst: WorstService | None
    uptime_pct: float | None
    strip: Strip
    members: int
    faces: list[Face]
    is_published: bool
    offer: Offer | None


class EventKind(StrEnum):
    """What happened to a service."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestEvent:
    """An outage that began, or one that ended.

    Attributes:
        reason: What was found when it began.
        lasted_s: Seconds from its begin to its end; `None` where it begins.
    """

    incident_id: str
    kind: EventKind
    at: datetime
    workspace_id: str
    service_id: str
    service_name: str
    reason: str
    lasted_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """What concerns an account now, over all its workspaces.

    Attributes:
        workspaces: The oldest first.
        events: The latest ones, the newest first.
        invitations: Those that can be accepted now, the latest first.
        deleted: Workspaces that one owns and can have back, the latest first.
        prober: Whether services are checked.
    """

    workspaces: list[WorkspaceCard]
    events: list[LatestEvent]
    invitations: list[OwnInvitation]
    deleted: list[DeletedWorkspace]
    prober: Prober
