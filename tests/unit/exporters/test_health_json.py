"""``application/health+json`` is what the draft says, whatever a report holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, ValidationError

from allgreen.domain.report import Detail, Report
from allgreen.domain.status import HealthStatus
from allgreen.exporters.health_json import render_health_json
from tests.unit.exporters.reports import (
    any_report,
    drawn,
    failed,
    hostile,
    report,
    result,
    skipped,
)

SCHEMA = json.loads((Path(__file__).parent / "health_json.schema.json").read_text())
KIB = 1024


def _load(body: bytes) -> Any:
    loaded = json.loads(body.decode())
    Draft202012Validator(SCHEMA).validate(loaded)
    return loaded


@pytest.mark.semantics(53)
def test_a_report_passes_the_schema_of_the_draft() -> None:
    loaded = _load(render_health_json(drawn(), links={"about": "https://example.org/"}))

    checks = loaded.pop("checks")
    assert loaded == {
        "status": "fail",
        "version": "4.12.0",
        "releaseId": "4.12.0",
        "output": "Two of nine checks fail.",
        "serviceId": "orders-api",
        "description": "Health of orders-api",
        "notes": ["Two of nine checks fail."],
        "links": {"about": "https://example.org/"},
    }
    assert checks["payment_provider:responseTime"] == [
        {
            "componentId": "payment_provider",
            "componentType": "component",
            "status": "fail",
            "observedValue": 312,
            "observedUnit": "ms",
            "time": "2026-04-14T23:58:11.688Z",
            "output": "Expected 503 to equal 200",
        }
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"status": "green"},
        {"status": "pass", "output": "x"},
        {"status": "pass", "checks": {"a:b:c": [{"status": "pass"}]}},
        {"status": "pass", "checks": {"a": [{"time": "yesterday"}]}},
        {"status": "pass", "checks": {"a": [{"status": "pass", "output": ""}]}},
    ],
)
def test_the_schema_refuses_what_the_draft_does_not_allow(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(wrong)


@pytest.mark.parametrize(
    ("one", "status", "of_check"),
    [
        (result(), "pass", "pass"),
        (failed(is_critical=False), "warn", "warn"),
        (failed(), "fail", "fail"),
        (result(status=HealthStatus.DEGRADED), "warn", "warn"),
    ],
    ids=["pass", "warn", "fail", "said degraded"],
)
def test_the_three_words_of_the_draft(one: Any, status: str, of_check: str) -> None:
    loaded = _load(render_health_json(report(one)))

    (check,) = next(iter(loaded["checks"].values()))
    assert (loaded["status"], check["status"]) == (status, of_check)


def test_a_skipped_check_is_not_called_passing() -> None:
    (check,) = _load(render_health_json(report(result(), skipped())))["checks"][
        "fake_data:responseTime"
    ]

    assert "status" not in check
    assert "observedValue" not in check
    assert check["output"] == "Only runs in development"


def test_a_colon_in_a_name_becomes_a_dot_and_the_name_stays_in_the_id() -> None:
    loaded = _load(render_health_json(report(failed("allgreen:config"), failed("allgreen.config"))))

    assert [one["componentId"] for one in loaded["checks"]["allgreen.config:responseTime"]] == [
        "allgreen:config",
        "allgreen.config",
    ]


@pytest.mark.semantics(56)
def test_less_detail_is_less_said() -> None:
    secret = report(failed("db", "s3cr3t"), version="s3cr3t")

    assert render_health_json(secret, Detail.NONE) == b'{"status":"fail"}'
    summary = render_health_json(secret, Detail.SUMMARY)
    assert b"s3cr3t" not in summary
    assert _load(summary)["checks"]["db:responseTime"] == [
        {"componentId": "db", "componentType": "component", "status": "fail"}
    ]


def test_a_report_of_nothing_says_why_it_fails() -> None:
    loaded = _load(render_health_json(report(application="")))

    assert loaded["output"] == "No checks are registered, so nothing is known."
    assert "serviceId" not in loaded


@pytest.mark.semantics(15, 53)
@given(any_report())
def test_any_report_passes_the_schema(anything: Report) -> None:
    for detail in Detail:
        _load(render_health_json(anything, detail))


@pytest.mark.semantics(60)
def test_it_is_bounded() -> None:
    text = "\x00\ud800" * 5000

    assert len(render_health_json(report(*[hostile(at, text) for at in range(20)]))) <= 64 * KIB
    body = render_health_json(report(*[hostile(at, text) for at in range(1500)]))
    assert len(body) <= 512 * KIB
    assert _load(body)["notes"][1:] == [
        "500 more checks are not listed.",
        "Texts were cut for their size.",
    ]
