"""A program whose checks are hostile: run with a way to ask, it says what it saw, and ends.

Usage: ``python -m tests.integration.health.contained WAY [CHECK ...]``
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from allgreen.domain.report import Detail, Report
from allgreen.exporters.negotiation import ALL
from allgreen.health.expectation import expect
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.rendering import render

SECRET = "hunter2-is-known-to-nobody"
ADDRESS = f"postgres://admin:{SECRET}@db.internal/orders"
TIMEOUT_S = 0.3
POOL = 8


# Checks that do harm ------------------------------------------------------------------------------


def hangs() -> None:
    threading.Event().wait()


def hangs_in_a_call() -> None:
    time.sleep(3600)


def hangs_in_a_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def swallows() -> None:
    while True:
        try:
            threading.Event().wait()
        except BaseException:  # noqa: BLE001 - that is what it does
            continue


async def hangs_on_loop() -> None:
    await asyncio.Event().wait()


async def swallows_on_loop() -> None:
    while True:
        try:
            await asyncio.sleep(3600)
        except BaseException:  # noqa: BLE001 - that is what it does
            continue


async def blocks_loop() -> None:
    time.sleep(0.5)  # noqa: ASYNC251 - that is what it does


async def blocks_loop_for_ever() -> None:
    while True:
        try:
            threading.Event().wait()
        except BaseException:  # noqa: BLE001 - that is what it does
            continue


def exits() -> NoReturn:
    sys.exit(f"with {ADDRESS}")


async def exits_on_loop() -> NoReturn:
    sys.exit(3)


async def exits_in_a_task() -> None:
    async def leave() -> NoReturn:
        sys.exit(3)

    await asyncio.gather(leave())


def interrupts() -> NoReturn:
    raise KeyboardInterrupt


def closes() -> NoReturn:
    raise GeneratorExit


def cancels() -> NoReturn:
    raise asyncio.CancelledError


async def cancels_on_loop() -> None:
    raise asyncio.CancelledError


def recurses() -> None:
    recurses()


def uses_all_memory() -> NoReturn:
    raise MemoryError


class StrExitsError(Exception):
    def __str__(self) -> str:
        raise SystemExit


def has_no_text() -> NoReturn:
    raise StrExitsError


def says_too_much() -> NoReturn:
    raise ValueError(f"{ADDRESS} " * 200_000)


def says_what_cannot_be_written() -> NoReturn:
    raise ValueError("\ud800 \x00 \x1b[2J \u202e </script>")


def says_many_things() -> NoReturn:
    raise BaseExceptionGroup("all", [SystemExit(ADDRESS), ValueError(ADDRESS)])


def tells_the_secret() -> NoReturn:
    password = SECRET
    raise ConnectionError(f"cannot connect to {ADDRESS} with password={password!r}")


def returns_the_secret() -> tuple[bool, str, dict[str, object]]:
    return False, ADDRESS, {"dsn": ADDRESS, "password": SECRET, "nested": [{"token": SECRET}]}


class ReprTellsTheSecret:
    def __repr__(self) -> str:
        return f"<Connection to {ADDRESS}>"


def compares_the_secret() -> None:
    expect(ReprTellsTheSecret()).to_eq(1)


def forgets_to_compare() -> None:
    expect(1)


def generates() -> object:
    return (number for number in range(3))


def works() -> None:
    """Do no harm."""


async def works_on_loop() -> None:
    """Do no harm."""


CHECKS: dict[str, Callable[[], Any]] = {
    check.__name__: check
    for check in (
        hangs, hangs_in_a_call, hangs_in_a_lock, swallows, hangs_on_loop, swallows_on_loop,
        blocks_loop, exits, exits_on_loop, interrupts, closes, cancels, cancels_on_loop, recurses,
        uses_all_memory, has_no_text, says_too_much, says_what_cannot_be_written, says_many_things,
        tells_the_secret, returns_the_secret, compares_the_secret, forgets_to_compare, generates,
        works, works_on_loop,
    )
}  # fmt: skip
HANGING = ("hangs", "hangs_in_a_call", "hangs_in_a_lock", "swallows")
OTHERS: dict[str, Callable[[], Any]] = {
    check.__name__: check for check in (blocks_loop_for_ever, exits_in_a_task)
}


# The program --------------------------------------------------------------------------------------


def main(way: str, names: Sequence[str]) -> None:
    """Ask in one of the ways; say what came of it, as JSON."""
    wanted = [name for name in names if not name.startswith("-")] or list(CHECKS)
    registry = CheckRegistry()
    for name in wanted:
        check = (CHECKS | OTHERS)[name]
        registry.check(f"It {name}", name=name, timeout=TIMEOUT_S)(check)
    settle_in()
    before = look_around()
    runner = CheckRunner(
        registry,
        RunOptions(
            concurrency=POOL, keep_good_for_s=0.0, keep_bad_for_s=0.0, own_loop=way == "own-loop"
        ),
        environment="development",
    )
    reports = WAYS[way](runner)
    said = {
        "took_s": [report.duration_ms / 1000 for report in reports],
        "checks": [
            {each.name: [each.verdict, each.ending, each.message] for each in report.results}
            for report in reports
        ],
        "statuses": [report.status for report in reports],
        "outputs": [output.decode("utf-8") for output in show(reports[-1])],
        "brief": len(render(without_traces(reports[-1]), ALL[0], Detail.FULL, http_status=503)),
        "stuck": runner.stuck,
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "tasks": len(list(Path("/proc/self/task").iterdir())),
        "changed": [key for key, value in look_around().items() if value != before[key]],
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def show(report: Report) -> list[bytes]:
    """Return a report in every format, with all that may be seen."""
    return [render(report, each, Detail.FULL, http_status=503) for each in ALL]


def without_traces(report: Report) -> Report:
    """Return it as it is in production."""
    results = []
    for each in report.results:
        evidence = None if each.evidence is None else replace(each.evidence, traceback=None)
        results.append(each._replace(evidence=evidence))
    return report._replace(results=tuple(results))


def mine(*_: object) -> None:
    """Be a handler of the program."""


def say(*error: Any) -> None:
    """Be a hook of the program."""
    sys.__excepthook__(*error)


def settle_in() -> None:
    """Set what a program may set, so that it is seen when somebody else does."""
    for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, mine)
    signal.setitimer(signal.ITIMER_REAL, 3600.0)
    sys.excepthook = say
    threading.excepthook = mine
    sys.unraisablehook = mine
    warnings.simplefilter("error", FutureWarning)
    logging.basicConfig(level=logging.INFO, format="%(message)s")


def look_around() -> dict[str, object]:
    """Return what belongs to the program."""
    root = logging.getLogger()
    return {
        "signals": [signal.getsignal(each) for each in sorted(signal.valid_signals())],
        "timer": signal.getitimer(signal.ITIMER_REAL)[0] > 3000.0,
        "alarm": signal.getitimer(signal.ITIMER_REAL)[1],
        "wake-up": signal.set_wakeup_fd(-1),
        "hooks": (sys.excepthook, threading.excepthook, sys.unraisablehook),
        "logging": (root.level, list(root.handlers), logging.root.manager.disable),
        "warnings": list(warnings.filters),
        "policy": type(asyncio.get_event_loop_policy()),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), threading.stack_size()),
        "traces": (sys.gettrace(), sys.getprofile()),
        "folder": Path.cwd(),
    }


def ask_in_thread(runner: CheckRunner) -> list[Report]:
    return [runner.run(), runner.run()]


async def ask(runner: CheckRunner) -> list[Report]:
    return [await runner.run_async(), await runner.run_async()]


def ask_on_loop(runner: CheckRunner) -> list[Report]:
    return asyncio.run(ask(runner))


def ask_on_uvloop(runner: CheckRunner) -> list[Report]:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        return loop.run(ask(runner))


def ask_and_be_cancelled(runner: CheckRunner) -> list[Report]:
    """End while a report is on its way: the loop cancels who asked, as a server does."""

    async def leave() -> None:
        asking = asyncio.create_task(runner.run_async())
        await asyncio.sleep(TIMEOUT_S / 3)
        assert not asking.done()

    asyncio.run(leave())
    return [runner.run()]


def ask_and_leave(runner: CheckRunner) -> list[Report]:
    """End while checks go on that have outlived their report."""

    async def leave() -> Report:
        return await runner.run_async(deadline_s=TIMEOUT_S / 3)

    return [asyncio.run(leave()), asyncio.run(leave())]


def ask_after_a_fork(runner: CheckRunner) -> list[Report]:
    """Ask in a child, whose parent has threads that hang, and a loop that turns."""
    runner.run()
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status))
    return [runner.run(), asyncio.run(runner.run_async())]


def wait_to_be_interrupted(runner: CheckRunner) -> list[Report]:
    """Ask until somebody presses Ctrl-C."""
    sys.stdout.write("asking\n")
    sys.stdout.flush()
    while True:
        runner.run(deadline_s=60.0)


def wait_to_be_interrupted_on_loop(runner: CheckRunner) -> list[Report]:
    """Do the same on a loop."""
    sys.stdout.write("asking\n")
    sys.stdout.flush()

    async def ask_for_ever() -> None:
        while True:
            await runner.run_async(deadline_s=60.0)

    asyncio.run(ask_for_ever())
    return []


WAYS: dict[str, Callable[[CheckRunner], list[Report]]] = {
    "thread": ask_in_thread,
    "loop": ask_on_loop,
    "own-loop": ask_on_loop,
    "uvloop": ask_on_uvloop,
    "cancelled": ask_and_be_cancelled,
    "leaving": ask_and_leave,
    "fork": ask_after_a_fork,
    "interrupted": wait_to_be_interrupted,
    "interrupted-on-loop": wait_to_be_interrupted_on_loop,
}

if __name__ == "__main__":
    # As at a terminal: whoever started the tests may have had it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(sys.argv[1], sys.argv[2:])
