"""A clock of the platform that is set from outside, while it runs or before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

FOLDER = Path(__file__).with_name("faked_clock")


@dataclass
class FakedClock:
    """The wall clock of a platform, as a file that it reads."""

    file: Path
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.jump(timedelta(0))

    @property
    def settings(self) -> dict[str, str]:
        """What the platform has to be started with."""
        return {"PYTHONPATH": str(FOLDER), "FAKED_CLOCK": str(self.file)}

    def jump(self, by: timedelta, *, rate: float = 0.0) -> None:
        """Set it forward or back, and let it go faster by `rate` from then on."""
        self.ahead += by
        offset_s = self.ahead.total_seconds() - rate * time.monotonic()
        other = self.file.with_suffix(".new")
        other.write_text(f"{offset_s} {rate}", encoding="ascii")
        other.replace(self.file)
