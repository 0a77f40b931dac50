"""Targets that take their time, and targets that send too much."""

import asyncio
import contextlib
import gzip
import resource
import time
from itertools import count

import pytest

from allgreen.domain.check import DnsOptions, HttpOptions, TcpOptions, TlsOptions
from allgreen.domain.expectation import BodyContains
from allgreen.domain.status import FailureClass, Outcome
from tests.integration.outbound.dns_stub import scripted_dns
from tests.integration.outbound.kinds import asking, open_house
from tests.integration.outbound.targets import (
    LOOPBACK,
    OK,
    Behaviour,
    Visit,
    ask,
    listen,
    open_client,
    saying,
)

TIMEOUT_S = 0.5
# On a machine with other work. How exactly timeouts hold is measured by `tests/faults/drips.py`.
GRACE_S = 10.0
HEAD = b"HTTP/1.1 200 OK\r\n"


def dripping(begin: bytes, drop: bytes) -> Behaviour:
    """Say `begin`, then `drop` fifty times a second until the other side goes."""

    async def behave(visit: Visit) -> None:
        gone = asyncio.ensure_future(_read_to_the_end(visit.reader))
        await visit.say(begin)
        while not gone.done():
            await visit.say(drop)
            await asyncio.wait((gone,), timeout=0.02)

    return behave


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()


SLOW = {
    "before the status line": dripping(b"", b""),
    "in the status line": dripping(b"HTTP/1.1 2", b""),
    "in the reason": dripping(b"HTTP/1.1 200 ", b"O"),
    "in the headers": dripping(HEAD, b"X: y\r\n"),
    "in a header": dripping(HEAD + b"X: ", b"y"),
    "in interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "in the body": dripping(HEAD + b"Content-Length: 9999\r\n\r\n", b"a"),
    "in a body without length": dripping(HEAD + b"\r\n", b"a"),
    "in the chunk size": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "in a chunk extension": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "in a chunk": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9999\r\n", b"a"),
    "in the trailers": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
}


async def test_no_slow_target_outlasts_the_timeout() -> None:
    async def probe(behave: Behaviour, scheme: str = "http") -> tuple[float, object]:
        reads_head = scheme == "http"
        async with listen(behave, reads_head=reads_head) as target:
            url = target.url.replace("http", scheme, 1)
            started = time.monotonic()
            exchange = await client.fetch(ask(url), TIMEOUT_S)
            took_s = time.monotonic() - started
            return took_s, exchange.fault.failure if exchange.fault else None

    async with open_client(allow=LOOPBACK) as client:
        ended = await asyncio.gather(
            *(probe(behave) for behave in SLOW.values()),
            probe(dripping(b"", b""), "https"),
            probe(dripping(b"\x16\x03\x03\x40\x00", b"\x02"), "https"),
        )

    names = [*SLOW, "TLS, silent", "TLS, in the handshake"]
    late = {name: end for name, end in zip(names, ended, strict=True) if not on_time(*end)}
    assert late == {}


def on_time(took_s: float, failure: object) -> bool:
    return TIMEOUT_S <= took_s <= TIMEOUT_S + GRACE_S and failure is FailureClass.TIMEOUT


@pytest.mark.parametrize("behave", [SLOW["before the status line"], SLOW["in the body"]])
async def test_no_kind_of_check_outlasts_its_timeout(behave: Behaviour) -> None:
    expected = BodyContains(text="never said")
    async with (
        listen(behave, reads_head=False) as target,
        scripted_dns(lambda *_: None) as dns,
        open_house(dns=dns.address) as house,
    ):
        host, port = target.host, target.port
        checks = [
            asking(HttpOptions(method="GET", url=target.url), timeout_s=TIMEOUT_S),
            asking(TcpOptions(hostname=host, port=port), expected, timeout_s=TIMEOUT_S),
            asking(TlsOptions(hostname=host, port=port), timeout_s=TIMEOUT_S),
            asking(DnsOptions(name="name.example", server=dns.address), timeout_s=TIMEOUT_S),
        ]
        started = time.monotonic()
        results = await asyncio.gather(*(house.run(check) for check in checks))
        took_s = time.monotonic() - started

    assert [result.outcome for result in results] == [Outcome.FAIL] * len(checks)
    assert took_s <= TIMEOUT_S + GRACE_S


async def test_slow_targets_do_not_hold_up_healthy_ones() -> None:
    async with (
        listen(SLOW["in the headers"]) as slow,
        listen(saying(OK)) as healthy,
        open_client(allow=LOOPBACK) as client,
    ):
        waiting = [asyncio.create_task(client.fetch(ask(slow.url), 60)) for _ in range(100)]
        await asyncio.sleep(0)
        exchanges = await asyncio.gather(*(client.fetch(ask(healthy.url), 20) for _ in range(100)))
        unfinished = sum(not task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert unfinished == 100
    assert all(exchange.answer is not None for exchange in exchanges)


def pouring(begin: bytes, drop: bytes) -> Behaviour:
    """Say `begin`, then `drop` again and again, as fast as the reader takes it."""

    async def behave(visit: Visit) -> None:
        await visit.say(begin)
        for _ in count():
            await visit.say(drop)

    return behave


PACKED = HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"\0" * 30_000_000)
POURS = {
    "body": pouring(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"a" * 65536),
    "body without length": pouring(HEAD + b"\r\n", b"a" * 65536),
    "chunks": pouring(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 5000),
    "chunk extensions": pouring(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x=y;" * 5000),
    "trailers": pouring(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 5000),
    "headers": pouring(HEAD, b"X: y\r\n" * 5000),
    "header": pouring(HEAD + b"X: ", b"y" * 65536),
    "status line": pouring(b"HTTP/1.1 200 ", b"O" * 65536),
    "interim answers": pouring(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 1000),
    "gzip": saying(PACKED),
    "noise": pouring(b"", bytes(range(256)) * 100),
}


@pytest.mark.parametrize("behave", POURS.values(), ids=POURS)
async def test_a_bomb_ends_at_once_and_takes_no_memory(behave: Behaviour) -> None:
    async with listen(behave) as target, open_client(allow=LOOPBACK) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        exchanges = await asyncio.gather(*(client.fetch(ask(target.url), 10) for _ in range(20)))
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert grown_kib <= 64 * 1024
    for exchange in exchanges:
        assert exchange.finished - exchange.started < 10
        if exchange.answer is not None:
            assert not exchange.answer.is_whole
            assert len(exchange.answer.body) <= 65536
        else:
            assert exchange.fault is not None
            assert exchange.fault.outcome is Outcome.FAIL
            assert exchange.fault.failure is FailureClass.BODY
