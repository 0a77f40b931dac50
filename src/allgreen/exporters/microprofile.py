"""The JSON of Eclipse MicroProfile Health 4.0.

https://download.eclipse.org/microprofile/microprofile-health-4.0/microprofile-health-spec-4.0.html

It knows ``UP`` and ``DOWN`` alone. A degraded check is ``UP``, as it is 200, and its data say
``"health":"degraded"``. A skipped check is left out: it would be ``UP`` without having run.
"""

from __future__ import annotations

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


def render_microprofile(report: Report, detail: Detail = Detail.FULL) -> bytes:
    """Return a report as the endpoint ``/health`` of MicroProfile does.

    The bounds are those of `render_json`. ``data`` holds texts, numbers and booleans only, as
    section 3.1 of the specification asks; what is nested is in it as a text of JSON.
    """
    status = "DOWN" if report.status is HealthStatus.UNHEALTHY else "UP"
    if detail is Detail.NONE:
        return dump({"status": status, "checks": []})
    is_full = detail is Detail.FULL

    def render(room: Room) -> bytes:
        ran = [one for one in room.pick(report.results) if Standing.of(one) is not Standing.SKIPPED]
        checks = [_convert(result, room, is_full=is_full) for result in ran]
        return dump({"status": status, "checks": checks})

    return fit(render, budget_for(len(report.results)))


def _convert(result: CheckResult, room: Room, *, is_full: bool) -> dict[str, Json]:
    standing = Standing.of(result)
    data: dict[str, Json] = {}
    if standing is Standing.DEGRADED:
        data["health"] = "degraded"
    if is_full and not room.is_last:
        data["verdict"] = result.verdict
        data["durationMs"] = convert_number(result.duration_ms) or 0
        if result.message:
            data["message"] = room.cut(result.message)
        for key, value in convert_metadata(result.metadata, room).items():
            add_numbered(data, key, _flatten(value))
    converted: dict[str, Json] = {
        "name": room.cut_name(result.label.name),
        "status": "DOWN" if standing is Standing.FAILING else "UP",
    }
    return converted | ({"data": data} if data else {})


def _flatten(value: Json) -> Json:
    if isinstance(value, str | bool | int | float):
        return value
    return dump(value).decode()
