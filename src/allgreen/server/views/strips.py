"""Strips as pages show them: moved to the days that are the latest ninety now."""

from collections.abc import Mapping, Sequence
from typing import Any

from allgreen.domain.calendar import Day
from allgreen.server.views.schemas import Strip


def align_strip(row: Mapping[str, Any] | None, days: Sequence[Day], zone: str) -> Strip:
    """Return a stored strip moved to `days`; one that is old ends without data."""
    first, count = days[0].date, len(days)
    if row is None:
        return Strip(first=first, zone=zone, grades="n" * count, details=[])
    late = (first - row["first"]).days
    grades = "n" * max(-late, 0) + row["grades"][max(late, 0) :]
    details = [
        (index - late, pct, down_s, ran, failed)
        for index, pct, down_s, ran, failed in row["details"]
        if 0 <= index - late < count
    ]
    return Strip(first=first, zone=zone, grades=grades[:count].ljust(count, "n"), details=details)
