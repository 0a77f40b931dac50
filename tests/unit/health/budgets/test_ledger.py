"""Runs are handed out once, whatever the disk and the others do."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets import ledger as module
from allgreen.health.budgets.budget import StoredResult
from allgreen.health.budgets.ledger import RETRY_S, Ledger
from allgreen.health.budgets.locking import hold_file
from allgreen.health.budgets.reservation import Refusal, Reservation
from allgreen.health.files import write_atomically
from allgreen.health.frequency import Frequency

DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
TWICE_A_DAY = Frequency.parse("2 times per day")
ONCE_A_DAY = Frequency.parse("once per day")


class Clock:
    """Time for waiting that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Disk:
    """A disk that can be told to be full."""

    def __init__(self) -> None:
        self.is_full = False
        self.writes = 0

    def write(self, path: Path, data: bytes, mode: int) -> None:
        self.writes += 1
        if self.is_full:
            raise OSError(28, "No space left on device", str(path))
        write_atomically(path, data, mode, is_synced=False)


def passed(at: float, message: str = "38 is less than 500") -> StoredResult:
    return StoredResult(
        verdict=CheckVerdict.PASSED,
        status=HealthStatus.HEALTHY,
        message=message,
        at=at,
        duration_ms=1.5,
    )


def failed(at: float) -> StoredResult:
    return StoredResult(
        verdict=CheckVerdict.FAILED,
        status=HealthStatus.UNHEALTHY,
        message="Expected 503 to equal 200",
        at=at,
        duration_ms=1.5,
    )


def granted(answer: Reservation | Refusal) -> Reservation:
    assert isinstance(answer, Reservation)
    return answer


def refused(answer: Reservation | Refusal) -> Refusal:
    assert isinstance(answer, Refusal)
    return answer


def run(ledger: Ledger, at: float, check_name: str = "rates") -> Reservation:
    reservation = granted(ledger.reserve(check_name, TWICE_A_DAY, at))
    ledger.settle(reservation, passed(at))
    return reservation


def files(directory: Path, suffix: str = ".json") -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix == suffix)


@pytest.mark.semantics(36)
def test_a_budget_survives_a_restart(tmp_path: Path) -> None:
    run(Ledger(tmp_path), NOON)
    run(Ledger(tmp_path), NOON + 1)

    refusal = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 2))

    assert refusal.last == passed(NOON + 1)
    assert refusal.next_at == NOON + DAY / 2
    assert refusal.unfinished_at is None
    assert refusal.reason == ""


@pytest.mark.semantics(36, 40)
def test_the_next_period_begins_anew_and_keeps_the_result(tmp_path: Path) -> None:
    for at in (NOON, NOON + 1):
        run(Ledger(tmp_path), at)

    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + DAY / 2))
    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + DAY / 2 + 1))
    refusal = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + DAY / 2 + 2))

    assert refusal.last == passed(NOON + 1)


def test_a_refusal_writes_nothing(tmp_path: Path) -> None:
    disk = Disk()
    ledger = Ledger(tmp_path, write=disk.write)
    run(ledger, NOON)
    run(ledger, NOON + 1)
    before = disk.writes

    with hold_file(files(tmp_path)[0].with_suffix(".lock"), 0):  # not needed either
        refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))

    assert disk.writes == before


@pytest.mark.semantics(39, "L14")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("shop", "a/b"), ("shop", "a_b")),
        (("shop", "rates"), ("blog", "rates")),
        (("a", "b/c"), ("a/b", "c")),
        (("a", 'b", "c'), ('a", "b', "c")),
        (("", "ab"), ("a", "b")),
        (("shop", "Rates"), ("shop", "rates")),
        (("shop", "e\u0301"), ("shop", "\u00e9")),
        (("shop", "x" * 100_000), ("shop", "x" * 100_001)),
        (("shop", "\ud800"), ("shop", "\udfff")),
        (("shop", ".."), ("shop", ".")),
    ],
)
def test_no_two_checks_share_a_budget(
    tmp_path: Path, one: tuple[str, str], other: tuple[str, str]
) -> None:
    for application, check_name in (one, other):
        ledger = Ledger(tmp_path, application)
        reservation = granted(ledger.reserve(check_name, ONCE_A_DAY, NOON))
        ledger.settle(reservation, passed(NOON, check_name))

    for application, check_name in (one, other):
        again = refused(Ledger(tmp_path, application).reserve(check_name, ONCE_A_DAY, NOON))
        assert again.last is not None
        assert again.last.message[:1999] == check_name[:1999]
    assert len(files(tmp_path)) == 2


