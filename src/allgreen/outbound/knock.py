"""Knock: does something take a connection? Nothing is sent, and nothing is read."""

import asyncio
import socket
from collections.abc import Iterable

from allgreen.outbound.endpoint import Endpoint
from allgreen.outbound.fault import Fault
from allgreen.outbound.guard import NO_PORTS, TargetGuard
from allgreen.outbound.resolver import Resolver

MOST_ADDRESSES = 4


async def knock(
    endpoint: Endpoint, *, guard: TargetGuard, resolver: Resolver, timeout_s: float
) -> bool:
    """Tell whether an endpoint takes a connection within a time; the guard has to agree first.

    As for every other connection all numbers of a name are vetted, and only a vetted one is
    reached.
    """
    try:
        async with asyncio.timeout(timeout_s):
            addresses = await _numbers_of(endpoint, resolver, timeout_s)
            if any(guard.find_refusal(each, endpoint.port, NO_PORTS) for each in addresses):
                return False
            return await _takes_a_connection(addresses[:MOST_ADDRESSES], endpoint.port)
    except TimeoutError:
        return False


async def _numbers_of(endpoint: Endpoint, resolver: Resolver, timeout_s: float) -> tuple[str, ...]:
    if endpoint.known_address is not None:
        return (endpoint.known_address,)
    found = await resolver.resolve(endpoint.host, timeout_s)
    return () if isinstance(found, Fault) else found


async def _takes_a_connection(addresses: Iterable[str], port: int) -> bool:
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as knocking:
                knocking.setblocking(False)
                await asyncio.get_running_loop().sock_connect(knocking, (address, port))
        except OSError:
            continue
        return True
    return False
