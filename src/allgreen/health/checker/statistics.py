"""Statistics: how fast and how available each component was, in the last hour and the last day.

Time is cut into slots; a closed slot is a few packed bytes. A component therefore takes less than
10 kB, however often it is recorded and however its response times are spread.
"""

from __future__ import annotations

import struct
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import HealthStatus
from allgreen.health.locks import ForkLock

HOUR_S: Final = 3600
DAY_S: Final = 86_400
_FINE_S: Final = 600
_COARSE_S: Final = 10_800

_MOST_COMPONENTS: Final = 1000
_MOST_BUCKETS: Final = 32
_LONGEST_MS: Final = DAY_S * 1000.0
_FEWEST_RUNS: Final = 5
"""With fewer in the hour, or outside of it, a difference says nothing."""

_SLOWER: Final = 1.25
_NOISE_MS: Final = 1.0
_LESS_AVAILABLE_PCT: Final = 1.0


class Trend(StrEnum):
    """How the last hour was, against the last day."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured in a stretch of time.

    Attributes:
        runs: How many results there were.
        availability_pct: Share of them that were not unhealthy, floored at two decimals: 99.999
            is not 100. `None` without any, as all the others.
        p50_ms: Median of the response times, to within a few per cent; as the other percentiles.
    """

    runs: int = 0
    availability_pct: float | None = None
    mean_ms: float | None = None
    min_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStatistics:
    """What is known of the past of one component.

    Attributes:
        status: The latest.
        hour: The last 50 to 60 minutes.
        day: The last 21 to 24 hours, with that hour.
        trend: The hour against the day; `None` while too little is known of either.
        runs: Since the program began.
        consecutive_failures: How many of the latest results in a row were not healthy.
        changed_s_ago: Since when the status is what it is, in seconds; `None` when it never
            changed.
    """

    name: str
    status: HealthStatus
    hour: Figures
    day: Figures
    trend: Trend | None
    runs: int
    consecutive_failures: int
    changed_s_ago: float | None


@final
class Statistics:
    """Counts results of components; safe in threads.

    Of more than 1,000 components, those that were not seen for longest are forgotten.
    """

    def __init__(self) -> None:
        self._lock = ForkLock()
        self._pasts: dict[str, _Past] = {}

    def record(self, name: str, status: HealthStatus, response_time_ms: float, at: float) -> None:
        """Count a result.

        Args:
            name: Of the component.
            status: What it was.
            response_time_ms: Milliseconds; what is negative or no number counts as 0, and what is
                longer than a day as a day.
            at: When, in seconds on a monotonic clock.
        """
        with self._lock:
            past = self._pasts.get(name) or self._begin(name, status, at)
            past.record(status, _measured(response_time_ms), at)

    def of(self, name: str, at: float) -> ComponentStatistics | None:
        """Return what is known of a component; `None` when it was never recorded.

        Args:
            name: Of the component.
            at: Now, on the same clock as in `record`.
        """
        with self._lock:
            past = self._pasts.get(name)
            return past.sum_up(name, at) if past else None

    def list_all(self, at: float) -> tuple[ComponentStatistics, ...]:
        """Return what is known of each component, in the order of their names."""
        with self._lock:
            return tuple(past.sum_up(name, at) for name, past in sorted(self._pasts.items()))

    def forget(self, name: str) -> None:
        """Forget a component; does nothing when it was never recorded."""
        with self._lock:
            self._pasts.pop(name, None)

    def _begin(self, name: str, status: HealthStatus, at: float) -> _Past:
        if len(self._pasts) >= _MOST_COMPONENTS:
            del self._pasts[min(self._pasts, key=lambda known: self._pasts[known].seen_at)]
        past = self._pasts[name] = _Past(status, at)
        return past


