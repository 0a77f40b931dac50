"""A workspace at a glance, and its people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from allgreen.domain.policy import Role
from allgreen.server.auth.schemas import NameText
from allgreen.server.views.schemas import Strip
from allgreen.server.views.watchers import Prober
from allgreen.server.wire import Input


class WorkspaceEdit(Input):
    """What to change; parts that are absent stay as they are.

    Another time zone holds from its next midnight: days that are over keep their cut.
    """

    name: NameText | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many services are how."""

    up: int
    degraded: int
    down: int
    unknown: int
    paused: int
    maintenance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The head of the workspace page.

    Attributes:
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
