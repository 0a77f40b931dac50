"""L10: the heartbeat file among kills, a full disk and a database that hangs."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from allgreen.errors import HeartbeatUnreadableError
from allgreen.health.heartbeat.file import Heartbeat
from allgreen.health.heartbeat.service import HealthCheckService
from tests.faults.scenario import Report, Tell

TIMEOUT_S = 3.0
TIMEOUT_MAY_DIFFER_S = 0.2
DRIFT_MAY_BE_S = 0.02
AGE_MAY_BE = 1.5
"""Of the interval."""
WITHIN_S = 30.0

_OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
_WAIT = threading.Event()

_WRITER = """
import sys, threading
from allgreen.health.heartbeat.service import HealthCheckService
HealthCheckService(0.0001, sys.argv[1], version_file=None).start()
print(flush=True)
threading.Event().wait()
"""
_PLAIN_WRITER = """
import sys
content = open(sys.argv[1]).read()
print(flush=True)
while True:
    with open(sys.argv[1], "w") as file:
        file.write(content)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard a run is.

    Attributes:
        hang_s: For how long the database hangs.
        slots: How many heartbeats are watched for drift and age, half a second apart.
    """

    reads: int = 200_000
    kills: int = 500
    hang_s: float = 60.0
    slots: int = 120


@dataclass(slots=True)
class Readings:
    """What a reader found."""

    count: int = 0
    torn: int = 0
    contents: set[int] = field(default_factory=set)

    def read(self, path: Path) -> None:
        """Read once."""
        self.count += 1
        try:
            with path.open("rb") as file:
                self.contents.add(os.fstat(file.fileno()).st_mtime_ns)
                Heartbeat.parse(file.read())
        except HeartbeatUnreadableError:
            self.torn += 1


def run(tell: Tell) -> Report:
    """Kill writers 500 times, let the database hang for a minute, and fill a disk."""
    return _run(Plan(), tell)


def run_short(tell: Tell) -> Report:
    """Do the same for less time."""
    return _run(Plan(reads=20_000, kills=20, hang_s=5, slots=20), tell)


def _run(plan: Plan, tell: Tell) -> Report:
    figures: list[str] = []
    faults: list[str] = []
    not_run: list[str] = []
    with tempfile.TemporaryDirectory(prefix="allgreen-heartbeat-") as folder:
        for work in (_read_plain_files, _read_among_kills, _hang, _watch_the_clock, _fill_a_disk):
            report = work(Path(folder) / work.__name__.strip("_"), plan)
            for line in (*report.figures, *report.not_run, *report.faults):
                tell(line)
            figures += report.figures
            faults += report.faults
            not_run += report.not_run
    return Report(figures=tuple(figures), faults=tuple(faults), not_run=tuple(not_run))


def _read_plain_files(folder: Path, plan: Plan) -> Report:
    """Show that this reader finds what is torn where files are not replaced whole."""
    path = folder / "health.json"
    HealthCheckService(3600, path, version_file=None).start()
    readings = Readings()
    with _writing(_PLAIN_WRITER, path):
        for _ in range(plan.reads // 10):
            readings.read(path)
    return Report(
        figures=(f"a file that is written in place: {_torn(readings)}",),
        faults=() if readings.torn else ("the reader finds nothing torn where something is",),
    )


def _read_among_kills(folder: Path, plan: Plan) -> Report:
    """Read all the time while one writer writes on and the other one is killed."""
    path, dice, readings = folder / "health.json", random.Random(1), Readings()
    kills, most_left = 0, 0

    def kill_again_and_again() -> None:
        nonlocal kills, most_left
        while kills < plan.kills:
            with _writing(_WRITER, path):
                _WAIT.wait(dice.uniform(0, 0.03))
            kills += 1
            most_left = max(most_left, _leftovers(path))

    with _writing(_WRITER, path):
        killer = threading.Thread(target=kill_again_and_again)
        killer.start()
        while killer.is_alive() or readings.count < plan.reads:
            readings.read(path)
        killer.join()
    service = HealthCheckService(3600, path, version_file=None)
    service.start()
    service.stop()
    left = _leftovers(path)
    return Report(
        figures=(
            f"kills of one of two writers {kills}; {_torn(readings)} (goal: 0)",
            f"it was replaced {len(readings.contents)} times or more meanwhile",
            f"temporary files beside it: {most_left} at the most, {left} after the next start",
        ),
        faults=(
            *([f"{readings.torn} readings were torn"] if readings.torn else ()),
            *([f"{most_left} temporary files lay beside it"] if most_left > 3 else ()),
            *([f"{left} temporary files were left for ever"] if left else ()),
        ),
    )


def _hang(folder: Path, plan: Plan) -> Report:
    """Ask a server that takes connections and says nothing, then one that ends them."""
    path = folder / "health.json"
    faults: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[float] = []

        def ask() -> None:
            asked.append(time.perf_counter())
            with socket.create_connection(server.getsockname()) as connection:
                connection.recv(1)

        service = HealthCheckService(1, path, ask, version_file=None)
        service.start()
        told_after_s = _wait(path, "timeout") - asked[0]
        others = set[str]()
        until = time.perf_counter() + plan.hang_s
        while time.perf_counter() < until:
            others.add(Heartbeat.parse(path.read_bytes()).database.value)
            _WAIT.wait(0.01)
        count = len(asked)
        server.settimeout(0.1)
        while _state(path) != "connected":
            with suppress(TimeoutError):
                server.accept()[0].close()
        service.stop()
    if abs(told_after_s - TIMEOUT_S) > TIMEOUT_MAY_DIFFER_S:
        faults.append(f"a database that hangs was told after {told_after_s:.2f} s")
    if count != 1:
        faults.append(f"a database that hangs was asked {count} times")
    if others != {"timeout"}:
        faults.append(f"while it hung the file said {sorted(others)}")
    told = (
        f"a database that hangs for {plan.hang_s:g} s is told after {told_after_s:.3f} s "
        f"(goal: {TIMEOUT_S:g} ± {TIMEOUT_MAY_DIFFER_S:g}) and asked {count} time; it is "
        "connected once it answers"
    )
    return Report(figures=(told,), faults=tuple(faults))


def _watch_the_clock(folder: Path, plan: Plan) -> Report:
    """Let each heartbeat take some time, and look when they come and how old they get."""
    path, asked, ages = folder / "health.json", list[float](), list[float]()
    interval_s = 0.5

    def ask() -> None:
        asked.append(time.perf_counter())
        _WAIT.wait(0.02)

    service = HealthCheckService(interval_s, path, ask, version_file=None)
    service.start()
    while len(asked) < plan.slots:
        ages.append(_age_s(path))
        _WAIT.wait(0.005)
    service.stop()
    late = [at - asked[0] - number * interval_s for number, at in enumerate(asked)]
    drift_s, age_s = abs(sorted(late[-9:])[4] - sorted(late[:9])[4]), max(ages)
    told = (
        f"{plan.slots} heartbeats, {1000 * interval_s:g} ms apart and each of 20 ms: they "
        f"drift by {1000 * drift_s:.1f} ms (goal: {1000 * DRIFT_MAY_BE_S:g}); the oldest "
        f"content was {age_s / interval_s:.2f} intervals old (goal: {AGE_MAY_BE:g})"
    )
    return Report(
        figures=(told,),
        faults=(
            *([f"heartbeats drift by {drift_s:.3f} s"] if drift_s > DRIFT_MAY_BE_S else ()),
            *([f"the content was {age_s:.3f} s old"] if age_s > AGE_MAY_BE * interval_s else ()),
        ),
    )


def _fill_a_disk(folder: Path, plan: Plan) -> Report:
    """Fill a disk of 256 KiB under the writer, in a process with mounts of its own."""
    if shutil.which(_OWN_MOUNTS[0]) is None:
        return Report(not_run=("L10: `unshare` is not installed here, so no disk was filled",))
    folder.mkdir()
    command = [*_OWN_MOUNTS, sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return Report(not_run=(f"L10: no disk could be filled: {done.stderr.strip()[-200:]}",))
    faults = json.loads(done.stdout)
    return Report(
        figures=(
            "on a full disk of 256 KiB the last heartbeat stays, and goes on once there is room",
        ),
        faults=tuple(faults),
    )


def _main(folder: Path) -> list[str]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    path, faults = folder / "data/health.json", list[str]()
    service = HealthCheckService(0.02, path, version_file=None)
    service.start()
    _wait(path, "disconnected")
    with (folder / "filler").open("ab", buffering=0) as filler:
        for size in (1 << 12, 1):
            with suppress(OSError):
                while True:
                    filler.write(b"x" * size)
    _WAIT.wait(0.1)
    before = path.read_bytes()
    _WAIT.wait(2)
    if path.read_bytes() != before:
        faults.append("the full disk was not full")
    if _leftovers(path):
        faults.append("a temporary file lies on the full disk")
    (folder / "filler").unlink()
    until = time.perf_counter() + WITHIN_S
    while path.read_bytes() == before:
        if time.perf_counter() > until:
            return [*faults, "it is not written again although there is room"]
        _WAIT.wait(0.01)
    service.stop()
    return faults


@contextmanager
def _writing(code: str, path: Path) -> Iterator[None]:
    """Have a process write, until it is killed."""
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def _leftovers(path: Path) -> int:
    return sum(each.suffix == ".tmp" for each in path.parent.iterdir())


def _torn(readings: Readings) -> str:
    return f"{readings.torn} of {readings.count} readings torn or empty"


def _age_s(path: Path) -> float:
    now_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    return max(0.0, (now_ns - path.stat().st_mtime_ns) / 1e9)


def _state(path: Path) -> str:
    return Heartbeat.parse(path.read_bytes()).database.value


def _wait(path: Path, state: str) -> float:
    return _wait_until(lambda: _state(path) == state)


def _wait_until(is_so: Callable[[], bool]) -> float:
    """Wait for something, and return when it came, on the clock of measurements.

    Raises:
        TimeoutError: when it did not come in time.
    """
    until = time.perf_counter() + WITHIN_S
    while not is_so():
        if time.perf_counter() > until:
            raise TimeoutError("it did not come to that")
        _WAIT.wait(0.005)
    return time.perf_counter()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_main(Path(sys.argv[1]))))
