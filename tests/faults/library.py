"""L1 to L4, L7 and L8: checks inside of somebody's program hang, block, swallow, and are asked for."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allgreen.domain.report import Detail, Ending
from allgreen.domain.status import CheckVerdict
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.health.trial import FakeChecks
from allgreen.integrations.asgi import AsgiHealth, Receive, Scope, Send
from tests.faults.scenario import Report, Tell
from tests.integration.health.contained import TIMEOUT_S as CONTAINED_TIMEOUT_S
from tests.programs import Program

ROOT = Path(__file__).parents[2]
ANSWER_MAY_TAKE_S = 0.2
"""Longer than the timeout."""
EXIT_MAY_TAKE_S = 0.5
POOL = 8
LAG_MAY_GROW_S = 0.02
RUNS_MAY_BE = 2
SLOWEST_MAY_TAKE_S = 0.5
PATIENCE_S = 60.0

_HANGS = {
    "a thread that waits": ("thread", "hangs"),
    "a thread in a call of C": ("thread", "hangs_in_a_call"),
    "a thread that swallows everything": ("thread", "swallows"),
    "a coroutine": ("loop", "hangs_on_loop"),
    "a coroutine that swallows everything": ("loop", "swallows_on_loop"),
    "the same on uvloop": ("uvloop", "swallows_on_loop"),
    "the same while the program ends": ("cancelled", "swallows_on_loop"),
    "a coroutine on a loop of ours": ("thread", "swallows_on_loop"),
    "a coroutine that blocks a loop of ours": ("thread", "blocks_loop_for_ever"),
}
_ASGI = ("-m", "uvicorn", "--port", "{port}", "--factory", f"{__name__}:make_app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard a run is.

    Attributes:
        exits: How often each program that hangs is ended.
        sleep_s: For how long a check sleeps while the loop of the program is watched.
    """

    exits: int = 10
    runs: int = 1000
    sleep_s: float = 5.0
    requests: int = 1000


def run(tell: Tell) -> Report:
    """Do all of it as hard as it was promised."""
    return _run(Plan(), tell)


def run_short(tell: Tell) -> Report:
    """Do the same for less time."""
    return _run(Plan(exits=1, runs=100, sleep_s=1.0, requests=200), tell)


def _run(plan: Plan, tell: Tell) -> Report:
    figures: list[str] = []
    faults: list[str] = []
    for work in (_end_programs, _run_again, _watch_a_loop, _hold_the_gil, _swallow, _ask_at_once):
        report = work(plan)
        for line in (*report.figures, *report.faults):
            tell(line)
        figures += report.figures
        faults += report.faults
    return Report(figures=tuple(figures), faults=tuple(faults))


# L1 -----------------------------------------------------------------------------------------------


def _end_programs(plan: Plan) -> Report:
    """End programs whose checks hang, in all ways that a check can."""
    figures, faults = [], []
    for kind, (way, check) in _HANGS.items():
        measured = [_end_one(way, check) for _ in range(plan.exits)]
        answer_s, exit_s = (max(column) for column in zip(*measured, strict=True))
        figures.append(
            f"L1, {kind}: answered {answer_s * 1000:.0f} ms after the timeout, "
            f"ended {exit_s * 1000:.0f} ms after its last line, at most"
        )
        if answer_s > ANSWER_MAY_TAKE_S:
            faults.append(f"L1: {kind} is told {answer_s:.2f} s after its timeout")
        if exit_s > EXIT_MAY_TAKE_S:
            faults.append(f"L1: {kind} keeps a program from ending for {exit_s:.2f} s")
    return Report(figures=tuple(figures), faults=tuple(faults))


def _end_one(way: str, check: str) -> tuple[float, float]:
    """Return how long the answer took after the timeout, and the end after the last line."""
    command = [sys.executable, "-m", "tests.integration.health.contained", way, check]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        said = json.loads(program.stdout.readline())
        began_s = time.perf_counter()
        killer = threading.Timer(PATIENCE_S, program.kill)
        killer.start()
        program.wait()  # without a limit, with which it would look now and then
        exit_s = time.perf_counter() - began_s
        killer.cancel()
    return max(0.0, said["took_s"][0] - CONTAINED_TIMEOUT_S), exit_s


