"""From what was found to a result."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.expectation import (
    AllOf,
    BodyContains,
    Expectation,
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    RecordsAre,
    StatusIs,
)
from allgreen.domain.result import Result
from allgreen.domain.status import FailureClass, Outcome
from allgreen.executors.verdict import Finding, Seen, conclude, conclude_preview, not_runnable
from allgreen.outbound.fault import Fault
from allgreen.testing import NOON, a_check, a_leased_check

SECOND = timedelta(seconds=1)


async def judge(
    expectation: Expectation, finding: Finding, answers_within: timedelta | None = None
) -> Result:
    check = a_check(expectation=expectation, answers_within=answers_within)
    return await conclude(a_leased_check(check, attempt=2, fence=7), NOON, NOON + SECOND, finding)


@pytest.mark.parametrize(
    ("fault", "outcome", "failure"),
    [
        (Fault.of_target(FailureClass.DNS, "a", "A."), Outcome.FAIL, FailureClass.DNS),
        (Fault.of_ours("a", "A."), Outcome.PROBE_ERROR, None),
        (Fault.of_pace("a", "A."), Outcome.MISSED, None),
    ],
    ids=["theirs", "ours", "nobody was asked"],
)
async def test_a_fault_says_whose_it_is(
    fault: Fault, outcome: Outcome, failure: FailureClass | None
) -> None:
    result = await judge(StatusIs(codes=(200,)), Finding(fault=fault, latency_ms=5.0))

    assert (result.outcome, result.failure, result.reason) == (outcome, failure, "a")
    assert (result.latency_ms, result.explanations) == (None, ())
    assert (result.attempt, result.fence) == (2, 7)


@pytest.mark.parametrize(
    ("expectation", "failure", "reason"),
    [
        (BodyContains(text="up"), FailureClass.BODY, "text not found"),
        (RecordsAre(values=("192.0.2.1",)), FailureClass.DNS, "other DNS records"),
        (StatusIs(codes=(200,)), FailureClass.STATUS, "no status instead of 200"),
        (
            HeaderValue(name="X-A", operator=HeaderOperator.EXISTS),
            FailureClass.BODY,
            "header X-A is wrong",
        ),
        (
            JsonValue(path="$.a", operator=JsonOperator.EXISTS),
            FailureClass.BODY,
            "$.a is not JSON, expected is there",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_does_not_hold_is_told_in_a_few_words(
    expectation: Expectation, failure: FailureClass, reason: str
) -> None:
    seen = Seen("down", records=("192.0.2.66",))

    result = await judge(expectation, Finding(answer=seen, latency_ms=5.0))

    assert (result.outcome, result.failure, result.reason) == (Outcome.FAIL, failure, reason)
    assert "192.0.2.66" not in result.reason + result.message


@pytest.mark.parametrize(
    ("operator", "value", "body", "reason", "message"),
    [
        ("equals", "true", "{}", "$.k is not there, expected true", None),
        ("equals", "true", '{"k": 1}', "$.k is something else, expected true", None),
        ("equals", "S3CRET", '{"k": 1}', "$.k is wrong", "The value at $.k is not as asked for."),
        ("equals", "S3CRET", "{}", "$.k is not there", "The value at $.k is not as asked for."),
        ("contains", "true", '{"k": 1}', "$.k is wrong", "The value at $.k is not as asked for."),
        ("not_equals", "S3CRET", '{"k": "S3CRET"}', "$.k is wrong", None),
    ],
)
async def test_a_text_of_json_that_is_looked_for_is_never_quoted(
    operator: str, value: str, body: str, reason: str, message: str | None
) -> None:
    expected = JsonValue(path="$.k", operator=JsonOperator(operator), value=value)

    result = await judge(expected, Finding(answer=Seen(body), latency_ms=5.0))

    assert result.reason == reason
    assert result.message == (message or result.message)
    assert "S3CRET" not in result.message


async def test_an_answer_in_time_is_ok_and_a_late_one_slow() -> None:
    everything = AllOf(parts=())

    quick = await judge(everything, Finding(answer=Seen(), latency_ms=999.0), SECOND)
    late = await judge(everything, Finding(answer=Seen(), latency_ms=1001.0), SECOND)

    assert (quick.outcome, late.outcome) == (Outcome.OK, Outcome.SLOW)
    assert late.reason == "1001 ms instead of 1000 ms"


async def test_an_answer_that_was_cut_is_no_json() -> None:
    expected = JsonValue(path="$.a", operator=JsonOperator.EXISTS)

    result = await judge(expected, Finding(answer=Seen('{"a": 1}', is_whole=False)))

    assert result.explanations[0].actual == "longer than 64 KiB"


async def test_what_cannot_be_run_says_nothing_about_the_target() -> None:
    result = await judge(StatusIs(codes=(200,)), not_runnable(ValueError("Write a host.")))

    assert (result.outcome, result.failure) == (Outcome.PROBE_ERROR, None)
    assert result.message == "This check cannot be run. Write a host."


async def test_a_preview_of_a_check_that_is_upside_down_is_turned_over() -> None:
    check = replace(a_check(expectation=AllOf(parts=())), upside_down=True)

    preview = await conclude_preview(check, NOON, NOON, Finding(answer=Seen()))

    assert preview.result.outcome is Outcome.FAIL
    assert preview.explanations == preview.result.explanations


async def test_a_preview_shows_a_kibibyte_of_plain_text() -> None:
    finding = Finding(answer=Seen("\x00\u202e<b>ä\n" + "ä" * 5000), latency_ms=1.0)

    preview = await conclude_preview(a_check(), NOON, NOON, finding)

    assert len(preview.body_excerpt.encode()) <= 1024
    assert preview.body_excerpt.startswith("<b>ä\n")
