"""A program that is asked to stop is not ready at once, alive to its end, and stops as it would."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.integration.health.test_mounts import GUNICORN, MOUNTS, OWN, UVICORN
from tests.programs import PATIENCE_S, Program

pytestmark = pytest.mark.semantics(62)
PATIENT = {
    "uvicorn": ((*UVICORN, f"{MOUNTS}:make_patient_asgi"), -signal.SIGTERM),
    "uvicorn on asyncio": (
        (*UVICORN, "--loop", "asyncio", f"{MOUNTS}:make_patient_asgi"),
        -signal.SIGTERM,
    ),
    "uvicorn without a life cycle": (
        (*UVICORN, "--lifespan", "off", f"{MOUNTS}:make_patient_asgi"),
        -signal.SIGTERM,
    ),
    "wsgiref": ((*OWN, "wsgiref", "make_patient_wsgi", "{port}"), -signal.SIGTERM),
    "werkzeug": ((*OWN, "werkzeug", "make_patient_wsgi", "{port}"), -signal.SIGTERM),
}


def start(name: str, log: Path, delay_s: float) -> Program:
    return Program(PATIENT[name][0], log, {"DRAIN_DELAY_S": str(delay_s)})


def wait_until_not_ready(program: Program) -> None:
    until = time.monotonic() + PATIENCE_S
    status = 200
    while status == 200 and time.monotonic() < until:
        status = program.get("/readyz").status
    assert status == 503


@pytest.mark.parametrize("name", PATIENT)
def test_a_stop_is_held_back_while_readiness_says_no(name: str, tmp_path: Path) -> None:
    with start(name, tmp_path / "log", delay_s=1.5) as program:
        before = program.get("/readyz").status
        program.process.terminate()
        wait_until_not_ready(program)
        alive = [program.get(path).status for path in ("/livez", "/healthcheck", "/hello")]
        ended = program.process.wait(PATIENCE_S)

    assert before == 200
    assert alive == [200, 200, 200]
    assert ended == PATIENT[name][1]


@pytest.mark.parametrize("name", PATIENT)
def test_a_second_signal_is_not_held_back(name: str, tmp_path: Path) -> None:
    with start(name, tmp_path / "log", delay_s=3600) as program:
        assert program.get("/readyz").status == 200
        program.process.terminate()
        wait_until_not_ready(program)

        program.process.terminate()

        assert program.process.wait(PATIENCE_S) == PATIENT[name][1]


@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["usual", "preloaded"])
def test_a_worker_of_gunicorn_is_not_ready_before_it_stops(
    options: list[str], tmp_path: Path
) -> None:
    command = (*GUNICORN, *options, f"{MOUNTS}:make_patient_wsgi()")
    program = Program(command, tmp_path / "log", {"DRAIN_DELAY_S": "1.5"})

    with program:
        before = program.get("/readyz").status
        (worker,) = _children_of(program.process.pid)
        os.kill(worker, signal.SIGTERM)
        wait_until_not_ready(program)
        alive = program.get("/livez").status
        _wait_for_another_than(worker, program)
        after = program.get("/readyz").status

    assert [before, alive, after] == [200, 200, 200]
    assert program.process.returncode == 0


def _children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(word) for word in listed.split()]


def _wait_for_another_than(worker: int, program: Program) -> None:
    until = time.monotonic() + PATIENCE_S
    workers = [worker]
    while workers in ([worker], []) and time.monotonic() < until:
        time.sleep(0.02)
        workers = _children_of(program.process.pid)
    assert worker not in workers
