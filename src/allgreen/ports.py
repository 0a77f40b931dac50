"""The seams: narrow protocols between the rules and the technologies.

Every protocol here has one folder of adapters. What an adapter must guarantee stands in the
docstrings; the contract suites in ``tests/contract`` hold every adapter to it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from allgreen.domain.calendar import Calendar
from allgreen.domain.check import CheckKind, LeasedCheck, Slot
from allgreen.domain.identity import (
    AccountId,
    CheckId,
    IncidentId,
    RecipientId,
    ServiceId,
    WindowId,
    WorkspaceId,
)
from allgreen.domain.incident import Incident
from allgreen.domain.mailing import PACE, Pace
from allgreen.domain.maintenance import Interval, Window
from allgreen.domain.notice import Notice
from allgreen.domain.result import Result, SlotKey
from allgreen.domain.schedule import Schedule
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import RollUp, Span, Tally
from allgreen.domain.watcher import Absence, Watcher


class Clock(Protocol):
    """The only way to know the time."""

    def now(self) -> datetime:
        """Return the wall clock, aware UTC. It may jump."""

    def monotonic(self) -> float:
        """Return seconds that never go back; for durations only."""


class IdFactory(Protocol):
    """Where identities come from."""

    def __call__(self) -> str:
        """Return a new UUIDv7 string."""


# Storage


class ServiceRepository(Protocol):
    """Services with their checks, states and open incidents, as whole aggregates."""

    async def get(self, service_id: ServiceId, *, lock: bool = False) -> Service:
        """Return one service that is not deleted.

        With `lock`, others cannot change it until this unit of work ends.

        Raises:
            NotFoundError: There is none.
        """

    async def list_of_checks(self, check_ids: Iterable[CheckId]) -> list[Service]:
        """Return the services of some checks, locked, each once; deleted ones are left out."""

    async def list_upstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        """Return the active services that some services depend on, to look at, not to save."""

    async def list_downstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        """Return the active services that depend on some services, to look at, not to save."""

    async def add(self, service: Service) -> None:
        """Store a new service without checks."""

    async def save(self, services: Iterable[Service]) -> None:
        """Store services as they are now, with their checks' definitions and states.

        Checks that are no longer part of a service are marked deleted. Incidents are not stored
        here.

        Raises:
            VersionConflictError: A stored revision is not the one that was read.
        """

    async def save_states(self, services: Iterable[Service]) -> None:
        """Store health, revision and the states of the checks only; quick, for results.

        Raises:
            VersionConflictError: A stored revision is higher than the one that was read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The grid of a check, and its next run."""

    slot: Slot
    schedule: Schedule


class Pick(StrEnum):
    """Which of the checks that are watched."""

    ALL = "all"
    OVERDUE = "overdue"
    """Whose next slot has begun and is not being run; re-probes are none of them."""
    UNSURE = "unsure"
    """Whose latest results failed, or held again, without being confirmed, or said nothing."""


class CheckRepository(Protocol):
    """The schedule: which check runs when, and who runs it now."""

    async def lease(
        self, *, now: datetime, limit: int, owner: str, lease_for: timedelta
    ) -> list[LeasedCheck]:
        """Hand out checks that are due, the longest due first.

        A check is handed out if its service and it are active, its planned run is due at or
        before `now`, and it is not leased or its lease ran out. Each is marked as leased to
        `owner` with a fence one higher than before, in one atomic step: two callers never get
        the same run.

        The slot handed out is what `Check.run_of` says of the planned one. A check that cannot be
        read is leased and left out, so that it keeps no other one from its run.
        """

    async def unreadable(self) -> list[CheckId]:
        """Return the checks that this unit of work leased and left out."""

    async def next_due_at(self) -> datetime | None:
        """Return when the next check may be leased; `None` when none is planned.

        A leased check counts from the end of its lease, when it may be handed out again.
        """

    async def plan_many(self, slots: Mapping[CheckId, Slot]) -> None:
        """Set the next runs of checks and end their leases; the fences stay."""

    async def planned(self, check_id: CheckId) -> Slot | None:
        """Return the next run; `None` for a check that is not known."""

    async def plans(self, check_ids: Iterable[CheckId]) -> dict[CheckId, Plan]:
        """Return grid and next run of those checks that have one; nobody else plans them now."""

    async def pick(
        self, pick: Pick, *, now: datetime, after: CheckId | None, limit: int
    ) -> list[CheckId]:
        """Return active checks with a plan in the order of their ids, from the one past `after`."""

    async def running(self, check_ids: Iterable[CheckId], *, now: datetime) -> set[CheckId]:
        """Return those whose lease has not run out by `now`; nobody else plans any of them now."""

    async def fences(self, check_ids: Iterable[CheckId]) -> dict[CheckId, int]:
        """Return the fence of the latest lease of each known check."""

    async def revoke_lease(self, check_ids: Iterable[CheckId]) -> None:
        """End leases and raise fences, so that results still to come are history only."""

    async def void_leases(self) -> int:
        """Do so for all, as at the start of the only process; return how many there were."""


class ResultRepository(Protocol):
    """Raw results, kept for days."""

    async def add(self, results: Iterable[Result]) -> None:
        """Store results; a known (check, slot, attempt) is left as it is."""

    async def between(self, check_id: CheckId, begin: datetime, end: datetime) -> list[Result]:
        """Return results with ``begin <= slot < end`` in order, without explanations."""

    async def latest(
        self, check_ids: Iterable[CheckId], *, limit: int, before: SlotKey | None = None
    ) -> list[Result]:
        """Return the newest results, newest first; missed slots included."""

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        """Delete results with an older slot, the oldest first; return how many.

        Up to `limit`; or whole days of UTC, where days are stored apart. There more than `limit`
        may go at once, and the day that holds `instant` stays until it is over.
        """


class SpanRepository(Protocol):
    """How the time of each check counts, as spans without overlap."""

    async def turn(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        """Let time count as `kind` from `at` on: spans that begin later go, the one over `at` ends.

        A turn to the kind that already lasts at `at` changes nothing before it.
        """

    async def turn_many(self, turns: Iterable[tuple[CheckId, datetime, TimeKind]]) -> None:
        """Do the same for many, in order; as few steps as can be, for all that was restarted."""

    async def overlapping(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, list[Span]]:
        """Return the spans that touch a window, in order, for each check that has any."""

    async def tallies(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, Tally]:
        """Return what `tally` says of these spans, without reading each: there may be thousands."""

    async def of_removed(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, dict[CheckId, list[Span]]]:
        """Return the same of the checks that services had once, and have no more."""


class IncidentRepository(Protocol):
    """Incidents; at most one of a service is not resolved (enforced by the database)."""

    async def save(self, incident: Incident) -> None:
        """Store a new or changed incident.

        Raises:
            VersionConflictError: Another incident of the service is not resolved.
        """

    async def get(self, incident_id: IncidentId) -> Incident:
        """Return one.

        Raises:
            NotFoundError: There is none.
        """

    async def latest(
        self, service_ids: Iterable[ServiceId], *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        """Return the newest incidents of some services; with `since`, those not over by then."""


class RecipientRepository(Protocol):
    """Who is told about a service."""

    async def of_service(self, service_id: ServiceId) -> list[Recipient]:
        """Return all recipients, also unconfirmed ones, in the order they were added."""

    async def get(self, recipient_id: RecipientId) -> Recipient:
        """Return one.

        Raises:
            NotFoundError: There is none.
        """

    async def replace(self, service_id: ServiceId, recipients: Sequence[Recipient]) -> None:
        """Store the whole list; ids that are known keep their confirmation."""

    async def save(self, recipient: Recipient) -> None:
        """Store one."""

    async def remove(self, recipient_id: RecipientId) -> None:
        """Forget one; notices to it are cancelled, and one that is being sent is not retried."""

    async def admins_of(self, workspace_id: WorkspaceId) -> list[str]:
        """Return the addresses of the owners and admins of a workspace."""

    async def operators(self) -> list[str]:
        """Return the addresses of those who run this instance."""


class OutboxRepository(Protocol):
    """Messages owed. A row ends sent, dead or cancelled; none vanishes."""

    async def add(self, notices: Iterable[Notice]) -> None:
        """Store notices; a known key is left as it is."""

    async def lease(
        self,
        *,
        now: datetime,
        limit: int,
        lease_for: timedelta,
        pace: Pace = PACE,
        avoid: Collection[str] = (),
    ) -> list[Notice]:
        """Hand out messages that are due, atomically, all their rows with raised fences.

        What goes now, what goes as one and what waits is decided by `mailing.plan`. A notice waits
        while an earlier one of the same service, recipient and channel is pending or leased, and
        does not go with it. A lease that ran out is free again. Nothing goes to the addresses and
        ``@domains`` in `avoid`.
        """

    async def begin_attempt(self, notice: Notice, *, at: datetime) -> bool:
        """Write down that an attempt begins; `False` when the fence is old or it was cancelled.

        Must be committed before the first byte goes to the channel. Until its end is known, it
        may have arrived. Of a message with parts, this and all marks concern each part.
        """

    async def mark_sent(self, notice: Notice, *, at: datetime, answer: str) -> bool:
        """Mark as accepted by the channel, also what was cancelled; `False` when the fence is old."""

    async def mark_delayed(
        self, notice: Notice, *, until: datetime, error: str, is_unsure: bool = False
    ) -> bool:
        """Free the notice for another attempt at `until`; `False` when the fence is old.

        With `is_unsure`, or when an earlier attempt may have arrived, it goes again as it went.
        """

    async def mark_dead(self, notice: Notice, *, at: datetime, error: str) -> bool:
        """Give up; `False` when the fence is old.

        Who cannot be told of the begin of an incident is not told of its end either.
        """

    async def cancel(self, service_id: ServiceId) -> int:
        """Cancel the pending notices of a service; return how many."""

    async def about(self, incident_id: IncidentId) -> list[Notice]:
        """Return the notices about an incident that are not cancelled, in the order of adding."""

    async def withdraw(self, incident_id: IncidentId, kind: str) -> list[Notice]:
        """Cancel those of one kind about an incident that nobody tried to send yet; return them."""

    async def set_back(self, now: datetime, *, lease_for: timedelta) -> None:
        """Bring what lies ahead of `now` into the present, because the clock was set back.

        What was owed ahead of `now`, or waits for longer than any delay between attempts, is due;
        no lease lasts longer than `lease_for`.
        """

    async def void_leases(self) -> int:
        """Free all leases, as at the start of the only process."""

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        """Delete up to `limit` older notices that ended, with their attempts; return how many.

        What people know of an incident that is not resolved stays: by it is known who is told the
        end.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line of the history of a workspace.

    Attributes:
        action: Stable word, such as ``service.paused`` or ``service.health``.
        summary: Words for people: ``changed the limit from 500 to 800 ms``.
        by: Who did it; `None` for Allgreen itself.
    """

    workspace_id: WorkspaceId
    at: datetime
    action: str
    summary: str
    service_id: ServiceId | None = None
    by: AccountId | None = None
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)


class AuditRepository(Protocol):
    """The history: rows are appended, never changed, and go only when they are too old."""

    async def add(self, rows: Iterable[AuditRow]) -> None:
        """Append rows."""

    async def of_service(self, service_id: ServiceId, *, limit: int) -> list[AuditRow]:
        """Return the newest rows about a service, newest first."""

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        """Delete up to `limit` older rows, the oldest first; return how many."""


class Grain(StrEnum):
    """Width of the buckets of roll-ups."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyBucket:
    """An hour of a check whose sums are out of date; its local day is out of date with it."""

    check_id: CheckId
    hour: datetime

    @classmethod
    def at(cls, check_id: CheckId, instant: datetime) -> "DirtyBucket":
        """Return the mark of the hour that holds an instant."""
        return cls(check_id=check_id, hour=instant.replace(minute=0, second=0, microsecond=0))


