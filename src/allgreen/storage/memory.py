"""Everything in memory: the ports without a database, for one process and for tests.

A unit of work takes a shallow copy of all tables, changes the copy, and puts it in the place of
the original when it commits. Values are frozen, so a shallow copy is enough. As on SQLite there is
one unit of work at a time: never open one inside another.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self, final

from allgreen.domain.calendar import Calendar
from allgreen.domain.check import Check, LeasedCheck, Slot
from allgreen.domain.identity import (
    CheckId,
    IncidentId,
    OutboxId,
    RecipientId,
    ServiceId,
    WindowId,
    WorkspaceId,
)
from allgreen.domain.incident import Incident, IncidentState
from allgreen.domain.mailing import (
    PACE,
    Lately,
    Letterbox,
    Pace,
    Waiting,
    compose,
    is_digest,
    is_single,
    letterbox_of,
    order_of,
    plan,
)
from allgreen.domain.maintenance import LONGEST, Interval, Window, spent
from allgreen.domain.notice import (
    RETRY_DELAYS,
    SAYS_HOW_IT_IS,
    UNPACED,
    Notice,
    NoticeKind,
    NoticeState,
)
from allgreen.domain.result import Result, SlotKey
from allgreen.domain.service import Recipient, Service
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import Mode, ServiceHealth, TimeKind
from allgreen.domain.uptime import RollUp, Span
from allgreen.domain.watcher import Absence, Watcher
from allgreen.errors import NotFoundError, VersionConflictError
from allgreen.ports import (
    AuditRepository,
    AuditRow,
    CheckRepository,
    CoveredCheck,
    DirtyBucket,
    Grain,
    IncidentRepository,
    OutboxRepository,
    Pick,
    Plan,
    RecipientRepository,
    ResultRepository,
    RollUpRepository,
    ServiceRepository,
    SpanRepository,
    Strip,
    UnitOfWork,
    WatcherRepository,
    WindowRepository,
    WorkspaceRepository,
)

_HELD = (NoticeState.LEASED,)
_OPEN = (NoticeState.PENDING, NoticeState.LEASED)


@final
class MemoryStorage:
    """What is kept while the process lives; `unit_of_work` is a `UnitOfWorkFactory`."""

    def __init__(self) -> None:
        self._kept = _Kept()

    def add_workspace(
        self,
        workspace_id: WorkspaceId,
        *,
        name: str = "",
        zone: str = "UTC",
        admins: Iterable[str] = (),
    ) -> None:
        """Make a workspace known; `admins` are the addresses of its owners and admins."""
        calendar = Calendar(zone=zone)
        workspace = _Workspace(name=name, calendar=calendar, admins=tuple(sorted(admins)))
        self._kept.tables.workspaces[workspace_id] = workspace

    def add_operator(self, address: str) -> None:
        """Make the address of somebody known who runs this instance."""
        self._kept.tables.operators[address] = None

    def unit_of_work(self) -> MemoryUnitOfWork:
        """Return a new transaction, not yet begun."""
        return MemoryUnitOfWork(self._kept)


@final
class MemoryUnitOfWork(UnitOfWork):
    """A transaction over copies of all tables."""

    services: MemoryServiceRepository
    checks: MemoryCheckRepository
    results: MemoryResultRepository
    spans: MemorySpanRepository
    incidents: MemoryIncidentRepository
    recipients: MemoryRecipientRepository
    outbox: MemoryOutboxRepository
    audit: MemoryAuditRepository
    roll_ups: MemoryRollUpRepository
    windows: MemoryWindowRepository
    workspaces: MemoryWorkspaceRepository
    watchers: MemoryWatcherRepository

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    async def __aenter__(self) -> Self:
        await self._kept.turn.acquire()
        self._tables = tables = self._kept.tables.copy()
        self.services = MemoryServiceRepository(tables)
        self.checks = MemoryCheckRepository(tables)
        self.results = MemoryResultRepository(tables)
        self.spans = MemorySpanRepository(tables)
        self.incidents = MemoryIncidentRepository(tables)
        self.recipients = MemoryRecipientRepository(tables)
        self.outbox = MemoryOutboxRepository(tables)
        self.audit = MemoryAuditRepository(tables)
        self.roll_ups = MemoryRollUpRepository(tables)
        self.windows = MemoryWindowRepository(tables)
        self.workspaces = MemoryWorkspaceRepository(tables)
        self.watchers = MemoryWatcherRepository(tables)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kept.turn.release()

    async def commit(self) -> None:
        self._kept.tables = self._tables.copy()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        before, revisions = self._tables.copy(), self.services.revisions()
        try:
            yield
        except BaseException:
            self._tables.become(before)
            self.services.restore(revisions)
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Workspace:
    name: str
    calendar: Calendar
    admins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The schedule of one check; it outlives the check, so that its fence does."""

    slot: Slot | None = None
    fence: int = 0
    leased_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    notice: Notice
    handed_at: datetime | None = None