# L2 -----------------------------------------------------------------------------------------------


def _run_again(plan: Plan) -> Report:
    """Ask again and again for checks that hang."""
    fakes, registry = FakeChecks(), CheckRegistry()
    hanging: list[Any] = [fakes.hang(), fakes.hang(), fakes.hang_on_loop()]
    for number, check in enumerate(hanging):
        registry.check("It hangs", name=f"hangs {number}", timeout=0.05)(check)
    runner = CheckRunner(registry, RunOptions(keep_good_for_s=0, keep_bad_for_s=0))
    before, most, endings = _count_threads(), 0, set()
    for _ in range(plan.runs):
        report = runner.run()
        endings |= {result.ending for result in report.results[:2]}
        most = max(most, _count_threads() - before)
    begun = [check.runs for check in hanging[:2]]
    fakes.release()
    figure = (
        f"L2: {plan.runs} runs of 2 threads and 1 coroutine that hang: "
        f"{most} threads more at most, begun {max(begun)} times each"
    )
    return Report(
        figures=(figure,),
        faults=(
            *([f"L2: {most} threads"] if most > POOL + 2 else []),
            *([f"L2: begun {begun} times"] if begun != [1, 1] else []),
            *([f"L2: it says {endings}"] if endings != _LATE else []),
        ),
    )


_LATE = {Ending.TIMED_OUT, Ending.STILL_RUNNING}


def _count_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


# L3 -----------------------------------------------------------------------------------------------


def _watch_a_loop(plan: Plan) -> Report:
    """Measure how late a loop turns while a check blocks its thread, or the loop itself."""
    quiet = asyncio.run(_measure_lag(plan.sleep_s, lambda: None))
    loud = asyncio.run(_measure_lag(plan.sleep_s, lambda: time.sleep(plan.sleep_s)))
    grown = _p99(loud) - _p99(quiet)
    note = asyncio.run(_block_a_loop())
    figure = (
        f"L3: a loop is {_p99(quiet) * 1000:.1f} ms late (p99), and {_p99(loud) * 1000:.1f} ms "
        f"while a check sleeps for {plan.sleep_s:g} s in its thread"
    )
    named = f"L3: of a coroutine that blocks its loop for 0.5 s the report says: {note!r}"
    return Report(
        figures=(figure, named),
        faults=(
            *([f"L3: the loop is {grown * 1000:.0f} ms later"] if grown > LAG_MAY_GROW_S else []),
            *([] if note else ["L3: who blocks the loop is not named"]),
        ),
    )


async def _measure_lag(for_s: float, check: Callable[[], object]) -> list[float]:
    """Return by how much each of many sleeps was too long while a check runs."""
    registry = CheckRegistry()
    registry.check("It sleeps", name="sleeps")(check)
    asking = asyncio.create_task(CheckRunner(registry).run_async())
    lags, until = [], time.perf_counter() + for_s
    while (began_s := time.perf_counter()) < until:
        await asyncio.sleep(0.002)
        lags.append(time.perf_counter() - began_s - 0.002)
    await asking
    return lags


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


async def _block_a_loop() -> str:
    fakes, registry = FakeChecks(), CheckRegistry()
    registry.check("It blocks", name="blocks")(fakes.block(0.5))
    return (await CheckRunner(registry).run_async()).results[0].note


# L4 -----------------------------------------------------------------------------------------------


def _hold_the_gil(plan: Plan) -> Report:
    """Run an expression that takes for ever, and lets no other thread do anything meanwhile."""
    length = 16
    while _search(length) < 1.0:
        length += 1
    registry = CheckRegistry()
    registry.check("It searches", name="searches", timeout=0.2)(lambda: _search(length) and None)
    result = CheckRunner(registry).run().results[0]
    figure = (
        f"L4: a check that holds the interpreter for {result.duration_ms / 1000:.1f} s with a "
        f"timeout of 0.2 s cannot be interrupted; the answer then is: {result.message!r}"
    )
    return Report(
        figures=(figure,),
        faults=() if result.is_bad else ("L4: what took too long has passed",),
    )


