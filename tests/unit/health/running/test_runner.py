"""A runner answers in time, runs each check once at a time, and takes nothing for health."""

from __future__ import annotations

import gc
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.domain.report import CheckResult, Ending, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.check import Check
from allgreen.health.registry import CheckRegistry
from allgreen.health.running import watchdog, workers
from allgreen.health.running.execution import Execution
from allgreen.health.running.flight import Flight
from allgreen.health.running.rationing import Rationing
from allgreen.health.running.runner import CONFIGURATION, CheckRunner, RunOptions
from allgreen.health.trial import FakeChecks, TrialClock
from tests.unit.health.clocks import NOON, StillClock
from tests.unit.health.runners import (
    PATIENCE_S,
    TIMEOUT_S,
    a_registry,
    a_runner,
    find,
    in_turn,
    result_of,
    wait_until,
)

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


@pytest.fixture
def fakes() -> Iterator[FakeChecks]:
    made = FakeChecks()
    yield made
    made.release()


class Counter:
    """A check that counts how often it was run, and how many of it at once."""

    def __init__(self, answer: object = None, name: str = "counter") -> None:
        self.answer = answer
        self.__name__ = name
        self.runs = 0
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self) -> object:
        with self._lock:
            self.runs += 1
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0)
        with self._lock:
            self._now -= 1
        return self.answer


def works() -> None:
    """Work."""


def fails() -> bool:
    return False


def in_threads(count: int, do: Callable[[], Any]) -> list[Any]:
    """Return what a function returns in many threads at once."""
    found: list[Any] = []
    barrier = threading.Barrier(count)

    def work() -> None:
        barrier.wait()
        found.append(do())

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(found) == count
    return found


