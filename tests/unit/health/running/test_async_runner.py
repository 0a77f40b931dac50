"""On an event loop a runner blocks nobody, ends what nobody wants, and outlives the loop.

Tested on the loops of asyncio and of uvloop. Programs that gevent or eventlet have patched are not
tested: neither is installed here.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvloop

from allgreen.domain.report import CheckResult, Ending, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.registry import CheckRegistry
from allgreen.health.running import places, watchdog, workers
from allgreen.health.running.execution import Cell, Execution
from allgreen.health.running.rationing import Rationing
from allgreen.health.running.runner import CheckRunner
from allgreen.health.trial import FakeChecks
from tests.unit.health.clocks import StillClock
from tests.unit.health.runners import (
    PATIENCE_S,
    TIMEOUT_S,
    a_registry,
    a_runner,
    find,
    in_turn,
    wait_until,
)

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


@pytest.fixture
def fakes() -> Iterator[FakeChecks]:
    made = FakeChecks()
    yield made
    made.release()


class Waiting:
    """A coroutine function that waits until it is let go, and counts what happens to it.

    Attributes:
        cleaning: It takes so many turns of the loop to end when it is cancelled.
        is_stubborn: It does not let itself be cancelled.
    """

    def __init__(self, *, cleaning: int = 0, is_stubborn: bool = False) -> None:
        self.cleaning = cleaning
        self.is_stubborn = is_stubborn
        self.begun = asyncio.Event()
        self.released = asyncio.Event()
        self.runs = self.cancelled = self.ended = self.most = self._now = 0

    async def __call__(self) -> None:
        self.runs += 1
        self._now += 1
        self.most = max(self.most, self._now)
        self.begun.set()
        try:
            await self._wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            for _ in range(self.cleaning):
                await asyncio.sleep(0)
            raise
        finally:
            self._now -= 1
            self.ended += 1

    async def _wait(self) -> None:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if not self.is_stubborn:
                    raise
                self.cancelled += 1


async def works() -> None:
    """Work."""


def works_in_thread() -> None:
    """Work."""


async def fails() -> bool:
    return False


def cell_of(runner: CheckRunner, name: str) -> Cell:
    return next(cell for cell in runner._plan.cells.values() if cell.label.name == name)


def verdicts(report: Report) -> dict[str, CheckVerdict]:
    return {result.name: result.verdict for result in report.results}


def endings(report: Report) -> dict[str, Ending]:
    return {result.name: result.ending for result in report.results}


async def until(is_so: Callable[[], object]) -> None:
    """Wait for something that will be so, while the loop turns."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def begin_in_thread(do: Callable[[], Any]) -> Callable[[], Any]:
    """Begin something in a thread; return what waits for its end, and returns what it did."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(do()), daemon=True)
    thread.start()

    def wait() -> Any:
        thread.join(PATIENCE_S)
        return found[0]

    return wait


# Running ------------------------------------------------------------------------------------------


async def test_checks_of_both_kinds_are_in_one_report() -> None:
    report = await a_runner(a_registry(works, works_in_thread, fails)).run_async()

    assert verdicts(report) == {"works": PASSED, "works_in_thread": PASSED, "fails": FAILED}


async def test_a_coroutine_runs_on_the_loop_of_who_asks_as_a_task_of_its_own() -> None:
    seen: list[object] = []

    async def looks() -> None:
        seen.extend([asyncio.get_running_loop(), asyncio.current_task()])

    await a_runner(looks).run_async()

    assert seen[0] is asyncio.get_running_loop()
    assert seen[1] is not asyncio.current_task()


def test_without_a_loop_a_coroutine_runs_on_one_of_our_own() -> None:
    threads: list[threading.Thread] = []

    async def looks() -> None:
        threads.append(threading.current_thread())

    runner = a_runner(looks)

    assert runner.run().status is runner.run().status is HEALTHY
    assert threads[0] is threads[1] is not threading.main_thread()
    assert threads[0].daemon


@pytest.mark.semantics(24)
async def test_coroutines_can_be_kept_off_the_loop_of_the_program() -> None:
    threads: list[threading.Thread] = []

    async def looks() -> None:
        threads.append(threading.current_thread())

    report = await a_runner(looks, own_loop=True).run_async()

    assert report.status is HEALTHY
    assert threads[0] is not threading.current_thread()


@pytest.mark.semantics(25, 60)
async def test_many_coroutines_are_in_the_order_of_their_registration() -> None:
    registry = CheckRegistry()
    for number in range(1000):
        registry.check("It works", name=f"c{number}")(works)

    report = await a_runner(registry).run_async()

    assert [result.name for result in report.results] == [f"c{n}" for n in range(1000)]
    assert report.status is HEALTHY


@pytest.mark.semantics(25)
async def test_only_so_many_coroutines_run_at_once() -> None:
    waiting = Waiting()
    runner = a_runner(a_registry(*[waiting] * 10), concurrency=3)
    asking = asyncio.create_task(runner.run_async())
    await until(lambda: waiting.runs == 3)

    waiting.released.set()

    assert (await asking).status is HEALTHY
    assert (waiting.runs, waiting.most) == (10, 3)


@pytest.mark.semantics(26)
async def test_a_coroutine_has_a_copy_of_the_context_of_who_asked() -> None:
    variable = contextvars.ContextVar("variable", default="nobody's")
    variable.set("of who asked")
    seen: list[str] = []

    async def looks() -> None:
        seen.append(variable.get())
        variable.set("of the check")

    runner = a_runner(looks)
    await runner.run_async()
    await runner.run_async()

    assert seen == ["of who asked"] * 2
    assert variable.get() == "of who asked"


async def returns_false() -> bool:
    await asyncio.sleep(0)
    return False


class Calls:
    def __call__(self) -> Awaitable[bool]:
        return returns_false()


@pytest.mark.semantics(3)
@pytest.mark.parametrize(
    "function",
    [
        returns_false,
        functools.partial(returns_false),
        lambda: returns_false(),  # noqa: PLW0108 - a function that is not async
        Calls(),
    ],
    ids=["function", "partial", "lambda", "object"],
)
async def test_what_can_be_awaited_is_awaited_and_never_passes_by_itself(function: Any) -> None:
    report = await a_runner(function).run_async()

    assert report.results[0].message == "returned False"


@pytest.mark.semantics(3)
async def test_something_of_another_loop_is_an_error() -> None:
    other = asyncio.new_event_loop()
    runner = a_runner(lambda: other.create_future())  # noqa: PLW0108 - called in a thread

    result = (await runner.run_async()).results[0]
    other.close()

    assert result.verdict is ERROR
    assert "attached to a different loop" in result.message


async def test_what_a_thread_came_upon_is_awaited_on_the_loop_of_who_asks() -> None:
    seen: list[object] = []

    async def looks() -> None:
        seen.append(asyncio.get_running_loop())

    await a_runner(lambda: looks()).run_async()  # noqa: PLW0108 - called in a thread

    assert seen == [asyncio.get_running_loop()]


HOSTILE = [
    SystemExit(1),
    GeneratorExit(),
    asyncio.CancelledError(),
    MemoryError(),
    RecursionError(),
    BaseExceptionGroup("both", [SystemExit()]),
]


@pytest.mark.semantics(10, 11, 13, 15, "L5")
@pytest.mark.parametrize("error", HOSTILE, ids=[type(error).__name__ for error in HOSTILE])
async def test_whatever_a_coroutine_raises_others_go_on(error: BaseException) -> None:
    async def raises() -> None:
        await asyncio.sleep(0)
        raise error

    report = await a_runner(a_registry(works, raises, works_in_thread)).run_async()

    assert list(verdicts(report).values()) == [PASSED, ERROR, PASSED]


@pytest.mark.semantics(12)
def test_who_stops_the_program_is_heard() -> None:
    async def raises() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(a_runner(raises).run_async())


# Time ---------------------------------------------------------------------------------------------


@pytest.mark.semantics("L3", 20)
async def test_a_check_that_blocks_its_thread_does_not_block_the_loop(fakes: FakeChecks) -> None:
    hang, turns = fakes.hang(), 0
    asking = asyncio.create_task(a_runner(a_registry(hang)).run_async())
    await until(lambda: hang.runs)

    for _ in range(100):
        await asyncio.sleep(0)
        turns += 1
    hang.release()

    assert (await asking).status is HEALTHY
    assert turns == 100


@pytest.mark.semantics(19, "L1")
async def test_a_coroutine_that_takes_too_long_is_ended() -> None:
    waiting = Waiting()
    runner = a_runner(a_registry(waiting, timeout=TIMEOUT_S))

    result = (await runner.run_async()).results[0]
    await until(lambda: waiting.ended)
    waiting.released.set()
    again = (await runner.run_async()).results[0]

    assert (result.verdict, result.ending) == (FAILED, Ending.TIMED_OUT)
    assert (waiting.cancelled, again.verdict) == (1, PASSED)


@pytest.mark.semantics(23, "L2")
async def test_a_coroutine_that_lets_nobody_end_it_is_counted_and_not_begun_again() -> None:
    waiting = Waiting(is_stubborn=True)
    runner = a_runner(a_registry(waiting, timeout=TIMEOUT_S))

    late = (await runner.run_async()).results[0]
    await until(lambda: waiting.cancelled)
    still = [(await runner.run_async()).results[0] for _ in range(5)]

    assert late.ending is Ending.TIMED_OUT
    assert {result.ending for result in still} == {Ending.STILL_RUNNING}
    assert (waiting.runs, runner.stuck) == (1, 1)
    waiting.released.set()
    await until(lambda: waiting.ended)
    await asyncio.sleep(0)
    assert (await runner.run_async()).status is HEALTHY
    assert runner.stuck == 0


@pytest.mark.semantics(23, "L7")
async def test_a_coroutine_that_takes_its_end_for_success_was_late() -> None:
    async def swallows() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    runner = a_runner(a_registry(swallows, timeout=TIMEOUT_S), keep_bad_for_s=60.0)

    late = (await runner.run_async()).results[0]
    await until(lambda: cell_of(runner, "swallows").execution is None)

    assert late.ending is Ending.TIMED_OUT
    assert (await runner.run_async()).results == (late,)


@pytest.mark.semantics(14)
async def test_a_timeout_of_the_coroutine_itself_is_its_own_failure() -> None:
    async def waits() -> None:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    result = (await a_runner(waits).run_async()).results[0]

    assert (result.verdict, result.ending) == (ERROR, Ending.RAISED)
    assert result.message.startswith("TimeoutError")


@pytest.mark.semantics(22)
async def test_the_report_is_there_when_it_is_due() -> None:
    waiting = Waiting()
    registry = a_registry(waiting, timeout=None)
    registry.check("Works", name="works")(works)

    report = await a_runner(registry).run_async(deadline_s=TIMEOUT_S)
    waiting.released.set()

    assert list(endings(report).values()) == [Ending.UNFINISHED, Ending.ANSWERED]


@pytest.mark.semantics(20, 21, 22)
async def test_coroutines_that_have_outlived_a_report_take_no_place_from_others() -> None:
    waiting = Waiting()
    registry = a_registry(waiting, timeout=None, name="waits")
    registry.check("Works", name="works")(works)
    runner = a_runner(registry, concurrency=1)
    await runner.run_async(["waits"], deadline_s=TIMEOUT_S)

    report = await runner.run_async(deadline_s=TIMEOUT_S)
    waiting.released.set()

    assert endings(report) == {"waits": Ending.UNFINISHED, "works": Ending.ANSWERED}
    assert waiting.runs == 1


@pytest.mark.semantics(20)
async def test_a_coroutine_that_waits_for_its_turn_is_not_late_before_it_began() -> None:
    registry = a_registry(Waiting(), timeout=0.2, name="waits")
    registry.check("Works", name="works", timeout=TIMEOUT_S)(works)

    report = await a_runner(registry, concurrency=1).run_async()

    assert endings(report) == {"waits": Ending.TIMED_OUT, "works": Ending.ANSWERED}


# Together -----------------------------------------------------------------------------------------


@pytest.mark.semantics(28, "L8")
async def test_all_who_ask_at_once_from_threads_and_loops_share_one_run() -> None:
    waiting = Waiting()
    runner = a_runner(waiting)
    asking = [asyncio.create_task(runner.run_async()) for _ in range(200)]
    await waiting.begun.wait()
    in_threads = [begin_in_thread(runner.run) for _ in range(20)]
    cell = cell_of(runner, "Waiting")
    await until(lambda: cell.execution and len(cell.execution.waiters) == 220)

    waiting.released.set()
    reports = await asyncio.gather(*asking)
    reports += [await asyncio.to_thread(wait) for wait in in_threads]

    assert waiting.runs == 1
    assert all(report.results == reports[0].results for report in reports)


@pytest.mark.semantics(28)
async def test_what_runs_in_a_thread_is_shared_by_a_loop(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    runner = a_runner(hang)
    leading = begin_in_thread(runner.run)
    await until(lambda: hang.runs)

    joining = asyncio.create_task(runner.run_async())
    await until(lambda: len(cell_of(runner, "HangingCheck").execution.waiters) == 2)  # type: ignore[union-attr]
    hang.release()

    assert (await joining).results == (await asyncio.to_thread(leading)).results
    assert hang.runs == 1


@pytest.mark.semantics(49)
async def test_a_coroutine_that_depends_on_a_thread_runs_on_its_own_loop() -> None:
    loops: list[object] = []

    async def looks() -> None:
        loops.append(asyncio.get_running_loop())

    registry = a_registry(works_in_thread, name="first")
    registry.check("Looks", name="second", depends_on="first")(looks)
    registry.check("Fails", name="third", depends_on="second")(lambda: False)
    registry.check("Never", name="fourth", depends_on=["third"])(looks)

    report = await a_runner(registry).run_async()

    assert list(verdicts(report).values()) == [PASSED, PASSED, FAILED, SKIPPED]
    assert loops == [asyncio.get_running_loop()]


# Who does not wait to the end ---------------------------------------------------------------------


@pytest.mark.semantics(13, 29)
async def test_who_is_cancelled_ends_what_nobody_else_waits_for() -> None:
    waiting = Waiting(cleaning=5)
    runner = a_runner(waiting)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()

    await cancel(asking)

    assert (waiting.cancelled, waiting.ended) == (1, 1)
    assert cell_of(runner, "Waiting").execution is None


@pytest.mark.semantics(13, 29)
async def test_who_is_cancelled_leaves_no_result_to_others() -> None:
    waiting = Waiting()
    runner = a_runner(a_registry(waiting, failures=1), keep_bad_for_s=60.0)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    await cancel(asking)
    waiting.released.set()

    report = await runner.run_async()

    assert (report.status, waiting.runs) == (HEALTHY, 2)


@pytest.mark.semantics(29)
async def test_who_is_cancelled_does_not_strand_those_who_joined() -> None:
    waiting = Waiting()
    runner = a_runner(waiting)
    leading = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    joining = [asyncio.create_task(runner.run_async()) for _ in range(3)]
    in_thread = begin_in_thread(runner.run)
    await until(lambda: len(cell_of(runner, "Waiting").execution.waiters) == 5)  # type: ignore[union-attr]

    await cancel(leading)
    waiting.released.set()

    assert {(await each).status for each in joining} == {HEALTHY}
    assert (await asyncio.to_thread(in_thread)).status is HEALTHY
    assert (waiting.runs, waiting.cancelled) == (1, 0)


@pytest.mark.semantics(13)
async def test_who_is_cancelled_does_not_wait_for_what_lets_nobody_end_it() -> None:
    waiting = Waiting(is_stubborn=True)
    runner = a_runner(waiting)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()

    await cancel(asking)

    assert (waiting.ended, runner.stuck) == (0, 1)
    waiting.released.set()


@pytest.mark.semantics(13)
async def test_who_is_cancelled_twice_does_not_wait_at_all() -> None:
    waiting = Waiting(is_stubborn=True)
    asking = asyncio.create_task(a_runner(waiting).run_async())
    await waiting.begun.wait()
    asking.cancel()
    await until(lambda: waiting.cancelled)

    await cancel(asking)

    waiting.released.set()


@pytest.mark.semantics(29)
async def test_what_was_told_to_end_has_an_heir_that_begins_after_it() -> None:
    waiting = Waiting(is_stubborn=True)
    runner = a_runner(waiting)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    await cancel(asking)

    heirs = [asyncio.create_task(runner.run_async()) for _ in range(3)]
    await asyncio.sleep(0)
    assert waiting.runs == 1
    waiting.released.set()

    assert {(await each).status for each in heirs} == {HEALTHY}
    assert (waiting.runs, waiting.most) == (2, 1)


@pytest.mark.semantics(23, 29)
async def test_an_heir_of_what_never_ends_says_that_it_still_runs() -> None:
    waiting = Waiting(is_stubborn=True)
    runner = a_runner(a_registry(waiting, timeout=0.2))
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    await cancel(asking)

    first, second = await runner.run_async(), await runner.run_async()
    waiting.released.set()
    await until(lambda: cell_of(runner, "Waiting").execution is None)
    third = await runner.run_async()

    assert {each.results[0].ending for each in (first, second)} == {Ending.STILL_RUNNING}
    assert (third.status, waiting.runs) == (HEALTHY, 2)


@pytest.mark.semantics(23, 29)
async def test_an_heir_that_nobody_wants_any_more_leaves_the_check_as_it_was() -> None:
    waiting = Waiting(is_stubborn=True)
    runner = a_runner(waiting)
    first = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    await cancel(first)
    heir = asyncio.create_task(runner.run_async())
    await asyncio.sleep(0)

    await cancel(heir)
    third = asyncio.create_task(runner.run_async())
    await asyncio.sleep(0)
    assert waiting.runs == 1
    waiting.released.set()

    assert (await third).status is HEALTHY
    assert (waiting.runs, waiting.most) == (2, 1)


@pytest.mark.semantics(29)
def test_an_heir_of_what_a_closed_loop_left_behind_is_run_anew() -> None:
    waiting = Waiting(is_stubborn=True)
    runner = a_runner(a_registry(in_turn(waiting, works), name="waits", timeout=0.2))
    joined: list[Callable[[], Any]] = []

    async def main() -> None:
        asking = asyncio.create_task(runner.run_async())
        await waiting.begun.wait()
        await cancel(asking)
        before = cell_of(runner, "waits").execution
        joined.append(begin_in_thread(runner.run))
        await until(lambda: cell_of(runner, "waits").execution is not before)

    asyncio.run(main())

    assert joined[0]().results[0].ending is Ending.STILL_RUNNING
    assert runner.run().status is HEALTHY


@pytest.mark.semantics(29, 49)
async def test_an_heir_waits_for_what_it_depends_on_too() -> None:
    waiting = Waiting(cleaning=3)
    registry = CheckRegistry()
    registry.check("First", name="first")(in_turn(works_in_thread, lambda: False))
    registry.check("Waits", name="waits", depends_on="first")(waiting)
    runner = a_runner(registry)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    asking.cancel()
    await until(lambda: waiting.cancelled)

    report = await runner.run_async()

    assert verdicts(report) == {"first": FAILED, "waits": SKIPPED}
    assert waiting.runs == 1


@pytest.mark.semantics(13, 49)
async def test_what_was_kept_back_and_nobody_wants_any_more_keeps_nothing_from_ending() -> None:
    waiting = Waiting()
    registry = a_registry(waiting, name="waits")
    registry.check("Second", name="second", depends_on="waits")(works)
    registry.check("Third", name="third", depends_on=["second", "waits"])(works_in_thread)
    runner = a_runner(registry)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()

    await cancel(asking)
    waiting.released.set()
    report = await runner.run_async()

    assert waiting.cancelled == 1
    assert list(verdicts(report).values()) == [PASSED] * 3


@pytest.mark.semantics(13)
async def test_what_runs_in_a_thread_goes_on_for_those_who_come_later(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    runner = a_runner(hang)
    asking = asyncio.create_task(runner.run_async())
    await until(lambda: hang.runs)
    await cancel(asking)

    again = asyncio.create_task(runner.run_async())
    await until(lambda: cell_of(runner, "HangingCheck").execution.waiters)  # type: ignore[union-attr]
    hang.release()

    assert (await again).status is HEALTHY
    assert hang.runs == 1


@pytest.mark.semantics(13)
async def test_what_a_thread_came_upon_is_ended_too() -> None:
    waiting = Waiting()
    runner = a_runner(lambda: waiting())  # noqa: PLW0108 - called in a thread
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()

    await cancel(asking)

    assert waiting.cancelled == 1


async def test_what_waits_for_its_turn_and_nobody_wants_any_more_is_never_begun() -> None:
    first, second = Waiting(), Waiting()
    registry = a_registry(first, name="first")
    registry.check("Second", name="second")(second)
    runner = a_runner(registry, concurrency=1)
    leading = asyncio.create_task(runner.run_async(["first"]))
    await first.begun.wait()
    asking = asyncio.create_task(runner.run_async(["second"]))
    await until(lambda: cell_of(runner, "second").execution)

    await cancel(asking)
    first.released.set()
    await leading
    await until(lambda: cell_of(runner, "second").execution is None)

    assert second.runs == 0


# Asking inside of a check -------------------------------------------------------------------------


@pytest.mark.semantics(25)
async def test_a_coroutine_may_ask_for_others_though_only_one_runs_at_once() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry, concurrency=1)

    @registry.check("Asks")
    async def asks() -> HealthStatus:
        return (await runner.run_async(["other", "thread"])).status

    registry.check("Other", name="other")(works)
    registry.check("Thread", name="thread")(works_in_thread)

    assert (await runner.run_async()).status is HEALTHY
    assert (await runner.run_async()).status is HEALTHY


@pytest.mark.semantics(25)
async def test_a_coroutine_that_asks_for_itself_is_told_so_at_once() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)
    seen: list[CheckResult] = []

    @registry.check("Asks")
    async def asks() -> None:
        seen.extend((await runner.run_async()).results)

    assert (await runner.run_async()).status is HEALTHY
    assert "asked for its own result" in seen[0].message


@pytest.mark.semantics(25)
def test_a_thread_may_ask_on_a_loop_of_its_own_though_only_one_runs_at_once() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry, concurrency=1)

    @registry.check("Asks")
    def asks() -> HealthStatus:
        return asyncio.run(runner.run_async(["thread"])).status

    registry.check("Thread", name="thread")(works_in_thread)

    assert runner.run().status is HEALTHY


@pytest.mark.semantics(25)
async def test_who_blocks_the_loop_is_told_at_once_what_it_keeps_from_ending() -> None:
    waiting = Waiting()
    registry = a_registry(waiting, name="waits")
    registry.check("Budget", name="conditions", if_=True)(Waiting())
    runner = a_runner(registry)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()

    report = runner.run()
    await cancel(asking)

    result = find(report, "waits")
    assert (result.verdict, result.ending) == (ERROR, Ending.MISCONFIGURED)
    assert "await run_async() there" in result.message


@pytest.mark.semantics(25)
async def test_who_blocks_the_loop_is_told_at_once_what_has_not_reached_it_yet() -> None:
    is_open = threading.Event()

    def condition() -> bool:
        return is_open.wait(PATIENCE_S)

    runner = a_runner(a_registry(works, if_=condition))
    asking = asyncio.create_task(runner.run_async())
    await asyncio.sleep(0)
    await until(lambda: cell_of(runner, "works").execution.begun)  # type: ignore[union-attr]

    report = runner.run()
    is_open.set()

    assert report.results[0].ending is Ending.MISCONFIGURED
    assert (await asking).status is HEALTHY


@pytest.mark.semantics(25)
async def test_a_coroutine_may_ask_in_a_thread_with_a_loop_of_its_own() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)

    @registry.check("Asks")
    async def asks() -> HealthStatus:
        report: Report = await asyncio.to_thread(asyncio.run, runner.run_async(["other"]))
        return report.status

    registry.check("Other", name="other")(works)

    assert (await runner.run_async()).status is HEALTHY


@pytest.mark.semantics(25)
async def test_who_blocks_the_loop_has_everything_else() -> None:
    report = a_runner(a_registry(works, works_in_thread)).run()

    assert report.status is HEALTHY


# How often ----------------------------------------------------------------------------------------


class Watched(Rationing):  # type: ignore[misc]  # what is final for programs is not for tests
    """Budgets that remember in which threads they waited for the disk."""

    threads: list[threading.Thread]

    def hold_back(self, execution: Execution) -> CheckResult | None:
        self.threads.append(threading.current_thread())
        return super().hold_back(execution)

    def keep(self, execution: Execution, result: CheckResult) -> CheckResult:
        self.threads.append(threading.current_thread())
        return super().keep(execution, result)


@pytest.fixture
def rations(tmp_path: Path) -> Watched:
    made = Watched(Ledger(tmp_path), StillClock())
    made.threads = []
    return made


@pytest.mark.semantics(36, 40, 41)
async def test_a_coroutine_with_a_budget_never_waits_for_the_disk_on_the_loop(
    rations: Watched,
) -> None:
    loops: list[object] = []

    async def looks() -> tuple[bool, str]:
        loops.append(asyncio.get_running_loop())
        return False, "no"

    registry = a_registry(looks, run="once per day")
    runner = a_runner(registry, clock=rations._clock, rations=rations)

    first, second = await runner.run_async(), await runner.run_async()

    assert loops == [asyncio.get_running_loop()]
    assert threading.current_thread() not in rations.threads
    assert len(rations.threads) == 3
    assert [each.results[0].message for each in (first, second)] == ["no", "no"]
    assert second.results[0].note.startswith("Ran 0 s ago.")


@pytest.mark.semantics(37)
async def test_a_run_of_a_budget_is_not_thrown_away_with_who_asked_for_it(
    rations: Watched,
) -> None:
    waiting = Waiting()
    registry = a_registry(waiting, run="once per day")
    runner = a_runner(registry, clock=rations._clock, rations=rations)
    asking = asyncio.create_task(runner.run_async())
    await waiting.begun.wait()
    await cancel(asking)
    waiting.released.set()
    await until(lambda: cell_of(runner, "Waiting").execution is None)

    shown = (await runner.run_async()).results[0]

    assert (waiting.runs, waiting.cancelled) == (1, 0)
    assert shown.verdict is PASSED


@pytest.mark.semantics(37, 40)
async def test_that_a_coroutine_took_too_long_is_what_is_shown_until_the_next(
    tmp_path: Path,
) -> None:
    registry = a_registry(Waiting(), run="once per week", timeout=TIMEOUT_S)
    runner = CheckRunner(
        registry, a_runner(registry, keep_bad_for_s=0.0).options, environment="test",
        rations=Rationing(Ledger(tmp_path), a_runner(registry)._clock),
    )  # fmt: skip

    late = (await runner.run_async()).results[0]
    await until(lambda: cell_of(runner, "Waiting").execution is None)
    shown = (await runner.run_async()).results[0]

    assert late.ending is shown.ending is Ending.TIMED_OUT
    assert shown.verdict is FAILED


@pytest.mark.semantics(41)
@pytest.mark.parametrize("check", [fails, lambda: False], ids=["on the loop", "in a thread"])
async def test_what_was_said_in_time_counts_though_writing_it_down_takes_long(
    check: Callable[[], Any], rations: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_writable = threading.Event()

    def keep(execution: Execution, result: CheckResult) -> CheckResult:
        is_writable.wait(PATIENCE_S)
        return result

    monkeypatch.setattr(rations, "keep", keep)
    registry = a_registry(check, run="once per day", timeout=0.5)
    runner = a_runner(registry, rations=rations)

    result = (await runner.run_async()).results[0]
    is_writable.set()

    assert (result.ending, result.message) == (Ending.ANSWERED, "returned False")


# Without threads ----------------------------------------------------------------------------------


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what keeps workers from being started from then on."""

    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    fake = SimpleNamespace(Thread=NoThread, Lock=threading.Lock)
    return lambda: monkeypatch.setattr(workers, "threading", fake)