def _search(length: int) -> float:
    began_s = time.perf_counter()
    re.match("(a+)+$", "a" * length + "b")
    return time.perf_counter() - began_s


# L7 -----------------------------------------------------------------------------------------------


def _swallow(plan: Plan) -> Report:
    """Run a check that lets nothing stop it, and then says that all is well."""
    is_done = threading.Event()

    def swallows() -> bool:
        until = time.perf_counter() + 0.6
        while time.perf_counter() < until:
            try:
                time.sleep(0.01)
            except BaseException:  # noqa: BLE001 - that is what it does
                continue
        is_done.set()
        return True

    registry = CheckRegistry()
    registry.check("It swallows", name="swallows", timeout=0.2)(swallows)
    runner = CheckRunner(registry, RunOptions(keep_good_for_s=0, keep_bad_for_s=0))
    results = []
    while not is_done.is_set():
        results.append(runner.run().results[0])
    passed = [result for result in results if result.verdict is CheckVerdict.PASSED]
    return Report(
        figures=(f"L7: a check that swallows its timeout: {len(passed)} of {len(results)} passed",),
        faults=("L7: it passed after its timeout",) if passed else (),
    )


# L8 -----------------------------------------------------------------------------------------------


def make_app() -> AsgiHealth:
    """Make a program with one check in a thread and one on the loop, which take a moment."""
    registry, runs = CheckRegistry(), {"thread": 0, "loop": 0}

    @registry.check("In a thread", name="thread")
    def in_thread() -> tuple[bool, str]:
        runs["thread"] += 1
        time.sleep(0.05)
        return True, str(runs["thread"])

    @registry.check("On a loop", name="loop")
    async def on_loop() -> tuple[bool, str]:
        runs["loop"] += 1
        await asyncio.sleep(0.05)
        return True, str(runs["loop"])

    options = EndpointOptions(
        environment="production", access=Access(networks={"127.0.0.1": Detail.FULL})
    )
    return AsgiHealth(_greet, HealthEndpoint(CheckRunner(registry), options))


async def _greet(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything else."""
    if scope["type"] != "http":
        raise RuntimeError("only HTTP is spoken here")
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _ask_at_once(plan: Plan) -> Report:
    """Ask a program for its health a thousand times at once."""
    with (
        tempfile.TemporaryDirectory(prefix="allgreen-library-") as folder,
        Program((*_ASGI, "--log-level", "warning"), Path(folder) / "log") as program,
    ):
        before = _count_threads_of(program)
        answers = asyncio.run(_ask(program.port, plan.requests))
        threads = _count_threads_of(program) - before
    took = [took_s for took_s, _ in answers]
    runs = max(max(map(int, runs)) for _, runs in answers)
    slowest_s = _p99(took)
    figure = (
        f"L8: {plan.requests} requests at once: each check ran {runs} times at most, "
        f"p99 {slowest_s * 1000:.0f} ms, {threads} threads more"
    )
    return Report(
        figures=(figure,),
        faults=(
            *([f"L8: a check ran {runs} times"] if runs > RUNS_MAY_BE else []),
            *([f"L8: p99 is {slowest_s:.2f} s"] if slowest_s > SLOWEST_MAY_TAKE_S else []),
            *([f"L8: {threads} threads more"] if threads > POOL + 1 else []),
        ),
    )


def _count_threads_of(program: Program) -> int:
    return len(list(Path(f"/proc/{program.process.pid}/task").iterdir()))


async def _ask(port: int, count: int) -> list[tuple[float, list[str]]]:
    """Return of each of many requests at once how long it took, and how often checks had run."""
    begin = asyncio.Event()
    asking = [asyncio.create_task(_ask_one(port, begin)) for _ in range(count)]
    await asyncio.sleep(0)
    begin.set()
    return await asyncio.gather(*asking)


async def _ask_one(port: int, begin: asyncio.Event) -> tuple[float, list[str]]:
    await begin.wait()
    began_s = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthcheck?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    took_s = time.perf_counter() - began_s
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise RuntimeError(f"the health page does not answer: {head[:100]!r}")
    checks: list[dict[str, Any]] = json.loads(body)["checks"]
    return took_s, [check["message"] for check in checks]
