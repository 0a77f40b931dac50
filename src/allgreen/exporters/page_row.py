"""The checks on the page: their pipes, and their rows."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import islice
from typing import Any, Final

from allgreen.domain.report import CheckResult, Ending, Evidence, Report
from allgreen.domain.status import CheckVerdict
from allgreen.exporters.json import DEVELOPMENT
from allgreen.exporters.plain import make_line, make_plain
from allgreen.exporters.room import Room
from allgreen.exporters.standing import Standing
from allgreen.exporters.values import Json, convert_metadata, dump
from allgreen.exporters.words import (
    MINUTE,
    describe_age,
    describe_duration,
    describe_limit,
    format_time_of_day,
)


def as_html(text: str) -> str:
    """Return text as HTML shows it, between tags and in attributes."""
    return escape(make_plain(text))


class Rows:
    """The checks on one page, each with its pipe and its row.

    One for the page and no object for each check: a page of a hundred of them is to cost less than
    a millisecond. For the same reason what nearly every check is comes first.

    Args:
        report: What all checks said.
        room: For how much of it there is room.
        is_full: Messages, evidence and measurements are shown too.
    """

    __slots__ = ("_is_full", "_made", "_report", "_room")

    def __init__(self, report: Report, room: Room, *, is_full: bool) -> None:
        self._report = report
        self._made = report.made
        self._room = room
        self._is_full = is_full

    def render(
        self, result: CheckResult, standing: Standing, number: int, *, is_open: bool
    ) -> tuple[str, str]:
        """Return the pipe of a check, and the row to which it leads.

        Args:
            result: What the check said.
            standing: The group in which it is shown.
            number: Where the pipe leads.
            is_open: What is folded up is open from the start.
        """
        kind, word = self._find_look(result, standing)
        label, coloured = result.label, _CLASSES[kind]
        name = escape(make_line(self._room.cut_name(label.description or label.name)))
        row = (
            f'<li id="c{number}"{coloured}><svg class="g" viewBox="0 0 16 16" role="img"'
            f' aria-label="{word}"><use href="#{kind}"/></svg><b class="n">{name}</b>'
            f'<span class="t">{self._find_time(result)}</span>'
        )
        if self._is_full and not self._room.is_last:
            row += self._render_details(result, standing, is_open=is_open)
        return self._render_pipe(coloured, number, name, word.lower()), f"{row}</li>\n"

    def _render_pipe(self, coloured: str, number: int, name: str, word: str) -> str:
        if self._room.is_last:
            return f'<a{coloured} href="#c{number}" aria-label="Check {number}: {word}"></a>'
        label = f"{name}: {word}"
        return f'<a{coloured} href="#c{number}" title="{label}" aria-label="{label}"></a>'

    def _find_look(self, result: CheckResult, standing: Standing) -> tuple[str, str]:
        """Return the glyph and the word."""
        if standing is _PASSING or standing is _SKIPPED:
            return _KINDS[standing], _WORDS_OF_VERDICTS[result.verdict]
        if self._is_full and result.ending in _WORDS_OF_ENDINGS:
            return "p", _WORDS_OF_ENDINGS[result.ending]
        if standing is Standing.DEGRADED:
            return "p", "Degraded"
        return "x", _WORDS_OF_VERDICTS[result.verdict]

    def _find_time(self, result: CheckResult) -> str:
        """Return what stands at the end of the line: how long it took, or of when it is."""
        ending, age_s = result.ending, self._made - result.finished
        if ending is _ANSWERED and age_s < MINUTE and self._is_full and not result.is_stale:
            return describe_duration(result.duration_ms)
        if result.is_stale or ending is Ending.STALE:
            return f"{describe_age(age_s)} old"
        if not self._is_full or ending in _WITHOUT_TIME:
            return _WITHOUT_TIME.get(ending, "") if self._is_full else ""
        if age_s >= MINUTE:
            today = self._report.made_at.date()
            return f"from {format_time_of_day(result.checked_at, today)}"
        if ending is Ending.TIMED_OUT:
            return f"stopped at {describe_limit(result.duration_ms)}"
        if ending is Ending.STILL_RUNNING:
            return f"running for {describe_duration(result.duration_ms)}"
        return describe_duration(result.duration_ms)

    def _render_details(self, result: CheckResult, standing: Standing, *, is_open: bool) -> str:
        shown = self._render_message(result.message, standing) if result.message else ""
        if result.note or result.is_stale or result.raw_verdict is not None:
            shown += self._render_notes(result)
        if result.evidence is not None:
            shown += self._render_evidence(result.evidence, is_open=is_open)
        if result.metadata:
            shown += self._render_metadata(result.metadata)
        return shown

    def _render_message(self, text: str, standing: Standing) -> str:
        message = as_html(self._room.cut(text))
        if standing is _PASSING:
            return f'<span class="d">{message}</span>'
        if standing is _SKIPPED:
            return f'<span class="d"><i>{message}</i></span>'
        return f'<span class="d msg">{message}</span>'

    def _render_notes(self, result: CheckResult) -> str:
        notes = [as_html(self._room.cut(result.note))] if result.note else []
        if result.is_stale and result.ending is not Ending.STALE:
            age = describe_age(self._report.age_s(result))
            notes.append(f"Found {age} ago; no newer result came in time.")
        if result.raw_verdict not in (None, result.verdict) and result.ending is not Ending.STALE:
            notes.append(f"Its latest run {_SENTENCES[result.raw_verdict]}.")
        return "".join(f'<span class="d"><i>{note}</i></span>' for note in notes)

    def _render_evidence(self, evidence: Evidence, *, is_open: bool) -> str:
        compared = (("Expected", evidence.expected), ("Got", evidence.actual))
        facts = "".join(
            f"<dt>{name}</dt><dd><code>{as_html(self._room.cut(text))}</code></dd>"
            for name, text in compared
            if text is not None
        )
        where = evidence.where
        inside = (f"<dl>{facts}</dl>" if facts else "") + (
            f'<pre tabindex="0">{as_html(self._room.cut(where))}</pre>' if where else ""
        )
        shown = _fold("Where", inside, is_open=is_open) if inside else ""
        if evidence.traceback and self._report.environment == DEVELOPMENT:
            trace = as_html(self._room.cut_trace(evidence.traceback))
            shown += _fold("Traceback", f'<pre tabindex="0">{trace}</pre>')
        return shown

    def _render_metadata(self, metadata: Mapping[str, Any]) -> str:
        measured = convert_metadata(metadata, self._room)
        facts = "".join(
            f"<dt>{as_html(key)}</dt><dd><code>{as_html(_write(value))}</code></dd>"
            for key, value in islice(measured.items(), _MOST_MEASURED)
        )
        return _fold("Measured", f'<dl class="w">{facts}</dl>') if facts else ""


# To read a member from its enum takes longer than to compare it.
_ANSWERED: Final = Ending.ANSWERED
_PASSING: Final = Standing.PASSING
_SKIPPED: Final = Standing.SKIPPED

_MOST_MEASURED: Final = 12
_LONGEST_VALUE: Final = 200

# The names of the glyphs, and of the classes of rows and pipes: passed, failed, in part, nothing.
_KINDS: Final = {Standing.PASSING: "u", Standing.SKIPPED: "n"}
_CLASSES: Final = {"u": "", "x": ' class="x"', "p": ' class="p"', "n": ' class="n"'}
_WORDS_OF_ENDINGS: Final = {
    Ending.TIMED_OUT: "Timed out",
    Ending.STILL_RUNNING: "Still running",
    Ending.UNFINISHED: "Not finished",
    Ending.QUEUED: "Not begun",
    Ending.STALE: "Stale",
}
_WITHOUT_TIME: Final = {
    Ending.UNFINISHED: "not finished",
    Ending.QUEUED: "not begun",
    Ending.BLOCKED: "",
    Ending.NOT_MEANT: "",
    Ending.MISCONFIGURED: "",
}
_WORDS_OF_VERDICTS: Final = {
    CheckVerdict.PASSED: "Passed",
    CheckVerdict.FAILED: "Failed",
    CheckVerdict.ERROR: "Error",
    CheckVerdict.SKIPPED: "Skipped",
}
_SENTENCES: Final = {
    None: "",
    CheckVerdict.PASSED: "passed",
    CheckVerdict.FAILED: "failed",
    CheckVerdict.ERROR: "ended in an error",
    CheckVerdict.SKIPPED: "was skipped",
}


def _fold(name: str, inside: str, *, is_open: bool = False) -> str:
    return f"\n<details{' open' if is_open else ''}><summary>{name}</summary>{inside}</details>"


def _write(value: Json) -> str:
    """Return a glimpse of a measurement; all of it is in the JSON."""
    if type(value) is int:
        return str(value)
    text = value if isinstance(value, str) else dump(value).decode()
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
