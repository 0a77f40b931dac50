"""Checks that are run in the background: whoever asks gets what is known, with its age."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.background import JITTER, Background, _Rounds
from allgreen.health.running.runner import CheckRunner

PATIENCE_S = 30.0


class StoppedClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.set_back_s = 0.0

    def wall(self) -> float:
        return 1_800_000_000.0 + self.seconds - self.set_back_s

    def monotonic(self) -> float:
        return self.seconds


class Scene:
    """A check whose runs are counted, and somebody who runs it in the background."""

    def __init__(self, *, period_s: float = 3600.0) -> None:
        self.clock = StoppedClock()
        self.registry = CheckRegistry()
        self.ran = threading.Semaphore(0)
        self.runs = 0
        self.registry.check("Passes", name="passes")(self.count)
        self.runner = CheckRunner(self.registry, environment="test", clock=self.clock)
        self.background = Background(self.runner, period_s=period_s)

    def count(self) -> None:
        self.runs += 1
        self.ran.release()

    def wait_for_a_run(self) -> None:
        assert self.ran.acquire(timeout=PATIENCE_S)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.semantics(9)
def test_what_was_never_run_is_not_healthy(scene: Scene) -> None:
    report = scene.background.run()

    assert report.status is HealthStatus.UNHEALTHY
    assert report.results[0].message == "Has not been run yet"
    assert scene.runs == 0


@pytest.mark.semantics(28)
def test_a_report_is_a_snapshot_and_runs_nothing(scene: Scene) -> None:
    scene.runner.run()

    reports = [scene.background.run() for _ in range(100)]

    assert {report.status for report in reports} == {HealthStatus.HEALTHY}
    assert scene.runs == 1


@pytest.mark.semantics(31)
def test_a_good_result_that_is_too_old_is_a_failure(scene: Scene) -> None:
    scene.runner.run()
    scene.clock.seconds += scene.background.stale_after_s + 1

    (result,) = scene.background.run().results

    assert (result.verdict, result.ending) == (CheckVerdict.FAILED, Ending.STALE)
    assert result.raw_verdict is CheckVerdict.PASSED
    assert result.message == "Its latest result is 7201 s old, and counts for 7200 s"


@pytest.mark.semantics(31)
def test_a_result_counts_until_it_is_too_old(scene: Scene) -> None:
    scene.runner.run()
    scene.clock.seconds += scene.background.stale_after_s

    assert scene.background.run().status is HealthStatus.HEALTHY


@pytest.mark.semantics(32)
def test_a_wall_clock_that_jumps_makes_no_result_older(scene: Scene) -> None:
    scene.runner.run()
    scene.clock.set_back_s = -10 * 365 * 86_400

    report = scene.background.run()

    assert report.status is HealthStatus.HEALTHY
    assert report.age_s(report.results[0]) == 0


@pytest.mark.semantics(30)
def test_fresh_runs_the_checks_all_the_same(scene: Scene) -> None:
    scene.runner.run()

    scene.background.run(fresh=True)

    assert scene.runs == 2


def test_rounds_are_made_until_it_is_stopped() -> None:
    scene = Scene(period_s=0.01)

    with scene.background:
        for _ in range(3):
            scene.wait_for_a_run()
            scene.clock.seconds += 0.01

    assert not scene.background.is_running


@pytest.mark.semantics(33)
def test_start_and_stop_may_be_called_twice(scene: Scene) -> None:
    scene.background.start()
    scene.background.start()
    scene.wait_for_a_run()
    rounds = [one for one in threading.enumerate() if one.name == "allgreen background"]

    scene.background.stop()
    scene.background.stop()

    assert len(rounds) == 1
    assert not rounds[0].is_alive()


def test_it_can_be_started_again(scene: Scene) -> None:
    scene.background.start()
    scene.wait_for_a_run()
    scene.background.stop()

    scene.background.start()

    scene.wait_for_a_run()
    scene.background.stop()


async def test_rounds_on_the_loop_of_the_program(scene: Scene) -> None:
    loops, ran = set(), asyncio.Event()

    @scene.registry.check("Runs where its client belongs")
    async def passes() -> None:
        loops.add(asyncio.get_running_loop())
        ran.set()

    async with scene.background:
        await ran.wait()
        assert scene.background.is_running

    assert loops == {asyncio.get_running_loop()}
    assert not scene.background.is_running


@pytest.mark.semantics("L13")
def test_a_child_process_makes_no_rounds_before_it_is_started_there(scene: Scene) -> None:
    scene.background.start()
    scene.wait_for_a_run()
    parent = os.getpid

    scene.background._process = parent() + 1  # as it is after a fork, in the child

    assert not scene.background.is_running
    scene.background.stop()


@pytest.mark.semantics(33)
@pytest.mark.parametrize(
    ("jitter", "seconds"),
    [(0.5, 10.0), (0.0, 9.0), (1.0, 11.0)],
    ids=["on the grid", "earliest", "latest"],
)
def test_rounds_come_a_little_earlier_or_later(jitter: float, seconds: float) -> None:
    rounds = _Rounds(10.0, 100.0, lambda: jitter)

    assert rounds.next_in(100.0) == pytest.approx(seconds)
    assert pytest.approx(0.1) == JITTER


@pytest.mark.semantics(33)
def test_a_slow_round_does_not_push_the_later_ones() -> None:
    rounds = _Rounds(10.0, 0.0, lambda: 0.5)

    assert rounds.next_in(3.0) == 7.0
    assert rounds.next_in(19.5) == 0.5
    assert rounds.next_in(47.0) == 3.0


@pytest.mark.semantics(33)
def test_each_round_is_shifted_by_a_number_of_its_own(scene: Scene) -> None:
    shifts = list[float]()

    def shift() -> float:
        shifts.append(0.5)
        return 0.5

    background = Background(scene.runner, period_s=0.01, jitter=shift)
    with background:
        for _ in range(3):
            scene.wait_for_a_run()
            scene.clock.seconds += 0.01

    assert len(shifts) >= 2


@pytest.mark.semantics(33)
def test_the_end_waits_no_longer_than_it_may_for_a_check_that_hangs(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allgreen.health.running.background.STOPS_WITHIN_S", 0.01)
    gate = threading.Event()
    scene.registry.check("Hangs", timeout=None, name="hangs")(lambda: gate.wait(PATIENCE_S))
    scene.background.start()
    scene.wait_for_a_run()
    thread = scene.background._thread
    assert thread is not None

    scene.background.stop()

    is_still_there = thread.is_alive()
    gate.set()
    thread.join(PATIENCE_S)
    assert (is_still_there, thread.is_alive()) == (True, False)


class Failing:
    """Has the next round of a runner fail, as where no thread can be had."""

    def __init__(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failed = threading.Event()
        run = scene.runner._take_off

        def fail_once(*arguments: Any) -> Any:
            if not self.failed.is_set():
                self.failed.set()
                raise RuntimeError("can't start new thread")
            return run(*arguments)

        monkeypatch.setattr(scene.runner, "_take_off", fail_once)


@pytest.mark.semantics(31)
def test_a_round_that_fails_is_not_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(period_s=0.001)
    failing = Failing(scene, monkeypatch)

    with scene.background:
        assert failing.failed.wait(PATIENCE_S)
        scene.clock.seconds += 0.001
        scene.wait_for_a_run()

    assert [record.getMessage() for record in caplog.records] == ["A round of checks failed"]


@pytest.mark.semantics(31)
async def test_a_round_that_fails_on_a_loop_is_not_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(period_s=0.001)
    Failing(scene, monkeypatch)

    async with scene.background, asyncio.timeout(PATIENCE_S):
        while not scene.runs:
            scene.clock.seconds += 0.001
            await asyncio.sleep(0)

    assert [record.getMessage() for record in caplog.records] == ["A round of checks failed"]


@pytest.mark.semantics(30)
async def test_fresh_runs_the_checks_all_the_same_on_a_loop(scene: Scene) -> None:
    known = await scene.background.run_async()
    fresh = await scene.background.run_async(fresh=True)

    assert (known.status, fresh.status) == (HealthStatus.UNHEALTHY, HealthStatus.HEALTHY)
    assert scene.runs == 1


@pytest.mark.parametrize("period_s", [0, -1, float("nan"), float("inf")])
def test_a_period_is_longer_than_nothing(period_s: float) -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        Background(CheckRunner(CheckRegistry(), environment="test"), period_s=period_s)