@dataclass(slots=True)
class _Tables:
    services: dict[ServiceId, Service] = field(default_factory=dict)
    runs: dict[CheckId, _Run] = field(default_factory=dict)
    owners: dict[CheckId, ServiceId] = field(default_factory=dict)  # also of removed checks
    results: dict[tuple[CheckId, SlotKey], Result] = field(default_factory=dict)
    spans: dict[CheckId, tuple[Span, ...]] = field(default_factory=dict)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    recipients: dict[ServiceId, tuple[Recipient, ...]] = field(default_factory=dict)
    owed: dict[OutboxId, _Owed] = field(default_factory=dict)
    audit: dict[int, AuditRow] = field(default_factory=dict)
    dirty: dict[DirtyBucket, None] = field(default_factory=dict)
    roll_ups: dict[tuple[CheckId, Grain, datetime], RollUp] = field(default_factory=dict)
    service_days: dict[tuple[ServiceId, date], RollUp] = field(default_factory=dict)
    strips: dict[ServiceId, Strip] = field(default_factory=dict)
    windows: dict[tuple[WindowId, int], Window] = field(default_factory=dict)
    workspaces: dict[WorkspaceId, _Workspace] = field(default_factory=dict)
    operators: dict[str, None] = field(default_factory=dict)
    watchers: dict[str, Watcher] = field(default_factory=dict)
    absences: dict[int, Absence] = field(default_factory=dict)

    def copy(self) -> _Tables:
        return _Tables(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})

    def become(self, other: _Tables) -> None:
        for table in fields(self):
            setattr(self, table.name, getattr(other, table.name))


@dataclass(slots=True)
class _Kept:
    """What is committed, and whose turn it is to change it."""

    tables: _Tables = field(default_factory=_Tables)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@final
