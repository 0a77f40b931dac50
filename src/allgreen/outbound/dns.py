"""Ask a DNS server for records, over UDP and, for what does not fit, over TCP.

dnspython reads and writes the packets; the sockets are ours, because the server may be an address
that a person typed. Each try has a socket, a port and an id of its own, and what does not answer
the very question is not listened to.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Sequence
from typing import Final, final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rdtypes.txtbase

from allgreen.domain.status import FailureClass
from allgreen.outbound.connection import explain_os_error
from allgreen.outbound.endpoint import Endpoint
from allgreen.outbound.fault import Fault, as_plain
from allgreen.outbound.route import Router, Stopwatch
from allgreen.outbound.stream import Stream, open_stream

MAX_RECORDS: Final = 100
MAX_RECORD_LENGTH: Final = 4096

_FIRST_WAIT_S: Final = 1.0
_PAYLOAD_BYTES: Final = 1232
"""What passes every path in one piece (DNS flag day 2020)."""
_DATAGRAM_BYTES: Final = 4096
_MOST_STRANGERS: Final = 100
"""How many packets that answer something else are read before a try is given up."""
_HEADER: Final = struct.Struct("!HHHHHH")
_RESPONSE: Final = 0x80
_TRUNCATED: Final = 0x02
_ALIASES: Final = 16
"""How many steps of an alias chain may stand before the records."""

_NOT_UNDERSTOOD: Final = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP})
_OF_NAMES: Final = frozenset({"CNAME", "MX", "NS", "PTR", "SOA", "SRV"})
"""Records that hold nothing but numbers and names, in which case means nothing."""
_BROKEN: Final = (dns.exception.DNSException, ValueError, struct.error, IndexError)


@final
class Records:
    """What came of a question.

    Attributes:
        watch: How long everything took.
        fault: Why there are no records; `None` when there are some.
        records: As plain text, sorted; at most 100 of at most 4096 characters.
        is_whole: Whether these are all of them.
    """

    __slots__ = ("fault", "is_whole", "records", "watch")

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch
        self.fault: Fault | None = None
        self.records: tuple[str, ...] = ()
        self.is_whole = True


@final
class DnsClient:
    """Asks over new sockets each time; nothing is kept."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def ask(
        self,
        name: str,
        record_type: str,
        timeout_s: float,
        *,
        server: Endpoint | None = None,
        asker: str = "",
    ) -> Records:
        """Ask for the records of a name.

        Args:
            name: In ASCII; see `parse_domain_name`.
            record_type: Such as ``MX``.
            timeout_s: Limit for everything together.
            server: Whom to ask; our own DNS servers when absent.
            asker: The workspace it is done for.
        """
        found = Records(Stopwatch.start())
        deadline = found.watch.started + timeout_s
        servers = await self._servers(server, asker, found.watch, deadline)
        if isinstance(servers, Fault):
            found.fault = servers
            return found
        asked = _Question(name, record_type, is_ours=server is None)
        half_time = None
        if server is None:
            loop = asyncio.get_running_loop()
            half_time = loop.call_later(timeout_s / 2, self._router.resolver.ask_for_sign_of_life)
        try:
            answer = await _ask_in_turn(asked, servers, deadline)
        finally:
            found.watch.stop()
            if half_time is not None:
                half_time.cancel()
        if answer is None:
            answer = await self._explain_silence(asked, servers, found.watch, deadline)
        found.watch.dns_s = found.watch.finished - found.watch.started
        if isinstance(answer, Fault):
            found.fault = answer
        else:
            _read(asked, answer, found)
        return found

    async def _servers(
        self, server: Endpoint | None, asker: str, watch: Stopwatch, deadline: float
    ) -> list[Endpoint] | Fault:
        if server is None:
            return self._router.resolver.list_servers()
        numbers = await self._router.find(server, watch, deadline)
        if isinstance(numbers, Fault):
            return numbers
        return self._router.admit(server, asker, numbers[0]) or [server]

    async def _explain_silence(
        self, asked: "_Question", servers: Sequence[Endpoint], watch: Stopwatch, deadline: float
    ) -> Fault:
        if asked.is_ours:
            return await self._router.resolver.explain_silence(asked.name, watch.started, deadline)
        waited_s = watch.finished - watch.started
        return Fault.of_target(
            FailureClass.DNS,
            "DNS timed out",
            f"The DNS server {servers[0]} did not answer within {waited_s:.1f} s.",
        )


