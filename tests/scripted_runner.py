"""A runner that says what it was told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from allgreen.domain.report import NO_METADATA, CheckResult, Ending, Label, Report
from allgreen.domain.status import CheckVerdict
from allgreen.health.runs import DEADLINE_S, Runs

AT = 1_776_211_092.0  # 14 April 2026, 23:58:12 UTC


class Asking(NamedTuple):
    """What a runner was asked."""

    tags: frozenset[str]
    deadline_s: float
    fresh: bool


def result(
    name: str = "database",
    verdict: CheckVerdict = CheckVerdict.PASSED,
    *,
    tags: Collection[str] = (),
    critical: bool = True,
    ending: Ending = Ending.ANSWERED,
    message: str = "",
    metadata: Mapping[str, Any] = NO_METADATA,
) -> CheckResult:
    """Build a result that took 12 ms."""
    label = Label(
        name=name,
        description=f"{name.capitalize()} is well",
        tags=frozenset(tags),
        is_critical=critical,
    )
    return CheckResult(
        label=label,
        verdict=verdict,
        status=verdict.health(is_critical=critical),
        ending=ending,
        message=message,
        at=AT,
        finished=100.0,
        duration_ms=12.0,
        metadata=metadata,
    )


def passed(name: str = "database", *, tags: Collection[str] = ()) -> CheckResult:
    """Build the result of a check that passed."""
    return result(name, tags=tags)


def failed(
    name: str = "database", *, tags: Collection[str] = (), critical: bool = True
) -> CheckResult:
    """Build the result of a check that failed."""
    return result(
        name,
        CheckVerdict.FAILED,
        tags=tags,
        critical=critical,
        message=f"{name.capitalize()} gave no answer",
    )


def report_of(*results: CheckResult, made: float = 100.0) -> Report:
    """Build a report at a fixed time."""
    return Report.of(
        results,
        at=AT,
        made=made,
        duration_ms=13.0,
        application="orders-api",
        version="4.12.0",
        environment="production",
    )


class ScriptedRunner(Runs):
    """Reports on results that a test may change, those with the tags that are asked for."""

    def __init__(self, *results: CheckResult, raising: Exception | None = None) -> None:
        self.results = list(results)
        self.raising = raising
        self.asked: list[Asking] = []
        self.known: list[CheckResult] = []
        self.made = 100.0

    def run(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return the results that have one of the tags; all of them without tags."""
        assert names is None
        self.asked.append(Asking(frozenset(tags), deadline_s, fresh))
        if self.raising is not None:
            raise self.raising
        wanted = [each for each in self.results if not tags or each.label.tags & frozenset(tags)]
        return report_of(*wanted, made=self.made)

    async def run_async(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Do the same."""
        return self.run(names, tags=tags, deadline_s=deadline_s, fresh=fresh)

    def recall(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        stale_after_s: float,
    ) -> Report:
        """Return the results that a test says are known."""
        return report_of(*self.known, made=self.made)