def compare(hour: Figures, day: Figures) -> Trend | None:
    """Return how an hour was against the day that it is a part of.

    Worse in one way outweighs better in another.
    """
    if hour.runs < _FEWEST_RUNS or day.runs - hour.runs < _FEWEST_RUNS:
        return None
    ways = {
        _compare_availability(hour.availability_pct or 0.0, day.availability_pct or 0.0),
        _compare_speed(hour.p50_ms or 0.0, day.p50_ms or 0.0),
    }
    return next(trend for trend in (Trend.WORSE, Trend.BETTER, Trend.SAME) if trend in ways)


def _measured(response_time_ms: float) -> float:
    return min(response_time_ms, _LONGEST_MS) if response_time_ms > 0 else 0.0


def _compare_availability(hour_pct: float, day_pct: float) -> Trend:
    if abs(hour_pct - day_pct) < _LESS_AVAILABLE_PCT:
        return Trend.SAME
    return Trend.WORSE if hour_pct < day_pct else Trend.BETTER


def _compare_speed(hour_ms: float, day_ms: float) -> Trend:
    if abs(hour_ms - day_ms) < _NOISE_MS:
        return Trend.SAME
    if hour_ms > day_ms * _SLOWER:
        return Trend.WORSE
    return Trend.BETTER if hour_ms * _SLOWER < day_ms else Trend.SAME


