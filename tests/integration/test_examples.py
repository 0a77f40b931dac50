"""Every example is a program that serves, with the same checks on the same addresses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT
from tests.programs import Program

EXAMPLES = ROOT / "examples"
FOLDER = EXAMPLES.name
TOKEN = "a-long-random-word"
GUNICORN = ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--chdir", FOLDER)
UVICORN = ("-m", "uvicorn", "--port", "{port}", "--app-dir", FOLDER, "--lifespan", "off")
DJANGO = ("-m", "django", "runserver", "--noreload", "--pythonpath", FOLDER)

COMMANDS: dict[str, Sequence[str]] = {
    "flask_app": ("-m", "flask", "--app", f"{FOLDER}/flask_app", "run", "--port", "{port}"),
    "django_project": (*DJANGO, "--settings", "django_project", "{port}"),
    "fastapi_app": (*UVICORN, "fastapi_app:app"),
    "wsgi_app": (*GUNICORN, "wsgi_app:application"),
    "asgi_app": (*UVICORN, "asgi_app:application"),
}
NAMES = ["disk", "orders", "queue", "rates", "demonstration", "memory"]


@pytest.fixture(scope="module", params=COMMANDS)
def program(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Program]:
    """An example that serves."""
    folder: Path = tmp_path_factory.mktemp("state")
    environment = {"ALLGREEN_HEALTH_TOKEN": TOKEN, "ALLGREEN_STATE_DIR": str(folder)}
    with Program(COMMANDS[request.param], folder / "log", environment) as running:
        yield running


def test_no_example_is_left_out() -> None:
    programs = {path.stem for path in EXAMPLES.glob("*.py")} - {"allgood"}

    assert programs == set(COMMANDS)


def test_it_does_what_it_is_there_for(program: Program) -> None:
    answer = program.get("/")

    assert answer.status == 200
    assert b"Hello\n" in answer.body


@pytest.mark.parametrize("path", ["/healthcheck", "/livez", "/readyz", "/startupz"])
def test_it_is_healthy_by_every_address(program: Program, path: str) -> None:
    answer = program.get(path)

    assert (answer.status, json.loads(answer.body)) == (200, {"status": "healthy"})


def test_it_tells_the_checks_to_whoever_may_know(program: Program) -> None:
    told = json.loads(program.get(f"/healthcheck?token={TOKEN}").body)

    assert [check["name"] for check in told["checks"]] == NAMES
    assert told["counts"] == {"passed": 5, "failed": 0, "error": 0, "skipped": 1}
    assert (told["application"], told["version"]) == ("shop", "1.0")


def test_a_browser_gets_the_page(program: Program) -> None:
    answer = program.get("/healthcheck", {"Accept": "text/html"})

    assert answer.body.startswith(b"<!doctype html>")


def test_the_example_with_components_answers_for_them(tmp_path: Path) -> None:
    with Program(COMMANDS["fastapi_app"], tmp_path / "log") as running:
        told = json.loads(running.get("/v1/health").body)

    assert told["status"] == "healthy"
    assert (told["cache_healthy"], told["resilience_healthy"]) == (True, True)


def test_the_checks_run_on_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("allgreen"), "check", EXAMPLES / "allgood.py"],
        env={**os.environ, "ALLGREEN_STATE_DIR": str(tmp_path)},  # noqa: TID251 - for a child
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: Five checks pass, one is skipped.\n")
