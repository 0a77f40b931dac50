"""A mergeable sketch of latencies: quantiles over any range and group from small rows.

Values fall into buckets whose bounds grow by a constant factor, so that a quantile is exact to
a relative error of ``(GAMMA - 1) / (GAMMA + 1)``, just under 1 % (Masson, Rim, Lee: "DDSketch",
VLDB 2019). Merging adds counts; it loses nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

GAMMA = 1.02
_LOG_GAMMA = math.log(GAMMA)
_SMALLEST_MS = 0.01

# Three sets of digits, so that no separator is needed: a distance ends with a near one.
_NEAR = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
_FAR = "0123456789-+="
_COUNT = "xyz.,:;!?#$%&()*/<>@[]^_`{|}~"
_VALUES = {digit: place for digits in (_NEAR, _FAR, _COUNT) for place, digit in enumerate(digits)}
_BUCKETS = re.compile(f"([{re.escape(_FAR)}]*)([{re.escape(_NEAR)}])([{re.escape(_COUNT)}]*)")


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
        """Return a compact text: the distance of each bucket from the one before, and its count.

        A sketch of n latencies takes n characters and a few, at most: a bucket takes one, and its
        count another only where it is above one.
        """
        parts: list[str] = []
        previous = _bucket(_SMALLEST_MS)
        for bucket in sorted(self.buckets):
            count = self.buckets[bucket]
            far, near = divmod(bucket - previous, len(_NEAR))
            parts.append(_written(far, _FAR) + _NEAR[near])
            if count > 1:
                parts.append(_written(count - 2, _COUNT) or _COUNT[0])
            previous = bucket
        return "".join(parts)

    @classmethod
    def from_text(cls, text: str) -> LatencySketch:
        """Read what `to_text` wrote."""
        buckets: Counter[int] = Counter()
        bucket = _bucket(_SMALLEST_MS)
        for far, near, count in _BUCKETS.findall(text):
            # Most have neither: pages read thousands of sketches.
            bucket += _VALUES[near] + (_read(far, _FAR) * len(_NEAR) if far else 0)
            buckets[bucket] = _read(count, _COUNT) + 2 if count else 1
        return cls(buckets)


def _written(number: int, digits: str) -> str:
    """Write a number with some digits; nothing for zero."""
    text = ""
    while number:
        number, digit = divmod(number, len(digits))
        text = digits[digit] + text
    return text


def _read(text: str, digits: str) -> int:
    number = 0
    for digit in text:
        number = number * len(digits) + _VALUES[digit]
    return number


def _bucket(latency_ms: float) -> int:
    return math.ceil(math.log(max(latency_ms, _SMALLEST_MS)) / _LOG_GAMMA)