class RollUpRepository(Protocol):
    """Sums of results and time per check and bucket."""

    async def mark_dirty(self, buckets: Iterable[DirtyBucket]) -> None:
        """Note that sums must be made anew; known buckets are left as they are."""

    async def take_dirty(self, *, limit: int) -> list[DirtyBucket]:
        """Return and remove the oldest marks; undone when the unit of work fails.

        Nobody else changes their services meanwhile.
        """

    async def save_many(
        self, grain: Grain, rows: Mapping[CheckId, Mapping[datetime, RollUp]]
    ) -> None:
        """Store sums of checks by the begin of their bucket, over any that are there."""

    async def load(
        self, check_ids: Iterable[CheckId], grain: Grain, begin: datetime, end: datetime
    ) -> dict[CheckId, dict[datetime, RollUp]]:
        """Return stored sums of buckets with ``begin <= bucket < end``."""

    async def save_service_days(self, rows: Mapping[ServiceId, Mapping[date, RollUp]]) -> None:
        """Store whole services day by day, over any that are there; without their latencies."""

    async def service_days(
        self, service_ids: Iterable[ServiceId], first: date, last: date
    ) -> dict[ServiceId, dict[date, RollUp]]:
        """Return stored local days of services, with the last one."""

    async def save_strips(self, strips: Mapping[ServiceId, "Strip"]) -> None:
        """Store the packed 90 days of services, over any that are there."""

    async def strips(self, service_ids: Iterable[ServiceId]) -> dict[ServiceId, "Strip"]:
        """Return the packed 90 days."""

    async def services_without_strip_of(
        self, day: date, *, limit: int, zone: str | None = None
    ) -> list[ServiceId]:
        """Return active services, of all zones or of one, whose strip ends before `day`."""

    async def delete_before(self, grain: Grain, instant: datetime, *, limit: int) -> int:
        """Delete up to `limit` sums with an older bucket; return how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Ninety local days of a service in one small row, so that a page reads no history.

    Attributes:
        first: Local date of the first letter.
        zone: IANA name of the zone in which the days are cut.
        grades: One letter of `DayGrade` for each day, oldest first.
        details: For days that are neither full nor without data:
            (index, uptime %, down seconds, runs, failed runs).
        known_us: Microseconds that count in the 90 days; with `good_us` the pooled percentage.
        good_us: Microseconds in which it held.
        median_ms: Median latency of the latest 24 hours.
        as_of: When it was computed.
    """

    first: date
    zone: str
    grades: str
    details: tuple[tuple[int, float, int, int, int], ...] = ()
    known_us: int = 0
    good_us: int = 0
    median_ms: float | None = None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredCheck:
    """A check of a service that a maintenance window covers.

    Attributes:
        is_failing: It is down, or its latest failure is not confirmed yet.
    """

    service_id: ServiceId
    check_id: CheckId
    is_failing: bool


