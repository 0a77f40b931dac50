"""Whole runs of DNS checks against a real server that says what it is told."""

import asyncio
import struct
import time
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import pytest

from allgreen.domain.check import DnsOptions, RecordType
from allgreen.domain.expectation import BodyContains, RecordMatch, RecordsAre
from allgreen.domain.result import Result
from allgreen.domain.status import FailureClass, Outcome
from tests.integration.outbound.descriptors import open_descriptors, settled_descriptors
from tests.integration.outbound.dns_stub import (
    NO_SUCH_NAME,
    SERVER_FAILURE,
    Answer,
    Script,
    scripted_dns,
)
from tests.integration.outbound.kinds import NOTHING, asking, open_house
from tests.integration.outbound.targets import listen

REFUSED = Answer(rcode=dns.rcode.REFUSED)
MANY = tuple(f"10.{at >> 8}.{at & 255}.1" for at in range(1000))


async def run(
    script: Script,
    expected: RecordsAre | None = None,
    *,
    kind: RecordType = RecordType.A,
    ours: bool = False,
    tcp: bool = False,
    timeout_s: float = 5.0,
) -> Result:
    async with scripted_dns(script, tcp=tcp) as stub, open_house(dns=stub.address) as house:
        server = None if ours else stub.address
        options = DnsOptions(name="name.example", record_type=kind, server=server)
        return await house.run(asking(options, expected or NOTHING, timeout_s=timeout_s))


def found(*values: str) -> RecordsAre:
    return RecordsAre(values=values, match=RecordMatch.EXACTLY)


@pytest.mark.parametrize("ours", [False, True], ids=["a server of theirs", "a server of ours"])
@pytest.mark.parametrize(
    ("kind", "written", "plain"),
    [
        (RecordType.A, "192.0.2.1", "192.0.2.1"),
        (RecordType.AAAA, "2001:DB8:0:0::1", "2001:db8::1"),
        (RecordType.CAA, '0 issue "ca.example"', '0 issue "ca.example"'),
        (RecordType.CNAME, "Other.Example.", "other.example"),
        (RecordType.MX, "10 Mail.Example.", "10 mail.example"),
        (RecordType.NS, "ns1.example.", "ns1.example"),
        (RecordType.PTR, "host.example.", "host.example"),
        (RecordType.SOA, "ns1.example. h.example. 7 1 2 3 4", "ns1.example h.example 7 1 2 3 4"),
        (RecordType.SRV, "1 2 5060 sip.example.", "1 2 5060 sip.example"),
        (RecordType.TXT, '"v=spf1 " "-all"', "v=spf1 -all"),
    ],
)
async def test_records_of_every_type_are_found_as_plain_text(
    kind: RecordType, written: str, plain: str, ours: bool
) -> None:
    result = await run(lambda *_: Answer(records=(written,)), found(plain), kind=kind, ours=ours)

    assert (result.outcome, result.explanations[0].actual) == (Outcome.OK, plain)
    assert result.phases.dns_ms is not None
    assert result.latency_ms is not None


async def test_the_records_behind_an_alias_are_those_of_the_name() -> None:
    answer = Answer(numbers=("192.0.2.1", "192.0.2.2"), aliases=("a.example", "b.example"))

    result = await run(lambda *_: answer, found("192.0.2.2", "192.0.2.1"))

    assert result.outcome is Outcome.OK


async def test_other_records_fail_and_are_not_quoted_in_the_reason() -> None:
    result = await run(lambda *_: Answer(("192.0.2.66",)), found("192.0.2.1"))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert result.reason == "other DNS records"
    assert "192.0.2.66" not in result.message
    assert result.explanations[0].actual == "192.0.2.66"


@pytest.mark.parametrize("ours", [False, True], ids=["a server of theirs", "a server of ours"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NO_SUCH_NAME, "no such name"),
        (SERVER_FAILURE, "DNS server failure"),
        (Answer(), "no A record"),
        (Answer(aliases=("other.example",)), "no A record"),
    ],
    ids=["no name", "server failure", "no record", "only an alias"],
)
async def test_a_name_without_records_fails_with_its_reason(
    answer: Answer, reason: str, ours: bool
) -> None:
    result = await run(lambda *_: answer, ours=ours)

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert result.reason == reason
    assert "name.example" in result.message


