"""A clock that stands still until a test lets time pass."""

from __future__ import annotations

NOON = 1_772_452_800.0
"""12:00:00 UTC on 2 March 2026."""


class StillClock:
    """The wall, and seconds that never jump."""

    def __init__(self, wall: float = NOON) -> None:
        self._wall = wall
        self._monotonic = 1000.0

    def wall(self) -> float:
        """Return seconds since 1970."""
        return self._wall

    def monotonic(self) -> float:
        """Return seconds since whenever."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock; no time passes."""
        self._wall += seconds
