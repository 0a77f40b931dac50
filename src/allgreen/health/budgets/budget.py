"""Budget: how many runs of a check its period has left, as a pure function of what was kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.frequency import Frequency
from allgreen.health.quoting import cut

LONGEST_MESSAGE: Final = 2000

_LAST_INSTANT_S: Final = 253_370_764_800.0
"""The begin of the year 9999: calendars end there."""

_MOST_OPEN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """What is kept of the last result of a check, until it runs again.

    Attributes:
        status: What it means for the whole; `None` when it says nothing of it.
        message: Sentence for people, without secrets.
        at: When the run began, in seconds since 1970.
    """

    verdict: CheckVerdict
    status: HealthStatus | None
    message: str
    at: float
    duration_ms: float
    ending: Ending = Ending.ANSWERED

    @property
    def is_bad(self) -> bool:
        """Tell whether the check failed, or could not say."""
        return self.verdict in (CheckVerdict.FAILED, CheckVerdict.ERROR)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {
            "verdict": self.verdict,
            "status": self.status,
            "message": cut(self.message, LONGEST_MESSAGE),
            "at": self.at,
            "duration_ms": self.duration_ms,
            "ending": self.ending,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it again.

        Raises:
            ValueError: It is something else; also as `TypeError` or `LookupError`.
        """
        status = stored["status"]
        return cls(
            verdict=CheckVerdict(stored["verdict"]),
            status=None if status is None else HealthStatus(status),
            message=cut(_text(stored["message"]), LONGEST_MESSAGE),
            at=_instant(stored["at"]),
            duration_ms=_number(stored["duration_ms"]),
            ending=Ending(stored["ending"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A run that was taken from the budget, and has brought no result yet.

    Attributes:
        id: Differs for each run on each machine.
        pid: Of the process that runs it.
        boot: Of its machine since it was started; empty where that cannot be told.
        at: When it was taken, in seconds since 1970.
    """

    id: str
    pid: int
    boot: str
    at: float

    def to_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {"id": self.id, "pid": self.pid, "boot": self.boot, "at": self.at}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it again; raises as `StoredResult.from_json` does."""
        return cls(
            id=_text(stored["id"]),
            pid=_count(stored["pid"]),
            boot=_text(stored["boot"]),
            at=_instant(stored["at"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is known of the runs of a check.

    Attributes:
        used: Runs that the period of the latest one has seen.
        latest: When the latest one was taken, in seconds since 1970; `None` for never.
        open: Those without a result, oldest first.
        last: The last result.
    """

    used: int = 0
    latest: float | None = None
    open: tuple[Mark, ...] = ()
    last: StoredResult | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {
            "used": self.used,
            "latest": self.latest,
            "open": [mark.to_json() for mark in self.open],
            "last": None if self.last is None else self.last.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it again; raises as `StoredResult.from_json` does."""
        latest, last = stored["latest"], stored["last"]
        return cls(
            used=_count(stored["used"]),
            latest=None if latest is None else _instant(latest),
            open=tuple(Mark.from_json(mark) for mark in stored["open"][-_MOST_OPEN:]),
            last=None if last is None else StoredResult.from_json(last),
        )

    def taking(self, mark: Mark) -> Budget:
        """Return the budget after one more run was begun, and before it has ended."""
        latest = mark.at if self.latest is None else max(self.latest, mark.at)
        return replace(self, latest=latest, open=(*self.open, mark)[-_MOST_OPEN:])

    def settled(self, mark: Mark, result: StoredResult, gone: Iterable[Mark]) -> Budget:
        """Return the budget after a run brought its result.

        Args:
            mark: Of the run.
            result: What came of it; an older one than the last changes nothing.
            gone: Runs that will bring none; this result is newer than theirs would be.
        """
        left = tuple(each for each in self.open if each.id != mark.id and each not in {*gone})
        is_newer = self.last is None or result.at >= self.last.at
        return replace(self, open=left, last=result if is_newer else self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The answer to "may it run now?".

    Attributes:
        budget: What is to be kept from now on.
        is_granted: It may.
        next_at: When it may next if it may not now, in seconds since 1970.
        reason: Why not, where that is not only that all runs are used.
    """

    budget: Budget
    is_granted: bool
    next_at: float
    reason: str = ""


def spend(
    budget: Budget,
    frequency: Frequency,
    mark: Mark,
    retry_failures_after_s: float | None = None,
) -> Spent:
    """Take one run of a budget, if there is one.

    A clock that was set back grants nothing: while it shows a period before that of the latest
    run, no run is granted, so that no period ever has more than its limit by anybody's clock. When
    the latest run lies further ahead than the next period, the clock of that time is not believed:
    the period of now counts as used up, and with the next one all is as usual.

    Args:
        budget: What was kept.
        frequency: How many runs each period has.
        mark: The run that is wanted, at the time of now.
        retry_failures_after_s: Run a check that failed again when its latest run was begun so many
            seconds ago, whatever its budget; `None` for never.
    """
    now = mark.at
    begin, end = frequency.period_of(now)
    latest = -math.inf if budget.latest is None else budget.latest
    if latest >= end:
        if latest >= frequency.period_of(end)[1]:
            budget = replace(budget, used=frequency.limit, latest=now)
        return Spent(budget=budget, is_granted=False, next_at=end, reason="The clock was set back.")
    used = budget.used if latest >= begin else 0
    if used < frequency.limit:
        return _granted(replace(budget, used=used + 1), mark)
    if retry_failures_after_s is None or budget.last is None or not budget.last.is_bad:
        return Spent(budget=budget, is_granted=False, next_at=end)
    if now >= latest + retry_failures_after_s:
        return _granted(budget, mark)
    return Spent(budget=budget, is_granted=False, next_at=min(end, latest + retry_failures_after_s))


def find_last_chance(frequency: Frequency, now: float) -> Budget:
    """Return the budget to go on with when what was kept cannot be read any more.

    It has one run left. None would leave a program without a result until the next period, for a
    fault of ours; all of them could be more than the limit.
    """
    return Budget(used=frequency.limit - 1, latest=now)


def merge(ours: Budget, theirs: Budget, frequency: Frequency) -> Budget:
    """Return a budget that grants no more than either of two that were kept apart.

    The last result is the newer one of both; the runs without one are those of `ours`.
    """
    latest = max((each.latest for each in (ours, theirs) if each.latest is not None), default=None)
    if latest is None:
        return ours
    begin, _ = frequency.period_of(latest)
    counted = [each for each in (ours, theirs) if each.latest is not None and each.latest >= begin]
    results = [each.last for each in (ours, theirs) if each.last is not None]
    return Budget(
        used=max(each.used for each in counted),
        latest=latest,
        open=ours.open,
        last=max(results, key=lambda result: result.at, default=None),
    )


def _granted(budget: Budget, mark: Mark) -> Spent:
    return Spent(budget=budget.taking(mark), is_granted=True, next_at=mark.at)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _instant(value: object) -> float:
    number = _number(value)
    if not 0 <= number < _LAST_INSTANT_S:
        raise ValueError(f"{value!r} is no time")
    return number


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise TypeError(f"{value!r} is no count")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