@pytest.mark.semantics(37)
def test_a_run_whose_process_died_counts_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Ledger(tmp_path), NOON)
    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 1))

    monkeypatch.setattr(module, "_RUN_OF_PROGRAM", "the next process of our number")
    refusal = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 60))

    assert refusal.last == passed(NOON)
    assert "A run that began at 12:00:01 UTC did not finish." in refusal.describe(NOON + 60)


@pytest.mark.semantics(37)
def test_it_is_forgotten_when_another_brings_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON))
    monkeypatch.setattr(module, "_RUN_OF_PROGRAM", "the next process of our number")

    run(Ledger(tmp_path), NOON + 1)

    assert refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 2)).unfinished_at is None


def test_a_run_that_goes_on_is_named_as_such(tmp_path: Path) -> None:
    run(Ledger(tmp_path), NOON)
    reservation = granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 60))

    refusal = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 61))
    Ledger(tmp_path).settle(reservation, passed(NOON + 60))
    after = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 62))

    assert refusal.is_unfinished_alive
    assert "began at 12:01 UTC has not finished yet." in refusal.describe(NOON + 61)
    assert after.unfinished_at is None


def test_a_run_of_before_the_machine_was_started_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(Ledger(tmp_path).reserve("rates", ONCE_A_DAY, NOON))

    monkeypatch.setattr(module, "read_boot_id", lambda: "another")
    refusal = refused(Ledger(tmp_path).reserve("rates", ONCE_A_DAY, NOON + 1))

    assert not refusal.is_unfinished_alive


def test_a_run_of_another_process_is_looked_up_by_its_number(tmp_path: Path) -> None:
    granted(Ledger(tmp_path).reserve("rates", ONCE_A_DAY, NOON))
    change(files(tmp_path)[0], lambda stored: stored["open"][0].update(pid=1, id="1-x-0"))

    refusal = refused(Ledger(tmp_path).reserve("rates", ONCE_A_DAY, NOON + 1))

    assert refusal.is_unfinished_alive


def change(path: Path, edit: Callable[[dict[str, list[dict[str, object]]]], None]) -> None:
    stored = json.loads(path.read_text())
    edit(stored)
    path.write_text(json.dumps(stored))


@pytest.mark.semantics(41)
def test_of_two_threads_that_race_for_the_last_run_one_gets_it(tmp_path: Path) -> None:
    ledger, answers = Ledger(tmp_path), list[Reservation | Refusal]()
    barrier = threading.Barrier(8)

    def race() -> None:
        barrier.wait(10)
        answers.append(ledger.reserve("rates", ONCE_A_DAY, NOON))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(isinstance(answer, Reservation) for answer in answers) == 1
    assert len(answers) == 8


@pytest.mark.semantics(40)
def test_a_failure_is_tried_again_when_that_is_wanted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, retry_failures_after_s=60)
    reservation = granted(ledger.reserve("rates", ONCE_A_DAY, NOON))
    ledger.settle(reservation, failed(NOON))

    refused(ledger.reserve("rates", ONCE_A_DAY, NOON + 59))
    granted(ledger.reserve("rates", ONCE_A_DAY, NOON + 60))
    refused(ledger.reserve("rates", ONCE_A_DAY, NOON + 61))


