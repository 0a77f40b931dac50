"""Clients that probe the same target in the same way, each in a process of its own.

``python -m bench.probers CLIENT URL PROBES IN_FLIGHT CORE [AUTHORITY]`` prints microseconds of CPU
(user and system) per probe. Every probe opens a new connection and asserts status 200 and the
word "ok" in the body.
"""

import asyncio
import os
import resource
import ssl
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

import aiohttp
import httpx

from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.http import HttpClient
from allgreen.outbound.request import Request
from allgreen.outbound.resolver import Resolver
from allgreen.outbound.tls import TlsPolicies
from allgreen.outbound.url import parse_target

TIMEOUT_S: Final = 30.0
_WARM_UP: Final = 200

Probe = Callable[[], Awaitable[bool]]


async def _ours(stack: AsyncExitStack, url: str, authority: str | None) -> Probe:
    client = HttpClient(
        guard=TargetGuard.parse("127.0.0.1:*"),
        resolver=Resolver(),
        tls=TlsPolicies(extra_authorities=authority),
    )
    stack.push_async_callback(client.aclose)
    request = Request(target=parse_target(url), own_headers=(("User-Agent", "Allgreen/0.1.0"),))

    async def probe() -> bool:
        answer = (await client.fetch(request, TIMEOUT_S)).answer
        return answer is not None and answer.status == 200 and b"ok" in answer.body

    return probe


async def _aiohttp(stack: AsyncExitStack, url: str, authority: str | None) -> Probe:
    trust: ssl.SSLContext | bool = True
    if authority is not None:
        trust = ssl.create_default_context(cafile=authority)
    connector = aiohttp.TCPConnector(force_close=True, limit=0, ssl=trust)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    session = aiohttp.ClientSession(connector=connector, timeout=timeout)
    await stack.enter_async_context(session)

    async def probe() -> bool:
        async with session.get(url) as response:
            return response.status == 200 and b"ok" in await response.read()

    return probe


async def _httpx(stack: AsyncExitStack, url: str, authority: str | None) -> Probe:
    trust: ssl.SSLContext | bool = True
    if authority is not None:
        trust = ssl.create_default_context(cafile=authority)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    client = httpx.AsyncClient(limits=limits, verify=trust, timeout=TIMEOUT_S, trust_env=False)
    await stack.enter_async_context(client)

    async def probe() -> bool:
        response = await client.get(url)
        return response.status_code == 200 and b"ok" in response.content

    return probe


CLIENTS: Final = {"ours": _ours, "aiohttp": _aiohttp, "httpx": _httpx}


async def measure(
    client: str, url: str, probes: int, in_flight: int, authority: str | None
) -> float:
    """Return the CPU of one probe in microseconds, over `probes` of them.

    Raises:
        RuntimeError: A probe did not see what it expected.
    """
    async with AsyncExitStack() as stack:
        probe = await CLIENTS[client](stack, url, authority)
        await _run(probe, _WARM_UP, in_flight)
        before = _cpu_s()
        await _run(probe, probes, in_flight)
        return (_cpu_s() - before) * 1e6 / probes


async def _run(probe: Probe, probes: int, in_flight: int) -> None:
    left = iter(range(probes))

    async def work() -> None:
        for _ in left:
            if not await probe():
                raise RuntimeError("a probe did not see what it expected")

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work())


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(client: str, url: str, probes: str, in_flight: str, core: str, *rest: str) -> None:
    """Measure one client and print the figure."""
    if int(core) >= 0:
        os.sched_setaffinity(0, {int(core)})
    authority = rest[0] if rest else None
    print(asyncio.run(measure(client, url, int(probes), int(in_flight), authority)))


if __name__ == "__main__":
    main(*sys.argv[1:])
