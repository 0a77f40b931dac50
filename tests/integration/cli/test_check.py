"""`allgreen check` as a process, and against real servers."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from allgreen.cli import address
from allgreen.cli.address import look_at_address
from allgreen.cli.exits import CheckExit
from allgreen.cli.finding import Finding, Standing
from allgreen.domain.report import Detail
from allgreen.errors import SettingsError
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request
from allgreen.health.serving.options import EndpointOptions
from tests.scripted_runner import ScriptedRunner, failed, passed

WITHIN_S = 20.0
HEALTHY, DEGRADED = Standing.HEALTHY, Standing.DEGRADED
UNHEALTHY, UNKNOWN = Standing.UNHEALTHY, Standing.UNKNOWN

Answer = tuple[int, str, bytes]


class Target:
    """A server that answers what a test says."""

    def __init__(self) -> None:
        self.answer: Answer = (200, "text/plain", b"")
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/healthcheck"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                target.asked.append(dict(self.headers))
                status, kind, body = target.answer
                self.send_response(status)
                for name, value in {"Content-Type": kind, **target.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    made.start()
    yield made
    made.stop()


# An address ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "body", "standing"),
    [
        (200, "text/plain", b"", HEALTHY),
        (204, "text/plain", b"", HEALTHY),
        (200, "text/html", b"<h1>fail</h1>", HEALTHY),
        (200, "text/plain", b"ok: All pass.\n", HEALTHY),
        (200, "text/plain", b"degraded: One is degraded.\n", DEGRADED),
        (200, "text/plain", b"fail: One fails.\n", UNHEALTHY),
        (200, "text/plain; charset=utf-8", b"Unhealthy", UNHEALTHY),
        (200, "text/plain", b"hello", HEALTHY),
        (200, "text/plain", b"failure is no word of ours", HEALTHY),
        (200, "application/json", b'{"status": "healthy"}', HEALTHY),
        (200, "application/json", b'{"status": "degraded"}', DEGRADED),
        (200, "application/json", b'{"status": "unhealthy"}', UNHEALTHY),
        (200, "application/health+json", b'{"status": "pass"}', HEALTHY),
        (200, "application/health+json", b'{"status": "warn"}', DEGRADED),
        (429, "application/health+json", b'{"status": "fail"}', UNHEALTHY),
        (200, "application/json", b'{"status": "UP"}', HEALTHY),
        (503, "application/json", b'{"status": "OUT_OF_SERVICE"}', UNHEALTHY),
        (200, "application/json", b'{"status": "UNKNOWN"}', UNKNOWN),
        (
            200,
            "application/json",
            b'{"status": "degraded", "ai_model_available": false}',
            UNHEALTHY,
        ),
        (200, "application/json", b'{"status": "healthy", "ai_model_available": true}', HEALTHY),
        (200, "application/json", b'{"status": 200}', HEALTHY),
        (200, "application/json", b"[]", HEALTHY),
        (200, "application/json", b"[" * 60_000, HEALTHY),
        (200, "application/json", b"\xff\xfe", HEALTHY),
        (503, "application/json", b'{"status": "healthy"}', UNHEALTHY),
        (500, "text/plain", b"", UNHEALTHY),
        (302, "text/plain", b"", UNKNOWN),
        (401, "application/json", b'{"status": "error"}', UNHEALTHY),
        (403, "text/plain", b"", UNKNOWN),
        (404, "text/plain", b"ok", UNKNOWN),
    ],
)
def test_an_address_is_judged_by_status_code_and_body(
    status: int, kind: str, body: bytes, standing: Standing, target: Target
) -> None:
    target.answer = (status, kind, body)

    found = look_at_address(target.url)

    assert found.standing is standing
    assert f"answers {status}" in found.as_text()
    assert json.loads(found.as_json())["http_status"] == status


def test_the_header_of_our_own_counts_too(target: Target) -> None:
    target.headers = {"X-Health": "degraded"}

    assert look_at_address(target.url).standing is DEGRADED


@pytest.mark.parametrize("form", ["json", "text", "health", "spring", "microprofile", "html"])
@pytest.mark.parametrize(
    ("results", "standing"),
    [
        ([passed()], HEALTHY),
        ([passed("a"), failed("b")], UNHEALTHY),
        ([], UNHEALTHY),
    ],
    ids=["healthy", "unhealthy", "nothing"],
)
def test_every_format_of_our_own_is_understood(
    form: str, results: list[Any], standing: Standing, target: Target
) -> None:
    options = EndpointOptions(environment="production", access=Access(anonymous=Detail.FULL))
    endpoint = HealthEndpoint(ScriptedRunner(*results), options)
    response = endpoint.respond(Request("GET", "/healthcheck", f"format={form}"))
    target.answer = (200, dict(response.headers)["Content-Type"], response.body)

    by_body = look_at_address(target.url).standing
    target.answer = (response.status, *target.answer[1:])
    by_both = look_at_address(target.url).standing

    assert by_both is standing
    assert by_body is (HEALTHY if form == "html" else standing)


def test_the_sentence_is_shown_and_no_secret(target: Target) -> None:
    body = {"status": "unhealthy", "summary": "postgresql://shop:hunter2@db/shop\x1b[31m is away."}
    target.answer = (503, "application/json", json.dumps(body).encode())

    said = look_at_address(f"{target.url}?token=hunter2").as_text()

    assert said.startswith(f"fail: {target.url} answers 503 and says unhealthy: postgresql://")
    assert "hunter2" not in said
    assert "\x1b" not in said


def test_it_says_who_asks_and_what_is_understood(target: Target) -> None:
    look_at_address(target.url)

    assert target.asked[0]["User-Agent"].startswith("Allgreen/")
    assert "application/json" in target.asked[0]["Accept"]


def test_who_does_not_answer_is_unhealthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    found = look_at_address(f"http://127.0.0.1:{port}/")

    assert found.standing is UNHEALTHY
    assert "Connection refused" in found.as_text()


def test_who_answers_too_slowly_is_unhealthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = look_at_address(f"http://127.0.0.1:{server.getsockname()[1]}/", 0.2)

    assert found.standing is UNHEALTHY
    assert "gave no answer within 0.2 s" in found.as_text()


def test_who_does_not_speak_http_is_unhealthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail ready\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        found = look_at_address(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join(WITHIN_S)

    assert found.standing is UNHEALTHY
    assert "does not speak HTTP" in found.as_text()


def test_who_cannot_be_trusted_says_nothing_of_health() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        found = look_at_address(f"https://localhost:{server.getsockname()[1]}/")
        thread.join(WITHIN_S)

    assert found.standing is UNKNOWN
    assert "cannot be trusted: CERTIFICATE_VERIFY_FAILED" in found.as_text()


@pytest.mark.parametrize(
    ("error", "standing"),
    [
        (socket.gaierror(-2, "Name or service not known"), UNKNOWN),
        (OSError(101, "Network is unreachable"), UNKNOWN),
        (OSError("odd"), UNHEALTHY),
    ],
    ids=str,
)
def test_what_is_wrong_here_is_told_from_what_is_wrong_there(
    error: OSError, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(address, "fetch", fail)

    assert look_at_address("http://a.invalid/").standing is standing


@pytest.mark.semantics(22)
def test_a_name_that_nobody_answers_for_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    monkeypatch.setattr(address, "fetch", lambda *_, **__: release.wait(WITHIN_S))

    found = look_at_address("http://a.invalid/", 0.05)
    release.set()

    assert found.standing is UNHEALTHY


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsError):
        look_at_address("mailto:a@example.org")


def test_a_finding_is_one_line() -> None:
    found = Finding(standing=HEALTHY, source="a\nb", message="is\r\nfine.")

    assert found.as_text() == "ok: a b is fine."


# A process ----------------------------------------------------------------------------------------


def test_a_process_ends_with_the_code_of_its_answer(target: Target) -> None:
    codes = []
    for status in (200, 503, 404):
        target.answer = (status, "text/plain", b"")
        codes.append(_run("--url", target.url).returncode)

    assert codes == [CheckExit.HEALTHY, CheckExit.UNHEALTHY, CheckExit.UNKNOWN]


@pytest.mark.semantics(20, "L1")
def test_a_process_ends_although_a_check_hangs_for_ever(tmp_path: Path) -> None:
    (tmp_path / "allgood.py").write_text(
        """
import asyncio, threading
from allgreen import check

@check("Sync", timeout=0.2)
def sync(): threading.Event().wait()

@check("Async", timeout=0.2)
async def stubborn():
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError: ...

@check("Blocks", timeout=0.2)
async def blocks(): threading.Event().wait()
"""
    )

    began = time.monotonic()
    done = _run("--timeout", "1", cwd=tmp_path)

    assert done.returncode == CheckExit.UNHEALTHY
    assert done.stdout.startswith("fail: All three checks fail.")
    assert time.monotonic() - began < WITHIN_S / 2


def test_only_what_is_needed_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from allgreen.cli import main; main(['check', '--file', 'x']);"
        "print([name for name in ('typer', 'uvicorn', 'fastapi', 'pydantic', 'sqlalchemy')"
        " if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def _run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "import sys; from allgreen.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, "check", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
