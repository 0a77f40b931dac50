"""Whole runs of TCP checks against real listeners."""

import asyncio
import time

import pytest

from allgreen.domain.check import TcpOptions
from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    BodyMatches,
    BodySize,
    Expectation,
    JsonOperator,
    JsonValue,
    Not,
)
from allgreen.domain.result import Result
from allgreen.domain.status import FailureClass, Outcome
from allgreen.outbound.endpoint import parse_endpoint
from allgreen.outbound.tcp import SILENCE_S, TcpClient
from tests.integration.outbound.descriptors import open_descriptors, settled_descriptors
from tests.integration.outbound.kinds import NOTHING, asking, open_house
from tests.integration.outbound.targets import Behaviour, Target, Visit, listen, saying

BANNER = b"220 mail.example ESMTP\r\n"


def at(target: Target, send: str | None = None) -> TcpOptions:
    return TcpOptions(hostname=target.host, port=target.port, send=send)


async def run(
    behave: Behaviour,
    expectation: Expectation = NOTHING,
    *,
    send: str | None = None,
    timeout_s: float = 5.0,
) -> Result:
    async with listen(behave, reads_head=False) as target, open_house() as house:
        return await house.run(asking(at(target, send), expectation, timeout_s=timeout_s))


async def stays(visit: Visit) -> None:
    await visit.reader.read()


async def greets_and_stays(visit: Visit) -> None:
    await visit.say(BANNER)
    await visit.reader.read()


async def echoes(visit: Visit) -> None:
    await visit.say(b"you said " + await visit.reader.readuntil(b"\n"))
    await visit.reader.read()


async def test_taking_the_connection_is_enough_when_nothing_is_expected() -> None:
    result = await run(stays)

    assert (result.outcome, result.failure) == (Outcome.OK, None)
    assert result.phases.connect_ms is not None
    assert result.latency_ms is not None


@pytest.mark.parametrize(
    "expectation",
    [
        BodyContains(text="ESMTP"),
        BodyMatches(pattern="^220 [a-z.]+ E?SMTP"),
        BodySize(at_least=5, at_most=100),
        AllOf(parts=(BodyContains(text="220"), Not(part=BodyContains(text="554")))),
        AnyOf(parts=(BodyContains(text="250"), BodyContains(text="220"))),
    ],
    ids=lambda expectation: type(expectation).__name__,
)
async def test_an_expected_banner_is_enough_though_the_connection_stays_open(
    expectation: Expectation,
) -> None:
    started = time.monotonic()
    result = await run(greets_and_stays, expectation, timeout_s=30)

    assert (result.outcome, result.reason) == (Outcome.OK, "")
    assert time.monotonic() - started < 20
    assert result.phases.first_byte_ms is not None


async def test_what_is_sent_arrives_and_the_answer_counts() -> None:
    result = await run(echoes, BodyContains(text="you said PING ä"), send="PING ä\r\n")

    assert result.outcome is Outcome.OK


async def test_json_can_be_expected_of_a_port() -> None:
    expected = JsonValue(path="$.state", operator=JsonOperator.EQUALS, value="ready")

    result = await run(saying(b'{"state": "ready"}'), expected)

    assert result.outcome is Outcome.OK


@pytest.mark.parametrize(
    "behave", [saying(b"554 no\r\n"), greets_and_stays], ids=["closes", "stays"]
)
async def test_another_banner_fails_after_silence_and_is_not_quoted(behave: Behaviour) -> None:
    result = await run(behave, BodyContains(text="canary"), timeout_s=30)

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.BODY)
    assert result.reason == "text not found"
    assert "canary" not in result.message
    assert result.latency_ms is not None
    assert result.latency_ms < 20_000


async def test_saying_nothing_fails_in_time_when_something_is_expected() -> None:
    result = await run(stays, BodyContains(text="220"), timeout_s=0.5)

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.TIMEOUT)
    assert result.message.endswith("took the connection and said nothing.")


async def test_saying_nothing_is_fine_when_only_an_absence_is_expected() -> None:
    started = time.monotonic()
    result = await run(stays, Not(part=BodyContains(text="error")), timeout_s=30)

    assert result.outcome is Outcome.OK
    assert time.monotonic() - started < SILENCE_S + 15


async def test_what_comes_in_pieces_is_put_together() -> None:
    async def drip(visit: Visit) -> None:
        for byte in BANNER:
            await visit.say(bytes([byte]))
            await asyncio.sleep(0)
        await visit.reader.read()

    result = await run(drip, BodyContains(text="220 mail.example ESMTP"))

    assert result.outcome is Outcome.OK