def test_others_cannot_look(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "state"

    run(Ledger(directory), NOON)

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_people_can_read_what_is_kept(tmp_path: Path) -> None:
    run(Ledger(tmp_path, "shop"), NOON)

    stored = json.loads(files(tmp_path)[0].read_text())

    assert stored["application"] == "shop"
    assert stored["check"] == "rates"
    assert stored["frequency"] == "2 times per day"
    assert stored["period"] == NOON - DAY / 2
    assert stored["used"] == 1
    assert stored["last"]["message"] == "38 is less than 500"


@pytest.mark.semantics("L16")
def test_nothing_is_written_before_the_first_run(tmp_path: Path) -> None:
    Ledger(tmp_path / "state")

    assert not (tmp_path / "state").exists()


def test_the_place_is_told_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLGREEN_STATE_DIR", str(tmp_path / "told"))

    run(Ledger(), NOON)

    assert len(files(tmp_path / "told")) == 1


# Damage -------------------------------------------------------------------------------------------

DAMAGE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"format": 2}',
    b'{"format": 1}',
    b'{"format": 1, "used": 1e999, "latest": null, "open": [], "last": null}',
    b"[" * 50_000,
    b" " * 70_000,
]


@pytest.mark.semantics("L14")
@pytest.mark.parametrize("content", DAMAGE, ids=lambda content: repr(content[:20]))
def test_a_damaged_file_grants_one_run_and_is_kept(tmp_path: Path, content: bytes) -> None:
    run(Ledger(tmp_path), NOON)
    path = files(tmp_path)[0]
    path.write_bytes(content)

    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 2))
    refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 3))
    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + DAY))

    assert path.with_suffix(".damaged").read_bytes() == content


@pytest.mark.semantics("L14")
def test_who_knows_that_no_run_is_left_grants_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path)
    run(ledger, NOON)
    run(ledger, NOON + 1)
    files(tmp_path)[0].write_bytes(b"{")

    refusal = refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))

    assert refusal.last == passed(NOON + 1)
    assert refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 3)).last == refusal.last
    assert "is damaged" in caplog.text


def test_what_comes_when_the_file_is_damaged_is_kept_all_the_same(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    reservation = granted(ledger.reserve("rates", TWICE_A_DAY, NOON))
    files(tmp_path)[0].write_bytes(b"{")

    Ledger(tmp_path).settle(reservation, passed(NOON))

    granted(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 1))
    assert refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 2)).last == passed(NOON)


@pytest.mark.semantics("L14")
def test_leftovers_of_a_dead_writer_are_removed(tmp_path: Path) -> None:
    run(Ledger(tmp_path), NOON)
    path = files(tmp_path)[0]
    leftover = path.with_name(f".{path.name}.{2**22 + 1}.1.tmp")
    leftover.write_bytes(b"{")

    run(Ledger(tmp_path), NOON + 1)

    assert not leftover.exists()


def test_a_file_that_was_removed_begins_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    run(ledger, NOON)
    run(ledger, NOON + 1)

    files(tmp_path)[0].unlink()

    granted(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))


# A disk that cannot be used -----------------------------------------------------------------------


@pytest.mark.semantics(38, "L14")
def test_without_a_disk_the_process_counts_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    ledger = Ledger(tmp_path / "file")

    run(ledger, NOON)
    run(ledger, NOON + 1)
    refusal = refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))

    run(ledger, NOON, "another check")
    assert refusal.last == passed(NOON + 1)
    assert "each process counts for itself" in str(ledger.warning)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.semantics(38)
def test_without_a_home_the_process_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "state_directory", lambda: None)
    ledger = Ledger()

    run(ledger, NOON)
    run(ledger, NOON + 1)

    refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))
    assert "this account has no home directory" in str(ledger.warning)


@pytest.mark.semantics(38, "L14")
def test_a_disk_that_fills_up_loses_no_count(tmp_path: Path) -> None:
    disk, clock = Disk(), Clock()
    ledger = Ledger(tmp_path, write=disk.write, monotonic=clock)
    run(ledger, NOON)

    disk.is_full = True
    reservation = granted(ledger.reserve("rates", TWICE_A_DAY, NOON + 1))
    refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))
    ledger.settle(reservation, passed(NOON + 1))

    assert "No space left on device" in str(ledger.warning)
    assert refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 3)).last == passed(NOON + 1)


