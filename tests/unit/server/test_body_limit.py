"""All bodies together have a limit, and small ones are always taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import HTTPException
from starlette.types import Message, Receive, Scope, Send

from allgreen.server.middleware import SMALL_BODY, BodyLimit

KIB = 1024
TOGETHER = 200 * KIB


class Reading:
    """Reads the body of each request, and stays in it until it is let go."""

    def __init__(self) -> None:
        self.has_read = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        self.has_read.release()
        await self.may_end.wait()


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
def limit(reading: Reading) -> BodyLimit:
    return BodyLimit(reading, together=TOGETHER)


def ask(limit: BodyLimit, size: int) -> asyncio.Task[None]:
    """Send a body in pieces of 16 KiB."""
    pieces: list[Message] = [
        {"type": "http.request", "body": b"x" * (16 * KIB), "more_body": True}
        for _ in range(size // (16 * KIB))
    ]
    pieces.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        await asyncio.sleep(0)
        return pieces.pop(0)

    async def send(_message: Message) -> None: ...

    scope: dict[str, Any] = {"type": "http", "path": "/", "headers": []}
    return asyncio.create_task(limit(scope, receive, send))


async def test_who_comes_when_much_is_held_is_told_to_come_back(
    limit: BodyLimit, reading: Reading
) -> None:
    first = ask(limit, SMALL_BODY + 128 * KIB)
    await reading.has_read.acquire()

    with pytest.raises(HTTPException) as refused:
        await ask(limit, SMALL_BODY + 128 * KIB)

    assert refused.value.status_code == 503
    assert refused.value.headers == {"Retry-After": "5"}
    reading.may_end.set()
    await first


async def test_small_bodies_are_taken_however_much_is_held(
    limit: BodyLimit, reading: Reading
) -> None:
    many = [ask(limit, SMALL_BODY) for _ in range(20)]
    large = ask(limit, SMALL_BODY + TOGETHER // KIB // 16 * 16 * KIB)
    for _ in range(len(many) + 1):
        await reading.has_read.acquire()
    small = ask(limit, SMALL_BODY)
    await reading.has_read.acquire()

    reading.may_end.set()
    await asyncio.gather(*many, large, small)


async def test_what_has_ended_is_held_no_more(limit: BodyLimit, reading: Reading) -> None:
    reading.may_end.set()

    for _ in range(5):
        await ask(limit, SMALL_BODY + 128 * KIB)


async def test_what_was_refused_is_held_no_more(limit: BodyLimit, reading: Reading) -> None:
    reading.may_end.set()
    for _ in range(5):
        with pytest.raises(HTTPException):
            await ask(limit, SMALL_BODY + TOGETHER + 16 * KIB)

    await ask(limit, SMALL_BODY + 128 * KIB)
