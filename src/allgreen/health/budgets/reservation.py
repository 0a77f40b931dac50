"""Reservation and refusal: what a ledger says to who wants to run a check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from allgreen.health.budgets.budget import Mark, StoredResult
from allgreen.health.frequency import Frequency

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A run that was granted; `Ledger.settle` takes its result."""

    check_name: str
    frequency: Frequency
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a check does not run now, and what it said last.

    Attributes:
        last: Its last result; `None` when it has none.
        next_at: When it may run next, in seconds since 1970.
        unfinished_at: When a run was begun that has brought no result; `None` for none.
        is_unfinished_alive: The process of that run still runs, as far as can be seen.
        reason: Why it does not run, where that is not only that all runs of the period are used.
    """

    frequency: Frequency
    last: StoredResult | None
    next_at: float
    unfinished_at: float | None = None
    is_unfinished_alive: bool = False
    reason: str = ""

    def describe(self, now: float) -> str:
        """Return sentences for people, such as ``Ran 3 h ago. … Next at 00:00 UTC.``.

        Args:
            now: Seconds since 1970.
        """
        parts = (
            f"Ran {_age(now - self.last.at)} ago." if self.last else "It has no result yet.",
            self._unfinished(now),
            self.reason,
            f"Runs {self.frequency}.",
            f"Next {self._moment(self.next_at, now)}.",
        )
        return " ".join(part for part in parts if part)

    def _unfinished(self, now: float) -> str:
        if self.unfinished_at is None:
            return ""
        ending = "has not finished yet" if self.is_unfinished_alive else "did not finish"
        return f"A run that began {self._moment(self.unfinished_at, now)} {ending}."

    def _moment(self, at: float, now: float) -> str:
        zone = self.frequency.zone or "UTC"
        moment = datetime.fromtimestamp(at // 1, UTC)
        if self.frequency.zone is not None:
            from zoneinfo import ZoneInfo  # noqa: PLC0415 - few frequencies have a zone

            moment = moment.astimezone(ZoneInfo(zone))
        clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
        day = "" if abs(at - now) <= _DAY_S else f"on {moment:%Y-%m-%d} "
        return f"{day}at {clock} {zone}"


def _age(seconds: float) -> str:
    for limit, unit, length in ((60, "s", 1), (3600, "min", 60), (_DAY_S, "h", 3600)):
        if seconds < limit:
            return f"{max(0, seconds // length):.0f} {unit}"
    return f"{seconds // _DAY_S:.0f} d"
