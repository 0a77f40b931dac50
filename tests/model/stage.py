"""The product on a stage: the real bus, handlers, outbox and dispatcher, and a clock that is ours.

Commands go in; what is kept comes out as `Kept`, read from the storage itself and not through what
the product makes of it. The process may be killed before or after any call of the storage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self, TypeVar, cast

from allgreen.bootstrap import build_bus
from allgreen.domain.check import LeasedCheck, Slot
from allgreen.domain.commands import Command
from allgreen.domain.events import Event
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.incident import Incident
from allgreen.domain.notice import Channel, Notice
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient, Service
from allgreen.domain.uptime import Span
from allgreen.errors import DeliveryError
from allgreen.monitoring.dispatch import Dispatcher
from allgreen.monitoring.handlers.hints import Doorbells
from allgreen.ports import (
    Accepted,
    AuditRow,
    Gate,
    Notifier,
    UnitOfWork,
    UnitOfWorkFactory,
    open_gate,
)
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import WORKSPACE, FakeClock, SequentialIds
from allgreen.transports.local import LocalEventBroker

T = TypeVar("T")
LEASE_FOR = timedelta(minutes=2)
ADMIN = "admin@example.org"


class KilledError(BaseException):
    """The process ends here: nothing after it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is committed, in the order in which it was written."""

    services: Mapping[ServiceId, Service]
    plans: Mapping[CheckId, Slot | None]
    results: Sequence[Result]
    incidents: Sequence[Incident]
    outbox: Sequence[Notice]
    audit: Sequence[AuditRow]
    spans: Mapping[CheckId, Sequence[Span]]
    recipients: Sequence[Recipient]


class Keeping(Protocol):
    """A storage, and a look into it."""

    async def open(self) -> None:
        """Begin to use it."""

    async def close(self) -> None:
        """Leave nothing of it behind."""

    @property
    def unit_of_work(self) -> UnitOfWorkFactory:
        """Open a unit of work."""

    async def look(self) -> Kept:
        """Return all that is committed."""


class InMemory(Keeping):
    """The adapter without a database."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._storage.add_workspace(WORKSPACE, name="Nordlys", zone="UTC", admins=[ADMIN])

    async def open(self) -> None:
        """Begin to use it: nothing is to be done."""

    async def close(self) -> None:
        """Leave nothing behind: it goes with the object."""

    @property
    def unit_of_work(self) -> UnitOfWorkFactory:
        """Open a unit of work."""
        return self._storage.unit_of_work

    async def look(self) -> Kept:
        """Return all that is committed."""
        tables = self._storage._kept.tables  # the proof must not depend on what it proves
        return Kept(
            services=dict(tables.services),
            plans={check_id: run.slot for check_id, run in tables.runs.items()},
            results=list(tables.results.values()),
            incidents=list(tables.incidents.values()),
            outbox=[owed.notice for owed in tables.owed.values()],
            audit=list(tables.audit.values()),
            spans=dict(tables.spans),
            recipients=[one for listed in tables.recipients.values() for one in listed],
        )


@dataclass
class Post(Notifier):
    """The channel: it accepts, unless it is told otherwise, and keeps what it accepted.

    Attributes:
        trouble: Raised instead of accepting; `KilledError` after it has accepted.
        accepted: What went out, with the moment.
    """

    clock: FakeClock
    trouble: DeliveryError | KilledError | None = None
    accepted: list[tuple[datetime, Notice]] = field(default_factory=list)

    async def send(self, notice: Notice, gate: Gate = open_gate) -> Accepted:
        """Accept a message, or fail."""
        is_unsure = getattr(self.trouble, "is_unsure", False)
        if isinstance(self.trouble, DeliveryError) and not is_unsure:
            raise self.trouble
        self.accepted.append((self.clock.now(), notice))
        if self.trouble is not None:
            raise self.trouble
        return Accepted(answer="250 kept by the test")


