"""Whatever happens in a run, it ends once, and nothing else does."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from allgreen.domain.report import CheckResult, Ending
from allgreen.domain.status import CheckVerdict
from allgreen.health.budgets.reservation import Reservation
from allgreen.health.check import Check
from allgreen.health.conditions import Conditions
from allgreen.health.expectation import RUN, expect
from allgreen.health.frequency import Frequency
from allgreen.health.running.execution import Cell, Execution
from allgreen.health.running.procedure import Procedure, Surroundings
from tests.unit.health.executions import OFFSET, Request, a_result

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
SECRET = "hunter2"


class Told:
    """Whoever has runs begun, and what that one was told."""

    offset = OFFSET

    def __init__(self) -> None:
        self.ended: list[CheckResult | None] = []
        self.lost: list[str] = []
        self.handed_over: list[Awaitable[Any] | None] = []
        self.handed_back: list[Execution] = []
        self.is_closed = False

    def end(self, execution: Execution, result: CheckResult | None) -> None:
        self.ended.append(result)

    def lose(self, execution: Execution, why: str) -> None:
        self.lost.append(why)

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        if self.is_closed:
            raise RuntimeError("Event loop is closed")
        self.handed_over.append(value)

    def hand_back(self, execution: Execution) -> None:
        self.handed_back.append(execution)

    @property
    def result(self) -> CheckResult:
        """The one result that it was told."""
        (result,) = self.ended
        assert result is not None
        return result


class FakeRations:
    """Budgets of which a test says what is left, and where they were asked."""

    def __init__(self, kept: CheckResult | None = None, error: BaseException | None = None) -> None:
        self.kept = kept
        self.error = error
        self.results: list[CheckResult] = []

    def hold_back(self, execution: Execution) -> CheckResult | None:
        self._fail()
        if self.kept is None:
            execution.reservation = a_reservation()
        return self.kept

    def keep(self, execution: Execution, result: CheckResult) -> CheckResult:
        self._fail()
        self.results.append(result)
        return result._replace(note="Written down")

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def a_reservation() -> Reservation:
    return Reservation(check_name="disk", frequency=DAILY, mark=None)  # type: ignore[arg-type]


DAILY = Frequency.parse("once per day")


class Case:
    """One run of one check."""

    def __init__(
        self,
        function: Callable[[], Any],
        *,
        rations: FakeRations | None = None,
        conditions: dict[str, Any] | None = None,
        timeout_s: float | None = 10.0,
        **around: Any,
    ) -> None:
        check = Check(
            "disk",
            "The disk has room",
            function,
            timeout_s=timeout_s,
            conditions=None if conditions is None else Conditions.of(**conditions),
            frequency=None if rations is None else DAILY,
        )
        self.now = 0.0
        self.told = Told()
        self.rations = rations or FakeRations()
        self.procedure = Procedure(
            Surroundings(
                environment="test",
                monotonic=lambda: self.now,
                rations=self.rations,
                keeps_tracebacks=False,
                **around,
            ),
            self.told,
        )
        self.execution = Execution(Cell(check), Request())

    def work(self) -> CheckResult:
        """Run it in this thread; return what came of it."""
        self.procedure.work(self.execution)
        return self.told.result

    async def run(self, value: Awaitable[Any] | None = None) -> None:
        """Run it on this loop, as a task of its own."""
        task = asyncio.create_task(self.procedure.run_on_loop(self.execution, value))
        self.execution.task = task
        await task


@pytest.mark.semantics(20)
def test_waiting_for_the_disk_is_no_time_of_the_check() -> None:
    case = Case(lambda: None, rations=FakeRations(), timeout_s=1.0)
    take = case.rations.hold_back

    def take_long(execution: Execution) -> CheckResult | None:
        case.now += 30.0
        return take(execution)

    case.rations.hold_back = take_long  # type: ignore[method-assign]

    result = case.work()

    assert (result.verdict, result.duration_ms) == (CheckVerdict.PASSED, 0.0)


def raising(error: BaseException) -> Callable[[], None]:
    def check() -> None:
        raise error

    return check


def never() -> None:
    raise AssertionError("it was run")


# In a thread --------------------------------------------------------------------------------------


def test_a_check_that_says_nothing_has_passed() -> None:
    assert Case(lambda: None).work().verdict is PASSED


@pytest.mark.semantics("L7")
def test_what_took_too_long_has_failed_whatever_it_says() -> None:
    def slow() -> None:
        case.now += 10.5

    case = Case(slow)

    assert case.work().ending is Ending.TIMED_OUT


HOSTILE: list[BaseException] = [
    ValueError("no"),
    SystemExit(1),
    GeneratorExit(),
    KeyboardInterrupt(),
    asyncio.CancelledError(),
    MemoryError(),
    RecursionError(),
    TimeoutError("mine"),
    BaseExceptionGroup("both", [SystemExit()]),
]
BY_NAME = [type(error).__name__ for error in HOSTILE]


@pytest.mark.semantics(10, 11, 12, 13, 14, 15, "L5")
@pytest.mark.parametrize("error", HOSTILE, ids=BY_NAME)
@pytest.mark.parametrize("around", [{}, {"after": lambda: None}], ids=["plain", "with a hook"])
def test_whatever_is_raised_is_an_error(error: BaseException, around: dict[str, Any]) -> None:
    result = Case(raising(error), **around).work()

    assert (result.verdict, result.ending) == (ERROR, Ending.RAISED)
    assert type(error).__name__ in result.message


class NoName(type):
    """The class of classes that cannot be described."""

    def __getattribute__(cls, name: str) -> Any:
        if name in ("__qualname__", "__await__"):
            raise SystemExit
        return super().__getattribute__(name)


class NamelessError(Exception, metaclass=NoName):
    """Cannot be described."""


@pytest.mark.semantics(15, "L5")
def test_what_cannot_be_described_is_an_error_without_description() -> None:
    result = Case(raising(NamelessError())).work()

    assert result.verdict is ERROR
    assert result.message == "Raised or returned something that cannot be described"


@pytest.mark.semantics(1, 15)
def test_what_is_returned_and_cannot_be_described_is_an_error() -> None:
    assert Case(NamelessError).work().verdict is ERROR


class ReprExits:
    def __repr__(self) -> str:
        raise SystemExit


@pytest.mark.semantics(2, 16)
def test_an_expectation_of_what_cannot_be_shown_is_an_error() -> None:
    def check() -> None:
        expect(ReprExits())

    assert Case(check).work().verdict is ERROR


@pytest.mark.semantics(26)
def test_a_check_has_a_copy_of_the_context_of_who_asked() -> None:
    variable = contextvars.ContextVar("variable", default="nobody's")
    variable.set("of who asked")
    seen: list[str] = []

    def check() -> None:
        seen.append(variable.get())
        variable.set("of the check")

    Case(check).work()
    Case(check).work()

    assert seen == ["of who asked"] * 2
    assert variable.get() == "of who asked"


def test_a_check_knows_its_run_and_nobody_else_does() -> None:
    seen: list[object] = []
    case = Case(lambda: seen.append(RUN.get()))

    case.work()

    assert seen == [case.execution]
    assert RUN.get() is None


def test_what_nobody_waits_for_is_not_begun() -> None:
    case = Case(never)
    case.execution.is_dropped = True

    case.procedure.work(case.execution)

    assert case.told.ended == [None]


# Hooks --------------------------------------------------------------------------------------------


@pytest.mark.semantics(26)
@pytest.mark.parametrize("error", [None, SystemExit()], ids=["returns", "raises"])
def test_hooks_are_called_around_a_check_in_its_thread(error: BaseException | None) -> None:
    calls: list[tuple[str, int]] = []

    def note(name: str) -> None:
        calls.append((name, threading.get_ident()))

    def check() -> None:
        note("check")
        if error is not None:
            raise error

    result = Case(check, before=lambda: note("before"), after=lambda: note("after")).work()

    here = threading.get_ident()
    assert calls == [("before", here), ("check", here), ("after", here)]
    assert result.verdict is (PASSED if error is None else ERROR)


def test_a_hook_that_raises_makes_the_check_an_error() -> None:
    cleaned: list[int] = []
    case = Case(never, before=raising(OSError("no room")), after=lambda: cleaned.append(1))

    result = case.work()

    assert result.message == "OSError: no room"
    assert cleaned == [1]


# Conditions ---------------------------------------------------------------------------------------


def test_a_check_that_is_not_meant_here_is_skipped() -> None:
    result = Case(never, conditions={"only": "production"}).work()

    assert (result.verdict, result.ending) == (SKIPPED, Ending.NOT_MEANT)
    assert result.message == "Only runs in production"


def test_a_check_whose_conditions_hold_is_run() -> None:
    assert Case(lambda: None, conditions={"only": "test", "if_": True}).work().verdict is PASSED


@pytest.mark.semantics("L12")
@pytest.mark.parametrize("error", [ValueError("no flag"), SystemExit("no flag")])
def test_a_condition_that_raises_makes_the_check_fail(error: BaseException) -> None:
    result = Case(never, conditions={"if_": raising(error)}).work()

    assert (result.verdict, result.ending) == (FAILED, Ending.MISCONFIGURED)
    assert "no flag" in result.message


@pytest.mark.semantics(57, "L11")
def test_what_a_condition_raises_is_cleared_by_scrubbers_too() -> None:
    error = ValueError("Ada Lovelace has no flag")
    result = Case(
        never,
        conditions={"if_": raising(error)},
        scrubbers=(lambda text: text.replace("Ada Lovelace", "***"),),
    ).work()

    assert result.message.endswith("ValueError: *** has no flag")


@pytest.mark.semantics(57, "L11")
def test_scrubbers_clear_what_a_check_says() -> None:
    case = Case(
        lambda: (False, "Ada Lovelace"),
        scrubbers=(lambda text: text.replace("Ada Lovelace", "***"),),
    )

    assert case.work().message == "***"


@pytest.mark.semantics(57, "L11")
def test_a_scrubber_that_ends_the_program_ends_nothing_and_shows_nothing() -> None:
    def scrub(text: str) -> str:
        raise SystemExit

    result = Case(raising(ValueError(f"code {SECRET}")), scrubbers=(scrub,)).work()

    assert result.verdict is ERROR
    assert SECRET not in repr(result)


# Budgets ------------------------------------------------------------------------------------------


@pytest.mark.semantics(40)
def test_a_check_without_a_run_left_shows_its_last_result() -> None:
    case = Case(never, rations=FakeRations(a_result(FAILED, message="no")))

    assert case.work().message == "no"
    assert case.execution.is_repeat


@pytest.mark.semantics(57, "L11")
def test_a_result_of_before_is_cleared_by_the_scrubbers_of_now() -> None:
    case = Case(
        never,
        rations=FakeRations(a_result(FAILED, message="Ada Lovelace")),
        scrubbers=(lambda text: text.replace("Ada Lovelace", "***"),),
    )

    assert case.work().message == "***"


@pytest.mark.semantics(37)
def test_what_comes_of_a_run_is_written_down() -> None:
    case = Case(lambda: (False, "no"), rations=FakeRations())

    result = case.work()

    assert (result.message, result.note) == ("no", "Written down")
    assert not case.execution.is_repeat


@pytest.mark.semantics(38)
@pytest.mark.parametrize("error", [OSError("no disk"), SystemExit("no disk")])
def test_who_cannot_read_a_budget_runs_nothing(error: BaseException) -> None:
    result = Case(never, rations=FakeRations(error=error)).work()

    assert result.verdict is ERROR
    assert "no disk" in result.message


@pytest.mark.semantics(38)
def test_a_result_that_cannot_be_written_down_is_told(caplog: pytest.LogCaptureFixture) -> None:
    case = Case(lambda: (False, "no"), rations=FakeRations(error=OSError(SECRET)))
    case.execution.reservation = a_reservation()

    assert case.work().message == "no"
    assert "OSError" in caplog.text
    assert SECRET not in caplog.text


def test_a_run_that_was_moved_has_its_budget_already() -> None:
    case = Case(lambda: None, rations=FakeRations(error=OSError("asked again")))
    case.execution.reservation = a_reservation()

    assert case.work().verdict is PASSED


def test_what_was_concluded_on_a_loop_is_written_down_in_a_thread() -> None:
    case = Case(never, rations=FakeRations())
    case.execution.concluded = a_result(FAILED, message="no")

    assert case.work().note == "Written down"


# From a thread to a loop --------------------------------------------------------------------------


async def waits() -> None:
    """Wait."""


@pytest.mark.semantics(3)
def test_what_is_to_be_awaited_is_handed_over() -> None:
    case = Case(lambda: waits())  # noqa: PLW0108 - a function that is not async, and returns one

    case.procedure.work(case.execution)

    (value,) = case.told.handed_over
    assert case.told.ended == []
    value.close()  # type: ignore[union-attr]


@pytest.mark.semantics(20)
def test_a_coroutine_with_a_budget_has_not_begun_when_it_is_handed_over() -> None:
    case = Case(waits, rations=FakeRations())

    case.procedure.work(case.execution)

    assert case.told.handed_over == [None]
    assert case.execution.begun is None


class Awaited:
    """Something to await, that may be closed."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.is_closed = False

    def __await__(self) -> Any:
        raise AssertionError("it was awaited")

    def close(self) -> None:
        self.is_closed = True
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("error", [None, SystemExit()], ids=["closes", "raises"])
def test_what_no_loop_can_await_is_closed(error: BaseException | None) -> None:
    awaited = Awaited(error)
    case = Case(lambda: awaited)
    case.told.is_closed = True

    case.procedure.work(case.execution)

    assert awaited.is_closed
    assert case.told.lost == ["Could not be run: Event loop is closed"]


