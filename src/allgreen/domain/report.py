"""Report: what the checks of a program said, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from allgreen.domain.status import (
    CheckVerdict,
    ComponentStatus,
    HealthStatus,
    SystemHealthStatus,
)

NO_METADATA: Final[Mapping[str, Any]] = MappingProxyType({})


_BAD: Final = (CheckVerdict.FAILED, CheckVerdict.ERROR)


class Ending(StrEnum):
    """Why a result is what it is."""

    ANSWERED = "answered"
    """The check returned, or said by an exception of its own that something is wrong."""
    RAISED = "raised"
    """An exception that the check did not expect."""
    TIMED_OUT = "timed_out"
    """It took longer than its timeout."""
    STILL_RUNNING = "still_running"
    """An earlier run has not ended; no second one is begun."""
    UNFINISHED = "unfinished"
    """The report was due before the check had ended."""
    QUEUED = "queued"
    """The report was due before the check had begun."""
    BLOCKED = "blocked"
    """What it depends on has failed."""
    NOT_MEANT = "not_meant"
    """Its conditions say that it does not run here."""
    MISCONFIGURED = "misconfigured"
    """It could not be defined, or cannot be run as it was."""
    STALE = "stale"
    """Its latest result is too old to be believed."""


class Detail(StrEnum):
    """How much of a report somebody may see."""

    NONE = "none"
    """The status of the whole."""
    SUMMARY = "summary"
    """Names and verdicts."""
    FULL = "full"
    """Messages, evidence and measurements too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is known of a check without running it.

    Attributes:
        name: Its identity in its registry.
        description: Sentence for people.
        is_critical: Its failure makes the whole unhealthy, and not only degraded.
    """

    name: str
    description: str
    tags: frozenset[str] = frozenset()
    is_critical: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a failure looked like, for those who may see it.

    Attributes:
        expected: What was asked for, in the words of Python; `None` when nothing was compared.
        actual: What was found instead.
        where: The line that failed, as ``file:line in function`` and its source below.
        traceback: The whole traceback; shown in development only.
    """

    expected: str | None = None
    actual: str | None = None
    where: str | None = None
    traceback: str | None = None


class CheckResult(NamedTuple):
    """What came of one run of a check.

    A tuple and no dataclass, because one is built for every run of every check, and a frozen
    dataclass takes five times as long.

    Attributes:
        label: Of which check.
        status: What it means for the whole; `None` when it says nothing of it.
        message: Sentence for people, with secrets removed; may be empty.
        at: When the run began, in seconds since 1970, UTC; for people.
        finished: When it was over, on the monotonic clock; for ages.
        duration_ms: Milliseconds that the run took.
        note: What else to know, such as when the check runs next.
        is_stale: It is shown because no newer one came in time.
        raw_verdict: The verdict of this very run, where the reported one waits for more of them.
    """

    label: Label
    verdict: CheckVerdict
    status: HealthStatus | None
    ending: Ending
    message: str
    at: float
    finished: float
    duration_ms: float
    evidence: Evidence | None = None
    metadata: Mapping[str, Any] = NO_METADATA
    note: str = ""
    is_stale: bool = False
    raw_verdict: CheckVerdict | None = None

    @property
    def name(self) -> str:
        """Return the identity of the check."""
        return self.label.name

    @property
    def checked_at(self) -> datetime:
        """Return when the run began, aware UTC."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def is_bad(self) -> bool:
        """Tell whether it failed, or could not say."""
        return self.verdict in _BAD

    def to_component(self) -> ComponentStatus:
        """Return the component that this result is of; a skipped one counts as healthy."""
        return ComponentStatus(
            name=self.label.name,
            status=self.status or HealthStatus.HEALTHY,
            message=self.message,
            response_time_ms=self.duration_ms,
            metadata=self.metadata,
        )


class Report(NamedTuple):
    """What all checks that were asked for said, in the order of their registration.

    A tuple as well: several are made for every probe, of what is known already.

    Attributes:
        status: The worst of all; nothing at all is never healthy, unless that was asked for.
        at: When it was made, in seconds since 1970, UTC.
        made: When it was made, on the monotonic clock.
        duration_ms: Milliseconds that it took to make.
        problem: Why there is nothing to report; empty when there is something.
        application: Name and version of the program.
        environment: Such as ``production``.
    """

    results: tuple[CheckResult, ...]
    status: HealthStatus
    at: float
    made: float
    duration_ms: float
    problem: str = ""
    application: str = ""
    version: str = ""
    environment: str = ""

    @classmethod
    def of(
        cls,
        results: Iterable[CheckResult],
        *,
        at: float,
        made: float,
        duration_ms: float,
        empty: HealthStatus = HealthStatus.UNHEALTHY,
        application: str = "",
        version: str = "",
        environment: str = "",
    ) -> Report:
        """Sum up results.

        Args:
            results: In the order of registration.
            at: When the report was made, in seconds since 1970.
            made: The same on the monotonic clock.
            duration_ms: How long it took.
            empty: The status when no result says anything of the whole.
            application: Name of the program.
            version: Its version.
            environment: Where it runs.
        """
        listed = tuple(results)
        said = {result.status for result in listed if result.status is not None}
        return cls(
            results=listed,
            status=HealthStatus.worst_of(said) if said else empty,
            at=at,
            made=made,
            duration_ms=duration_ms,
            problem="" if said else _why_nothing(listed),
            application=application,
            version=version,
            environment=environment,
        )

    @property
    def made_at(self) -> datetime:
        """Return when it was made, aware UTC."""
        return datetime.fromtimestamp(self.at, UTC)

    def age_s(self, result: CheckResult) -> float:
        """Return how long ago a result was found when the report was made, in seconds."""
        return max(0.0, self.made - result.finished)

    def to_system(self) -> SystemHealthStatus:
        """Return the same in the words of components."""
        return SystemHealthStatus(
            overall_status=self.status,
            components=tuple(result.to_component() for result in self.results),
            timestamp=self.made_at,
        )


def _why_nothing(results: tuple[CheckResult, ...]) -> str:
    if results:
        return "Every check was skipped, so nothing is known."
    return "No checks are registered, so nothing is known."
