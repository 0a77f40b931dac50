"""A crew runs coroutines on one loop, few at once, and nobody waits for one that hangs."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.health.running import loops as module
from allgreen.health.running.execution import Execution
from allgreen.health.running.loops import Crew, LoopThread
from allgreen.health.running.watchdog import Watchdog
from tests.unit.health.executions import an_execution
from tests.unit.health.runners import PATIENCE_S, wait_until

Run = Callable[[Execution], Awaitable[Any]]
NAME = ContextVar("name", default="nobody")


class Log:
    """A crew whose runs do what a test says, and what became of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run: Run, most: int = 2) -> None:
        self.run = run
        self.begun: list[Execution] = []
        self.ended: list[Execution] = []
        self.lost: list[tuple[Execution, str]] = []
        self.values: list[object] = []
        self.watchdog = Watchdog(lambda crew, culprit: None)
        self.crew = Crew(loop, most, self._run, self._lose, self.watchdog)

    async def _run(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        self.begun.append(execution)
        self.values.append(value)
        coroutine = self.run(execution)
        execution.coroutine = coroutine
        await coroutine
        self.ended.append(execution)

    def _lose(self, execution: Execution, why: str) -> None:
        self.lost.append((execution, why))


async def at_once(execution: Execution) -> None:
    """End."""


async def for_ever(execution: Execution) -> None:
    """Let the run be cancelled."""
    await asyncio.Event().wait()


async def wait_for(is_there: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_there():  # noqa: ASYNC110 - any turn of the loop may bring it
            await asyncio.sleep(0)


async def turn(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


def here(run: Run, most: int = 2) -> Log:
    return Log(asyncio.get_running_loop(), run, most)


# Running ------------------------------------------------------------------------------------------


async def test_runs_are_begun_in_their_order_a_few_at_once() -> None:
    gate = asyncio.Event()
    log = here(lambda _: gate.wait())
    runs = [an_execution() for _ in range(5)]

    log.crew.submit(runs)
    await turn()
    assert log.begun == runs[:2]
    gate.set()
    await turn(10)

    assert log.ended == runs
    assert not log.crew.running


async def test_each_run_that_has_to_wait_has_a_task_of_its_own() -> None:
    seen: list[object] = []

    async def look(execution: Execution) -> None:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    log = here(look)
    runs = [an_execution() for _ in range(2)]
    log.crew.submit(runs)
    await turn(10)

    assert sorted(map(id, seen)) == sorted(id(run.task) for run in runs * 2)
    assert runs[0].task is not runs[1].task


async def test_what_one_run_waits_for_ends_no_run_after_it() -> None:
    async def leave_a_limit_behind(execution: Execution) -> None:
        if execution is runs[0]:
            await asyncio.timeout(0).__aenter__()  # cancels the task in which it was entered
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    log = here(leave_a_limit_behind, most=1)
    runs = [an_execution() for _ in range(3)]
    log.crew.submit(runs)
    await wait_for(lambda: not log.crew.running and len(log.begun) == len(runs))

    assert log.ended == runs[1:]


async def test_a_run_that_cancels_its_task_and_waits_for_nothing_cancels_no_other() -> None:
    async def cancel_itself(execution: Execution) -> None:
        if execution is runs[0]:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        else:
            await asyncio.sleep(0)

    log = here(cancel_itself)
    runs = [an_execution() for _ in range(3)]
    log.crew.submit(runs)
    await turn(10)

    assert log.ended == runs
    assert runs[1].task is not runs[0].task


@pytest.mark.semantics(13)
@pytest.mark.parametrize("turns", [0, 2])
async def test_each_step_of_a_run_is_in_a_context_of_its_own(turns: int) -> None:
    seen: dict[Execution, list[str]] = {}

    async def remember(execution: Execution) -> None:
        seen[execution] = [NAME.get()]
        NAME.set(execution.cell.check.name)
        for _ in range(turns):
            await asyncio.sleep(0)
        seen[execution].append(NAME.get())

    log = here(remember)
    runs = [an_execution() for _ in range(3)]
    log.crew.submit(runs)
    await turn(20)

    assert [seen[run] for run in runs] == [["nobody", run.cell.check.name] for run in runs]
    assert NAME.get() == "nobody"


async def test_what_has_ended_is_not_cancelled_together_with_who_has_its_task() -> None:
    gate = asyncio.Event()

    async def wait_for_the_gate(execution: Execution) -> None:
        if execution is not runs[0]:
            await gate.wait()

    log = here(wait_for_the_gate)
    runs = [an_execution() for _ in range(2)]
    log.crew.submit(runs)
    await turn()
    assert runs[0].task is runs[1].task
    log.crew.abandon(runs[0])
    gate.set()
    await turn()

    assert log.ended == runs


async def test_many_that_end_at_once_let_the_loop_turn() -> None:
    turns = 0

    def count() -> None:
        nonlocal turns
        turns += 1
        loop.call_soon(count)

    def take_a_while(execution: Execution) -> Awaitable[None]:
        until = time.perf_counter() + module.TURN_S
        while time.perf_counter() < until:
            pass
        return at_once(execution)

    loop = asyncio.get_running_loop()
    log = here(take_a_while)
    runs = [an_execution() for _ in range(10)]
    log.crew.submit(runs)
    loop.call_soon(count)
    await wait_for(lambda: log.ended == runs)

    assert turns >= len(runs) - 1


async def test_what_another_thread_hands_over_is_run_on_the_loop() -> None:
    log = here(at_once)
    execution, value = an_execution(), asyncio.Event().wait()

    await asyncio.to_thread(log.crew.hand_over, execution, value)
    await turn()

    assert execution.crew is log.crew
    assert log.values == [value]
    assert log.ended == [execution]
    value.close()


def test_nothing_is_handed_over_to_a_loop_that_is_closed() -> None:
    loop = asyncio.new_event_loop()
    log = Log(loop, at_once)
    loop.close()
    execution = an_execution()

    with pytest.raises(RuntimeError, match="closed"):
        log.crew.hand_over(execution, None)

    assert execution.crew is None
    assert log.crew.is_gone
    log.crew.abandon(execution)


@pytest.mark.semantics(13)
async def test_a_factory_of_tasks_that_knows_no_contexts_is_used() -> None:
    made: list[object] = []

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any) -> Any:
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop)

    loop = asyncio.get_running_loop()
    log = here(at_once)
    loop.set_task_factory(make)
    try:
        log.crew.submit([an_execution()])
        await turn()
    finally:
        loop.set_task_factory(None)

    assert len(made) == len(log.ended) == 1


async def test_a_factory_of_tasks_that_fails_loses_the_run_and_not_the_others() -> None:
    def fail(loop: asyncio.AbstractEventLoop, coroutine: Any) -> Any:
        raise ZeroDivisionError

    loop = asyncio.get_running_loop()
    log = here(at_once, most=1)
    runs = [an_execution(), an_execution()]
    loop.set_task_factory(fail)
    try:
        log.crew.submit(runs)
    finally:
        loop.set_task_factory(None)

    assert log.lost == [(run, "No task could be made for it: ZeroDivisionError") for run in runs]
    assert not log.crew.running


async def test_tasks_that_run_at_once_do_not_run_in_one_another() -> None:
    # As `asyncio.eager_task_factory` of newer Pythons does.
    def make(loop: asyncio.AbstractEventLoop, coroutine: Any) -> Any:
        with suppress(StopIteration):
            while True:  # it lets the loop turn now and then
                coroutine.send(None)
        done = loop.create_future()
        done.set_result(None)
        return done

    loop = asyncio.get_running_loop()
    log = here(at_once, most=1)
    runs = [an_execution() for _ in range(2000)]
    loop.set_task_factory(make)
    try:
        log.crew.submit(runs)
    finally:
        loop.set_task_factory(None)

    assert log.ended == runs


# Hanging ------------------------------------------------------------------------------------------


class Stubborn:
    """Runs that let nobody cancel them, until a test is over."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []

    async def __call__(self, execution: Execution) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self.waiting.append(waiting)
        while not waiting.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(waiting)

    def let_go(self) -> None:
        for waiting in self.waiting:
            waiting.set_result(None)


@pytest.mark.semantics(13)
async def test_what_is_abandoned_is_cancelled_and_makes_room() -> None:
    log = here(for_ever, most=1)
    first, second = an_execution(), an_execution()
    log.crew.submit([first, second])
    await turn()

    log.crew.abandon(first)
    await turn()

    assert first.task is not None
    assert first.task.cancelled()
    assert log.begun == [first, second]
    assert not log.crew.left_behind
    log.crew.abandon(second)


@pytest.mark.semantics(23)
async def test_what_lets_nobody_cancel_it_is_left_behind_and_makes_room() -> None:
    stubborn = Stubborn()
    log = here(stubborn, most=1)
    first, second = an_execution(), an_execution()
    log.crew.submit([first, second])
    await turn()

    log.crew.abandon(first)
    await turn()

    assert log.begun == [first, second]
    assert log.crew.left_behind == {first}
    assert log.crew.running == {second}
    log.crew.abandon(second)
    stubborn.let_go()
    await turn(10)
    assert not log.crew.left_behind


async def test_what_is_released_goes_on_and_makes_room() -> None:
    gate = asyncio.Event()
    log = here(lambda _: gate.wait(), most=1)
    first, second = an_execution(), an_execution()
    log.crew.submit([first, second])
    await turn()

    log.crew.release(first)
    await turn()
    assert log.begun == [first, second]
    gate.set()
    await turn()

    assert log.ended == [first, second]
    assert not log.crew.left_behind


async def test_what_was_released_can_be_abandoned_later() -> None:
    log = here(for_ever)
    execution = an_execution()
    log.crew.submit([execution])
    await turn()

    log.crew.release(execution)
    log.crew.abandon(execution)
    await turn()

    assert execution.task is not None
    assert execution.task.cancelled()
    log.crew.abandon(execution)


async def test_what_has_not_begun_is_not_cancelled() -> None:
    log = here(at_once, most=1)
    runs = [an_execution(), an_execution()]
    log.crew.submit(runs)

    for run in runs:
        log.crew.abandon(run)
    await turn(10)

    assert log.ended == runs


async def test_from_another_thread_it_is_abandoned_soon() -> None:
    log = here(for_ever)
    execution = an_execution()
    log.crew.submit([execution])
    await turn()

    await asyncio.to_thread(log.crew.abandon, execution)
    await turn()

    assert execution.task is not None
    assert execution.task.cancelled()


@pytest.mark.semantics(20, "L1")
async def test_who_waits_for_all_tasks_does_not_wait_for_these() -> None:
    log = here(for_ever)
    execution = an_execution()
    before = asyncio.all_tasks()
    log.crew.submit([execution])
    await turn()

    assert asyncio.all_tasks() == before
    log.crew.abandon(execution)


@pytest.mark.semantics(25)
async def test_one_that_waits_for_others_lends_its_place() -> None:
    log = here(for_ever, most=1)
    outer, inner = an_execution(), an_execution()
    log.crew.submit([outer, inner])
    await turn()

    log.crew.lend()
    await turn()

    assert log.begun == [outer, inner]
    log.crew.abandon(inner)
    await turn()
    log.crew.take_back()
    log.crew.submit([an_execution()])
    await turn()
    assert log.begun == [outer, inner]
    log.crew.abandon(outer)


def test_a_coroutine_that_is_thrown_away_changes_nothing() -> None:
    loop = asyncio.new_event_loop()
    log = Log(loop, for_ever)
    execution = an_execution()

    async def main() -> None:
        log.crew.submit([execution])
        await turn()

    loop.run_until_complete(main())
    loop.close()
    assert execution.task is not None
    execution.task.get_coro().close()  # as Python does

    assert log.crew.running == {execution}
    assert log.ended == []


def test_nothing_is_said_of_what_a_closed_loop_leaves_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        here(for_ever).crew.submit([an_execution()])
        await turn()

    asyncio.run(main())
    gc.collect()

    assert not caplog.records


# Loops of our own ---------------------------------------------------------------------------------


@pytest.fixture
def own() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()
    wait_until(lambda: not thread.is_alive)


def test_a_loop_of_our_own_turns_in_a_daemon_until_it_is_stopped(own: LoopThread) -> None:
    ran_in: list[threading.Thread] = []
    own.loop.call_soon_threadsafe(lambda: ran_in.append(threading.current_thread()))
    wait_until(lambda: ran_in)

    assert ran_in[0].daemon
    assert own.is_alive
    own.stop()
    wait_until(lambda: not own.is_alive)

    assert own.loop.is_closed()
    own.stop()


@pytest.mark.semantics(11)
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_what_ends_a_thread_does_not_end_a_loop_of_our_own(
    own: LoopThread, error: type[BaseException]
) -> None:
    async def fail() -> None:
        raise error

    async def main() -> str:
        task = asyncio.ensure_future(fail())  # a task of the check, which nobody looks after
        await asyncio.wait([task])
        assert isinstance(task.exception(), error)
        return "went on"

    went_on = asyncio.run_coroutine_threadsafe(main(), own.loop)

    assert went_on.result(PATIENCE_S) == "went on"


def test_without_a_thread_there_is_no_loop_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "threading", SimpleNamespace(Thread=NoThread))

    with pytest.raises(RuntimeError, match="start new thread"):
        LoopThread()


@pytest.mark.semantics(24)
def test_who_leaves_a_blocked_loop_takes_along_what_has_not_begun(own: LoopThread) -> None:
    other_loop = LoopThread()
    unblock = threading.Event()

    async def block(execution: Execution) -> None:
        unblock.wait(PATIENCE_S)

    blocked, other = Log(own.loop, block, most=1), Log(other_loop.loop, at_once)
    first, second = an_execution(), an_execution()
    blocked.crew.hand_over(first, None)
    wait_until(lambda: blocked.begun)
    blocked.crew.hand_over(second, None)

    blocked.crew.leave_to(other.crew)

    wait_until(lambda: other.ended == [second])
    assert second.crew is other.crew
    assert own.is_alive
    unblock.set()
    wait_until(lambda: not own.is_alive)
    assert blocked.ended == [first]
    other_loop.stop()


@pytest.mark.semantics(23, 24)
def test_a_loop_that_was_left_ends_also_with_what_lets_nobody_cancel_it(own: LoopThread) -> None:
    stubborn = Stubborn()
    log, other = Log(own.loop, stubborn), LoopThread()
    execution = an_execution()
    log.crew.hand_over(execution, None)
    wait_until(lambda: stubborn.waiting)

    log.crew.leave_to(Log(other.loop, at_once).crew)
    log.crew.abandon(execution)

    wait_until(lambda: not own.is_alive)
    assert log.crew.left_behind == {execution}
    other.stop()
