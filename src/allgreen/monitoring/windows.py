"""Maintenance windows begin and end by themselves; here is what else their ends bring about.

Screens are told to look again, sums of the hours at both ends are made anew, and what fails when a
window ends is asked at once: its outage counts from the end of the window, so the next period
would be late news.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allgreen.domain.check import Slot
from allgreen.domain.identity import CheckId
from allgreen.domain.maintenance import Window, occurrences
from allgreen.ports import (
    Change,
    CoveredCheck,
    DirtyBucket,
    EventBroker,
    UnitOfWork,
    UnitOfWorkFactory,
)

LOOK_BACK = timedelta(days=1)
"""How far a start looks back; all that is done twice comes to the same."""

LATE_COMMIT = timedelta(minutes=1)
"""How much later than its instant the end of a window may be stored, as when it is cancelled."""

MOST_AT_ONCE = 500
"""Checks in one transaction; on SQLite more would keep results and leases waiting."""

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The begin or the end of an occurrence."""

    window: Window
    began_at: datetime
    ended_at: datetime | None = None


class WindowWatch:
    """Notices which windows began and ended since it looked last."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        broker: EventBroker,
        on_schedule: Callable[[], None],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._broker = broker
        self._on_schedule = on_schedule
        self._looked_at: datetime | None = None
        self._passed: set[Edge] = set()

    async def look(self, now: datetime) -> None:
        """Do what the windows ask for that began or ended; a look that fails is made again."""
        async with self._unit_of_work() as uow:
            since = self._since(now)
            edges = list(_edges(await uow.windows.touching(since, now), since, now))
            covered = [(edge, await uow.windows.covered(edge.window)) for edge in edges]
        for edge, checks in covered:
            if edge not in self._passed:
                for first in range(0, len(checks), MOST_AT_ONCE):
                    await self._pass(edge, checks[first : first + MOST_AT_ONCE], now)
        self._passed = set(edges)
        self._looked_at = now

    def _since(self, now: datetime) -> datetime:
        earliest = now - LOOK_BACK
        if self._looked_at is None or self._looked_at > now:  # a start, or a clock set back
            self._passed.clear()
            return earliest
        return max(self._looked_at - LATE_COMMIT, earliest)

    async def _pass(self, edge: Edge, checks: Sequence[CoveredCheck], now: datetime) -> None:
        if edge.ended_at is not None:
            last = edge.ended_at - MICROSECOND
            async with self._unit_of_work() as uow:
                # Plans before marks, as whoever records results: else the two could wait for each
                # other.
                await _ask_anew(checks, now, uow)
                await uow.roll_ups.mark_dirty(
                    DirtyBucket.at(check.check_id, at)
                    for check in checks
                    for at in (edge.began_at, last)
                )
                await uow.commit()
            self._on_schedule()
        workspace_id = edge.window.workspace_id
        self._broker.publish(
            Change(workspace_id=workspace_id, kind="service", id=service_id)
            for service_id in dict.fromkeys(check.service_id for check in checks)
        )


def _edges(windows: Iterable[Window], since: datetime, now: datetime) -> Iterator[Edge]:
    for window in windows:
        for began_at, ended_at in occurrences(window, since, now):
            if since < began_at:
                yield Edge(window=window, began_at=began_at)
            if ended_at <= now:
                yield Edge(window=window, began_at=began_at, ended_at=ended_at)


async def _ask_anew(checks: Iterable[CoveredCheck], now: datetime, uow: UnitOfWork) -> None:
    """Plan a run at once for what fails, unless one is on its way or another window goes on."""
    failing = [check for check in checks if check.is_failing]
    if not failing:
        return
    held = await uow.windows.of_services({check.service_id for check in failing}, now, now)
    free = [check.check_id for check in failing if check.service_id not in held]
    running = await uow.checks.running(free, now=now)
    slot = Slot(at=now, due_at=now)
    asked = [each for each in free if each not in running and await _waits(each, uow)]
    await uow.checks.plan_many(dict.fromkeys(asked, slot))


async def _waits(check_id: CheckId, uow: UnitOfWork) -> bool:
    """Tell whether a check waits for its period: a re-probe comes soon by itself."""
    planned = await uow.checks.planned(check_id)
    return planned is not None and planned.attempt == 1
