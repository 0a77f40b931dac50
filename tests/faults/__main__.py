"""`./dev faults`: break the real platform on purpose, and write down what came of it."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.flipping import now_s
from tests.faults.scenario import SCENARIOS, Outcome, Report, Scenario, find_scenarios, outcome_of

RESULTS = Path(__file__).parents[2] / "bench/results.md"
_MOST_ALIKE = 50
"""So many characters of faults are compared: some end with all that a target answered."""
_FIGURES = re.compile(r"/service-\d+: (incident )?|[0-9a-f]{8}-[0-9a-f-]+/?\d*|[\d.]+")


def main(arguments: list[str]) -> int:
    """Run what is asked for, one after the other; 0 when no promise was broken."""
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="names or ids; else all")
    parser.add_argument("--short", action="store_true", help="the short form, written down nowhere")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    given = parser.parse_args(arguments)
    try:
        chosen = find_scenarios(given.scenarios)
    except LookupError as error:
        parser.error(str(error))
    if given.list:
        _say_all(_listed(SCENARIOS))
        return 0
    reports = {one: _run(one, short=given.short) for one in chosen}
    _say_all(("", *_table(reports)))
    return 1 if any(report is not None and report.faults for report in reports.values()) else 0


def write_section(path: Path, heading: str, lines: Iterable[str]) -> None:
    """Put a section into a Markdown file, in place of the one of the last run."""
    old = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    section = "\n".join(
        [heading, "", f"Measured by `./dev faults` ({_machine()}).", "", *lines, ""]
    )
    pattern = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(old):
        new = pattern.sub(lambda _: f"{section}\n", old)
    else:
        new = f"{old.rstrip()}\n\n{section}"
    path.write_text(f"{new.rstrip()}\n", encoding="utf-8")


def _run(scenario: Scenario, *, short: bool) -> Report | None:
    """Run one scenario and write its section; `None` when there is nothing to run."""
    _say(f"{_title(scenario)}: about {scenario.minutes:g} min" + (", short" if short else ""))
    if not scenario.is_written:
        _say("  not written")
        return None
    before_s, began_s = _pace_s(), time.perf_counter()
    try:
        report = scenario.run(lambda line: _say(f"  {line}"), short=short)
    except Exception as error:  # noqa: BLE001 - the others are run all the same
        traceback.print_exc()
        report = Report(faults=(f"it did not come to its end: {type(error).__name__}",))
    minutes = (time.perf_counter() - began_s) / 60
    pace = f"a million additions took it {before_s:.3f} s before, {_pace_s():.3f} s after"
    ends = [f"* it took {minutes:.1f} min; {pace}"]
    _say_all(f"  {line}" for line in (*_lines(report, report.faults), *ends))
    # A short run has other figures than the promises are about.
    if not short:
        write_section(RESULTS, scenario.heading, [*_lines(report, summed_up(report.faults)), *ends])
    return report


def summed_up(faults: Iterable[str]) -> list[str]:
    """Return the first of those faults that differ in figures and names alone, and their number."""
    alike: dict[str, list[str]] = {}
    for fault in faults:
        alike.setdefault(_FIGURES.sub("#", fault)[:_MOST_ALIKE], []).append(fault)
    return [
        first + (f" (and {len(more)} like it)" if more else "") for first, *more in alike.values()
    ]


def _lines(report: Report, faults: Iterable[str]) -> Iterator[str]:
    yield from (f"* {line}" for line in report.figures)
    yield from (f"* not run: {line}" for line in report.not_run)
    yield from (f"* **broken**: {line}" for line in faults)
    if not report.faults:
        yield "* broken promises: 0"


def _pace_s() -> float:
    """Return how long this machine takes for a million additions at this moment."""
    began_s = time.perf_counter()
    total = 0
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - began_s


def _table(reports: dict[Scenario, Report | None]) -> Iterator[str]:
    rows = [
        (promise, outcome_of(promise, report), scenario)
        for scenario, report in reports.items()
        for promise in scenario.ids
    ]
    for promise, outcome, scenario in rows:
        yield f"{promise:<4} {outcome:<27} {scenario.name}"
    count = sum(outcome is Outcome.BROKEN for _, outcome, _ in rows)
    yield f"{count} of {len(rows)} broken"


def _listed(scenarios: Iterable[Scenario]) -> Iterator[str]:
    for one in scenarios:
        state = f"{one.minutes:3g} min" if one.is_written else "not written"
        yield f"{' '.join(one.ids):<8} {one.name:<12} {state:<12} {one.breaks}"


def _title(scenario: Scenario) -> str:
    return scenario.heading.removeprefix("## ")


def _machine() -> str:
    today = datetime.fromtimestamp(now_s(), UTC).date()
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = f"{os.cpu_count()} cores, {memory_gib:.0f} GiB"
    return f"{platform.machine()}, {cores}, Python {platform.python_version()}, {today}"


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        _say(line)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
