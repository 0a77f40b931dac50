"""Real listeners on loopback that say what they are told and count who comes."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.http import HttpClient
from allgreen.outbound.reactor import Reactor
from allgreen.outbound.request import Request
from allgreen.outbound.resolver import Resolver
from allgreen.outbound.tls import TlsPolicies
from allgreen.outbound.url import parse_target

Behaviour = Callable[["Visit"], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOPBACK = "127.0.0.1:*"


@dataclass
class Visit:
    """One accepted connection and the header that came over it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes

    async def say(self, data: bytes) -> None:
        """Send some bytes."""
        self.writer.write(data)
        await self.writer.drain()


@dataclass
class Target:
    """A listener."""

    host: str
    port: int
    visits: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address as a URL, without TLS."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def saying(data: bytes) -> Behaviour:
    """Answer always the same, and close."""

    async def behave(visit: Visit) -> None:
        await visit.say(data)

    return behave


def redirecting(location: str, status: int = 302) -> Behaviour:
    """Send everyone elsewhere."""
    head = f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return saying(head.encode("latin-1"))


@contextlib.asynccontextmanager
async def listen(
    behave: Behaviour,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    reads_head: bool = True,
) -> AsyncIterator[Target]:
    """Listen until the block ends; close what is open then."""
    tasks: set[asyncio.Task[None]] = set()
    target = Target(host, port)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        target.visits += 1
        try:
            head = await _read_head(reader) if reads_head else b""
            target.heads.append(head)
            await behave(Visit(reader, writer, head))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = await asyncio.start_server(serve, host, port, family=family, ssl=tls, backlog=1024)
    target.port = server.sockets[0].getsockname()[1]
    try:
        yield target
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@contextlib.asynccontextmanager
async def open_client(
    *,
    allow: str = "",
    dns: str | None = None,
    tls: TlsPolicies | None = None,
    reactor: Reactor | None = None,
) -> AsyncIterator[HttpClient]:
    """Make a client over real sockets, and close it."""
    guard = TargetGuard.parse(allow)
    client = HttpClient(guard=guard, resolver=Resolver(dns), tls=tls, reactor=reactor)
    try:
        yield client
    finally:
        await client.aclose()


def ask(
    url: str,
    *,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
    verify_tls: bool = True,
    follow_redirects: bool = True,
) -> Request:
    """Build a request with defaults."""
    return Request(
        target=parse_target(url),
        method=method,
        own_headers=(("User-Agent", "Allgreen/test"),),
        headers=headers,
        body=body,
        verify_tls=verify_tls,
        follow_redirects=follow_redirects,
    )


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")