async def test_what_no_thread_can_write_down_is_told(
    rations: Watched, no_threads: Callable[[], None]
) -> None:
    async def says() -> tuple[bool, str]:
        await until(lambda: runner._places.workers._busy == 0)
        no_threads()
        return False, "no"

    registry = a_registry(says, run="once per day")
    runner = a_runner(registry, rations=rations)
    runner._places.workers.idle_s = 0.0

    result = (await runner.run_async()).results[0]

    assert (result.message, result.note) == ("no", "")


async def test_what_depends_on_a_coroutine_and_finds_no_thread_is_an_error(
    no_threads: Callable[[], None],
) -> None:
    registry = a_registry(works)
    registry.check("Thread", name="thread", depends_on="works")(works_in_thread)
    no_threads()

    report = await a_runner(registry).run_async()

    assert find(report, "thread").message == "Could not be run: no thread can be started"


# A loop that is blocked ---------------------------------------------------------------------------


async def hear_of_a_timer() -> None:
    """Go on only on a loop that turns: what checks do that wait for an answer."""
    loop = asyncio.get_running_loop()
    rung = loop.create_future()
    loop.call_later(0.001, rung.set_result, None)
    await rung


async def take(seconds: float) -> None:
    """Be a check that waits for something that comes soon."""
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    loop.call_later(seconds, answer.set_result, None)
    await answer


