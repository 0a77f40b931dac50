"""Checks run side by side, each within its time and apart from the others."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.check import Check, CheckKind, LeasedCheck
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.monitoring.runner import ProbeRunner
from allgreen.testing import (
    NOON,
    FakeClock,
    ScriptedExecutor,
    a_check,
    a_leased_check,
    a_result_of,
)

AT_ONCE = timedelta(0)


class GatedExecutor:
    """Runs until its gate opens."""

    kind = CheckKind.HTTP

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = 0
        self.most = 0

    async def run(self, leased: LeasedCheck) -> Result:
        """Wait for the gate."""
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        return a_result_of(leased, Outcome.OK, at=NOON)


async def test_a_check_is_run_by_the_executor_of_its_kind() -> None:
    executor = ScriptedExecutor(Outcome.SLOW)
    leased = a_leased_check()

    result = await ProbeRunner([executor], clock=FakeClock(), concurrency=1).run(leased)

    assert result.outcome is Outcome.SLOW
    assert executor.runs == [leased]


async def test_an_executor_that_raises_says_nothing_about_the_target(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runner = ProbeRunner([ScriptedExecutor(OSError(24, "x"))], clock=FakeClock(), concurrency=1)

    with caplog.at_level(logging.ERROR):
        result = await runner.run(a_leased_check(attempt=2, fence=7))

    assert (result.outcome, result.attempt, result.fence) == (Outcome.PROBE_ERROR, 2, 7)
    assert "x" not in result.message
    assert caplog.records[0].__dict__["check_id"] == a_check().id


async def test_a_kind_that_nobody_runs_says_nothing_about_the_target() -> None:
    result = await ProbeRunner([], clock=FakeClock(), concurrency=1).run(a_leased_check())

    assert result.outcome is Outcome.PROBE_ERROR
    assert result.reason == "nothing here runs http checks"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Outcome.OK, Outcome.FAIL),
        (Outcome.SLOW, Outcome.FAIL),
        (Outcome.FAIL, Outcome.OK),
        (Outcome.BLOCKED, Outcome.BLOCKED),
    ],
)
async def test_what_an_upside_down_check_finds_is_turned_over(
    found: Outcome, told: Outcome
) -> None:
    runner = ProbeRunner([ScriptedExecutor(found)], clock=FakeClock(), concurrency=1)

    result = await runner.run(a_leased_check(replace(a_check(), upside_down=True)))

    assert result.outcome is told
    assert runner.outcomes == {told: 1}


async def test_what_is_turned_over_is_what_was_found_good_to_hand_on() -> None:
    vetted: list[Outcome] = []

    async def doubt(result: Result, _check: Check, _began_s: float) -> Result:
        vetted.append(result.outcome)
        return replace(result, outcome=Outcome.PROBE_ERROR, failure=None)

    executor = ScriptedExecutor(Outcome.FAIL)
    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=1, vet=doubt)

    result = await runner.run(a_leased_check(replace(a_check(), upside_down=True)))

    assert vetted == [Outcome.FAIL]
    assert result.outcome is Outcome.PROBE_ERROR


async def test_a_fault_of_ours_is_no_good_news_for_an_upside_down_check() -> None:
    runner = ProbeRunner([ScriptedExecutor(OSError(24, "x"))], clock=FakeClock(), concurrency=1)

    result = await runner.run(a_leased_check(replace(a_check(), upside_down=True)))

    assert result.outcome is Outcome.PROBE_ERROR


async def test_a_doubt_that_raises_says_nothing_about_the_target(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def doubt(_result: Result, _check: Check, _began_s: float) -> Result:
        raise RuntimeError("a bug")

    runner = ProbeRunner([ScriptedExecutor()], clock=FakeClock(), concurrency=1, vet=doubt)

    result = await runner.run(a_leased_check(replace(a_check(), upside_down=True), fence=7))

    assert (result.outcome, result.fence) == (Outcome.PROBE_ERROR, 7)
    assert runner.outcomes == {Outcome.PROBE_ERROR: 1}
    assert caplog.records[0].__dict__["check_id"] == a_check().id


async def test_a_run_that_does_not_end_is_ended() -> None:
    runner = ProbeRunner([GatedExecutor()], clock=FakeClock(), concurrency=1, backstop=AT_ONCE)
    leased = a_leased_check(a_check(timeout=timedelta(milliseconds=1)))

    result = await runner.run(leased)

    assert result.outcome is Outcome.PROBE_ERROR
    assert runner.outcomes == {Outcome.PROBE_ERROR: 1}


async def test_no_more_checks_run_at_once_than_are_allowed() -> None:
    executor = GatedExecutor()
    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=3)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(10):
            tasks.create_task(runner.run(a_leased_check()))
        for _ in range(5):
            await asyncio.sleep(0)  # let the tasks begin
        at_once = executor.running
        executor.gate.set()

    assert at_once == 3
    assert runner.outcomes == {Outcome.OK: 10}


async def test_one_failing_run_leaves_the_others_alone() -> None:
    executor = ScriptedExecutor(RuntimeError("broken"), Outcome.OK)
    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=10)

    results = await asyncio.gather(*(runner.run(a_leased_check()) for _ in range(5)))

    assert [result.outcome for result in results].count(Outcome.OK) == 4


async def test_cancellation_passes_through() -> None:
    executor = GatedExecutor()
    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=1)
    task = asyncio.create_task(runner.run(a_leased_check()))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert executor.running == 0


@pytest.mark.parametrize(("late_s", "told"), [(0.0, 0.0), (2.5, 2.5), (-1.0, 0.0)])
async def test_lateness_is_measured_from_when_a_run_was_due(late_s: float, told: float) -> None:
    clock = FakeClock(NOON + timedelta(seconds=late_s))
    runner = ProbeRunner([ScriptedExecutor()], clock=clock, concurrency=1)

    await runner.run(a_leased_check(due_at=NOON))

    assert runner.lateness.latest_s == told