@pytest.mark.semantics(38)
def test_a_minute_later_the_disk_is_tried_again(tmp_path: Path) -> None:
    disk, clock = Disk(), Clock()
    disk.is_full = True
    ledger = Ledger(tmp_path, write=disk.write, monotonic=clock)
    run(ledger, NOON)
    assert disk.writes == 1

    disk.is_full = False
    clock.now += RETRY_S
    second = granted(ledger.reserve("rates", TWICE_A_DAY, NOON + 1))

    assert ledger.warning is None
    ledger.settle(second, passed(NOON + 1))
    elsewhere = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 2))
    assert elsewhere.last == passed(NOON + 1)
    assert elsewhere.unfinished_at is None


@pytest.mark.semantics(38)
def test_what_others_kept_meanwhile_counts(tmp_path: Path) -> None:
    disk, clock = Disk(), Clock()
    ledger = Ledger(tmp_path, write=disk.write, monotonic=clock)
    disk.is_full = True
    run(ledger, NOON)
    run(Ledger(tmp_path), NOON + 1)
    run(Ledger(tmp_path), NOON + 2)

    disk.is_full = False
    clock.now += RETRY_S
    refusal = refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 3))

    assert refusal.last == passed(NOON + 2)


@pytest.mark.semantics(38)
def test_one_that_cannot_be_read_is_no_reason_to_raise(tmp_path: Path) -> None:
    run(Ledger(tmp_path), NOON)
    path = files(tmp_path)[0]
    path.unlink()
    path.mkdir()
    ledger = Ledger(tmp_path)

    run(ledger, NOON + 1)
    run(ledger, NOON + 2)

    refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 3))
    assert "irectory" in str(ledger.warning)


def test_a_link_in_place_of_the_file_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    run(Ledger(tmp_path / "state"), NOON)
    path = files(tmp_path / "state")[0]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    ledger = Ledger(tmp_path / "state")
    run(ledger, NOON + 1)

    assert ledger.warning is not None


# Others that hold the lock ------------------------------------------------------------------------


@pytest.mark.semantics(36)
def test_while_others_hold_the_lock_nothing_runs(tmp_path: Path) -> None:
    clock = Clock()
    run(Ledger(tmp_path), NOON)
    ledger = Ledger(tmp_path, monotonic=clock, patience_s=0.01)

    with hold_file(files(tmp_path)[0].with_suffix(".lock"), 0):
        refusal = refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 1))
        clock.now += RETRY_S - 1
        refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))

    assert refusal.last == passed(NOON)
    assert "Another process holds its state" in refusal.describe(NOON + 1)
    assert ledger.warning is None
    granted(ledger.reserve("rates", TWICE_A_DAY, NOON + 3))


@pytest.mark.semantics(38)
def test_after_a_minute_of_that_the_process_counts_for_itself(tmp_path: Path) -> None:
    clock = Clock()
    run(Ledger(tmp_path), NOON)
    ledger = Ledger(tmp_path, monotonic=clock, patience_s=0.01)

    with hold_file(files(tmp_path)[0].with_suffix(".lock"), 0):
        refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 1))
        clock.now += RETRY_S
        granted(ledger.reserve("rates", TWICE_A_DAY, NOON + 2))
        refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 3))

    assert "does not let go" in str(ledger.warning)


def test_a_result_that_comes_meanwhile_is_kept_in_memory(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, patience_s=0.01)
    reservation = granted(ledger.reserve("rates", TWICE_A_DAY, NOON))

    with hold_file(files(tmp_path)[0].with_suffix(".lock"), 0):
        ledger.settle(reservation, passed(NOON))

    granted(ledger.reserve("rates", TWICE_A_DAY, NOON + 1))
    refusal = refused(Ledger(tmp_path).reserve("rates", TWICE_A_DAY, NOON + 2))
    assert refusal.last == passed(NOON)
    assert refusal.unfinished_at == NOON + 1


def test_the_handle_of_a_refusal_is_closed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, patience_s=0)
    run(ledger, NOON)
    probe = os.open(tmp_path, os.O_RDONLY)
    os.close(probe)

    with hold_file(files(tmp_path)[0].with_suffix(".lock"), 0):
        refused(ledger.reserve("rates", TWICE_A_DAY, NOON + 1))

    again = os.open(tmp_path, os.O_RDONLY)
    os.close(again)
    assert again == probe
