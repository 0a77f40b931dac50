"""Watcher: a process that runs checks, and the times in which it could not."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from allgreen.domain.identity import CheckId
from allgreen.domain.schedule import Schedule

LONGEST_SPREAD = timedelta(minutes=1)
"""Within it everything that waited is run once a watcher is back, however long its period."""

_SHARES = 1 << 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WatcherState(StrEnum):
    """Whether what a watcher finds says anything about others."""

    ONLINE = "online"
    OFFLINE = "offline"
    """Its own network is down: nothing is checked."""


class AbsenceReason(StrEnum):
    """Why nobody looked."""

    OFF = "off"
    """The process did not run."""
    OFFLINE = "offline"
    """The network of the watcher was down."""
    CLOCK = "clock"
    """The clock was set forward, or the machine slept: that time was never lived through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """How a watcher is.

    Attributes:
        since: Instant from which `state` holds.
        seen_at: When it last said that it lives.
    """

    name: str
    state: WatcherState = WatcherState.ONLINE
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time in which a watcher looked at nothing; whatever it missed says nothing of a target."""

    watcher: str
    began_at: datetime
    ended_at: datetime
    why: AbsenceReason

    @property
    def duration(self) -> timedelta:
        """Return how long it lasted."""
        return max(self.ended_at - self.began_at, timedelta(0))


def share_of(check_id: CheckId) -> float:
    """Return the place of a check among all others: from 0 to 1, even, and always the same.

    Ids sort by the moment at which they were made, so they are hashed first: what is made, or was
    missed, in one go must not run in one go for ever.
    """
    return zlib.crc32(check_id.encode()) / _SHARES


def grid_of(check_id: CheckId, every: timedelta, at: datetime) -> Schedule:
    """Return the grid of a check from its first slot that is not before `at`.

    Where its slots lie within a period follows from its id alone, so that checks which were made,
    resumed or edited in one go do not run in the same second for ever, and no edit moves them.
    """
    phase = every * share_of(check_id)
    return Schedule(every=every, anchor=at + (phase - (at - _EPOCH)) % every)


def spread_of(check_id: CheckId, every: timedelta) -> timedelta:
    """Return how long a check waits when all that waited is run: less than its period."""
    return min(every, LONGEST_SPREAD) * share_of(check_id)
