"""The canaries of a platform that watches."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from allgreen.outbound.fault import Fault
from allgreen.outbound.pace import HostPace, too_many
from allgreen.server.app import open_platform
from allgreen.server.settings import Settings
from tests.integration.outbound.targets import OK, Visit, listen

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


async def test_canaries_are_asked_however_often_their_numbers_were(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    def refuse(_pace: HostPace, host: str, *_: object, **__: object) -> Fault:
        seen.put_nowait("refused")
        return too_many(host)

    async def answer(visit: Visit) -> None:
        seen.put_nowait("asked")
        await visit.say(OK)

    monkeypatch.setattr(HostPace, "admit", refuse)
    async with AsyncExitStack() as stack:
        targets = [
            await stack.enter_async_context(listen(answer, host=host, reads_head=False))
            for host in HOSTS
        ]
        places = [targets[0].url, *(f"{target.host}:{target.port}" for target in targets[1:])]
        update = {"canaries": ",".join(places), "allow_targets": "127.0.0.0/8:*"}
        await stack.enter_async_context(open_platform(settings.model_copy(update=update)))
        async with asyncio.timeout(20):
            came = [await seen.get() for _ in HOSTS]

    assert came == ["asked"] * 3