class WindowRepository(Protocol):
    """Definitions of maintenance windows; none is ever forgotten, so that the past stays as it was.

    The definitions of one window share its id and differ by version; the highest one holds.
    """

    async def get(self, window_id: WindowId, *, lock: bool = False) -> Window:
        """Return the definition that holds of a window that is not cancelled.

        With `lock`, others cannot change it until this unit of work ends.

        Raises:
            NotFoundError: There is none.
        """

    async def save(self, windows: Iterable[Window]) -> None:
        """Store definitions, over those with the same id and version."""

    async def covered(self, window: Window) -> list[CoveredCheck]:
        """Return the checks of the active services that it covers, in order of service and check."""

    async def touching(self, begin: datetime, end: datetime) -> list[Window]:
        """Return all definitions, of all workspaces, that may run within ``[begin, end]``.

        Those that were cancelled before they ever ran are left out, however many edits made them.
        """

    async def of_services(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, list[Interval]]:
        """Return when services are in maintenance, as far as that touches ``[begin, end]``.

        For each service that is at all, in order; what overlaps or meets is one interval, whole
        also where it goes on outside of the range. With `begin` and `end` the same instant: what
        runs then. Two statements at most, and one where no window is near.
        """


class WorkspaceRepository(Protocol):
    """What the monitoring must know of workspaces."""

    async def zone(self, workspace_id: WorkspaceId) -> str:
        """Return the IANA zone in which days are cut."""

    async def zones(self) -> list[str]:
        """Return the zones of all workspaces, each once, in order."""

    async def calendar(self, workspace_id: WorkspaceId) -> Calendar:
        """Return where its days are cut, now and in the past."""

    async def save_calendar(self, workspace_id: WorkspaceId, calendar: Calendar) -> None:
        """Cut its days by another calendar."""

    async def name(self, workspace_id: WorkspaceId) -> str:
        """Return its name."""

    async def ids(self) -> list[WorkspaceId]:
        """Return all workspaces, in order."""

    async def remove_before(self, instant: datetime, *, limit: int) -> int:
        """Remove up to `limit` rows of workspaces that were deleted earlier; return how many.

        The workspace itself goes last, so that what is left out now is found again.
        """


