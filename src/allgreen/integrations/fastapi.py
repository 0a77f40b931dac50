"""FastAPI and Starlette: the health endpoint as a router.

`allgreen.integrations.mounting.mount_endpoint` puts it in front of the whole application instead,
where no middleware can stand in its way.
"""

from __future__ import annotations

from typing import Any, final

from allgreen.errors import MissingExtraError
from allgreen.health.endpoint import HealthEndpoint
from allgreen.integrations.asgi import Receive, Scope, Send, answer, read_request
from allgreen.integrations.paths import read_prefix

try:
    from fastapi import APIRouter
except ImportError as error:
    raise MissingExtraError("fastapi", "fastapi") from error


def health_router(endpoint: HealthEndpoint, *, prefix: str = "") -> APIRouter:
    """Return a router with every path of an endpoint, for ``app.include_router``.

    What an application does before each request is done here too. The paths are left out of the
    OpenAPI document: they are for machines of yours, and not part of what you offer.

    Args:
        endpoint: What is answered.
        prefix: Path below which it is.

    Raises:
        SettingsError: The prefix is no path.
    """
    router, before = APIRouter(), read_prefix(prefix)
    for path in endpoint.paths:
        # An application of its own, and no function: it is asked with every method then.
        route: Any = _Route(endpoint, path)
        router.add_route(before + path, route, name=f"allgreen{path}", include_in_schema=False)
    return router


@final
class _Route:
    """One path of an endpoint, as an application of ASGI."""

    def __init__(self, endpoint: HealthEndpoint, path: str) -> None:
        self._endpoint = endpoint
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(self._endpoint, read_request(scope, self._path), send)
