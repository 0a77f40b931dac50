"""The watchdog names the check that keeps a loop from turning, and nobody else."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.health.running import watchdog as module
from allgreen.health.running.execution import Execution
from allgreen.health.running.watchdog import BLOCKED_AFTER_S, STAYS_S, Watchdog, Watched, _Question
from tests.unit.health.executions import a_cell, an_execution
from tests.unit.health.runners import wait_until

pytestmark = pytest.mark.semantics(24)


@pytest.fixture(autouse=True)
def light_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a watchdog that nobody needs any more end soon."""
    monkeypatch.setattr(module, "WAKES_AFTER_S", 0.05)


LOOK_S = 0.05


class FakeTime:
    """A clock that goes on when a test sleeps; the watchdogs of other tests have the real one."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._thread = threading.get_ident()

    def monotonic(self) -> float:
        return self.now if self._is_ours() else time.monotonic()

    def let_pass(self, seconds: float) -> None:
        """Go on; what the watchdog of the test does instead of waiting."""
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        if self._is_ours():
            self.let_pass(seconds)
        else:
            threading.Event().wait(seconds)

    def _is_ours(self) -> bool:
        return threading.get_ident() == self._thread


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    clock = FakeTime()
    monkeypatch.setattr(module, "time", clock)
    return clock


class FakeCrew:
    """Checks on a loop that answers when a test says so."""

    def __init__(self) -> None:
        self.is_gone = False
        self.running: list[Execution] = []
        self.left_behind: list[Execution] = []
        self.current: Any = None
        self.answers: list[Callable[[], None]] = []

    def ask(self, answer: Callable[[], None]) -> None:
        if self.is_gone:
            raise RuntimeError("Event loop is closed")
        self.answers.append(answer)

    def find_current(self) -> Any:
        return self.current

    def run(self, name: str = "disk") -> Execution:
        """Begin a check."""
        execution = an_execution(a_cell())
        execution.cell.check.name = name
        execution.task = SimpleNamespace(name=name)  # type: ignore[assignment]
        self.running.append(execution)
        return execution

    def turn(self) -> None:
        """Let the loop answer."""
        self.current = None
        while self.answers:
            self.answers.pop()()


def look(question: _Question, crew: FakeCrew, clock: FakeTime, times: int) -> list[float]:
    """Look at a loop again and again, twenty times a second."""
    found = []
    for _ in range(times):
        found.append(round(question.look(crew), 3))
        clock.let_pass(LOOK_S)
    return found


# One loop -----------------------------------------------------------------------------------------


def test_a_loop_that_answers_blocks_nobody(clock: FakeTime) -> None:
    crew, question = FakeCrew(), _Question()
    execution = crew.run()
    for _ in range(10):
        assert look(question, crew, clock, 1) == [0.0]
        crew.turn()

    assert (execution.blocked_s, execution.lost_s) == (0.0, 0.0)


def test_a_loop_on_which_nothing_runs_is_not_asked(clock: FakeTime) -> None:
    crew = FakeCrew()

    look(_Question(), crew, clock, 3)

    assert crew.answers == []


def test_who_blocks_is_named_once_with_how_long(
    clock: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    crew, question = FakeCrew(), _Question()
    culprit = crew.run("orders")
    look(question, crew, clock, 1)
    crew.current = culprit.task

    found = look(question, crew, clock, 6)

    assert found == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert culprit.blocked_s == pytest.approx(0.3)
    assert question.culprit is culprit
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "The check 'orders' keeps the event loop from turning" in record.getMessage()


def test_others_lose_the_time_in_which_one_blocks(clock: FakeTime) -> None:
    crew, question = FakeCrew(), _Question()
    culprit, other, left = crew.run(), crew.run(), an_execution()
    crew.left_behind.append(left)
    look(question, crew, clock, 1)
    crew.current = culprit.task
    look(question, crew, clock, 6)
    crew.turn()
    look(question, crew, clock, 1)

    assert other.lost_s == pytest.approx(0.3)
    assert left.lost_s == pytest.approx(0.3)
    assert culprit.lost_s == 0.0


def test_what_was_left_behind_can_block_too(clock: FakeTime) -> None:
    crew, question = FakeCrew(), _Question()
    other, left = crew.run(), crew.run("left")
    crew.running.remove(left)
    crew.left_behind.append(left)
    look(question, crew, clock, 1)
    crew.current = left.task

    look(question, crew, clock, 4)

    assert left.blocked_s > 0
    assert other.blocked_s == 0


def test_many_that_take_a_moment_each_are_nobodys_fault(clock: FakeTime) -> None:
    crew, question = FakeCrew(), _Question()
    runs = [crew.run() for _ in range(10)]
    look(question, crew, clock, 1)
    for run in runs:
        crew.current = run.task
        look(question, crew, clock, 1)

    assert [run.blocked_s for run in runs] == [0.0] * 10


def test_one_of_many_that_goes_on_is_found(clock: FakeTime) -> None:
    crew, question = FakeCrew(), _Question()
    first, second = crew.run(), crew.run()
    look(question, crew, clock, 1)
    crew.current = first.task
    look(question, crew, clock, 1)
    crew.current = second.task
    look(question, crew, clock, 4)

    assert first.blocked_s == 0
    assert second.blocked_s == pytest.approx(0.15)
    assert first.lost_s == pytest.approx(0.15)


def test_what_is_no_check_is_not_blamed(clock: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    crew, question = FakeCrew(), _Question()
    execution = crew.run()
    look(question, crew, clock, 1)
    crew.current = SimpleNamespace(name="of the program")

    found = look(question, crew, clock, 5)

    assert found[-1] >= BLOCKED_AFTER_S
    assert (question.culprit, execution.lost_s, caplog.records) == (None, 0.0, [])


def test_a_loop_that_was_closed_is_asked_no_more(clock: FakeTime) -> None:
    crew, question = FakeCrew(), _Question()
    crew.run()
    crew.is_gone = True

    assert look(question, crew, clock, 3) == [0.0, 0.0, 0.0]


# All of them --------------------------------------------------------------------------------------


def a_watchdog(left: list[tuple[Watched, Execution | None]] | None = None) -> Watchdog:
    return Watchdog(
        lambda crew, culprit: left.append((crew, culprit)) if left is not None else None
    )


def test_a_loop_that_is_blocked_for_long_is_told() -> None:
    left: list[tuple[Watched, Execution | None]] = []
    watchdog, crew = a_watchdog(left), FakeCrew()
    culprit = crew.run()
    crew.current = culprit.task

    watchdog.watch(crew)
    wait_until(lambda: left)

    assert left[0] == (crew, culprit)
    crew.is_gone = True
    watchdog.close()


def test_it_rests_when_nothing_has_run_for_a_while(clock: FakeTime) -> None:
    watchdog, crew = a_watchdog(), FakeCrew()
    watchdog._asked[crew] = _Question()
    watchdog._bell.set()
    watchdog._needed_at = clock.now

    watchdog._forget()
    assert watchdog._bell.is_set()
    clock.let_pass(STAYS_S + 1)
    watchdog._forget()

    assert not watchdog._bell.is_set()
    assert watchdog._asked == {}


def test_it_does_not_rest_while_something_runs(clock: FakeTime) -> None:
    watchdog, crew = a_watchdog(), FakeCrew()
    crew.run()
    watchdog._asked[crew] = _Question()
    watchdog._bell.set()
    clock.let_pass(STAYS_S + 1)

    watchdog._forget()

    assert crew in watchdog._asked
    assert watchdog._bell.is_set()


def test_loops_that_were_closed_are_forgotten_while_others_go_on(clock: FakeTime) -> None:
    watchdog = a_watchdog()
    crews = [FakeCrew() for _ in range(1000)]
    for crew in crews:
        crew.run()
        crew.is_gone = True
        watchdog._asked[crew] = _Question()
    crews[-1].is_gone = False
    watchdog._needed_at = clock.now

    watchdog._forget()

    assert list(watchdog._asked) == [crews[-1]]


def test_it_has_one_thread_which_is_a_daemon() -> None:
    watchdog, crews = a_watchdog(), [FakeCrew(), FakeCrew()]
    for crew in crews:
        watchdog.watch(crew)
        watchdog.watch(crew)

    thread = watchdog._thread
    assert thread is not None
    assert thread.daemon
    watchdog.close()
    thread.join(5)
    assert not thread.is_alive()


def test_without_a_thread_nobody_looks_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    watchdog, crew = a_watchdog(), FakeCrew()
    with monkeypatch.context() as patch:
        patch.setattr(module, "threading", SimpleNamespace(Thread=NoThread))
        watchdog.watch(crew)
    before = watchdog._thread

    watchdog.watch(crew)  # and looks again when there is one

    assert (before, watchdog._thread is None) == (None, False)
    watchdog.close()


@pytest.mark.semantics(23, "L1")
def test_what_lets_nobody_end_it_is_never_forgotten(clock: FakeTime) -> None:
    watchdog, crew, ended = a_watchdog(), FakeCrew(), FakeCrew()
    for each in (crew, ended):
        each.left_behind.append(an_execution())
        watchdog.remember(each)
        watchdog.remember(each)
        each.is_gone = True

    ended.left_behind.clear()
    watchdog._forget()

    assert list(watchdog._remembered) == [crew]


def test_a_closed_watchdog_stays_as_long_as_it_remembers_something() -> None:
    watchdog, crew = a_watchdog(), FakeCrew()
    crew.left_behind.append(an_execution())
    watchdog.watch(crew)
    watchdog.remember(crew)
    watchdog.close()
    thread = watchdog._thread
    assert thread is not None
    thread.join(4 * LOOK_S)
    assert thread.is_alive()

    crew.left_behind.clear()

    thread.join(5)
    assert not thread.is_alive()


# On a real loop -----------------------------------------------------------------------------------


async def test_a_check_that_blocks_a_real_loop_is_found() -> None:
    from allgreen.health.running.loops import Crew

    unblock = threading.Event()

    async def run(execution: Execution, value: object) -> None:
        await asyncio.sleep(0)
        unblock.wait(1.0)

    execution = an_execution()
    loop = asyncio.get_running_loop()
    watchdog = a_watchdog()
    crew = Crew(loop, 1, run, lambda execution, why: None, watchdog)
    crew.submit([execution])
    await asyncio.sleep(0)
    assert execution.task is not None
    await execution.task

    assert BLOCKED_AFTER_S <= execution.blocked_s <= 1.5
    watchdog.close()
