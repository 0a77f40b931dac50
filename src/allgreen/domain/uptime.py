"""Uptime: seconds of each kind of time, percentages that never flatter, grades of days.

Uptime is (up + degraded) / (up + degraded + down). Unknown, paused and maintenance are neither.
The six kinds add up to exactly the window. A group pools its seconds. Percentages are floored:
99.999 % is not 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from allgreen.domain.check import Check
from allgreen.domain.result import Result
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import DayGrade, Outcome, TimeKind

ZERO = timedelta(0)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one kind of time; without an end it still lasts."""

    kind: TimeKind
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much time of each kind passed in a window."""

    up: timedelta = ZERO
    degraded: timedelta = ZERO
    down: timedelta = ZERO
    unknown: timedelta = ZERO
    paused: timedelta = ZERO
    maintenance: timedelta = ZERO

    @classmethod
    def pooled(cls, tallies: Iterable[Tally]) -> Tally:
        """Add up the time of a group, or of several windows."""
        total = dict.fromkeys(TimeKind, ZERO)
        for tally in tallies:
            for kind in TimeKind:
                total[kind] += tally.of_kind(kind)
        return cls.from_kinds(total)

    @classmethod
    def from_kinds(cls, kinds: Mapping[TimeKind, timedelta]) -> Tally:
        """Build a tally from time by kind."""
        return cls(**{kind.value: time_ for kind, time_ in kinds.items()})

    @classmethod
    def filled(cls, kinds: Mapping[TimeKind, timedelta], whole: timedelta) -> Tally:
        """Build the tally of a window that is `whole` long; what is missing in it is unknown."""
        rest = max(whole, ZERO) - sum(kinds.values(), ZERO)
        unknown = kinds.get(TimeKind.UNKNOWN, ZERO) + rest
        return cls.from_kinds({**kinds, TimeKind.UNKNOWN: unknown})

    def of_kind(self, kind: TimeKind) -> timedelta:
        """Return the time of one kind."""
        value: timedelta = getattr(self, kind.value)
        return value

    @property
    def good(self) -> timedelta:
        """Return the time in which the service held."""
        return self.up + self.degraded

    @property
    def known(self) -> timedelta:
        """Return the time that counts."""
        return self.good + self.down

    @property
    def whole(self) -> timedelta:
        """Return the length of the window."""
        return self.known + self.unknown + self.paused + self.maintenance

    def uptime_pct(self, decimals: int = 2) -> float | None:
        """Return the percentage, floored at `decimals`; `None` when no time is known."""
        if not self.known:
            return None
        good, known = self._shares
        scale: int = 10**decimals
        floored: int = good * 100 * scale // known
        return floored / scale

    @property
    def grade(self) -> DayGrade:
        """Return the grade, by exact comparison: 95 % is minor, 50 % is partial."""
        if not self.known:
            return DayGrade.MAINTENANCE if self.maintenance else DayGrade.NONE
        if not self.down:
            return DayGrade.FULL
        good, known = self._shares
        if good * 100 >= known * 95:
            return DayGrade.MINOR
        if good * 100 >= known * 50:
            return DayGrade.PARTIAL
        return DayGrade.MAJOR

    @property
    def _shares(self) -> tuple[int, int]:
        # Whole numbers: a thousand services pool more days than a `timedelta` can be multiplied by.
        return self.good // MICROSECOND, self.known // MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """What happened to one check in one bucket of time.

    Attributes:
        outcomes: How many results of each outcome; quick re-probes are counted too.
        latencies: Latencies of the results that have one.
    """

    tally: Tally = field(default_factory=Tally)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    latencies: LatencySketch = field(default_factory=LatencySketch)

    @classmethod
    def of(
        cls, spans: Sequence[Span], results: Iterable[Result], begin: datetime, end: datetime
    ) -> RollUp:
        """Sum up a bucket; the same spans and results always give the same row."""
        outcomes = dict.fromkeys(Outcome, 0)
        latencies = []
        for result in results:
            outcomes[result.outcome] += 1
            if result.outcome in (Outcome.OK, Outcome.SLOW) and result.latency_ms is not None:
                latencies.append(result.latency_ms)
        return cls(
            tally=tally(spans, begin, end),
            outcomes={outcome: count for outcome, count in outcomes.items() if count},
            latencies=LatencySketch.of(latencies),
        )

    @classmethod
    def pooled(cls, roll_ups: Iterable[RollUp]) -> RollUp:
        """Add up several buckets, or a group."""
        listed = list(roll_ups)
        outcomes = dict.fromkeys(Outcome, 0)
        for roll_up in listed:
            for outcome, count in roll_up.outcomes.items():
                outcomes[outcome] += count
        return cls(
            tally=Tally.pooled(roll_up.tally for roll_up in listed),
            outcomes={outcome: count for outcome, count in outcomes.items() if count},
            latencies=LatencySketch.merged(roll_up.latencies for roll_up in listed),
        )

    @property
    def ran(self) -> int:
        """Return how many runs happened; missed slots did not."""
        return sum(self.outcomes.values()) - self.failed_to_run

    @property
    def failed(self) -> int:
        """Return how many runs found the target failing."""
        return self.outcomes.get(Outcome.FAIL, 0)

    @property
    def failed_to_run(self) -> int:
        """Return how many slots were missed."""
        return self.outcomes.get(Outcome.MISSED, 0)


def tally(spans: Sequence[Span], begin: datetime, end: datetime) -> Tally:
    """Measure spans of one check in a window; time without a span is unknown.

    The spans do not overlap; one without an end lasts beyond the window.
    """
    kinds = dict.fromkeys(TimeKind, ZERO)
    for span in spans:
        first = max(span.began_at, begin)
        last = end if span.ended_at is None else min(span.ended_at, end)
        kinds[span.kind] += max(last - first, ZERO)
    return Tally.filled(kinds, end - begin)


def worst_spans(by_check: Iterable[Sequence[Span]], begin: datetime, end: datetime) -> list[Span]:
    """Lay the spans of several checks over one another; at each moment the worst one counts.

    The order is down, degraded, up, maintenance, paused, unknown: a check without data hides
    nothing of the others, as in `ServiceHealth.worst_of`.
    """
    lists = [[_clip(span, begin, end) for span in spans] for spans in by_check]
    bounds = sorted({begin, end}.union(*({s.began_at, _end(s)} for spans in lists for s in spans)))
    rows = [_laid_out(spans, bounds) for spans in lists]
    merged: list[Span] = []
    for place, (first, last) in enumerate(pairwise(bounds)):
        kind = max((row[place] for row in rows), key=_WORSE.index, default=TimeKind.UNKNOWN)
        began_at = merged.pop().began_at if merged and merged[-1].kind is kind else first
        merged.append(Span(kind=kind, began_at=began_at, ended_at=last))
    return merged


def until_covered(spans: Sequence[Span], check: Check, now: datetime) -> list[Span]:
    """Close an open span where evidence ends, so that silence is never counted as health.

    Three slots may pass without a result; then the time since the slot after the last evidence
    is unknown, just as the state machine will say when it hears of the missed slots.
    """
    since = silent_since(check, now)
    if not spans or spans[-1].ended_at is not None or since is None:
        return list(spans)
    open_span = spans[-1]
    if open_span.kind in (TimeKind.PAUSED, TimeKind.MAINTENANCE):
        return list(spans)
    end = max(since, open_span.began_at)
    return [*spans[:-1], Span(kind=open_span.kind, began_at=open_span.began_at, ended_at=end)]


def silent_since(check: Check, now: datetime) -> datetime | None:
    """Return from when a check has nothing to say; `None` while its silence may still be chance."""
    last = check.state.last_evidence_at
    if last is None:
        return None
    patience = check.schedule.every * check.confirmation.blind + check.timeout
    return check.schedule.next_after(last) if now > last + patience else None


_WORSE = (
    TimeKind.UNKNOWN,
    TimeKind.PAUSED,
    TimeKind.MAINTENANCE,
    TimeKind.UP,
    TimeKind.DEGRADED,
    TimeKind.DOWN,
)


def _laid_out(spans: Sequence[Span], bounds: Sequence[datetime]) -> list[TimeKind]:
    """Return what each piece between two bounds counts as; one pass, however many spans."""
    kinds: list[TimeKind] = []
    rest = iter(spans)
    span = next(rest, None)
    for first in bounds[:-1]:
        while span is not None and _end(span) <= first:
            span = next(rest, None)
        is_there = span is not None and span.began_at <= first
        kinds.append(span.kind if span and is_there else TimeKind.UNKNOWN)
    return kinds


def _clip(span: Span, begin: datetime, end: datetime) -> Span:
    first = min(max(span.began_at, begin), end)
    last = max(min(span.ended_at or end, end), first)
    return Span(kind=span.kind, began_at=first, ended_at=last)


def _end(span: Span) -> datetime:
    assert span.ended_at is not None
    return span.ended_at
