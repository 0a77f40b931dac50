"""The page: one sentence, one pipe and one row for each check; no script, nothing from elsewhere.

It is put together from pieces of text, since a page of a hundred checks shall cost less than a
millisecond. What comes from outside goes through `as_html`, and through nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from allgreen.domain.report import CheckResult, Detail, Report
from allgreen.exporters.json import DEVELOPMENT
from allgreen.exporters.page_frame import render_head, render_mark
from allgreen.exporters.page_row import Rows, as_html
from allgreen.exporters.page_style import CONTENT_SECURITY_POLICY, STYLE_SHA256
from allgreen.exporters.plain import encode, make_line
from allgreen.exporters.room import KIB, MOST_CHECKS, Room, fit
from allgreen.exporters.standing import Standing, describe, describe_without_numbers
from allgreen.exporters.words import describe_duration, format_day, with_separators

__all__ = ("CONTENT_SECURITY_POLICY", "STYLE_SHA256", "USUAL_BYTES", "render_html")

USUAL_BYTES: Final = 20_000
"""So large is a page of up to thirty checks at most, but for tracebacks in development."""


def render_html(
    report: Report,
    detail: Detail = Detail.FULL,
    *,
    http_status: int | None = None,
    can_refresh: bool = False,
) -> bytes:
    """Return the page, in UTF-8.

    With `Detail.NONE` it holds the status as a sentence; with `Detail.SUMMARY` names and verdicts;
    the rest with `Detail.FULL`, and tracebacks in development only. For up to thirty checks it
    takes at most 20 KB, and half a KiB for each further one: messages are cut until it fits.

    It may be sent with `CONTENT_SECURITY_POLICY`.

    Args:
        report: What the checks said.
        detail: How much of it may be seen.
        http_status: With which it is sent; shown when given.
        can_refresh: The one who asks may run the checks again.
    """
    page = _Page(report, detail, http_status, can_refresh)
    return fit(lambda room: encode("".join(page.render(room))), _budget(report, detail))


class _Page:
    """One page; it may be rendered several times, with less and less room."""

    def __init__(
        self, report: Report, detail: Detail, http_status: int | None, can_refresh: bool
    ) -> None:
        self._report = report
        self._http_status = http_status
        self._can_refresh = can_refresh
        self._is_bare = detail is Detail.NONE
        self._is_full = detail is Detail.FULL

    def render(self, room: Room) -> Iterator[str]:
        pipes: list[str] = []
        rows: list[str] = []
        if not self._is_bare:
            self._render_checks(room, pipes, rows)
        yield render_head(self._title(room), self._report.status)
        yield f'<main>\n<header class="slab">\n{self._top(room)}'
        yield f"<h1>{as_html(self._headline())}</h1>\n"
        yield from self._row_of_pipes(pipes)
        yield self._meta(room)
        yield "</header>\n"
        yield self._explanation()
        yield from rows
        yield self._footer()

    def _render_checks(self, room: Room, pipes: list[str], rows: list[str]) -> None:
        listed = room.pick(self._report.results)
        checks = Rows(self._report, room, is_full=self._is_full)
        may_open = True
        for standing, results in _group(listed).items():
            rows.append(f'<h2>{_HEADINGS[standing]}</h2>\n<ul class="c">\n')
            for result in results:
                pipe, row = checks.render(result, standing, len(pipes) + 1, is_open=may_open)
                pipes.append(pipe)
                rows.append(row)
                # The worst is open from the start; all of them would hide one another.
                may_open = may_open and result.evidence is None
            rows.append("</ul>\n")
        omitted = len(self._report.results) - len(listed)
        if omitted:
            rows.append(f'<p class="c">And {with_separators(omitted)} more checks.</p>\n')

    def _headline(self) -> str:
        return describe_without_numbers(self._report) if self._is_bare else describe(self._report)

    def _title(self, room: Room) -> str:
        if self._is_bare:
            return self._headline().rstrip(".")
        said = describe(self._report, in_digits=True).rstrip(".")
        name = make_line(room.cut_name(self._report.application))
        return as_html(f"{said} · {name}" if name else said)

    def _top(self, room: Room) -> str:
        name, chip = "", ""
        if not self._is_bare:
            name = as_html(make_line(room.cut_name(self._report.application)))
        if self._is_full and self._report.environment:
            chip = f"<span>{as_html(make_line(self._report.environment[:40]))}</span>"
        mark = render_mark(self._report.status)
        return f'<div class="top">{mark}{name or "Health check"}{chip}</div>\n'

    def _row_of_pipes(self, pipes: Sequence[str]) -> Iterator[str]:
        if not pipes:
            return
        yield '<nav class="pipes" aria-label="Checks">'
        yield from pipes[:_MOST_PIPES]
        more = len(self._report.results) - _MOST_PIPES
        if more > 0:
            yield f"<span>and {with_separators(more)} more</span>"
        yield "</nav>\n"

    def _meta(self, room: Room) -> str:
        if self._is_bare:
            return ""
        made = self._report.made_at
        facts = []
        if self._http_status is not None:
            facts.append(f"HTTP <b>{self._http_status}</b>")
        if self._is_full:
            facts.append(f"Ran in <b>{describe_duration(self._report.duration_ms)}</b>")
        facts.append(f"{format_day(made.date())}, <b>{made:%H:%M:%S}</b> UTC")
        if self._is_full and self._report.version:
            version = as_html(make_line(room.cut_name(self._report.version)))
            facts.append(f"Version <b>{version}</b>")
        shown = "".join(f"<span>{fact}</span>" for fact in facts)
        return f'<div class="meta">{shown}</div>\n'

    def _explanation(self) -> str:
        """Say why nothing is known, and the way out, where the headline has not said it."""
        problem = self._report.problem
        if self._is_bare or not problem or self._headline() == problem:
            return ""
        said = as_html(problem[:_LONGEST_PROBLEM]) if self._report.results else _WAY_OUT
        return f'<p class="c">{said}</p>\n'

    def _footer(self) -> str:
        again = '<a href="?">Run again</a>' if self._can_refresh else ""
        return (
            f'<footer>{again}<a href="?format=json">JSON</a><span>allgreen for Python</span>'
            "</footer>\n</main>\n</body>\n</html>\n"
        )


_USUAL_CHECKS: Final = 30
_FURTHER_BYTES: Final = 512
_MOST_PIPES: Final = 92
"""Three lines of them, and how many more there are, on a wide screen; what fails comes first."""
_LONGEST_PROBLEM: Final = 500

_HEADINGS: Final = {
    Standing.FAILING: "Failing",
    Standing.DEGRADED: "Degraded",
    Standing.PASSING: "Passing",
    Standing.SKIPPED: "Skipped",
}
_WAY_OUT: Final = (
    'So nothing is known. A check is a function below <code>@check("…")</code>, in '
    "<code>allgood.py</code> or anywhere else in the program."
)


def _group(results: Sequence[CheckResult]) -> dict[Standing, list[CheckResult]]:
    """Return the results of each group that has any, the worst group first."""
    groups: dict[Standing, list[CheckResult]] = {standing: [] for standing in Standing}
    for result in results:
        groups[Standing.of(result)].append(result)
    return {standing: found for standing, found in groups.items() if found}


def _budget(report: Report, detail: Detail) -> int:
    further = min(len(report.results), MOST_CHECKS) - _USUAL_CHECKS
    usual = USUAL_BYTES + max(0, further) * _FURTHER_BYTES
    has_traces = detail is Detail.FULL and report.environment == DEVELOPMENT
    return usual + 64 * KIB if has_traces else usual
