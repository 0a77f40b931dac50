"""The client over real sockets: answers, phases, faults, and nothing left behind."""

import asyncio
import os
import resource
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from allgreen.domain.status import FailureClass, Outcome
from allgreen.outbound.reactor import LoopReactor, Reactor, open_reactor
from allgreen.outbound.tls import TlsPolicies
from tests.integration.outbound.targets import (
    LOOPBACK,
    OK,
    Visit,
    ask,
    listen,
    open_client,
    redirecting,
    saying,
)

ReactorMaker = Callable[[asyncio.AbstractEventLoop], Reactor]


@pytest.fixture(params=[open_reactor, LoopReactor], ids=["epoll", "loop"])
def make_reactor(request: pytest.FixtureRequest) -> ReactorMaker:
    """Both ways of waiting for sockets."""
    maker: ReactorMaker = request.param
    return maker


async def test_an_answer_comes_with_its_phases(make_reactor: ReactorMaker) -> None:
    reactor = make_reactor(asyncio.get_running_loop())
    async with listen(saying(OK)) as target, open_client(allow=LOOPBACK, reactor=reactor) as client:
        exchange = await client.fetch(ask(target.url), 5)

    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body) == (200, b"ok")
    phases = exchange.phases
    assert (phases.dns_ms, phases.tls_ms) == (None, None)
    assert phases.connect_ms is not None
    assert phases.first_byte_ms is not None
    assert phases.body_ms is not None
    total = phases.connect_ms + phases.first_byte_ms + phases.body_ms
    assert total <= exchange.latency_ms + 0.01


async def test_exactly_one_request_is_sent_to_the_byte() -> None:
    async with listen(saying(OK)) as target, open_client(allow=LOOPBACK) as client:
        request = ask(target.url + "health", headers=(("X-Key", "k"),))
        await client.fetch(request, 5, "check/slot")

    assert target.heads == [request.render("check/slot")]


async def test_an_answer_in_single_bytes_is_put_together(make_reactor: ReactorMaker) -> None:
    async def drip(visit: Visit) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n":
            await visit.say(bytes([byte]))
            await asyncio.sleep(0)

    reactor = make_reactor(asyncio.get_running_loop())
    async with listen(drip) as target, open_client(allow=LOOPBACK, reactor=reactor) as client:
        exchange = await client.fetch(ask(target.url), 5)

    assert exchange.answer is not None
    assert exchange.answer.body == b"ok"


async def test_a_body_larger_than_the_socket_takes_is_sent_whole(
    make_reactor: ReactorMaker,
) -> None:
    body = os.urandom(65536)

    async def slow_reader(visit: Visit) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        assert await visit.reader.readexactly(len(body)) == body
        await visit.say(OK)

    reactor = make_reactor(asyncio.get_running_loop())
    async with (
        listen(slow_reader) as target,
        open_client(allow=LOOPBACK, reactor=reactor) as client,
    ):
        exchange = await client.fetch(ask(target.url, method="POST", body=body), 5)

    assert exchange.answer is not None
    assert exchange.answer.status == 200


async def test_many_questions_run_side_by_side(make_reactor: ReactorMaker) -> None:
    reactor = make_reactor(asyncio.get_running_loop())
    async with listen(saying(OK)) as target, open_client(allow=LOOPBACK, reactor=reactor) as client:
        exchanges = await asyncio.gather(*(client.fetch(ask(target.url), 10) for _ in range(300)))

    assert [exchange.answer.status for exchange in exchanges if exchange.answer] == [200] * 300
    assert target.visits == 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_nothing_that_listens_is_a_refused_connection(make_reactor: ReactorMaker) -> None:
    reactor = make_reactor(asyncio.get_running_loop())
    async with open_client(allow=LOOPBACK, reactor=reactor) as client:
        exchange = await client.fetch(ask(f"http://127.0.0.1:{free_port()}/"), 5)

    assert exchange.fault is not None
    assert exchange.fault.failure is FailureClass.CONNECT
    assert exchange.fault.reason == "connection refused"


async def closes(visit: Visit) -> None:
    visit.writer.close()


async def resets(visit: Visit) -> None:
    linger = struct.pack("ii", 1, 0)
    visit.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    visit.writer.close()


