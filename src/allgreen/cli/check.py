"""``allgreen check``: run the checks of a file, or look at a heartbeat file or an address.

For Docker, cron and people: one answer, and an exit code that says it.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from allgreen.cli.address import TIMEOUT_S, look_at_address
from allgreen.cli.exits import CheckExit
from allgreen.cli.finding import Finding, Standing
from allgreen.cli.heartbeat import look_at_heartbeat
from allgreen.domain.report import Report
from allgreen.domain.status import HealthStatus
from allgreen.errors import AllgreenError, SettingsError
from allgreen.exporters.json import render_json
from allgreen.exporters.text import render_text
from allgreen.health.config.file import ConfigProblem
from allgreen.health.config.loader import PLACES, ConfigLoader
from allgreen.health.registry import CheckRegistry, suggest
from allgreen.health.running.runner import CheckRunner
from allgreen.health.runs import DEADLINE_S

_NOT_FOR: Final = {
    "heartbeat": ("only", "tag", "timeout", "application"),
    "url": ("only", "tag", "max_age", "application"),
    "path": ("max_age",),
}
"""What means nothing where somebody looks elsewhere."""


def run_check(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        AllgreenError: Nothing can be said, because of how it was asked.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    _refuse_what_means_nothing(parser, options)
    if options.heartbeat is not None:
        return _tell(look_at_heartbeat(options.heartbeat, options.max_age), options.format)
    if options.url is not None:
        timeout_s = TIMEOUT_S if options.timeout is None else options.timeout
        return _tell(look_at_address(options.url, timeout_s), options.format)
    return _run_checks(options)


def _run_checks(options: argparse.Namespace) -> int:
    # Whatever the program prints, the answer alone is on standard output.
    with contextlib.redirect_stdout(sys.stderr):
        loader, registry = _load(options.path)
    if loader.problem is not None:
        return _tell(_describe(loader.problem), options.format)
    with contextlib.redirect_stdout(sys.stderr):
        report = _report(registry, options)
    render = render_json if options.format == "json" else render_text
    _say(render(report).decode())
    return _exit_of(report)


def _report(registry: CheckRegistry, options: argparse.Namespace) -> Report:
    _refuse_unknown_names(options.only, registry)
    _refuse_unknown_tags(options.tag, registry)
    return CheckRunner(registry, application=options.application or "").run(
        options.only or None,
        tags=options.tag,
        deadline_s=DEADLINE_S if options.timeout is None else options.timeout,
    )


def _load(path: Path | None) -> tuple[ConfigLoader, CheckRegistry]:
    registry = CheckRegistry()
    loader = ConfigLoader(registry, path, reload=False)
    # What it would log is our answer.
    logging.getLogger("allgreen.health.config.loader").addHandler(logging.NullHandler())
    # The file imports the program from where the command was started, as `python -m` would.
    sys.path.insert(0, str(Path.cwd()))
    loader.load()
    if loader.path is None:
        raise AllgreenError(
            f"There is nothing to check here: neither {', '.join(PLACES[:-1])} nor {PLACES[-1]}. "
            "Name a file, or use --file or --url."
        )
    return loader, registry


def _refuse_unknown_names(names: Sequence[str], registry: CheckRegistry) -> None:
    known = [check.name for check in registry.checks]
    for name in names:
        if name not in known:
            close = suggest(name, known)
            hint = f" Did you mean {close!r}?" if close else ""
            raise SettingsError("--only", f"there is no check {name!r}.{hint}")


def _refuse_unknown_tags(tags: Sequence[str], registry: CheckRegistry) -> None:
    known = {tag for check in registry.checks for tag in check.tags}
    for tag in tags:
        if tag not in known:
            raise SettingsError("--tag", f"no check has the tag {tag!r}.")


def _describe(problem: ConfigProblem) -> Finding:
    at = "" if problem.line is None else f" at line {problem.line}"
    return Finding(
        standing=Standing.UNKNOWN,
        source=problem.file,
        message=f"cannot be loaded{at}: {problem.message}",
        facts={"file": problem.file, "line": problem.line},
    )


def _exit_of(report: Report) -> CheckExit:
    if report.problem:
        return CheckExit.UNKNOWN
    is_bad = report.status is HealthStatus.UNHEALTHY
    return CheckExit.UNHEALTHY if is_bad else CheckExit.HEALTHY


def _tell(finding: Finding, form: str) -> CheckExit:
    _say(finding.as_json() if form == "json" else finding.as_text())
    return finding.standing.exit


def _say(text: str) -> None:
    line = f"{text.rstrip()}\n"
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _refuse_what_means_nothing(
    parser: argparse.ArgumentParser, options: argparse.Namespace
) -> None:
    given = [name for name in _NOT_FOR if getattr(options, name) is not None]
    if len(given) > 1:
        parser.error("Give one of FILE, --file and --url.")
    for name in _NOT_FOR[given[0] if given else "path"]:
        if getattr(options, name) not in (None, []):
            option = name.replace("_", "-")
            parser.error(f"--{option} means nothing there.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="allgreen check",
        description="Run the checks of a file, or look at a heartbeat file or an address.",
        epilog="Ends with 0 when that is healthy or degraded, with 1 when it is unhealthy, and "
        "with 2 when nobody can say.",
    )
    parser.add_argument(
        "path",
        metavar="FILE",
        nargs="?",
        type=Path,
        help=f"where the checks are written; by default the first there is of {', '.join(PLACES)}",
    )
    parser.add_argument(
        "--file", dest="heartbeat", metavar="PATH", type=Path, help="look at a heartbeat file"
    )
    parser.add_argument("--url", help="look at a health address")
    parser.add_argument(
        "--max-age",
        metavar="SECONDS",
        type=_seconds,
        help="how old a heartbeat may be; by default 75, or what the file beside it says",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="run this check; repeatable"
    )
    parser.add_argument(
        "--tag", action="append", default=[], help="run the checks with this tag; repeatable"
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help=f"for all checks ({DEADLINE_S:g} by default), or for an address ({TIMEOUT_S:g})",
    )
    parser.add_argument(
        "--application",
        metavar="NAME",
        help="of the program, with which the checks share how often they may run",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds
