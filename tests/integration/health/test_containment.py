"""Hostile checks harm nobody: real programs, real hangs, and an end that comes.

How soon it comes is measured by `./dev faults library`; here it has only to come. Loops are those
of asyncio and uvloop; programs that gevent or eventlet have patched are not tested.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from allgreen.domain.report import Report
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from tests.checkout import ROOT
from tests.integration.health.contained import CHECKS, HANGING, POOL, SECRET, TIMEOUT_S

PATIENCE_S = 40.0
PASSING = {"works", "works_on_loop"}
LATE = {*HANGING, "hangs_on_loop", "swallows_on_loop", "blocks_loop"}


def start(way: str, *names: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.health.contained", way, *names],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(way: str, *names: str) -> tuple[dict[str, Any], str]:
    """Return what a program says of its checks, and all that it wrote; it must have ended."""
    with start(way, *names) as program:
        try:
            said, errors = program.communicate(timeout=PATIENCE_S)
        finally:
            program.kill()
    assert program.returncode == 0, errors
    return json.loads(said), said + errors


@pytest.fixture(scope="module", params=["thread", "loop", "own-loop", "uvloop"])
def ended(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    """Return what a program with all hostile checks says, for each way to ask."""
    return run(request.param)


Ended = tuple[dict[str, Any], str]


@pytest.mark.semantics(10, 11, 13, 15, 16, 18, 23, "L1", "L5", "L7")
def test_every_hostile_check_has_a_bad_result_and_the_others_pass(ended: Ended) -> None:
    said, _ = ended
    first = said["checks"][0]

    assert list(first) == list(CHECKS)
    assert {name for name, (verdict, *_) in first.items() if verdict == "passed"} == PASSING
    late = {name for name, (_, ending, _) in first.items() if ending == "timed_out"}
    assert late >= LATE - {"blocks_loop"}
    assert said["statuses"] == ["unhealthy", "unhealthy"]


@pytest.mark.semantics(17, 22, 23, "L1")
def test_the_answer_comes_long_before_its_deadline(ended: Ended) -> None:
    said, _ = ended

    # Sixty times as much as it takes on a quiet machine, and a third of what it may.
    assert max(said["took_s"]) < 4.0


@pytest.mark.semantics(19, 23, "L2")
def test_what_hangs_is_not_begun_again(ended: Ended) -> None:
    said, _ = ended
    second = said["checks"][1]

    endings = {name: second[name][1] for name in (*HANGING, "swallows_on_loop")}
    assert set(endings.values()) == {"still_running"}
    # What lets itself be cancelled is about to end, or has ended, and was begun again.
    assert second["hangs_on_loop"][1] in ("still_running", "timed_out")
    assert re.match(r"Still running since \d\d:\d\d:\d\d UTC, ", second["hangs"][2])


@pytest.mark.semantics(19, 20, "L2")
def test_there_are_no_more_threads_than_what_hangs_and_the_pool(ended: Ended) -> None:
    said, _ = ended
    workers = said["threads"].count("allgreen check")

    assert said["stuck"] == len(HANGING) + 1  # and one that lets nobody cancel it
    assert workers <= len(HANGING) + POOL
    assert said["tasks"] <= workers + 3 + said["threads"].count("allgreen loop")


@pytest.mark.semantics(17, "L6")
def test_what_belongs_to_the_program_is_untouched(ended: Ended) -> None:
    said, _ = ended

    assert said["changed"] == []


@pytest.mark.semantics(57, "L11")
def test_the_secret_is_in_no_output(ended: Ended) -> None:
    said, written = ended

    assert SECRET not in written
    assert not any(SECRET in output for output in said["outputs"])
    assert any("postgres://admin:***@" in output for output in said["outputs"])


@pytest.mark.semantics(15, 60, "L5")
def test_the_answer_is_json_of_a_reasonable_size(ended: Ended) -> None:
    said, _ = ended

    assert len(json.loads(said["outputs"][0])["checks"]) == len(CHECKS)
    assert said["brief"] <= 65_536


# Ends that are hard to come by --------------------------------------------------------------------


@pytest.mark.semantics(20, 24, "L1")
@pytest.mark.parametrize("way", ["thread", "own-loop"])
def test_a_loop_of_our_own_that_is_blocked_for_ever_keeps_no_program_from_ending(way: str) -> None:
    said, _ = run(way, "blocks_loop_for_ever", "works_on_loop", "hangs_on_loop")

    first, second = said["checks"]
    assert first["blocks_loop_for_ever"][1] == "timed_out"
    assert second["blocks_loop_for_ever"][1] == "still_running"


@pytest.mark.semantics(11)
def test_a_task_of_a_check_that_exits_ends_no_loop_of_our_own() -> None:
    said, _ = run("thread", "exits_in_a_task", "works_on_loop")

    assert {check["works_on_loop"][0] for check in said["checks"]} == {"passed"}
    assert {check["exits_in_a_task"][0] for check in said["checks"]} == {"error"}


@pytest.mark.semantics(13, 23, "L1")
@pytest.mark.parametrize("way", ["cancelled", "leaving"])
def test_a_program_ends_while_checks_go_on_that_nobody_can_end(way: str) -> None:
    said, _ = run(way, "swallows_on_loop", "hangs_on_loop", "swallows", "works")

    assert said["checks"][0]["works"][0] == "passed"


@pytest.mark.semantics(12, "L1")
@pytest.mark.parametrize("way", ["interrupted", "interrupted-on-loop"])
def test_who_presses_ctrl_c_ends_a_program_whose_checks_hang(way: str) -> None:
    with start(way, "swallows", "swallows_on_loop", "hangs_on_loop") as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "asking\n"
            with pytest.raises(subprocess.TimeoutExpired):
                program.wait(TIMEOUT_S)
            program.send_signal(signal.SIGINT)
            program.wait(PATIENCE_S)
        finally:
            program.kill()

    # Its excepthook says nothing, so what is left of the interrupt is how the program ended.
    assert program.returncode in (1, 130, -signal.SIGINT)


@pytest.mark.semantics(27, "L13")
def test_a_child_of_a_program_whose_checks_hang_has_checks_of_its_own() -> None:
    said, _ = run("fork", "hangs", "swallows_on_loop", "hangs_on_loop", "works", "works_on_loop")

    for checks in said["checks"]:
        assert {checks[name][0] for name in PASSING} == {"passed"}
        assert checks["hangs"][1] in ("timed_out", "still_running")
    assert said["stuck"] == 2


# Many who ask -------------------------------------------------------------------------------------


@pytest.mark.semantics(28, "L8")
def test_a_thousand_who_ask_at_once_run_each_check_once() -> None:
    registry, runs = CheckRegistry(), dict.fromkeys(("thread", "loop"), 0)
    is_asked = threading.Event()

    @registry.check("In a thread", name="thread")
    def in_thread() -> None:
        runs["thread"] += 1
        is_asked.wait(PATIENCE_S)

    @registry.check("On a loop", name="loop")
    async def on_loop() -> None:
        runs["loop"] += 1
        while not is_asked.is_set():  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.01)

    runner = CheckRunner(registry, RunOptions(keep_good_for_s=0.0), environment="test")
    reports: list[Report] = []
    before = threading.active_count()

    async def ask() -> None:
        asking = [asyncio.create_task(runner.run_async()) for _ in range(500)]
        await asyncio.sleep(0)
        threads = [
            threading.Thread(target=lambda: reports.append(runner.run()), daemon=True)
            for _ in range(500)
        ]
        for thread in threads:
            thread.start()
        cells = runner._plan.cells.values()
        async with asyncio.timeout(PATIENCE_S):
            while any(len(cell.execution.waiters) < 1000 for cell in cells if cell.execution):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        is_asked.set()
        reports.extend(await asyncio.gather(*asking))
        for thread in threads:
            await asyncio.to_thread(thread.join)

    asyncio.run(ask())

    assert runs == {"thread": 1, "loop": 1}
    assert len(reports) == 1000
    assert {report.status for report in reports} == {"healthy"}
    assert threading.active_count() - before <= POOL + 2