def begin(do: Callable[[], Any]) -> Callable[[], Any]:
    """Begin something in a thread; return what waits for its end, and returns what it did."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(do()), daemon=True)
    thread.start()

    def wait() -> Any:
        thread.join(PATIENCE_S)
        return found[0]

    return wait


def endings(report: Report) -> dict[str, Ending]:
    return {result.name: result.ending for result in report.results}


def verdicts(report: Report) -> dict[str, CheckVerdict]:
    return {result.name: result.verdict for result in report.results}


# What a report says -------------------------------------------------------------------------------


def test_the_whole_is_healthy_when_every_check_passed() -> None:
    report = a_runner(works).run()

    assert (report.status, report.problem, report.environment) == (HEALTHY, "", "test")
    assert verdicts(report) == {"works": PASSED}


@pytest.mark.semantics(10)
def test_one_check_that_raises_affects_no_other() -> None:
    def raises() -> None:
        raise ZeroDivisionError

    report = a_runner(a_registry(works, raises, fails)).run()

    assert verdicts(report) == {"works": PASSED, "raises": ERROR, "fails": FAILED}
    assert report.status is UNHEALTHY


@pytest.mark.semantics(9)
def test_a_check_that_is_not_critical_makes_the_whole_degraded() -> None:
    assert a_runner(a_registry(fails, critical=False)).run().status is DEGRADED


@pytest.mark.semantics(9, "L12")
@pytest.mark.parametrize(
    "ask",
    [
        lambda: a_runner(CheckRegistry()).run(),
        lambda: a_runner(works).run(["nobody"]),
        lambda: a_runner(works).run(tags=["nobody"]),
        lambda: a_runner(works).run([]),
        lambda: a_runner(a_registry(works, only="production")).run(),
        lambda: a_runner(lambda: SKIPPED).run(),
    ],
    ids=["no checks", "no such name", "no such tag", "no names", "not meant here", "skipped"],
)
def test_where_nothing_was_found_out_nothing_is_healthy(ask: Callable[[], Report]) -> None:
    report = ask()

    assert report.status is UNHEALTHY
    assert report.problem


@pytest.mark.semantics(9)
def test_what_nothing_at_all_means_can_be_said() -> None:
    assert a_runner(CheckRegistry(), empty=HEALTHY).run().status is HEALTHY


@pytest.mark.semantics(25, 60)
def test_results_are_in_the_order_of_registration() -> None:
    names = [f"check {number}" for number in range(200)]
    random.shuffle(names)
    registry = CheckRegistry()
    for name in names:
        registry.check("It works", name=name)(works)

    report = a_runner(registry).run()

    assert [result.name for result in report.results] == names


def test_names_and_tags_choose_what_is_run() -> None:
    registry = CheckRegistry()
    first, second = Counter(), Counter()
    registry.check("First", name="first", tags="ready")(first)
    registry.check("Second", name="second")(second)
    runner = a_runner(registry)

    assert list(verdicts(runner.run(["second"]))) == ["second"]
    assert list(verdicts(runner.run(tags=["ready"]))) == ["first"]

    assert (first.runs, second.runs) == (1, 1)


@pytest.mark.semantics(57)
def test_whole_tracebacks_are_kept_in_development_only() -> None:
    def raises() -> None:
        raise ZeroDivisionError

    kept = [
        CheckRunner(a_registry(raises), environment=environment).run().results[0].evidence
        for environment in ("development", "production")
    ]

    assert [one is not None and one.traceback is not None for one in kept] == [True, False]


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 0},
        {"keep_good_for_s": -1},
        {"keep_bad_for_s": float("nan")},
        {"snapshot_for_s": -0.1},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        RunOptions(**options)


# How long results are kept ------------------------------------------------------------------------


@pytest.mark.semantics(30)
@pytest.mark.parametrize(("answer", "kept_s"), [(None, 5.0), (False, 2.0)], ids=["good", "bad"])
def test_good_and_bad_results_are_kept_for_times_of_their_own(
    answer: object, kept_s: float
) -> None:
    clock, check = StillClock(), Counter(answer)
    runner = a_runner(check, clock=clock, keep_good_for_s=5.0, keep_bad_for_s=2.0)
    first = runner.run()
    clock.advance(kept_s - 0.1)

    again = runner.run()
    clock.advance(0.1)
    later = runner.run()

    assert (check.runs, again.results, later.results == again.results) == (2, first.results, False)
    assert again.age_s(again.results[0]) == pytest.approx(kept_s - 0.1)
    assert again.results[0].checked_at == first.results[0].checked_at


@pytest.mark.semantics(32)
@pytest.mark.parametrize("jump_s", [86_400.0, -86_400.0])
def test_a_wall_clock_that_jumps_makes_no_result_older_or_younger(jump_s: float) -> None:
    clock, check = StillClock(), Counter()
    runner = a_runner(check, clock=clock, keep_good_for_s=5.0)
    runner.run()
    clock.jump(jump_s)

    kept = runner.run()
    clock.advance(5.0)
    runner.run()

    assert check.runs == 2
    assert kept.age_s(kept.results[0]) == 0.0


@pytest.mark.semantics(32)
def test_a_wall_clock_that_jumps_during_a_run_makes_it_no_longer() -> None:
    clock = StillClock()

    def jumps() -> None:
        clock.advance(1.5)
        clock.jump(-3600.0)

    result = a_runner(jumps, clock=clock).run().results[0]

    assert (result.verdict, result.duration_ms) == (PASSED, 1500.0)


@pytest.mark.semantics(30)
def test_who_wants_it_fresh_has_it_run_again() -> None:
    check = Counter()
    runner = a_runner(check, keep_good_for_s=60.0)

    runner.run()
    runner.run(fresh=True)

    assert check.runs == 2


@pytest.mark.semantics(34)
def test_what_one_group_has_found_another_group_shows() -> None:
    check = Counter()
    runner = a_runner(a_registry(check, tags=["ready", "live"]), keep_good_for_s=60.0)

    runner.run(tags=["ready"])
    runner.run(tags=["live"])
    runner.run()

    assert check.runs == 1


# Once at a time -----------------------------------------------------------------------------------


@pytest.mark.semantics(28, "L8")
def test_all_who_ask_at_once_share_one_run() -> None:
    is_asked = threading.Event()
    check = Counter()

    def waits() -> object:
        is_asked.wait(PATIENCE_S)
        return check()

    registry = a_registry(waits)
    runner = a_runner(registry)
    asked = [begin(runner.run) for _ in range(50)]
    cell = wait_for_cell(runner, registry)
    wait_until(lambda: cell.execution is not None and len(cell.execution.waiters) == 50)

    is_asked.set()

    reports = [wait() for wait in asked]
    assert check.runs == 1
    assert all(report.results == reports[0].results for report in reports)
    assert reports[0].results[0].verdict is PASSED


def wait_for_cell(runner: CheckRunner, registry: CheckRegistry) -> Any:
    wait_until(lambda: runner._plan.cells)
    return runner._plan.cells[registry.checks[0]]


@pytest.mark.semantics(34)
def test_groups_that_are_asked_for_together_run_each_check_once(fakes: FakeChecks) -> None:
    slow = fakes.hang()
    registry = CheckRegistry()
    registry.check("Slow", name="slow", tags=["ready", "live"])(slow)
    registry.check("Other", name="other", tags="live")(works)
    runner = a_runner(registry)

    ready, live = begin(lambda: runner.run(tags="ready")), begin(lambda: runner.run(tags="live"))
    slow.wait_until_run()
    cell = wait_for_cell(runner, registry)
    wait_until(lambda: len(cell.execution.waiters) == 2)
    slow.release()

    assert verdicts(ready()) == {"slow": PASSED}
    assert verdicts(live()) == {"slow": PASSED, "other": PASSED}
    assert slow.runs == 1


@pytest.mark.semantics(28, 49)
def test_no_check_is_ever_run_twice_at_once() -> None:
    registry = CheckRegistry()
    checks = [Counter(name=f"c{number}") for number in range(6)]
    for number, check in enumerate(checks):
        needs = [f"c{number - 1}"] if number % 3 else []
        registry.check("It works", name=f"c{number}", depends_on=needs)(check)
    runner = a_runner(registry, concurrency=3)

    reports = in_threads(8, lambda: [runner.run() for _ in range(60)])

    assert {check.most for check in checks} == {1}
    assert {report.status for each in reports for report in each} == {HEALTHY}


@pytest.mark.semantics(25)
def test_only_so_many_run_at_once(fakes: FakeChecks) -> None:
    hang, lock = fakes.hang(), threading.Lock()
    now, most = 0, 0

    def counts() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        hang()
        with lock:
            now -= 1

    runner = a_runner(a_registry(*[counts] * 30), concurrency=3)
    asking = [begin(runner.run) for _ in range(4)]
    wait_until(lambda: now == 3)

    hang.release()

    assert {wait().status for wait in asking} == {HEALTHY}
    assert most == 3


# Time ---------------------------------------------------------------------------------------------


@pytest.mark.semantics(17, 19, "L1")
def test_what_takes_too_long_has_failed_at_that_moment(fakes: FakeChecks) -> None:
    result = result_of(fakes.hang(), timeout=TIMEOUT_S)

    assert (result.verdict, result.status, result.ending) == (FAILED, UNHEALTHY, Ending.TIMED_OUT)
    assert result.message == "Took longer than its timeout of 0.05 s"
    assert result.duration_ms >= 1000 * TIMEOUT_S


@pytest.mark.semantics(18, "L7")
@pytest.mark.parametrize("swallowed", [Exception, BaseException])
def test_a_check_that_swallows_everything_is_late_like_others(
    fakes: FakeChecks, swallowed: type[BaseException]
) -> None:
    hang = fakes.hang()

    def swallows() -> None:
        while not hang.is_released:
            try:
                hang()
            except swallowed:
                continue

    assert result_of(swallows, timeout=TIMEOUT_S).ending is Ending.TIMED_OUT


@pytest.mark.semantics(14)
@pytest.mark.parametrize("error", [TimeoutError("mine"), socket.timeout("mine")])  # noqa: UP041
def test_a_timeout_of_the_check_itself_is_its_own_failure(error: Exception) -> None:
    def raises() -> None:
        raise error

    result = result_of(raises)

    assert (result.verdict, result.ending) == (ERROR, Ending.RAISED)
    assert result.message == "TimeoutError: mine"


@pytest.mark.semantics(17, "L6")
def test_signals_and_timers_of_the_program_are_left_alone(fakes: FakeChecks) -> None:
    def mine(*_: object) -> None: ...

    before = signal.signal(signal.SIGALRM, mine)
    signal.setitimer(signal.ITIMER_REAL, 3600.0)
    handlers = [signal.getsignal(each) for each in signal.valid_signals()]
    try:
        result_of(fakes.hang(), timeout=TIMEOUT_S)

        assert [signal.getsignal(each) for each in signal.valid_signals()] == handlers
        assert 3500.0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 3600.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.semantics(17)
def test_timeouts_work_in_any_thread(fakes: FakeChecks) -> None:
    hang = fakes.hang()

    (result,) = in_threads(1, lambda: result_of(hang, timeout=TIMEOUT_S))

    assert result.ending is Ending.TIMED_OUT


@pytest.mark.semantics(19, "L2")
def test_while_a_run_hangs_nothing_is_begun_beside_it(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    runner = a_runner(a_registry(hang, timeout=TIMEOUT_S))
    runner.run()

    found = [runner.run().results[0] for _ in range(20)]

    assert {result.ending for result in found} == {Ending.STILL_RUNNING}
    assert {result.verdict for result in found} == {FAILED}
    assert (hang.runs, runner.stuck) == (1, 1)


@pytest.mark.semantics(19)
def test_a_check_that_came_back_is_run_again(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    runner = a_runner(a_registry(hang, timeout=TIMEOUT_S))
    runner.run()
    hang.release()
    wait_until(lambda: runner.stuck == 0)

    result = runner.run().results[0]

    assert (result.verdict, result.ending, hang.runs) == (PASSED, Ending.ANSWERED, 2)


@pytest.mark.semantics(19)
def test_what_comes_too_late_changes_nothing(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    registry = a_registry(hang, timeout=TIMEOUT_S)
    runner = a_runner(registry)
    late = runner.run().results[0]
    cell = wait_for_cell(runner, registry)

    hang.release()
    wait_until(lambda: cell.execution is None)

    assert cell.last is late


@pytest.mark.semantics(20)
def test_what_waits_for_its_turn_is_not_late_before_it_began(fakes: FakeChecks) -> None:
    hang, other = fakes.hang(), Counter()
    registry = CheckRegistry()
    registry.check("Hangs", name="hangs", timeout=0.2)(hang)
    registry.check("Waits", name="waits", timeout=TIMEOUT_S)(other)

    report = a_runner(registry, concurrency=1).run()

    assert endings(report) == {"hangs": Ending.TIMED_OUT, "waits": Ending.ANSWERED}
    assert find(report, "waits").duration_ms < 1000 * TIMEOUT_S


@pytest.mark.semantics(19, 20, "L2")
def test_checks_that_hang_take_no_place_from_others(fakes: FakeChecks) -> None:
    hanging = [fakes.hang() for _ in range(6)]
    registry = a_registry(*hanging, timeout=TIMEOUT_S)
    registry.check("Works", name="works")(works)
    runner = a_runner(registry, concurrency=2)

    report = runner.run()

    assert find(report, "works").verdict is PASSED
    assert runner.stuck == 6


@pytest.mark.semantics(21, 22)
@pytest.mark.parametrize("timeout", [None, 0])
def test_without_a_timeout_the_deadline_of_the_report_holds(
    fakes: FakeChecks, timeout: float | None
) -> None:
    registry = a_registry(fakes.hang(), timeout=timeout)
    registry.check("Works", name="works")(works)

    report = a_runner(registry).run(deadline_s=TIMEOUT_S)

    assert list(endings(report).values()) == [Ending.UNFINISHED, Ending.ANSWERED]
    assert report.status is UNHEALTHY


@pytest.mark.semantics(20, 22)
def test_what_has_not_begun_by_the_deadline_says_so(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    registry = CheckRegistry()
    registry.check("Hangs", name="hangs")(hang)
    registry.check("Waits", name="waits")(works)
    runner = a_runner(registry, concurrency=1)
    hanging = begin(lambda: runner.run(["hangs"]))
    hang.wait_until_run()

    report = runner.run(["waits"], deadline_s=TIMEOUT_S)
    hang.release()

    assert endings(report) == {"waits": Ending.QUEUED}
    assert hanging().status is HEALTHY


@pytest.mark.semantics(20, 21, 22)
def test_what_has_outlived_a_report_takes_no_place_from_others(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    registry = CheckRegistry()
    registry.check("Hangs", name="hangs", timeout=None)(hang)
    registry.check("Waits", name="waits")(works)
    runner = a_runner(registry, concurrency=1)
    runner.run(deadline_s=TIMEOUT_S)

    again = runner.run(deadline_s=TIMEOUT_S)

    assert endings(again) == {"hangs": Ending.UNFINISHED, "waits": Ending.ANSWERED}
    assert (hang.runs, runner.stuck) == (1, 1)


@pytest.mark.semantics(22, 28)
def test_the_last_result_is_shown_as_stale_when_no_newer_one_comes_in_time(
    fakes: FakeChecks,
) -> None:
    check = in_turn(works, fakes.hang())
    runner = a_runner(a_registry(check, timeout=None))
    first = runner.run().results[0]

    second = runner.run(deadline_s=TIMEOUT_S).results[0]

    assert second == first._replace(is_stale=True)


@pytest.mark.semantics(22, 28, 31)
def test_a_result_that_is_too_old_is_not_shown_as_stale(fakes: FakeChecks) -> None:
    check = in_turn(works, fakes.hang())
    runner = a_runner(a_registry(check, timeout=None), snapshot_for_s=0.0)
    runner.run()

    second = runner.run(deadline_s=TIMEOUT_S).results[0]

    assert (second.verdict, second.ending) == (FAILED, Ending.UNFINISHED)


@pytest.mark.semantics(28)
def test_who_joins_waits_no_longer_than_it_wants(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    runner = a_runner(hang)
    leading = begin(runner.run)
    hang.wait_until_run()

    joining = runner.run(deadline_s=TIMEOUT_S)
    hang.release()

    assert endings(joining) == {"HangingCheck": Ending.UNFINISHED}
    assert verdicts(leading()) == {"HangingCheck": PASSED}
    assert hang.runs == 1


@pytest.mark.semantics(22)
@pytest.mark.parametrize("deadline_s", [0.0, -5.0, float("nan")])
def test_a_deadline_that_is_none_is_now(fakes: FakeChecks, deadline_s: float) -> None:
    report = a_runner(fakes.hang()).run(deadline_s=deadline_s)

    assert report.results[0].ending in (Ending.UNFINISHED, Ending.QUEUED)


@pytest.mark.semantics(22)
@pytest.mark.parametrize("deadline_s", [float("inf"), 1e12])
def test_a_deadline_may_be_far_away(fakes: FakeChecks, deadline_s: float) -> None:
    hang = fakes.hang()
    report = begin(lambda: a_runner(a_registry(hang, timeout=None)).run(deadline_s=deadline_s))
    hang.wait_until_run()
    hang.release()

    assert report().status is HEALTHY


def test_those_who_have_left_are_not_remembered(fakes: FakeChecks) -> None:
    registry = a_registry(fakes.hang(), timeout=None)
    runner = a_runner(registry)

    for _ in range(20):
        runner.run(deadline_s=0.0)

    assert wait_for_cell(runner, registry).execution.waiters == []


# Checks that ask themselves -----------------------------------------------------------------------


@pytest.mark.semantics(25)
def test_a_check_may_ask_for_others_though_only_one_runs_at_once() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry, concurrency=1)

    @registry.check("Asks")
    def asks() -> HealthStatus:
        return runner.run(["other"]).status

    registry.check("Other", name="other")(works)

    assert runner.run().status is HEALTHY


@pytest.mark.semantics(25)
def test_a_check_that_asks_for_itself_is_told_so_at_once() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)
    seen: list[CheckResult] = []

    @registry.check("Asks")
    def asks() -> None:
        seen.extend(runner.run().results)

    report = runner.run()

    assert seen[0].message == "The check asked for its own result while it was running"
    assert seen[0].verdict is ERROR
    assert report.results[0].verdict is PASSED


@pytest.mark.semantics(25)
def test_two_checks_that_ask_for_one_another_do_not_wait_for_ever() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)
    both = threading.Barrier(2)
    seen: list[CheckVerdict] = []

    def ask_for(other: str) -> Callable[[], None]:
        def asks() -> None:
            both.wait(PATIENCE_S)
            seen.extend(verdicts(runner.run([other])).values())

        return asks

    for name, other in (("a", "b"), ("b", "a")):
        registry.check("Asks", name=name, timeout=None)(ask_for(other))

    report = runner.run(deadline_s=PATIENCE_S)

    assert verdicts(report) == {"a": PASSED, "b": PASSED}
    assert ERROR in seen


@pytest.mark.semantics(25, 49)
def test_a_check_that_asks_for_what_depends_on_it_does_not_wait_for_ever() -> None:
    registry = CheckRegistry()
    runner = a_runner(registry)
    seen: list[Report] = []

    @registry.check("Asks", name="asks", timeout=None)
    def asks() -> None:
        seen.append(runner.run())

    registry.check("Depends", name="depends", depends_on="asks")(works)

    report = runner.run(deadline_s=PATIENCE_S)

    assert verdicts(report) == {"asks": PASSED, "depends": PASSED}
    assert verdicts(seen[0]) == {"asks": ERROR, "depends": ERROR}


@pytest.mark.semantics(25)
def test_what_a_check_has_begun_may_ask_when_the_check_is_over() -> None:
    import contextvars

    registry = CheckRegistry()
    runner = a_runner(registry)
    contexts: list[contextvars.Context] = []

    @registry.check("Begins something")
    def begins() -> None:
        contexts.append(contextvars.copy_context())

    runner.run()

    assert contexts[0].run(runner.run).status is HEALTHY


# What depends on what -----------------------------------------------------------------------------


def chain(registry: CheckRegistry, **functions: Callable[[], Any]) -> None:
    """Register checks of which each depends on the one before."""
    before: list[str] = []
    for name, function in functions.items():
        registry.check("It works", name=name, depends_on=before)(function)
        before = [name]


@pytest.mark.semantics(49)
def test_what_depends_on_a_failure_is_skipped_and_not_counted() -> None:
    registry, page = CheckRegistry(), Counter()
    registry.check("Database", name="database", critical=False)(fails)
    registry.check("Cache", name="cache", depends_on="database")(works)
    registry.check("Page", name="page", depends_on=["cache"])(page)

    report = a_runner(registry).run()

    assert verdicts(report) == {"database": FAILED, "cache": SKIPPED, "page": SKIPPED}
    assert find(report, "page").message == "Blocked by database"
    assert (page.runs, report.status) == (0, DEGRADED)


@pytest.mark.semantics(49)
def test_what_depends_on_a_success_is_run_after_it() -> None:
    registry, order = CheckRegistry(), list[str]()
    registry.check("Page", name="page", depends_on=["cache", "cache"])(lambda: order.append("page"))
    registry.check("Cache", name="cache")(lambda: order.append("cache"))

    report = a_runner(registry).run()

    assert order == ["cache", "page"]
    assert list(verdicts(report).values()) == [PASSED, PASSED]


@pytest.mark.semantics(49)
def test_what_depends_on_something_that_hangs_is_skipped(fakes: FakeChecks) -> None:
    registry = CheckRegistry()
    registry.check("Hangs", name="hangs", timeout=TIMEOUT_S)(fakes.hang())
    registry.check("Page", name="page", depends_on="hangs")(works)
    runner = a_runner(registry)

    late, still = runner.run(), runner.run()

    assert endings(late) == {"hangs": Ending.TIMED_OUT, "page": Ending.BLOCKED}
    assert endings(still) == {"hangs": Ending.STILL_RUNNING, "page": Ending.BLOCKED}


@pytest.mark.semantics(22, 49)
def test_what_depends_on_something_unfinished_is_skipped(fakes: FakeChecks) -> None:
    registry = CheckRegistry()
    registry.check("Hangs", name="hangs", timeout=None)(fakes.hang())
    registry.check("Page", name="page", depends_on="hangs")(works)

    report = a_runner(registry).run(deadline_s=TIMEOUT_S)

    assert endings(report) == {"hangs": Ending.UNFINISHED, "page": Ending.BLOCKED}


@pytest.mark.semantics(49)
def test_a_check_that_is_skipped_blocks_nobody() -> None:
    registry = CheckRegistry()
    registry.check("Elsewhere", name="elsewhere", only="production")(fails)
    registry.check("Page", name="page", depends_on="elsewhere")(works)

    assert verdicts(a_runner(registry).run()) == {"elsewhere": SKIPPED, "page": PASSED}


@pytest.mark.semantics(48)
@pytest.mark.parametrize("needs", ["b", "nobody"], ids=["circle", "unknown"])
def test_what_is_wrong_with_the_checks_is_a_result_and_the_checks_are_run(needs: str) -> None:
    registry = CheckRegistry()
    registry.check("A", name="a", depends_on=needs)(works)
    registry.check("B", name="b", depends_on="a")(works)

    report = a_runner(registry).run()

    assert verdicts(report) == {"a": PASSED, "b": PASSED, CONFIGURATION: ERROR}
    assert report.status is UNHEALTHY
    assert find(report, CONFIGURATION).ending is Ending.MISCONFIGURED


@pytest.mark.semantics(48)
def test_what_is_wrong_is_said_as_of_now() -> None:
    clock, registry = StillClock(), CheckRegistry()
    registry.check("A", name="a", depends_on="nobody")(works)
    runner = a_runner(registry, clock=clock)
    runner.run()
    clock.advance(3600.0)

    report = runner.run()

    assert report.age_s(find(report, CONFIGURATION)) == 0.0


@pytest.mark.semantics(42, 48)
def test_what_is_wrong_has_a_name_of_its_own_beside_a_broken_file() -> None:
    registry = CheckRegistry()
    registry.replace("file", [Check(CONFIGURATION, "Loaded", fails, depends_on=["nobody"])])

    assert list(verdicts(a_runner(registry).run())) == [
        CONFIGURATION,
        f"{CONFIGURATION}:dependencies",
    ]


@pytest.mark.semantics(49)
@pytest.mark.parametrize(("first", "rest"), [(fails, SKIPPED), (works, PASSED)])
def test_a_chain_may_be_longer_than_python_goes_deep(
    first: Callable[[], Any], rest: CheckVerdict
) -> None:
    registry = CheckRegistry()
    chain(registry, first=first, **{f"c{number}": works for number in range(2500)})

    report = a_runner(registry).run(deadline_s=PATIENCE_S)

    assert {result.verdict for result in report.results[1:]} == {rest}


# Changes of the checks ----------------------------------------------------------------------------


def test_a_check_that_was_added_is_in_the_next_report() -> None:
    registry = a_registry(works)
    runner = a_runner(registry)
    runner.run()

    registry.check("Fails")(fails)

    assert verdicts(runner.run()) == {"works": PASSED, "fails": FAILED}


@pytest.mark.semantics(46)
def test_a_report_is_about_the_checks_that_there_were_when_it_was_asked(
    fakes: FakeChecks,
) -> None:
    hang = fakes.hang()
    registry = CheckRegistry()
    registry.replace("file", [Check("old", "Old", hang)])
    runner = a_runner(registry, empty=HEALTHY)
    old = begin(runner.run)
    hang.wait_until_run()

    registry.replace("file", [Check("new", "New", works)])
    new = runner.run()
    hang.release()

    assert verdicts(new) == {"new": PASSED}
    assert verdicts(old()) == {"old": PASSED}


def test_what_is_known_of_a_check_outlives_changes_of_others() -> None:
    check = Counter()
    registry = a_registry(check)
    runner = a_runner(registry, keep_good_for_s=60.0)
    runner.run()

    registry.check("Works")(works)
    runner.run()

    assert check.runs == 1


# Without threads ----------------------------------------------------------------------------------


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Return a context in which no worker can be started."""

    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    def without() -> Any:
        context = monkeypatch.context()
        context.__enter__().setattr(
            workers, "threading", SimpleNamespace(Thread=NoThread, Lock=threading.Lock)
        )
        return context

    return without


