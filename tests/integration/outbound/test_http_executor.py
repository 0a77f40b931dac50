"""Whole runs of HTTP checks against real listeners."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from allgreen.domain.check import Check, CheckKind, HttpOptions
from allgreen.domain.expectation import (
    AllOf,
    BodyContains,
    Expectation,
    JsonOperator,
    JsonValue,
    Not,
    StatusIs,
)
from allgreen.domain.result import Result
from allgreen.domain.status import FailureClass, Outcome
from allgreen.executors.http import HttpCheckExecutor, build_user_agent
from allgreen.testing import NOON, FakeClock, a_check, a_leased_check
from tests.integration.outbound.targets import LOOPBACK, Behaviour, listen, open_client, saying

OK = StatusIs(codes=(200,))
JSON = '{"status": "ok", "queue": {"depth": 12}, "jobs": [{"state": "done"}, {"state": "open"}]}'


def answer(body: str, status: int = 200) -> Behaviour:
    data = body.encode()
    return saying(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(data), data))


@asynccontextmanager
async def an_executor(allow: str = LOOPBACK) -> AsyncIterator[HttpCheckExecutor]:
    async with open_client(allow=allow) as client:
        yield HttpCheckExecutor(client, clock=FakeClock(), user_agent="Allgreen/test")


async def run(
    behave: Behaviour, expectation: Expectation, *, answers_within: timedelta | None = None
) -> Result:
    async with listen(behave) as target, an_executor() as executor:
        check = a_check(url=target.url, expectation=expectation, answers_within=answers_within)
        return await executor.run(a_leased_check(check, fence=7))


@pytest.mark.parametrize(
    "expectation",
    [
        OK,
        StatusIs(classes=(2,)),
        BodyContains(text='"status": "ok"'),
        Not(part=BodyContains(text="error")),
        JsonValue(path="$.queue.depth", operator=JsonOperator.BELOW, value="50"),
        JsonValue(path="$.jobs[*].state", operator=JsonOperator.EQUALS, value="open"),
        AllOf(parts=(OK, BodyContains(text="ok"))),
    ],
    ids=lambda expectation: type(expectation).__name__,
)
async def test_an_expected_answer_is_ok(expectation: Expectation) -> None:
    result = await run(answer(JSON), expectation)

    assert (result.outcome, result.failure, result.reason) == (Outcome.OK, None, "")
    assert result.http_status == 200
    assert result.latency_ms is not None
    assert result.phases.connect_ms is not None


@pytest.mark.parametrize(
    ("status", "body", "expectation", "failure", "reason"),
    [
        (503, "", OK, FailureClass.STATUS, "503 instead of 200"),
        (503, "", StatusIs(classes=(2, 3)), FailureClass.STATUS, "503 instead of 2xx, 3xx"),
        (200, "no", BodyContains(text="ok"), FailureClass.BODY, "text not found"),
        (200, "error", Not(part=BodyContains(text="err")), FailureClass.BODY, "text found"),
        (
            200,
            JSON,
            JsonValue(path="$.queue.depth", operator=JsonOperator.ABOVE, value="50"),
            FailureClass.BODY,
            "$.queue.depth is something else, expected above 50",
        ),
        (
            200,
            "<html>",
            JsonValue(path="$.a", operator=JsonOperator.EXISTS),
            FailureClass.BODY,
            "$.a is not JSON, expected is there",
        ),
        (
            200,
            '"' + "a" * 70_000 + '"',
            JsonValue(path="$", operator=JsonOperator.EXISTS),
            FailureClass.BODY,
            "$ is longer than 64 KiB, expected is there",
        ),
    ],
    ids=["status", "classes", "no text", "bad text", "value", "no json", "too long"],
)
async def test_an_unexpected_answer_fails_with_its_reason(
    status: int, body: str, expectation: Expectation, failure: FailureClass, reason: str
) -> None:
    result = await run(answer(body, status), expectation)

    assert (result.outcome, result.failure, result.reason) == (Outcome.FAIL, failure, reason)
    assert result.message.endswith(".")
    assert result.http_status == status
    assert any(not line.holds for line in result.explanations)


async def test_reason_and_message_quote_neither_the_body_nor_the_text_looked_for() -> None:
    body = '{"key": "canary"}'
    expectations: list[Expectation] = [
        JsonValue(path="$.key", operator=JsonOperator.EQUALS, value="up"),
        JsonValue(path="$", operator=JsonOperator.EQUALS, value="up"),
        BodyContains(text="canary-text"),
        Not(part=BodyContains(text="canary")),
    ]

    results = [await run(answer(body), each) for each in expectations]

    assert [result.outcome for result in results] == [Outcome.FAIL] * 4
    assert "canary" not in "".join(result.reason + result.message for result in results)


async def test_every_expectation_is_explained_also_after_one_that_fails() -> None:
    result = await run(answer(JSON, 500), AllOf(parts=(OK, BodyContains(text="ok"))))

    assert [(line.operand, line.holds) for line in result.explanations] == [
        ("Status", False),
        ("Body", True),
    ]


async def test_an_answer_over_its_limit_is_slow_and_not_failed() -> None:
    result = await run(answer(JSON), OK, answers_within=timedelta(microseconds=1))

    assert (result.outcome, result.failure) == (Outcome.SLOW, None)
    assert "ms instead of" in result.reason


async def test_a_blocked_target_is_never_failed() -> None:
    async with listen(answer(JSON)) as target, an_executor(allow="") as executor:
        result = await executor.run(a_leased_check(a_check(url=target.url)))

    assert (result.outcome, result.failure, target.visits) == (Outcome.BLOCKED, None, 0)
    assert "ALLGREEN_ALLOW_TARGETS" in result.message


async def test_a_stored_check_that_cannot_be_sent_is_our_fault() -> None:
    async with an_executor() as executor:
        result = await executor.run(a_leased_check(a_check(url="ftp://example.com/")))

    assert (result.outcome, result.failure) == (Outcome.PROBE_ERROR, None)
    assert "Only http:// and https://" in result.message


async def test_a_result_names_what_was_run() -> None:
    async with listen(answer(JSON)) as target, an_executor() as executor:
        check = a_check(url=target.url, version=3)
        result = await executor.run(a_leased_check(check, attempt=2, fence=9))

    assert (result.check_id, result.service_id, result.workspace_id) == (
        check.id,
        check.service_id,
        check.workspace_id,
    )
    assert (result.slot, result.attempt, result.version, result.fence) == (NOON, 2, 3, 9)
    assert result.started_at <= result.finished_at


async def test_every_request_introduces_itself_and_its_check() -> None:
    async with listen(answer(JSON)) as target, an_executor() as executor:
        check = a_check(url=target.url)
        await executor.run(a_leased_check(check))
        silence = HttpOptions(method="GET", url=target.url, announce=False)
        quiet = replace(check, version=2, options=silence)
        await executor.run(a_leased_check(quiet))

    loud_head, quiet_head = target.heads
    assert b"User-Agent: Allgreen/test\r\n" in loud_head
    assert f"X-Allgreen-Check: {check.id}/2026-03-02T12:00:00Z\r\n".encode() in loud_head
    assert b"X-Allgreen-Check" not in quiet_head


async def test_an_edited_check_sends_its_new_request() -> None:
    async with listen(answer(JSON)) as target, an_executor() as executor:
        first = a_check(url=target.url + "old", version=1)
        second = a_check(url=target.url + "new", version=2)
        for check in (first, first, second):
            await executor.run(a_leased_check(check))

    assert [head.split()[1] for head in target.heads] == [b"/old", b"/old", b"/new"]


async def test_hostile_text_of_a_target_is_made_plain() -> None:
    body = '{"a": "<b>\\u202e\\u0000\\n' + "x" * 500 + '"}'
    expectation = JsonValue(path="$.a", operator=JsonOperator.EQUALS, value="b")

    result = await run(answer(body), expectation)

    for text in (result.reason, result.message, *(line.actual for line in result.explanations)):
        assert text.isprintable()
        assert len(text) <= 300


async def test_a_preview_shows_the_begin_of_the_body_and_is_not_remembered() -> None:
    async with listen(answer("ä\x1b" * 1000)) as target, an_executor() as executor:
        check: Check = a_check(url=target.url)
        preview = await executor.preview(check)
        await executor.preview(a_check(url=target.url, method="POST"))

    assert preview.result.outcome is Outcome.OK
    assert preview.explanations == preview.result.explanations
    assert set(preview.body_excerpt) == {"ä"}
    assert len(preview.body_excerpt.encode()) <= 1024
    assert [head.split()[0] for head in target.heads] == [b"GET", b"POST"]
    assert b"X-Allgreen-Check: preview/" in target.heads[0]


async def test_a_preview_of_nonsense_says_so() -> None:
    async with an_executor() as executor:
        preview = await executor.preview(a_check(url="nonsense"))

    assert preview.result.outcome is Outcome.PROBE_ERROR
    assert preview.body_excerpt == ""


def test_the_user_agent_holds_an_address_to_complain_to() -> None:
    assert build_user_agent("1.2", "https://a.example") == "Allgreen/1.2 (+https://a.example)"
    assert build_user_agent("1.2", None) == "Allgreen/1.2"


async def test_the_executor_names_its_kind() -> None:
    async with an_executor() as executor:
        assert executor.kind is CheckKind.HTTP


async def test_a_clock_that_jumps_back_makes_no_negative_run() -> None:
    clock = FakeClock(datetime(2026, 3, 2, tzinfo=UTC))
    async with listen(answer(JSON)) as target, open_client(allow=LOOPBACK) as client:
        executor = HttpCheckExecutor(client, clock=clock, user_agent="Allgreen/test")
        result = await executor.run(a_leased_check(a_check(url=target.url)))

    assert result.finished_at >= result.started_at


async def test_a_large_request_is_sent_whole_though_it_is_not_remembered() -> None:
    async with listen(answer(JSON)) as target, an_executor() as executor:
        check = a_check(url=target.url, headers={"X-Large": "a" * 8000})
        for _ in range(2):
            await executor.run(a_leased_check(check))

    assert executor._requests == {}
    assert all(b"X-Large: " + b"a" * 8000 in head for head in target.heads)
    assert len(target.heads) == 2
