"""Standing: in which of four groups a check is shown, and the sentence that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from allgreen.domain.report import CheckResult, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.exporters.words import number_in_words, with_separators

_NO_CHECKS: Final = "No checks are registered"
_LONGEST_PROBLEM: Final = 500


class Standing(StrEnum):
    """What a result means for the whole, from worst to best."""

    FAILING = "failing"
    DEGRADED = "degraded"
    PASSING = "passing"
    SKIPPED = "skipped"

    @classmethod
    def of(cls, result: CheckResult) -> Standing:
        """Return the group of a result; nothing that failed is ever among the passing ones."""
        return _STANDINGS[result.verdict, result.status]


def count_standings(report: Report) -> Counter[Standing]:
    """Return how many results are in each group."""
    return Counter([_STANDINGS[result.verdict, result.status] for result in report.results])


def describe(report: Report, *, in_digits: bool = False) -> str:
    """Return one sentence that says how the checks are: ``Two of nine checks fail.``

    Args:
        report: What the checks said.
        in_digits: ``2 of 9 checks fail.`` instead.
    """
    if not report.results:
        return _describe_nothing(report)
    count = count_standings(report)
    spell = with_separators if in_digits else number_in_words
    for bad in (Standing.FAILING, Standing.DEGRADED):
        if count[bad]:
            return _describe_share(count[bad], len(report.results), bad, spell)
    if count[Standing.PASSING] and count[Standing.SKIPPED]:
        return _describe_both(count[Standing.PASSING], count[Standing.SKIPPED], spell)
    only = Standing.PASSING if count[Standing.PASSING] else Standing.SKIPPED
    return _describe_share(count[only], len(report.results), only, spell)


def describe_without_numbers(report: Report) -> str:
    """Return the sentence for those who may see the status and nothing else."""
    return f"This program is {report.status}."


def _stand(verdict: CheckVerdict, status: HealthStatus | None) -> Standing:
    if status is HealthStatus.UNHEALTHY:
        return Standing.FAILING
    if status is HealthStatus.DEGRADED or verdict in (CheckVerdict.FAILED, CheckVerdict.ERROR):
        return Standing.DEGRADED
    return Standing.PASSING if verdict is CheckVerdict.PASSED else Standing.SKIPPED


# Asked for every result of every report, and so looked up.
_STANDINGS: Final = {
    (verdict, status): _stand(verdict, status)
    for verdict in CheckVerdict
    for status in (*HealthStatus, None)
}
_VERBS: Final = {
    Standing.FAILING: ("fails", "fail"),
    Standing.DEGRADED: ("is degraded", "are degraded"),
    Standing.PASSING: ("passes", "pass"),
    Standing.SKIPPED: ("is skipped", "are skipped"),
}
_PAIR: Final = 2

_Spell = Callable[[int], str]


def _describe_nothing(report: Report) -> str:
    # Some reports are empty for another reason: a program that is still starting says so itself.
    if report.problem and not report.problem.startswith(_NO_CHECKS):
        return report.problem[:_LONGEST_PROBLEM]
    return f"{_NO_CHECKS}."


def _describe_share(count: int, total: int, standing: Standing, spell: _Spell) -> str:
    singular, plural = _VERBS[standing]
    if total == 1:
        return f"The only check {singular}."
    if count == total:
        all_of_them = "Both" if total == _PAIR else f"All {spell(total)}"
        return f"{all_of_them} checks {plural}."
    verb = singular if count == 1 else plural
    return f"{spell(count).capitalize()} of {spell(total)} checks {verb}."


def _describe_both(passing: int, skipped: int, spell: _Spell) -> str:
    first = "check passes" if passing == 1 else "checks pass"
    second = _VERBS[Standing.SKIPPED][skipped != 1]
    return f"{spell(passing).capitalize()} {first}, {spell(skipped)} {second}."
