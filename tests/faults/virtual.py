"""Services on virtual time: the real rules and the real bus over storage in memory.

Nothing waits: the clock is set to the moment at which the next run is due. A day of a hundred
services is a minute of work, and every run of it is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from allgreen.bootstrap import build_bus
from allgreen.domain.check import LeasedCheck
from allgreen.domain.commands import Command, RecordResults, RegisterCheck, RegisterService
from allgreen.domain.events import Event, IncidentOpened
from allgreen.domain.identity import CheckId, RecipientId, ServiceId
from allgreen.domain.incident import Incident
from allgreen.domain.notice import Channel, NoticeKind
from allgreen.domain.status import Outcome
from allgreen.monitoring.dispatch import Dispatcher
from allgreen.monitoring.handlers.hints import Doorbells
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import (
    ACCOUNT,
    NOON,
    WORKSPACE,
    FakeClock,
    RecordingNotifier,
    SequentialIds,
    a_check,
    a_recipient,
    a_result_of,
)
from allgreen.transports.local import LocalEventBroker

LEASE_FOR = timedelta(minutes=2)
LOOK_BACK = timedelta(hours=2)
"""Older results are forgotten, as the keeper does; nothing here asks for them."""

Answer = Callable[[ServiceId, datetime], Outcome]
"""What a service answers when it is asked at an instant."""


@dataclass
class VirtualWorld:
    """Some services, how they answer, and what Allgreen makes of it.

    Attributes:
        incidents: What was opened, in order.
        told: How many messages of each kind a channel that never fails has accepted.
    """

    answer: Answer
    period: timedelta = timedelta(minutes=1)
    clock: FakeClock = field(default_factory=FakeClock)
    probes: int = 0
    incidents: list[Incident] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._storage = MemoryStorage()
        self._storage.add_workspace(WORKSPACE, name="Nordlys", zone="UTC")
        self._ids = SequentialIds()
        broker = LocalEventBroker()
        self._bus = build_bus(
            ids=self._ids,
            channel=Channel.EMAIL,
            delay_scale=1.0,
            doorbells=Doorbells(broker=broker, on_schedule=_nothing, on_outbox=_nothing),
        )
        self._notifier = RecordingNotifier()
        self._dispatcher = Dispatcher(
            unit_of_work=self._storage.unit_of_work,
            notifiers={Channel.EMAIL: self._notifier},
            clock=self.clock,
            broker=broker,
            jitter=lambda: 0.5,
        )
        self._swept_at = NOON

    @property
    def told(self) -> Counter[NoticeKind]:
        """Return how many messages of each kind were accepted."""
        return Counter(notice.kind for notice in self._notifier.sent)

    async def watch(self, count: int) -> list[ServiceId]:
        """Begin to watch so many services, each with one check and one recipient."""
        return [await self._watch_one(number) for number in range(count)]

    async def run_until(self, end: datetime) -> None:
        """Run everything that is due before `end`, in its order."""
        while (due_at := await self._next_due_at()) is not None and due_at < end:
            if due_at > self.clock.now():
                self.clock.jump(due_at)
            await self._record(await self._lease())
            await self._send()
            await self._forget()
        self.clock.jump(end)
        await self._send()

    async def _watch_one(self, number: int) -> ServiceId:
        service_id, now = ServiceId(self._ids()), self.clock.now()
        recipient = a_recipient(
            f"reader-{number}@example.org",
            id=RecipientId(self._ids()),
            service_id=service_id,
        )
        register = RegisterService(
            service_id=service_id,
            workspace_id=WORKSPACE,
            name=f"Service {number}",
            recipients=(recipient,),
            by=ACCOUNT,
            at=now,
        )
        await self._handle(register)
        check = a_check(id=CheckId(self._ids()), service_id=service_id, every=self.period)
        await self._handle(RegisterCheck(check=check, by=ACCOUNT, at=now))
        return service_id

    async def _next_due_at(self) -> datetime | None:
        async with self._storage.unit_of_work() as uow:
            return await uow.checks.next_due_at()

    async def _lease(self) -> list[LeasedCheck]:
        async with self._storage.unit_of_work() as uow:
            leased = await uow.checks.lease(
                now=self.clock.now(), limit=100_000, owner="bench", lease_for=LEASE_FOR
            )
            await uow.commit()
        return leased

    async def _record(self, leased: Iterable[LeasedCheck]) -> None:
        now = self.clock.now()
        results = tuple(
            a_result_of(each, self.answer(each.check.service_id, now), at=now) for each in leased
        )
        self.probes += len(results)
        at = max((result.finished_at for result in results), default=now)
        self.clock.jump(at)
        await self._handle(RecordResults(results=results, at=at))

    async def _send(self) -> None:
        while leased := await self._dispatcher.lease():
            for notice in leased:
                await self._dispatcher.deliver(notice)

    async def _forget(self) -> None:
        now = self.clock.now()
        if now - self._swept_at < LOOK_BACK:
            return
        self._swept_at = now
        async with self._storage.unit_of_work() as uow:
            await uow.results.delete_before(now - LOOK_BACK, limit=1_000_000)
            await uow.commit()

    async def _handle(self, command: Command) -> None:
        events = await self._bus.execute(command, self._storage.unit_of_work)
        self.incidents += _opened(events)


def _opened(events: Iterable[Event]) -> list[Incident]:
    return [event.incident for event in events if isinstance(event, IncidentOpened)]


def _nothing() -> None:
    """Ring no bell: the run looks by itself."""
