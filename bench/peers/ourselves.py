"""What is measured of ours alone: its parts for the contest, hangs, and the heartbeat file.

Everything of ours is imported where it is used: other packages are measured without it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.peers.checks import ON_PAGE, TIMEOUT_S, pass_at_once

HANGS_S: Final = 1.0
"""The timeout of a check that hangs."""
_WRITES: Final = 100


def make_runner(count: int, function: Callable[[], object], *, is_kept: bool = False) -> Any:
    """Return a runner of so many checks, which runs them each time unless results are kept."""
    registry = import_module("allgreen.health.registry").CheckRegistry()
    for number in range(count):
        registry.check(f"Part {number} works", name=f"part_{number}", timeout=TIMEOUT_S)(function)
    runner = import_module("allgreen.health.running.runner")
    kept = runner.RunOptions()
    anew = runner.RunOptions(keep_good_for_s=0.0, keep_bad_for_s=0.0)
    return runner.CheckRunner(registry, kept if is_kept else anew, environment="production")


def make_report() -> Any:
    """Return a report of the usual kind: most checks pass, and those that do not say why."""
    status = import_module("allgreen.domain.status")
    expectation = import_module("allgreen.health.expectation")
    registry = import_module("allgreen.health.registry").CheckRegistry()

    def fail() -> None:
        expectation.expect(503).to_eq(200)

    def measure() -> Any:
        healthy = status.HealthStatus.HEALTHY
        return status.ComponentStatus("", healthy, "312 of 500 used", metadata={"used": 312})

    for number in range(ON_PAGE):
        function = fail if number % 20 == 0 else measure if number % 4 == 1 else pass_at_once
        registry.check(
            f"Part {number} of the program works",
            name=f"part_{number}",
            critical=number % 40 == 0,
        )(function)
    runner = import_module("allgreen.health.running.runner")
    return runner.CheckRunner(registry, application="Nordlys", version="4.12.0").run()


def measure_hangs() -> dict[str, float]:
    """Return after how many timeouts each kind of check that hangs was reported.

    Raises:
        RuntimeError: It was reported as something else.
    """
    registry_of = import_module("allgreen.health.registry")
    runner_of = import_module("allgreen.health.running.runner")
    found = {}
    for name, function in _HANGS.items():
        registry = registry_of.CheckRegistry()
        registry.check(name, name=name, timeout=HANGS_S)(function)
        begin = time.perf_counter()
        report = runner_of.CheckRunner(registry).run()
        found[name] = (time.perf_counter() - begin) / HANGS_S
        if report.results[0].ending != "timed_out":
            raise RuntimeError(f"{name} was reported as {report.results[0].ending}")
    return found


def measure_writes(disk: Path, memory: Path) -> dict[str, float]:
    """Return microseconds of time, not of CPU, for one write of each kind, all in turn.

    Args:
        disk: A folder on a disk, for what is synced.
        memory: A folder without one, so that nothing hides what is ours.
    """
    files = import_module("allgreen.health.files")
    beat = _make_heartbeat(disk)
    beat()
    content = (disk / "health.json").read_bytes()
    kinds: dict[str, Callable[[], object]] = {
        "bare": lambda: _replace(memory / "bare.json", content, is_synced=False),
        "ours": lambda: files.write_atomically(memory / "ours.json", content, is_synced=False),
        "bare, synced": lambda: _replace(disk / "bare.json", content, is_synced=True),
        "ours, synced": lambda: files.write_atomically(disk / "ours.json", content),
        "heartbeat": beat,
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(_WRITES):
        for kind, write in kinds.items():
            write()  # what the kind before has left in the caches is of no use to this one
            begin = time.perf_counter()
            write()
            times[kind].append(time.perf_counter() - begin)
    return {kind: median(found) * 1e6 for kind, found in times.items()}


def _hang() -> None:
    threading.Event().wait()


async def _hang_on_loop() -> None:
    await asyncio.Event().wait()


async def _swallow_cancellation() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def _block_loop() -> None:
    threading.Event().wait(3 * HANGS_S)


_HANGS: Final[dict[str, Callable[[], object]]] = {
    "in a thread": _hang,
    "on the loop": _hang_on_loop,
    "deaf to its end": _swallow_cancellation,
    "blocking the loop": _block_loop,
}


def _make_heartbeat(folder: Path) -> Callable[[], None]:
    of = import_module("allgreen.health.heartbeat.file")
    status = import_module("allgreen.domain.status")
    writer = import_module("allgreen.health.heartbeat.writer").HeartbeatWriter(
        folder / "health.json", valid_s=None
    )
    writer.begin("4.12.0")
    life = (status.LifeSign.ONLINE, of.DatabaseState.CONNECTED, of.LifeState.RUNNING)
    return lambda: writer.write(*life)


def _replace(path: Path, content: bytes, *, is_synced: bool) -> None:
    """Replace a file with the least that is safe: by system calls alone."""
    temporary = f"{path}.tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(handle, content)
    if is_synced:
        os.fsync(handle)
    os.close(handle)
    os.rename(temporary, path)  # noqa: PTH104 - nothing may come on top
    if is_synced:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
