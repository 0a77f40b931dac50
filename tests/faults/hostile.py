"""Targets that drip, die or pour, each on a port of its own, in a process of their own.

The process keeps its own log: how long each connection was open, from its begin to the moment at
which the other side was gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

import trustme

from tests.integration.outbound.dns_stub import NO_SUCH_NAME, Answer, start_dns

ROOT = Path(__file__).parents[2]
DROP_EVERY_S = 0.2
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\n\r\n"

Behaviour = Callable[["Caller"], Awaitable[None]]


@dataclass
class Caller:
    """Somebody who connected."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send some bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def wait_until_gone(self) -> None:
        """Wait until the other side has closed, whatever it sends."""
        with contextlib.suppress(ConnectionError, OSError):
            while await self.reader.read(65536):
                pass


def dripping(begin: bytes, drop: bytes) -> Behaviour:
    """Say `begin`, then `drop` again and again, slowly, for ever."""

    async def behave(caller: Caller) -> None:
        gone = asyncio.ensure_future(caller.wait_until_gone())
        try:
            await caller.say(begin)
            while not gone.done():
                await caller.say(drop)
                await asyncio.wait((gone,), timeout=DROP_EVERY_S)
        finally:
            gone.cancel()

    return behave


def pouring(begin: bytes, drop: bytes) -> Behaviour:
    """Say `begin`, then `drop` again and again, as fast as the other side takes it."""

    async def behave(caller: Caller) -> None:
        await caller.say(begin)
        for each in repeat(drop):
            await caller.say(each)

    return behave


def saying(data: bytes) -> Behaviour:
    """Say all of it, and close."""

    async def behave(caller: Caller) -> None:
        await caller.reader.readuntil(b"\r\n\r\n")
        await caller.say(data)

    return behave


async def resetting(caller: Caller) -> None:
    """Reset the connection."""
    linger = struct.pack("ii", 1, 0)
    caller.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


