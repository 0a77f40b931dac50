"""Whether somebody looks: what pages say of the watchers themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.watcher import Absence as StoredAbsence
from allgreen.domain.watcher import AbsenceReason, WatcherState
from allgreen.storage.sql.watchers import SqlWatcherRepository, find_offline_since

TOLD_FOR: Final = timedelta(hours=24)
WORTH_TELLING: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time in which nothing was checked; it is over."""

    began_at: datetime
    ended_at: datetime
    why: AbsenceReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Whether services are checked.

    Attributes:
        state: ``offline`` while the network of Allgreen itself is down, so that nothing is known
            of any service.
        since: From when it is offline; `None` while it is online.
        last_absence: The latest time within a day in which nothing was checked for a minute.
    """

    state: WatcherState
    since: datetime | None
    last_absence: Absence | None


async def load_prober(connection: AsyncConnection, now: datetime) -> Prober:
    """Return what a page says above its services."""
    since = await find_offline_since(connection)
    absences = await SqlWatcherRepository(connection).absences_since(now - TOLD_FOR)
    long = [each for each in absences if each.duration >= WORTH_TELLING]
    return Prober(
        state=WatcherState.ONLINE if since is None else WatcherState.OFFLINE,
        since=since,
        last_absence=_show(long[-1]) if long else None,
    )


def _show(absence: StoredAbsence) -> Absence:
    return Absence(began_at=absence.began_at, ended_at=absence.ended_at, why=absence.why)