class MemoryServiceRepository(ServiceRepository):
    """Services; it remembers the revision at which each was read."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables
        self._read: dict[ServiceId, int] = {}

    async def get(self, service_id: ServiceId, *, lock: bool = False) -> Service:
        service = self._tables.services.get(service_id)
        if service is None or service.mode is Mode.DELETED:
            raise NotFoundError("service")
        return self._taken(service)

    async def list_of_checks(self, check_ids: Iterable[CheckId]) -> list[Service]:
        asked = set(check_ids)
        return [
            self._taken(service)
            for _, service in sorted(self._tables.services.items())
            if service.mode is not Mode.DELETED
            and any(check.id in asked for check in service.checks)
        ]

    async def list_upstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        asked = [self._tables.services.get(service_id) for service_id in service_ids]
        wanted = {above for service in asked if service for above in service.depends_on}
        return self._looked_at(lambda service: service.id in wanted)

    async def list_downstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        asked = set(service_ids)
        return self._looked_at(lambda service: not asked.isdisjoint(service.depends_on))

    async def add(self, service: Service) -> None:
        self._store(replace(service, checks=()))

    async def save(self, services: Iterable[Service]) -> None:
        saved = list(services)
        if any(self._stored_revision(service) != self._base(service) for service in saved):
            raise VersionConflictError("service")
        for service in saved:
            self._store(service)
            for check in service.checks:
                self._tables.runs.setdefault(check.id, _Run())
                self._tables.owners[check.id] = service.id

    async def save_states(self, services: Iterable[Service]) -> None:
        saved = list(services)
        if any(self._stored_revision(service) > self._base(service) for service in saved):
            raise VersionConflictError("service")
        for service in saved:
            stored = self._tables.services.get(service.id)
            if stored is not None:
                self._store(_with_states(stored, service))

    def revisions(self) -> dict[ServiceId, int]:
        """Return the revisions as read so far, for `restore` when a part is undone."""
        return dict(self._read)

    def restore(self, revisions: dict[ServiceId, int]) -> None:
        """Go back to what was read when `revisions` were asked for."""
        self._read = dict(revisions)

    def _base(self, service: Service) -> int:
        return self._read.get(service.id, service.revision)

    def _stored_revision(self, service: Service) -> int:
        stored = self._tables.services.get(service.id)
        return -1 if stored is None else stored.revision

    def _looked_at(self, condition: Callable[[Service], bool]) -> list[Service]:
        return [
            replace(service, incident=_open_incident(self._tables, service.id))
            for _, service in sorted(self._tables.services.items())
            if service.mode is Mode.ACTIVE and condition(service)
        ]

    def _taken(self, service: Service) -> Service:
        self._read[service.id] = service.revision
        return replace(service, incident=_open_incident(self._tables, service.id))

    def _store(self, service: Service) -> None:
        self._tables.services[service.id] = replace(service, incident=None)
        self._read[service.id] = service.revision


@final
class MemoryCheckRepository(CheckRepository):
    """The schedule."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def lease(
        self, *, now: datetime, limit: int, owner: str, lease_for: timedelta
    ) -> list[LeasedCheck]:
        due = [
            (slot.due_at, check.id, check, slot, run)
            for check, slot, run in self._handed_out()
            if slot.due_at <= now and (run.leased_until is None or run.leased_until <= now)
        ]
        return [
            self._leased(check, slot, run, now, now + lease_for)
            for _, _, check, slot, run in sorted(due, key=lambda one: one[:2])[:limit]
        ]

    async def unreadable(self) -> list[CheckId]:
        return []

    async def next_due_at(self) -> datetime | None:
        waits = [
            slot.due_at if run.leased_until is None else max(run.leased_until, slot.due_at)
            for _, slot, run in self._handed_out()
        ]
        return min(waits, default=None)

    async def plan_many(self, slots: Mapping[CheckId, Slot]) -> None:
        for check_id in slots.keys() & self._tables.runs.keys():
            run = self._tables.runs[check_id]
            self._change(check_id, replace(run, slot=slots[check_id]))

    async def planned(self, check_id: CheckId) -> Slot | None:
        run = self._tables.runs.get(check_id)
        return None if run is None else run.slot

    async def plans(self, check_ids: Iterable[CheckId]) -> dict[CheckId, Plan]:
        asked, found = set(check_ids), dict[CheckId, Plan]()
        for service in self._tables.services.values():
            for check in service.checks:
                run = self._tables.runs[check.id]
                if check.id in asked and run.slot is not None:
                    found[check.id] = Plan(slot=run.slot, schedule=check.schedule)
        return found

    async def pick(
        self, pick: Pick, *, now: datetime, after: CheckId | None, limit: int
    ) -> list[CheckId]:
        found = [
            check.id
            for check, slot, run in self._handed_out()
            if (after is None or check.id > after) and _is_picked(pick, check, slot, run, now)
        ]
        return sorted(found)[:limit]

    async def running(self, check_ids: Iterable[CheckId], *, now: datetime) -> set[CheckId]:
        ends = {
            check_id: self._tables.runs[check_id].leased_until
            for check_id in check_ids
            if check_id in self._tables.runs
        }
        return {check_id for check_id, end in ends.items() if end is not None and end > now}

    async def fences(self, check_ids: Iterable[CheckId]) -> dict[CheckId, int]:
        runs = self._tables.runs
        return {check_id: runs[check_id].fence for check_id in check_ids if check_id in runs}

    async def revoke_lease(self, check_ids: Iterable[CheckId]) -> None:
        for check_id in set(check_ids) & self._tables.runs.keys():
            run = self._tables.runs[check_id]
            self._change(check_id, replace(run, fence=run.fence + 1))

    async def void_leases(self) -> int:
        leased = [check_id for check_id, run in self._tables.runs.items() if run.leased_until]
        await self.revoke_lease(leased)
        return len(leased)

    def _change(self, check_id: CheckId, run: _Run) -> None:
        self._tables.runs[check_id] = replace(run, leased_until=None)

    def _handed_out(self) -> list[tuple[Check, Slot, _Run]]:
        return [
            (check, run.slot, run)
            for service in self._tables.services.values()
            if service.mode is Mode.ACTIVE
            for check in service.checks
            if (run := self._tables.runs[check.id]).slot is not None
        ]

    def _leased(
        self, check: Check, slot: Slot, run: _Run, now: datetime, until: datetime
    ) -> LeasedCheck:
        leased = replace(run, fence=run.fence + 1, leased_until=until)
        self._tables.runs[check.id] = leased
        return LeasedCheck(
            check=check,
            slot=check.run_of(slot, now),
            fence=leased.fence,
            leased_until=until,
            planned_for=slot.due_at,
        )


