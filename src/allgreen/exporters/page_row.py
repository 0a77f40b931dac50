"""One check on the page: its pipe, and its row."""

from __future__ import annotations

from html import escape
from itertools import islice
from typing import Final

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


class Row:
    """One check on the page.

    Attributes:
        has_details: It has something that is folded up.
    """

    __slots__ = ("_is_full", "_kind", "_name", "_report", "_result", "_room", "_standing", "_word")

    def __init__(
        self, report: Report, result: CheckResult, standing: Standing, room: Room, *, is_full: bool
    ) -> None:
        self._report = report
        self._result = result
        self._standing = standing
        self._room = room
        self._is_full = is_full
        self._kind, self._word = self._find_look()
        label = result.label
        self._name = escape(make_line(room.cut_name(label.description or label.name)))

    def render_pipe(self, number: int) -> str:
        """Return the pipe, which leads to the row."""
        if self._room.is_last:
            label = f"Check {number}: {self._word.lower()}"
            return f'<a{_CLASSES[self._kind]} href="#c{number}" aria-label="{label}"></a>'
        label = f"{self._name}: {self._word.lower()}"
        return (
            f'<a{_CLASSES[self._kind]} href="#c{number}" title="{label}" aria-label="{label}"></a>'
        )

    def render(self, number: int, *, is_open: bool) -> str:
        """Return the row.

        Args:
            number: Where the pipe leads.
            is_open: What is folded up is open from the start.
        """
        kind = self._kind
        shown = (
            f'<li id="c{number}"{_CLASSES[kind]}><svg class="g" viewBox="0 0 16 16" role="img"'
            f' aria-label="{self._word}"><use href="#{kind}"/></svg><b class="n">{self._name}</b>'
            f'<span class="t">{self._find_time()}</span>'
        )
        if self._is_full and not self._room.is_last:
            shown += self._render_message() + self._render_notes()
            result = self._result
            if result.evidence is not None:
                shown += self._render_evidence(result.evidence, is_open=is_open)
            if result.metadata:
                shown += self._render_metadata()
        return shown + "</li>\n"

    def _find_look(self) -> tuple[str, str]:
        """Return the glyph and the word."""
        result, standing = self._result, self._standing
        if standing is Standing.PASSING or standing is Standing.SKIPPED:
            return _KINDS[standing], _WORDS_OF_VERDICTS[result.verdict]
        if self._is_full and result.ending in _WORDS_OF_ENDINGS:
            return "p", _WORDS_OF_ENDINGS[result.ending]
        if standing is Standing.DEGRADED:
            return "p", "Degraded"
        return "x", _WORDS_OF_VERDICTS[result.verdict]

    def _find_time(self) -> str:
        """Return what stands at the end of the line: how long it took, or of when it is."""
        result = self._result
        ending = result.ending
        age_s = self._report.made - result.finished
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

    def _render_message(self) -> str:
        if not self._result.message:
            return ""
        message = as_html(self._room.cut(self._result.message))
        if self._standing is Standing.SKIPPED:
            return f'<span class="d"><i>{message}</i></span>'
        kind = "d" if self._standing is Standing.PASSING else "d msg"
        return f'<span class="{kind}">{message}</span>'

    def _render_notes(self) -> str:
        result = self._result
        if not result.note and not result.is_stale and result.raw_verdict is None:
            return ""
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

    def _render_metadata(self) -> str:
        measured = convert_metadata(self._result.metadata, self._room)
        facts = "".join(
            f"<dt>{as_html(key)}</dt><dd><code>{as_html(_write(value))}</code></dd>"
            for key, value in islice(measured.items(), _MOST_MEASURED)
        )
        return _fold("Measured", f'<dl class="w">{facts}</dl>') if facts else ""


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
    text = value if isinstance(value, str) else dump(value).decode()
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
