"""Metrics of a report: OpenMetrics 1.0, and the text format 0.0.4 of Prometheus.

https://prometheus.io/docs/specs/om/open_metrics_spec/
https://prometheus.io/docs/instrumenting/exposition_formats/

Both hold the same series under the same names. A status is a set of states: one series for each
state, 1 for the one that holds, under a label that is named like the metric; 0.0.4 has no such
type and calls it a gauge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan
from types import MappingProxyType
from typing import Final, NamedTuple

from allgreen.domain.report import CheckResult, Detail, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.exporters.plain import encode, make_line

LONGEST_NAME: Final = 128
"""Longer names of checks are cut: every series repeats them."""

NO_LABELS: Final[Mapping[str, str]] = MappingProxyType({})

Runs = Mapping[str, Mapping[CheckVerdict, int]]
"""How many runs of each check ended how, since the program began."""


def render_prometheus(
    report: Report,
    detail: Detail = Detail.FULL,
    *,
    openmetrics: bool = False,
    extra_labels: Mapping[str, str] = NO_LABELS,
    runs: Runs | None = None,
) -> bytes:
    """Return a report as metrics, in UTF-8.

    With `Detail.NONE` there is the whole and no check; with `Detail.SUMMARY` the verdicts; with
    `Detail.FULL` the measurements too. Each check adds about one KiB; none is left out, since a
    series that comes and goes is worse than a long answer.

    Args:
        report: What the checks said.
        detail: How much of it may be seen.
        openmetrics: OpenMetrics 1.0 instead of text 0.0.4.
        extra_labels: Added to every series, such as the number of the worker.
        runs: Makes ``allgreen_check_runs_total``; with `Detail.FULL`.

    Raises:
        ValueError: An extra label has a name that cannot be one, or that is ours.
    """
    _refuse_foul(extra_labels)
    families = _families(report, detail, runs or {})
    lines = _expose(families, _write_labels(extra_labels), openmetrics=openmetrics)
    return encode("".join(f"{line}\n" for line in lines))


class _Family(NamedTuple):
    """Series of one name. OpenMetrics wants them together, so they are made together."""

    name: str
    type: str
    help: str
    samples: Iterable[tuple[str, float]]
    """Labels as they are written, and the value."""
    unit: str = ""


_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS: Final = ("check", "verdict", "allgreen_")


def _refuse_foul(labels: Mapping[str, str]) -> None:
    for name in labels:
        if not _LABEL_NAME.fullmatch(name) or name.startswith(("__", *_OURS)):
            raise ValueError(
                f"A label of metrics cannot be called {name!r}: letters, digits and _ are "
                "possible, and names that begin with __, check, verdict or allgreen_ are taken."
            )


def _families(report: Report, detail: Detail, runs: Runs) -> Iterator[_Family]:
    is_up = report.status is not HealthStatus.UNHEALTHY
    yield _Family("allgreen_up", "gauge", "1 unless the program is unhealthy.", [("", is_up)])
    yield _Family(
        "allgreen_status",
        "stateset",
        "How the program is.",
        _states("allgreen_status", "", HealthStatus, report.status),
    )
    if detail is Detail.NONE:
        return
    named = _name(report.results)
    yield _Family(
        "allgreen_check_status",
        "stateset",
        "How the latest run of each check ended.",
        [
            state
            for labels, result in named
            for state in _states("allgreen_check_status", labels, CheckVerdict, result.verdict)
        ],
    )
    yield _Family("allgreen_checks", "gauge", "Number of checks.", _count(report.results))
    if detail is Detail.FULL:
        yield from _measurements(report, named, runs)


def _measurements(report: Report, named: Sequence[_Named], runs: Runs) -> Iterator[_Family]:
    ran = [(labels, one) for labels, one in named if one.verdict is not CheckVerdict.SKIPPED]

    def measure(name: str, help_: str, read: Callable[[CheckResult], float]) -> _Family:
        samples = [(labels, round(read(result), 6)) for labels, result in ran]
        return _Family(name, "gauge", help_, samples, "seconds")

    yield measure(
        "allgreen_check_duration_seconds",
        "How long the latest run of each check took.",
        lambda result: result.duration_ms / 1000,
    )
    yield measure(
        "allgreen_check_last_run_timestamp_seconds",
        "When the latest run of each check began, in seconds since 1970.",
        lambda result: result.at,
    )
    yield measure(
        "allgreen_check_age_seconds",
        "How old the result of each check was in this report.",
        report.age_s,
    )
    yield _Family(
        "allgreen_report_duration_seconds",
        "gauge",
        "How long this report took to make.",
        [("", round(report.duration_ms / 1000, 6))],
        "seconds",
    )
    yield _Family(
        "allgreen_check_runs",
        "counter",
        "Runs of each check since the program began.",
        [
            (f'{labels},verdict="{verdict}"', count)
            for labels, result in named
            for verdict, count in sorted(runs.get(result.label.name, {}).items())
        ],
    )


_Named = tuple[str, CheckResult]


def _name(results: Sequence[CheckResult]) -> list[_Named]:
    """Return each result with its label; two that look the same after cutting are numbered."""
    taken: set[str] = set()
    named: list[_Named] = []
    for result in results:
        name = free = _shorten(result.label.name)
        number = 1
        while free in taken:
            number += 1
            free = f"{name} ({number})"
        taken.add(free)
        named.append((f'check="{_escape(free)}"', result))
    return named


def _states(
    label: str, others: str, states: Iterable[str], holding: str
) -> list[tuple[str, float]]:
    before = f"{others}," if others else ""
    return [(f'{before}{label}="{state}"', state == holding) for state in states]


def _count(results: Sequence[CheckResult]) -> list[tuple[str, float]]:
    count = Counter(result.verdict for result in results)
    return [(f'verdict="{verdict}"', count[verdict]) for verdict in CheckVerdict]


def _expose(families: Iterable[_Family], extra: str, *, openmetrics: bool) -> Iterator[str]:
    for family in families:
        suffix = "_total" if family.type == "counter" else ""
        samples = list(family.samples)
        if not samples:
            continue
        yield from _describe(family, openmetrics=openmetrics)
        for labels, value in samples:
            both = ",".join(filter(None, (labels, extra)))
            written = f"{{{both}}}" if both else ""
            yield f"{family.name}{suffix}{written} {_number(value)}"
    if openmetrics:
        yield "# EOF"


def _describe(family: _Family, *, openmetrics: bool) -> Iterator[str]:
    if openmetrics:
        yield f"# TYPE {family.name} {family.type}"
        if family.unit:
            yield f"# UNIT {family.name} {family.unit}"
        yield f"# HELP {family.name} {family.help}"
        return
    # In 0.0.4 the name of a counter is that of its series.
    name = f"{family.name}_total" if family.type == "counter" else family.name
    yield f"# HELP {name} {family.help}"
    yield f"# TYPE {name} {'gauge' if family.type == 'stateset' else family.type}"


def _write_labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escape(_shorten(str(value)))}"' for name, value in labels.items())


def _shorten(name: str) -> str:
    # Cut twice: a name may be enormous, and becomes longer where characters are written out.
    return make_line(name[:LONGEST_NAME])[:LONGEST_NAME]


def _escape(value: str) -> str:
    # No line feed is left to be escaped.
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(value)
