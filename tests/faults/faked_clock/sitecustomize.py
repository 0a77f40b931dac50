"""Found by Python when this folder is on its path: the platform's clock then goes by a file.

The file holds an offset in seconds and a rate. Only the wall clock is moved, as by an operator or
by NTP: the monotonic clock, and every timer of the event loop with it, goes on as it is.
"""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from allgreen.server.system import SystemClock

_PLACE = Path(os.environ["FAKED_CLOCK"])
_now = SystemClock.now


def _faked_now(clock: SystemClock) -> datetime:
    offset_s, rate = map(float, _PLACE.read_text(encoding="ascii").split())
    return _now(clock) + timedelta(seconds=offset_s + rate * time.monotonic())


SystemClock.now = _faked_now  # type: ignore[assignment,method-assign]  # as wanted
