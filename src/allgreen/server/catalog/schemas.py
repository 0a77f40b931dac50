"""Services, their checks and their figures, as they are sent and shown."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from allgreen.domain.status import FailureClass, Outcome, ServiceHealth, Shown
from allgreen.server.auth.schemas import NameText
from allgreen.server.catalog.check_schemas import CheckInput, CheckView
from allgreen.server.views.schemas import Explanation, Incident, Strip
from allgreen.server.wire import Input

# A malformed one is none of the services that are there.
IdText = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]


class PeriodUnit(StrEnum):
    """Unit of a period; elapsed time, so a day is 24 hours."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class Range(StrEnum):
    """How far back figures go."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


# What people send


class Period(Input):
    """How often a service is checked."""

    every: Annotated[int, Field(ge=1, le=1_000_000_000)]
    unit: PeriodUnit


class RecipientInput(Input):
    """Who is told: a member by account, or anybody by address."""

    account_id: Annotated[str, Field(max_length=64)] | None = None
    email: Annotated[str, Field(max_length=500)] | None = None


class ServiceInput(Input):
    """A service to watch."""

    name: NameText
    checks: Annotated[list[CheckInput], Field(min_length=1, max_length=20)]
    period: Period = Period(every=15, unit=PeriodUnit.MINUTES)
    recipients: list[RecipientInput] = Field(default_factory=list, max_length=50)
    depends_on: list[IdText] = Field(default_factory=list, max_length=20)
    remind_every: Period | None = None


class ServiceEdit(Input):
    """What to change; parts that are absent stay as they are."""

    name: NameText | None = None
    checks: Annotated[list[CheckInput], Field(min_length=1, max_length=20)] | None = None
    period: Period | None = None
    recipients: Annotated[list[RecipientInput], Field(max_length=50)] | None = None
    depends_on: Annotated[list[IdText], Field(max_length=20)] | None = None
    # Null switches reminders off.
    remind_every: Period | None = None


# What is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Milliseconds of each phase; absent when it did not happen."""

    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    body_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where and why a target failed."""

    kind: Annotated[str, Field(serialization_alias="class")]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a check finds that is not saved yet.

    Attributes:
        body_excerpt: At most 1 KiB of the body; the only place that ever shows any of it.
    """

    outcome: Outcome
    latency_ms: float | None
    phases: Phases
    answers_within_ms: int | None
    explanations: list[Explanation]
    failure: Failure | None
    body_excerpt: str | None
    certificate_days: float | None
    http_status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one check."""

    slot: datetime
    attempt: int
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    failure_class: FailureClass | None
    message: str | None
    http_status: int | None
    latency_ms: float | None
    phases: Phases
    explanations: list[Explanation]
    certificate_days: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """Results, newest first."""

    items: list[Result]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who is told; addresses of strangers are for admins."""

    id: str
    account_id: str | None
    name: str | None
    email: str | None
    state: Literal["confirmed", "pending"]
    you: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UptimeFigures:
    """Uptime of the latest 24 hours and 7, 30 and 90 days, floored."""

    h24: float | None
    d7: float | None
    d30: float | None
    d90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service as a line of the list.

    Attributes:
        shown: The one word for the screen; `health` is what the state machine knows.
        reason: Short text of what is wrong, such as ``503 instead of 202``.
        since: Begin of the outage that lasts, else from when `health` holds.
        address: Host and path, without scheme, query and user.
        uptime_pct: Of 90 days, floored; 100 only if exactly so.
        median_ms: Median latency of the latest 24 hours.
        maintenance_until: When the planned work ends that is under way; windows that overlap or
            meet are one.
    """

    id: str
    name: str
    version: int
    mode: Literal["active", "paused"]
    health: ServiceHealth
    shown: Shown
    reason: str | None
    since: datetime | None
    address: str
    period_s: int
    uptime_pct: float | None
    median_ms: int | None
    last_result_at: datetime | None
    next_slot_at: datetime | None
    strip: Strip
    paused_by: str | None
    paused_at: datetime | None
    maintenance_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePage:
    """Services by name."""

    items: list[ServiceRow]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(ServiceRow):
    """A service in full."""

    checks: list[CheckView]
    period: Period
    recipients: list[Recipient]
    depends_on: list[str]
    remind_every: Period | None
    may: list[str]
    created_at: datetime
    last_result: Result | None
    uptime: UptimeFigures
    incident: Incident | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckNow:
    """The slot that was asked for."""

    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A stretch of the latency graph."""

    at: datetime
    p50_ms: float | None
    p95_ms: float | None
    checks: int
    failed: int
    down_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Time that counts as down; without an end it lasts."""

    begin: Annotated[datetime, Field(serialization_alias="from")]
    end: Annotated[datetime | None, Field(serialization_alias="to")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line of the history: ``Jonas changed the limit from 500 to 800 ms``."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers behind the open row."""

    range: Range
    begin: Annotated[datetime, Field(serialization_alias="from")]
    end: Annotated[datetime, Field(serialization_alias="to")]
    zone: str
    bucket_s: int
    limit_ms: int | None
    uptime_pct: float | None
    buckets: list[Bucket]
    outages: list[Outage]
    incidents: list[Incident]
    changes: list[Change]
