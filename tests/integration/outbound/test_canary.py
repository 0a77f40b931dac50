"""Canaries are asked over the guarded client, and any answer will do."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from allgreen.errors import SettingsError
from allgreen.executors import canary as canary_module
from allgreen.executors.canary import build_canaries
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.http import HttpClient
from allgreen.outbound.resolver import Resolver
from allgreen.outbound.route import Router
from allgreen.ports import Canary
from tests.integration.outbound.targets import LOOPBACK, OK, Visit, listen, saying
from tests.services import free_port

ERROR = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
ELSEWHERE = "https://a.example,b.example:443"


@contextlib.asynccontextmanager
async def _canary(place: str, *, allow: str = LOOPBACK) -> AsyncIterator[Canary]:
    guard, resolver = TargetGuard.parse(allow), Resolver()
    client = HttpClient(guard=guard, resolver=resolver)
    try:
        router = Router(guard=guard, resolver=resolver)
        text = f"{place},{ELSEWHERE}"
        yield build_canaries(text, router=router, client=client, user_agent="Allgreen/test")[0]
    finally:
        await client.aclose()


@pytest.mark.parametrize("answer", [OK, ERROR], ids=["200", "503"])
async def test_any_answer_of_a_url_will_do(answer: bytes) -> None:
    async with listen(saying(answer)) as target, _canary(target.url) as canary:
        assert await canary.answers()

    assert target.heads[0].startswith(b"HEAD / HTTP/1.1\r\n")
    assert b"User-Agent: Allgreen/test" in target.heads[0]
    assert canary.name == f"http://127.0.0.1:{target.port}"


async def test_a_url_that_says_nothing_is_silent() -> None:
    async def hang_up(_visit: Visit) -> None:
        """Say nothing."""

    async with listen(hang_up) as target, _canary(target.url) as canary:
        assert not await canary.answers()


async def test_of_a_host_and_a_port_a_connection_will_do() -> None:
    async with (
        listen(saying(b""), reads_head=False) as target,
        _canary(f"127.0.0.1:{target.port}") as canary,
    ):
        assert await canary.answers()

    assert canary.name == f"127.0.0.1:{target.port}"


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "http://127.0.0.1:{port}"])
async def test_where_nothing_listens_nothing_answers(place: str) -> None:
    async with _canary(place.format(port=free_port())) as canary:
        assert not await canary.answers()


async def test_a_name_that_cannot_be_found_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary_module, "TIMEOUT_S", 0.2)
    async with _canary("nowhere.invalid:443") as canary:
        assert not await canary.answers()


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "http://127.0.0.1:{port}"])
async def test_the_guard_lets_no_canary_look_inside(place: str) -> None:
    async with listen(saying(OK), reads_head=False) as target:
        with pytest.raises(SettingsError, match="ALLGREEN_ALLOW_TARGETS"):
            async with _canary(place.format(port=target.port), allow=""):
                pass

    assert target.visits == 0