def test_what_cannot_be_closed_is_let_be() -> None:
    case = Case(lambda: asyncio.Future(loop=loop))
    loop = asyncio.new_event_loop()
    loop.close()
    case.told.is_closed = True

    case.procedure.work(case.execution)

    assert case.told.lost


# On a loop ----------------------------------------------------------------------------------------


async def test_a_coroutine_is_awaited() -> None:
    async def check() -> tuple[bool, str]:
        return False, "no"

    case = Case(check)
    await case.run()

    assert case.told.result.message == "no"


@pytest.mark.semantics(3)
async def test_what_a_thread_came_upon_is_awaited() -> None:
    async def check() -> bool:
        return False

    case = Case(never)
    case.execution.begun = 0.0
    await case.run(check())

    assert case.told.result.message == "returned False"


ON_LOOP = [error for error in HOSTILE if not isinstance(error, KeyboardInterrupt)]


@pytest.mark.semantics(10, 11, 13, 14, 15, "L5")
@pytest.mark.parametrize("error", ON_LOOP, ids=[type(error).__name__ for error in ON_LOOP])
async def test_whatever_a_coroutine_raises_is_an_error(error: BaseException) -> None:
    async def check() -> None:
        raise error

    case = Case(check)
    await case.run()

    assert (case.told.result.verdict, case.told.result.ending) == (ERROR, Ending.RAISED)