class WatcherRepository(Protocol):
    """Who watches, and when nobody did."""

    async def find(self, name: str) -> Watcher | None:
        """Return one; `None` before its first start."""

    async def save(self, watcher: Watcher) -> None:
        """Store one."""

    async def beat(self, name: str, at: datetime) -> None:
        """Note that a known watcher lives."""

    async def add_absence(self, absence: Absence) -> None:
        """Store an absence that is over."""

    async def absences_since(self, instant: datetime) -> list[Absence]:
        """Return absences that ended later, oldest first."""


class UnitOfWork(Protocol):
    """One transaction over all repositories.

    Used as ``async with``; leaving the block without `commit` rolls back. State change, incident,
    audit row and outbox rows are written in the same one.
    """

    services: ServiceRepository
    checks: CheckRepository
    results: ResultRepository
    spans: SpanRepository
    incidents: IncidentRepository
    recipients: RecipientRepository
    outbox: OutboxRepository
    audit: AuditRepository
    roll_ups: RollUpRepository
    windows: WindowRepository
    workspaces: WorkspaceRepository
    watchers: WatcherRepository

    async def __aenter__(self) -> Self:
        """Begin; on SQLite immediately as a writer."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Roll back what was not committed and give the connection back."""

    async def commit(self) -> None:
        """Make everything durable, or nothing.

        Raises:
            StorageFullError: The disk is full.
            StorageUnavailableError: The database went away.
        """

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Guard a part: an exception inside undoes the part only, and is raised."""


class UnitOfWorkFactory(Protocol):
    """Opens units of work."""

    def __call__(self) -> UnitOfWork:
        """Return a new one, not yet begun."""


# Running


class CheckExecutor(Protocol):
    """Runs checks of one kind."""

    @property
    def kind(self) -> CheckKind:
        """Return the kind it runs."""

    async def run(self, leased: LeasedCheck) -> Result:
        """Run a check once and say what was found.

        Returns within the timeout of the check, whatever the target does. A failing target is a
        `Result`, never an exception. Holds no connection, file or task afterwards, also when it is
        cancelled.
        """


class Canary(Protocol):
    """A place that is known to be up, asked to learn whether our own network is."""

    @property
    def name(self) -> str:
        """Return how the operator wrote it."""

    async def answers(self) -> bool:
        """Ask once, within seconds; any answer will do."""


class CheckSource(Protocol):
    """Where due checks come from."""

    async def lease(self, *, limit: int) -> list[LeasedCheck]:
        """Return up to `limit` checks to be run now."""

    async def wait(self, *, at_most: timedelta) -> None:
        """Return when something is due or may have changed, within `at_most`."""

    async def release(self, check_ids: Iterable[CheckId]) -> None:
        """Give checks back that were leased and not run, so that nobody waits for their leases."""


class ResultSink(Protocol):
    """Where results go."""

    async def put(self, result: Result) -> None:
        """Take a result; returns when it is safe to forget it, or is queued within bounds."""

    async def flush(self) -> None:
        """Return when everything that was put is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A hint for screens that something is new; it carries no content.

    Attributes:
        kind: ``service``, ``incident``, ``result``, ``delivery``, ``members`` or ``workspace``;
            ``session`` only asks streams to look again who listens.
        is_public: What everybody may see has changed by it at once, such as a page that was taken
            back; of what comes with every check, the public hears a moment later.
    """

    workspace_id: WorkspaceId
    kind: str
    id: str
    version: int = 0
    is_public: bool = False


class EventBroker(Protocol):
    """Tells those who listen that something changed. A doorbell: hints may be lost."""

    def publish(self, changes: Iterable[Change]) -> None:
        """Tell changes to all who listen now; never waits and never raises."""

    def subscribe(self) -> AbstractAsyncContextManager["Subscription"]:
        """Listen from now on."""


class Subscription(Protocol):
    """One listener. When it is too slow, hints are folded into one `Change` of kind workspace."""

    async def next(self) -> Change:
        """Return the next hint, waiting for it."""


# Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The channel took the message over.

    Attributes:
        answer: What it said, such as the SMTP reply.
    """

    answer: str = ""


Gate = Callable[[], Awaitable[None]]
"""Waited for before something that happens one after the other."""


async def open_gate() -> None:
    """Let everybody pass at once."""


class Notifier(Protocol):
    """Hands messages to one channel."""

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        """Render and hand over one message; returns only after it was accepted.

        The message may stand for several, see `Notice.parts`. `gate` is waited for right before
        the message is handed over, when nothing is left to do but that.

        Raises:
            DeliveryDelayedError: It may be accepted later.
            DeliveryRefusedError: It never will be.
        """
