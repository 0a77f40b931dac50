"""Source, sink and broker of one process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from allgreen.domain.check import Slot
from allgreen.domain.identity import ServiceId, WorkspaceId
from allgreen.domain.result import Result
from allgreen.errors import SecretUnreadableError, StorageFullError
from allgreen.ports import Change
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import (
    CHECK,
    MINUTE,
    NOON,
    SERVICE,
    WORKSPACE,
    FakeClock,
    a_result,
    a_service,
)
from allgreen.transports.local import (
    LARGEST_BATCH,
    LocalCheckSource,
    LocalEventBroker,
    LocalResultSink,
)

LONG = timedelta(hours=1)
AT_ONCE = timedelta(0)
OTHER = ServiceId("0198c000-0000-7000-8000-0000000000cc")
ELSEWHERE = WorkspaceId("0198c000-0000-7000-8000-0000000000dd")


async def _storage(*, due_in: timedelta | None = AT_ONCE) -> MemoryStorage:
    storage = MemoryStorage()
    storage.add_workspace(WORKSPACE)
    async with storage.unit_of_work() as uow:
        await uow.services.add(a_service())
        await uow.services.save([a_service()])
        if due_in is not None:
            await uow.checks.plan_many({CHECK: Slot(at=NOON, due_at=NOON + due_in)})
        await uow.commit()
    return storage


async def _plan(storage: MemoryStorage, due_in: timedelta) -> None:
    async with storage.unit_of_work() as uow:
        await uow.checks.plan_many({CHECK: Slot(at=NOON, due_at=NOON + due_in)})
        await uow.commit()


async def _soon(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the fakes ring no bell
            await asyncio.sleep(0)


# Source -------------------------------------------------------------------------------------------


async def test_a_due_check_is_leased_once() -> None:
    source = LocalCheckSource((await _storage()).unit_of_work, FakeClock())

    first, second = await source.lease(limit=10), await source.lease(limit=10)

    assert [leased.check.id for leased in first] == [CHECK]
    assert second == []


async def test_a_released_check_is_leased_again_under_a_new_fence() -> None:
    source = LocalCheckSource((await _storage()).unit_of_work, FakeClock())
    (lost,) = await source.lease(limit=10)

    await source.release([CHECK])

    (again,) = await source.lease(limit=10)
    assert again.slot == lost.slot
    assert again.fence > lost.fence


@pytest.mark.parametrize("due_in", [AT_ONCE, -MINUTE], ids=["now", "long ago"])
async def test_waiting_ends_when_something_is_due(due_in: timedelta) -> None:
    source = LocalCheckSource((await _storage(due_in=due_in)).unit_of_work, FakeClock())

    async with asyncio.timeout(5):
        await source.wait(at_most=LONG)


@pytest.mark.parametrize("due_in", [None, LONG], ids=["nothing planned", "due later"])
async def test_waiting_ends_after_its_time(due_in: timedelta | None) -> None:
    source = LocalCheckSource((await _storage(due_in=due_in)).unit_of_work, FakeClock())

    async with asyncio.timeout(5):
        await source.wait(at_most=timedelta(milliseconds=1))


async def test_a_changed_schedule_is_looked_at_when_the_bell_rings() -> None:
    storage = await _storage(due_in=LONG)
    source = LocalCheckSource(storage.unit_of_work, FakeClock())
    waiting = asyncio.create_task(source.wait(at_most=LONG))
    await asyncio.sleep(0)

    await _plan(storage, AT_ONCE)
    source.ring()

    async with asyncio.timeout(5):
        await waiting


async def test_a_bell_without_a_change_ends_no_wait() -> None:
    source = LocalCheckSource((await _storage(due_in=LONG)).unit_of_work, FakeClock())
    waiting = asyncio.create_task(source.wait(at_most=LONG))
    await asyncio.sleep(0)

    source.ring()
    for _ in range(10):
        await asyncio.sleep(0)

    assert not waiting.done()
    waiting.cancel()


# Sink ---------------------------------------------------------------------------------------------


class Recorder:
    """Takes batches, and fails as a script says."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.batches: list[list[Result]] = []

    async def __call__(self, results: Sequence[Result]) -> None:
        """Take a batch, or fail."""
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        self.batches.append(list(results))


@asynccontextmanager
async def _running(sink: LocalResultSink, recorder: Recorder) -> AsyncIterator[None]:
    task = asyncio.create_task(sink.run(recorder))
    try:
        yield
    finally:
        task.cancel()


async def _flush(sink: LocalResultSink) -> None:
    async with asyncio.timeout(10):
        await sink.flush()


def _results(count: int) -> list[Result]:
    return [a_result(slot=NOON + n * MINUTE) for n in range(count)]


async def test_results_are_recorded_in_order() -> None:
    sink, recorder = LocalResultSink(batch_every=AT_ONCE), Recorder()
    results = _results(3)

    async with _running(sink, recorder):
        for result in results:
            await sink.put(result)
        await _flush(sink)

    assert [one for batch in recorder.batches for one in batch] == results
    assert sink.waiting == 0


async def test_what_arrives_together_is_recorded_together() -> None:
    sink, recorder = LocalResultSink(batch_every=AT_ONCE), Recorder()
    for result in _results(LARGEST_BATCH + 10):
        await sink.put(result)

    async with _running(sink, recorder):
        await _flush(sink)

    assert [len(batch) for batch in recorder.batches] == [LARGEST_BATCH, 10]


async def test_the_first_result_of_a_quiet_time_does_not_wait() -> None:
    sink, recorder = LocalResultSink(batch_every=LONG), Recorder()

    async with _running(sink, recorder):
        await sink.put(a_result())
        await _flush(sink)

    assert len(recorder.batches) == 1