@pytest.mark.semantics(11)
async def test_what_is_raised_before_anything_can_be_awaited_is_an_error() -> None:
    async def check(argument: object) -> None:
        """Cannot be called without one."""

    case = Case(check)  # type: ignore[arg-type]
    await case.run()

    assert "missing 1 required positional argument" in case.told.result.message


@pytest.mark.semantics(12)
async def test_who_stops_the_program_is_heard_in_its_main_thread() -> None:
    async def check() -> None:
        raise KeyboardInterrupt

    case = Case(check)
    coroutine = case.procedure.run_on_loop(case.execution, None)

    with pytest.raises(KeyboardInterrupt):
        coroutine.send(None)

    assert case.told.result.verdict is ERROR


@pytest.mark.semantics(12)
async def test_nobody_stops_the_program_in_another_thread() -> None:
    async def check() -> None:
        raise KeyboardInterrupt

    case = Case(check)
    await asyncio.to_thread(asyncio.run, case.run())

    assert case.told.result.message == "KeyboardInterrupt"


@pytest.mark.semantics(13)
async def test_a_check_that_cancels_itself_is_an_error() -> None:
    async def check() -> None:
        raise asyncio.CancelledError

    case = Case(check)
    await case.run()

    assert case.told.result.message.endswith("CancelledError: the check cancelled itself")


