"""Every route names one permission, or it cannot be added at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from allgreen.domain.policy import Permission
from allgreen.server.app import build_routes
from allgreen.server.auth.access import Access, GuardedRoute, guarded_router, permission
from allgreen.server.openapi import write_document
from tests.checkout import ROOT


def test_a_route_without_a_permission_cannot_be_added() -> None:
    router = guarded_router("test")

    async def open_to_all() -> None:
        """Forget to say who may."""

    with pytest.raises(TypeError, match="/open must declare one permission, not 0"):
        router.add_api_route("/open", open_to_all)


def test_a_route_tells_its_permission_in_the_document() -> None:
    router = guarded_router("test")

    @router.get("/closed")
    async def look(_access: Annotated[Access, permission(Permission.SERVICE_READ)]) -> None:
        """Look."""

    (route,) = router.routes
    assert isinstance(route, GuardedRoute)
    assert route.openapi_extra == {"x-allgreen-permission": "service.read"}


def test_every_route_of_the_platform_is_guarded() -> None:
    routes = list(walk(build_routes().routes))

    assert [route.path for route in routes if not isinstance(route, GuardedRoute)] == []
    assert len(routes) > 30


def test_what_is_not_in_the_document_opens_nothing_of_a_workspace() -> None:
    """Pages are asked by nobody in the test of all operations: so none may need a right."""
    hidden = [
        route
        for route in walk(build_routes().routes)
        if isinstance(route, GuardedRoute) and not route.include_in_schema
    ]
    open_to_all = {Permission.PUBLIC, Permission.TOKEN, Permission.METRICS}

    assert [route.path for route in hidden if route.permission not in open_to_all] == []
    assert len(hidden) > 5


def walk(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Return the routes of the API, also those of included routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            yield from walk(inner.routes)


def test_the_exported_document_is_the_one_of_the_routes() -> None:
    exported = (ROOT / "web" / "openapi.json").read_text(encoding="utf-8")

    assert exported == write_document()
