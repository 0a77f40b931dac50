"""The library inside of a program, against its peers, each in an environment of its own.

In each round every package does every task in a process of its own, pinned to one core; what is
compared is CPU, round by round. Only how soon a hang is told and how long a write takes are times.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2

from bench.cached import TOKEN
from bench.peers.checks import COUNTS
from bench.peers.environments import LOCKS, OURS, ROOT, EnvironmentMissingError, provide
from bench.ratio import Ratio
from bench.serving import cost_of_server

# "bare" and "starter" are plain Python, and live in our environment.
_TASKS: Final[Mapping[str, tuple[str, ...]]] = {
    "sync": ("ours", "allgreen", "django-health-check", "fastapi-health", "dockerflow", "bare"),
    "async": (
        "ours", "allgreen", "starter", "django-health-check", "fastapi-health", "dockerflow", "bare",
    ),
    "probe": ("ours", "allgreen-fastapi", "fastapi-health"),
    "page": ("ours", "allgreen-fastapi"),
    "memory": ("ours", "allgreen", "django-health-check", "fastapi-health", "dockerflow", "bare"),
    "hang": ("ours",),
    "write": ("ours",),
}  # fmt: skip
_IMPORTS: Final = ("ours", "allgreen", "allgreen-fastapi")
_STARTS: Final = 10
"""Interpreters that are started for one figure."""
_NAMES: Final = {
    "allgreen": "allgreen 1.1.0",
    "allgreen-fastapi": "allgreen 1.1.0 with FastAPI",
    "starter": "asyncio.wait_for for each, as starters of FastAPI do",
    "fastapi-health": "fastapi-health (no timeouts)",
    "dockerflow": "dockerflow (no timeouts)",
    "bare": "bare calls (no protection)",
}
_MEBIBYTE_KIB: Final = 1024
_SERVED: Final = {
    "healthcheck": "/healthcheck",
    "livez": "/livez",
    "readyz": "/readyz",
    "details": f"/healthcheck?format=json&token={TOKEN}",
}
_TIMEOUT_S: Final = 300
_BURSTS: Final = 10
_IN_A_BURST: Final = 300
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder without a disk, where there is one


@dataclass(slots=True)
class _Contest:
    """What every package cost in every round.

    Attributes:
        pythons: The interpreter of each environment.
        missing: Why an environment is not there.
        costs: By task, package and figure.
    """

    pythons: dict[str, Path] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    costs: defaultdict[tuple[str, str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def python_of(self, package: str) -> Path | None:
        """Return the interpreter in whose environment a package is; `None` when there is none."""
        return self.pythons.get(package if package in LOCKS else OURS)

    def of(self, task: str, package: str, figure: str | int) -> list[float]:
        """Return a figure of every round; nothing when it was not measured."""
        return self.costs.get((task, package, str(figure)), [])


def run(rounds: int) -> list[Ratio]:
    """Measure `rounds` interleaved rounds of every package that can be installed."""
    contest = _Contest()
    for name in (OURS, *LOCKS):
        try:
            contest.pythons[name] = provide(name)
        except EnvironmentMissingError as error:
            contest.missing[name] = str(error)
    with (
        tempfile.TemporaryDirectory(dir=ROOT / ".dev") as disk,
        tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as memory,
        _serve("bench.hello") as hello,
        _serve("bench.cached") as cached,
    ):
        for _ in range(rounds):
            _run_round(contest, (disk, memory))
            _ask_servers(contest, hello, cached)
    return list(_compare(contest))


def _run_round(contest: _Contest, folders: Sequence[str]) -> None:
    for task, packages in _TASKS.items():
        for package in packages:
            python = contest.python_of(package)
            if python is None:
                continue
            words = [package, task, *(folders if task == "write" else ())]
            printed = _output([python, "-s", "-E", "-m", "bench.peers.contest", *words])
            for figure, cost in json.loads(printed).items():
                contest.costs[task, package, figure].append(cost)
    for package in _IMPORTS:
        python = contest.python_of(package)
        if python is not None:
            _measure_import(contest, package, python)


def _measure_import(contest: _Contest, package: str, python: Path) -> None:
    """Note CPU in milliseconds, and memory in KiB, of an import over an interpreter alone."""
    costs: dict[str, list[float]] = {"pass": [], "from allgreen import check": []}
    memory: dict[str, float] = {}
    for _ in range(_STARTS):
        for line, found in costs.items():
            begin = _cpu_of_children_s()
            _output([python, "-I", "-c", line])
            found.append((_cpu_of_children_s() - begin) * 1000)
    for line in costs:
        memory[line] = float(_output([python, "-I", "-c", f"{line}\n{_TELL_MEMORY}"]))
    (alone, loaded), (alone_kib, loaded_kib) = costs.values(), memory.values()
    took_ms = statistics.median(b - a for a, b in zip(alone, loaded, strict=True))
    contest.costs["import", package, "ms"].append(took_ms)
    contest.costs["import", package, "kib"].append(loaded_kib - alone_kib)


_TELL_MEMORY: Final = (
    "import os; f = open('/proc/self/statm'); "
    "print(int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1024)"
)


def _output(command: list[str | Path]) -> str:
    """Run a contestant on its core and return what it prints."""
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=ROOT, preexec_fn=_pin, check=True, timeout=_TIMEOUT_S,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ).stdout  # fmt: skip


def _pin() -> None:
    """Keep a child on one core, which is not that of the servers where there are more."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# The cached answer, under a real server --------------------------------------------------------