async def cancel(case: Case, **known: Any) -> None:
    """Cancel a run of which something is known, as we do, and the program does when it stops."""
    running = asyncio.create_task(case.run())
    while case.execution.coroutine is None:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    for name, value in known.items():
        setattr(case.execution, name, value)
    assert case.execution.task is not None
    case.execution.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.semantics(13)
async def test_who_cancels_a_run_from_outside_is_heard_and_nothing_is_said_of_the_check() -> None:
    case = Case(asyncio.Event().wait)

    await cancel(case)

    assert case.told.lost == ["Was cancelled before it had ended"]
    assert case.told.ended == []


@pytest.mark.semantics(13)
async def test_of_what_nobody_waits_for_nothing_is_said() -> None:
    case = Case(asyncio.Event().wait)

    await cancel(case, is_dropped=True)

    assert (case.told.ended, case.told.lost) == ([None], [])


async def test_what_was_told_to_end_and_says_something_else_says_nothing() -> None:
    async def check() -> None:
        case.execution.is_dropped = True

    case = Case(check)
    await case.run()

    assert case.told.ended == [None]


async def test_what_was_late_and_is_cancelled_has_its_result_already() -> None:
    case = Case(asyncio.Event().wait)

    await cancel(case, result=a_result(FAILED))

    assert (case.told.ended, case.told.lost) == ([None], [])


