"""What a check finds whose target is expected to fail."""

from dataclasses import replace

import pytest

from allgreen.domain.expectation import Explanation, holds
from allgreen.domain.status import FailureClass, Outcome
from allgreen.testing import a_result

LINE = Explanation(operand="Status", actual="503", expected="200", holds=False)


def test_upside_down_a_failure_is_good_and_says_what_failed() -> None:
    found = replace(a_result(Outcome.FAIL), explanations=(LINE,))

    result = found.turned_over()

    assert (result.outcome, result.failure) == (Outcome.OK, None)
    assert (result.reason, result.message) == ("", "")
    assert result.explanations == (
        Explanation(
            operand="Upside down", actual="503 instead of 200", expected="a failure", holds=True
        ),
    )
    assert (result.http_status, result.latency_ms) == (found.http_status, found.latency_ms)


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.SLOW])
def test_upside_down_an_answer_is_a_failure_with_a_reason(outcome: Outcome) -> None:
    result = a_result(outcome).turned_over()

    assert (result.outcome, result.failure) == (Outcome.FAIL, FailureClass.ANSWERED)
    assert result.reason == "answers, though it must not"
    assert result.message.endswith("this check expects it to fail.")
    assert not holds(result.explanations)


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.PROBE_ERROR, Outcome.MISSED])
def test_upside_down_what_says_nothing_about_the_target_stays(outcome: Outcome) -> None:
    found = a_result(outcome)

    assert found.turned_over() is found


@pytest.mark.parametrize("outcome", Outcome)
def test_turned_over_twice_a_result_says_as_much_about_its_target(outcome: Outcome) -> None:
    twice = a_result(outcome).turned_over().turned_over()

    assert twice.outcome is (Outcome.OK if outcome is Outcome.SLOW else outcome)
