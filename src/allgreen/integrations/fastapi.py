"""FastAPI and Starlette: the health endpoint as a router, and the checker as a dependency.

`allgreen.integrations.mounting.mount_endpoint` puts it in front of the whole application instead,
where no middleware can stand in its way.
"""

from __future__ import annotations

from functools import cache
from inspect import isawaitable
from typing import Any, final

from allgreen.errors import MissingExtraError
from allgreen.health.checker.checker import HealthChecker
from allgreen.health.config.settings import HealthSettings
from allgreen.health.serving.asking import Components
from allgreen.health.serving.endpoint import HealthEndpoint
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

    On ``/v1/health`` the components of the endpoint answer, unless the application overrides the
    dependency `get_health_checker`.

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


@cache
def get_health_checker() -> HealthChecker:
    """Return the checker of this process, with the settings of the environment.

    It is made when it is asked for first, and can be a dependency: ``Depends(get_health_checker)``.

    Raises:
        SettingsError: A setting cannot be used.
    """
    return HealthChecker.of(HealthSettings.from_environment())


@final
class _Route:
    """One path of an endpoint, as an application of ASGI."""

    def __init__(self, endpoint: HealthEndpoint, path: str) -> None:
        self._endpoint = endpoint
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        components = await _find_override(scope.get("app"))
        await answer(self._endpoint, read_request(scope, self._path), send, components)


async def _find_override(app: Any) -> Components | None:
    """Return what an application has in place of the checker, as its tests may.

    Asked here and not as a dependency: FastAPI calls those in threads that a program may have used
    up.
    """
    overrides = getattr(app, "dependency_overrides", None) or {}
    override = overrides.get(get_health_checker)
    found = None if override is None else override()
    return await found if isawaitable(found) else found