@final
class _Question:
    """A question, and how to tell its answer from anything else."""

    def __init__(self, name: str, record_type: str, *, is_ours: bool) -> None:
        self.name = name
        self.record_type = record_type
        self.is_ours = is_ours
        self._has_options = True

    def without_options(self) -> bool:
        """Leave out what old servers do not know (EDNS); false when it is left out already."""
        has_options, self._has_options = self._has_options, False
        return has_options

    def write(self) -> dns.message.QueryMessage:
        """Return a new packet with a random id."""
        return dns.message.make_query(
            dns.name.from_text(self.name),
            self.record_type,
            use_edns=0 if self._has_options else False,
            payload=_PAYLOAD_BYTES,
        )

    def blame(self, reason: str, message: str) -> Fault:
        """Return the fault of whoever was asked."""
        if self.is_ours:
            return Fault.of_ours(reason, f"{message} This says nothing about {self.name}.")
        return Fault.of_target(FailureClass.DNS, reason, message)


_Answer = dns.message.Message | Fault | None


async def _ask_in_turn(asked: _Question, servers: Sequence[Endpoint], deadline: float) -> _Answer:
    """Ask one server after the other, each time a little more patiently; `None` for silence."""
    wait_s, at, last = _FIRST_WAIT_S, 0, None
    while (left_s := deadline - time.monotonic()) > 0:
        server = servers[at % len(servers)]
        # A last try that would be cut short is better spent waiting on the one before it.
        until = deadline if left_s < 2 * wait_s else deadline - left_s + wait_s
        last = await _ask_once(asked, server, until, deadline)
        at += 1
        if isinstance(last, Fault) and at < len(servers):
            continue  # Another one of ours may do better.
        if _is_not_understood(last) and asked.without_options():
            continue
        if last is not None:
            return last
        wait_s *= 2
    return last


def _is_not_understood(answer: _Answer) -> bool:
    return isinstance(answer, dns.message.Message) and answer.rcode() in _NOT_UNDERSTOOD


async def _ask_once(asked: _Question, server: Endpoint, until: float, deadline: float) -> _Answer:
    query = asked.write()
    try:
        packet = await _exchange_datagrams(query, server, until)
    except OSError as error:
        fault = explain_os_error(error.errno, f"The DNS server {server}")
        return fault if fault.failure is None else asked.blame(fault.reason, fault.message)
    if packet is None:
        return None
    if packet[2] & _TRUNCATED:
        packet_or_fault = await _ask_over_tcp(query, server, deadline)
        if isinstance(packet_or_fault, Fault):
            fault = packet_or_fault
            return fault if fault.failure is None else asked.blame(fault.reason, fault.message)
        packet = packet_or_fault
    try:
        answer = dns.message.from_wire(_clip(packet), ignore_trailing=True)
    except _BROKEN:
        return asked.blame("broken answer", f"What the DNS server {server} sends is no answer.")
    if not query.is_response(answer):
        return asked.blame("broken answer", f"The DNS server {server} answers something else.")
    return answer


async def _exchange_datagrams(
    query: dns.message.Message, server: Endpoint, until: float
) -> bytes | None:
    """Send a packet and return the one that answers it; `None` when none came in time.

    Raises:
        OSError: The network said no.
    """
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.setblocking(False)
        # Connected, so that the system drops what others send, and tells when nobody listens.
        opened.connect((server.host, server.port))
        opened.send(query.to_wire())
        for _ in range(_MOST_STRANGERS):
            try:
                async with asyncio.timeout(max(until - time.monotonic(), 0.0)):
                    packet = await loop.sock_recv(opened, _DATAGRAM_BYTES)
            except TimeoutError as error:
                if error.errno is not None:
                    raise
                return None
            if _answers(packet, query):
                return packet
    return None


