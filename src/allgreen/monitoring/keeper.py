"""Keeper: owns what time does to history: windows, sums, midnights, retention."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from allgreen.domain.calendar import zone_named
from allgreen.domain.identity import ServiceId
from allgreen.domain.service import Service
from allgreen.errors import NotFoundError, StorageError
from allgreen.failpoints import Seam, failpoint
from allgreen.monitoring.patience import Patience, wait_for
from allgreen.monitoring.rollup import Folding
from allgreen.monitoring.windows import WindowWatch
from allgreen.ports import Change, Clock, EventBroker, Grain, UnitOfWork, UnitOfWorkFactory

logger = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
LARGEST_FOLD = 10
"""Marks in one transaction; on SQLite more would keep results and leases waiting."""

LONGEST_HOLD = timedelta(milliseconds=250)
"""Where a transaction takes longer, as with hours of a check every second, fewer are folded."""

REST_SHARE = 3
"""Rest after each transaction, as a multiple of what it took: results go first, sums may lag."""

LONGEST_FOLDING = timedelta(seconds=10)

LARGEST_SWEEP = 2_500
"""Rows deleted in one transaction, for the same reason."""

STEADY_FOR = timedelta(minutes=10)
"""Nothing is deleted before the clock has gone evenly for so long: one that was set to another
year by mistake must not take all history with it."""

UNEVEN = timedelta(minutes=1)

QUARTER = timedelta(minutes=15)
"""Every zone of the world has its midnights at a quarter of an hour of UTC."""

MOST_SERVICES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long history is kept; days, incidents and spans are kept for ever.

    Attributes:
        messages: Those that are sent, dead or cancelled; others are kept until they are.
        workspaces: Those that were deleted, with all that is in them; until then an owner can
            have them back.
    """

    raw: timedelta = timedelta(days=7)
    minutes: timedelta = timedelta(days=2)
    hours: timedelta = timedelta(days=100)
    audit: timedelta = timedelta(days=400)
    messages: timedelta = timedelta(days=90)
    workspaces: timedelta = timedelta(days=7)


