"""A bus over storage in memory, spoken to in commands only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from allgreen.bootstrap import build_bus
from allgreen.domain.check import Check, LeasedCheck, Slot
from allgreen.domain.commands import (
    Command,
    EditService,
    RecordResults,
    RegisterCheck,
    RegisterService,
)
from allgreen.domain.events import Event
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.incident import Incident
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Outcome, TimeKind
from allgreen.domain.uptime import Span
from allgreen.monitoring.bus import Bus
from allgreen.monitoring.handlers.hints import Doorbells
from allgreen.ports import AuditRow, Change, UnitOfWork
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import (
    ACCOUNT,
    CHECK,
    SERVICE,
    WORKSPACE,
    FakeClock,
    SequentialIds,
    a_check,
    a_recipient,
    a_result_of,
)
from allgreen.transports.local import LocalEventBroker

T = TypeVar("T")
LEASE_FOR = timedelta(minutes=2)


@dataclass
class Scene:
    """One workspace, its storage, a clock, and the bus."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    clock: FakeClock = field(default_factory=FakeClock)
    ids: SequentialIds = field(default_factory=SequentialIds)
    broker: LocalEventBroker = field(default_factory=LocalEventBroker)
    rings: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    held: dict[CheckId, LeasedCheck] = field(default_factory=dict)
    sent: list[Notice] = field(default_factory=list)
    zone: str = "UTC"

    def __post_init__(self) -> None:
        self.storage.add_workspace(
            WORKSPACE, name="Nordlys", zone=self.zone, admins=["admin@example.org"]
        )
        self.bus = build_bus(
            ids=self.ids,
            channel=Channel.EMAIL,
            delay_scale=1.0,
            doorbells=Doorbells(
                broker=self.broker,
                on_schedule=lambda: self.rings.append("schedule"),
                on_outbox=lambda: self.rings.append("outbox"),
            ),
        )

    bus: Bus = field(init=False)

    # Doing

    async def handle(self, command: Command) -> tuple[Event, ...]:
        """Carry a command out and commit it."""
        events = await self.bus.execute(command, self.storage.unit_of_work)
        self.events.extend(events)
        return events

    async def watch(self, *checks: Check, recipients: Sequence[Recipient] | None = None) -> None:
        """Register the service with its checks and one confirmed recipient."""
        listed = (a_recipient(),) if recipients is None else tuple(recipients)
        await self.handle(
            RegisterService(
                service_id=SERVICE,
                workspace_id=WORKSPACE,
                name="Payments webhook",
                recipients=listed,
                by=ACCOUNT,
                at=self.now,
            )
        )
        for check in checks or (a_check(),):
            await self.handle(RegisterCheck(check=check, by=ACCOUNT, at=self.now))

    async def also_watch(
        self, check: Check, *, name: str = "Database", depends_on: Sequence[ServiceId] = ()
    ) -> None:
        """Register another service with one check and nobody to tell."""
        await self.handle(
            RegisterService(
                service_id=check.service_id,
                workspace_id=WORKSPACE,
                name=name,
                recipients=(),
                depends_on=tuple(depends_on),
                by=ACCOUNT,
                at=self.now,
            )
        )
        await self.handle(RegisterCheck(check=check, by=ACCOUNT, at=self.now))

    async def edit(
        self,
        *,
        checks: Sequence[Check] | None = None,
        depends_on: Sequence[ServiceId] | None = None,
        remind_every: timedelta | None = None,
        recipients: Sequence[Recipient] | None = None,
    ) -> None:
        """Edit the service as it is now."""
        service = await self.service()
        await self.handle(
            EditService(
                service_id=SERVICE,
                expected_version=service.version,
                checks=None if checks is None else tuple(checks),
                depends_on=None if depends_on is None else tuple(depends_on),
                remind_every=remind_every,
                recipients=None if recipients is None else tuple(recipients),
                by=ACCOUNT,
                at=self.now,
            )
        )

    async def lease(self, *, limit: int = 100) -> list[LeasedCheck]:
        """Take what is due now."""
        return await self.ask(
            lambda uow: uow.checks.lease(
                now=self.now, limit=limit, owner="test", lease_for=LEASE_FOR
            )
        )

    async def run(self, outcome: Outcome, check_id: CheckId = CHECK) -> Result:
        """Let time pass until a check is due, run it with an outcome, and record that."""
        slot = await self.planned(check_id)
        assert slot is not None
        if slot.due_at > self.now:
            self.clock.jump(slot.due_at)
        self.held |= {leased.check.id: leased for leased in await self.lease()}
        return await self.found(self.held.pop(check_id), outcome)

    async def runs(self, outcomes: Sequence[Outcome], check_id: CheckId = CHECK) -> None:
        """Do so for each outcome in turn."""
        for outcome in outcomes:
            await self.run(outcome, check_id)

    async def found(self, leased: LeasedCheck, outcome: Outcome) -> Result:
        """Record what a leased run found."""
        result = a_result_of(leased, outcome, at=self.now)
        self.clock.advance(timedelta(seconds=1))
        await self.record(result)
        return result

    async def record(self, *results: Result) -> None:
        """Record results as they are."""
        await self.handle(RecordResults(results=results, at=self.now))

    # Asking

    @property
    def now(self) -> datetime:
        """Return the time."""
        return self.clock.now()

    async def ask(self, question: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Ask, or do, something in a unit of work of its own."""
        async with self.storage.unit_of_work() as uow:
            answer = await question(uow)
            await uow.commit()
        return answer

    async def service(self, service_id: ServiceId = SERVICE) -> Service:
        """Return the service as it is stored."""
        return await self.ask(lambda uow: uow.services.get(service_id))

    async def planned(self, check_id: CheckId = CHECK) -> Slot | None:
        """Return the next run of a check."""
        return await self.ask(lambda uow: uow.checks.planned(check_id))

    async def results(self, check_id: CheckId = CHECK) -> list[Result]:
        """Return what is stored of a check, newest first."""
        return await self.ask(lambda uow: uow.results.latest([check_id], limit=1000))

    async def incidents(self) -> list[Incident]:
        """Return all incidents of the service, oldest first."""
        found = await self.ask(lambda uow: uow.incidents.latest([SERVICE], limit=100))
        return found[::-1]

    async def audit(self) -> list[AuditRow]:
        """Return the history of the service, oldest first."""
        found = await self.ask(lambda uow: uow.audit.of_service(SERVICE, limit=1000))
        return found[::-1]

    async def owed(self) -> list[Notice]:
        """Return all messages about incidents that are not cancelled, oldest first."""
        found: list[Notice] = []
        for incident in await self.incidents():
            found += await self._about(incident)
        return found

    async def _about(self, incident: Incident) -> list[Notice]:
        return await self.ask(lambda uow: uow.outbox.about(incident.id))

    async def kinds(self) -> list[NoticeKind]:
        """Return the kinds of the messages owed."""
        return [notice.kind for notice in await self.owed()]

    async def spans(self, check_id: CheckId = CHECK) -> list[tuple[TimeKind, datetime]]:
        """Return kind and begin of each span of a check."""
        found = await self.ask(lambda uow: uow.spans.overlapping([check_id], _EVER, _NEVER))
        return [(span.kind, span.began_at) for span in found.get(check_id, [])]

    async def raw_spans(self, check_id: CheckId = CHECK) -> list[Span]:
        """Return the spans of a check."""
        found = await self.ask(lambda uow: uow.spans.overlapping([check_id], _EVER, _NEVER))
        return found.get(check_id, [])

    async def send_all(self) -> list[Notice]:
        """Accept everything that is owed now, as a channel that never fails would."""
        sent: list[Notice] = []
        while leased := await self.ask(
            lambda uow: uow.outbox.lease(now=self.now, limit=100, lease_for=LEASE_FOR)
        ):
            for notice in leased:
                await self._accept(notice)
            sent += [row for message in leased for row in message.rows]
        self.sent += sent
        return sent

    async def _accept(self, notice: Notice) -> None:
        async def accept(uow: UnitOfWork) -> bool:
            return await uow.outbox.mark_sent(notice, at=self.now, answer="250")

        assert await self.ask(accept)


async def hints(broker: LocalEventBroker, do: Callable[[], Awaitable[object]]) -> list[Change]:
    """Return what screens are told while something is done."""
    found: list[Change] = []
    async with broker.subscribe() as subscription:
        await do()
        broker.publish([_END])
        while (hint := await subscription.next()) != _END:
            found.append(hint)
    return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Let other tasks run until a condition holds; what is stored rings no bell."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0)


_EVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_NEVER = datetime.fromisoformat("2100-01-01T00:00:00+00:00")
_END = Change(workspace_id=WORKSPACE, kind="end", id="end")