def test_where_no_thread_can_be_started_every_check_is_an_error(
    no_threads: Callable[[], Any],
) -> None:
    registry, check = CheckRegistry(), Counter()
    chain(registry, a=check, b=check)
    runner = a_runner(registry)
    context = no_threads()

    report = runner.run()
    context.__exit__(None, None, None)
    again = runner.run()

    assert verdicts(report) == {"a": ERROR, "b": SKIPPED}
    assert find(report, "a").message == "Could not be run: no thread can be started"
    assert verdicts(again) == {"a": PASSED, "b": PASSED}
    assert check.runs == 2


# Who is told --------------------------------------------------------------------------------------


def told(runner: CheckRunner) -> list[tuple[CheckVerdict | None, CheckVerdict]]:
    """Return what is noted of the changes of a runner."""
    changes: list[tuple[CheckVerdict | None, CheckVerdict]] = []
    runner.listeners.append(
        lambda before, now: changes.append((before and before.verdict, now.verdict))
    )
    return changes


def test_who_listens_is_told_of_changes_only() -> None:
    answers = [None, True, False, False, None]
    runner = a_runner(lambda: answers.pop(0))
    changes = told(runner)

    for _ in range(5):
        runner.run()
    wait_until(lambda: len(changes) == 3)

    assert changes == [(None, PASSED), (PASSED, FAILED), (FAILED, PASSED)]


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, KeyboardInterrupt])
def test_a_listener_that_raises_changes_nothing_and_stops_no_other(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    runner = a_runner(fails)

    def raises(before: CheckResult | None, now: CheckResult) -> None:
        raise error

    runner.listeners.append(raises)
    changes = told(runner)

    report = runner.run()
    wait_until(lambda: changes)

    assert report.results[0].verdict is FAILED
    assert "A listener failed on 'fails'" in caplog.text
    assert runner.run().status is UNHEALTHY


@pytest.mark.semantics(12)
def test_who_stops_the_program_while_somebody_listens_is_heard() -> None:
    def stops(before: CheckResult | None, now: CheckResult) -> None:
        raise KeyboardInterrupt

    runner = a_runner(works)
    result = runner.run().results[0]
    runner.listeners.append(stops)
    runner._dispatch.news.changes.append((None, result))

    with pytest.raises(KeyboardInterrupt):
        runner._dispatch.news.tell()

    assert not runner._dispatch.news._telling.locked()


def test_who_listens_is_told_in_the_order_of_what_happened() -> None:
    flip = iter([True, False] * 5000)
    runner = a_runner(lambda: next(flip))
    changes = told(runner)

    in_threads(4, lambda: [runner.run() for _ in range(300)])
    wait_until(lambda: not runner._dispatch.news.changes)

    assert [before for before, _ in changes[1:]] == [now for _, now in changes[:-1]]


def test_who_listens_may_ask() -> None:
    runner = a_runner(fails)
    seen: list[HealthStatus] = []
    runner.listeners.append(lambda before, now: seen.append(runner.run().status))

    runner.run()
    wait_until(lambda: seen)

    assert seen == [UNHEALTHY]


@pytest.mark.semantics(19)
def test_who_listens_is_told_of_what_takes_too_long(fakes: FakeChecks) -> None:
    runner = a_runner(a_registry(fakes.hang(), timeout=TIMEOUT_S))
    changes = told(runner)

    runner.run()
    runner.run()

    assert changes == [(None, FAILED)]


@pytest.mark.semantics(49)
def test_who_listens_is_told_of_what_is_blocked() -> None:
    registry = CheckRegistry()
    chain(registry, a=fails, b=works)
    runner = a_runner(registry)
    changes = told(runner)

    runner.run()
    wait_until(lambda: len(changes) == 2)

    assert sorted(now for _, now in changes) == [FAILED, SKIPPED]


@pytest.mark.semantics(63)
def test_a_failure_is_held_back_until_there_were_enough() -> None:
    answers = [None, False, False, False, None]
    runner = a_runner(a_registry(lambda: answers.pop(0), failures=3))

    reported = [runner.run().results[0] for _ in range(5)]

    assert [result.verdict for result in reported] == [PASSED, PASSED, PASSED, FAILED, PASSED]
    assert [result.raw_verdict for result in reported[1:3]] == [FAILED, FAILED]


@pytest.mark.semantics(19, 63)
def test_a_check_that_hangs_is_held_back_until_it_hung_for_long_enough(fakes: FakeChecks) -> None:
    clock = TrialClock()
    check = in_turn(works, fakes.hang())
    registry = a_registry(check, failures=1000, timeout=TIMEOUT_S)
    runner = a_runner(registry, clock=clock)
    runner.run()
    changes = told(runner)

    first, second = runner.run().results[0], runner.run().results[0]
    clock.advance(1000 * TIMEOUT_S)
    third, fourth = runner.run().results[0], runner.run().results[0]

    assert [each.ending for each in (first, second)] == [Ending.TIMED_OUT, Ending.STILL_RUNNING]
    assert [each.verdict for each in (first, second)] == [PASSED, PASSED]
    assert [each.raw_verdict for each in (first, second)] == [FAILED, FAILED]
    assert [each.verdict for each in (third, fourth)] == [FAILED, FAILED]
    assert changes == [(PASSED, FAILED)]


# How often ----------------------------------------------------------------------------------------


def rationed(tmp_path: Path, clock: StillClock) -> Rationing:
    return Rationing(Ledger(tmp_path), clock)


@pytest.mark.semantics(36, 40)
def test_a_check_runs_as_often_as_it_may_and_else_shows_its_last_result(tmp_path: Path) -> None:
    clock, check = StillClock(), Counter((False, "no"))
    registry = a_registry(check, run="2 times per day")
    runner = a_runner(registry, clock=clock, rations=rationed(tmp_path, clock))

    for _ in range(4):
        clock.advance(60.0)
        runner.run()
    clock.advance(60.0)
    shown = runner.run().results[0]

    assert check.runs == 2
    assert (shown.verdict, shown.message) == (FAILED, "no")
    assert shown.note == "Ran 3 min ago. Runs 2 times per day. Next at 00:00 UTC."


@pytest.mark.semantics(36, 37, 39)
def test_another_program_start_goes_on_with_what_is_left(tmp_path: Path) -> None:
    clock, check = StillClock(), Counter()
    for _ in range(3):
        registry = a_registry(check, run="2 times per day")
        a_runner(registry, clock=clock, rations=rationed(tmp_path, clock)).run()
        clock.advance(1.0)

    assert check.runs == 2


@pytest.mark.semantics(41)
def test_of_many_who_ask_for_the_last_run_one_has_it(tmp_path: Path) -> None:
    clock, check = StillClock(), Counter()
    registries = [a_registry(check, run="once per day") for _ in range(8)]
    runners = iter(
        [a_runner(each, clock=clock, rations=rationed(tmp_path, clock)) for each in registries]
    )

    in_threads(8, lambda: next(runners).run())

    assert check.runs == 1


@pytest.mark.semantics(38)
def test_without_a_disk_a_check_does_not_run_more_often(tmp_path: Path) -> None:
    file = tmp_path / "no folder"
    file.write_text("")
    clock, check = StillClock(), Counter()
    registry = a_registry(check, run="once per day")
    runner = a_runner(registry, clock=clock, rations=rationed(file, clock))

    reports = [runner.run() for _ in range(3)]

    assert check.runs == 1
    assert "cannot be kept" in reports[0].results[0].note


@pytest.mark.semantics(40, 63)
def test_a_result_that_is_shown_again_is_no_further_failure(tmp_path: Path) -> None:
    clock, answers = StillClock(), [None, False]
    registry = a_registry(lambda: answers.pop(0), run="2 times per day", failures=2)
    runner = a_runner(registry, clock=clock, rations=rationed(tmp_path, clock))

    reported = []
    for _ in range(6):
        reported.append(runner.run().results[0].verdict)
        clock.advance(1.0)

    assert reported == [PASSED] * 6


@pytest.mark.semantics(37, 40)
def test_that_a_run_took_too_long_is_what_is_shown_until_the_next(
    tmp_path: Path, fakes: FakeChecks
) -> None:
    clock, hang = TrialClock(), fakes.hang()
    clock.set_wall(NOON)
    check = in_turn(works, hang)
    registry = a_registry(check, run="2 times per day", timeout=TIMEOUT_S)
    runner = a_runner(registry, clock=clock, rations=Rationing(Ledger(tmp_path), clock))
    runner.run()

    late = runner.run().results[0]
    hang.release()
    wait_until(lambda: wait_for_cell(runner, registry).execution is None)
    shown = runner.run().results[0]

    assert late.ending is Ending.TIMED_OUT
    assert (shown.verdict, shown.ending) == (FAILED, Ending.TIMED_OUT)


# What is known without running --------------------------------------------------------------------


@pytest.mark.semantics(9)
def test_what_was_never_run_is_not_known() -> None:
    check = Counter()
    report = a_runner(check).recall(stale_after_s=60.0)

    assert (check.runs, report.status) == (0, UNHEALTHY)
    assert report.results[0].message == "Has not been run yet"


@pytest.mark.semantics(31)
def test_what_is_known_counts_until_it_is_too_old() -> None:
    clock, check = StillClock(), Counter()
    runner = a_runner(check, clock=clock)
    runner.run()
    clock.advance(60.0)
    fresh = runner.recall(stale_after_s=60.0)
    clock.advance(0.1)

    stale = runner.recall(stale_after_s=60.0)

    assert (fresh.status, stale.status, check.runs) == (HEALTHY, UNHEALTHY, 1)
    assert (stale.results[0].ending, stale.results[0].raw_verdict) == (Ending.STALE, PASSED)
    assert runner.now() == clock.monotonic()


@pytest.mark.semantics(31)
def test_what_is_skipped_grows_never_too_old() -> None:
    clock = StillClock()
    runner = a_runner(a_registry(works, only="production"), clock=clock)
    runner.run()
    clock.advance(3600.0)

    assert runner.recall(stale_after_s=60.0).results[0].verdict is SKIPPED


def test_a_note_of_a_check_is_beside_its_results() -> None:
    check = Check("old", "Old", works)
    check.note = "Of an older configuration"
    registry = CheckRegistry()
    registry.replace("file", [check])

    assert a_runner(registry).run().results[0].note == "Of an older configuration"


# Interrupted --------------------------------------------------------------------------------------


class Interrupting(StillClock):
    """A clock on which somebody presses Ctrl-C."""

    is_armed = False

    def monotonic(self) -> float:
        if self.is_armed and threading.current_thread() is threading.main_thread():
            self.is_armed = False
            raise KeyboardInterrupt
        return super().monotonic()


@pytest.mark.semantics(12)
def test_who_stops_waiting_is_not_waited_for(fakes: FakeChecks) -> None:
    clock, hang = Interrupting(), fakes.hang()
    registry = CheckRegistry()

    @registry.check("Hangs", name="hangs")
    def hangs() -> bool:
        clock.is_armed = True
        return hang()

    runner = a_runner(registry, clock=clock)
    with pytest.raises(KeyboardInterrupt):
        runner.run()
    cell = wait_for_cell(runner, registry)
    assert cell.execution.waiters == []

    again = begin(runner.run)
    wait_until(lambda: cell.execution.waiters)
    hang.release()

    assert again().status is HEALTHY
    assert hang.runs == 1


@pytest.mark.semantics(12)
def test_who_is_interrupted_before_anything_has_begun_leaves_nothing_that_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry, check = CheckRegistry(), Counter()
    chain(registry, first=check, second=check)
    runner = a_runner(registry)

    def interrupt(executions: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runner._dispatch, "_begin", interrupt)
        with pytest.raises(KeyboardInterrupt):
            runner.run()

    assert runner.run().status is HEALTHY
    assert check.runs == 2


def test_a_run_that_is_ended_from_outside_has_no_result_and_is_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = list[object]()
    monkeypatch.setattr(threading, "excepthook", ends.append)
    runner, times = a_runner(works), RunOptions().concurrency + 1
    good = runner.run()
    for _ in range(times):
        with monkeypatch.context() as patch:
            patch.setattr(runner._dispatch, "end", raises_no_memory)
            report = runner.run(deadline_s=PATIENCE_S)

        assert (report.status, report.results[0].verdict) == (UNHEALTHY, ERROR)
        assert report.results[0].message == "Was ended from outside before it had a result"

    assert (good.status, runner.run().status) == (HEALTHY, HEALTHY)
    wait_until(lambda: len(ends) == times)


def raises_no_memory(*_: object) -> None:
    raise MemoryError


# How many runs there were -------------------------------------------------------------------------


def raises() -> None:
    raise ValueError("no")


@pytest.mark.semantics(67)
def test_runs_are_counted_by_what_they_came_to(tmp_path: Path, fakes: FakeChecks) -> None:
    registry, clock = CheckRegistry(), TrialClock()
    for name, function, options in (
        ("flaps", in_turn(works, fails, raises), {}),
        ("hangs", fakes.hang(), {"timeout": TIMEOUT_S}),
        ("is_blocked", works, {"depends_on": "hangs"}),
        ("is_not_meant", works, {"only": "elsewhere"}),
        ("is_rare", works, {"run": "once per week"}),
    ):
        registry.check("It works", name=name, **options)(function)
    runner = a_runner(registry, clock=clock, rations=Rationing(Ledger(tmp_path), clock))

    for _ in range(3):
        runner.run()

    assert runner.tally() == {
        "flaps": {PASSED: 1, FAILED: 1, ERROR: 1},
        "hangs": {PASSED: 0, FAILED: 1, ERROR: 0},
        "is_blocked": {PASSED: 0, FAILED: 0, ERROR: 0},
        "is_not_meant": {PASSED: 0, FAILED: 0, ERROR: 0},
        "is_rare": {PASSED: 1, FAILED: 0, ERROR: 0},
    }


@pytest.mark.semantics(63, 67)
def test_a_failure_that_is_not_reported_yet_is_counted() -> None:
    runner = a_runner(a_registry(in_turn(works, fails, works), failures=2))

    reported = [runner.run().results[0].verdict for _ in range(3)]

    assert reported == [PASSED] * 3
    assert runner.tally()["next_one"] == {PASSED: 2, FAILED: 1, ERROR: 0}


@pytest.mark.semantics(27, 67)
def test_the_child_of_a_fork_counts_its_own_runs() -> None:
    runner = a_runner(a_registry(fails))
    runner.run()

    runner._start_over()

    assert runner.tally() == {"fails": {PASSED: 0, FAILED: 0, ERROR: 0}}


# In the child of a fork ---------------------------------------------------------------------------


@pytest.mark.semantics(27)
def test_in_a_child_nothing_runs_and_no_lock_is_held(fakes: FakeChecks) -> None:
    hang = fakes.hang()
    runner = a_runner(a_registry(hang, timeout=TIMEOUT_S))
    runner.run()
    pool = runner._places.workers
    with runner._lock, runner._dispatch._lock:
        runner._start_over()  # as after a fork, of which the pool learns by itself
        pool._start_over()
        hang.release()

        assert runner.run().status is HEALTHY


# Memory -------------------------------------------------------------------------------------------


@pytest.mark.semantics("L2")
def test_a_hundred_thousand_runs_leave_nothing_behind() -> None:
    registry = CheckRegistry()
    for number in range(100):
        registry.check("It works", name=f"c{number}", depends_on=["c0"] if number else [])(
            works if number % 2 else fails
        )
    runner = a_runner(registry)

    for _ in range(1000):
        runner.run()

    plan = runner._plan
    assert len(plan.cells) == 100
    assert len(plan._known) == 1
    assert not runner._places.workers.waiting
    kept = [cell for cell in plan.cells.values() if cell.execution is not None]
    assert kept == []
    del runner, plan, kept
    gc.collect()
    # By its very type: `isinstance` would wake what others made to be lazy.
    ours = [one for one in gc.get_objects() if type(one) in (Execution, Flight)]
    assert not [one for one in ours if _is_of(one, registry)]


def _is_of(one: Execution | Flight, registry: CheckRegistry) -> bool:
    return isinstance(one, Execution) and one.cell.check in registry.checks


def test_a_runner_that_nobody_has_any_more_leaves_no_thread_that_waits_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def waits() -> None: ...

    monkeypatch.setattr(watchdog, "STAYS_S", 0.0)
    monkeypatch.setattr(watchdog, "WAKES_AFTER_S", 0.05)
    runner = a_runner(a_registry(waits, works))
    runner._places.workers.idle_s = 0.01
    runner.run()
    own, thread = runner._places._own, runner._places._watchdog._thread
    assert own is not None
    assert thread is not None

    del runner

    wait_until(lambda: gc.collect() >= 0 and not own.is_alive and not thread.is_alive())
