"""Under which names a page of ours may change something."""

from __future__ import annotations

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from allgreen.server.middleware import SameOrigin
from allgreen.server.settings import Settings

HERE = {"host": "127.0.0.1"}
EVERYWHERE = {"host": "0.0.0.0"}
NAMED = {"host": "0.0.0.0", "public_url": "http://nas.example:8000"}


@pytest.mark.parametrize(
    ("settings", "name", "is_let_in"),
    [
        (HERE, "127.0.0.1", True),
        (HERE, "localhost", True),
        (HERE, "rebound.example", False),
        (EVERYWHERE, "nas.local", True),
        (NAMED, "nas.example", True),
        (NAMED, "192.168.1.7", True),
        (NAMED, "rebound.example", False),
    ],
)
async def test_names_of_our_own_are_let_in(
    settings: dict[str, str], name: str, *, is_let_in: bool
) -> None:
    async def change(_: Request) -> Response:
        return Response(status_code=204)

    app = SameOrigin(
        Starlette(routes=[Route("/api/v1/session", change, methods=["POST"])]),
        settings=Settings.load(**settings),
    )
    origin = f"http://{name}:8000"

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=origin) as browser:
        answer = await browser.post("/api/v1/session", headers={"Origin": origin})

    assert answer.status_code == (204 if is_let_in else 403)