@pytest.mark.semantics(37, 40)
async def test_that_a_run_of_a_budget_was_late_is_written_down() -> None:
    case = Case(asyncio.Event().wait, rations=FakeRations())
    case.execution.reservation = a_reservation()
    late = a_result(FAILED, message="late")

    await cancel(case, result=late)

    assert case.told.handed_back == [case.execution]
    assert case.execution.concluded is late


@pytest.mark.semantics(41)
async def test_what_a_coroutine_with_a_budget_says_is_handed_back() -> None:
    case = Case(waits, rations=FakeRations())
    case.execution.reservation = a_reservation()
    case.execution.crew = object()  # type: ignore[assignment]  # it runs on a loop

    await case.run()

    assert case.told.handed_back == [case.execution]
    assert case.execution.concluded is not None
    assert case.rations.results == []


@pytest.mark.parametrize("is_dropped", [True, False])
async def test_what_nobody_waits_for_or_was_late_is_not_begun_on_a_loop(is_dropped: bool) -> None:
    case = Case(never)
    case.execution.is_dropped = is_dropped
    case.execution.result = None if is_dropped else a_result(FAILED)
    awaited = Awaited()

    await case.run(awaited)

    assert case.told.ended == [None]
    assert awaited.is_closed


async def test_what_python_throws_away_ends_nothing() -> None:
    case = Case(asyncio.Event().wait)
    coroutine = case.procedure.run_on_loop(case.execution, None)
    coroutine.send(None)
    case.execution.task = asyncio.create_task(asyncio.sleep(0))

    coroutine.close()

    assert case.told.ended == []


def test_what_python_throws_away_without_a_loop_ends_nothing() -> None:
    async def for_ever() -> None:
        await asyncio.Event().wait()

    async def main() -> Any:
        coroutine = case.procedure.run_on_loop(case.execution, None)
        coroutine.send(None)
        case.execution.task = asyncio.current_task()
        return coroutine

    case = Case(for_ever)
    asyncio.run(main()).close()

    assert case.told.ended == []


@pytest.mark.semantics(26)
async def test_a_coroutine_knows_its_run() -> None:
    seen: list[object] = []

    async def check() -> None:
        seen.append(RUN.get())

    case = Case(check)
    await case.run()

    assert seen == [case.execution]