def _answers(packet: bytes, query: dns.message.Message) -> bool:
    """Tell by id and question whether a packet answers; all others are strangers."""
    if len(packet) < _HEADER.size or not packet[2] & _RESPONSE:
        return False
    if _HEADER.unpack_from(packet)[0] != query.id:
        return False
    try:
        question = dns.message.from_wire(packet, question_only=True, ignore_trailing=True)
    except _BROKEN:
        return True  # The id is right: a server that cannot write.
    return not question.question or question.question == query.question


async def _ask_over_tcp(
    query: dns.message.Message, server: Endpoint, deadline: float
) -> bytes | Fault:
    wire = query.to_wire()
    # The number passed the guard when its datagram was sent; it is the same number.
    async with open_stream(server, (server.host,), Stopwatch.start(), deadline) as stream:
        if isinstance(stream, Fault):
            return stream
        fault = await stream.send(struct.pack("!H", len(wire)) + wire, deadline)
        if fault is not None:
            return fault
        return await _receive_packet(stream, deadline)


async def _receive_packet(stream: Stream, deadline: float) -> bytes | Fault:
    """Return a packet, which comes after its length in two bytes (RFC 1035, section 4.2.2)."""
    received = bytearray()
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2]):
        piece = await stream.receive(deadline)
        if isinstance(piece, Fault):
            return piece
        if not piece:
            return Fault.of_target(
                FailureClass.DNS,
                "broken answer",
                f"{stream.place} closed the connection before the whole answer.",
            )
        received += piece
    return bytes(received[2 : 2 + int.from_bytes(received[:2])])


def _clip(packet: bytes) -> bytes:
    """Let no more records be read than are shown: thousands would take the loop's time.

    The counts of the header (RFC 1035, section 4.1.1) say how many follow, and the rest is taken
    for trailing bytes.
    """
    if len(packet) < _HEADER.size:
        return packet
    number, flags, questions, answers, _, _ = _HEADER.unpack_from(packet)
    most = min(answers, MAX_RECORDS + _ALIASES + 1)
    return _HEADER.pack(number, flags, min(questions, 1), most, 0, 0) + packet[_HEADER.size :]


def _read(asked: _Question, answer: dns.message.Message, found: Records) -> None:
    """Take the records over, or say why there is none."""
    rcode = answer.rcode()
    if rcode != dns.rcode.NOERROR:
        found.fault = _explain_code(asked, rcode)
        return
    try:
        assert isinstance(answer, dns.message.QueryMessage)
        records = answer.resolve_chaining().answer
    except (*_BROKEN, AssertionError):
        found.fault = asked.blame("broken answer", "The DNS answer leads nowhere.")
        return
    if records is None:
        found.fault = Fault.of_target(
            FailureClass.DNS,
            f"no {asked.record_type} record",
            f"The name {asked.name} has no {asked.record_type} record in DNS.",
        )
        return
    texts = sorted(_as_text(record) for record in records)
    found.records = tuple(texts[:MAX_RECORDS])
    found.is_whole = len(texts) <= MAX_RECORDS


def _explain_code(asked: _Question, rcode: dns.rcode.Rcode) -> Fault:
    match rcode:
        case dns.rcode.NXDOMAIN:
            reason, message = "no such name", f"The name {asked.name} does not exist in DNS."
        case dns.rcode.SERVFAIL:
            reason = "DNS server failure"
            message = f"The DNS servers of {asked.name} gave no usable answer (SERVFAIL)."
        case _:
            word = dns.rcode.to_text(rcode)
            return asked.blame("DNS refused", f"The DNS server does not answer: {word}.")
    return Fault.of_target(FailureClass.DNS, reason, message)


def _as_text(record: dns.rdata.Rdata) -> str:
    """Write a record as people do: names in lower case without last dot, text without quotes."""
    if isinstance(record, dns.rdtypes.txtbase.TXTBase):
        text = b"".join(record.strings).decode("utf-8", "replace")
    else:
        text = record.to_text(origin=dns.name.root, relativize=True)
        if dns.rdatatype.to_text(record.rdtype) in _OF_NAMES:
            text = text.lower()
    return as_plain(text, MAX_RECORD_LENGTH)