DRIPS: dict[str, Behaviour] = {
    "before a banner": dripping(b"", b""),
    "in the status line": dripping(b"HTTP/1.1 2", b""),
    "in the headers": dripping(HEAD, b"X: y\r\n"),
    "in the chunk size": dripping(CHUNKED, b"0"),
    "in the body": dripping(HEAD + b"Content-Length: 9999\r\n\r\n", b"a"),
    "in the trailers": dripping(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "in the handshake": dripping(b"\x16\x03\x03\x40\x00", b"\x02"),
    "resetting": resetting,
}
"""Beside them there are names whose DNS is dead."""


def _packed(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(1 << 20)
    return b"".join([*(packer.compress(zeros) for _ in range(size >> 20)), packer.flush()])


_MIB = 1 << 20
_NAMED = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"
_DEEP = b"[" * 65_000
_KEYS = b"{" + b",".join(b'"%d":1' % at for at in range(7000)) + b"}"


def _framed(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return HEAD + b"Content-Length: %d\r\n" % len(body) + lines + b"\r\n" + body


def bombs() -> dict[str, Behaviour]:
    """Return forty answers that grow; some take a while to be made."""
    million, gigabyte = _packed(30 * _MIB), _packed(1024 * _MIB)
    return {
        "endless body": pouring(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"a" * 65536),
        "body without length": pouring(HEAD + b"\r\n", b"a" * 65536),
        "body of zeros": pouring(HEAD + b"\r\n", bytes(65536)),
        "chunks of one byte": pouring(CHUNKED, b"1\r\na\r\n" * 10_000),
        "chunks of 64 KiB": pouring(CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"),
        "one chunk without end": pouring(CHUNKED + b"7fffffffffffffff\r\n", b"a" * 65536),
        "chunk size of zeros": pouring(CHUNKED, b"0" * 65536),
        "chunk size too large": pouring(CHUNKED + b"f" * 64, b"f" * 65536),
        "chunk extensions": pouring(CHUNKED + b"1;", b"x=y;" * 16_384),
        "a million chunk extensions": pouring(CHUNKED, b"1;x=y;x=y;x=y\r\na\r\n" * 4096),
        "trailers": pouring(CHUNKED + b"0\r\n", b"X: y\r\n" * 10_000),
        "one trailer": pouring(CHUNKED + b"0\r\nX: ", b"y" * 65536),
        "headers": pouring(HEAD, b"X: y\r\n" * 10_000),
        "a million headers": pouring(HEAD, b"".join(b"X%d: y\r\n" % at for at in range(8000))),
        "one header": pouring(HEAD + b"X: ", b"y" * 65536),
        "one header name": pouring(HEAD, b"x" * 65536),
        "folded header": pouring(HEAD + b"X: y\r\n", b" y\r\n" * 16_384),
        "empty header lines": pouring(HEAD, b":\r\n" * 16_384),
        "the same length again": pouring(HEAD, b"Content-Length: 5\r\n" * 4096),
        "status line": pouring(b"HTTP/1.1 200 ", b"O" * 65536),
        "interim answers": pouring(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 2048),
        "interim answers with headers": pouring(
            b"", b"HTTP/1.1 103 Early Hints\r\n" + b"Link: <x>\r\n" * 500 + b"\r\n"
        ),
        "empty lines": pouring(b"", b"\r\n" * 32_768),
        "noise": pouring(b"", bytes(range(256)) * 256),
        "nothing but zeros": pouring(b"", bytes(65536)),
        "gzip of 30 MiB": saying(GZIP + million),
        "gzip of 1 GiB": saying(GZIP + gigabyte),
        "gzip with a length": saying(_framed(million, b"Content-Encoding: gzip")),
        "gzip in chunks": saying(
            HEAD
            + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n" % len(million)
            + million
            + b"\r\n0\r\n\r\n"
        ),
        "gzip in gzip": saying(_framed(gzip.compress(gigabyte), b"Content-Encoding: gzip")),
        "gzip twice": saying(_framed(gzip.compress(gigabyte), b"Content-Encoding: gzip, gzip")),
        "gzip in two headers": saying(
            _framed(gzip.compress(million), b"Content-Encoding: gzip", b"Content-Encoding: gzip")
        ),
        "gzip again and again": pouring(GZIP, gzip.compress(bytes(65_000))),
        "gzip with an endless name": pouring(GZIP + _NAMED, b"n" * 65536),
        "deflate": saying(_framed(zlib.compress(bytes(30 * _MIB)), b"Content-Encoding: deflate")),
        "br": saying(_framed(b"\x8b" * 65_000, b"Content-Encoding: br")),
        "zstd": saying(_framed(b"\x28\xb5\x2f\xfd" * 16_000, b"Content-Encoding: zstd")),
        "gzip of the transfer": saying(
            HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + million[:65536]
        ),
        "deep JSON": saying(_framed(_DEEP, b"Content-Type: application/json")),
        "a JSON object of many keys": saying(
            _framed(gzip.compress(_KEYS * 400), b"Content-Encoding: gzip")
        ),
    }


@dataclass
class HostileTargets:
    """The process, seen from outside.

    Attributes:
        ports: Where each behaviour listens.
        dns: A DNS server that knows all names but those that begin with ``dead``.
    """

    process: subprocess.Popen[str]
    ports: Mapping[str, int]
    dns: str

    @classmethod
    @contextlib.contextmanager
    def started(cls, which: str) -> Iterator[HostileTargets]:
        """Start ``drips`` or ``bombs``, and end them with the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, which],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield cls(process=process, ports=ready["ports"], dns=ready["dns"])
        finally:
            process.kill()
            process.wait(30)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def finish(self) -> dict[str, list[float]]:
        """End them, and return the seconds for which connections were open."""
        said, _ = self.process.communicate("end\n", timeout=60)
        log: dict[str, list[float]] = json.loads(said)
        return log


@dataclass
class _Servers:
    log: dict[str, list[float]] = field(default_factory=dict)

    async def open(self, name: str, behave: Behaviour, tls: ssl.SSLContext | None = None) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            began = time.monotonic()
            try:
                await behave(Caller(reader, writer))
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass
            finally:
                self.log.setdefault(name, []).append(time.monotonic() - began)
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024, ssl=tls)
        port: int = server.sockets[0].getsockname()[1]
        return port


async def _serve(which: str) -> None:
    servers = _Servers()
    behaviours = DRIPS if which == "drips" else bombs()
    ports = {name: await servers.open(name, behave) for name, behave in behaviours.items()}
    healthy = saying(HEAD + b"Content-Length: 2\r\n\r\nok")
    ports["healthy"] = await servers.open("healthy", healthy)
    ports["healthy over TLS"] = await servers.open("healthy over TLS", healthy, _any_certificate())
    dns = await start_dns(_know)
    _say({"ports": ports, "dns": dns.address})
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    _say(servers.log)


def _know(name: str, kind: str) -> Answer | None:
    if name.endswith(".invalid"):
        return NO_SUCH_NAME
    if name.startswith("dead"):
        return None
    return Answer(("127.0.0.1",) if kind == "A" else ())


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def _say(value: Any) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
