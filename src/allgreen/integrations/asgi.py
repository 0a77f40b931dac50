"""ASGI: the health endpoint in front of any application of ASGI 3, or alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import Any, Final, final

from allgreen.health.serving.asking import Components
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request
from allgreen.integrations.paths import read_prefix, strip_prefix

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


@final
class AsgiHealth:
    """Answers on the paths of an endpoint, and hands everything else on as it came.

    That includes the life cycle and web sockets. It answers before the program sees a request:
    before hosts are checked, people are redirected or asked to sign in, and requests are counted.
    It never reads a body.

    Args:
        app: The program; without one everything else is not found.
        endpoint: What is answered.
        prefix: Path below which the endpoint is, such as ``/internal``.

    Raises:
        SettingsError: The prefix is no path.
    """

    def __init__(self, app: AsgiApp | None, endpoint: HealthEndpoint, *, prefix: str = "") -> None:
        self.app = app
        self.endpoint = endpoint
        self.prefix = read_prefix(prefix)
        endpoint.listen_for_sigterm()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand on what is none."""
        if scope["type"] != "http":
            # Servers take SIGTERM for themselves before they begin a life cycle.
            self.endpoint.listen_for_sigterm()
            await (self.app or _live_alone)(scope, receive, send)
            return
        below = strip_prefix(_path_of(scope), self.prefix)
        if self.app is not None and (below is None or not self.endpoint.answers(below)):
            await self.app(scope, receive, send)
            return
        self.endpoint.listen_for_sigterm()  # where there is no life cycle
        await answer(self.endpoint, read_request(scope, below or ""), send)


def read_request(scope: Scope, path: str) -> Request:
    """Return the request of a scope of ASGI.

    Args:
        scope: Its type is ``http``.
        path: The path below the mount.
    """
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=path,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=_join(scope["headers"]),
        peer=client[0] if client else None,
    )


async def answer(
    endpoint: HealthEndpoint,
    request: Request,
    send: Send,
    components: Components | None = None,
) -> None:
    """Send what an endpoint answers to a request; see `HealthEndpoint.respond_async`."""
    response = await endpoint.respond_async(request, components=components)
    headers = [_encode(header) for header in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


@lru_cache(maxsize=128)
def _encode(header: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = header
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _path_of(scope: Scope) -> str:
    """Return the path below the root path, which servers put in front of it or not."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    below = strip_prefix(path, root)
    return path if below is None else below


def _join(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by name, repeated ones joined as RFC 9110, section 5.2, has it."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        is_usual = len(raw_name) <= _USUAL_NAME
        name = _read_usual_name(raw_name) if is_usual else _read_name(raw_name)
        value = raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _read_name(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


_USUAL_NAME: Final = 40
_read_usual_name: Final = lru_cache(maxsize=128)(_read_name)


async def _live_alone(scope: Scope, receive: Receive, send: Send) -> None:
    """Take part in a life cycle without a program, and refuse web sockets."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
    while scope["type"] == "lifespan":
        stage = (await receive())["type"]
        await send({"type": f"{stage}.complete"})
        if stage == "lifespan.shutdown":
            return
