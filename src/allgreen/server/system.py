"""The clock and the identities of this machine."""

import time
from datetime import UTC, datetime
from typing import final

from allgreen.ports import Clock

try:
    from uuid import uuid7  # type: ignore[attr-defined,unused-ignore]  # since Python 3.14
except ImportError:
    from uuid_utils import uuid7


@final
class SystemClock(Clock):
    """The clocks of the operating system."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the adapter of the clock

    def monotonic(self) -> float:
        return time.monotonic()


def new_id() -> str:
    """Return a new UUIDv7 (RFC 9562): ids sort by the moment at which they were made."""
    return str(uuid7())
