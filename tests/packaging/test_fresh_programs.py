"""Ten lines in a fresh environment: the wheel, a framework, and the same answers everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.packaging.fresh import install_locked, make_environment
from tests.programs import Program

pytestmark = pytest.mark.timeout(300)  # a first build runs Vite

TOKEN = "correct-horse-battery"
FRAMEWORKS = ("django", "fastapi", "flask", "gunicorn", "uvicorn")

CHECKS = """
from pathlib import Path
from allgreen import check, expect, make_sure

@check("Database is accessible", timeout=5, tags="ready")
def database(): make_sure(not Path("broken").exists(), "no answer")

@check("Queue is short", only="production", run="4 times per hour", tags="ready")
async def queue(): expect(300).to_be_less_than(500)

@check("Payments answer", critical=False)
def payments(): expect(503).to_eq(200)
"""

# Each as a reader would write it: what it greets with is the program, the last line is ours.
PROGRAMS = {
    "wsgi": """
from allgreen import mount_healthcheck

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]

app = mount_healthcheck(app, config_path="allgood.py")
""",
    "asgi": """
from allgreen import mount_healthcheck

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})

app = mount_healthcheck(app, config_path="allgood.py")
""",
    "flask": """
from allgreen import mount_healthcheck
from flask import Flask

app = Flask(__name__)
app.get("/hello")(lambda: "hello")
app = mount_healthcheck(app, config_path="allgood.py")
""",
    "fastapi": """
from allgreen import mount_healthcheck
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()
app.get("/hello")(lambda: PlainTextResponse("hello"))
app = mount_healthcheck(app, config_path="allgood.py")
""",
    "django": """
from allgreen import mount_healthcheck
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(SECRET_KEY="not a secret", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
urlpatterns = [path("hello", lambda request: HttpResponse("hello"))]
app = mount_healthcheck(get_wsgi_application(), config_path="allgood.py")
""",
    "alone": """
from allgreen import create_app

app = create_app("allgood.py")
""",
}
GUNICORN = ("-m", "gunicorn", "-b", "127.0.0.1:{port}", "--no-control-socket", "-w", "4")
UVICORN = ("-m", "uvicorn", "--port", "{port}", "--log-level", "warning")
SERVERS = {
    "wsgi": (*GUNICORN, "program:app"),
    "asgi": (*UVICORN, "program:app"),
    "flask": ("-m", "flask", "--app", "program:app", "run", "--port", "{port}"),
    "fastapi": (*UVICORN, "program:app"),
    "django": (*GUNICORN, "program:app"),
    "alone": (*GUNICORN, "program:app"),
}


class Expected(NamedTuple):
    """What somebody gets."""

    status: int
    health: str | None
    body: bytes | None = None


BODY = b'{"status":"degraded"}'
ALL_OF_IT = (
    b"degraded: One of three checks is degraded.\n"
    b"passed   database\n"
    b"passed   queue: 300 is less than 500\n"
    b"failed   payments: Expected 503 to equal 200 (degraded)\n"
)
ANSWERS = {
    ("GET", "/healthcheck"): Expected(200, "degraded", BODY),
    ("HEAD", "/healthcheck"): Expected(200, "degraded", b""),
    ("POST", "/healthcheck"): Expected(405, None),
    ("GET", "/healthcheck?format=text"): Expected(200, "degraded", b"degraded\n"),
    ("GET", f"/healthcheck?format=text&token={TOKEN}"): Expected(200, "degraded", ALL_OF_IT),
    ("GET", "/livez"): Expected(200, "healthy", b'{"status":"healthy"}'),
    ("GET", "/startupz"): Expected(200, "healthy", b'{"status":"healthy"}'),
}


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel and the frameworks."""
    made = make_environment(tmp_path_factory.mktemp("framed") / "venv", wheel)
    install_locked(made, FRAMEWORKS)
    return made


@pytest.mark.semantics(50, 51, 61)
@pytest.mark.parametrize("kind", PROGRAMS)
def test_ten_lines_give_the_same_answers_everywhere(
    kind: str, python: Path, tmp_path: Path
) -> None:
    (tmp_path / "allgood.py").write_text(CHECKS)
    (tmp_path / "program.py").write_text(PROGRAMS[kind])
    environment = {
        "PYTHONPATH": "",
        "ALLGREEN_ENV": "production",
        "ALLGREEN_HEALTH_TOKEN": TOKEN,
        "ALLGREEN_STATE_DIR": str(tmp_path / "state"),
    }

    with Program(
        SERVERS[kind], tmp_path / "log", environment, python=python, folder=tmp_path
    ) as program:
        answers = {asked: _ask(program, *asked) for asked in ANSWERS}
        ready = program.get("/readyz")
        (tmp_path / "broken").touch()
        failing = program.get(f"/healthcheck?fresh=1&token={TOKEN}&format=text")
        hello = program.get("/hello")

    assert answers == ANSWERS
    assert ready.status == 200  # degraded or not: not every worker has looked at the payments yet
    assert failing.status == 503
    assert failing.body.startswith(
        b"fail: One of three checks fails.\nfailed   database: no answer\n"
    )
    assert hello.status == (404 if kind == "alone" else 200)


def _ask(program: Program, method: str, target: str) -> Expected:
    answer = program.ask(method, target)
    is_known = ANSWERS[method, target].body is not None
    return Expected(answer.status, answer.header("X-Health"), answer.body if is_known else None)
