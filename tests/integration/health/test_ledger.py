"""Budgets among real processes: together they run a check as often as one may alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest

from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets.budget import StoredResult
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.budgets.reservation import Refusal, Reservation
from allgreen.health.frequency import Frequency

DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
TWICE_A_DAY = Frequency.parse("2 times per day")
PROCESSES = 8
ROUNDS = 20

# What each process does; it answers one line with one line.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets.budget import StoredResult
from allgreen.health.files import write_atomically
from allgreen.health.frequency import Frequency
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.budgets.reservation import Reservation

def die_in_mid_write(path, data, mode):
    write_atomically(path.with_name(f".{path.name}.{os.getpid()}.1.tmp"), data[:100], mode)
    os.kill(os.getpid(), signal.SIGKILL)

def full_disk():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

def nobody():
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)

directory, what = Path(sys.argv[1]), sys.argv[2]
{"full": full_disk, "nobody": nobody}.get(what, str)()
write = die_in_mid_write if what == "dies in mid-write" else write_atomically
ledgers = {}
print("ready", flush=True)
for line in sys.stdin:
    application, at = line.split()
    ledger = ledgers.setdefault(application, Ledger(directory, application, write=write))
    got = ledger.reserve("rates", Frequency.parse("2 times per day"), float(at))
    if isinstance(got, Reservation) and what != "dies":
        ledger.settle(got, StoredResult(
            verdict=CheckVerdict.PASSED, status=HealthStatus.HEALTHY, message=what,
            at=float(at), duration_ms=1.0))
    print(type(got).__name__, "|", ledger.warning, flush=True)
"""


