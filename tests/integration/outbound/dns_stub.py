"""A scripted DNS server on loopback: real packets, chosen answers."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Script = Callable[[str, str], "Answer | None"]
"""Gets a name without its last dot and ``A`` or ``AAAA``; `None` never answers."""


@dataclass(frozen=True)
class Answer:
    """Numbers and an alias chain, or an error code.

    Attributes:
        records: As a zone file writes them, of the type that was asked for.
        truncated: Over UDP, say only that there is more.
        before: Packets to send first; each gets the query and returns bytes.
        raw: Bytes to send in place of an answer, after the id of the question.
        knows_options: Whether the server understands EDNS.
    """

    numbers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    ttl: int = 0
    records: tuple[str, ...] = ()
    truncated: bool = False
    before: tuple[Callable[[dns.message.Message], bytes], ...] = ()
    raw: bytes | None = None
    knows_options: bool = True


NO_SUCH_NAME = Answer(rcode=dns.rcode.NXDOMAIN)
SERVER_FAILURE = Answer(rcode=dns.rcode.SERVFAIL)


@dataclass
class DnsStub(asyncio.DatagramProtocol):
    """Answer every query as `script` says, and remember the questions."""

    script: Script
    questions: list[tuple[str, str]] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    """From which ports they came."""
    over_tcp: list[tuple[str, str]] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        """Where it listens, as ``ALLGREEN_RESOLVER`` wants it."""
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")[:2]
        return f"{host}:{port}"

    @property
    def port(self) -> int:
        """Its port, also after it was closed."""
        return self._port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self._port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind))
        self.ports.add(addr[1])
        answer = self.script(name, kind)
        if answer is not None and self.transport is not None:
            for make in answer.before:
                self.transport.sendto(make(query), addr)
            self.transport.sendto(_wire(query, answer, kind, over_tcp=False), addr)

    async def on_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one question over TCP."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            size = int.from_bytes(await reader.readexactly(2))
            query = dns.message.from_wire(await reader.readexactly(size))
            question = query.question[0]
            name = question.name.to_text(omit_final_dot=True).lower()
            kind = dns.rdatatype.to_text(question.rdtype)
            self.over_tcp.append((name, kind))
            answer = self.script(name, kind)
            if answer is None:
                await reader.read()
            else:
                wire = _wire(query, answer, kind, over_tcp=True)
                writer.write(len(wire).to_bytes(2) + wire)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def scripted_dns(script: Script, *, tcp: bool = False) -> AsyncIterator[DnsStub]:
    """Run a stub until the block ends.

    Args:
        script: What to answer.
        tcp: Answer over TCP too, on the same port.
    """
    stub = await start_dns(script)
    server = await _start_tcp(stub) if tcp else None
    while tcp and server is None:
        # A port that is free for packets may be taken for streams.
        assert stub.transport is not None
        stub.transport.close()
        stub = await start_dns(script)
        server = await _start_tcp(stub)
    try:
        yield stub
    finally:
        if server is not None:
            server.close()
        assert stub.transport is not None
        stub.transport.close()


async def _start_tcp(stub: DnsStub) -> asyncio.Server | None:
    """Answer over TCP on the port of the stub; `None` when somebody else has it."""
    try:
        return await asyncio.start_server(stub.on_connection, "127.0.0.1", stub.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return None


async def start_dns(script: Script) -> DnsStub:
    """Start a stub on a free port of 127.0.0.1."""
    loop = asyncio.get_running_loop()
    _, stub = await loop.create_datagram_endpoint(
        lambda: DnsStub(script), local_addr=("127.0.0.1", 0)
    )
    return stub


def _wire(query: dns.message.Message, answer: Answer, kind: str, *, over_tcp: bool) -> bytes:
    if answer.raw is not None:
        return query.id.to_bytes(2) + answer.raw
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    response.set_rcode(answer.rcode)
    if query.edns >= 0 and not answer.knows_options:
        response.use_edns(False)
        response.set_rcode(dns.rcode.FORMERR)
        return response.to_wire()
    if answer.truncated and not over_tcp:
        response.flags |= dns.flags.TC
        return response.to_wire()
    owner = query.question[0].name.to_text()
    for alias in answer.aliases:
        response.answer.append(dns.rrset.from_text(owner, answer.ttl, "IN", "CNAME", alias + "."))
        owner = alias + "."
    numbers = answer.numbers if kind in {"A", "AAAA"} else ()
    if records := [*numbers, *answer.records]:
        response.answer.append(dns.rrset.from_text_list(owner, answer.ttl, "IN", kind, records))
    return response.to_wire(max_size=65535)