@final
class MemoryResultRepository(ResultRepository):
    """Raw results."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def add(self, results: Iterable[Result]) -> None:
        for result in results:
            self._tables.results.setdefault((result.check_id, result.key), result)

    async def between(self, check_id: CheckId, begin: datetime, end: datetime) -> list[Result]:
        found = [
            replace(result, explanations=())
            for result in self._tables.results.values()
            if result.check_id == check_id and begin <= result.slot < end
        ]
        return sorted(found, key=lambda result: result.key)

    async def latest(
        self, check_ids: Iterable[CheckId], *, limit: int, before: SlotKey | None = None
    ) -> list[Result]:
        asked = set(check_ids)
        found = [
            result
            for result in self._tables.results.values()
            if result.check_id in asked and (before is None or result.key < before)
        ]
        return sorted(found, key=lambda result: result.key, reverse=True)[:limit]

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        results = self._tables.results
        old = sorted(
            (key for key, result in results.items() if result.slot < instant),
            key=lambda key: key[1],
        )[:limit]
        for key in old:
            del results[key]
        return len(old)


@final
class MemorySpanRepository(SpanRepository):
    """How the time of each check counts."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def turn(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        spans = [span for span in self._tables.spans.get(check_id, ()) if span.began_at < at]
        if spans and spans[-1].kind is kind:
            spans[-1] = replace(spans[-1], ended_at=None)
        else:
            spans[-1:] = [replace(span, ended_at=at) for span in spans[-1:]]
            spans.append(Span(kind=kind, began_at=at))
        self._tables.spans[check_id] = tuple(spans)

    async def overlapping(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, list[Span]]:
        found = {
            check_id: [
                span
                for span in self._tables.spans.get(check_id, ())
                if span.began_at < end and (span.ended_at is None or span.ended_at > begin)
            ]
            for check_id in check_ids
        }
        return {check_id: spans for check_id, spans in found.items() if spans}

    async def of_removed(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, dict[CheckId, list[Span]]]:
        asked, services = set(service_ids), self._tables.services
        gone: dict[ServiceId, list[CheckId]] = defaultdict(list)
        for check_id, owner in self._tables.owners.items():
            if owner in asked and all(check.id != check_id for check in services[owner].checks):
                gone[owner].append(check_id)
        found = {owner: await self.overlapping(ids, begin, end) for owner, ids in gone.items()}
        return {owner: spans for owner, spans in found.items() if spans}


@final
class MemoryIncidentRepository(IncidentRepository):
    """Incidents."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def save(self, incident: Incident) -> None:
        other = _open_incident(self._tables, incident.service_id)
        is_open = incident.state is not IncidentState.RESOLVED
        if is_open and other is not None and other.id != incident.id:
            raise VersionConflictError("incident")
        self._tables.incidents[incident.id] = incident

    async def get(self, incident_id: IncidentId) -> Incident:
        if incident_id not in self._tables.incidents:
            raise NotFoundError("incident")
        return self._tables.incidents[incident_id]

    async def latest(
        self, service_ids: Iterable[ServiceId], *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        asked = set(service_ids)
        found = [
            incident
            for incident in self._tables.incidents.values()
            if incident.service_id in asked
            and (since is None or incident.ended_at is None or incident.ended_at > since)
        ]
        return sorted(found, key=lambda one: (one.began_at, one.id), reverse=True)[:limit]


@final
class MemoryRecipientRepository(RecipientRepository):
    """Recipients; what is still owed to one that goes is cancelled with it."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def of_service(self, service_id: ServiceId) -> list[Recipient]:
        return list(self._tables.recipients.get(service_id, ()))

    async def get(self, recipient_id: RecipientId) -> Recipient:
        for recipients in self._tables.recipients.values():
            for recipient in recipients:
                if recipient.id == recipient_id:
                    return recipient
        raise NotFoundError("recipient")

    async def replace(self, service_id: ServiceId, recipients: Sequence[Recipient]) -> None:
        known = {recipient.id: recipient for recipient in await self.of_service(service_id)}
        for gone in known.keys() - {recipient.id for recipient in recipients}:
            self._cancel(gone)
        self._tables.recipients[service_id] = tuple(
            _confirmed_as(known.get(recipient.id), recipient) for recipient in recipients
        )

    async def save(self, recipient: Recipient) -> None:
        of_service = await self.of_service(recipient.service_id)
        if all(other.id != recipient.id for other in of_service):
            of_service.append(recipient)
        self._tables.recipients[recipient.service_id] = tuple(
            recipient if other.id == recipient.id else other for other in of_service
        )

    async def remove(self, recipient_id: RecipientId) -> None:
        self._cancel(recipient_id)
        for service_id, recipients in self._tables.recipients.items():
            left = tuple(other for other in recipients if other.id != recipient_id)
            self._tables.recipients[service_id] = left

    async def admins_of(self, workspace_id: WorkspaceId) -> list[str]:
        workspace = self._tables.workspaces.get(workspace_id)
        return [] if workspace is None else list(workspace.admins)

    async def operators(self) -> list[str]:
        return sorted(self._tables.operators)

    def _cancel(self, recipient_id: RecipientId) -> None:
        for owed in list(self._tables.owed.values()):
            # Also what is being sent now: should it fail, it is not tried again.
            if owed.notice.recipient_id == recipient_id and owed.notice.state in _OPEN:
                _cancel(self._tables, owed)


