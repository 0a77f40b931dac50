"""The clock of the library: monotonic for ages and durations, the wall for people."""

import time
from typing import Final, final


@final
class SystemClock:
    """Time as the machine has it."""

    @staticmethod
    def wall() -> float:
        """Return seconds since 1970, UTC. They may jump."""
        return time.time()

    monotonic = staticmethod(time.monotonic)


SYSTEM_CLOCK: Final = SystemClock()
