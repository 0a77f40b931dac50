"""What one package costs: ``python -m bench.peers.contest PACKAGE TASK [FOLDER …]`` prints JSON.

It is run by the interpreter of the package's own environment. Costs are microseconds of CPU (user
and system, all threads) unless a task says otherwise.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.peers.checks import COUNTS, ON_PAGE
from bench.peers.contestants import ASYNC, IN_THREADS, PAGES, PROBES, SYNC, Run, RunAsync
from bench.peers.ourselves import measure_hangs, measure_writes

_ENOUGH_S: Final = 0.05
"""So much CPU is spent on one figure at least."""


def main(package: str, task: str, *rest: str) -> None:
    """Do one task and print what it cost."""
    if task == "sync":
        found = _per_check(SYNC, IN_THREADS, package)
    elif task == "async":
        found = _per_check({}, ASYNC, package)
    elif task == "probe":
        found = {"probe": _cost_on_loop(PROBES[package]())}
    elif task == "page":
        found = {"page": _cost(PAGES[package]())}
    elif task == "memory":
        found = _measure_memory(package)
    elif task == "hang":
        found = measure_hangs()
    else:
        found = measure_writes(*map(Path, rest))
    print(json.dumps(found))


def _per_check(
    sync: dict[str, Callable[[int], Run]],
    on_loop: dict[str, Callable[[int], RunAsync]],
    package: str,
) -> dict[str, float]:
    if package in sync:
        return {str(count): _cost(sync[package](count)) / count for count in COUNTS}
    return {str(count): _cost_on_loop(on_loop[package](count)) / count for count in COUNTS}


def _cost(run: Run) -> float:
    """Return microseconds for one call, over so many calls that the clock is exact enough."""
    times, cost = 1, 0.0
    while cost < _ENOUGH_S:
        times *= 2
        begin = time.process_time()
        for _ in range(times):
            run()
        cost = time.process_time() - begin
    return cost / times * 1e6


def _cost_on_loop(run: RunAsync) -> float:
    async def measure() -> float:
        times, cost = 1, 0.0
        while cost < _ENOUGH_S:
            times *= 2
            begin = time.process_time()
            for _ in range(times):
                await run()
            cost = time.process_time() - begin
        return cost / times * 1e6

    return asyncio.run(measure())


def _measure_memory(package: str) -> dict[str, float]:
    """Return KiB of memory after a hundred checks were defined and run once."""
    if package in SYNC:
        SYNC[package](ON_PAGE)()
    elif package in ASYNC:
        run = ASYNC[package](ON_PAGE)

        async def once() -> None:
            await run()

        asyncio.run(once())
    return {"kib": _resident_kib()}


def _resident_kib() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