@final
class MemoryOutboxRepository(OutboxRepository):
    """Messages owed, in the order in which they were added."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def add(self, notices: Iterable[Notice]) -> None:
        keys = {owed.notice.key for owed in self._tables.owed.values()}
        for notice in notices:
            if notice.key not in keys:
                keys.add(notice.key)
                self._tables.owed[notice.id] = _Owed(notice=notice)

    async def lease(
        self,
        *,
        now: datetime,
        limit: int,
        lease_for: timedelta,
        pace: Pace = PACE,
        avoid: Collection[str] = (),
    ) -> list[Notice]:
        due = self._due(now, avoid)
        lately = self._look_back({letterbox_of(row) for row in due}, now - pace.window)
        decided = plan(due, lately, now=now, pace=pace, limit=limit)
        for row in decided.bound:
            bound = replace(row, state=NoticeState.PENDING, fence=row.fence + 1)
            self._tables.owed[row.id] = replace(self._tables.owed[row.id], notice=bound)
        keys = [rows[0].message_key for rows in decided.go]
        return self._claim(keys, now, now + lease_for) if keys else []

    async def begin_attempt(self, notice: Notice, *, at: datetime) -> bool:
        held = self._held(notice)
        for owed in held:
            begun = replace(owed.notice, attempt=owed.notice.attempt + 1, is_unsure=True)
            self._tables.owed[begun.id] = replace(owed, notice=begun)
        return bool(held)

    async def mark_sent(self, notice: Notice, *, at: datetime, answer: str) -> bool:
        # What was accepted was sent, also when its recipient left meanwhile.
        among = (*_HELD, NoticeState.CANCELLED)
        return self._mark(notice, among, state=NoticeState.SENT, sent_at=at)

    async def mark_delayed(
        self, notice: Notice, *, until: datetime, error: str, is_unsure: bool = False
    ) -> bool:
        stays = is_unsure or notice.is_unsure
        held = self._held(notice)
        for owed in held:
            row = replace(
                owed.notice,
                state=NoticeState.PENDING,
                due_at=until,
                last_error=error,
                is_unsure=stays,
                failed_at=owed.notice.failed_at or owed.handed_at,
            )
            if not stays and not is_digest(row.batch):
                row = replace(row, batch=None)
            handed_at = owed.handed_at if stays else None
            self._tables.owed[row.id] = _Owed(notice=row, handed_at=handed_at)
        return bool(held)

    async def mark_dead(self, notice: Notice, *, at: datetime, error: str) -> bool:
        if not self._mark(notice, state=NoticeState.DEAD, last_error=error):
            return False
        for row in notice.rows:
            if row.kind is NoticeKind.DOWN:
                self._cancel_end(row)
        return True

    async def cancel(self, service_id: ServiceId) -> int:
        pending = [
            owed
            for owed in self._tables.owed.values()
            if owed.notice.service_id == service_id and owed.notice.state is NoticeState.PENDING
        ]
        for owed in pending:
            _cancel(self._tables, owed)
        return len(pending)

    async def about(self, incident_id: IncidentId) -> list[Notice]:
        return [
            owed.notice
            for owed in self._tables.owed.values()
            if owed.notice.incident_id == incident_id
            and owed.notice.state is not NoticeState.CANCELLED
        ]

    async def withdraw(self, incident_id: IncidentId, kind: str) -> list[Notice]:
        untried = [
            owed
            for owed in self._tables.owed.values()
            if (owed.notice.incident_id, owed.notice.kind) == (incident_id, kind)
            and owed.notice.state is NoticeState.PENDING
            and owed.notice.attempt == 1
        ]
        for owed in untried:
            _cancel(self._tables, owed)
        return [replace(owed.notice, state=NoticeState.CANCELLED) for owed in untried]

    async def set_back(self, now: datetime, *, lease_for: timedelta) -> None:
        for owed in list(self._tables.owed.values()):
            if owed.notice.state in _OPEN or owed.handed_at is not None:
                self._tables.owed[owed.notice.id] = _set_back(owed, now, now + lease_for)

    async def void_leases(self) -> int:
        leased = [
            owed.notice
            for owed in self._tables.owed.values()
            if owed.notice.state is NoticeState.LEASED
        ]
        for notice in leased:
            fence, due_at = notice.fence + 1, notice.created_at
            self._mark(notice, state=NoticeState.PENDING, fence=fence, due_at=due_at)
        return len(leased)

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        old = [
            owed.notice
            for owed in self._tables.owed.values()
            if owed.notice.created_at < instant
            and owed.notice.state not in _OPEN
            and not self._says_how_it_is(owed.notice)
        ]
        oldest = sorted(old, key=lambda notice: notice.created_at)[:limit]
        for notice in oldest:
            del self._tables.owed[notice.id]
        return len(oldest)

    def _says_how_it_is(self, notice: Notice) -> bool:
        if notice.kind not in SAYS_HOW_IT_IS or notice.incident_id is None:
            return False
        incident = self._tables.incidents.get(notice.incident_id)
        return incident is not None and incident.state is not IncidentState.RESOLVED

    def _due(self, now: datetime, avoid: Collection[str]) -> list[Notice]:
        """Return what is due, and waits for nothing earlier that is not."""
        domains = tuple(place for place in avoid if place.startswith("@"))
        held: set[tuple[str, ...]] = set()
        due = []
        for owed in self._tables.owed.values():
            row = owed.notice
            if row.state not in _OPEN:
                continue
            if row.due_at > now:
                held.add(order_of(row))
            elif order_of(row) not in held and row.address not in avoid:
                due += [] if row.address.endswith(domains) else [row]
        return due

    def _look_back(
        self, letterboxes: Collection[Letterbox], since: datetime
    ) -> dict[Letterbox, Lately]:
        singles: Counter[Letterbox] = Counter()
        digests: dict[Letterbox, datetime] = {}
        waiting: dict[Letterbox, dict[str, tuple[datetime, int]]] = {one: {} for one in letterboxes}
        for owed in self._tables.owed.values():
            row, at, letterbox = owed.notice, owed.handed_at, letterbox_of(owed.notice)
            if letterbox not in waiting or row.kind in UNPACED:
                continue
            if at is not None and at > since and is_single(row):
                singles[letterbox] += 1
            elif at is not None and at > since and is_digest(row.batch):
                digests[letterbox] = max(at, digests.get(letterbox, at))
            if is_digest(row.batch) and row.state is NoticeState.PENDING and not row.is_unsure:
                waits = waiting[letterbox]
                _, size = waits.get(row.message_key, (row.due_at, 0))
                waits[row.message_key] = (row.due_at, size + 1)
        return {
            letterbox: Lately(
                singles=singles[letterbox],
                digest_at=digests.get(letterbox),
                waiting=_latest_digest(waiting[letterbox]),
            )
            for letterbox in letterboxes
        }

    def _claim(self, keys: Sequence[str], now: datetime, until: datetime) -> list[Notice]:
        claimed: dict[str, list[Notice]] = {key: [] for key in keys}
        for owed in list(self._tables.owed.values()):
            row = owed.notice
            is_due = row.state in _OPEN and row.due_at <= now
            if is_due and row.message_key in claimed:
                fence = row.fence + 1
                leased = replace(row, state=NoticeState.LEASED, due_at=until, fence=fence)
                self._tables.owed[row.id] = _Owed(notice=leased, handed_at=now)
                claimed[row.message_key].append(leased)
        return [compose(rows) for rows in claimed.values() if rows]

    def _cancel_end(self, begin: Notice) -> None:
        about = (begin.incident_id, begin.recipient_id, begin.channel)
        for owed in list(self._tables.owed.values()):
            notice = owed.notice
            is_pending = notice.state is NoticeState.PENDING
            is_end = (notice.incident_id, notice.recipient_id, notice.channel) == about
            if is_pending and is_end and notice.kind is not NoticeKind.DOWN:
                _cancel(self._tables, owed)

    def _held(self, notice: Notice, among: Sequence[NoticeState] = _HELD) -> list[_Owed]:
        """Return the rows that are still leased under the fences of a message."""
        found = [(row, self._tables.owed.get(row.id)) for row in notice.rows]
        return [
            owed
            for row, owed in found
            if owed is not None and owed.notice.fence == row.fence and owed.notice.state in among
        ]

    def _mark(
        self, notice: Notice, among: Sequence[NoticeState] = _HELD, /, **changes: object
    ) -> bool:
        held = self._held(notice, among)
        for owed in held:
            # mypy cannot know which fields the keywords of `replace` name.
            marked: Notice = replace(owed.notice, **changes)  # type: ignore[arg-type]
            self._tables.owed[marked.id] = replace(owed, notice=marked)
        return bool(held)


@final
class MemoryAuditRepository(AuditRepository):
    """The history."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def add(self, rows: Iterable[AuditRow]) -> None:
        for number, row in enumerate(rows, start=max(self._tables.audit, default=-1) + 1):
            self._tables.audit[number] = row

    async def of_service(self, service_id: ServiceId, *, limit: int) -> list[AuditRow]:
        newest_first = reversed(self._tables.audit.values())
        return [row for row in newest_first if row.service_id == service_id][:limit]

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        rows = self._tables.audit
        old = sorted((row.at, number) for number, row in rows.items() if row.at < instant)[:limit]
        for _, number in old:
            del rows[number]
        return len(old)


