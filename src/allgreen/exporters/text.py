"""Plain text: one line for the whole, and one for each check.

The first word is ``ok``, ``degraded`` or ``fail``; each further line begins with a verdict and the
name of a check::

    fail: Two of nine checks fail.
    failed   payment_provider: Expected 503 to equal 200
    passed   database
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from allgreen.domain.report import CheckResult, Detail, Report
from allgreen.domain.status import HealthStatus
from allgreen.exporters.plain import encode, make_line
from allgreen.exporters.room import Room, budget_for, fit
from allgreen.exporters.standing import Standing, describe
from allgreen.exporters.words import describe_age, with_separators

WORDS: Final = {
    HealthStatus.HEALTHY: "ok",
    HealthStatus.DEGRADED: "degraded",
    HealthStatus.UNHEALTHY: "fail",
}
"""The first word of the first line."""

_WIDTH: Final = len("skipped") + 2


def render_text(report: Report, detail: Detail = Detail.FULL) -> bytes:
    """Return a report as lines of UTF-8.

    A name or a message never spreads over several lines, and control characters are written as
    escapes: it is read in terminals. With `Detail.NONE` there is the first word alone.
    """
    word = WORDS[report.status]
    if detail is Detail.NONE:
        return f"{word}\n".encode()
    budget_bytes = budget_for(len(report.results))
    return fit(lambda room: _join(_lines(report, detail, word, room)), budget_bytes)


def _lines(report: Report, detail: Detail, word: str, room: Room) -> Iterator[str]:
    yield f"{word}: {make_line(describe(report))}"
    listed = room.pick(report.results)
    for result in listed:
        yield _line(report, result, detail, room)
    if len(listed) < len(report.results):
        yield f"and {with_separators(len(report.results) - len(listed))} more checks"


def _line(report: Report, result: CheckResult, detail: Detail, room: Room) -> str:
    line = result.verdict.value.ljust(_WIDTH) + make_line(room.cut_name(result.label.name))
    if detail is Detail.FULL and result.message and room.text_chars:
        line += f": {make_line(room.cut(result.message))}"
    return line + _remarks(report, result)


def _remarks(report: Report, result: CheckResult) -> str:
    remarks = []
    if result.is_bad and Standing.of(result) is Standing.DEGRADED:
        remarks.append("degraded")
    if result.is_stale:
        remarks.append(f"{describe_age(report.age_s(result))} old")
    return f" ({', '.join(remarks)})" if remarks else ""


def _join(lines: Iterator[str]) -> bytes:
    return encode("\n".join(lines) + "\n")
