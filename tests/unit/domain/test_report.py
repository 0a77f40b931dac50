"""A report sums up what checks said, and what nobody knows is never health."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from allgreen.domain.report import CheckResult, Ending, Label, Report
from allgreen.domain.status import CheckVerdict, HealthStatus

AT = 1_800_000_000.0
MADE = 500.0


def a_result(verdict: CheckVerdict, *, is_critical: bool = True, age_s: float = 0.0) -> CheckResult:
    label = Label(name=f"a {verdict} one", description="Says something", is_critical=is_critical)
    status = verdict.health(is_critical=is_critical)
    finished = MADE - age_s
    return CheckResult(label, verdict, status, Ending.ANSWERED, "said so", AT, finished, 3.5)


def a_report(*results: CheckResult) -> Report:
    return Report.of(results, at=AT, made=MADE, duration_ms=4.0)


@pytest.mark.semantics(9)
@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ("passed passed", "healthy"),
        ("passed failed", "unhealthy"),
        ("passed error", "unhealthy"),
        ("passed skipped", "healthy"),
    ],
)
def test_a_report_is_as_bad_as_its_worst_result(verdicts: str, status: str) -> None:
    report = a_report(*[a_result(CheckVerdict(verdict)) for verdict in verdicts.split()])

    assert report.status is HealthStatus(status)
    assert report.problem == ""


@pytest.mark.semantics(9)
def test_what_is_not_critical_can_degrade_and_no_more() -> None:
    failed = a_result(CheckVerdict.FAILED, is_critical=False)

    assert a_report(failed, a_result(CheckVerdict.PASSED)).status is HealthStatus.DEGRADED


@pytest.mark.semantics(9, "L12")
@pytest.mark.parametrize(
    ("results", "problem"),
    [
        ([], "No checks are registered, so nothing is known."),
        ([a_result(CheckVerdict.SKIPPED)], "Every check was skipped, so nothing is known."),
    ],
    ids=["nothing registered", "everything skipped"],
)
def test_nothing_at_all_is_not_health(results: list[CheckResult], problem: str) -> None:
    report = a_report(*results)

    assert (report.status, report.problem) == (HealthStatus.UNHEALTHY, problem)


@pytest.mark.semantics(9)
def test_nothing_at_all_may_be_called_otherwise() -> None:
    report = Report.of([], at=AT, made=MADE, duration_ms=0.0, empty=HealthStatus.HEALTHY)

    assert report.status is HealthStatus.HEALTHY


def test_times_are_told_in_utc() -> None:
    result = a_result(CheckVerdict.PASSED)

    assert a_report(result).made_at == result.checked_at == datetime.fromtimestamp(AT, UTC)


@pytest.mark.parametrize(("age_s", "told_s"), [(7.5, 7.5), (-3.0, 0.0)], ids=["older", "newer"])
def test_an_age_is_never_negative(age_s: float, told_s: float) -> None:
    result = a_result(CheckVerdict.PASSED, age_s=age_s)

    assert a_report(result).age_s(result) == told_s


@pytest.mark.parametrize("verdict", CheckVerdict)
def test_bad_is_what_failed_or_could_not_say(verdict: CheckVerdict) -> None:
    is_bad = a_result(verdict).is_bad

    assert is_bad is (verdict in (CheckVerdict.FAILED, CheckVerdict.ERROR))


def test_a_result_is_known_by_the_name_of_its_check() -> None:
    assert a_result(CheckVerdict.PASSED).name == "a passed one"


@pytest.mark.semantics(8)
def test_a_report_can_be_told_in_the_words_of_components() -> None:
    system = a_report(a_result(CheckVerdict.FAILED), a_result(CheckVerdict.SKIPPED)).to_system()

    assert system.overall_status is HealthStatus.UNHEALTHY
    assert [(one.name, one.status) for one in system.components] == [
        ("a failed one", HealthStatus.UNHEALTHY),
        ("a skipped one", HealthStatus.HEALTHY),
    ]
    assert system.components[0].response_time_ms == 3.5
