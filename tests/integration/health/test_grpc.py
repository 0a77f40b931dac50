"""``grpc.health.v1`` on real servers of grpcio, asked as any client asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio has no types
import pytest
from grpc import aio

from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.grpc_health import HealthService, ServingStatus
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.grpc import add_health
from tests.scripted_runner import ScriptedRunner, failed, passed

WITHIN_S = 10.0
THREADS = 2
NO, YES = b"\x08\x02", b"\x08\x01"
NO_SUCH = b"\x08\x03"


class Client:
    """Speaks the bytes of the protocol, as no code of ours on the other side does."""

    def __init__(self, channel: Any) -> None:
        self._check = channel.unary_unary("/grpc.health.v1.Health/Check")
        self._watch = channel.unary_stream("/grpc.health.v1.Health/Watch")

    def check(self, name: str) -> Any:
        """Ask once."""
        return self._check(_request(name), timeout=WITHIN_S)

    def watch(self, name: str) -> Any:
        """Ask to be told."""
        return self._watch(_request(name))


@pytest.fixture
def runner() -> ScriptedRunner:
    return ScriptedRunner(passed("pool", tags=["ready"]), failed("database"))


@pytest.fixture
def service(runner: ScriptedRunner) -> HealthService:
    endpoint = HealthEndpoint(runner, EndpointOptions(environment="production"))
    endpoint.probes.has_started = True
    return HealthService(endpoint, looks_every_s=0.02)


@pytest.fixture
def client(service: HealthService) -> Iterator[Client]:
    """A client of a server with two threads."""
    with ThreadPoolExecutor(THREADS) as threads:
        server = grpc.server(threads)
        add_health(server, service)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Client(channel)
        server.stop(None).wait(WITHIN_S)


@pytest.fixture
async def async_client(service: HealthService) -> AsyncIterator[Client]:
    """A client of a server on an event loop."""
    server = aio.server()
    add_health(server, service)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Client(channel)
    await server.stop(None)


@pytest.mark.semantics(64)
def test_a_server_with_threads_says_whether_a_service_serves(client: Client) -> None:
    assert client.check("") == NO
    assert client.check("readyz") == YES


@pytest.mark.semantics(64)
def test_a_server_with_threads_knows_no_other_names(client: Client) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        client.check("shop.Orders")

    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.semantics(64)
def test_a_server_with_threads_tells_changes(client: Client, runner: ScriptedRunner) -> None:
    stream = client.watch("readyz")
    first = next(told for told in stream if told)
    runner.results[0] = failed("pool", tags=["ready"])
    second = next(stream)
    stream.cancel()

    assert (first, second) == (YES, NO)


@pytest.mark.semantics(64)
def test_a_server_with_threads_tells_of_what_is_not_there_yet(
    client: Client, service: HealthService
) -> None:
    stream = client.watch("shop.Orders")
    first = next(stream)
    service.set_status("shop.Orders", ServingStatus.SERVING)
    second = next(stream)
    stream.cancel()

    assert (first, second) == (NO_SUCH, YES)


def test_who_watches_holds_no_thread_of_the_server(client: Client, service: HealthService) -> None:
    streams = [client.watch("readyz") for _ in range(10 * THREADS)]
    for stream in streams:
        assert next(told for told in stream if told) == YES

    assert client.check("readyz") == YES
    for stream in streams:
        stream.cancel()


@pytest.mark.semantics(64)
async def test_a_server_on_a_loop_says_whether_a_service_serves(async_client: Client) -> None:
    assert await async_client.check("") == NO
    assert await async_client.check("readyz") == YES


@pytest.mark.semantics(64)
async def test_a_server_on_a_loop_knows_no_other_names(async_client: Client) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await async_client.check("shop.Orders")

    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.semantics(64)
async def test_a_server_on_a_loop_tells_changes(
    async_client: Client, runner: ScriptedRunner, service: HealthService
) -> None:
    stream = async_client.watch("readyz")
    first = await _read(stream)
    while not first:
        first = await _read(stream)
    runner.results[0] = failed("pool", tags=["ready"])
    second = await _read(stream)
    stream.cancel()

    assert (first, second) == (YES, NO)
    await asyncio.to_thread(_wait_until_nobody_watches, service)


@pytest.mark.semantics(64)
async def test_a_server_on_a_loop_tells_of_what_is_not_there_yet(
    async_client: Client, service: HealthService
) -> None:
    stream = async_client.watch("shop.Orders")
    first = await _read(stream)
    service.set_status("shop.Orders", ServingStatus.SERVING)
    second = await _read(stream)
    stream.cancel()

    assert (first, second) == (NO_SUCH, YES)


def test_what_is_no_request_harms_nobody(client: Client) -> None:
    with pytest.raises(grpc.RpcError):
        client._check(b"\x0a\x05abc", timeout=WITHIN_S)

    assert client.check("readyz") == YES


def _wait_until_nobody_watches(service: HealthService) -> None:
    deadline = time.monotonic() + WITHIN_S
    while service._watches:
        assert time.monotonic() < deadline, "somebody still watches"
        time.sleep(0.01)


async def _read(stream: Any) -> Any:
    return await asyncio.wait_for(stream.read(), WITHIN_S)


def _request(name: str) -> bytes:
    text = name.encode()
    return bytes((0x0A, len(text))) + text
