"""Fake checks do what they are called after, until they are released."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from typing import Any

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict
from allgreen.errors import SettingsError
from allgreen.health.callables import is_coroutine_function
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.trial import (
    FakeCheck,
    FakeChecks,
    TrialClock,
    blocking_check,
    flapping_check,
    hanging_check,
    hanging_coroutine,
    leaking_check,
)

PATIENCE_S = 10.0


def a_runner(function: Any, timeout_s: float = 0.05) -> CheckRunner:
    registry = CheckRegistry()
    registry.check("Fake", name="fake", timeout=timeout_s)(function)
    return CheckRunner(registry, RunOptions(keep_good_for_s=0.0, keep_bad_for_s=0.0))


def run_until(runner: CheckRunner, verdict: CheckVerdict) -> None:
    until = time.monotonic() + PATIENCE_S
    while runner.run().results[0].verdict is not verdict:
        assert time.monotonic() < until, "it never came to that"


def _release_once_run(check: FakeCheck) -> None:
    check.wait_until_run()
    check.release()


@pytest.mark.parametrize("make", [hanging_check, hanging_coroutine])
def test_a_check_that_hangs_is_late_until_it_is_released(make: Any) -> None:
    check = make()
    runner = a_runner(check)

    late = runner.run().results[0]
    check.release()

    assert late.ending is Ending.TIMED_OUT
    assert check.wait_until_run()
    run_until(runner, CheckVerdict.PASSED)


def test_a_check_that_hangs_is_begun_once() -> None:
    check = hanging_check()
    runner = a_runner(check)

    endings = [runner.run().results[0].ending for _ in range(3)]
    check.release()

    assert endings == [Ending.TIMED_OUT, Ending.STILL_RUNNING, Ending.STILL_RUNNING]
    assert check.runs == 1


def test_one_hangs_in_a_thread_and_the_others_on_a_loop() -> None:
    checks = (hanging_check(), hanging_coroutine(), blocking_check(1))

    assert [is_coroutine_function(check) for check in checks] == [False, True, True]


async def test_a_check_that_blocks_keeps_its_loop_from_turning() -> None:
    check = blocking_check(PATIENCE_S)
    turns: list[float] = []
    asyncio.get_running_loop().call_soon(turns.append, 1.0)
    threading.Thread(target=_release_once_run, args=(check,)).start()

    passed = await check()

    assert (passed, turns) == (True, [])


def test_a_check_that_leaks_holds_one_thing_more_with_each_run() -> None:
    check = leaking_check()

    assert [check() for _ in range(3)] == [True] * 3
    held = list(check.held)
    check.release()

    assert len(held) == 3
    assert all(one.closed for one in held)
    assert (check(), check.held) == (True, [])


def test_what_a_check_leaks_can_be_chosen() -> None:
    check = leaking_check(io.BytesIO)

    check()

    assert isinstance(check.held[0], io.BytesIO)


def test_a_check_that_flaps_follows_its_pattern() -> None:
    check = flapping_check("+-!")
    runner = a_runner(check, timeout_s=PATIENCE_S)

    verdicts = [runner.run().results[0].verdict for _ in range(4)]
    check.release()

    assert verdicts == [
        CheckVerdict.PASSED,
        CheckVerdict.FAILED,
        CheckVerdict.ERROR,
        CheckVerdict.PASSED,
    ]
    assert {check() for _ in range(3)} == {True}


@pytest.mark.parametrize("pattern", ["", "+x"])
def test_a_pattern_that_says_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match="pattern"):
        flapping_check(pattern)


def test_all_that_were_made_are_released_together() -> None:
    fakes = FakeChecks()
    made = [fakes.hang(), fakes.hang_on_loop(), fakes.block(60), fakes.leak(), fakes.flap()]

    fakes.release()

    assert all(check.is_released for check in made)


def test_time_that_is_let_pass_is_seen_by_both_clocks() -> None:
    clock = TrialClock()
    wall, monotonic = clock.wall(), clock.monotonic()

    clock.advance(3600)

    assert clock.wall() - wall >= 3600
    assert clock.monotonic() - monotonic >= 3600


def test_a_wall_clock_that_is_set_lets_no_time_pass() -> None:
    clock = TrialClock()
    before = clock.monotonic()

    clock.set_wall(0.0)

    assert 0.0 <= clock.wall() < 60
    assert clock.monotonic() - before < 60
