"""Plain text: for terminals and for those who read line by line."""

from __future__ import annotations

import pytest
from hypothesis import given

from allgreen.domain.report import CheckResult, Detail, Report
from allgreen.domain.status import CheckVerdict
from allgreen.exporters.text import render_text
from tests.unit.exporters.reports import any_report, drawn, failed, hostile, report, result

KIB = 1024


@pytest.mark.semantics(6)
def test_one_line_for_the_whole_and_one_for_each_check() -> None:
    assert render_text(drawn()).decode() == (
        "fail: Two of nine checks fail.\n"
        "passed   database\n"
        "passed   queue: 38 is less than 500\n"
        "failed   payment_provider: Expected 503 to equal 200\n"
        "passed   cache\n"
        "passed   disk: 64 GB is greater than 10 GB\n"
        "passed   migrations\n"
        "failed   search: Took longer than its timeout of 5 s\n"
        "passed   rates\n"
        "skipped  fake_data\n"
    )


@pytest.mark.parametrize(
    ("one", "lines"),
    [
        (result(), ["ok: The only check passes.", "passed   database"]),
        (
            failed(is_critical=False),
            ["degraded: The only check is degraded.", "failed   payments: no answer (degraded)"],
        ),
        (
            failed(is_stale=True, age_s=7300),
            ["fail: The only check fails.", "failed   payments: no answer (2 h old)"],
        ),
    ],
    ids=["ok", "degraded", "stale"],
)
def test_the_first_word_is_the_status(one: CheckResult, lines: list[str]) -> None:
    assert render_text(report(one)).decode().splitlines() == lines


@pytest.mark.semantics(56)
def test_a_summary_holds_no_messages() -> None:
    assert render_text(report(failed("db", "s3cr3t")), Detail.SUMMARY).decode() == (
        "fail: The only check fails.\nfailed   db\n"
    )


@pytest.mark.semantics(56)
def test_without_any_detail_there_is_one_word() -> None:
    assert render_text(drawn(), Detail.NONE) == b"fail\n"


@pytest.mark.semantics(15)
@given(any_report())
def test_every_check_has_exactly_one_line_that_a_terminal_only_shows(anything: Report) -> None:
    lines = render_text(anything).decode().removesuffix("\n").split("\n")

    assert len(lines) == 1 + len(anything.results)
    controls = [char for line in lines for char in line if ord(char) < 32 or 126 < ord(char) < 160]
    assert controls == []


@pytest.mark.semantics(15)
def test_what_would_drive_a_terminal_is_written_out() -> None:
    body = render_text(report(failed("db", "\x1b[2J\u202egnp.exe\ntwo\ud800"))).decode()

    assert body.splitlines()[1] == "failed   db: \\x1b[2J\\u202egnp.exe two\\ud800"


@pytest.mark.semantics(60)
def test_hostile_checks_stay_below_64_kib_and_a_thousand_are_bounded() -> None:
    text = "\x00\u202e" * 5000

    assert len(render_text(report(*[hostile(at, text) for at in range(20)]))) <= 64 * KIB
    assert len(render_text(report(*[hostile(at, text) for at in range(1000)]))) <= 512 * KIB


@pytest.mark.semantics(60)
def test_more_than_a_thousand_checks_are_counted() -> None:
    many = report(*[result(f"check {at}") for at in range(2500)])

    assert render_text(many).decode().splitlines()[-1] == "and 1,500 more checks"


def test_an_empty_report_says_so() -> None:
    assert render_text(report()) == b"fail: No checks are registered.\n"


def test_a_run_that_ended_in_an_error_says_so() -> None:
    one = result("db", verdict=CheckVerdict.ERROR, message="ValueError: x")

    assert b"error    db: ValueError: x\n" in render_text(report(one))