@final
class MemoryRollUpRepository(RollUpRepository):
    """Sums of results and time per check and bucket."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def mark_dirty(self, buckets: Iterable[DirtyBucket]) -> None:
        self._tables.dirty.update(dict.fromkeys(buckets))

    async def take_dirty(self, *, limit: int) -> list[DirtyBucket]:
        oldest = sorted(self._tables.dirty, key=lambda bucket: (bucket.hour, bucket.check_id))
        taken = oldest[:limit]
        for bucket in taken:
            del self._tables.dirty[bucket]
        return taken

    async def save_many(
        self, grain: Grain, rows: Mapping[CheckId, Mapping[datetime, RollUp]]
    ) -> None:
        for check_id, sums in rows.items():
            for bucket, row in sums.items():
                self._tables.roll_ups[check_id, grain, bucket] = row

    async def load(
        self, check_ids: Iterable[CheckId], grain: Grain, begin: datetime, end: datetime
    ) -> dict[CheckId, dict[datetime, RollUp]]:
        asked = set(check_ids)
        found: dict[CheckId, dict[datetime, RollUp]] = defaultdict(dict)
        for check_id, of_grain, bucket in sorted(self._tables.roll_ups):
            if check_id in asked and of_grain is grain and begin <= bucket < end:
                found[check_id][bucket] = self._tables.roll_ups[check_id, of_grain, bucket]
        return dict(found)

    async def save_service_days(self, rows: Mapping[ServiceId, Mapping[date, RollUp]]) -> None:
        for service_id, days in rows.items():
            for day, row in days.items():
                self._tables.service_days[service_id, day] = replace(row, latencies=LatencySketch())

    async def service_days(
        self, service_ids: Iterable[ServiceId], first: date, last: date
    ) -> dict[ServiceId, dict[date, RollUp]]:
        asked = set(service_ids)
        found: dict[ServiceId, dict[date, RollUp]] = defaultdict(dict)
        for service_id, day in sorted(self._tables.service_days):
            if service_id in asked and first <= day <= last:
                found[service_id][day] = self._tables.service_days[service_id, day]
        return dict(found)

    async def save_strips(self, strips: Mapping[ServiceId, Strip]) -> None:
        self._tables.strips.update(strips)

    async def strips(self, service_ids: Iterable[ServiceId]) -> dict[ServiceId, Strip]:
        strips = self._tables.strips
        return {asked: strips[asked] for asked in service_ids if asked in strips}

    async def services_without_strip_of(
        self, day: date, *, limit: int, zone: str | None = None
    ) -> list[ServiceId]:
        active = sorted(
            service.id
            for service in self._tables.services.values()
            if service.mode is Mode.ACTIVE
            and zone in (None, self._tables.workspaces[service.workspace_id].calendar.zone)
        )
        return [one for one in active if not self._has_strip_of(one, day)][:limit]

    async def delete_before(self, grain: Grain, instant: datetime, *, limit: int) -> int:
        old = sorted(
            (key for key in self._tables.roll_ups if key[1] is grain and key[2] < instant),
            key=lambda key: key[2],
        )[:limit]
        for key in old:
            del self._tables.roll_ups[key]
        return len(old)

    def _has_strip_of(self, service_id: ServiceId, day: date) -> bool:
        strip = self._tables.strips.get(service_id)
        return strip is not None and strip.first + timedelta(days=len(strip.grades) - 1) >= day


@final
class MemoryWindowRepository(WindowRepository):
    """Definitions of maintenance windows."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def get(self, window_id: WindowId, *, lock: bool = False) -> Window:
        definitions = [key for key in self._tables.windows if key[0] == window_id]
        window = self._tables.windows[max(definitions)] if definitions else None
        if window is None or window.cancelled_at is not None:
            raise NotFoundError("maintenance window")
        return window

    async def save(self, windows: Iterable[Window]) -> None:
        self._tables.windows.update({(window.id, window.version): window for window in windows})

    async def covered(self, window: Window) -> list[CoveredCheck]:
        return [
            CoveredCheck(
                service_id=service.id,
                check_id=check.id,
                is_failing=check.state.health is ServiceHealth.DOWN or check.state.bad > 0,
            )
            for _, service in sorted(self._tables.services.items())
            if service.mode is Mode.ACTIVE and window.covers(service.id, service.workspace_id)
            for check in sorted(service.checks, key=lambda check: check.id)
        ]

    async def touching(self, begin: datetime, end: datetime) -> list[Window]:
        return [
            window
            for _, window in sorted(self._tables.windows.items())
            if window.holds_from <= end
            and (window.over_by is None or window.over_by > max(begin, window.holds_from))
        ]

    async def of_services(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, list[Interval]]:
        near = await self.touching(begin - LONGEST, end + LONGEST)
        services = self._tables.services
        asked = {each: services[each].workspace_id for each in service_ids if each in services}
        return spent(near, asked, begin, end)


