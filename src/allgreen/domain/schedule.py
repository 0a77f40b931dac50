"""When a check runs: elapsed time on a grid."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Slots at ``anchor + k * every``, in elapsed time.

    A day is 86,400 s here: periods know no daylight saving. The next slot always comes from the
    grid, never from "now + period", so that a late run does not push all later ones.

    Attributes:
        every: Distance of two slots, positive.
        anchor: Instant of the first slot, aware UTC; an edit of the period moves it.
    """

    every: timedelta
    anchor: datetime

    def __post_init__(self) -> None:
        if self.every <= timedelta(0):
            raise ValueError("A period is longer than nothing.")

    def slot_at(self, instant: datetime) -> datetime | None:
        """Return the latest slot that is not after `instant`; `None` before the first."""
        if instant < self.anchor:
            return None
        return self.anchor + (instant - self.anchor) // self.every * self.every

    def next_after(self, instant: datetime) -> datetime:
        """Return the first slot that is later than `instant`."""
        current = self.slot_at(instant)
        return self.anchor if current is None else current + self.every

    def due_after(self, slot: datetime, now: datetime) -> datetime:
        """Return the slot to run once `slot` is done.

        It is the next one on the grid, or the latest that has already begun by `now`: slots in
        between are missed, and one catch-up run stands for all of them.
        """
        following = self.next_after(slot)
        latest = self.slot_at(now)
        return following if latest is None or latest <= following else latest

    def missed_between(self, done: datetime, slot: datetime, *, at_most: int) -> list[datetime]:
        """Return the latest `at_most` slots strictly between `done` and `slot`, oldest first."""
        first = self.next_after(done)
        count = self.count_between(done, slot)
        start = first + max(0, count - at_most) * self.every
        return list(islice(self._slots_from(start), min(count, at_most)))

    def count_between(self, done: datetime, slot: datetime) -> int:
        """Count the slots strictly between `done` and `slot`."""
        first = self.next_after(done)
        return max(0, -((first - slot) // self.every)) if first < slot else 0

    def _slots_from(self, slot: datetime) -> Iterator[datetime]:
        while True:
            yield slot
            slot += self.every
