"""The clock of the library: monotonic for ages and durations, the wall for people."""

import time
from typing import Final, Protocol, final


class Clock(Protocol):
    """The only way to know the time."""

    def wall(self) -> float:
        """Return seconds since 1970, UTC. They may jump."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""


@final
class SystemClock:
    """Time as the machine has it: its own functions, for they are asked for every run of a check."""

    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


SYSTEM_CLOCK: Final = SystemClock()
