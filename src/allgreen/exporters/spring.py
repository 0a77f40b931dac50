"""The JSON of Spring Boot Actuator, for what already reads that.

https://docs.spring.io/spring-boot/reference/actuator/endpoints.html

Spring has four statuses, and what reads them takes a program out of service that is neither ``UP``
nor known. So a degraded check is ``UP``, as it is 200, and its details say ``"health":"degraded"``.
A skipped check is ``UNKNOWN``. A report without any knowledge is ``OUT_OF_SERVICE``, like ``DOWN``
answered with 503.
"""

from __future__ import annotations

from typing import Final

from allgreen.domain.report import CheckResult, Detail, Report
from allgreen.domain.status import HealthStatus
from allgreen.exporters.room import Room, budget_for, fit
from allgreen.exporters.standing import Standing
from allgreen.exporters.values import (
    Json,
    add_numbered,
    convert_metadata,
    convert_number,
    dump,
)

_STATUSES: Final = {
    Standing.PASSING: "UP",
    Standing.DEGRADED: "UP",
    Standing.FAILING: "DOWN",
    Standing.SKIPPED: "UNKNOWN",
}


def render_spring(report: Report, detail: Detail = Detail.FULL) -> bytes:
    """Return a report as the endpoint ``health`` of Actuator does.

    The bounds are those of `render_json`. Details are in it with `Detail.FULL` only, but for the
    word that a check is degraded.
    """
    if detail is Detail.NONE:
        return dump({"status": _sum_up(report)})
    budget_bytes = budget_for(len(report.results))
    return fit(lambda room: dump(_convert(report, detail, room)), budget_bytes)


def _sum_up(report: Report) -> str:
    if report.status is not HealthStatus.UNHEALTHY:
        return "UP"
    return "OUT_OF_SERVICE" if report.problem else "DOWN"


def _convert(report: Report, detail: Detail, room: Room) -> dict[str, Json]:
    components: dict[str, Json] = {}
    for result in room.pick(report.results):
        if room.is_exceeded:
            break  # it is rendered again, and numbering a thousand empty names takes time
        component = _convert_one(result, room, is_full=detail is Detail.FULL)
        add_numbered(components, room.cut_name(result.label.name), component)
    return {"status": _sum_up(report), "components": components}


def _convert_one(result: CheckResult, room: Room, *, is_full: bool) -> dict[str, Json]:
    standing = Standing.of(result)
    details: dict[str, Json] = {}
    if standing is Standing.DEGRADED:
        details["health"] = "degraded"
    if is_full and not room.is_last:
        details |= {
            "description": room.cut_name(result.label.description),
            "verdict": result.verdict,
            "message": room.cut(result.message),
            "durationMs": convert_number(result.duration_ms),
        }
        for key, value in convert_metadata(result.metadata, room).items():
            add_numbered(details, key, value)
    converted: dict[str, Json] = {"status": _STATUSES[standing]}
    return converted | ({"details": details} if details else {})
