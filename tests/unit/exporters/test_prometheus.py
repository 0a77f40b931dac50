"""Metrics pass the parsers of Prometheus, the strict one included, whatever a check is called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from prometheus_client import parser
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as strict_parser

from allgreen.domain.report import Detail, Report
from allgreen.domain.status import CheckVerdict
from allgreen.exporters.prometheus import render_prometheus
from tests.unit.exporters.reports import (
    AT,
    any_report,
    drawn,
    failed,
    report,
    result,
    skipped,
)

RUNS = {"database": {CheckVerdict.PASSED: 12, CheckVerdict.FAILED: 1}}


def _read(anything: Report, **options: Any) -> dict[str, Metric]:
    """Read metrics in both formats, which must say the same, and refuse every double series."""
    new = render_prometheus(anything, openmetrics=True, **options).decode()
    old = render_prometheus(anything, **options).decode()
    # The strict one has no types.
    strict = list(strict_parser.text_string_to_metric_families(new))  # type: ignore[no-untyped-call]
    lax = list(parser.text_string_to_metric_families(old))
    assert _series(strict) == _series(lax)
    assert len(set(_series(strict))) == len(_series(strict)), "a series stands twice"
    return {family.name: family for family in strict}


def _series(families: list[Metric]) -> list[tuple[str, Any, float]]:
    return [
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in families
        for sample in family.samples
    ]


def _values(family: Metric) -> dict[str, float]:
    return {",".join(sample.labels.values()): sample.value for sample in family.samples}


@pytest.mark.semantics(67)
def test_a_report_as_openmetrics() -> None:
    body = render_prometheus(report(result("db")), openmetrics=True, runs={})

    assert body.decode() == (
        "# TYPE allgreen_up gauge\n"
        "# HELP allgreen_up 1 unless the program is unhealthy.\n"
        "allgreen_up 1\n"
        "# TYPE allgreen_status stateset\n"
        "# HELP allgreen_status How the program is.\n"
        'allgreen_status{allgreen_status="healthy"} 1\n'
        'allgreen_status{allgreen_status="degraded"} 0\n'
        'allgreen_status{allgreen_status="unhealthy"} 0\n'
        "# TYPE allgreen_check_status stateset\n"
        "# HELP allgreen_check_status How the latest run of each check ended.\n"
        'allgreen_check_status{check="db",allgreen_check_status="passed"} 1\n'
        'allgreen_check_status{check="db",allgreen_check_status="failed"} 0\n'
        'allgreen_check_status{check="db",allgreen_check_status="error"} 0\n'
        'allgreen_check_status{check="db",allgreen_check_status="skipped"} 0\n'
        "# TYPE allgreen_checks gauge\n"
        "# HELP allgreen_checks Number of checks.\n"
        'allgreen_checks{verdict="passed"} 1\n'
        'allgreen_checks{verdict="failed"} 0\n'
        'allgreen_checks{verdict="error"} 0\n'
        'allgreen_checks{verdict="skipped"} 0\n'
        "# TYPE allgreen_check_duration_seconds gauge\n"
        "# UNIT allgreen_check_duration_seconds seconds\n"
        "# HELP allgreen_check_duration_seconds How long the latest run of each check took.\n"
        'allgreen_check_duration_seconds{check="db"} 0.004\n'
        "# TYPE allgreen_check_last_run_timestamp_seconds gauge\n"
        "# UNIT allgreen_check_last_run_timestamp_seconds seconds\n"
        "# HELP allgreen_check_last_run_timestamp_seconds When the latest run of each check began,"
        " in seconds since 1970.\n"
        'allgreen_check_last_run_timestamp_seconds{check="db"} 1776211091.996\n'
        "# TYPE allgreen_check_age_seconds gauge\n"
        "# UNIT allgreen_check_age_seconds seconds\n"
        "# HELP allgreen_check_age_seconds How old the result of each check was in this report.\n"
        'allgreen_check_age_seconds{check="db"} 0\n'
        "# TYPE allgreen_report_duration_seconds gauge\n"
        "# UNIT allgreen_report_duration_seconds seconds\n"
        "# HELP allgreen_report_duration_seconds How long this report took to make.\n"
        "allgreen_report_duration_seconds 5.03\n"
        "# EOF\n"
    )


@pytest.mark.semantics(67)
def test_the_older_format_calls_states_a_gauge_and_has_neither_units_nor_an_end() -> None:
    body = render_prometheus(drawn(), runs=RUNS).decode()

    assert "# TYPE allgreen_check_status gauge\n" in body
    assert "# TYPE allgreen_check_runs_total counter\n" in body
    assert "# UNIT" not in body
    assert "# EOF" not in body


@pytest.mark.semantics(67)
def test_the_strict_parser_reads_what_the_report_says() -> None:
    families = _read(drawn(), runs=RUNS)

    assert {name: family.type for name, family in families.items()} == {
        "allgreen_up": "gauge",
        "allgreen_status": "stateset",
        "allgreen_check_status": "stateset",
        "allgreen_checks": "gauge",
        "allgreen_check_duration_seconds": "gauge",
        "allgreen_check_last_run_timestamp_seconds": "gauge",
        "allgreen_check_age_seconds": "gauge",
        "allgreen_report_duration_seconds": "gauge",
        "allgreen_check_runs": "counter",
    }
    assert _values(families["allgreen_up"]) == {"": 0}
    assert _values(families["allgreen_checks"]) == {
        "passed": 6, "failed": 2, "error": 0, "skipped": 1,
    }  # fmt: skip
    assert _values(families["allgreen_check_duration_seconds"])["search"] == 5.003
    assert _values(families["allgreen_check_age_seconds"])["rates"] == 10_440
    assert _values(families["allgreen_check_runs"]) == {"database,passed": 12, "database,failed": 1}


@pytest.mark.semantics(9, 67)
def test_a_degraded_program_is_up_and_its_status_says_degraded() -> None:
    families = _read(report(failed(is_critical=False)))

    assert _values(families["allgreen_up"]) == {"": 1}
    assert _values(families["allgreen_status"]) == {"healthy": 0, "degraded": 1, "unhealthy": 0}


def test_a_skipped_check_has_a_status_and_no_duration() -> None:
    families = _read(report(skipped("db")))

    assert _values(families["allgreen_check_status"])["db,skipped"] == 1
    assert "allgreen_check_duration_seconds" not in families


@pytest.mark.semantics(67, 70)
def test_every_series_carries_the_labels_of_its_worker() -> None:
    families = _read(drawn(), extra_labels={"pid": "17", "worker": 'a"\\\n\r'}, runs=RUNS)

    labels = [sample.labels for family in families.values() for sample in family.samples]
    assert all((one["pid"], one["worker"]) == ("17", 'a"\\') for one in labels)


@pytest.mark.parametrize(
    "name", ["", "a-b", "1a", "__name__", "check", "verdict", "allgreen_x", "ä"]
)
def test_a_label_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        render_prometheus(drawn(), extra_labels={name: "x"})


@pytest.mark.semantics(67)
def test_names_are_escaped_and_stay_what_they_are() -> None:
    nasty = 'back\\slash "quote" {a="b"} # EOF'

    families = _read(report(result(nasty)))

    (sample,) = families["allgreen_check_age_seconds"].samples
    assert sample.labels == {"check": nasty}


@pytest.mark.semantics(15, 67)
@given(any_report())
def test_any_report_passes_both_parsers(anything: Report) -> None:
    for detail in Detail:
        families = _read(anything, detail=detail)
        assert ("allgreen_check_status" in families) is (
            detail is not Detail.NONE and bool(anything.results)
        )


@pytest.mark.semantics(15, 67)
@given(any_report())
def test_nothing_but_line_feeds_ends_a_line(anything: Report) -> None:
    body = render_prometheus(anything, openmetrics=True).decode()

    assert body.splitlines() == body.removesuffix("\n").split("\n")
    assert "\r" not in body


@pytest.mark.semantics(67)
def test_names_that_become_the_same_are_told_apart() -> None:
    families = _read(report(result("a\nb"), result("a b"), result("x" * 500), result("x" * 501)))

    assert list(_values(families["allgreen_check_age_seconds"])) == [
        "a b", "a b (2)", "x" * 128, "x" * 128 + " (2)",
    ]  # fmt: skip


@pytest.mark.semantics(56)
def test_less_detail_is_less_said() -> None:
    whole = render_prometheus(drawn(), Detail.NONE).decode()
    summary = _read(drawn(), detail=Detail.SUMMARY)

    assert "database" not in whole
    assert list(summary) == [
        "allgreen_up", "allgreen_status", "allgreen_check_status", "allgreen_checks",
    ]  # fmt: skip


@pytest.mark.semantics(60)
@pytest.mark.parametrize("text", ["x", "\x00", '"'])
def test_a_thousand_checks_are_bounded_and_none_is_left_out(text: str) -> None:
    body = render_prometheus(report(*[failed(f"{at} " + text * 10_000) for at in range(1000)]))

    assert len(body) < 1000 * 2500
    assert body.count(b"allgreen_check_age_seconds{") == 1000


def test_measurements_that_are_no_numbers_are_written_as_prometheus_does() -> None:
    odd = [
        result("nan")._replace(duration_ms=float("nan")),
        result("inf")._replace(duration_ms=float("inf")),
    ]

    body = render_prometheus(report(*odd)).decode()

    assert 'allgreen_check_duration_seconds{check="nan"} NaN\n' in body
    assert 'allgreen_check_duration_seconds{check="inf"} +Inf\n' in body


def test_times_keep_their_fractions() -> None:
    families = _read(report(result("db", duration_ms=250)))

    assert _values(families["allgreen_check_last_run_timestamp_seconds"]) == {"db": AT - 0.25}
