"""Results on PostgreSQL: a table for each UTC day, made when it is needed, dropped as a whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select, text

from allgreen.storage.sql import partitions
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import results
from tests.contract.build import CHECK, DAY, MINUTE, NOON, SECOND, a_result

pytestmark = pytest.mark.postgres

TODAY = NOON.date()


@pytest.fixture(autouse=True)
async def _no_day_yet(postgres: Database) -> None:
    """Begin without any day; the tables of a database stay from test to test."""
    async with postgres.unit_of_work() as unit:
        for day in await partitions.list_days(unit.connection):
            await unit.connection.execute(text(f"drop table results_{day:%Y%m%d}"))
        await unit.commit()


async def _store(database: Database, *slots: datetime, check_id: str = CHECK) -> None:
    async with database.unit_of_work() as unit:
        await unit.results.add(a_result(slot, check_id=check_id) for slot in slots)
        await unit.commit()


async def _days(database: Database) -> list[date]:
    async with database.read() as connection:
        return sorted(await partitions.list_days(connection))


async def _count(database: Database) -> int:
    async with database.read() as connection:
        return int(
            (await connection.execute(select(func.count()).select_from(results))).scalar_one()
        )


async def _locks(database: Database) -> set[str]:
    async with database.read() as connection:
        held = await connection.execute(
            text("select mode from pg_locks where relation = 'results'::regclass")
        )
        return set(held.scalars())


async def test_first_result_of_a_day_makes_it_and_the_two_that_follow(postgres: Database) -> None:
    await _store(postgres, NOON)

    assert await _days(postgres) == [TODAY + n * DAY for n in range(3)]


async def test_each_result_lies_in_its_own_utc_day(postgres: Database) -> None:
    midnight = datetime.combine(TODAY, datetime.min.time(), UTC)
    in_tokyo = (midnight - SECOND).astimezone(timezone(timedelta(hours=9)))

    await _store(postgres, midnight, in_tokyo, midnight + DAY - timedelta(microseconds=1))

    async with postgres.read() as connection:
        rows = await connection.execute(
            text("select tableoid::regclass::text, count(*) from results group by 1 order by 1")
        )
        assert [tuple(row) for row in rows] == [("results_20260228", 1), ("results_20260301", 2)]


async def test_following_day_is_made_while_the_one_before_it_is_filled(postgres: Database) -> None:
    await _store(postgres, NOON)

    await _store(postgres, NOON + DAY)

    assert await _days(postgres) == [TODAY + n * DAY for n in range(4)]


async def test_days_are_made_once_by_many_at_the_same_time(postgres: Database) -> None:
    slots = [NOON + DAY * n for n in (0, 1, 40)]

    await asyncio.gather(*(_store(postgres, *slots, check_id=f"check-{n}") for n in range(8)))

    assert await _count(postgres) == 8 * len(slots)


async def test_nobody_waits_for_a_day_that_is_made_ahead(postgres: Database) -> None:
    await _store(postgres, NOON)

    async with postgres.unit_of_work() as slow, asyncio.timeout(5):
        await slow.results.add([a_result(NOON + DAY)])
        await _store(postgres, NOON + DAY + MINUTE)
        await slow.commit()

    assert await _count(postgres) == 3


async def test_readers_and_writers_go_on_while_a_day_is_made(postgres: Database) -> None:
    await _store(postgres, NOON)

    async with postgres.unit_of_work() as maker, asyncio.timeout(5):
        await maker.results.add([a_result(NOON + 40 * DAY)])
        assert "AccessExclusiveLock" not in await _locks(postgres)
        assert await _count(postgres) == 1
        await _store(postgres, NOON + MINUTE)
        await maker.commit()


async def test_old_days_go_as_tables_and_the_day_of_the_instant_stays(postgres: Database) -> None:
    await _store(postgres, *(NOON + n * DAY for n in range(-3, 1)))

    async with postgres.unit_of_work() as unit:
        assert await unit.results.delete_before(NOON - DAY, limit=100) == 2
        await unit.commit()

    assert (await _days(postgres))[0] == TODAY - DAY
    assert await _count(postgres) == 2


async def test_rows_of_a_day_are_counted_up_to_the_limit_only(postgres: Database) -> None:
    await _store(postgres, *(NOON + n * SECOND for n in range(20)), NOON + DAY)

    async with postgres.unit_of_work() as unit:
        assert await unit.results.delete_before(NOON + 3 * DAY, limit=5) == 5
        await unit.commit()

    assert await _count(postgres) == 1


async def test_day_that_somebody_reads_stays_and_holds_nobody_up(postgres: Database) -> None:
    await _store(postgres, NOON)

    async with postgres.read() as reader:
        await reader.execute(select(results.c.slot))
        async with asyncio.timeout(5), postgres.unit_of_work() as unit:
            assert await unit.results.delete_before(NOON + 2 * DAY, limit=9) == 0
            assert await _lock_timeout(unit.connection) == "10s"
            await unit.commit()

    async with postgres.unit_of_work() as unit:
        assert await unit.results.delete_before(NOON + 2 * DAY, limit=9) == 1


async def test_results_come_in_and_old_days_go_at_the_same_time(postgres: Database) -> None:
    async def add(check_id: str) -> None:
        for n in range(15):
            await _store(postgres, NOON + n * MINUTE, NOON - 40 * DAY, check_id=check_id)

    async def sweep() -> None:
        for _ in range(15):
            async with postgres.unit_of_work() as unit:
                await unit.results.delete_before(NOON - 30 * DAY, limit=9)
                await unit.commit()

    await asyncio.gather(add("check-1"), add("check-2"), sweep(), sweep())

    async with postgres.read() as connection:
        fresh = select(func.count()).where(results.c.slot >= NOON)
        assert (await connection.execute(fresh)).scalar_one() == 30


async def test_newest_results_are_read_from_the_newest_days_alone(postgres: Database) -> None:
    await _store(postgres, *(NOON - n * DAY for n in range(20)))

    async with postgres.read() as connection:
        newest = "select * from results where check_id = 'check-1' order by slot desc, attempt desc"
        explained = await connection.execute(text(f"explain (analyze) {newest} limit 2"))
        plan = "\n".join(explained.scalars())

    assert plan.count("never executed") >= 15
    assert "Sort" not in plan


async def _lock_timeout(connection: Any) -> str:
    return str((await connection.execute(text("show lock_timeout"))).scalar_one())
