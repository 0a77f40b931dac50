"""The JSON of Actuator, and that of MicroProfile: their words, and ours where they have none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from allgreen.domain.report import Detail, Report
from allgreen.exporters.microprofile import render_microprofile
from allgreen.exporters.spring import render_spring
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
MEASURED = {"free_gb": 64, "verdict": "x", "nested": {"a": [1, None]}, "nan": float("nan")}


def _spring(anything: Report, detail: Detail = Detail.FULL) -> Any:
    return json.loads(render_spring(anything, detail).decode())


def _microprofile(anything: Report, detail: Detail = Detail.FULL) -> Any:
    return json.loads(render_microprofile(anything, detail).decode())


@pytest.mark.semantics(53)
def test_a_component_of_spring_has_a_status_and_details() -> None:
    loaded = _spring(report(failed("db", "no answer", metadata=MEASURED)))

    assert loaded == {
        "status": "DOWN",
        "components": {
            "db": {
                "status": "DOWN",
                "details": {
                    "description": "db works",
                    "verdict": "failed",
                    "message": "no answer",
                    "durationMs": 4,
                    "free_gb": 64,
                    "verdict (2)": "x",
                    "nested": {"a": [1, None]},
                    "nan": "NaN",
                },
            }
        },
    }


@pytest.mark.semantics(53)
def test_a_check_of_microprofile_has_flat_data() -> None:
    loaded = _microprofile(report(failed("db", "no answer", metadata=MEASURED)))

    assert loaded == {
        "status": "DOWN",
        "checks": [
            {
                "name": "db",
                "status": "DOWN",
                "data": {
                    "verdict": "failed",
                    "durationMs": 4,
                    "message": "no answer",
                    "free_gb": 64,
                    "verdict (2)": "x",
                    "nested": '{"a":[1,null]}',
                    "nan": "NaN",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("results", "spring", "microprofile"),
    [
        ([result()], "UP", "UP"),
        ([failed()], "DOWN", "DOWN"),
        ([failed(is_critical=False)], "UP", "UP"),
        ([], "OUT_OF_SERVICE", "DOWN"),
        ([skipped()], "OUT_OF_SERVICE", "DOWN"),
    ],
    ids=["healthy", "unhealthy", "degraded", "nothing", "all skipped"],
)
def test_the_status_of_the_whole(results: list[Any], spring: str, microprofile: str) -> None:
    for detail in Detail:
        assert _spring(report(*results), detail)["status"] == spring
        assert _microprofile(report(*results), detail)["status"] == microprofile


def test_a_degraded_check_says_so_beside_its_status() -> None:
    degraded = report(failed("db", is_critical=False))

    assert _spring(degraded, Detail.SUMMARY)["components"] == {
        "db": {"status": "UP", "details": {"health": "degraded"}}
    }
    assert _microprofile(degraded, Detail.SUMMARY)["checks"] == [
        {"name": "db", "status": "UP", "data": {"health": "degraded"}}
    ]


def test_a_skipped_check_is_never_up() -> None:
    one_skipped = report(result(), skipped())

    assert _spring(one_skipped)["components"]["fake_data"]["status"] == "UNKNOWN"
    assert [check["name"] for check in _microprofile(one_skipped)["checks"]] == ["database"]


@pytest.mark.semantics(56)
def test_less_detail_is_less_said() -> None:
    secret = report(failed("db", "s3cr3t", metadata={"s3cr3t": "s3cr3t"}))

    assert render_spring(secret, Detail.NONE) == b'{"status":"DOWN"}'
    assert render_microprofile(secret, Detail.NONE) == b'{"status":"DOWN","checks":[]}'
    assert b"s3cr3t" not in render_spring(secret, Detail.SUMMARY)
    assert b"s3cr3t" not in render_microprofile(secret, Detail.SUMMARY)


@pytest.mark.semantics(15, 53)
@given(any_report())
def test_any_report_is_valid_for_both(anything: Report) -> None:
    components = _spring(anything)["components"]
    checks = _microprofile(anything)["checks"]

    assert len(components) == len(anything.results)
    assert {component["status"] for component in components.values()} <= {"UP", "DOWN", "UNKNOWN"}
    data = [value for check in checks for value in check["data"].values()]
    assert all(isinstance(value, str | int | float | bool) for value in data)


@pytest.mark.semantics(60)
@pytest.mark.parametrize("render", [render_spring, render_microprofile])
def test_both_are_bounded(render: Any) -> None:
    text = "\x00\ud800" * 5000

    assert len(render(report(*[hostile(at, text) for at in range(20)]))) <= 64 * KIB
    assert len(render(report(*[hostile(at, text) for at in range(1500)]))) <= 512 * KIB


def test_the_drawn_report_is_down_in_both() -> None:
    assert _spring(drawn())["status"] == _microprofile(drawn())["status"] == "DOWN"