@final
class MemoryWorkspaceRepository(WorkspaceRepository):
    """Workspaces."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def zone(self, workspace_id: WorkspaceId) -> str:
        return self._workspace(workspace_id).calendar.zone

    async def zones(self) -> list[str]:
        return sorted({each.calendar.zone for each in self._tables.workspaces.values()})

    async def calendar(self, workspace_id: WorkspaceId) -> Calendar:
        return self._workspace(workspace_id).calendar

    async def save_calendar(self, workspace_id: WorkspaceId, calendar: Calendar) -> None:
        changed = replace(self._workspace(workspace_id), calendar=calendar)
        self._tables.workspaces[workspace_id] = changed

    async def name(self, workspace_id: WorkspaceId) -> str:
        return self._workspace(workspace_id).name

    async def ids(self) -> list[WorkspaceId]:
        return sorted(self._tables.workspaces)

    def _workspace(self, workspace_id: WorkspaceId) -> _Workspace:
        if workspace_id not in self._tables.workspaces:
            raise NotFoundError("workspace")
        return self._tables.workspaces[workspace_id]


@final
class MemoryWatcherRepository(WatcherRepository):
    """Watchers and their absences."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def find(self, name: str) -> Watcher | None:
        return self._tables.watchers.get(name)

    async def save(self, watcher: Watcher) -> None:
        self._tables.watchers[watcher.name] = watcher

    async def beat(self, name: str, at: datetime) -> None:
        if name in self._tables.watchers:
            self._tables.watchers[name] = replace(self._tables.watchers[name], seen_at=at)

    async def add_absence(self, absence: Absence) -> None:
        self._tables.absences[len(self._tables.absences)] = absence

    async def absences_since(self, instant: datetime) -> list[Absence]:
        kept = self._tables.absences.values()
        found = [absence for absence in kept if absence.ended_at > instant]
        return sorted(found, key=lambda absence: absence.ended_at)