@pytest.mark.semantics(24)
async def test_who_blocks_the_loop_is_named_in_the_report_and_others_are_not_late(
    fakes: FakeChecks, caplog: pytest.LogCaptureFixture
) -> None:
    async def innocent() -> None:
        await take(0.001)

    block = fakes.block(1.0)

    async def blocks() -> bool:
        await asyncio.sleep(0)
        return await block()

    registry = a_registry(innocent, timeout=0.6)
    registry.check("Blocks", name="blocks")(blocks)

    report = await a_runner(registry).run_async()

    assert verdicts(report) == {"innocent": PASSED, "blocks": PASSED}
    assert "Kept the event loop from turning for" in find(report, "blocks").note
    assert "The check 'blocks' keeps the event loop from turning" in caplog.text


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a loop of our own soon after it is blocked."""
    monkeypatch.setattr(watchdog, "LEAVE_AFTER_S", 0.2)


@pytest.mark.semantics(24)
@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("timeout", [TIMEOUT_S, 10.0], ids=["late", "in time"])
def test_on_a_loop_of_our_own_who_blocks_it_takes_nobody_along(
    fakes: FakeChecks, timeout: float
) -> None:
    block = fakes.block(PATIENCE_S)
    waits = 0

    async def innocent() -> None:
        nonlocal waits
        waits += 1
        await take(0.01)

    registry = CheckRegistry()
    registry.check("Before", name="before")(innocent)
    registry.check("Blocks", name="blocks", timeout=timeout)(block)
    registry.check("Depends", name="depends", depends_on="before")(innocent)
    for number in range(10):
        registry.check("After", name=f"after {number}")(innocent)
    runner = a_runner(registry)
    waiting = begin_in_thread(runner.run)
    blocked = _own_loop_of(runner)
    wait_until(lambda: _own_loop_of(runner) is not blocked)
    block.release()

    report = waiting()

    others = [result for result in report.results if result.name != "blocks"]
    assert {result.verdict for result in others} == {PASSED}
    assert find(report, "blocks").ending is (Ending.TIMED_OUT if timeout < 1 else Ending.ANSWERED)
    wait_until(lambda: not blocked.is_alive)
    wait_until(lambda: not runner.stuck)
    assert verdicts(runner.run())["blocks"] is PASSED


def _own_loop_of(runner: CheckRunner) -> Any:
    wait_until(lambda: runner._places._own)
    return runner._places._own


@pytest.mark.semantics(24)
@pytest.mark.usefixtures("soon")
def test_while_one_check_blocks_a_loop_of_our_own_others_are_run(fakes: FakeChecks) -> None:
    registry = a_registry(fakes.block(PATIENCE_S), timeout=TIMEOUT_S, name="blocks")
    registry.check("Works", name="works")(works)
    runner = a_runner(registry)
    blocked = begin_in_thread(lambda: runner.run(["blocks"]))
    wait_until(lambda: runner._plan.cells and cell_of(runner, "blocks").execution)

    others = [runner.run(["works"]) for _ in range(3)]

    assert {each.status for each in others} == {HEALTHY}
    assert endings(blocked()) == {"blocks": Ending.TIMED_OUT}
    assert endings(runner.run(["blocks"])) == {"blocks": Ending.STILL_RUNNING}


@pytest.mark.semantics(24, 25)
@pytest.mark.usefixtures("soon")
def test_a_coroutine_that_blocks_a_loop_of_our_own_to_ask_for_others_has_them() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)

    @registry.check("Asks")
    async def asks() -> HealthStatus:
        return runner.run(["other"]).status

    registry.check("Other", name="other")(works)

    assert runner.run(["asks"]).status is HEALTHY


@pytest.mark.semantics(24)
@pytest.mark.usefixtures("soon")
def test_what_blocks_a_loop_of_our_own_unseen_is_begun_twice_at_most() -> None:
    unblock = threading.Event()
    runs = 0

    async def hides() -> None:
        nonlocal runs
        runs += 1

        async def block() -> None:
            unblock.wait(PATIENCE_S)

        await asyncio.gather(block())  # a task of its own, of which nobody knows whose it is

    runner = a_runner(a_registry(hides, timeout=1.0))

    result = runner.run().results[0]
    unblock.set()

    assert (result.ending, runs) == (Ending.TIMED_OUT, 2)


async def test_what_has_ended_meanwhile_is_neither_moved_nor_late() -> None:
    runner = a_runner(works)
    seen: list[Execution] = []

    @runner.registry.check("Looks")
    async def looks() -> None:
        execution = cell_of(runner, "looks").execution
        assert execution is not None
        seen.append(execution)

    await runner.run_async()
    result = seen[0].result

    runner._dispatch.move(seen[0])
    runner._dispatch.time_out(seen[0], 0.0)

    assert seen[0].result is result
    assert not seen[0].is_dropped


def test_where_there_is_no_other_loop_a_blocked_one_is_not_left(
    fakes: FakeChecks, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = fakes.block(0.5)
    runner = a_runner(a_registry(block, timeout=TIMEOUT_S))
    asked = begin_in_thread(runner.run)
    own = _own_loop_of(runner)
    monkeypatch.setattr(places, "LoopThread", _no_loop)

    assert asked().results[0].ending is Ending.TIMED_OUT
    wait_until(lambda: not runner.stuck)

    assert _own_loop_of(runner) is own
    assert runner.run().results[0].ending is Ending.TIMED_OUT


def _no_loop() -> Any:
    raise OSError("Too many open files")


# A loop that is gone ------------------------------------------------------------------------------


def test_a_program_may_have_one_loop_after_another() -> None:
    runner = a_runner(a_registry(works, works_in_thread))

    reports = [asyncio.run(runner.run_async()) for _ in range(50)]

    assert {report.status for report in reports} == {HEALTHY}
    assert len(runner._places._crews) == 1


@pytest.mark.semantics(29)
@pytest.mark.parametrize("is_stubborn", [False, True])
def test_what_a_closed_loop_left_behind_is_run_anew(is_stubborn: bool) -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)
    runs: list[Waiting] = []

    async def waits() -> None:
        runs.append(Waiting(is_stubborn=is_stubborn))
        if len(runs) > 1:
            runs[-1].released.set()
        await runs[-1]()

    registry.check("Waits", timeout=None)(waits)

    first = asyncio.run(runner.run_async(deadline_s=TIMEOUT_S))
    second = asyncio.run(runner.run_async())

    assert endings(first) == {"waits": Ending.UNFINISHED}
    assert endings(second) == {"waits": Ending.ANSWERED}


@pytest.mark.semantics(13, 29)
def test_who_joined_a_run_of_a_loop_that_ends_is_told_so_and_the_next_run_is_clean() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry, keep_bad_for_s=60.0)
    waiting = Waiting()
    registry.check("Waits", name="waits")(in_turn(waiting, works))
    joined: list[Callable[[], Any]] = []

    async def main() -> None:
        asyncio.create_task(runner.run_async())  # noqa: RUF006 - the program forgets it
        await waiting.begun.wait()
        joined.append(begin_in_thread(runner.run))
        execution = cell_of(runner, "waits").execution
        await until(lambda: execution is not None and len(execution.waiters) == 2)

    asyncio.run(main())

    result = joined[0]().results[0]
    assert (result.verdict, result.message) == (ERROR, "The event loop where it ran was closed")
    assert runner.run().status is HEALTHY


def test_a_loop_that_was_closed_in_the_middle_has_no_say() -> None:
    loop = asyncio.new_event_loop()
    waiting = Waiting()
    runner = a_runner(in_turn(waiting, works))

    async def main() -> asyncio.Task[Report]:
        asking = asyncio.create_task(runner.run_async())
        await waiting.begun.wait()
        return asking

    asking = loop.run_until_complete(main())
    asking._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()

    assert runner.run().status is HEALTHY
    assert waiting.ended == 0


def test_a_check_whose_loop_is_closed_before_it_can_be_awaited_is_an_error(
    fakes: FakeChecks,
) -> None:
    hang = fakes.hang()
    registry = CheckRegistry()

    @registry.check("Returns a coroutine", name="late")
    def late() -> Coroutine[Any, Any, None]:
        hang()
        return works()

    runner = a_runner(registry)
    asyncio.run(runner.run_async(deadline_s=TIMEOUT_S))
    joined = begin_in_thread(runner.run)
    wait_until(lambda: cell_of(runner, "late").execution.waiters)  # type: ignore[union-attr]
    hang.release()

    result = joined().results[0]

    assert (result.verdict, result.message) == (ERROR, "Could not be run: Event loop is closed")
    assert runner.run().status is HEALTHY


def test_without_a_loop_of_our_own_a_coroutine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = a_registry(works, works_in_thread)
    registry.check("Budget", name="conditions", if_=True)(works)
    runner = a_runner(registry)
    with monkeypatch.context() as patch:
        patch.setattr(places, "LoopThread", _no_loop)
        report = runner.run()

    assert list(verdicts(report).values()) == [ERROR, PASSED, ERROR]
    assert "Too many open files" in find(report, "works").message
    assert runner.run().status is HEALTHY


# Other loops --------------------------------------------------------------------------------------


@pytest.mark.semantics(27)
def test_checks_run_on_uvloop() -> None:
    waiting = Waiting(is_stubborn=True)
    registry = a_registry(works, works_in_thread, fails)
    registry.check("Waits", name="waits", timeout=TIMEOUT_S)(waiting)
    runner = a_runner(registry)

    async def main() -> tuple[Report, Report]:
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        return await runner.run_async(), await runner.run_async()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        late, still = loop.run(main())

    assert list(verdicts(late).values()) == [PASSED, PASSED, FAILED, FAILED]
    assert endings(late)["waits"] is Ending.TIMED_OUT
    assert endings(still)["waits"] is Ending.STILL_RUNNING


@pytest.mark.semantics(27, 13)
def test_who_is_cancelled_on_uvloop_ends_what_nobody_else_waits_for() -> None:
    waiting = Waiting()

    async def main() -> None:
        asking = asyncio.create_task(a_runner(waiting).run_async())
        await waiting.begun.wait()
        await cancel(asking)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(main())

    assert waiting.cancelled == waiting.ended == 1
