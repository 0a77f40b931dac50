"""The health endpoint in front of an ASGI application, and alone."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import Any

import pytest

from allgreen.domain.report import Detail
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.asgi import AsgiHealth, Receive, Scope, Send
from tests.scripted_runner import ScriptedRunner, passed


class Program:
    """A program that remembers what it was handed."""

    def __init__(self) -> None:
        self.handed: list[tuple[Scope, Receive, Send]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.handed.append((scope, receive, send))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            await send({"type": "http.response.body", "body": b"two"})


@pytest.fixture
def endpoint() -> HealthEndpoint:
    options = EndpointOptions(
        environment="production", access=Access(tokens={"a-token": Detail.FULL})
    )
    return HealthEndpoint(ScriptedRunner(passed()), options)


def scope_of(
    path: str,
    method: str = "GET",
    *,
    query: bytes = b"",
    root_path: str = "",
    headers: Iterable[tuple[bytes, bytes]] = (),
    client: tuple[str, int] | None = ("192.0.2.7", 4711),
) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": method,
        "path": path,
        "root_path": root_path,
        "query_string": query,
        "headers": list(headers),
        "client": client,
    }


async def call(app: Any, scope: Scope, *received: str) -> list[Any]:
    """Call an application as a server does."""
    sent: list[Any] = []
    waiting = [{"type": each} for each in received]

    async def receive() -> Any:
        assert waiting, "something was read that nobody sends"
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def status_of(app: Any, scope: Scope) -> int:
    status: int = (await call(app, scope))[0]["status"]
    return status


@pytest.mark.parametrize("app", [None, Program()], ids=["alone", "in front"])
@pytest.mark.parametrize("path", ["/healthcheck", "/healthcheck/", "/readyz", "/livez"])
async def test_health_is_answered(app: Any, path: str, endpoint: HealthEndpoint) -> None:
    start, body = await call(AsgiHealth(app, endpoint), scope_of(path))

    assert start["type"] == "http.response.start"
    assert start["status"] == 200
    assert (b"content-length", b"20") in start["headers"]
    assert (b"content-type", b"application/json") in start["headers"]
    assert body == {"type": "http.response.body", "body": b'{"status":"healthy"}'}


@pytest.mark.semantics(50)
async def test_head_has_no_body(endpoint: HealthEndpoint) -> None:
    start, body = await call(AsgiHealth(None, endpoint), scope_of("/livez", "HEAD"))

    assert (b"content-length", b"20") in start["headers"]
    assert body["body"] == b""


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan", "something new"])
async def test_everything_else_is_handed_on_untouched(kind: str, endpoint: HealthEndpoint) -> None:
    program = Program()
    scope: Scope = {**scope_of("/orders"), "type": kind}
    before = dict(scope)

    sent = await call(AsgiHealth(program, endpoint), scope)

    assert program.handed[0][0] is scope
    assert scope == before
    assert len(sent) == (3 if kind == "http" else 0)


async def test_a_web_socket_at_a_health_path_is_handed_on(endpoint: HealthEndpoint) -> None:
    program = Program()

    await call(AsgiHealth(program, endpoint), {"type": "websocket", "path": "/livez"})

    assert len(program.handed) == 1


async def test_alone_everything_else_is_not_found(endpoint: HealthEndpoint) -> None:
    assert await status_of(AsgiHealth(None, endpoint), scope_of("/orders")) == 404


async def test_alone_it_takes_part_in_the_life_cycle(endpoint: HealthEndpoint) -> None:
    sent = await call(
        AsgiHealth(None, endpoint), {"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown"
    )

    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


async def test_alone_it_refuses_web_sockets(endpoint: HealthEndpoint) -> None:
    sent = await call(AsgiHealth(None, endpoint), {"type": "websocket", "path": "/livez"})

    assert sent == [{"type": "websocket.close", "code": 1000}]


@pytest.mark.parametrize(
    ("prefix", "root_path", "path", "is_ours"),
    [
        ("/internal", "", "/internal/livez", True),
        ("/internal", "", "/livez", False),
        ("/internal", "", "/internallivez", False),
        ("", "/shop", "/shop/livez", True),
        ("", "/shop", "/livez", True),
        ("", "/shop", "/shoplivez", False),
        ("", "/shop/", "/shop/livez", True),
        ("/internal", "/shop", "/shop/internal/livez", True),
        ("/internal", "/shop", "/shop/livez", False),
    ],
)
async def test_it_is_below_its_prefix_and_the_root_path(
    prefix: str, root_path: str, path: str, is_ours: bool, endpoint: HealthEndpoint
) -> None:
    app = AsgiHealth(Program(), endpoint, prefix=prefix)

    status = await status_of(app, scope_of(path, root_path=root_path))

    assert status == (200 if is_ours else 418)


@pytest.mark.semantics(56)
async def test_headers_and_the_query_reach_the_endpoint(endpoint: HealthEndpoint) -> None:
    by_header = scope_of("/healthcheck", headers=[(b"Authorization", b"Bearer a-token")])
    by_query = scope_of("/healthcheck", query=b"token=a-token&format=text")

    assert b'"checks"' in (await call(AsgiHealth(None, endpoint), by_header))[1]["body"]
    assert b"passed   database" in (await call(AsgiHealth(None, endpoint), by_query))[1]["body"]


@pytest.mark.semantics(53)
async def test_repeated_headers_count_as_one(endpoint: HealthEndpoint) -> None:
    headers = [(b"accept", b"image/png"), (b"accept", b"text/plain")]

    start, _ = await call(AsgiHealth(None, endpoint), scope_of("/healthcheck", headers=headers))

    assert (b"content-type", b"text/plain; charset=utf-8") in start["headers"]


@pytest.mark.semantics(56)
@pytest.mark.parametrize(
    ("client", "is_shown"), [(("10.0.0.1", 1), True), (("192.0.2.7", 1), False), (None, False)]
)
async def test_the_address_of_the_socket_reaches_the_endpoint(
    client: tuple[str, int] | None, is_shown: bool
) -> None:
    access = Access(networks={"10.0.0.0/8": Detail.FULL})
    options = EndpointOptions(environment="production", access=access)
    endpoint = HealthEndpoint(ScriptedRunner(passed()), options)

    sent = await call(AsgiHealth(None, endpoint), scope_of("/healthcheck", client=client))

    assert (b'"checks"' in sent[1]["body"]) is is_shown


@pytest.mark.semantics(62)
@pytest.mark.parametrize(
    "first", [{"type": "lifespan"}, scope_of("/readyz")], ids=["life cycle", "request"]
)
async def test_a_signal_that_a_server_took_is_taken_back(first: Scope) -> None:
    before = signal.getsignal(signal.SIGTERM)
    options = EndpointOptions(environment="production", drain_on_sigterm=True)
    endpoint = HealthEndpoint(ScriptedRunner(passed()), options)
    try:
        app = AsgiHealth(Program(), endpoint)
        told: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: told.append(number))

        await call(app, first)
        signal.raise_signal(signal.SIGTERM)

        assert await status_of(app, scope_of("/readyz")) == 503
        assert told == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
