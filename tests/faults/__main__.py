"""`./dev faults`: break the real platform on purpose, and write down what came of it."""

from __future__ import annotations

import argparse
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.flipping import now_s
from tests.faults.kills import KillPlan, KillRun

RESULTS = Path(__file__).parents[2] / "bench/results.md"
HEADING = "## kill -9 under flipping services"


def main(arguments: list[str]) -> int:
    """Run what is asked for; 0 when every promise was kept."""
    plan, slower = _plan(arguments)
    report = KillRun(plan, tell=_say).go()
    figures = list(report.lines(plan))
    if slower != 1:
        figures.append(f"on a machine with other work: every time is allowed {slower:g}-fold")
    for line in figures:
        _say(line)
    for fault in report.faults:
        _say(f"BROKEN: {fault}")
    write_section(RESULTS, HEADING, [f"* {line}" for line in figures])
    return 1 if report.faults else 0


def write_section(path: Path, heading: str, lines: Iterable[str]) -> None:
    """Put a section into a Markdown file, in place of the one of the last run."""
    old = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    when = datetime.fromtimestamp(now_s(), UTC)
    machine = f"{platform.machine()}, Python {platform.python_version()}, {when:%Y-%m-%d}"
    section = "\n".join([heading, "", f"Measured by `./dev faults` ({machine}).", "", *lines, ""])
    pattern = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(old):
        new = pattern.sub(lambda _: f"{section}\n", old)
    else:
        new = f"{old.rstrip()}\n\n{section}"
    path.write_text(f"{new.rstrip()}\n", encoding="utf-8")


def _plan(arguments: list[str]) -> tuple[KillPlan, float]:
    plan = KillPlan()
    parser = argparse.ArgumentParser(prog="./dev faults")
    parser.add_argument("--services", type=int, default=plan.services)
    parser.add_argument("--kills", type=int, default=plan.kills)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--slower", type=float, default=1, help="for a machine with other work")
    given = parser.parse_args(arguments)
    plan = replace(plan, services=given.services, kills=given.kills, seed=given.seed)
    return plan.slower(given.slower), given.slower


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
