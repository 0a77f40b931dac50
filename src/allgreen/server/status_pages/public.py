"""What everybody may see: the whole of it, and nothing else ever leaves for a public page.

Pages, feeds, badges and the public JSON are drawn from these shapes alone. There is no address, no
answer of a target, no person and no id of ours in them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from allgreen.server.views.schemas import Strip


class State(StrEnum):
    """How a service is, for everybody."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
    UNKNOWN = "unknown"


class Ending(StrEnum):
    """How an outage ended."""

    HOLDS_AGAIN = "holds again"
    PAUSED = "paused"
    RECONFIGURED = "configuration changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicService:
    """A service, as everybody sees it.

    Attributes:
        key: By which its badge is asked for; made from its id, and leads back to nothing.
        since: Begin of the outage that lasts.
        until: End of the maintenance that runs.
        uptime_pct: Of the latest 90 days, floored; 100 only if exactly so.
        median_ms: Median latency of 24 hours, if the page shows latencies.
    """

    key: str
    name: str
    state: State
    since: datetime | None
    until: datetime | None
    uptime_pct: float | None
    median_ms: int | None
    strip: Strip


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIncident:
    """An outage, without what was found: answers of targets are nobody else's business.

    Attributes:
        key: Names it in feeds.
        service: Name of the service.
        duration_s: Seconds that it lasted, or has lasted by now.
        ending: How it ended; null while it lasts.
    """

    key: str
    service: str
    began_at: datetime
    ended_at: datetime | None
    duration_s: int
    ending: Ending | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMaintenance:
    """Planned work, with the names of the services that it covers."""

    services: list[str]
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """The page of a workspace.

    Attributes:
        about: Markdown.
        zone: IANA name of the zone in which days are cut.
        offline_since: Since when the network of Allgreen itself is down, so that nothing is known.
        uptime_pct: Pooled over the services that are shown, over 90 days.
        checked_at: When something was found out last.
        incidents: Newest first, of about 90 days.
        maintenance: In order, of as many days and of the two weeks to come.
        as_of: When this was read.
        is_current: Nothing newer can be read when it is false; nobody knows then how services are.
    """

    slug: str
    title: str
    about: str
    website: str
    zone: str
    offline_since: datetime | None
    uptime_pct: float | None
    checked_at: datetime | None
    services: list[PublicService]
    incidents: list[PublicIncident]
    maintenance: list[PublicMaintenance]
    as_of: datetime
    is_current: bool = True

    def as_old(self) -> Self:
        """Return the same when nothing newer can be read: what was known is no longer so."""
        unknown = [
            replace(each, state=State.UNKNOWN, since=None, until=None) for each in self.services
        ]
        return replace(self, services=unknown, is_current=False)
