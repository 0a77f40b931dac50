"""Composition root: ports in, a `Monitor` out. Chooses no adapter.

monitor = Monitor(
    unit_of_work=database.unit_of_work,
    executors=[HttpCheckExecutor(...)],
    notifiers={Channel.EMAIL: EmailNotifier(...)},
    clock=clock,
    ids=new_id,
    source=LocalCheckSource(database.unit_of_work, clock),
    sink=LocalResultSink(),
    broker=LocalEventBroker(),
    options=MonitorOptions(),
)
async with monitor:
    async with database.unit_of_work() as uow:
        events = await monitor.bus.handle(command, uow)
        await uow.commit()
    monitor.bus.announce(events)
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from allgreen.domain import commands, events
from allgreen.domain.flapping import FlapRule
from allgreen.domain.identity import CheckId
from allgreen.domain.notice import Channel, NoticeState
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.domain.watcher import AbsenceReason
from allgreen.failpoints import Seam, failpoint
from allgreen.monitoring.agent import Agent
from allgreen.monitoring.bus import Bus
from allgreen.monitoring.connectivity import Connectivity, Link
from allgreen.monitoring.dispatch import Dispatcher, DispatchOptions
from allgreen.monitoring.handlers import parking, recipients, records, services, watchers
from allgreen.monitoring.handlers.hints import Doorbells
from allgreen.monitoring.handlers.notices import NoticeWriter
from allgreen.monitoring.handlers.results import ResultRecorder
from allgreen.monitoring.keeper import Keeper, Retention
from allgreen.monitoring.lateness import Lateness
from allgreen.monitoring.patience import Patience
from allgreen.monitoring.presence import Presence
from allgreen.monitoring.runner import ProbeRunner, Turn
from allgreen.monitoring.scheduler import CheckScheduler
from allgreen.monitoring.undelivered import DeadLetterWriter
from allgreen.ports import (
    Canary,
    CheckExecutor,
    CheckSource,
    Clock,
    EventBroker,
    IdFactory,
    Notifier,
    ResultSink,
    UnitOfWorkFactory,
)

logger = logging.getLogger(__name__)


class WakeableSource(CheckSource, Protocol):
    """A source in this process, which can be told that the schedule changed."""

    def ring(self) -> None:
        """Look at the schedule again."""

    def on_unreadable(self, park: Callable[[Sequence[CheckId]], Awaitable[None]]) -> None:
        """Say who is told of checks that are due and cannot be read."""


class RecordingSink(ResultSink, Protocol):
    """A sink in this process, which has results recorded."""

    @property
    def dropped(self) -> int:
        """Return how many results were lost."""

    @property
    def waiting(self) -> int:
        """Return how many results are not stored yet."""

    async def run(self, record: Callable[[Sequence[Result]], Awaitable[None]]) -> None:
        """Have results recorded until cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOptions:
    """What an operator may set.

    Attributes:
        channel: By which way recipients are told.
        concurrency: How many checks run at once.
        delay_scale: Factor on all delays of retries and re-probes.
        flap_rule: When a service turns too often to be told each time.
        drain_for: How long checks and messages under way may go on when the monitor is stopped.
        retention: For how long history is kept.
        dispatch: How messages are sent.
        is_only_process: Nobody else uses the storage, so leases of the last run are void.
        watcher: The name under which it is kept when this process last lived.
    """

    channel: Channel = Channel.EMAIL
    concurrency: int = 500
    delay_scale: float = 1.0
    flap_rule: FlapRule = field(default_factory=FlapRule)
    drain_for: timedelta = timedelta(seconds=6)
    retention: Retention = field(default_factory=Retention)
    dispatch: DispatchOptions = field(default_factory=DispatchOptions)
    is_only_process: bool = True
    watcher: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the monitor does, in numbers since its start.

    Attributes:
        running: Checks that are being run.
        lateness: By how much runs began after they were due.
        idle_s: For how many seconds nobody has looked for what is due.
        link: What is known of our own network.
        doubted: Failures that count for nothing, because our own network was down.
        absences: How often nobody looked, and why.
        set_backs: How often the clock was set back.
        results_waiting: Results that are not stored yet.
        results_dropped: Results that were lost because the storage failed for too long.
        deliveries: Attempts by their end; `PENDING` are those that go on later.
    """

    running: int
    outcomes: Mapping[Outcome, int]
    results_waiting: int
    results_dropped: int
    deliveries: Mapping[NoticeState, int]
    lateness: Lateness = field(default_factory=Lateness)
    idle_s: float = 0.0
    link: Link = Link.ONLINE
    doubted: int = 0
    absences: Mapping[AbsenceReason, int] = field(default_factory=dict)
    set_backs: int = 0


class Monitor:
    """Agent, dispatcher and keeper of one process, with the bus that they share.

    Args:
        light_unit_of_work: Opens those of the keeper, whose work is done again if it gets lost.
        prompt_unit_of_work: Opens those of the dispatcher, which must not wait behind others.
        turn: Lets runs begin when their host may be asked again; at once when absent.

    Attributes:
        bus: Where commands go; see the module for how to use it from a request.
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        executors: Iterable[CheckExecutor],
        notifiers: Mapping[Channel, Notifier],
        clock: Clock,
        ids: IdFactory,
        source: WakeableSource,
        sink: RecordingSink,
        broker: EventBroker,
        canaries: Sequence[Canary] = (),
        light_unit_of_work: UnitOfWorkFactory | None = None,
        prompt_unit_of_work: UnitOfWorkFactory | None = None,
        turn: Turn | None = None,
        options: MonitorOptions | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.options = options or MonitorOptions()
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._source = source
        source.on_unreadable(self._park)
        self._sink = sink
        self._presence = Presence(
            name=self.options.watcher,
            unit_of_work=unit_of_work,
            execute=self._execute,
            flush=sink.flush,
            clock=clock,
        )
        self._connectivity = Connectivity(
            canaries,
            clock=clock,
            on_offline=self._presence.go_offline,
            on_long=self._presence.report_offline,
            on_return=self._presence.come_back,
        )
        self._runner = ProbeRunner(
            executors,
            clock=clock,
            concurrency=self.options.concurrency,
            vet=self._connectivity.vet,
            turn=turn,
        )
        self._agent = Agent(
            CheckScheduler(source),
            self._runner,
            sink,
            drain_for=self.options.drain_for,
            connectivity=self._connectivity,
        )
        self._dispatcher = Dispatcher(
            unit_of_work=prompt_unit_of_work or unit_of_work,
            notifiers=notifiers,
            clock=clock,
            broker=broker,
            jitter=jitter,
            undelivered=DeadLetterWriter(ids=ids),
            options=self.options.dispatch,
            delay_scale=self.options.delay_scale,
        )
        self._keeper = Keeper(
            unit_of_work=light_unit_of_work or unit_of_work,
            clock=clock,
            broker=broker,
            retention=self.options.retention,
            on_schedule=source.ring,
        )
        self.bus = build_bus(
            ids=ids,
            channel=self.options.channel,
            delay_scale=self.options.delay_scale,
            flap_rule=self.options.flap_rule,
            doorbells=Doorbells(
                broker=broker, on_schedule=source.ring, on_outbox=self._dispatcher.wake
            ),
        )
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to watch; leases of a process that was killed are void first."""
        if self.options.is_only_process:
            async with self._unit_of_work() as uow:
                checks = await uow.checks.void_leases()
                notices = await uow.outbox.void_leases()
                await uow.commit()
            failpoint(Seam.AT_START)
            logger.info("Took %d runs and %d messages over from the last start", checks, notices)
        await self._presence.begin()
        self._stop.clear()
        self._task = asyncio.create_task(self._run(), name="monitor")

    async def stop(self) -> None:
        """Let what is under way end for a while, then stop; what is left goes on at the start."""
        self._stop.set()
        self._source.ring()
        if self._task is not None:
            await self._task
            self._task = None

    async def record(self, results: Sequence[Result]) -> None:
        """Take results in, in one transaction."""
        command = commands.RecordResults(results=tuple(results), at=self._clock.now())
        await self.bus.execute(command, self._unit_of_work)
        failpoint(Seam.AFTER_COMMIT_OF_RESULTS)
        # Re-probes come sooner than the source knows.
        self._source.ring()

    def wake_dispatcher(self) -> None:
        """Say that messages were put into the outbox without the bus."""
        self._dispatcher.wake()

    def figures(self) -> Figures:
        """Return what it does, in numbers."""
        return Figures(
            running=self._agent.running,
            lateness=self._runner.lateness,
            idle_s=self._agent.idle_s,
            link=self._connectivity.link,
            doubted=self._connectivity.doubted,
            absences=dict(self._presence.absences),
            set_backs=self._presence.set_backs,
            outcomes=dict(self._runner.outcomes),
            results_waiting=self._sink.waiting,
            results_dropped=self._sink.dropped,
            deliveries=dict(self._dispatcher.ends),
        )

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            recording = tasks.create_task(self._record_for_ever(), name="results")
            tasks.create_task(self._dispatcher.run(self._stop), name="dispatcher")
            tasks.create_task(self._keeper.run(self._stop), name="keeper")
            tasks.create_task(self._connectivity.run(self._stop), name="connectivity")
            tasks.create_task(self._presence.run(self._stop), name="presence")
            # The sink outlives the agent, whose last results it stores.
            await self._agent.run(self._stop)
            recording.cancel()

    async def _execute(self, command: commands.Command) -> None:
        await self.bus.execute(command, self._unit_of_work)

    async def _park(self, check_ids: Sequence[CheckId]) -> None:
        command = commands.ParkChecks(check_ids=tuple(check_ids), at=self._clock.now())
        # Should it fail, their leases run out, and they are found again.
        await Patience("The parking of checks").attempt(lambda: self._execute(command))

    async def _record_for_ever(self) -> None:
        await Patience("The sink").repeat(lambda: self._sink.run(self.record), asyncio.Event())


def build_bus(
    *,
    ids: IdFactory,
    channel: Channel,
    delay_scale: float,
    doorbells: Doorbells,
    flap_rule: FlapRule = FlapRule(),  # noqa: B008 - a frozen value
) -> Bus:
    """Return a bus that knows who handles what."""
    bus = Bus()
    recorder = ResultRecorder(ids=ids, delay_scale=delay_scale, flap_rule=flap_rule)
    bus.on_command(commands.RecordResults, recorder.record)
    _add_commands(bus)
    _add_records(bus)
    _add_notices(bus, NoticeWriter(ids=ids, channel=channel))
    _add_watchers(bus, watchers.AbsenceNotices(ids=ids, channel=channel))
    _add_doorbells(bus, doorbells)
    return bus


def _add_commands(bus: Bus) -> None:
    bus.on_command(commands.RegisterService, services.register_service)
    bus.on_command(commands.RegisterCheck, services.register_check)
    bus.on_command(commands.EditService, services.edit_service)
    bus.on_command(commands.PauseService, services.pause_service)
    bus.on_command(commands.ResumeService, services.resume_service)
    bus.on_command(commands.DeleteService, services.delete_service)
    bus.on_command(commands.DeleteCheck, services.delete_check)
    bus.on_command(commands.ExecuteChecks, services.execute_checks)
    bus.on_command(commands.ParkChecks, parking.park_checks)
    bus.on_command(commands.ConfirmRecipient, recipients.confirm_recipient)
    bus.on_command(commands.RemoveRecipient, recipients.remove_recipient)


def _add_records(bus: Bus) -> None:
    bus.within(events.IncidentOpened, records.keep_incident)
    bus.within(events.IncidentReleased, records.keep_incident)
    bus.within(events.IncidentReleased, records.note_released)
    bus.within(events.IncidentReminded, records.keep_incident)
    bus.within(events.IncidentResolved, records.keep_incident)
    bus.within(events.ServiceFlapping, records.note_flapping)
    bus.within(events.ServiceSteady, records.note_flapping)
    bus.within(events.CheckAccountChanged, records.turn_time)
    bus.within(events.ServiceStatusChanged, records.note_health)
    bus.within(events.ServiceChanged, records.note_change)
    bus.within(events.ServiceBlocked, records.note_blocked)
    bus.within(events.CheckParked, records.note_parked)


def _add_notices(bus: Bus, writer: NoticeWriter) -> None:
    # After the records: a message speaks of what is stored.
    bus.within(events.IncidentOpened, writer.tell_down)
    bus.within(events.IncidentReleased, writer.tell_down)
    bus.within(events.IncidentReminded, writer.tell_reminder)
    bus.within(events.IncidentResolved, writer.tell_end)
    bus.within(events.ServiceFlapping, writer.tell_flapping)
    bus.within(events.ServiceSteady, writer.tell_flapping)
    bus.within(events.CheckParked, writer.tell_parked)
    bus.within(events.RecipientAdded, writer.tell_late)
    bus.within(events.ServiceBlocked, writer.tell_admins)


def _add_watchers(bus: Bus, notices: watchers.AbsenceNotices) -> None:
    bus.on_command(commands.NoteOffline, watchers.note_offline)
    bus.on_command(commands.ReportOffline, notices.report)
    bus.on_command(commands.NoteAbsence, watchers.note_absence)
    bus.on_command(commands.ForgetSuspicions, watchers.forget_suspicions_of)
    bus.on_command(commands.CatchUp, watchers.catch_up)
    bus.on_command(commands.SetClockBack, watchers.set_clocks_back)
    bus.within(events.AbsenceEnded, notices.note)
    bus.within(events.AbsenceEnded, notices.tell)


def _add_doorbells(bus: Bus, doorbells: Doorbells) -> None:
    bus.afterwards(events.CheckSucceeded, doorbells.result)
    bus.afterwards(events.CheckFailed, doorbells.result)
    bus.afterwards(events.ServiceStatusChanged, doorbells.health)
    bus.afterwards(events.ServiceChanged, doorbells.change)
    bus.afterwards(events.IncidentOpened, doorbells.incident)
    bus.afterwards(events.IncidentReleased, doorbells.incident)
    bus.afterwards(events.IncidentReminded, doorbells.incident)
    bus.afterwards(events.IncidentResolved, doorbells.incident)
    bus.afterwards(events.ServiceFlapping, doorbells.message)
    bus.afterwards(events.ServiceSteady, doorbells.message)
    bus.afterwards(events.CheckParked, doorbells.message)
    bus.afterwards(events.RecipientAdded, doorbells.message)
    bus.afterwards(events.ServiceBlocked, doorbells.message)
    bus.afterwards(events.WatcherWentOffline, doorbells.watcher)
    bus.afterwards(events.AbsenceEnded, doorbells.watcher)
