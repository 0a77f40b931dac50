"""Source, sink and broker of one process: function calls instead of a network."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import final

from allgreen.domain.check import LeasedCheck
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.result import Result
from allgreen.errors import SecretUnreadableError, StorageError
from allgreen.failpoints import Seam, failpoint
from allgreen.ports import (
    Change,
    CheckSource,
    Clock,
    EventBroker,
    ResultSink,
    Subscription,
    UnitOfWorkFactory,
)

logger = logging.getLogger(__name__)

LEASE_FOR = timedelta(seconds=120)
"""Longer than the longest timeout of a check and the recording of its result together."""

SHORTEST_PAUSE = timedelta(milliseconds=20)
"""Checks that become due within it are leased together, with one commit."""

LARGEST_BATCH = 500
BATCH_EVERY = timedelta(milliseconds=250)
MOST_KEPT = 10_000
LONGEST_PAUSE = timedelta(seconds=2)
MOST_HINTS = 100

Recorder = Callable[[Sequence[Result]], Awaitable[None]]
Park = Callable[[Sequence[CheckId]], Awaitable[None]]
"""Takes care of checks that cannot be run; it must not raise, for others were leased with them."""

Look = Callable[[], Awaitable[datetime | None]]
"""Tells when the next check is due; quicker than a unit of work, where there is but one writer."""


@final
class LocalCheckSource(CheckSource):
    """Leases straight from storage."""

    def __init__(
        self,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        owner: str = "local",
        lease_for: timedelta = LEASE_FOR,
        look: Look | None = None,
    ) -> None:
        self._look = look or self._look_with_a_turn
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._owner = owner
        self._lease_for = lease_for
        self._bell = asyncio.Event()
        self._park: Park | None = None

    def on_unreadable(self, park: Park) -> None:
        """Say who is told of checks that are due and cannot be read."""
        self._park = park

    def ring(self) -> None:
        """Say that the schedule may have changed."""
        self._bell.set()

    async def lease(self, *, limit: int) -> list[LeasedCheck]:
        async with self._unit_of_work() as uow:
            leased = await uow.checks.lease(
                now=self._clock.now(), limit=limit, owner=self._owner, lease_for=self._lease_for
            )
            if leased:
                failpoint(Seam.IN_LEASE)
            unreadable = await uow.checks.unreadable()
            await uow.commit()
        if leased:
            failpoint(Seam.AFTER_LEASE)
        if unreadable and self._park is not None:
            await self._park(unreadable)
        return leased

    async def wait(self, *, at_most: timedelta) -> None:
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                while not await self._is_due_soon():
                    pass
        except TimeoutError:
            return

    async def release(self, check_ids: Iterable[CheckId]) -> None:
        async with self._unit_of_work() as uow:
            await uow.checks.revoke_lease(check_ids)
            await uow.commit()

    async def _is_due_soon(self) -> bool:
        """Sleep until the next check is due; `False` when the schedule changed meanwhile."""
        # Cleared before the look, so that a change after the look is not overheard.
        self._bell.clear()
        due_at = await self._look()
        pause = None
        if due_at is not None:
            pause = max(due_at - self._clock.now(), SHORTEST_PAUSE).total_seconds()
        try:
            async with asyncio.timeout(pause):
                await self._bell.wait()
        except TimeoutError:
            return True
        return False

    async def _look_with_a_turn(self) -> datetime | None:
        async with self._unit_of_work() as uow:
            return await uow.checks.next_due_at()


@final
class LocalResultSink(ResultSink):
    """Gathers results and records them in batches, four transactions a second at most.

    While the storage fails, results wait here within bounds; what does not fit is dropped, oldest
    first, and counted. The lease of a dropped check runs out, so that it is run again.

    Attributes:
        dropped: How many results were lost, since the start.
    """

    def __init__(self, *, batch_every: timedelta = BATCH_EVERY, most_kept: int = MOST_KEPT) -> None:
        self._batch_every = batch_every
        self._most_kept = most_kept
        self._waiting: deque[Result] = deque()
        self._arrived = asyncio.Event()
        self._stored = asyncio.Event()
        self._stored.set()
        self._is_failing = False
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Return how many results are not stored yet."""
        return len(self._waiting)

    async def put(self, result: Result) -> None:
        if len(self._waiting) >= self._most_kept:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(result)
        self._stored.clear()
        self._arrived.set()

    async def flush(self) -> None:
        await self._stored.wait()

    async def run(self, record: Recorder) -> None:
        """Record what arrives until cancelled."""
        delay = self._batch_every
        while True:
            await self._arrived.wait()
            if await self._record_batch(record):
                delay = self._batch_every
            else:
                delay = min(delay * 2 + SHORTEST_PAUSE, LONGEST_PAUSE)
            # The first result of a quiet time is recorded at once; what follows is gathered.
            await asyncio.sleep(delay.total_seconds())

    async def _record_batch(self, record: Recorder) -> bool:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
        try:
            await _record_apart(batch, record)
        except StorageError as error:
            self._keep(batch)
            if not self._is_failing:
                logger.error("Results wait for the storage: %s", error)
            self._is_failing = True
            return False
        except asyncio.CancelledError:
            self._keep(batch)
            raise
        if self._is_failing:
            logger.warning("Results are stored again; %d were lost", self.dropped)
        self._is_failing = False
        if not self._waiting:
            self._arrived.clear()
            self._stored.set()
        return True

    def _keep(self, batch: Sequence[Result]) -> None:
        self._waiting.extendleft(reversed(batch))
        while len(self._waiting) > self._most_kept:
            self._waiting.popleft()
            self.dropped += 1


async def _record_apart(batch: Sequence[Result], record: Recorder) -> None:
    """Record a batch; when something in it cannot be recorded, record each service by itself."""
    try:
        await record(batch)
    except Exception as error:  # one poisoned service must not keep back the results of the others
        if isinstance(error, StorageError) and not isinstance(error, SecretUnreadableError):
            raise
        by_service: dict[ServiceId, list[Result]] = {}
        for result in batch:
            by_service.setdefault(result.service_id, []).append(result)
        if len(by_service) == 1:
            logger.exception("Results of service %s could not be recorded", batch[0].service_id)
            return
        for results in by_service.values():
            await _record_apart(results, record)


@final
class LocalEventBroker(EventBroker):
    """Tells hints to the listeners of this process."""

    def __init__(self, *, most_hints: int = MOST_HINTS) -> None:
        self._most_hints = most_hints
        self._listeners: set[_LocalSubscription] = set()

    def publish(self, changes: Iterable[Change]) -> None:
        listed = list(changes)
        for listener in self._listeners:
            listener.take(listed)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        listener = _LocalSubscription(self._most_hints)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


@final
class _LocalSubscription(Subscription):
    """Hints of one listener: the same hint waits once, and too many become one per workspace."""

    def __init__(self, most_hints: int) -> None:
        self._most_hints = most_hints
        self._hints: dict[tuple[WorkspaceId, str, str], Change] = {}
        self._arrived = asyncio.Event()

    def take(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._hints[change.workspace_id, change.kind, change.id] = change
        if len(self._hints) > self._most_hints:
            workspaces = {workspace_id for workspace_id, _, _ in self._hints}
            self._hints = {
                (each, "workspace", each): Change(workspace_id=each, kind="workspace", id=each)
                for each in workspaces
            }
        if self._hints:
            self._arrived.set()

    async def next(self) -> Change:
        await self._arrived.wait()
        change = self._hints.pop(next(iter(self._hints)))
        if not self._hints:
            self._arrived.clear()
        return change