async def test_what_follows_is_gathered() -> None:
    sink, recorder = LocalResultSink(batch_every=LONG), Recorder()
    first, *others = _results(5)

    async with _running(sink, recorder):
        await sink.put(first)
        await _flush(sink)
        for result in others:
            await sink.put(result)
        for _ in range(10):
            await asyncio.sleep(0)

    assert recorder.batches == [[first]]
    assert sink.waiting == 4


async def test_nothing_to_flush_is_flushed() -> None:
    await _flush(LocalResultSink())


async def test_a_full_disk_loses_nothing_and_is_told_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    full = StorageFullError("The disk is full.")
    sink, recorder = LocalResultSink(batch_every=AT_ONCE), Recorder(full, full)
    results = _results(3)
    for result in results:
        await sink.put(result)

    with caplog.at_level(logging.WARNING):
        async with _running(sink, recorder):
            await _flush(sink)

    assert recorder.batches == [results]
    assert [record.getMessage() for record in caplog.records] == [
        "Results wait for the storage: The disk is full.",
        "Results are stored again; 0 were lost",
    ]


async def test_of_too_many_the_oldest_are_dropped_and_counted() -> None:
    sink, recorder = LocalResultSink(batch_every=AT_ONCE, most_kept=3), Recorder()
    results = _results(5)
    for result in results:
        await sink.put(result)

    async with _running(sink, recorder):
        await _flush(sink)

    assert recorder.batches == [results[2:]]
    assert sink.dropped == 2


async def test_results_that_come_while_the_storage_fails_are_bounded_too() -> None:
    sink = LocalResultSink(batch_every=AT_ONCE, most_kept=3)
    results = _results(5)
    recorded: list[Sequence[Result]] = []

    async def record(batch: Sequence[Result]) -> None:
        if not recorded:
            recorded.append(())
            for result in results[3:]:
                await sink.put(result)
            raise StorageFullError("The disk is full.")
        recorded.append(batch)

    for result in results[:3]:
        await sink.put(result)
    task = asyncio.create_task(sink.run(record))
    await _flush(sink)
    task.cancel()

    assert recorded[1:] == [results[2:]]
    assert sink.dropped == 2


@pytest.mark.parametrize(
    "poison", [ValueError("cannot be encoded"), SecretUnreadableError()], ids=["value", "secret"]
)
async def test_a_poisoned_service_keeps_no_other_from_being_recorded(
    poison: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    sink = LocalResultSink(batch_every=AT_ONCE)
    poisoned, healthy = a_result(), a_result(service_id=OTHER)
    recorded: list[Result] = []

    async def record(batch: Sequence[Result]) -> None:
        if poisoned in batch:
            raise poison
        recorded.extend(batch)

    await sink.put(poisoned)
    await sink.put(healthy)
    task = asyncio.create_task(sink.run(record))
    await _flush(sink)
    task.cancel()

    assert recorded == [healthy]
    assert SERVICE in caplog.text


async def test_a_sink_that_is_stopped_while_it_records_keeps_the_batch() -> None:
    sink, begun = LocalResultSink(), asyncio.Event()

    async def record(_batch: Sequence[Result]) -> None:
        begun.set()
        await asyncio.Event().wait()

    await sink.put(a_result())
    task = asyncio.create_task(sink.run(record))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])

    assert sink.waiting == 1


# Broker -------------------------------------------------------------------------------------------


def _hint(kind: str = "result", *, id: str = SERVICE, version: int = 0) -> Change:
    return Change(workspace_id=WORKSPACE, kind=kind, id=id, version=version)


async def test_each_listener_hears_each_hint() -> None:
    broker = LocalEventBroker()

    async with broker.subscribe() as one, broker.subscribe() as other:
        broker.publish([_hint("service"), _hint("incident")])
        heard = [await one.next(), await one.next(), await other.next(), await other.next()]

    assert heard == [_hint("service"), _hint("incident")] * 2


async def test_nobody_listens_to_what_came_before_or_after() -> None:
    broker = LocalEventBroker()
    broker.publish([_hint()])

    async with broker.subscribe() as listener:
        waiting = asyncio.create_task(listener.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
    broker.publish([_hint()])


async def test_a_listener_waits_for_the_next_hint() -> None:
    broker = LocalEventBroker()

    async with broker.subscribe() as listener:
        waiting = asyncio.create_task(listener.next())
        await asyncio.sleep(0)
        broker.publish([_hint(version=3)])
        heard = await waiting

    assert heard == _hint(version=3)


async def test_the_same_hint_waits_once_with_its_latest_version() -> None:
    broker = LocalEventBroker()

    async with broker.subscribe() as listener:
        broker.publish([_hint(version=n) for n in range(9)])
        broker.publish([_hint("incident")])
        heard = [await listener.next(), await listener.next()]

    assert heard == [_hint(version=8), _hint("incident")]


async def test_too_many_hints_become_one_for_each_workspace() -> None:
    broker = LocalEventBroker(most_hints=10)
    elsewhere = Change(workspace_id=ELSEWHERE, kind="result", id="one")

    async with broker.subscribe() as listener:
        broker.publish([elsewhere, *(_hint(id=str(n)) for n in range(20))])
        heard = {await listener.next(), await listener.next()}

    assert heard == {
        Change(workspace_id=WORKSPACE, kind="workspace", id=WORKSPACE),
        Change(workspace_id=ELSEWHERE, kind="workspace", id=ELSEWHERE),
    }


async def test_publishing_nothing_wakes_nobody() -> None:
    broker = LocalEventBroker()

    async with broker.subscribe() as listener:
        broker.publish([])
        waiting = asyncio.create_task(listener.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