@pytest.mark.parametrize(
    "answer",
    [
        REFUSED,
        Answer(raw=b"\x80\x00\x00\x01\x00\x01" + b"\x00" * 5),
        Answer(raw=b"\x81\x80" + b"\xff" * 30),
    ],
    ids=["refuses", "breaks off", "noise"],
)
async def test_a_server_that_does_not_work_is_at_fault_unless_it_is_ours(answer: Answer) -> None:
    theirs = await run(lambda *_: answer)
    ours = await run(lambda *_: answer, ours=True)

    assert (theirs.outcome, theirs.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert (ours.outcome, ours.failure) == (Outcome.PROBE_ERROR, None)


async def test_silence_is_the_fault_of_whose_server_is_silent() -> None:
    def only_strangers(name: str, _: str) -> Answer | None:
        return NO_SUCH_NAME if name.endswith(".invalid") else None

    theirs = await run(lambda *_: None, timeout_s=0.5)
    of_the_target = await run(only_strangers, timeout_s=0.5, ours=True)
    ours = await run(lambda *_: None, timeout_s=0.5, ours=True)

    assert (theirs.outcome, theirs.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert (of_the_target.outcome, of_the_target.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert (ours.outcome, ours.failure) == (Outcome.PROBE_ERROR, None)


async def test_a_lost_packet_is_sent_again() -> None:
    asked: list[str] = []

    def lossy(name: str, _: str) -> Answer | None:
        asked.append(name)
        return Answer(("192.0.2.1",)) if len(asked) > 1 else None

    result = await run(lossy)

    assert result.outcome is Outcome.OK
    assert len(asked) == 2


async def test_where_nobody_listens_the_check_fails_at_once() -> None:
    async with scripted_dns(lambda *_: None) as stub:
        gone = stub.address
    await asyncio.sleep(0)
    async with open_house() as house:
        result = await house.run(asking(DnsOptions(name="name.example", server=gone)))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert result.reason == "connection refused"


async def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    answer = Answer(records=tuple(f"192.0.2.{at}" for at in range(60)), truncated=True)
    async with (
        scripted_dns(lambda *_: answer, tcp=True) as stub,
        open_house(dns=stub.address) as house,
    ):
        options = DnsOptions(name="name.example", server=stub.address)
        result = await house.run(asking(options, found(*answer.records)))

    assert result.outcome is Outcome.OK
    assert (len(stub.questions), len(stub.over_tcp)) == (1, 1)


async def test_a_truncated_answer_without_tcp_fails() -> None:
    result = await run(lambda *_: Answer(truncated=True))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.DNS)


async def test_a_server_that_knows_no_options_is_asked_without() -> None:
    answer = Answer(("192.0.2.1",), knows_options=False)

    result = await run(lambda *_: answer, found("192.0.2.1"))

    assert result.outcome is Outcome.OK


def forged(query: dns.message.Message, number: str) -> dns.message.Message:
    response = dns.message.make_response(query)
    owner = query.question[0].name.to_text()
    response.answer.append(dns.rrset.from_text(owner, 60, "IN", "A", number))
    return response


def with_another_id(query: dns.message.Message) -> bytes:
    response = forged(query, "192.0.2.66")
    response.id = (query.id + 1) % 65536
    return response.to_wire()


def to_another_question(query: dns.message.Message) -> bytes:
    other = dns.message.make_query("other.example.", "A", id=query.id)
    return forged(other, "192.0.2.66").to_wire()


def as_a_question(query: dns.message.Message) -> bytes:
    response = forged(query, "192.0.2.66")
    response.flags &= ~dns.flags.QR
    return response.to_wire()


@pytest.mark.parametrize(
    "strange",
    [with_another_id, to_another_question, as_a_question, lambda _: b"", lambda _: b"\x00" * 11],
    ids=["other id", "other question", "a question", "nothing", "short"],
)
async def test_what_does_not_answer_the_question_is_not_listened_to(
    strange: Callable[[dns.message.Message], bytes],
) -> None:
    answer = Answer(("192.0.2.1",), before=(strange,) * 20)

    result = await run(lambda *_: answer, found("192.0.2.1"))

    assert result.outcome is Outcome.OK


async def test_ids_and_ports_are_new_each_time() -> None:
    ids: list[int] = []

    def note(query: dns.message.Message) -> bytes:
        ids.append(query.id)
        return b""

    answer = Answer(("192.0.2.1",), before=(note,))
    async with scripted_dns(lambda *_: answer) as stub, open_house(dns=stub.address) as house:
        for _ in range(20):
            await house.run(asking(DnsOptions(name="name.example", server=stub.address)))

    assert len(set(ids)) >= 15
    assert len(stub.ports) >= 15


async def test_at_most_a_hundred_records_are_kept_however_many_there_are() -> None:
    answer = Answer(records=MANY, truncated=True)
    async with (
        scripted_dns(lambda *_: answer, tcp=True) as stub,
        open_house(dns=stub.address) as house,
    ):
        options = DnsOptions(name="name.example", server=stub.address)
        preview = await house.previews.run(asking(options, found("192.0.2.1")))

    assert preview.result.outcome is Outcome.FAIL
    assert preview.explanations[0].actual.count(", ") <= 100


def pointing_at_itself(records: int) -> bytes:
    """An answer whose every name is the longest there can be, through pointers."""
    question = b"\x04name\x07example\x00" + struct.pack("!HH", 1, 1)
    header = struct.pack("!HHHHH", 0x8180, 1, records, records, records)
    deep = b"".join(b"\x01a" for _ in range(100)) + b"\x00"
    at = 12 + len(question)
    first = deep + struct.pack("!HHIH", 1, 1, 0, 4) + b"\xc0\x00\x02\x01"
    rest = struct.pack("!HHHIH", 0xC000 | at, 1, 1, 0, 4) + b"\xc0\x00\x02\x01"
    return header + question + first + rest * 3000


@pytest.mark.parametrize(
    "raw",
    [
        pointing_at_itself(65535),
        struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
        + b"\x04name\x07example\x00\x00\x01\x00\x01"
        + b"\xc0\x1e\x00\x01\x00\x01",
        struct.pack("!HHHHH", 0x8180, 65535, 65535, 65535, 65535),
    ],
    ids=["long names", "a pointer to itself", "counts without records"],
)
async def test_hostile_packets_end_quickly_and_fail(raw: bytes) -> None:
    async def tell(visit: object) -> None:
        writer = visit.writer  # type: ignore[attr-defined]
        reader = visit.reader  # type: ignore[attr-defined]
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        whole = query[:2] + raw
        writer.write(len(whole).to_bytes(2) + whole)
        await writer.drain()

    async with (
        scripted_dns(lambda *_: Answer(truncated=True)) as stub,
        listen(tell, port=stub.port, reads_head=False),
        open_house(dns=stub.address) as house,
    ):
        started = time.process_time()
        result = await house.run(asking(DnsOptions(name="name.example", server=stub.address)))
        spent_s = time.process_time() - started

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.DNS)
    assert spent_s < 0.5


async def test_text_of_a_record_is_cut_and_made_plain() -> None:
    long = '"' + "a" * 200 + '" '
    hostile = r'"<script>alert(1)</script>\226\128\174\000\010evil"'

    cut = await run(lambda *_: Answer(records=(long * 30,)), kind=RecordType.TXT, tcp=True)
    async with (
        scripted_dns(lambda *_: Answer(records=(hostile,))) as stub,
        open_house(dns=stub.address) as house,
    ):
        options = DnsOptions(name="name.example", record_type=RecordType.TXT, server=stub.address)
        plain = await house.previews.run(asking(options, BodyContains(text="script")))

    assert cut.outcome is Outcome.FAIL
    assert plain.result.outcome is Outcome.OK
    assert plain.body_excerpt.isprintable()


async def test_nothing_is_left_open_after_runs_and_cancelled_runs() -> None:
    async with (
        scripted_dns(lambda name, _: None if "dead" in name else Answer(("192.0.2.1",))) as stub,
        open_house(dns=stub.address) as house,
    ):
        check = asking(DnsOptions(name="name.example", server=stub.address))
        dead = asking(DnsOptions(name="dead.example", server=stub.address), timeout_s=30)
        await house.run(check)
        before, tasks_before = open_descriptors(), len(asyncio.all_tasks())

        await asyncio.gather(*(house.run(check) for _ in range(50)))
        cancelled = [asyncio.create_task(house.run(dead)) for _ in range(20)]
        await house.run(check)
        for task in cancelled:
            task.cancel()
        await asyncio.wait(cancelled)

        assert await settled_descriptors(before) <= before
        assert len(asyncio.all_tasks()) == tasks_before


async def test_a_check_that_no_longer_can_be_read_is_our_fault() -> None:
    async with open_house() as house:
        results = [
            await house.run(asking(DnsOptions(name="two words"))),
            await house.run(asking(DnsOptions(name="name.example", server="dns.example"))),
        ]

    assert {result.outcome for result in results} == {Outcome.PROBE_ERROR}


async def test_a_dns_server_inside_is_blocked() -> None:
    async with (
        scripted_dns(lambda *_: Answer(("192.0.2.1",))) as stub,
        open_house(allow="") as house,
    ):
        result = await house.run(asking(DnsOptions(name="name.example", server=stub.address)))

    assert (result.outcome, result.failure) == (Outcome.BLOCKED, None)
    assert stub.questions == []
