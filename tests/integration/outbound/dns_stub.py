"""A scripted DNS server on loopback: real packets, chosen answers."""

import asyncio
from collections.abc import Callable
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
    """Numbers and an alias chain, or an error code."""

    numbers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    ttl: int = 0


NO_SUCH_NAME = Answer(rcode=dns.rcode.NXDOMAIN)
SERVER_FAILURE = Answer(rcode=dns.rcode.SERVFAIL)


@dataclass
class DnsStub(asyncio.DatagramProtocol):
    """Answer every query as `script` says, and remember the questions."""

    script: Script
    questions: list[tuple[str, str]] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    """From which ports they came."""
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
            self.transport.sendto(_wire(query, answer, kind), addr)


async def start_dns(script: Script) -> DnsStub:
    """Start a stub on a free port of 127.0.0.1."""
    loop = asyncio.get_running_loop()
    _, stub = await loop.create_datagram_endpoint(
        lambda: DnsStub(script), local_addr=("127.0.0.1", 0)
    )
    return stub


def _wire(query: dns.message.Message, answer: Answer, kind: str) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    response.set_rcode(answer.rcode)
    owner = query.question[0].name.to_text()
    for alias in answer.aliases:
        response.answer.append(dns.rrset.from_text(owner, answer.ttl, "IN", "CNAME", alias + "."))
        owner = alias + "."
    if answer.numbers and kind in {"A", "AAAA"}:
        response.answer.append(
            dns.rrset.from_text_list(owner, answer.ttl, "IN", kind, list(answer.numbers))
        )
    return response.to_wire(max_size=65535)
