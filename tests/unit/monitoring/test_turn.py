"""Runs that wait for their turn, and runs that have none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from allgreen.domain.check import LeasedCheck
from allgreen.domain.status import Outcome
from allgreen.monitoring.runner import ProbeRunner
from allgreen.testing import FakeClock, ScriptedExecutor, a_check, a_leased_check

LONG = timedelta(seconds=25)


async def test_a_run_without_a_turn_is_missed_and_never_failed() -> None:
    executor = ScriptedExecutor(Outcome.FAIL)

    @asynccontextmanager
    async def refuse(_: LeasedCheck) -> AsyncIterator[str]:
        yield "Not run, because it is asked too often."

    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=1, turn=refuse)
    result = await runner.run(a_leased_check(replace(a_check(), upside_down=True)))

    assert (result.outcome, result.failure) == (Outcome.MISSED, None)
    assert result.message == "Not run, because it is asked too often."
    assert executor.runs == []
    assert runner.outcomes == {Outcome.MISSED: 1}


async def test_the_time_of_a_run_and_its_lateness_begin_after_its_turn() -> None:
    clock = FakeClock()

    @asynccontextmanager
    async def wait(_: LeasedCheck) -> AsyncIterator[str]:
        clock.advance(LONG)
        yield ""

    executor = ScriptedExecutor(Outcome.OK)
    runner = ProbeRunner([executor], clock=clock, concurrency=1, turn=wait)
    leased = a_leased_check(a_check(timeout=timedelta(seconds=1)))
    result = await runner.run(leased)

    assert result.outcome is Outcome.OK
    assert runner.lateness.latest_s == 0.0


async def test_a_run_that_waits_for_its_turn_takes_no_place_of_others() -> None:
    waiting = asyncio.Event()
    slow = a_leased_check(a_check())
    quick = a_leased_check(replace(a_check(), upside_down=False, version=2))

    @asynccontextmanager
    async def hold_up_the_slow(leased: LeasedCheck) -> AsyncIterator[str]:
        if leased is slow:
            await waiting.wait()
        yield ""

    executor = ScriptedExecutor(Outcome.OK)
    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=1, turn=hold_up_the_slow)
    held_up = asyncio.create_task(runner.run(slow))
    await asyncio.sleep(0)
    await runner.run(quick)
    ran_meanwhile = list(executor.runs)
    waiting.set()
    await held_up

    assert ran_meanwhile == [quick]
    assert executor.runs == [quick, slow]
