"""Lateness: by how much runs begin after they were due, as a histogram."""

from bisect import bisect_left
from itertools import accumulate

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
"""Upper ends of the buckets in seconds; the last bucket has none."""


class Lateness:
    """Counts runs by how late they began.

    Attributes:
        latest_s: Seconds of the latest run.
        sum_s: Seconds of all runs together.
    """

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self.latest_s = 0.0
        self.sum_s = 0.0

    def add(self, late_s: float) -> None:
        """Count a run; one that began early is not late."""
        self.latest_s = max(late_s, 0.0)
        self.sum_s += self.latest_s
        self._counts[bisect_left(BOUNDS_S, self.latest_s)] += 1

    def up_to(self) -> list[int]:
        """Return how many runs were at most as late as each bound, and how many there were."""
        return list(accumulate(self._counts))