class Keeper:
    """Folds marked hours into sums, turns strips at midnight, deletes what is too old."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        broker: EventBroker,
        retention: Retention | None = None,
        on_schedule: Callable[[], None] = lambda: None,
        tick: timedelta = TICK,
        steady_for: timedelta = STEADY_FOR,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._broker = broker
        self._retention = retention or Retention()
        self._windows = WindowWatch(
            unit_of_work=unit_of_work, broker=broker, on_schedule=on_schedule
        )
        self._tick = tick
        self._at_once = LARGEST_FOLD
        self._turned: int | None = None
        self._swept: int | None = None
        self._steady_for = steady_for
        self._boot: datetime | None = None
        self._steady_since_s = clock.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep until `stop` is set."""
        patience = Patience("The keeper")
        while not stop.is_set():
            went_well = await patience.attempt(lambda: self.keep(stop))
            await wait_for(stop, self._tick if went_well else patience.delay)

    async def keep(self, stop: asyncio.Event | None = None) -> None:
        """Do all that is to be done now; `stop` ends it early, with nothing half done."""
        stop = stop or asyncio.Event()
        await self._windows.look(self._clock.now())
        await self._fold_all(stop)
        now = self._clock.now()
        quarter = int(now.timestamp()) // int(QUARTER.total_seconds())
        if quarter != self._turned:
            await self._turn_days(now, stop)
            self._turned = quarter
        hour = int(now.timestamp()) // 3600
        if self._is_clock_steady(now) and hour != self._swept:
            await self._sweep(now, stop)
            self._swept = hour

    def _is_clock_steady(self, now: datetime) -> bool:
        """Tell whether the wall clock has gone with the monotonic one for a while."""
        passed_s = self._clock.monotonic()
        boot = now - timedelta(seconds=passed_s)
        if self._boot is not None and abs(boot - self._boot) > UNEVEN:
            self._steady_since_s = passed_s
        self._boot = boot
        return passed_s - self._steady_since_s >= self._steady_for.total_seconds()

    async def _fold_all(self, stop: asyncio.Event) -> None:
        """Fold until nothing is marked; where marks come faster than that, let midnight pass too."""
        until_s = self._clock.monotonic() + LONGEST_FOLDING.total_seconds()
        more = True
        while more and not stop.is_set() and self._clock.monotonic() < until_s:
            more = await self._fold_some(stop)

    async def _fold_some(self, stop: asyncio.Event) -> bool:
        """Fold as many marks as go quickly, rest, and tell whether more may be left."""
        asked, began_s = self._at_once, self._clock.monotonic()
        folded = await self._fold(self._clock.now(), asked)
        took = timedelta(seconds=self._clock.monotonic() - began_s)
        self._at_once = max(asked // 2, 1) if took > LONGEST_HOLD else min(asked + 1, LARGEST_FOLD)
        if folded < asked:
            return False
        await wait_for(stop, took * REST_SHARE)
        return True

    async def _fold(self, now: datetime, limit: int) -> int:
        try:
            return await self._fold_together(now, limit)
        except StorageError:
            raise
        except Exception:  # one poisoned service must not keep back the sums of the others
            logger.exception("Sums could not be made together; each is made by itself")
        counts = [await self._fold_one(now) for _ in range(limit)]
        return sum(counts)

    async def _fold_together(self, now: datetime, limit: int) -> int:
        async with self._unit_of_work() as uow:
            marks = await uow.roll_ups.take_dirty(limit=limit)
            services = await self._folding(uow, now).fold(marks)
            failpoint(Seam.IN_FOLD)
            await uow.commit()
        self._hint(services)
        return len(marks)

    async def _fold_one(self, now: datetime) -> int:
        """Fold the oldest mark, or give it up: the next result of its check marks it again."""
        async with self._unit_of_work() as uow:
            marks = await uow.roll_ups.take_dirty(limit=1)
            services: list[Service] = []
            try:
                async with uow.savepoint():
                    services = await self._folding(uow, now).fold(marks)
            except StorageError:
                raise
            except Exception:  # as above
                logger.exception("The sums of %s could not be made", marks)
            await uow.commit()
        self._hint(services)
        return len(marks)

    async def _turn_days(self, now: datetime, stop: asyncio.Event) -> None:
        """Close the day of each service in whose zone midnight has passed.

        What `stop` leaves open is closed after the next start.
        """
        for service_id in await self._services_before_today(now):
            if stop.is_set():
                return
            await self._turn_day_apart(service_id, now)

    async def _services_before_today(self, now: datetime) -> list[ServiceId]:
        found: list[ServiceId] = []
        async with self._unit_of_work() as uow:
            for zone in await uow.workspaces.zones():
                today = now.astimezone(zone_named(zone)).date()
                found += await uow.roll_ups.services_without_strip_of(
                    today, zone=zone, limit=MOST_SERVICES
                )
        return found

    async def _turn_day_apart(self, service_id: ServiceId, now: datetime) -> None:
        try:
            await self._turn_day(service_id, now)
        except StorageError:
            raise
        except Exception:  # nor their days
            logger.exception("The day of service %s could not be closed", service_id)

    async def _turn_day(self, service_id: ServiceId, now: datetime) -> None:
        async with self._unit_of_work() as uow:
            try:
                service = await uow.services.get(service_id)
            except NotFoundError:
                return  # deleted meanwhile
            turned = await self._folding(uow, now).turn_day(service)
            await uow.commit()
        if turned:
            self._hint([service])

    async def _sweep(self, now: datetime, stop: asyncio.Event) -> None:
        """Delete what is older than it is kept, in slices."""
        kept, limit = self._retention, LARGEST_SWEEP
        for delete in (
            lambda uow: uow.results.delete_before(now - kept.raw, limit=limit),
            lambda uow: uow.roll_ups.delete_before(Grain.MINUTE, now - kept.minutes, limit=limit),
            lambda uow: uow.roll_ups.delete_before(Grain.HOUR, now - kept.hours, limit=limit),
            lambda uow: uow.audit.delete_before(now - kept.audit, limit=limit),
            lambda uow: uow.outbox.delete_before(now - kept.messages, limit=limit),
            lambda uow: uow.workspaces.remove_before(now - kept.workspaces, limit=limit),
        ):
            await self._delete(delete, stop)

    async def _delete(
        self, delete: Callable[[UnitOfWork], Awaitable[int]], stop: asyncio.Event
    ) -> None:
        while not stop.is_set():
            began_s = self._clock.monotonic()
            async with self._unit_of_work() as uow:
                deleted = await delete(uow)
                await uow.commit()
            if deleted < LARGEST_SWEEP:
                return
            await self._rest(began_s, stop)

    async def _rest(self, began_s: float, stop: asyncio.Event) -> None:
        """Leave the storage to others, for longer than it was held since `began_s`."""
        took = timedelta(seconds=self._clock.monotonic() - began_s)
        await wait_for(stop, took * REST_SHARE)

    def _folding(self, uow: UnitOfWork, now: datetime) -> Folding:
        return Folding(uow=uow, now=now, raw_since=now - self._retention.raw)

    def _hint(self, services: Iterable[Service]) -> None:
        self._broker.publish(
            Change(
                workspace_id=service.workspace_id,
                kind="service",
                id=service.id,
                version=service.version,
            )
            for service in services
        )
