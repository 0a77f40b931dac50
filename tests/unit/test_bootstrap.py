"""The whole monitor over storage in memory: a check travels."""

import asyncio
from datetime import timedelta

import pytest

from allgreen.bootstrap import Monitor, MonitorOptions
from allgreen.domain.check import LeasedCheck
from allgreen.domain.commands import RegisterCheck, RegisterService
from allgreen.domain.notice import Channel, NoticeKind, NoticeState
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.monitoring.dispatch import DispatchOptions
from allgreen.ports import CheckExecutor, Clock, UnitOfWork
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import (
    ACCOUNT,
    CHECK,
    MINUTE,
    NOON,
    SERVICE,
    WORKSPACE,
    FakeClock,
    RecordingNotifier,
    ScriptedExecutor,
    SequentialIds,
    a_check,
    a_recipient,
    a_result_of,
    outcomes,
)
from allgreen.transports.local import LocalCheckSource, LocalEventBroker, LocalResultSink
from tests.unit.monitoring.scene import until

SHORT = timedelta(milliseconds=10)


def _monitor(
    storage: MemoryStorage,
    executor: CheckExecutor,
    notifier: RecordingNotifier,
    clock: Clock,
    *,
    is_only_process: bool = True,
) -> Monitor:
    return Monitor(
        unit_of_work=storage.unit_of_work,
        executors=[executor],
        notifiers={Channel.EMAIL: notifier},
        clock=clock,
        ids=SequentialIds(),
        source=LocalCheckSource(storage.unit_of_work, clock),
        sink=LocalResultSink(batch_every=timedelta(0)),
        broker=LocalEventBroker(),
        options=MonitorOptions(
            drain_for=timedelta(seconds=2),
            dispatch=DispatchOptions(poll=SHORT, drain_for=timedelta(seconds=2)),
            is_only_process=is_only_process,
        ),
    )


@pytest.fixture
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    storage.add_workspace(WORKSPACE, name="Nordlys")
    return storage


async def _watch(monitor: Monitor, storage: MemoryStorage) -> None:
    register = RegisterService(
        service_id=SERVICE,
        workspace_id=WORKSPACE,
        name="Payments webhook",
        recipients=(a_recipient(),),
        by=ACCOUNT,
        at=NOON,
    )
    await monitor.bus.execute(register, storage.unit_of_work)
    check = RegisterCheck(check=a_check(), by=ACCOUNT, at=NOON)
    await monitor.bus.execute(check, storage.unit_of_work)


async def _health(storage: MemoryStorage) -> ServiceHealth:
    async with storage.unit_of_work() as uow:
        return (await uow.services.get(SERVICE)).health


async def test_a_check_travels_from_due_to_told(storage: MemoryStorage) -> None:
    clock, notifier = FakeClock(), RecordingNotifier()
    executor = ScriptedExecutor(*outcomes("offfo"), clock=clock)
    monitor = _monitor(storage, executor, notifier, clock)

    async def is_told() -> bool:
        async with storage.unit_of_work() as uow:
            slot = await uow.checks.planned(CHECK)
        # No further: a run that is too late would not confirm what was found before.
        if slot is not None and slot.due_at > clock.now():
            clock.jump(slot.due_at)
            monitor._source.ring()
        return len(notifier.sent) == 2

    async with monitor:
        await _watch(monitor, storage)
        await until(is_told)

    assert [notice.kind for notice in notifier.sent] == [NoticeKind.DOWN, NoticeKind.UP]
    assert await _health(storage) is ServiceHealth.UP
    figures = monitor.figures()
    assert figures.outcomes[Outcome.FAIL] == 3
    assert figures.deliveries == {NoticeState.SENT: 2}
    assert (figures.results_dropped, figures.results_waiting, figures.running) == (0, 0, 0)


async def test_days_are_kept_while_it_runs(storage: MemoryStorage) -> None:
    clock = FakeClock()
    monitor = _monitor(storage, ScriptedExecutor(Outcome.OK), RecordingNotifier(), clock)

    async def has_a_strip() -> bool:
        async with storage.unit_of_work() as uow:
            return SERVICE in await uow.roll_ups.strips([SERVICE])

    async with monitor:
        await _watch(monitor, storage)
        await until(has_a_strip)


async def _lease_and_die(storage: MemoryStorage) -> LeasedCheck:
    async with storage.unit_of_work() as uow:
        (leased,) = await uow.checks.lease(now=NOON, limit=1, owner="dead", lease_for=100 * MINUTE)
        await uow.commit()
    return leased


async def _is_leased(uow: UnitOfWork) -> bool:
    return await uow.checks.next_due_at() != NOON


@pytest.mark.parametrize("is_only_process", [True, False], ids=["alone", "one of many"])
async def test_leases_of_a_killed_process_are_void_when_nobody_else_is_there(
    storage: MemoryStorage, is_only_process: bool
) -> None:
    clock = FakeClock()
    gate = _monitor(storage, ScriptedExecutor(), RecordingNotifier(), clock)
    await _watch(gate, storage)
    await _lease_and_die(storage)
    clock.jump(NOON - MINUTE)  # nothing is due, so that nothing but the start changes leases

    monitor = _monitor(
        storage, ScriptedExecutor(), RecordingNotifier(), clock, is_only_process=is_only_process
    )
    await monitor.start()
    async with storage.unit_of_work() as uow:
        is_leased = await _is_leased(uow)
    await monitor.stop()

    assert is_leased is not is_only_process


async def test_results_that_are_recorded_plan_the_next_run(storage: MemoryStorage) -> None:
    clock = FakeClock()
    monitor = _monitor(storage, ScriptedExecutor(), RecordingNotifier(), clock)
    await _watch(monitor, storage)
    leased = await _lease_and_die(storage)

    await monitor.record([a_result_of(leased, Outcome.OK, at=NOON)])

    async with storage.unit_of_work() as uow:
        slot = await uow.checks.planned(CHECK)
    assert slot is not None
    assert slot.at == NOON + MINUTE


async def test_stopping_twice_or_before_the_start_does_nothing(storage: MemoryStorage) -> None:
    monitor = _monitor(storage, ScriptedExecutor(), RecordingNotifier(), FakeClock())

    await monitor.stop()
    await monitor.start()
    await monitor.stop()
    await monitor.stop()

    assert monitor.figures().running == 0


async def test_the_dispatcher_can_be_woken_from_outside(storage: MemoryStorage) -> None:
    monitor = _monitor(storage, ScriptedExecutor(), RecordingNotifier(), FakeClock())

    monitor.wake_dispatcher()

    async with asyncio.timeout(5):
        await monitor.start()
        await monitor.stop()