async def test_who_drips_is_looked_at_ever_less_often() -> None:
    looks = 0
    looked = asyncio.Event()

    async def is_never_enough(_received: bytes) -> bool:
        nonlocal looks
        looks += 1
        looked.set()
        return False

    async def drip(visit: Visit) -> None:
        while True:
            await looked.wait()
            looked.clear()
            await visit.say(b"a")

    async with listen(drip, reads_head=False) as target, open_house() as house:
        endpoint = parse_endpoint(target.host, target.port)
        talk = await TcpClient(house.router).talk(endpoint, 1.5, is_enough=is_never_enough)

    assert len(talk.received) > 1
    assert looks <= 7


@pytest.mark.parametrize("behave", [stays, greets_and_stays], ids=["silent", "talking"])
async def test_no_look_takes_longer_than_the_deadline(behave: Behaviour) -> None:
    async def is_enough(received: bytes) -> bool:
        if behave is greets_and_stays and not received:
            return False
        await asyncio.Event().wait()
        return True

    async with listen(behave, reads_head=False) as target, open_house() as house:
        endpoint = parse_endpoint(target.host, target.port)
        async with asyncio.timeout(20):
            talk = await TcpClient(house.router).talk(endpoint, 0.5, is_enough=is_enough)

    assert not talk.is_whole
    assert (talk.fault is None) is bool(talk.received)


async def test_an_endless_answer_ends_at_64_kib() -> None:
    async def pour(visit: Visit) -> None:
        while True:
            await visit.say(b"a" * 65536)

    expected = AllOf(parts=(BodyContains(text="b"), BodySize(at_most=10_000_000)))
    result = await run(pour, expected, timeout_s=30)

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.BODY)
    assert result.explanations[1].actual == "more than 65536 bytes"


async def test_where_nobody_listens_the_connection_is_refused() -> None:
    async with listen(stays) as target:
        options = at(target)
    async with open_house() as house:
        result = await house.run(asking(options))

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.CONNECT)
    assert result.reason == "connection refused"


@pytest.mark.parametrize("port", [25, 26, 465, 587, 2465, 2525, 2587])
async def test_nothing_is_said_to_a_port_that_takes_mail(port: int) -> None:
    async with open_house(allow="") as house:
        silent = await house.run(asking(TcpOptions(hostname="192.0.2.1", port=port, send="HELO")))
        allowed = TcpOptions(hostname="8.8.8.8", port=port, send="MAIL FROM:<a@b.example>")
        speaking = await house.run(asking(allowed, timeout_s=0.5))

    assert silent.outcome is Outcome.BLOCKED
    assert speaking.outcome is Outcome.BLOCKED
    assert f"port {port} takes mail" in speaking.message


async def test_a_check_that_no_longer_can_be_read_is_our_fault() -> None:
    async with open_house() as house:
        result = await house.run(asking(TcpOptions(hostname="http://127.0.0.1", port=80)))

    assert (result.outcome, result.reason) == (Outcome.PROBE_ERROR, "cannot be run")


async def test_a_preview_shows_the_banner_as_plain_text() -> None:
    behave = saying(b"220 \x1b[31m<script>\xff\r\n" + b"a" * 5000)
    async with listen(behave, reads_head=False) as target, open_house() as house:
        preview = await house.previews.run(asking(at(target), BodyContains(text="220")))

    assert preview.result.outcome is Outcome.OK
    assert "\x1b" not in preview.body_excerpt
    assert len(preview.body_excerpt.encode()) <= 1024 + 3


async def test_nothing_is_left_open_after_runs_and_cancelled_runs() -> None:
    async with listen(stays, reads_head=False) as target, open_house() as house:
        check = asking(at(target))
        waiting = asking(at(target), BodyContains(text="220"), timeout_s=30)
        await house.run(check)
        before, tasks_before = open_descriptors(), len(asyncio.all_tasks())

        await asyncio.gather(*(house.run(check) for _ in range(50)))
        cancelled = [asyncio.create_task(house.run(waiting)) for _ in range(20)]
        await house.run(check)
        for task in cancelled:
            task.cancel()
        await asyncio.wait(cancelled)

        assert await settled_descriptors(before) <= before
        assert len(asyncio.all_tasks()) <= tasks_before + 1