@pytest.mark.parametrize(
    ("behave", "failure", "reason"),
    [
        (closes, FailureClass.CONNECT, "no answer"),
        (resets, FailureClass.CONNECT, "connection reset"),
        (saying(b"SSH-2.0-x\r\n"), FailureClass.BODY, "broken answer"),
        (saying(OK[:-1]), FailureClass.BODY, "broken answer"),
        (saying(OK[:10]), FailureClass.BODY, "broken answer"),
        (redirecting("file:///etc/passwd"), FailureClass.REDIRECT, "redirect not followed"),
        (redirecting("http://[::1"), FailureClass.REDIRECT, "redirect not followed"),
    ],
    ids=["closes", "resets", "not http", "short body", "short header", "to a file", "to nowhere"],
)
async def test_a_broken_target_fails_with_its_class(
    behave: Callable[[Visit], asyncio.Future[None]], failure: FailureClass, reason: str
) -> None:
    async with listen(behave) as target, open_client(allow=LOOPBACK) as client:
        exchange = await client.fetch(ask(target.url), 5)

    assert exchange.answer is None
    assert exchange.fault is not None
    assert (exchange.fault.outcome, exchange.fault.failure) == (Outcome.FAIL, failure)
    assert exchange.fault.reason == reason
    assert exchange.fault.message.endswith(".")


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 32, hard))
    try:
        with suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_no_descriptors_left_is_our_fault() -> None:
    async with listen(saying(OK)) as target, open_client(allow=LOOPBACK) as client:
        await client.fetch(ask(target.url), 5)
        with no_descriptors_left():
            exchange = await client.fetch(ask(target.url), 5)

    assert exchange.fault is not None
    assert exchange.fault.outcome is Outcome.PROBE_ERROR
    assert "file descriptors" in exchange.fault.message


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_cancelled_questions_leave_no_socket_behind(make_reactor: ReactorMaker) -> None:
    arrived = asyncio.Semaphore(0)

    async def silent(visit: Visit) -> None:
        arrived.release()
        await visit.reader.read()

    reactor = make_reactor(asyncio.get_running_loop())
    async with listen(silent) as target, open_client(allow=LOOPBACK, reactor=reactor) as client:
        before = open_descriptors()
        tasks = [asyncio.create_task(client.fetch(ask(target.url), 30)) for _ in range(20)]
        for _ in tasks:
            await arrived.acquire()
        during = open_descriptors()

        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)

        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        # The other half of each pair belongs to the listener and may still be open.
        assert during == before + 40
        assert open_descriptors() <= before + 20


async def test_a_thousand_questions_leave_no_descriptor_behind() -> None:
    async with listen(saying(OK)) as target, open_client(allow=LOOPBACK) as client:
        await client.fetch(ask(target.url), 5)
        before = open_descriptors()
        for _ in range(20):
            await asyncio.gather(*(client.fetch(ask(target.url), 5) for _ in range(50)))
        await asyncio.sleep(0)

        assert open_descriptors() <= before + 50


async def test_a_client_that_is_closed_ends_its_questions_as_our_fault(
    make_reactor: ReactorMaker,
) -> None:
    arrived = asyncio.Event()

    async def silent(visit: Visit) -> None:
        arrived.set()
        await visit.reader.read()

    reactor = make_reactor(asyncio.get_running_loop())
    async with listen(silent) as target, open_client(allow=LOOPBACK, reactor=reactor) as client:
        asked = asyncio.create_task(client.fetch(ask(target.url), 30))
        await arrived.wait()
        await client.aclose()
        exchange = await asked

    assert exchange.fault is not None
    assert (exchange.fault.outcome, exchange.fault.reason) == (Outcome.PROBE_ERROR, "stopped")


async def test_an_answer_that_comes_before_the_whole_body_was_sent_counts(
    make_reactor: ReactorMaker,
) -> None:
    async def refuse_at_once(visit: Visit) -> None:
        await visit.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        visit.writer.write_eof()
        await visit.reader.read()

    reactor = make_reactor(asyncio.get_running_loop())
    async with (
        listen(refuse_at_once) as target,
        open_client(allow=LOOPBACK, reactor=reactor) as client,
    ):
        exchange = await client.fetch(ask(target.url, method="POST", body=b"a" * 65536), 5)

    assert exchange.answer is not None
    assert exchange.answer.status == 413


async def test_what_goes_wrong_inside_reaches_the_caller_and_spares_the_others() -> None:
    broken = TlsPolicies()
    broken._contexts.clear()
    del broken._extra_authorities
    async with listen(saying(OK)) as target, open_client(allow=LOOPBACK, tls=broken) as client:
        ended = await asyncio.gather(
            client.fetch(ask(target.url.replace("http:", "https:")), 5),
            *(client.fetch(ask(target.url), 5) for _ in range(20)),
            return_exceptions=True,
        )

    assert isinstance(ended[0], AttributeError)
    assert not any(isinstance(end, BaseException) for end in ended[1:])


def test_the_client_runs_on_uvloop_too() -> None:
    async def probe() -> list[int]:
        async with listen(saying(OK)) as target, open_client(allow=LOOPBACK) as client:
            exchanges = await asyncio.gather(
                *(client.fetch(ask(target.url), 5) for _ in range(100))
            )
            return [exchange.answer.status for exchange in exchanges if exchange.answer]

    assert uvloop.run(probe()) == [200] * 100


@pytest.mark.parametrize(
    "variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY", "SSLKEYLOGFILE"]
)
async def test_proxies_of_the_environment_are_ignored(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        listen(saying(OK)) as proxy,
        listen(saying(OK)) as target,
        open_client(allow=LOOPBACK) as client,
    ):
        monkeypatch.setenv(variable, proxy.url)
        exchange = await client.fetch(ask(target.url), 5)

    assert exchange.answer is not None
    assert (proxy.visits, target.visits) == (0, 1)


async def test_head_ends_with_the_header() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"

    async with listen(saying(data)) as target, open_client(allow=LOOPBACK) as client:
        exchange = await client.fetch(ask(target.url, method="HEAD"), 5)

    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body) == (200, b"")


async def test_the_deadline_is_one_for_everything() -> None:
    async def drip(visit: Visit) -> None:
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await visit.reader.read()

    async with listen(drip) as target, open_client(allow=LOOPBACK) as client:
        started = time.monotonic()
        exchange = await client.fetch(ask(target.url), 0.3)
        took_s = time.monotonic() - started

    assert exchange.fault is not None
    assert exchange.fault.failure is FailureClass.TIMEOUT
    # How exactly it holds is measured where nothing else runs: `tests/faults/drips.py`.
    assert 0.3 <= took_s <= 10
