"""Probes: what Kubernetes is told, which is not the same as how healthy a program is.

Liveness restarts a process: it looks at nothing outside of it. Readiness takes a process out of
rotation: what all processes share is left out of it unless a check was opted in, because else one
slow database takes every process away at once. What is left out is still seen, as *degraded*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, final

from allgreen.domain.report import CheckResult, Ending, Report
from allgreen.domain.status import HealthStatus
from allgreen.health.clock import SYSTEM_CLOCK

BELIEVED_FOR_S: Final = 300.0
"""So long a failure elsewhere is shown as degraded in readiness after it was found."""

_NOTHING_KNOWN: Final = frozenset({Ending.QUEUED, Ending.UNFINISHED, Ending.BLOCKED})
_OLD: Final = frozenset({Ending.QUEUED, Ending.STALE})
_NO_SAY: Final = "No check has a say here."
_STARTED: Final = "This program has started."
_NOT_A_START: Final = "The checks of the start have not all passed yet."
_LEAVING: Final = "This process is about to stop, and takes no new requests."


@final
class Probes:
    """What must be remembered between probes: whether the program has started, and stops.

    One for each process; safe in threads, because each change is a single assignment.

    Attributes:
        has_started: The checks of the start have passed once. Never becomes false again.
        is_draining: The process is about to stop. Never becomes false again.
    """

    def __init__(self) -> None:
        self.has_started = False
        self.is_draining = False

    def note_start(self, deciding: Iterable[CheckResult]) -> None:
        """Note that the program has started, if every result says so; none at all does not."""
        listed = tuple(deciding)
        if listed and all(_lets_start(result) for result in listed):
            self.has_started = True

    def note_first_run(self, report: Report) -> None:
        """Note the start of a program that opted nothing in: what there is has been run once."""
        endings = {result.ending for result in report.results}
        if endings - {Ending.QUEUED} and Ending.MISCONFIGURED not in endings:
            self.has_started = True

    def judge_live(self, report: Report, tags: Collection[str]) -> Report:
        """Return what liveness is told: alive, unless a check with one of the tags says otherwise.

        A report may also say that checks are misconfigured. Starting again does not mend that.
        """
        own = tuple(each for each in report.results if not each.label.tags.isdisjoint(tags))
        return _settle(report, own, _worst(own), _NO_SAY)

    def judge_start(self, report: Report) -> Report:
        """Return what the startup probe is told."""
        if self.has_started:
            return _settle(report, report.results, HealthStatus.HEALTHY, _STARTED)
        return _refuse(report, report.problem or _NOT_A_START)

    def judge_ready(self, report: Report, known: Report) -> Report:
        """Return what readiness is told; not ready as long as nothing is known.

        Args:
            report: What the checks said that decide.
            known: What is known of all checks, without running any.
        """
        if not self.has_started:
            return _refuse(report, report.problem or _NOT_A_START)
        results = (*report.results, *_failing_others(report, known))
        return _settle(report, results, _worst(results), _NO_SAY)

    def report_without_running(self) -> Report | None:
        """Return what readiness is told at once, while the process is about to stop."""
        return _refuse(_empty(), _LEAVING) if self.is_draining else None


def report_of_start() -> Report:
    """Return a report that says that all is well, without having run anything."""
    return _settle(_empty(), (), HealthStatus.HEALTHY, _STARTED)


def _failing_others(report: Report, known: Report) -> tuple[CheckResult, ...]:
    """Return what was last known to fail elsewhere; it makes nobody unready."""
    bad = [result for result in known.results if result.is_bad]
    if not bad:
        return ()
    deciding = {result.name for result in report.results}
    return tuple(
        result._replace(status=HealthStatus.DEGRADED, is_stale=True)
        for result in bad
        if result.ending not in _OLD and result.name not in deciding
    )


def _lets_start(result: CheckResult) -> bool:
    """Tell whether a result is known, and does not keep the program from starting."""
    return result.ending not in _NOTHING_KNOWN and result.status is not HealthStatus.UNHEALTHY


def _worst(results: Iterable[CheckResult]) -> HealthStatus:
    return HealthStatus.worst_of({result.status for result in results if result.status})


def _settle(
    report: Report, results: tuple[CheckResult, ...], status: HealthStatus, without_any: str
) -> Report:
    """Return a report of other results and status, with a sentence where it has no results."""
    problem = "" if results else without_any
    return report._replace(results=results, status=status, problem=problem)


def _refuse(report: Report, why: str) -> Report:
    return report._replace(status=HealthStatus.UNHEALTHY, problem=why)


def _empty() -> Report:
    return Report.of((), at=SYSTEM_CLOCK.wall(), made=SYSTEM_CLOCK.monotonic(), duration_ms=0.0)
