"""Clients that take their time, or send without end: their connection ends, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

from allgreen.cli.arrival import LARGEST_HEAD, LARGEST_MESSAGE, TimelyHttp

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Hasty(TimelyHttp):
    """The same, within the patience of a test."""

    within_s = 0.2


@asynccontextmanager
async def listening(app: FastAPI, protocol: type[TimelyHttp]) -> AsyncIterator[int]:
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def hasty_port(app: FastAPI) -> AsyncIterator[int]:
    async with listening(app, Hasty) as port:
        yield port


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    async with listening(app, TimelyHttp) as port:
        yield port


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    """Return what came until the connection ended, in whichever way."""
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"\r\n",
        POST + b"Content-Length: 9\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        GET + POST + b"Content-Length: 9\r\n\r\n{",
        GET + b"GET / HTTP/1.1\r\nHost: x\r\n",
    ],
    ids=[
        "nothing",
        "half a head",
        "an empty line",
        "half a body",
        "half of the chunks",
        "half a body behind another request",
        "half a head behind another request",
    ],
)
async def test_a_request_that_does_not_arrive_ends_its_connection(
    hasty_port: int, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty_port)
    writer.write(sent)

    answers = await read_to_end(reader)

    assert answers.count(b"HTTP/1.1 ") == sent.count(GET)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    writer.close()


async def test_an_empty_line_after_an_answer_does_not_keep_the_connection(
    hasty_port: int,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty_port)
    writer.write(GET)
    await reader.readuntil(b'"ok"}')

    writer.write(b"\r\n")

    assert await read_to_end(reader) == b""
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * LARGEST_HEAD * 9,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * LARGEST_HEAD,
        b"GET /" + b"x" * LARGEST_HEAD * 9,
        POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * LARGEST_MESSAGE * 2,
    ],
    ids=["value", "headers", "path", "extension of a chunk"],
)
async def test_a_request_without_end_is_cut_off(port: int, head: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)

    answer = await read_to_end(reader)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_requests_that_arrive_are_answered_one_after_the_other(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b" " * 900_000 + b"{}"

    writer.write(GET + GET + POST + b"Content-Length: %d\r\n\r\n" % len(body) + body + GET)
    answers = [await reader.readuntil(end) for end in (b'"ok"}', b'"ok"}', b"]}", b'"ok"}')]

    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"200", b"422", b"200"]
    writer.close()