class Worker:
    """One process that runs the check when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def tell(self, application: str, at: float) -> None:
        self._in.write(f"{application} {at!r}\n")
        self._in.flush()

    def answer(self) -> str:
        return self._out.readline().strip()

    def ask(self, application: str, at: float) -> str:
        self.tell(application, at)
        return self.answer()


@contextmanager
def worker(directory: Path, what: str = "runs") -> Iterator[Worker]:
    command = [sys.executable, "-c", SCRIPT, str(directory), what]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        made = Worker(process)
        assert made.answer() == "ready"
        yield made
        made._in.close()


def result(at: float) -> StoredResult:
    return StoredResult(
        verdict=CheckVerdict.PASSED,
        status=HealthStatus.HEALTHY,
        message="38 is less than 500",
        at=at,
        duration_ms=1.5,
    )


@pytest.mark.semantics(36, 41, "L14")
def test_eight_processes_run_it_twice_in_total(tmp_path: Path) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(tmp_path)) for _ in range(PROCESSES)]
        for number in range(ROUNDS):
            for each in workers:
                each.tell(f"application-{number}", NOON)
            answers = [each.answer() for each in workers]
            later = [each.ask(f"application-{number}", NOON + 1) for each in workers]

            assert sum(answer.startswith("Reservation") for answer in answers) == 2
            assert not any(answer.startswith("Reservation") for answer in later)
            assert all(answer.endswith("| None") for answer in answers)


@pytest.mark.semantics(36, 40, "L14")
def test_across_midnight_and_back_they_run_it_twice_a_day(tmp_path: Path) -> None:
    midnight = NOON + DAY / 2
    seconds = (-2, -1, 0, -1, 1, -1, 2, DAY, DAY - 1, DAY + 1, DAY - 2)
    times = [midnight + each for each in seconds]

    with ExitStack() as stack:
        workers = [stack.enter_context(worker(tmp_path)) for _ in range(PROCESSES)]
        granted = list[float]()
        for at in times:
            for each in workers:
                each.tell("shop", at)
            granted += [at for each in workers if each.answer().startswith("Reservation")]

    days = [int(at // DAY) for at in granted]
    assert {day: days.count(day) for day in days} == {20_000: 2, 20_001: 2, 20_002: 2}


@pytest.mark.semantics(37, "L14")
def test_killed_before_its_result_it_counts_and_the_one_before_stays(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "shop")
    first = ledger.reserve("rates", TWICE_A_DAY, NOON)
    assert isinstance(first, Reservation)
    ledger.settle(first, result(NOON))

    with worker(tmp_path, "dies") as other:
        assert other.ask("shop", NOON + 60).startswith("Reservation")
        alive = ledger.reserve("rates", TWICE_A_DAY, NOON + 61)
        other.process.send_signal(signal.SIGKILL)
        other.process.wait()
        dead = ledger.reserve("rates", TWICE_A_DAY, NOON + 61)

    assert isinstance(alive, Refusal)
    assert isinstance(dead, Refusal)
    assert "A run that began at 12:01 UTC has not finished yet." in alive.describe(NOON + 61)
    assert "A run that began at 12:01 UTC did not finish." in dead.describe(NOON + 61)
    assert dead.last == result(NOON)


@pytest.mark.semantics("L14")
def test_killed_in_mid_write_it_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "shop")
    first = ledger.reserve("rates", TWICE_A_DAY, NOON)
    assert isinstance(first, Reservation)
    ledger.settle(first, result(NOON))

    with worker(tmp_path, "dies in mid-write") as other:
        assert other.ask("shop", NOON + 1) == ""

    # Nothing was granted, and the lock is free again.
    second = Ledger(tmp_path, "shop").reserve("rates", TWICE_A_DAY, NOON + 2)
    third = Ledger(tmp_path, "shop").reserve("rates", TWICE_A_DAY, NOON + 3)

    assert isinstance(second, Reservation)
    assert isinstance(third, Refusal)
    assert third.last == result(NOON)
    assert [path for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


@pytest.mark.semantics(38, "L14")
def test_on_a_full_disk_a_process_goes_on_from_what_is_there(tmp_path: Path) -> None:
    first = Ledger(tmp_path, "shop").reserve("rates", TWICE_A_DAY, NOON)
    assert isinstance(first, Reservation)
    before = _contents(tmp_path)

    with worker(tmp_path, "full") as other:
        answers = [other.ask("shop", NOON + seconds) for seconds in (1, 2, 3)]

    assert [answer.split()[0] for answer in answers] == ["Reservation", "Refusal", "Refusal"]
    assert "File too large" in answers[0]
    assert _contents(tmp_path) == before


@pytest.mark.semantics(38, "L14")
def test_in_a_folder_that_is_read_only_a_process_counts_for_itself() -> None:
    # Not below tmp_path: whoever is not root cannot go there, and root may write everywhere.
    with tempfile.TemporaryDirectory() as folder:
        parent = Path(folder)
        parent.chmod(0o555)
        try:
            with worker(parent / "state", "nobody") as other:
                answers = [other.ask("shop", NOON + seconds) for seconds in (1, 2, 3)]
        finally:
            parent.chmod(0o755)

    assert [answer.split()[0] for answer in answers] == ["Reservation", "Reservation", "Refusal"]
    assert "Permission denied" in answers[0]


FORKING = """
import os, sys
from pathlib import Path
from allgreen.health.frequency import Frequency
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.budgets.reservation import Reservation

ledger, twice = Ledger(Path(sys.argv[1])), Frequency.parse("2 times per day")
def count(*times):
    return sum(isinstance(ledger.reserve("rates", twice, at), Reservation) for at in times)

before = count(1.0)
child = os.fork()
if child == 0:
    os._exit(count(2.0, 3.0))
in_child = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(before, in_child, count(4.0))
"""


@pytest.mark.semantics(27, 36)
def test_a_child_of_a_fork_shares_the_budget(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORKING, str(tmp_path)]

    counted = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)

    assert counted.stdout.split() == ["1", "1", "0"]


def _contents(directory: Path) -> dict[str, object]:
    return {path.name: json.loads(path.read_text()) for path in directory.glob("*.json")}
