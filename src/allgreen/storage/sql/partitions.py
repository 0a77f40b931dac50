"""Results in PostgreSQL: one table for each UTC day, so that an old day goes as a whole.

A day is made by whoever stores its first result, and with it the days that follow, so that
nobody waits at midnight. There is no default partition: what once lay in it would have to be
deleted row by row, and looked through whenever a day is made. So a result of any day finds its
place: of last month after a cut, or of 2036 while a clock is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.errors import StorageUnavailableError
from allgreen.storage.sql.faults import is_lock_timeout
from allgreen.storage.sql.tables import results

DAYS_AHEAD = 2
LONGEST_WAIT_MS = 200
"""How long others may queue behind a day that is to go; it has until the next sweep."""

_DAY = timedelta(days=1)
_PREFIX = f"{results.name}_"
_ONE_AT_A_TIME = 4_207_310_946_522  # key of the advisory lock; any number nobody else uses
_WAIT_FOR_TURN = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_ONE_AT_A_TIME)
_TRY_TURN = text("SELECT pg_try_advisory_xact_lock(:key)").bindparams(key=_ONE_AT_A_TIME)
# What every insert takes anyway. Taken before the days are looked at, no day goes in between.
_HOLD_DAYS = text(f"LOCK TABLE {results.name} IN ROW EXCLUSIVE MODE")
_KEEP_OTHERS_OUT = text(f"LOCK TABLE {results.name} IN ACCESS EXCLUSIVE MODE")
_NAMES = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'results'::regclass"
)


async def make_days(connection: AsyncConnection, slots: Iterable[datetime]) -> None:
    """Make sure that results of these slots can be stored; quick when they can."""
    needed = {slot.astimezone(UTC).date() for slot in slots}
    if not needed:
        return
    ahead = {max(needed) + _DAY * number for number in range(1, DAYS_AHEAD + 1)}
    await connection.execute(_HOLD_DAYS)
    missing = (needed | ahead) - await list_days(connection)
    if not missing:
        return
    if missing & needed:
        await connection.execute(_WAIT_FOR_TURN)
    elif not (await connection.execute(_TRY_TURN)).scalar_one():
        return  # somebody else is making them, and they are not needed yet
    # Somebody else may have made some while we waited.
    for day in sorted(missing - await list_days(connection)):
        await _make(connection, day)


async def drop_days(connection: AsyncConnection, before: datetime, *, limit: int) -> int:
    """Drop whole days that end at `before` or earlier, until `limit` rows or more are gone.

    When others read or write results for too long, the days stay until they are asked for again.

    Returns:
        How many rows went; of each day they are counted up to `limit`.
    """
    if not await _list_old_days(connection, before):
        return 0
    gone = 0
    try:
        async with connection.begin_nested():
            await connection.execute(text(f"SET LOCAL lock_timeout = {LONGEST_WAIT_MS:d}"))
            # Before the days are looked at again: two who sweep must not drop the same one.
            await connection.execute(_KEEP_OTHERS_OUT)
            for day in await _list_old_days(connection, before):
                gone += await _drop(connection, day, limit)
                if gone >= limit:
                    break
            await connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    except StorageUnavailableError as error:
        if not is_lock_timeout(error):
            raise
        return 0
    return gone


async def list_days(connection: AsyncConnection) -> set[date]:
    """Return the days for which there is a table."""
    names = (await connection.execute(_NAMES)).scalars()
    digits = [name.removeprefix(_PREFIX) for name in names]
    return {date.fromisoformat(day) for day in digits if len(day) == len("20260301")}


async def _make(connection: AsyncConnection, day: date) -> None:
    name = _name_of(day)
    # Made first and attached then: PARTITION OF would keep all who read results waiting.
    await connection.execute(text(f"CREATE TABLE {name} (LIKE {results.name} INCLUDING ALL)"))
    await connection.execute(
        text(
            f"ALTER TABLE {results.name} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{day}T00:00:00Z') TO ('{day + _DAY}T00:00:00Z')"
        )
    )


async def _list_old_days(connection: AsyncConnection, before: datetime) -> list[date]:
    first_kept = before.astimezone(UTC).date()
    return sorted(day for day in await list_days(connection) if day < first_kept)


async def _drop(connection: AsyncConnection, day: date, limit: int) -> int:
    """Drop a day; return its number of rows, counted up to `limit`."""
    name = _name_of(day)
    some = f"SELECT 1 FROM {name} LIMIT {limit:d}"  # noqa: S608 - a name of our own
    count = await connection.execute(text(f"SELECT count(*) FROM ({some}) AS rows"))  # noqa: S608
    await connection.execute(text(f"DROP TABLE {name}"))
    return int(count.scalar_one())


def _name_of(day: date) -> str:
    return f"{_PREFIX}{day:%Y%m%d}"
