"""WSGI: the health endpoint in front of any application of PEP 3333, or alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, final

from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request
from allgreen.integrations.paths import read_prefix, strip_prefix

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


@final
class WsgiHealth:
    """Answers on the paths of an endpoint, and hands everything else on as it came.

    It answers before the program sees a request: before hosts are checked, people are redirected
    or asked to sign in, and requests are counted. It never reads a body.

    Args:
        app: The program; without one everything else is not found.
        endpoint: What is answered.
        prefix: Path below which the endpoint is, such as ``/internal``.

    Raises:
        SettingsError: The prefix is no path.
    """

    def __init__(self, app: WsgiApp | None, endpoint: HealthEndpoint, *, prefix: str = "") -> None:
        self.app = app
        self.endpoint = endpoint
        self.prefix = read_prefix(prefix)
        endpoint.listen_for_sigterm()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        # PEP 3333 has the bytes of a path as Latin-1; SCRIPT_NAME is not part of it.
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        below = strip_prefix(path, self.prefix)
        if self.app is not None and (below is None or not self.endpoint.answers(below)):
            return self.app(environ, start_response)
        self.endpoint.listen_for_sigterm()  # a server that forks took the signal meanwhile
        return _answer(self.endpoint, read_request(environ, below or ""), start_response)


def read_request(environ: Environ, path: str) -> Request:
    """Return the request of an environment of WSGI.

    Args:
        environ: The environment.
        path: The path below the mount.
    """
    headers = {
        key[_HTTP:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    return Request(
        method=environ.get("REQUEST_METHOD", "GET"),
        path=path,
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        peer=environ.get("REMOTE_ADDR") or None,
    )


_HTTP: Final = len("HTTP_")


def _answer(
    endpoint: HealthEndpoint, request: Request, start_response: StartResponse
) -> Iterable[bytes]:
    response = endpoint.respond(request)
    start_response(f"{response.status} {response.reason}", response.headers)
    return [response.body] if response.body else []
