"""Presence: a watcher says that it lives, and notices when it, or its clock, was away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from allgreen.domain.commands import (
    CatchUp,
    Command,
    ForgetSuspicions,
    NoteAbsence,
    NoteOffline,
    ReportOffline,
    SetClockBack,
)
from allgreen.domain.identity import CheckId
from allgreen.domain.watcher import Absence, AbsenceReason, Watcher, WatcherState
from allgreen.monitoring.patience import Patience, wait_for
from allgreen.ports import Clock, Pick, UnitOfWorkFactory

logger = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
BEAT_EVERY = timedelta(seconds=15)

ABSENT_AFTER = timedelta(minutes=1)
"""Who is silent for so long was away; anything shorter is a restart."""

SET_BACK_AFTER = timedelta(seconds=1)
"""Clocks that are slewed never go back; smaller steps hurt nothing."""

STEADY_READ_S = 0.05
"""Two clocks that were not read in one go tell nothing about each other."""

LAST_RESULTS = timedelta(seconds=2)
"""How long results of the time offline may take to be stored before failures are forgotten."""

MESSAGE_LEASE = timedelta(minutes=2)
"""No lease of a message lasts longer."""

SLICE = 200
"""Checks that are put right in one transaction."""

Execute = Callable[[Command], Awaitable[object]]


class Presence:
    """Keeps the time at which this process last lived, and draws the consequences of gaps in it.

    Args:
        name: The name of this watcher.
        unit_of_work: Where the last sign of life is kept.
        execute: Carries commands out, each in a transaction of its own.
        flush: Has everything stored that was found.
        clock: Wall clock against monotonic clock tells of jumps.
    """

    def __init__(
        self,
        *,
        name: str,
        unit_of_work: UnitOfWorkFactory,
        execute: Execute,
        flush: Callable[[], Awaitable[None]],
        clock: Clock,
        tick: timedelta = TICK,
    ) -> None:
        self._name = name
        self._unit_of_work = unit_of_work
        self._execute = execute
        self._flush = flush
        self._clock = clock
        self._tick = tick
        self._zero: datetime | None = None
        self._beaten_s = float("-inf")
        self.absences = dict.fromkeys(AbsenceReason, 0)
        self.set_backs = 0

    async def begin(self) -> None:
        """Find out how long nobody lived, before anything is run."""
        now = self._clock.now()
        async with self._unit_of_work() as uow:
            known = await uow.watchers.find(self._name)
            if known is None:
                await uow.watchers.save(Watcher(name=self._name, since=now, seen_at=now))
                await uow.commit()
        if known is not None:
            await self._begin_again(known, now)
        await self.beat()

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the clocks, and say that this process lives, until `stop` is set."""
        patience = Patience("The watch over the clock")
        while not stop.is_set():
            await patience.attempt(self.look)
            await wait_for(stop, self._tick)

    async def look(self) -> None:
        """Compare the clocks once; what a jump spoiled is put right before it is forgotten."""
        before_s, now = self._clock.monotonic(), self._clock.now()
        if self._clock.monotonic() - before_s > STEADY_READ_S:
            return
        zero = now - timedelta(seconds=before_s)
        if self._zero is not None:
            await self._judge(zero - self._zero, now)
        self._zero = zero
        if before_s - self._beaten_s >= BEAT_EVERY.total_seconds():
            await self.beat()

    async def beat(self) -> None:
        """Say that this process lives."""
        async with self._unit_of_work() as uow:
            await uow.watchers.beat(self._name, self._clock.now())
            await uow.commit()
        self._beaten_s = self._clock.monotonic()

    async def catch_up(self, at: datetime) -> None:
        """Run what waited, each once and not all in the same moment."""
        await self.for_each(Pick.OVERDUE, at, lambda ids: CatchUp(check_ids=ids, at=at))

    async def for_each(
        self, pick: Pick, at: datetime, command_of: Callable[[tuple[CheckId, ...]], Command]
    ) -> None:
        """Carry a command out for some of the checks, in slices, so that others get their turn."""
        after: CheckId | None = None
        while True:
            async with self._unit_of_work() as uow:
                ids = await uow.checks.pick(pick, now=at, after=after, limit=SLICE)
            if not ids:
                return
            await self._execute(command_of(tuple(ids)))
            after = ids[-1]

    async def go_offline(self, since: datetime) -> None:
        """Say that nothing is checked, because our own network is down."""
        await self._execute(NoteOffline(watcher=self._name, at=since))

    async def report_offline(self, since: datetime) -> None:
        """Say that our own network has been down for long; said again, it tells nobody twice."""
        report = ReportOffline(watcher=self._name, since=since, at=self._clock.now())
        await self._execute(report)

    async def come_back(self, since: datetime) -> None:
        """Forget what was found while our own network was down since `since`, and look anew."""
        try:
            async with asyncio.timeout(LAST_RESULTS.total_seconds()):
                await self._flush()
        except TimeoutError:
            logger.warning("Results of the time offline wait for the storage")
        now = self._clock.now()
        await self._forget_suspicions(now)
        await self.catch_up(now)
        await self.note(
            Absence(watcher=self._name, began_at=since, ended_at=now, why=AbsenceReason.OFFLINE)
        )

    async def note(self, absence: Absence) -> None:
        """Keep an absence that is over."""
        self.absences[absence.why] += 1
        await self._execute(NoteAbsence(absence=absence))

    async def _begin_again(self, known: Watcher, now: datetime) -> None:
        away = now - known.seen_at
        if away < -SET_BACK_AFTER:
            await self._set_back(-away, now)
        was_offline = known.state is WatcherState.OFFLINE
        if away <= ABSENT_AFTER and not was_offline:
            return
        why = AbsenceReason.OFF if away > ABSENT_AFTER else AbsenceReason.OFFLINE
        began_at = min(known.since if was_offline else known.seen_at, now)
        logger.warning("Nobody checked anything from %s to %s (%s)", began_at, now, why)
        if was_offline:
            await self._forget_suspicions(now)
        await self.catch_up(now)
        await self.note(Absence(watcher=self._name, began_at=began_at, ended_at=now, why=why))

    async def _forget_suspicions(self, at: datetime) -> None:
        await self.for_each(Pick.UNSURE, at, lambda ids: ForgetSuspicions(check_ids=ids, at=at))

    async def _judge(self, moved: timedelta, now: datetime) -> None:
        if moved < -SET_BACK_AFTER:
            await self._set_back(-moved, now)
            await self.beat()
        elif moved > ABSENT_AFTER:
            logger.warning("The clock went forward by %s, or this machine slept", moved)
            await self.catch_up(now)
            absence = Absence(
                watcher=self._name, began_at=now - moved, ended_at=now, why=AbsenceReason.CLOCK
            )
            await self.note(absence)

    async def _set_back(self, by: timedelta, now: datetime) -> None:
        logger.warning("The clock was set back by %s: what lay ahead is planned anew", by)
        self.set_backs += 1
        await self.for_each(Pick.ALL, now, lambda ids: SetClockBack(check_ids=ids, at=now))
        async with self._unit_of_work() as uow:
            await uow.outbox.set_back(now, lease_for=MESSAGE_LEASE)
            await uow.commit()
