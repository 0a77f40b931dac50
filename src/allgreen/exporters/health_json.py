"""``application/health+json``: draft-inadarei-api-health-check-06.

https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06

A degraded program is ``warn``, which is answered with 200, as section 3.1 asks. A skipped check has
no status: the draft has no word for it, and ``pass`` would be more than is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from allgreen.domain.report import CheckResult, Detail, Report
from allgreen.domain.status import HealthStatus
from allgreen.exporters.room import Room, budget_for, fit
from allgreen.exporters.standing import Standing, describe
from allgreen.exporters.values import Json, convert_number, dump
from allgreen.exporters.words import format_instant

STATUSES: Final = {
    HealthStatus.HEALTHY: "pass",
    HealthStatus.DEGRADED: "warn",
    HealthStatus.UNHEALTHY: "fail",
}
"""The words of section 3.1."""

_OF_STANDING: Final = {
    Standing.PASSING: "pass",
    Standing.DEGRADED: "warn",
    Standing.FAILING: "fail",
}


def render_health_json(
    report: Report, detail: Detail = Detail.FULL, *, links: Mapping[str, str] | None = None
) -> bytes:
    """Return a report in the format of the draft; the bounds are those of `render_json`.

    A key of ``checks`` is the name of a check, in which a dot stands for each colon (section 4),
    with ``:responseTime``; ``componentId`` is the name as it is.

    Args:
        report: What the checks said.
        detail: How much of it may be seen; with `Detail.NONE` only ``status``.
        links: Relations and the addresses that they lead to (section 3.7).
    """
    if detail is Detail.NONE:
        return dump({"status": STATUSES[report.status]})
    budget_bytes = budget_for(len(report.results))
    return fit(lambda room: dump(_convert(report, detail, links or {}, room)), budget_bytes)


def _convert(
    report: Report, detail: Detail, links: Mapping[str, str], room: Room
) -> dict[str, Json]:
    listed = room.pick(report.results)
    checks: dict[str, list[Json]] = {}
    for result in listed:
        found = _convert_one(result, room, is_full=detail is Detail.FULL)
        checks.setdefault(_key(result, room), []).append(found)
    body: dict[str, Json] = {"status": STATUSES[report.status]}
    if detail is Detail.FULL and report.version:
        body["version"] = body["releaseId"] = room.cut_name(report.version)
    if report.status is not HealthStatus.HEALTHY:
        body["output"] = room.cut(report.problem) or describe(report)
    if report.application:
        body["serviceId"] = name = room.cut_name(report.application)
        body["description"] = f"Health of {name}"
    body["checks"] = {**checks}
    body["notes"] = _notes(report, len(report.results) - len(listed), room)
    if links:
        body["links"] = dict(links)
    return body


def _notes(report: Report, omitted: int, room: Room) -> list[Json]:
    notes: list[Json] = [describe(report)]
    if omitted:
        notes.append(f"{omitted:,} more checks are not listed.")
    if room.has_cut:
        notes.append("Texts were cut for their size.")
    return notes


def _key(result: CheckResult, room: Room) -> str:
    return room.cut_name(result.label.name).replace(":", ".") + ":responseTime"


def _convert_one(result: CheckResult, room: Room, *, is_full: bool) -> dict[str, Json]:
    standing = Standing.of(result)
    converted: dict[str, Json] = {
        "componentId": room.cut_name(result.label.name),
        "componentType": "component",
    }
    if standing in _OF_STANDING:
        converted["status"] = _OF_STANDING[standing]
    if is_full and not room.is_last:
        if standing is not Standing.SKIPPED:
            converted["observedValue"] = convert_number(result.duration_ms)
            converted["observedUnit"] = "ms"
        converted["time"] = format_instant(result.at)
        if result.message and standing is not Standing.PASSING:
            converted["output"] = room.cut(result.message)
    return converted
