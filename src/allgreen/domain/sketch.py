"""A mergeable sketch of latencies: quantiles over any range and group from small rows.

Values fall into buckets whose bounds grow by a constant factor, so that a quantile is exact to
a relative error of ``(GAMMA - 1) / (GAMMA + 1)``, just under 1 % (Masson, Rim, Lee: "DDSketch",
VLDB 2019). Merging adds counts; it loses nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

GAMMA = 1.02
_LOG_GAMMA = math.log(GAMMA)
_SMALLEST_MS = 0.01


@dataclass(frozen=True, slots=True)
class LatencySketch:
    """Counts of latencies by logarithmic bucket."""

    buckets: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, latencies_ms: Iterable[float]) -> LatencySketch:
        """Count latencies in milliseconds; what lies under 0.01 ms counts as 0.01 ms."""
        return cls(Counter(_bucket(latency) for latency in latencies_ms))

    @classmethod
    def merged(cls, sketches: Iterable[LatencySketch]) -> LatencySketch:
        """Add sketches up."""
        total: Counter[int] = Counter()
        for sketch in sketches:
            total.update(sketch.buckets)
        return cls(total)

    @property
    def count(self) -> int:
        """Return how many latencies were counted."""
        return self.buckets.total()

    def quantile_ms(self, q: float) -> float | None:
        """Return the nearest-rank quantile in milliseconds; `None` when nothing was counted.

        Args:
            q: Between 0 and 1; 0.5 is the median.
        """
        rank = max(1, math.ceil(q * self.count))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return 2 * GAMMA**bucket / (GAMMA + 1)
        return None

    def to_text(self) -> str:
        """Return a compact text, the buckets in order as ``distance*count``."""
        parts: list[str] = []
        previous = 0
        for bucket in sorted(self.buckets):
            count = self.buckets[bucket]
            parts.append(f"{bucket - previous}" + (f"*{count}" if count > 1 else ""))
            previous = bucket
        return " ".join(parts)

    @classmethod
    def from_text(cls, text: str) -> LatencySketch:
        """Read what `to_text` wrote."""
        buckets: Counter[int] = Counter()
        bucket = 0
        for part in text.split():
            distance, _, count = part.partition("*")
            bucket += int(distance)
            buckets[bucket] = int(count or 1)
        return cls(buckets)


def _bucket(latency_ms: float) -> int:
    return math.ceil(math.log(max(latency_ms, _SMALLEST_MS)) / _LOG_GAMMA)
