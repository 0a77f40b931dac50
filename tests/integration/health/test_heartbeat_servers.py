"""The heartbeat file under servers of many processes: one of them writes, and it is known which."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from allgreen.health.heartbeat.service import HealthCheckService

WITHIN_S = 20.0
WORKERS = 3

PROGRAM = """
import os, threading
from allgreen.health.heartbeat.service import HealthCheckService

service = HealthCheckService(0.05, os.environ["HEALTH_FILE"], version_file=None, extras=True)
{start_here}


def app(environ, start_response):
    start_response("204 No Content", [])
    return []


def _say():
    names = [thread.name for thread in threading.enumerate()]
    with open(f"{{os.environ['HEALTH_FILE']}}.{{os.getpid()}}.said", "w") as file:
        file.write(str(names.count("allgreen heartbeat")))
"""
CONFIGURATION = """
from program import _say, service

bind = "127.0.0.1:0"
workers = {workers}
graceful_timeout = 3
control_socket_disable = True


def post_worker_init(worker):
    _say()


def when_ready(server):
    {start_in_hook}
    _say()


def on_exit(server):
    service.stop()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "health.json"


@pytest.fixture
def gunicorn(path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start gunicorn with a program that starts its heartbeat in one place or another."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: str, start_here: str = "", start_in_hook: str = "pass") -> Any:
        folder = path.parent
        (folder / "program.py").write_text(PROGRAM.format(start_here=start_here))
        (folder / "settings.py").write_text(
            CONFIGURATION.format(workers=WORKERS, start_in_hook=start_in_hook)
        )
        command = [sys.executable, "-m", "gunicorn", "-c", "settings.py", *options, "program:app"]
        environment = {**os.environ, "HEALTH_FILE": str(path)}  # noqa: TID251 - of the child
        running.append(
            subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
        )
        return running[-1]

    yield start
    for process in running:
        process.terminate()
        process.wait(WITHIN_S)


@pytest.mark.semantics("L13")
@pytest.mark.parametrize(
    ("options", "places"),
    [
        (["--preload"], {"start_here": "service.start()"}),
        (["--preload"], {"start_in_hook": "service.start()"}),
        ([], {"start_in_hook": "service.start()"}),
    ],
    ids=["preloaded", "preloaded, in a hook", "in a hook"],
)
def test_under_gunicorn_the_parent_writes_and_no_worker(
    options: list[str],
    places: dict[str, str],
    gunicorn: Callable[..., subprocess.Popen[bytes]],
    path: Path,
) -> None:
    parent = gunicorn(*options, **places)

    _wait_until(lambda: len(_said(path)) == WORKERS + 1 and -1 not in _said(path).values())
    _wait_until(lambda: _extras(path).get("seq", 0) >= 5)

    said = _said(path)
    assert said.pop(parent.pid) == 1
    assert set(said.values()) == {0}
    assert _extras(path)["pid"] == parent.pid

    parent.terminate()
    assert parent.wait(WITHIN_S) == 0
    assert _extras(path)["state"] == "stopped"


@pytest.mark.semantics("L13")
def test_a_child_that_was_spawned_writes_only_what_it_was_told_to(path: Path) -> None:
    service = HealthCheckService(3600, path, version_file=None, extras=True)
    service.start()
    spawn = multiprocessing.get_context("spawn")
    other = path.with_name("other.json")

    process = spawn.Process(target=_write_elsewhere, args=(str(other),))
    process.start()
    process.join(WITHIN_S)
    service.stop()

    assert process.exitcode == 0
    assert _extras(other)["pid"] == process.pid
    assert _extras(path)["pid"] == os.getpid()


def _write_elsewhere(path: str) -> None:
    service = HealthCheckService(3600, path, version_file=None, extras=True)
    service.start()
    service.stop()


def _said(path: Path) -> dict[int, int]:
    """Return how many threads of a heartbeat each process has."""
    files = path.parent.glob(f"{path.name}.*.said")
    return {int(file.name.split(".")[-2]): int(file.read_text() or "-1") for file in files}


def _extras(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError):
        found = json.loads(path.with_name(path.name.replace(".json", ".extra.json")).read_bytes())
    return found


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)
