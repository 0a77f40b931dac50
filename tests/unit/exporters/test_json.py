"""The library's own JSON: complete, valid whatever a check holds, and never too large."""

from __future__ import annotations

import json
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from ipaddress import ip_address
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, NoReturn

import pytest
from hypothesis import given

from allgreen.domain.report import Detail, Ending, Evidence, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.exporters.json import render_json
from tests.unit.exporters.reports import (
    any_report,
    drawn,
    failed,
    hostile,
    report,
    result,
    skipped,
)

KIB = 1024
SECRET = "s3cr3t"
NASTY = '\x00\x1b[31m"\\\ud800\u202e\n' * 300_000


def _load(body: bytes) -> Any:
    """Read JSON as the strictest of readers: no NaN, no key twice, no half surrogate pairs."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a key stands twice"
        return dict(pairs)

    loaded = json.loads(body.decode(), parse_constant=refuse, object_pairs_hook=collect)
    json.dumps(loaded, ensure_ascii=False).encode()
    return loaded


def _metadata(value: object) -> Any:
    one = result(metadata={"value": value})
    return _load(render_json(report(one)))["checks"][0]["metadata"]["value"]


def test_everything_that_a_report_says_is_there() -> None:
    loaded = _load(render_json(drawn()))

    checks = loaded.pop("checks")
    assert loaded == {
        "status": "unhealthy",
        "summary": "Two of nine checks fail.",
        "checked_at": "2026-04-14T23:58:12.000Z",
        "duration_ms": 5030,
        "application": "orders-api",
        "version": "4.12.0",
        "environment": "development",
        "counts": {"passed": 6, "failed": 2, "error": 0, "skipped": 1},
    }
    assert [check["name"] for check in checks] == [one.name for one in drawn().results]
    assert checks[2] == {
        "name": "payment_provider",
        "description": "Payment provider answers",
        "verdict": "failed",
        "status": "unhealthy",
        "message": "Expected 503 to equal 200",
        "ending": "answered",
        "duration_ms": 312,
        "checked_at": "2026-04-14T23:58:11.688Z",
        "age_s": 0,
        "stale": False,
        "note": "",
        "tags": [],
        "critical": True,
        "evidence": {
            "expected": "200",
            "actual": "503",
            "where": "allgood.py:18  in payment_provider\n    expect(r.status_code).to_eq(200)",
        },
        "metadata": {},
    }


@pytest.mark.semantics(60)
def test_the_order_of_the_keys_is_fixed() -> None:
    assert render_json(drawn()) == render_json(drawn())
    assert list(_load(render_json(drawn()))["checks"][0]) == [
        "name", "description", "verdict", "status", "message", "ending", "duration_ms",
        "checked_at", "age_s", "stale", "note", "tags", "critical", "evidence", "metadata",
    ]  # fmt: skip


@pytest.mark.semantics(6)
def test_what_a_passing_check_observed_is_shown() -> None:
    one = result("queue", message="38 is less than 500")

    assert _load(render_json(report(one)))["checks"][0]["message"] == "38 is less than 500"


@pytest.mark.semantics(56)
def test_without_any_detail_there_is_the_status_alone() -> None:
    assert render_json(drawn(), Detail.NONE) == b'{"status":"unhealthy"}'


@pytest.mark.semantics(56)
def test_a_summary_holds_names_and_verdicts_and_nothing_that_was_found() -> None:
    telling = hostile(1, SECRET)._replace(label=result("name", "Works").label)
    body = render_json(report(telling, skipped(message=SECRET), version=SECRET), Detail.SUMMARY)

    assert SECRET not in body.decode()
    assert _load(body)["checks"][0] == {
        "name": "name",
        "description": "Works",
        "verdict": "error",
        "status": "unhealthy",
    }


@pytest.mark.semantics(56)
@pytest.mark.parametrize(
    ("environment", "is_shown"),
    [("development", True), ("production", False), ("", False), ("Development!", False)],
)
def test_a_traceback_is_shown_in_development_only(environment: str, is_shown: bool) -> None:
    evidence = Evidence(where="a.py:1", traceback="Traceback: s3cr3t")
    body = render_json(report(failed(evidence=evidence), environment=environment))

    assert (b"s3cr3t" in body) is is_shown
    assert _load(body)["checks"][0]["evidence"]["where"] == "a.py:1"


def test_a_stale_result_says_so_and_how_old_it_is() -> None:
    one = result(verdict=CheckVerdict.FAILED, ending=Ending.STALE, is_stale=True, age_s=90.5)

    check = _load(render_json(report(one)))["checks"][0]

    assert (check["stale"], check["age_s"], check["ending"]) == (True, 90.5, "stale")
    assert _load(render_json(report(one), Detail.SUMMARY))["checks"][0]["stale"] is True


@pytest.mark.semantics(63)
def test_the_verdict_of_the_run_itself_stays_visible() -> None:
    one = result(raw_verdict=CheckVerdict.FAILED)

    assert _load(render_json(report(one)))["checks"][0]["raw_verdict"] == "failed"


def test_an_empty_report_says_why_it_is_unhealthy() -> None:
    loaded = _load(render_json(report()))

    assert loaded["status"] == "unhealthy"
    assert loaded["problem"] == "No checks are registered, so nothing is known."
    assert loaded["checks"] == []


def test_links_are_added_by_name() -> None:
    loaded = _load(render_json(drawn(), links={"page": "?format=html"}))

    assert loaded["links"] == {"page": "?format=html"}


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError("its own code is not run")


class Foreign:
    def __repr__(self) -> str:
        raise AssertionError("its own code is not run")


@pytest.mark.semantics(60)
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (1, 1),
        (0.5, 0.5),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        (10**5000, "a whole number of 16,610 bits"),
        ("text", "text"),
        (Loud("text"), "text"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("whole \ud83d\ude00 pair", "whole \U0001f600 pair"),
        (b"bytes \xff", "bytes \\xff"),
        (bytearray(b"bytes"), "bytes"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Decimal("0.10"), "0.10"),
        (Decimal("NaN"), "NaN"),
        (Fraction(1, 3), "1/3"),
        (Fraction(1, 10**5000), "<fractions.Fraction>"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (ip_address("::1"), "::1"),
        (PurePosixPath("/tmp"), "/tmp"),
        (datetime(2026, 4, 14, 1, 2, 3, tzinfo=UTC), "2026-04-14T01:02:03Z"),
        (
            datetime(2026, 4, 14, tzinfo=timezone(timedelta(hours=2))),
            "2026-04-14T00:00:00+02:00",
        ),
        (date(2026, 4, 14), "2026-04-14"),
        (time(1, 2), "01:02:00"),
        (timedelta(minutes=1.5), 90.0),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({"a", 1}, ["a", 1]),
        ({Colour.RED}, ["red"]),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({1: "a", "1": "b", None: "c"}, {"1": "a", "1 (2)": "b", "null": "c"}),
        ({(1, "a"): 1, b"k": 2, 1.5: 3}, {'[1,"a"]': 1, "k": 2, "1.5": 3}),
        (Foreign(), f"<{__name__}.Foreign>"),
        (Foreign, "<builtins.type>"),
        (range(3), "<builtins.range>"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_every_measurement_becomes_json(value: object, shown: object) -> None:
    assert _metadata(value) == shown


@pytest.mark.semantics(60)
def test_what_contains_itself_ends() -> None:
    endless: dict[str, Any] = {"list": []}
    endless["list"].append(endless)

    assert b'"truncated":true' in render_json(report(result(metadata=endless)))


@pytest.mark.semantics(60)
def test_deep_and_wide_measurements_are_cut() -> None:
    wide: list[Any] = [1]
    for _ in range(30):
        wide = [wide] * 30

    body = render_json(report(result(metadata={"wide": wide, "more": list(range(10**6))})))

    assert len(body) < 8 * KIB
    assert _load(body)["truncated"] is True


@pytest.mark.semantics(15, 60)
@given(any_report())
def test_any_report_is_valid_json(anything: Report) -> None:
    for detail in Detail:
        loaded = _load(render_json(anything, detail))
        assert loaded["status"] == anything.status


@pytest.mark.semantics(15, 60, "L5")
def test_twenty_hostile_checks_stay_below_64_kib() -> None:
    hostile_report = report(*[hostile(at, NASTY) for at in range(20)], environment="development")

    body = render_json(hostile_report)

    assert len(body) <= 64 * KIB
    loaded = _load(body)
    assert len(loaded["checks"]) == 20
    assert loaded["truncated"] is True


@pytest.mark.semantics(60)
def test_one_thousand_checks_are_all_listed_in_their_order() -> None:
    message = "Expected 503 to equal 200"
    body = render_json(report(*[failed(f"check {at}", message) for at in range(1000)]))

    loaded = _load(body)
    assert len(body) <= 512 * KIB
    assert [check["name"] for check in loaded["checks"]] == [f"check {at}" for at in range(1000)]
    assert all(check["message"] == message for check in loaded["checks"])
    assert "truncated" not in loaded


@pytest.mark.semantics(60)
def test_one_thousand_hostile_checks_are_bounded_too() -> None:
    body = render_json(report(*[hostile(at, NASTY[:10_000]) for at in range(1000)]))

    loaded = _load(body)
    assert len(body) <= 512 * KIB
    assert len(loaded["checks"]) == 1000
    assert {check["status"] for check in loaded["checks"]} == {"unhealthy"}


@pytest.mark.semantics(60)
def test_of_more_than_that_the_failing_ones_stay() -> None:
    passing = [result(f"passing {at}") for at in range(5000)]
    body = render_json(report(*passing, failed("the last")))

    loaded = _load(body)
    assert loaded["omitted"] == 4001
    assert loaded["checks"][-1]["name"] == "the last"
    assert loaded["counts"]["passed"] == 5000
    assert loaded["summary"] == "One of 5,001 checks fails."


def test_a_cut_traceback_keeps_its_end() -> None:
    trace = "Traceback\n" + "  somewhere\n" * 5000 + "ValueError: the point"
    one = failed(evidence=Evidence(traceback=trace))

    shown = _load(render_json(report(one, environment="development")))["checks"][0]["evidence"]

    assert shown["traceback"].endswith("ValueError: the point")
    assert shown["traceback"].startswith("…")


def test_a_duration_that_is_no_number_is_null() -> None:
    one = result()._replace(duration_ms=math.nan)

    assert _load(render_json(report(one)))["checks"][0]["duration_ms"] is None


def test_an_all_green_report_is_healthy() -> None:
    loaded = _load(render_json(report(result(), skipped())))

    assert loaded["status"] == HealthStatus.HEALTHY
    assert loaded["summary"] == "One check passes, one is skipped."
