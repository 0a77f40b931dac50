"""From a message to those who handle it.

A command has exactly one handler. An event may have many, of two sorts: handlers *within* write
to the same unit of work as the command and raise, so that state, incident, audit and outbox rows
are kept together or not at all; handlers *afterwards* ring doorbells once all is committed, and
what they raise is logged only.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar, cast

from allgreen.domain.commands import Command
from allgreen.domain.events import Event
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.service import Service
from allgreen.domain.status import TimeKind
from allgreen.ports import AuditRow, DirtyBucket, UnitOfWork, UnitOfWorkFactory

logger = logging.getLogger(__name__)

R = TypeVar("R")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


class Turn:
    """One command on its way through the bus: its unit of work and what has happened so far.

    Every call of `Bus.handle` has its own, so that the bus keeps nothing between calls and may
    be used by many tasks at once.
    """

    def __init__(self, uow: UnitOfWork, within: Mapping[type[object], Sequence["Within[Event]"]]):
        self.uow = uow
        self.events: list[Event] = []
        self._within = within
        self._queue: deque[Event] = deque()
        self._is_telling = False
        self._services: dict[ServiceId, Service] = {}
        self._recalled: dict[str, object] = {}
        self._notes: list[AuditRow] = []
        self._accounts: list[tuple[CheckId, datetime, TimeKind]] = []
        self._dirty: list[DirtyBucket] = []

    def note(self, row: AuditRow) -> None:
        """Add a row to the history; it is written with all others when the command is done.

        One by one they would be most of the work of a restart, after which everything turns.
        """
        self._notes.append(row)

    def count(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        """Let the time of a check count differently from an instant on; written in the end too."""
        self._accounts.append((check_id, at, kind))
        self.mark([DirtyBucket.at(check_id, at)])

    def mark(self, buckets: Iterable[DirtyBucket]) -> None:
        """Have sums made again; all marks in one step, or two commands could wait for each other."""
        self._dirty.extend(buckets)

    async def write(self) -> None:
        """Write now what was noted and counted, for whoever reads it in the same command."""
        accounts, self._accounts = self._accounts, []
        notes, self._notes = self._notes, []
        if accounts:
            self._recalled.clear()
            await self.uow.spans.turn_many(accounts)
        if notes:
            await self.uow.audit.add(notes)

    async def finish(self) -> None:
        """Write all that is still owed."""
        await self.write()
        if self._dirty:
            await self.uow.roll_ups.mark_dirty(set(self._dirty))

    def know(self, *services: Service) -> None:
        """Note services as they are stored now, so that handlers need not read them again."""
        self._services.update({service.id: service for service in services})
        self._recalled.clear()

    @property
    def known(self) -> list[Service]:
        """Return the services that were noted: those of which more will be asked."""
        return list(self._services.values())

    async def recall(self, what: str, read: Callable[[], Awaitable[R]]) -> R:
        """Return what `read` returns, read once as long as nothing of it changes.

        So what is asked of one service after the other is read for all that are known at once.
        """
        if what not in self._recalled:
            self._recalled[what] = await read()
        return cast(R, self._recalled[what])

    async def service(self, service_id: ServiceId) -> Service:
        """Return a service as it is stored now.

        Raises:
            NotFoundError: There is none.
        """
        known = self._services.get(service_id)
        return known or await self.uow.services.get(service_id)

    async def tell(self, *events: Event) -> None:
        """Tell events to the handlers within, one after the other.

        Events that a handler tells in its turn wait until all handlers saw the earlier ones.
        """
        self._queue.extend(events)
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._queue:
                await self._tell_one(self._queue.popleft())
        finally:
            self._is_telling = False
            self._queue.clear()

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """Guard a part of the work: when it raises, what it wrote and told is undone."""
        await self.write()  # what is owed to others must not be undone with this part
        told, marked = len(self.events), len(self._dirty)
        try:
            async with self.uow.savepoint():
                yield
        except BaseException:
            del self.events[told:]
            del self._dirty[marked:]
            self._accounts.clear()
            self._notes.clear()
            self._services.clear()
            self._recalled.clear()
            raise

    async def _tell_one(self, event: Event) -> None:
        self.events.append(event)
        for handler in self._within.get(type(event), ()):
            await handler(event, self)


CommandHandler = Callable[[C, Turn], Awaitable[None]]
Within = Callable[[E, Turn], Awaitable[None]]
Afterwards = Callable[[E], None]


class Bus:
    """Hands commands and events to their handlers."""

    def __init__(self) -> None:
        self._commands: dict[type[object], CommandHandler[Command]] = {}
        self._within: dict[type[object], list[Within[Event]]] = {}
        self._afterwards: dict[type[object], list[Afterwards[Event]]] = {}

    def on_command(self, kind: type[C], handler: CommandHandler[C]) -> None:
        """Name the handler of a command.

        Raises:
            ValueError: The command has one already.
        """
        if kind in self._commands:
            raise ValueError(f"{kind.__name__} has a handler already.")
        self._commands[kind] = cast(CommandHandler[Command], handler)

    def within(self, kind: type[E], handler: Within[E]) -> None:
        """Add a handler that writes to the unit of work in which the event happens."""
        self._within.setdefault(kind, []).append(cast(Within[Event], handler))

    def afterwards(self, kind: type[E], handler: Afterwards[E]) -> None:
        """Add a handler that is called when the event is committed; it never waits."""
        self._afterwards.setdefault(kind, []).append(cast(Afterwards[Event], handler))

    async def handle(self, command: Command, uow: UnitOfWork) -> tuple[Event, ...]:
        """Carry a command out in a unit of work; the caller commits it.

        Returns:
            What happened, for `announce` once it is committed.

        Raises:
            LookupError: Nobody handles this command.
            AllgreenError: As the handlers raise; the unit of work is to be left uncommitted.
        """
        handler = self._commands.get(type(command))
        if handler is None:
            raise LookupError(f"Nobody handles {type(command).__name__}.")
        turn = Turn(uow, self._within)
        await handler(command, turn)
        await turn.finish()
        return tuple(turn.events)

    def announce(self, events: Iterable[Event]) -> None:
        """Tell committed events to the handlers afterwards. Hints only: failures are logged."""
        for event in events:
            for handler in self._afterwards.get(type(event), ()):
                try:
                    handler(event)
                except Exception:  # what is committed cannot fail any more
                    logger.exception("A handler of %s failed", type(event).__name__)

    async def execute(self, command: Command, unit_of_work: UnitOfWorkFactory) -> tuple[Event, ...]:
        """Carry a command out in a unit of work of its own, commit it, and announce."""
        async with unit_of_work() as uow:
            events = await self.handle(command, uow)
            await uow.commit()
        self.announce(events)
        return events
