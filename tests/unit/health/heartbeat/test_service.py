"""The heartbeat file, from start to stop."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.errors import SettingsError
from allgreen.health.heartbeat.service import HealthCheckService, next_slot

WITHIN_S = 10.0
NEVER_AGAIN_S = 3600.0
"""An interval in which only the first heartbeat is written."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data/health.json"


@pytest.fixture
def serve(path: Path) -> Iterator[Callable[..., HealthCheckService]]:
    made: list[HealthCheckService] = []

    def make(database: object = None, **options: Any) -> HealthCheckService:
        options = {"check_interval": NEVER_AGAIN_S, "version_file": None, **options}
        made.append(HealthCheckService(health_file=path, database=database, **options))
        return made[-1]

    yield make
    for service in made:
        service.stop()


@pytest.mark.semantics(66)
def test_starting_is_written_before_the_database_is_asked(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    seen, done = list[dict[str, str]](), threading.Event()

    def ask() -> None:
        seen.append(json.loads(path.read_bytes()))
        done.set()

    service = serve(ask)
    service.start()

    assert done.wait(WITHIN_S)
    assert seen[0]["status"] == "starting"
    assert seen[0]["database"] == "disconnected"


@pytest.mark.semantics(66)
def test_it_is_there_as_soon_as_start_returns(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    release = threading.Event()
    service = serve(lambda: release.wait(WITHIN_S), database_timeout_s=WITHIN_S)

    service.start()

    assert _read(path)["status"] == "starting"
    release.set()


@pytest.mark.parametrize(
    ("database", "told"),
    [
        (lambda: None, ("online", "connected")),
        (lambda: False, ("degraded", "disconnected")),
        (None, ("online", "disconnected")),
    ],
    ids=["connected", "disconnected", "no database"],
)
def test_the_status_follows_the_database(
    database: object,
    told: tuple[str, str],
    serve: Callable[..., HealthCheckService],
    path: Path,
) -> None:
    serve(database).start()

    assert _wait_for(path, status=told[0])["database"] == told[1]


async def test_an_async_function_is_asked_too(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    async def ask() -> bool:
        return False

    serve(ask).start()
    told = await asyncio.to_thread(_wait_for, path, status="degraded")

    assert told["database"] == "disconnected"


async def test_a_loop_that_stands_still_is_a_timeout(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    async def ask() -> None: ...

    serve(ask, database_timeout_s=0.01).start()

    assert _wait_for(path, status="degraded")["database"] == "timeout"


@pytest.mark.semantics(66)
def test_a_database_that_hangs_is_a_timeout_after_the_limit(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    release = threading.Event()
    serve(lambda: release.wait(WITHIN_S), database_timeout_s=0.05).start()

    assert _wait_for(path, status="degraded")["database"] == "timeout"
    release.set()


@pytest.mark.semantics(19, 66, "L2")
def test_while_it_hangs_it_is_a_timeout_at_once_and_it_recovers_by_itself(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    release, begun = threading.Event(), list[int]()

    def hang() -> None:
        begun.append(1)
        release.wait(WITHIN_S)

    before = _asking_threads()
    serve(hang, check_interval=0.02, database_timeout_s=0.01, extras=True).start()
    _wait_for(path, status="degraded")
    _wait_for(path.with_name("health.extra.json"), is_so=lambda told: told["seq"] > 8)

    assert len(begun) == 1
    assert len(_asking_threads() - before) == 1
    release.set()
    _wait_for(path, status="online")


@pytest.mark.semantics("L10")
def test_after_a_stop_it_is_not_online(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    service = serve(lambda: None, extras=True)
    service.start()
    _wait_for(path, status="online")

    service.stop()

    assert (_read(path)["status"], _read(path)["database"]) == ("degraded", "connected")
    assert _read(path.with_name("health.extra.json"))["state"] == "stopped"
    assert not service.is_running


@pytest.mark.semantics(33)
def test_start_and_stop_may_be_called_twice(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    service = serve()
    service.stop()
    assert not path.exists()

    service.start()
    service.start()
    assert _heartbeat_threads() == 1
    service.stop()
    service.stop()

    assert _heartbeat_threads() == 0


def test_it_may_be_started_again(serve: Callable[..., HealthCheckService], path: Path) -> None:
    service = serve(lambda: None)
    service.start()
    _wait_for(path, status="online")
    service.stop()

    service.start()

    _wait_for(path, status="online")


def test_stopping_waits_for_no_database(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        release.wait(WITHIN_S)

    service = serve(hang, database_timeout_s=WITHIN_S)
    service.start()
    assert entered.wait(WITHIN_S)
    service.stop()

    assert not release.is_set()
    assert _heartbeat_threads() == 0
    assert _read(path)["status"] == "degraded"

    service.start()
    assert _wait_for(path, status="degraded")["database"] == "timeout"
    release.set()


def test_the_thread_is_a_daemon_and_has_a_name(serve: Callable[..., HealthCheckService]) -> None:
    serve().start()

    (thread,) = [each for each in threading.enumerate() if each.name == "allgreen heartbeat"]
    assert thread.daemon


@pytest.mark.semantics("L10")
def test_the_second_file_counts_and_dates(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    serve(check_interval=0.02, extras=True).start()

    told = _wait_for(path.with_name("health.extra.json"), is_so=lambda told: told["seq"] >= 3)

    assert told["state"] == "running"
    assert told["valid_until"] > told["written_at"]


def test_without_being_asked_for_there_is_no_second_file(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    serve().start()
    _wait_for(path, status="online")

    assert [each.name for each in path.parent.iterdir()] == ["health.json"]


def test_the_version_is_told(serve: Callable[..., HealthCheckService], path: Path) -> None:
    version_file = path.parents[1] / "VERSION"
    version_file.write_text("1.2.3")

    serve(version_file=version_file).start()

    assert _read(path)["app_version"] == "1.2.3"


@pytest.mark.semantics(66, "L10")
def test_what_cannot_be_written_is_logged_once_and_raised_never(
    serve: Callable[..., HealthCheckService], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path.parent.write_text("a file where the folder should be")
    asked = threading.Semaphore(0)
    service = serve(asked.release, check_interval=0.01)

    service.start()
    for _ in range(5):
        assert asked.acquire(timeout=WITHIN_S)

    (record,) = _records(caplog, "cannot be written")
    assert record.levelno == logging.WARNING
    assert str(path) in record.getMessage()

    path.parent.unlink()
    _wait_for(path, status="online")
    service.stop()
    assert len(_records(caplog, "is written again")) == 1


@pytest.mark.semantics("L10")
def test_a_folder_that_is_deleted_is_made_again(
    serve: Callable[..., HealthCheckService], path: Path
) -> None:
    serve(check_interval=0.01).start()
    _wait_for(path, status="online")

    shutil.rmtree(path.parent)

    _wait_for(path, status="online")


def test_what_changes_about_the_database_is_logged_once(
    serve: Callable[..., HealthCheckService], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="allgreen.health.heartbeat")
    answers = iter([True, True, False, False, True])
    asked = threading.Semaphore(0)

    def ask() -> bool:
        asked.release()
        return next(answers, True)

    service = serve(ask, check_interval=0.01)
    service.start()
    for _ in range(7):
        assert asked.acquire(timeout=WITHIN_S)
    service.stop()

    assert [record.getMessage() for record in caplog.records] == [
        "The database is not connected: it said so.",
        "The database answers again.",
    ]


def test_a_program_without_a_thread_left_goes_on(
    serve: Callable[..., HealthCheckService],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    service = serve()
    service.start()

    assert not service.is_running
    assert _records(caplog, "No heartbeat is written")
    assert _read(path)["status"] == "starting"


def test_a_database_that_nobody_can_ask_is_not_connected(
    serve: Callable[..., HealthCheckService], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse_second(thread: threading.Thread) -> None:
        if thread.name == "allgreen database":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_second)
    serve(lambda: None).start()

    assert _wait_for(path, status="degraded")["database"] == "disconnected"


def test_a_disk_that_hangs_does_not_hold_up_the_program(
    serve: Callable[..., HealthCheckService],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("allgreen.health.heartbeat.service.STOPS_WITHIN_S", 0.05)
    entered, release = threading.Event(), threading.Event()

    def hang(path: Path, content: bytes) -> None:
        if threading.current_thread().name == "allgreen heartbeat":
            entered.set()
            release.wait(WITHIN_S)

    monkeypatch.setattr("allgreen.health.heartbeat.writer.write_atomically", hang)
    service = serve()
    service.start()
    assert entered.wait(WITHIN_S)
    service.stop()

    assert _records(caplog, "the disk hangs")
    release.set()
    _wait_until(lambda: _heartbeat_threads() == 0)


@pytest.mark.semantics(66)
@given(
    began=st.floats(0, 1e9),
    interval_s=st.floats(0.01, 1e5),
    elapsed_s=st.floats(0, 1e6),
)
def test_the_grid_does_not_drift(began: float, interval_s: float, elapsed_s: float) -> None:
    now = began + elapsed_s

    slot = next_slot(began, interval_s, now)

    count = (slot - began) / interval_s
    assert math.isclose(count, round(count), rel_tol=1e-6, abs_tol=1e-6)
    assert now < slot <= now + interval_s * (1 + 1e-6) + 1e-6


def test_slots_that_were_missed_are_left_out() -> None:
    assert next_slot(100.0, 30.0, 100.0) == 130.0
    assert next_slot(100.0, 30.0, 229.9) == 250.0
    assert next_slot(0.0, 0.1, 0.30000000000000004) > 0.35


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("check_interval", {"check_interval": 0}),
        ("check_interval", {"check_interval": -1}),
        ("check_interval", {"check_interval": math.nan}),
        ("check_interval", {"check_interval": math.inf}),
        ("check_interval", {"check_interval": True}),
        ("check_interval", {"check_interval": "30"}),
        ("database_timeout_s", {"database_timeout_s": 0}),
        ("health_file", {"health_file": "/"}),
        ("health_file", {"health_file": "a\0b"}),
        ("health_file", {"health_file": "\ud800"}),
        ("database", {"database": "sqlite:///a.db"}),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_at_once(setting: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=setting):
        HealthCheckService(**options)


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_bytes())
    return told


def _wait_for(
    path: Path,
    *,
    status: str | None = None,
    is_so: Callable[[dict[str, Any]], bool] | None = None,
    within_s: float = WITHIN_S,
) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def look() -> bool:
        try:
            found[:] = [_read(path)]
        except FileNotFoundError:
            return False
        return is_so(found[0]) if is_so is not None else found[0]["status"] == status

    _wait_until(look, within_s=within_s)
    return found[0]


def _wait_until(is_so: Callable[[], bool], *, within_s: float = WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.002)


def _heartbeat_threads() -> int:
    return sum(each.name == "allgreen heartbeat" for each in threading.enumerate())


def _asking_threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "allgreen database"}


def _records(caplog: pytest.LogCaptureFixture, text: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if text in record.getMessage()]
