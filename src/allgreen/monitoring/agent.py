"""Agent: scheduler and runner with a life cycle. A process that watches holds one."""

import asyncio
import logging
from datetime import timedelta

from allgreen.domain.check import LeasedCheck
from allgreen.domain.identity import CheckId
from allgreen.monitoring.connectivity import Connectivity
from allgreen.monitoring.patience import Patience
from allgreen.monitoring.runner import ProbeRunner
from allgreen.monitoring.scheduler import POLL, CheckScheduler
from allgreen.ports import ResultSink

logger = logging.getLogger(__name__)

LAST_GASP = timedelta(seconds=2)
"""How long to wait for a lease under way, and for the last results to be stored."""


class Agent:
    """Leases what is due, runs it, and hands the results on.

    Knows no database: checks come from a source, results go to a sink.
    """

    def __init__(
        self,
        scheduler: CheckScheduler,
        runner: ProbeRunner,
        sink: ResultSink,
        *,
        drain_for: timedelta,
        connectivity: Connectivity | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._runner = runner
        self._sink = sink
        self._drain_for = drain_for
        self._connectivity = connectivity
        self._looked_s: float | None = None
        self._in_flight: dict[CheckId, asyncio.Task[None]] = {}

    @property
    def running(self) -> int:
        """Return how many checks are being run."""
        return len(self._in_flight)

    @property
    def idle_s(self) -> float:
        """Return for how many seconds nobody has looked for what is due; 0 before the start."""
        now_s = asyncio.get_running_loop().time()
        return 0.0 if self._looked_s is None else now_s - self._looked_s

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set; then let what runs finish for a while, and release the rest."""
        async with asyncio.TaskGroup() as tasks:
            leasing = tasks.create_task(self._lease_for_ever(tasks, stop))
            await stop.wait()
            # A lease that is being taken would be lost if it were cut off: let it end.
            await asyncio.wait([leasing], timeout=LAST_GASP.total_seconds())
            leasing.cancel()
            await self._drain()

    async def _lease_for_ever(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        async def lease() -> None:
            self._looked_s = asyncio.get_running_loop().time()
            if not self._connectivity or await self._connectivity.wait_until_online(POLL):
                await self._lease_some(tasks)

        await Patience("The scheduler").repeat(lease, stop)

    async def _lease_some(self, tasks: asyncio.TaskGroup) -> None:
        # Counted here: a task that was just made has not yet taken its place in the runner.
        free = self._runner.concurrency - len(self._in_flight)
        for leased in await self._scheduler.lease(free):
            self._begin(leased, tasks)

    def _begin(self, leased: LeasedCheck, tasks: asyncio.TaskGroup) -> None:
        check_id = leased.check.id
        task = tasks.create_task(self._run_one(leased), name=f"check {check_id}")
        self._in_flight[check_id] = task
        task.add_done_callback(lambda done: self._forget(check_id, done))

    async def _run_one(self, leased: LeasedCheck) -> None:
        try:
            await self._sink.put(await self._runner.run(leased))
        except Exception:  # one result less, and its lease runs out; the others are watched on
            logger.exception("What check %s found could not be handed on", leased.check.id)

    def _forget(self, check_id: CheckId, done: asyncio.Task[None]) -> None:
        # A check that was leased anew while its old run still lasted has a newer task here.
        if self._in_flight.get(check_id) is done:
            del self._in_flight[check_id]

    async def _drain(self) -> None:
        if self._in_flight:
            await asyncio.wait(
                list(self._in_flight.values()), timeout=self._drain_for.total_seconds()
            )
        left = dict(self._in_flight)
        for task in left.values():
            task.cancel()
        if left:
            logger.warning("%d checks did not finish in time and were released", len(left))
        patience = Patience("The end of the agent")
        await patience.attempt(self._flush)
        if left:
            await patience.attempt(lambda: self._scheduler.release(list(left)))

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(LAST_GASP.total_seconds()):
                await self._sink.flush()
        except TimeoutError:
            logger.error("The last results could not be stored; their checks are run again")