_Server = tuple[int, httpx2.Client]


@contextmanager
def _serve(module: str) -> Iterator[_Server]:
    """Start a server on the core of the targets, and connect to it."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
                yield process.pid, client
        finally:
            process.terminate()


def _ask_servers(contest: _Contest, hello: _Server, cached: _Server) -> None:
    asked = {"hello": (hello, "/"), **{name: (cached, path) for name, path in _SERVED.items()}}
    costs = dict.fromkeys(asked, 0.0)
    for _ in range(_BURSTS):  # in turn, so that what else the machine does meets all of them
        for name, (server, path) in asked.items():
            server[1].get(path).raise_for_status()
            costs[name] += cost_of_server(*server, path, _IN_A_BURST) / _BURSTS
    for name, cost in costs.items():
        contest.costs["served", name, "us"].append(cost * 1e6)


# What comes of it ------------------------------------------------------------------------------


def _compare(contest: _Contest) -> Iterator[Ratio]:
    yield from _compare_runs(contest, "G1", "sync", {("allgreen", 100): 100, ("allgreen", 10): 30})
    yield from _compare_runs(contest, "G2", "async", {("allgreen", 100): 4, ("starter", 100): 4})
    yield _judge_hangs(contest)
    yield from _compare_writes(contest)
    yield from _compare_answers(contest)
    yield from _judge_imports(contest)
    yield from _compare_memory(contest)
    yield from _judge_page(contest)


def _compare_runs(
    contest: _Contest, goal: str, task: str, bars: Mapping[tuple[str, int], float]
) -> Iterator[Ratio]:
    for package in _TASKS[task][1:]:
        # Nothing is cheaper than nothing: there the question is how much dearer ours is.
        is_floor = package == "bare"
        for count in COUNTS:
            sides = f"ours / {_name(package)}" if is_floor else f"{_name(package)} / ours"
            what = f"{task}, {count:,} check{'' if count == 1 else 's'}: {sides}"
            yield _of_costs(
                contest,
                (goal, what, bars.get((package, count))),
                (task, package, count),
                (task, OURS, count),
                unit="µs of CPU per check",
                at_most=is_floor,
            )


def _judge_hangs(contest: _Contest) -> Ratio:
    kinds = [found for (task, _, _), found in contest.costs.items() if task == "hang"]
    worst = [max(of_round) for of_round in zip(*kinds, strict=True)]
    return Ratio(
        id="G3",
        what="report of a check that hangs / its timeout, the worst of four kinds",
        ratio=statistics.median(worst),
        bar=1.05,
        at_most=True,
    )


def _compare_writes(contest: _Contest) -> Iterator[Ratio]:
    what = "write of a file / bare temp + rename"
    for words, ours, baseline, bar in (
        (what, "ours", "bare", 1.1),
        (f"{what}, both with fsync of file and folder", "ours, synced", "bare, synced", 1.1),
        ("the whole heartbeat / bare, with the same fsync", "heartbeat", "bare, synced", 1.1),
    ):
        keys = ("write", OURS, baseline), ("write", OURS, ours)
        yield _of_costs(contest, ("G4", words, bar), *keys, unit="µs", at_most=True)


def _compare_answers(contest: _Contest) -> Iterator[Ratio]:
    for name, path in _SERVED.items():
        shown = path.partition("?")[0] + (", all details in JSON" if name == "details" else "")
        yield _of_costs(
            contest,
            ("G5", f"cached {shown} / raw ASGI hello", None if name == "details" else 2.0),
            ("served", "hello", "us"),
            ("served", name, "us"),
            unit="µs of CPU under uvicorn",
            at_most=True,
        )
    for package in _TASKS["probe"][1:]:
        goal = ("G5", f"probe of 10 checks: {_name(package)} / ours, cached", None)
        keys = ("probe", package, "probe"), ("probe", OURS, "probe")
        yield _of_costs(contest, goal, *keys, unit="µs of CPU without a server")


def _judge_imports(contest: _Contest) -> Iterator[Ratio]:
    for package in _IMPORTS:
        is_ours = package == OURS
        for figure, unit, bar, scale in (("ms", "ms", 15, 1), ("kib", "MiB", 2, _MEBIBYTE_KIB)):
            found = contest.of("import", package, figure)
            yield Ratio(
                id="G6",
                what=f"import over a bare interpreter, {unit}: {_name(package)}",
                ratio=statistics.median(found) / scale if found else None,
                bar=bar if is_ours else None,
                at_most=True,
                note=_why_missing(contest, package),
            )


def _compare_memory(contest: _Contest) -> Iterator[Ratio]:
    alone = contest.of("memory", "bare", "kib")
    for package in _TASKS["memory"][:-1]:
        found = contest.of("memory", package, "kib")
        more = [kib - floor for kib, floor in zip(found, alone, strict=False)]
        yield Ratio(
            id="memory",
            what=f"100 checks, run once, over bare asyncio, MiB: {_name(package)}",
            ratio=statistics.median(more) / _MEBIBYTE_KIB if more else None,
            bar=None,
            note=_why_missing(contest, package),
        )


def _judge_page(contest: _Contest) -> Iterator[Ratio]:
    ours = contest.of("page", OURS, "page")
    yield Ratio(
        id="G7",
        what="HTML page of 100 checks, ms of CPU",
        ratio=statistics.median(ours) / 1000,
        bar=1.0,
        at_most=True,
    )
    goal = ("G7", f"HTML page of 100 checks: {_name('allgreen-fastapi')} / ours", None)
    keys = ("page", "allgreen-fastapi", "page"), ("page", OURS, "page")
    yield _of_costs(contest, goal, *keys, unit="µs of CPU")


_Key = tuple[str, str, str | int]


def _of_costs(
    contest: _Contest,
    goal: tuple[str, str, float | None],
    baseline: _Key,
    ours: _Key,
    *,
    unit: str,
    at_most: bool = False,
) -> Ratio:
    theirs, mine = contest.of(*baseline), contest.of(*ours)
    note = _why_missing(contest, baseline[1])
    if theirs and mine:
        note = f"{statistics.median(theirs):.1f} against {statistics.median(mine):.1f} {unit}"
    return Ratio.of_costs(goal, baseline=theirs, ours=mine, at_most=at_most, note=note)


def _why_missing(contest: _Contest, package: str) -> str:
    reason = contest.missing.get(package)
    return f"could not be installed: {reason}" if reason else ""


def _name(package: str) -> str:
    return _NAMES.get(package, package)
