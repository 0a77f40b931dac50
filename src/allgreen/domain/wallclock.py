"""Wall clocks: the instant for which a local date and time stand.

Clocks that go forward leave times out, and clocks that go back show some twice. One rule holds
everywhere: a time that is left out is the first instant after the gap, and of one that is shown
twice the first counts.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def first_instant(local_date: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first instant, in UTC, at which clocks of a zone show a time or have passed it."""
    wall = datetime.combine(local_date, at, tzinfo=zone)
    instant = wall.astimezone(UTC)
    # Two times of one zone are compared by what their clocks show.
    if instant.astimezone(zone) == wall:
        return instant
    # `fold` 1 reads the clock as if it had gone forward already: that lies before the gap.
    earlier = wall.replace(fold=1).astimezone(UTC)
    seconds = range((instant - earlier) // SECOND)
    step = bisect_left(
        seconds, True, key=lambda second: (earlier + second * SECOND).astimezone(zone) >= wall
    )
    return earlier + step * SECOND
