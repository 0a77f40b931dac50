"""The health endpoint in front of a WSGI application, and alone."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from allgreen.domain.report import Detail
from allgreen.errors import SettingsError
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.wsgi import StartResponse, WsgiHealth
from tests.scripted_runner import ScriptedRunner, passed


class Body(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


class Program:
    """A program that remembers what it was handed, and streams its answer."""

    def __init__(self) -> None:
        self.environs: list[dict[str, Any]] = []
        self.is_closed = False

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self.environs.append(environ)
        start_response("418 I'm a Teapot", [("Content-Type", "text/plain")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def endpoint() -> HealthEndpoint:
    options = EndpointOptions(
        environment="production", access=Access(tokens={"a-token": Detail.FULL})
    )
    return HealthEndpoint(ScriptedRunner(passed()), options)


def environ_of(path: str, method: str = "GET", **others: str) -> dict[str, Any]:
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method}
    environ |= {"QUERY_STRING": "", "SCRIPT_NAME": ""}
    setup_testing_defaults(environ)
    return environ | {"REMOTE_ADDR": "192.0.2.7"} | others


def call(app: Any, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """Call an application as a server does, held to every rule of PEP 3333."""
    begun: list[Any] = []
    answer = validator(app)(environ, lambda *start: begun.append(start))  # type: ignore[arg-type]  # a stand-in
    try:
        body = b"".join(answer)
    finally:
        answer.close()  # type: ignore[attr-defined]  # the validator always has one
    status, headers = begun[0][:2]
    return status, dict(headers), body


@pytest.mark.parametrize("app", [None, Program()], ids=["alone", "in front"])
@pytest.mark.parametrize("path", ["/healthcheck", "/healthcheck/", "/readyz", "/livez"])
def test_health_is_answered(app: Any, path: str, endpoint: HealthEndpoint) -> None:
    status, headers, body = call(WsgiHealth(app, endpoint), environ_of(path))

    assert (status, body) == ("200 OK", b'{"status":"healthy"}')
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.semantics(50)
def test_head_has_no_body(endpoint: HealthEndpoint) -> None:
    status, headers, body = call(WsgiHealth(None, endpoint), environ_of("/livez", "HEAD"))

    assert (status, headers["Content-Length"], body) == ("200 OK", "20", b"")


def test_everything_else_is_handed_on_untouched(endpoint: HealthEndpoint) -> None:
    program = Program()
    environ = environ_of("/orders")

    answer = WsgiHealth(program, endpoint)(environ, lambda *_: None)

    assert answer is program  # it streams, and is closed by the server
    assert program.environs[0] is environ


def test_alone_everything_else_is_not_found(endpoint: HealthEndpoint) -> None:
    status, _, body = call(WsgiHealth(None, endpoint), environ_of("/orders"))

    assert (status, body) == ("404 Not Found", b"There is no such page.\n")


@pytest.mark.parametrize(
    ("prefix", "path", "is_ours"),
    [
        ("/internal", "/internal/livez", True),
        ("/internal/", "/internal/livez", True),
        ("/internal", "/livez", False),
        ("/internal", "/internal", False),
        ("/internal", "/internallivez", False),
        ("/ünter", "/ünter/livez".encode().decode("latin-1"), True),
        ("", "/livez", True),
        ("/", "/livez", True),
    ],
)
def test_it_is_below_its_prefix(
    prefix: str, path: str, is_ours: bool, endpoint: HealthEndpoint
) -> None:
    status, _, _ = call(WsgiHealth(Program(), endpoint, prefix=prefix), environ_of(path))

    assert status == ("200 OK" if is_ours else "418 I'm a Teapot")


def test_what_a_server_put_in_front_of_the_path_does_not_count(endpoint: HealthEndpoint) -> None:
    environ = environ_of("/livez", SCRIPT_NAME="/shop")

    assert call(WsgiHealth(Program(), endpoint), environ)[0] == "200 OK"


@pytest.mark.parametrize("prefix", ["internal", "/a b", "/a?b"])
def test_a_prefix_that_nobody_can_ask_for_is_refused(prefix: str, endpoint: HealthEndpoint) -> None:
    with pytest.raises(SettingsError):
        WsgiHealth(None, endpoint, prefix=prefix)


def test_no_body_is_read(endpoint: HealthEndpoint) -> None:
    environ = environ_of("/livez", "POST", CONTENT_LENGTH="9") | {"wsgi.input": Body()}

    assert WsgiHealth(Program(), endpoint)(environ, lambda *_: None)


@pytest.mark.semantics(56)
def test_headers_and_the_query_reach_the_endpoint(endpoint: HealthEndpoint) -> None:
    by_header = environ_of("/healthcheck", HTTP_AUTHORIZATION="Bearer a-token")
    by_query = environ_of("/healthcheck", QUERY_STRING="token=a-token&format=text")

    assert b'"checks"' in call(WsgiHealth(None, endpoint), by_header)[2]
    assert b"passed   database" in call(WsgiHealth(None, endpoint), by_query)[2]


@pytest.mark.semantics(56)
@pytest.mark.parametrize(
    ("peer", "is_shown"), [("10.0.0.1", True), ("192.0.2.7", False), ("", False)]
)
def test_the_address_of_the_socket_reaches_the_endpoint(peer: str, is_shown: bool) -> None:
    access = Access(networks={"10.0.0.0/8": Detail.FULL})
    options = EndpointOptions(environment="production", access=access)
    endpoint = HealthEndpoint(ScriptedRunner(passed()), options)

    body = call(WsgiHealth(None, endpoint), environ_of("/healthcheck", REMOTE_ADDR=peer))[2]

    assert (b'"checks"' in body) is is_shown


@pytest.mark.semantics(62)
def test_a_signal_that_a_server_took_is_taken_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    options = EndpointOptions(environment="production", drain_on_sigterm=True)
    endpoint = HealthEndpoint(ScriptedRunner(passed()), options)
    try:
        app = WsgiHealth(None, endpoint)
        told: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: told.append(number))

        call(app, environ_of("/readyz"))
        signal.raise_signal(signal.SIGTERM)

        assert call(app, environ_of("/readyz"))[0] == "503 Service Unavailable"
        assert told == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
