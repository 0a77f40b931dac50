"""JSON of our own: everything that a report says, in one object.

Keys come in a fixed order. Who may see more gets more keys: with `Detail.NONE` there is the status
alone; with `Detail.SUMMARY` names and verdicts; the rest with `Detail.FULL`. When something was
left out for its size, ``truncated`` is true, and ``omitted`` says how many checks are not listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from allgreen.domain.report import CheckResult, Detail, Evidence, Report
from allgreen.domain.status import CheckVerdict
from allgreen.exporters.room import Room, budget_for, fit
from allgreen.exporters.standing import describe
from allgreen.exporters.values import Json, convert_metadata, convert_number, dump
from allgreen.exporters.words import format_instant

DEVELOPMENT: Final = "development"
"""The one environment in which tracebacks are shown."""


def render_json(
    report: Report, detail: Detail = Detail.FULL, *, links: Mapping[str, str] | None = None
) -> bytes:
    """Return a report as an object of JSON, in UTF-8.

    At most 64 KiB, or half a KiB for each of more than 128 checks: messages are cut until it is
    small enough. For what becomes of values that JSON does not know see `allgreen.exporters.values`.

    Args:
        report: What the checks said.
        detail: How much of it may be seen.
        links: Where else to look, by name; not with `Detail.NONE`.
    """
    if detail is Detail.NONE:
        return dump({"status": report.status})
    budget_bytes = budget_for(len(report.results))
    return fit(lambda room: dump(_convert(report, detail, links or {}, room)), budget_bytes)


def _convert(
    report: Report, detail: Detail, links: Mapping[str, str], room: Room
) -> dict[str, Json]:
    is_full = detail is Detail.FULL
    listed = room.pick(report.results)
    head: dict[str, Json] = {
        "status": report.status,
        "summary": describe(report),
        "problem": room.cut(report.problem) or None,
        "checked_at": format_instant(report.at),
        "duration_ms": convert_number(report.duration_ms) if is_full else None,
        "application": room.cut_name(report.application) or None,
        "version": (room.cut_name(report.version) or None) if is_full else None,
        "environment": (room.cut_name(report.environment) or None) if is_full else None,
    }
    body: dict[str, Json] = {key: value for key, value in head.items() if value is not None}
    body["counts"] = _count(report)
    body["checks"] = [
        _convert_fully(report, result, room) if is_full else _name(result, room)
        for result in listed
    ]
    if links:
        body["links"] = dict(links)
    if len(listed) < len(report.results):
        body["omitted"] = len(report.results) - len(listed)
    if room.has_cut:
        body["truncated"] = True
    return body


def _count(report: Report) -> dict[str, Json]:
    count = Counter(result.verdict for result in report.results)
    return {verdict.value: count[verdict] for verdict in CheckVerdict}


def _name(result: CheckResult, room: Room) -> dict[str, Json]:
    """Return what is no secret of a check: its name, and how it is."""
    named: dict[str, Json] = {"name": room.cut_name(result.label.name)}
    if not room.is_last:
        named["description"] = room.cut_name(result.label.description)
    named["verdict"] = result.verdict
    named["status"] = result.status
    if result.is_stale:
        named["stale"] = True
    return named


def _convert_fully(report: Report, result: CheckResult, room: Room) -> dict[str, Json]:
    converted = _name(result, room)
    if room.is_last:
        return converted
    label = result.label
    converted |= {
        "message": room.cut(result.message),
        "ending": result.ending,
        "duration_ms": convert_number(result.duration_ms),
        "checked_at": format_instant(result.at),
        "age_s": convert_number(report.age_s(result)),
        "stale": result.is_stale,
        "note": room.cut(result.note),
        "tags": [room.cut_name(tag) for tag in sorted(label.tags)[: room.items]],
        "critical": label.is_critical,
        "evidence": _convert_evidence(report, result.evidence, room),
        "metadata": convert_metadata(result.metadata, room),
    }
    if result.raw_verdict is not None:
        converted["raw_verdict"] = result.raw_verdict
    return converted


def _convert_evidence(
    report: Report, evidence: Evidence | None, room: Room
) -> dict[str, Json] | None:
    if evidence is None:
        return None
    texts = {"expected": evidence.expected, "actual": evidence.actual, "where": evidence.where}
    converted: dict[str, Json] = {
        key: room.cut(text) for key, text in texts.items() if text is not None
    }
    if evidence.traceback is not None and report.environment == DEVELOPMENT:
        converted["traceback"] = room.cut_trace(evidence.traceback)
    return converted