class Stage:
    """One workspace, its storage, a clock, the bus and the dispatcher.

    Attributes:
        kill_at: Before which call of the storage, counted from now, the process is killed.
        kills: How often that happened.
    """

    def __init__(self, keeping: Keeping | None = None) -> None:
        self.keeping = keeping or InMemory()
        self.clock, self.ids, self.broker = FakeClock(), SequentialIds(), LocalEventBroker()
        self.post = Post(self.clock)
        self.kill_at: int | None = None
        self.kills = 0
        self.is_committed = False
        self.events: tuple[Event, ...] = ()
        self.bus = build_bus(
            ids=self.ids,
            channel=Channel.EMAIL,
            delay_scale=1.0,
            doorbells=Doorbells(broker=self.broker, on_schedule=_nothing, on_outbox=_nothing),
        )
        self.dispatcher = Dispatcher(
            unit_of_work=self.unit_of_work,
            notifiers={Channel.EMAIL: self.post},
            clock=self.clock,
            broker=self.broker,
            jitter=lambda: 0.0,
        )

    @property
    def now(self) -> datetime:
        """Return the time."""
        return self.clock.now()

    def unit_of_work(self) -> UnitOfWork:
        """Open a unit of work, in which the process may be killed."""
        inner = self.keeping.unit_of_work()
        return inner if self.kill_at is None else cast(UnitOfWork, _Mortal(inner, self))

    async def handle(self, command: Command) -> None:
        """Carry a command out and commit it; what it told is known even after a kill."""
        self.is_committed, self.events = False, ()
        async with self.unit_of_work() as uow:
            events = await self.bus.handle(command, uow)
            try:
                await uow.commit()
                self.is_committed = True
            finally:
                self.events = events if self.is_committed else ()

    async def lease(self) -> list[LeasedCheck]:
        """Take what is due now."""
        return await self.ask(
            lambda uow: uow.checks.lease(now=self.now, limit=100, owner="test", lease_for=LEASE_FOR)
        )

    async def restart(self) -> None:
        """Begin anew after a kill, as the only process does: leases of the last run are void."""
        self.kill_at = None

        async def void(uow: UnitOfWork) -> int:
            return await uow.checks.void_leases() + await uow.outbox.void_leases()

        await self.ask(void)

    async def ask(self, question: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Ask, or do, something in a unit of work of its own."""
        async with self.unit_of_work() as uow:
            answer = await question(uow)
            await uow.commit()
        return answer

    async def look(self) -> Kept:
        """Return all that is committed."""
        return await self.keeping.look()

    def burn(self) -> None:
        """Come one call nearer to the end, if there is to be one."""
        if self.kill_at is None:
            return
        self.kill_at -= 1
        if self.kill_at < 0:
            self.kill_at, self.kills = None, self.kills + 1
            raise KilledError


class _Mortal:
    """A unit of work in which every call may be the last one."""

    def __init__(self, inner: UnitOfWork, stage: Stage) -> None:
        self._inner, self._stage = inner, stage

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        self._stage.burn()
        await self._inner.commit()
        self._stage.is_committed = True
        self._stage.burn()

    def __getattr__(self, name: str) -> object:
        part = getattr(self._inner, name)
        return part if name == "savepoint" else _MortalPart(part, self._stage)


class _MortalPart:
    """A repository of such a unit of work."""

    def __init__(self, inner: object, stage: Stage) -> None:
        self._inner, self._stage = inner, stage

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        method: Callable[..., Awaitable[object]] = getattr(self._inner, name)

        async def call(*args: object, **options: object) -> object:
            self._stage.burn()
            return await method(*args, **options)

        return call


class Loop:
    """A loop that lasts as long as a history, because a history is not a coroutine."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def run(self, work: Awaitable[T]) -> T:
        """Wait for something."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        """Leave nothing behind."""
        self._loop.close()


def _nothing() -> None:
    """Ring no bell: the machine looks by itself."""
