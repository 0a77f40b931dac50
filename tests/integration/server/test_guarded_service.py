"""A service is watched by the real platform; what it must not reach stays unreached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.outbound.dns_stub import Answer, start_dns
from tests.integration.outbound.targets import OK, Target, listen, redirecting, saying
from tests.platform import Person, Platform

pytestmark = pytest.mark.timeout(120)

INSIDE = "127.0.0.2"
NAME = "orders.nordlys.example"


@asynccontextmanager
async def watched_by(folder: Path, allow: str) -> AsyncIterator[Person]:
    """Start a platform whose DNS server says that every name lies at 127.0.0.2."""
    dns = await start_dns(lambda _, kind: Answer((INSIDE,) if kind == "A" else ()))
    settings = {
        "ALLGREEN_ALLOW_TARGETS": allow,
        "ALLGREEN_RESOLVER": dns.address,
        "ALLGREEN_MIN_INTERVAL_S": "1",
    }
    platform = await asyncio.to_thread(Platform(folder / "data", settings).start)
    try:
        yield await asyncio.to_thread(Person(platform).set_up)
    finally:
        await asyncio.to_thread(platform.stop)
        assert dns.transport is not None
        dns.transport.close()


async def first_result(person: Person, url: str) -> dict[str, Any]:
    """Watch a URL and return its first result, once there is one."""
    service = await asyncio.to_thread(person.watch, "Orders", url)
    path = f"/services/{service['id']}/results"
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while not found:
            found = (await asyncio.to_thread(person.get, path))["items"]
            await asyncio.sleep(0.05)
    return found[-1]


Url = Callable[[Target, Target], str]

WAYS: dict[str, Url] = {
    "a name that resolves to it": lambda inside, _: f"http://{NAME}:{inside.port}/",
    "a redirect that leads to it": lambda _, public: public.url,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_a_service_reaches_127_0_0_2_only_when_allow_listed(tmp_path: Path, way: Url) -> None:
    async with listen(saying(OK), host=INSIDE, reads_head=True) as inside:
        to_inside = f"http://{INSIDE}:{inside.port}/"
        async with listen(redirecting(to_inside)) as public:
            public_only = f"127.0.0.1:{public.port}"
            async with watched_by(tmp_path / "closed", public_only) as person:
                refused = await first_result(person, way(inside, public))
            reached_while_refused = inside.visits

            allowed = f"{public_only},{INSIDE}:{inside.port}"
            async with watched_by(tmp_path / "open", allowed) as person:
                passed = await first_result(person, way(inside, public))

    assert refused["outcome"] == "blocked"
    assert reached_while_refused == 0
    assert passed["outcome"] == "ok"
    assert inside.visits >= 1
