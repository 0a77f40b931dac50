"""PostgreSQL as it is used: what breaks is told, and what comes back is used again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import time

import pytest
from sqlalchemy import func, select, text

from allgreen.domain.check import CheckState
from allgreen.domain.identity import WindowId
from allgreen.domain.maintenance import Window
from allgreen.errors import StorageUnavailableError, VersionConflictError
from allgreen.monitoring.windows import WindowWatch
from allgreen.ports import DirtyBucket
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import services
from allgreen.transports.local import LocalEventBroker
from tests.contract.build import (
    CHECK,
    HOUR,
    NOON,
    SECOND,
    SERVICE,
    WORKSPACE,
    a_check,
    a_service,
    a_slot,
)
from tests.integration.storage.conftest import SECRET_KEY
from tests.services import free_port

pytestmark = pytest.mark.postgres

_END_THE_OTHERS = text(
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


async def test_lost_connection_is_told_and_the_next_unit_of_work_works(
    postgres: Database,
) -> None:
    async def lose_the_connection() -> None:
        async with postgres.unit_of_work() as unit:
            await unit.services.add(a_service())
            async with postgres.read() as killer:
                await killer.execute(_END_THE_OTHERS)
            await unit.services.get(SERVICE)

    with pytest.raises(StorageUnavailableError, match="cannot be used"):
        await lose_the_connection()

    async with postgres.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.commit()
    await postgres.check()


async def test_connections_that_broke_while_nobody_used_them_are_replaced_unnoticed(
    postgres: Database,
) -> None:
    async with postgres.read(), postgres.read(), postgres.read():
        pass  # three connections wait in the pool now
    async with postgres.read() as killer:
        await killer.execute(_END_THE_OTHERS)

    for _ in range(3):
        await postgres.check()


async def test_server_that_is_not_there_is_told_without_the_password() -> None:
    url = f"postgresql://ola:hidden@127.0.0.1:{free_port()}/allgreen"

    with pytest.raises(StorageUnavailableError, match=r"127\.0\.0\.1/allgreen") as info:
        await Database(url, SECRET_KEY).open()
    assert "hidden" not in str(info.value)


async def test_database_that_does_not_exist_is_told(postgres: Database) -> None:
    url = postgres.url.set(database="no_such_database").render_as_string(hide_password=False)

    with pytest.raises(StorageUnavailableError, match="no_such_database"):
        await Database(url, SECRET_KEY).open()


async def test_reader_keeps_the_moment_at_which_it_began_and_cannot_write(
    postgres: Database,
) -> None:
    count = select(func.count()).select_from(services)
    async with postgres.read() as connection:
        before = (await connection.execute(count)).scalar_one()
        async with postgres.unit_of_work() as unit:
            await unit.services.add(a_service())
            await unit.commit()
        after = (await connection.execute(count)).scalar_one()
        with pytest.raises(StorageUnavailableError):
            await connection.execute(services.delete())

    assert (before, after) == (0, 0)


async def test_lost_update_of_an_unlocked_read_is_refused(postgres: Database) -> None:
    async with postgres.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.commit()

    async with postgres.unit_of_work() as slow:
        stale = await slow.services.get(SERVICE)
        async with postgres.unit_of_work() as quick:
            service = await quick.services.get(SERVICE, lock=True)
            await quick.services.save_states([replace(service, revision=1)])
            await quick.commit()
        with pytest.raises(VersionConflictError):
            await slow.services.save([replace(stale, revision=1)])


async def test_end_of_a_window_and_whoever_records_never_wait_for_each_other(
    postgres: Database,
) -> None:
    failing = replace(a_check(), state=CheckState(bad=1))
    window = Window(
        id=WindowId("window-1"),
        workspace_id=WORKSPACE,
        name="Move of the database",
        first=NOON.date(),
        at=time(12),
        duration=HOUR,
        holds_from=NOON,
    )
    async with postgres.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.services.save([a_service(checks=(failing,))])
        await unit.checks.plan_many({CHECK: a_slot(NOON + 2 * HOUR)})
        await unit.windows.save([window])
        await unit.commit()
    watch = WindowWatch(
        unit_of_work=postgres.unit_of_work, broker=LocalEventBroker(), on_schedule=lambda: None
    )

    async with asyncio.timeout(20), postgres.unit_of_work() as recording:
        await recording.checks.plan_many({CHECK: a_slot(NOON + 2 * HOUR)})
        looks = asyncio.create_task(watch.look(NOON + HOUR + SECOND))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(looks), timeout=0.5)
        await recording.roll_ups.mark_dirty([DirtyBucket.at(CHECK, NOON)])
        await recording.commit()
        await looks

    async with postgres.unit_of_work() as unit:
        planned = await unit.checks.planned(CHECK)
    assert planned == a_slot(NOON + HOUR + SECOND)