@final
class _Past:
    """The past of one component: closed slots of the last hour and day, and those still open.

    A slot of the hour is folded into one of the day when it closes, so that a result is counted
    once.
    """

    __slots__ = (
        "_day", "_hour", "_now", "_today", "changed_at", "failures", "runs", "seen_at", "status",
    )  # fmt: skip

    def __init__(self, status: HealthStatus, at: float) -> None:
        self._now = _Slot(_begin_of(at, _FINE_S))
        self._hour: deque[bytes] = deque(maxlen=HOUR_S // _FINE_S - 1)
        self._today = _Slot(_begin_of(at, _COARSE_S))
        self._day: deque[bytes] = deque(maxlen=DAY_S // _COARSE_S - 1)
        self.status = status
        self.seen_at = at
        self.changed_at: float | None = None
        self.failures = 0
        self.runs = 0

    def record(self, status: HealthStatus, response_time_ms: float, at: float) -> None:
        if status is not self.status:
            self.status = status
            self.changed_at = at
        self.failures = 0 if status is HealthStatus.HEALTHY else self.failures + 1
        self.runs += 1
        self.seen_at = at
        # What is a little earlier than the open slot, as threads have it, counts in that one.
        if at >= self._now.begin + _FINE_S:
            self._close_slot(_begin_of(at, _FINE_S))
        self._now.record(status is not HealthStatus.UNHEALTHY, response_time_ms)

    def _close_slot(self, begin: int) -> None:
        closed, self._now = self._now, _Slot(begin)
        self._hour.append(closed.pack())
        if closed.begin >= self._today.begin + _COARSE_S:
            self._day.append(self._today.pack())
            self._today = _Slot(_begin_of(closed.begin, _COARSE_S))
        self._today.add(closed)

    def sum_up(self, name: str, at: float) -> ComponentStatistics:
        hour = _sum_up([*self._hour], [self._now], _begin_of(at, _FINE_S) - HOUR_S)
        day = _sum_up([*self._day], [self._today, self._now], _begin_of(at, _COARSE_S) - DAY_S)
        return ComponentStatistics(
            name=name,
            status=self.status,
            hour=hour,
            day=day,
            trend=compare(hour, day),
            runs=self.runs,
            consecutive_failures=self.failures,
            changed_s_ago=None if self.changed_at is None else max(0.0, at - self.changed_at),
        )


@final
class _Slot:
    """Results of one slot.

    Attributes:
        begin: When it begins, on the clock of who records.
        grain: So many neighbouring buckets of the sketch are counted as one.
    """

    __slots__ = (
        "_fresh",
        "begin",
        "buckets",
        "good",
        "grain",
        "longest",
        "runs",
        "shortest",
        "total",
    )

    def __init__(self, begin: int) -> None:
        self._fresh: list[float] = []
        self.begin = begin
        self.runs = 0
        self.good = 0
        self.total = 0.0
        self.shortest = float("inf")
        self.longest = 0.0
        self.grain = 1
        self.buckets: Counter[int] = Counter()

    def record(self, is_good: bool, response_time_ms: float) -> None:
        self.good += is_good
        self._fresh.append(response_time_ms)
        if len(self._fresh) >= _COUNTED_AT_ONCE:
            self.count()

    def count(self) -> None:
        """Count what was recorded: many at once, because that is cheaper."""
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self.runs += len(fresh)
            self.total += sum(fresh)
            self.shortest = min(self.shortest, *fresh)
            self.longest = max(self.longest, *fresh)
            self._add_buckets(LatencySketch.of(fresh).buckets, 1)

    def add(self, other: _Slot) -> None:
        self.add_numbers(other)
        self._add_buckets(other.buckets, other.grain)

    def add_numbers(self, other: _Slot) -> None:
        self.runs += other.runs
        self.good += other.good
        self.total += other.total
        self.shortest = min(self.shortest, other.shortest)
        self.longest = max(self.longest, other.longest)

    def _add_buckets(self, buckets: Counter[int], grain: int) -> None:
        self.grain = max(self.grain, grain)
        _add_rounded(buckets, self.grain, self.buckets)
        while len(self.buckets) > _MOST_BUCKETS:
            self.grain *= 2
            self.buckets = _add_rounded(self.buckets, self.grain, Counter())

    def pack(self) -> bytes:
        self.count()
        head = _HEAD.pack(
            self.begin, self.runs, self.good, self.total, self.shortest, self.longest, self.grain
        )
        return head + LatencySketch(self.buckets).to_text().encode("ascii")

    @classmethod
    def unpack(cls, packed: bytes) -> _Slot:
        begin, *counted = _HEAD.unpack_from(packed)
        slot = cls(begin)
        slot.runs, slot.good, slot.total, slot.shortest, slot.longest, slot.grain = counted
        slot.buckets = LatencySketch.from_text(packed[_HEAD.size :].decode("ascii")).buckets
        return slot


_HEAD: Final = struct.Struct("<qqqdddH")
_COUNTED_AT_ONCE: Final = 32
(_SMALLEST,) = LatencySketch.of((0.0,)).buckets


def _begin_of(at: float, size_s: int) -> int:
    return int(at // size_s) * size_s


def _add_rounded(buckets: Counter[int], grain: int, to: Counter[int]) -> Counter[int]:
    for bucket, count in buckets.items():
        to[max(round(bucket / grain) * grain, _SMALLEST)] += count
    return to


def _sum_up(closed: Iterable[bytes], still_open: Iterable[_Slot], after: int) -> Figures:
    """Sum up what began later than `after`."""
    total = _Slot(after)
    sketches: list[LatencySketch] = []
    for slot in (*map(_Slot.unpack, closed), *still_open):
        slot.count()
        if slot.runs and slot.begin > after:
            total.add_numbers(slot)
            sketches.append(LatencySketch(slot.buckets))
    if not total.runs:
        return Figures()
    return _figures(total, LatencySketch.merged(sketches))


def _figures(total: _Slot, sketch: LatencySketch) -> Figures:
    def quantile_ms(q: float) -> float:
        # A bucket has a middle, which must not lie beyond what was measured.
        return min(max(sketch.quantile_ms(q) or 0.0, total.shortest), total.longest)

    return Figures(
        runs=total.runs,
        availability_pct=total.good * 10_000 // total.runs / 100,
        mean_ms=total.total / total.runs,
        min_ms=total.shortest,
        p50_ms=quantile_ms(0.5),
        p95_ms=quantile_ms(0.95),
        p99_ms=quantile_ms(0.99),
        max_ms=total.longest,
    )