def _latest_digest(waiting: Mapping[str, tuple[datetime, int]]) -> Waiting | None:
    """Return the digest that is due last, which can take more."""
    found = [Waiting(key=key, due_at=due_at, size=size) for key, (due_at, size) in waiting.items()]
    return max(found, key=lambda digest: digest.due_at, default=None)


def _set_back(owed: _Owed, now: datetime, until: datetime) -> _Owed:
    notice, handed_at = owed.notice, owed.handed_at
    is_ahead = notice.created_at > now or notice.due_at > now + RETRY_DELAYS[-1]
    is_leased = notice.state is NoticeState.LEASED
    due_at = min(notice.due_at, until) if is_leased else now if is_ahead else notice.due_at
    return replace(
        owed,
        notice=replace(notice, due_at=due_at, created_at=min(notice.created_at, now)),
        handed_at=None if handed_at is None else min(handed_at, now),
    )


def _is_picked(pick: Pick, check: Check, slot: Slot, run: _Run, now: datetime) -> bool:
    match pick:
        case Pick.ALL:
            return True
        case Pick.OVERDUE:
            is_free = run.leased_until is None or run.leased_until <= now
            return slot.due_at <= now and slot.attempt == 1 and is_free
        case Pick.UNSURE:
            return check.state.is_suspect or check.state.blind > 0 or check.state.good > 0


def _open_incident(tables: _Tables, service_id: ServiceId) -> Incident | None:
    for incident in tables.incidents.values():
        if incident.service_id == service_id and incident.state is not IncidentState.RESOLVED:
            return incident
    return None


def _with_states(stored: Service, service: Service) -> Service:
    states = {check.id: check.state for check in service.checks}
    checks = tuple(
        replace(check, state=states.get(check.id, check.state)) for check in stored.checks
    )
    return replace(
        stored,
        health=service.health,
        since=service.since,
        revision=service.revision,
        flaps=service.flaps,
        checks=checks,
    )


def _confirmed_as(known: Recipient | None, recipient: Recipient) -> Recipient:
    if known is None or known.confirmed_at is None:
        return recipient
    return replace(recipient, confirmed_at=known.confirmed_at)


def _cancel(tables: _Tables, owed: _Owed) -> None:
    cancelled = replace(owed.notice, state=NoticeState.CANCELLED)
    tables.owed[cancelled.id] = replace(owed, notice=cancelled)
