"""Dispatcher: messages owed are handed to their channels, and marked after they were accepted.

At least once: a crash between acceptance and mark sends the same message again, with the same
Message-ID and a higher attempt number, so that a receiver can fold the two.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from allgreen.domain.mailing import PACE, Pace
from allgreen.domain.notice import Channel, Notice, NoticeState, retry_at
from allgreen.errors import (
    DeliveryDelayedError,
    DeliveryError,
    DeliveryRefusedError,
    StorageError,
)
from allgreen.failpoints import Seam, failpoint
from allgreen.monitoring.patience import Patience, wait_for
from allgreen.monitoring.ready import ReadyTransaction
from allgreen.monitoring.turnstile import Passage, Turnstile
from allgreen.monitoring.undelivered import DeadLetterWriter
from allgreen.ports import Change, Clock, EventBroker, Notifier, UnitOfWork, UnitOfWorkFactory

logger = logging.getLogger(__name__)

Mark = Callable[[UnitOfWork], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchOptions:
    """How messages are sent.

    Attributes:
        concurrency: How many messages are handed over at once.
        slow_after: After so long an attempt hangs: another one may begin beside it, and nothing
            more goes to its address, so that one recipient who hangs delays nobody else.
        most_of_domain: With so many attempts that hang, nothing more goes to a mail domain.
        most: How many attempts there are at once with those that hang.
        pace: How many messages one address gets before they are gathered.
        lease_for: How long a message stays with the one who sends it; longer than `send_for`.
        send_for: Longest time of one attempt.
        gather: How long to wait for other attempts to end before the next ones are leased.
        poll: How long a lost doorbell may go unnoticed.
        drain_for: How long attempts under way may go on when the dispatcher is stopped.
        mark_again_after: How long to wait when an acceptance could not be noted.
    """

    concurrency: int = 20
    slow_after: timedelta = timedelta(seconds=2)
    most_of_domain: int = 5
    most: int = 100
    pace: Pace = PACE
    lease_for: timedelta = timedelta(seconds=120)
    send_for: timedelta = timedelta(seconds=90)
    gather: timedelta = timedelta(milliseconds=20)
    poll: timedelta = timedelta(seconds=1)
    drain_for: timedelta = timedelta(seconds=8)
    mark_again_after: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    """An attempt under way.

    Attributes:
        began: On the monotonic clock.
    """

    address: str
    began: float


class Dispatcher:
    """Leases outbox rows, hands each to the notifier of its channel, and notes what came of it."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        notifiers: Mapping[Channel, Notifier],
        clock: Clock,
        broker: EventBroker,
        jitter: Callable[[], float],
        undelivered: DeadLetterWriter | None = None,
        options: DispatchOptions | None = None,
        delay_scale: float = 1.0,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._notifiers = notifiers
        self._clock = clock
        self._broker = broker
        self._jitter = jitter
        self._undelivered = undelivered
        self._options = options or DispatchOptions()
        self._delay_scale = delay_scale
        self._pace = self._options.pace.scaled(delay_scale)
        self._turnstile = Turnstile()
        self._bell = asyncio.Event()
        self._in_flight: dict[asyncio.Task[None], _Flight] = {}
        self.ends: Counter[NoticeState] = Counter()

    @property
    def in_flight(self) -> list[str]:
        """Return the addresses to which messages are being handed over."""
        return [flight.address for flight in self._in_flight.values()]

    def wake(self) -> None:
        """Say that there may be something to send; a hint, the poll finds it anyway."""
        self._bell.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then let attempts under way end for a while."""
        async with asyncio.TaskGroup() as tasks:
            leasing = tasks.create_task(self._lease_for_ever(tasks, stop))
            await stop.wait()
            self.wake()
            await asyncio.wait([leasing], timeout=self._options.drain_for.total_seconds())
            leasing.cancel()
            await self._drain()

    async def lease(self) -> list[Notice]:
        """Take as many messages as may be sent now, and note that an attempt of each begins."""
        slow = self._find_slow()
        quick = len(self._in_flight) - len(slow)
        free = min(self._options.concurrency - quick, self._options.most - len(self._in_flight))
        if free <= 0:
            return []
        async with self._unit_of_work() as uow:
            now = self._clock.now()
            leased = await uow.outbox.lease(
                now=now,
                limit=free,
                lease_for=self._options.lease_for,
                pace=self._pace,
                avoid=self._places_of(slow),
            )
            # Committed before the first byte, so that after a crash the next attempt knows of
            # this one; in the same transaction, because it begins at once.
            begun = [one for one in leased if await uow.outbox.begin_attempt(one, at=now)]
            await uow.commit()
        return begun

    async def deliver(self, notice: Notice) -> None:
        """Make the attempt that `lease` began, and note what came of it."""
        failpoint(Seam.BEFORE_SEND)
        async with ReadyTransaction(self._unit_of_work) as ready:
            with self._turnstile.passage(ready) as passage:
                await self._hand_over(notice, passage, ready)
        failpoint(Seam.AFTER_MARK)

    async def _hand_over(self, notice: Notice, passage: Passage, ready: ReadyTransaction) -> None:
        try:
            answer = await self._send(notice, passage)
        except DeliveryRefusedError as error:
            await self._give_up(notice, str(error), ready)
        except DeliveryDelayedError as error:
            await self._try_later(notice, error, ready)
        else:
            passage.was_answered()
            failpoint(Seam.AFTER_ACCEPT)
            await self._mark(
                notice,
                NoticeState.SENT,
                lambda uow: uow.outbox.mark_sent(notice, at=self._clock.now(), answer=answer),
                ready,
            )

    async def _lease_for_ever(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        async def lease() -> None:
            # What ends at about the same time is followed by one lease, not by one each.
            await asyncio.sleep(self._options.gather.total_seconds() if self._in_flight else 0)
            self._bell.clear()
            notices = await self.lease()
            for notice in notices:
                self._begin(notice, tasks)
            if not notices and not stop.is_set():
                await wait_for(self._bell, self._options.poll)

        await Patience("The dispatcher").repeat(lease, stop)

    def _begin(self, notice: Notice, tasks: asyncio.TaskGroup) -> None:
        patience = Patience(f"The delivery of {notice.event}")
        task = tasks.create_task(self._deliver_one(notice, patience), name=f"notice {notice.id}")
        self._in_flight[task] = _Flight(address=notice.address, began=self._clock.monotonic())
        task.add_done_callback(self._forget)

    async def _deliver_one(self, notice: Notice, patience: Patience) -> None:
        await patience.attempt(lambda: self.deliver(notice))

    def _forget(self, done: asyncio.Task[None]) -> None:
        del self._in_flight[done]
        self.wake()  # the next message of the same recipient may go now

    def _find_slow(self) -> list[_Flight]:
        since = self._clock.monotonic() - self._options.slow_after.total_seconds()
        return [flight for flight in self._in_flight.values() if flight.began <= since]

    def _places_of(self, slow: Sequence[_Flight]) -> list[str]:
        """Return the addresses that hang, and the domains of which too many hang."""
        domains = Counter(f"@{flight.address.rpartition('@')[2]}" for flight in slow)
        hanging = [name for name, count in domains.items() if count >= self._options.most_of_domain]
        return [*{flight.address for flight in slow}, *hanging]

    async def _send(self, notice: Notice, passage: Passage) -> str:
        notifier = self._notifiers.get(notice.channel)
        if notifier is None:
            raise DeliveryDelayedError(f"The channel {notice.channel} is not set up.")
        try:
            async with asyncio.timeout(self._options.send_for.total_seconds()):
                return (await notifier.send(notice, passage.enter)).answer
        except TimeoutError:
            raise DeliveryDelayedError(
                "The channel did not answer in time.", is_unsure=passage.was_entered
            ) from None
        except DeliveryError:
            raise
        except Exception:  # a message that cannot be made must not stop the others
            logger.exception("Notice %s could not be handed over", notice.id)
            raise DeliveryDelayedError(
                "The message could not be made; see the log.", is_unsure=passage.was_entered
            ) from None

    async def _try_later(
        self, notice: Notice, error: DeliveryDelayedError, ready: ReadyTransaction
    ) -> None:
        """Free what may be tried again, and give up what is too old for that."""
        now, jitter = self._clock.now(), self._jitter()
        untils = [
            retry_at(
                replace(row, attempt=notice.attempt),
                now,
                jitter=jitter,
                delay_scale=self._delay_scale,
            )
            for row in notice.rows
        ]
        again = [row for row, until in zip(notice.rows, untils, strict=True) if until]
        too_old = [row for row, until in zip(notice.rows, untils, strict=True) if not until]
        until = next(filter(None, untils), now)

        async def mark(uow: UnitOfWork) -> bool:
            # In this order: what is given up may take the end of the same incident with it.
            is_marked = bool(again) and await uow.outbox.mark_delayed(
                replace(notice, parts=tuple(again)),
                until=until,
                error=str(error),
                is_unsure=error.is_unsure,
            )
            is_dead = bool(too_old) and await self._bury(notice, too_old, str(error), uow)
            return is_marked or is_dead

        await self._mark(notice, NoticeState.PENDING if again else NoticeState.DEAD, mark, ready)

    async def _give_up(self, notice: Notice, error: str, ready: ReadyTransaction) -> None:
        await self._mark(
            notice,
            NoticeState.DEAD,
            lambda uow: self._bury(notice, notice.rows, error, uow),
            ready,
        )

    async def _bury(
        self, notice: Notice, rows: Sequence[Notice], error: str, uow: UnitOfWork
    ) -> bool:
        logger.error("Notice %s is given up: %s", notice.id, error)
        now = self._clock.now()
        is_dead = await uow.outbox.mark_dead(
            replace(notice, parts=tuple(rows)), at=now, error=error
        )
        if is_dead and self._undelivered is not None:
            await self._undelivered.tell(rows, error, now, uow)
        return is_dead

    async def _mark(
        self, notice: Notice, end: NoticeState, mark: Mark, ready: ReadyTransaction
    ) -> None:
        if not await self._mark_patiently(mark, ready):
            logger.warning("Notice %s was marked by somebody else meanwhile", notice.id)
            return
        self.ends[end] += 1
        concerned = {row.workspace_id: row.id for row in notice.rows}
        self._broker.publish(
            Change(workspace_id=workspace_id, kind="delivery", id=row_id)
            for workspace_id, row_id in concerned.items()
            if workspace_id is not None
        )

    async def _mark_patiently(self, mark: Mark, ready: ReadyTransaction) -> bool:
        """Mark as long as the lease lasts: an accepted message without a mark is sent again."""
        left = self._options.lease_for - self._options.send_for
        async with asyncio.timeout(left.total_seconds()):
            while True:
                try:
                    async with ready.transaction() as uow:
                        done = await mark(uow)
                        await uow.commit()
                    return done
                except StorageError as error:
                    logger.warning("A delivery could not be noted yet: %s", error)
                    await asyncio.sleep(self._options.mark_again_after.total_seconds())

    async def _drain(self) -> None:
        if self._in_flight:
            await asyncio.wait(
                list(self._in_flight), timeout=self._options.drain_for.total_seconds()
            )
        for task in list(self._in_flight):
            task.cancel()
