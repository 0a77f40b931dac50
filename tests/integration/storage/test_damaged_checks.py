"""A check that was damaged: what is found of others is kept, and nothing of it is written over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from allgreen.bootstrap import Monitor
from allgreen.domain.check import Check, HttpOptions, ParkedReason
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.notice import Channel
from allgreen.domain.service import Service
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.errors import SecretUnreadableError
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.stand_ins import DEFINITION
from allgreen.storage.sql.tables import checks
from allgreen.testing import FakeClock, RecordingNotifier, ScriptedExecutor, SequentialIds
from allgreen.transports.local import LocalCheckSource, LocalEventBroker, LocalResultSink
from tests.contract.build import CHECK, MINUTE, NOON, SERVICE, a_check, a_service, a_slot
from tests.integration.storage.conftest import SECRET_KEY, add_workspace
from tests.unit.monitoring.scene import until

BROKEN = CheckId("check-broken")
DAMAGE = pytest.mark.parametrize(
    "damage",
    [
        "secrets = 'of another key'",
        "options = 'no JSON'",
        "options = '[]'",
        "kind = 'unheard of'",
        'expectation = \'{"is":"unheard of"}\'',
    ],
    ids=["secrets", "no JSON", "no object", "kind", "expectation"],
)


def _options(**headers: str) -> HttpOptions:
    return HttpOptions(method="GET", url="http://a.example/", headers=headers)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture
async def stored(url: str) -> AsyncIterator[Database]:
    """A database with a service of two checks, one of which has secrets."""
    service = a_service(checks=(a_check(), a_check(BROKEN, options=_options(Token="secret"))))
    async with Database(url, SECRET_KEY) as database:
        await database.migrate()
        await add_workspace(database)
        async with database.unit_of_work() as unit:
            await unit.services.add(service)
            await unit.services.save([service])
            await unit.commit()
        yield database


async def _break(database: Database, damage: str) -> None:
    async with database.unit_of_work() as unit:
        await unit.connection.exec_driver_sql(f"UPDATE checks SET {damage} WHERE id = '{BROKEN}'")
        await unit.commit()


async def _of_check(database: Database) -> Service:
    async with database.unit_of_work() as unit:
        (service,) = await unit.services.list_of_checks([CHECK])
    return service


async def _definition(database: Database) -> dict[str, Any]:
    raw = "SELECT kind, options, secrets, expectation FROM checks WHERE id = 'check-broken'"
    async with database.read() as connection:
        return dict((await connection.exec_driver_sql(raw)).mappings().one())


@DAMAGE
async def test_its_service_is_read_with_all_states(stored: Database, damage: str) -> None:
    is_up = update(checks).values(health=ServiceHealth.UP, bad=2).where(checks.c.id == BROKEN)
    async with stored.unit_of_work() as unit:
        await unit.connection.execute(is_up)
        await unit.commit()
    await _break(stored, damage)

    service = await _of_check(stored)

    state = service.check(BROKEN).state
    assert [check.id for check in service.checks] == [CHECK, BROKEN]
    assert (state.health, state.bad) == (ServiceHealth.UP, 2)


@DAMAGE
async def test_a_service_that_depends_on_it_can_be_evaluated(stored: Database, damage: str) -> None:
    below = replace(a_service("below", checks=(a_check("other", service_id="below"),)))
    below = replace(below, depends_on=(SERVICE,))
    async with stored.unit_of_work() as unit:
        await unit.services.add(below)
        await unit.services.save([below])
        await unit.commit()
    await _break(stored, damage)

    async with stored.unit_of_work() as unit:
        upstream = await unit.services.list_upstream([ServiceId("below")])

    assert [service.id for service in upstream] == [SERVICE]


@DAMAGE
async def test_what_it_asks_is_not_written_over(stored: Database, damage: str) -> None:
    await _break(stored, damage)
    before = await _definition(stored)

    async with stored.unit_of_work() as unit:
        service = await unit.services.get(SERVICE)
        await unit.services.save([replace(service, revision=service.revision + 1)])
        await unit.commit()

    assert set(before) == DEFINITION
    assert await _definition(stored) == before


async def test_a_new_definition_takes_the_place_of_the_damaged_one(stored: Database) -> None:
    await _break(stored, "secrets = 'of another key'")

    await _edit(stored, _options(Token="a new one"))

    assert (await _of_check(stored)).check(BROKEN).options == _options(Token="a new one")


async def test_a_new_definition_keeps_no_header_that_is_lost(stored: Database) -> None:
    await _break(stored, "secrets = 'of another key'")

    with pytest.raises(SecretUnreadableError):
        await _edit(stored, _options(Token="", Other="a new one"))


async def _edit(database: Database, options: HttpOptions) -> None:
    def edited(check: Check) -> Check:
        return replace(check, options=options) if check.id == BROKEN else check

    async with database.unit_of_work() as unit:
        service = await unit.services.get(SERVICE)
        await unit.services.save([replace(service, checks=tuple(map(edited, service.checks)))])
        await unit.commit()


async def test_it_is_stored_with_the_rest_of_its_state(stored: Database) -> None:
    await _break(stored, "options = 'no JSON'")

    async with stored.unit_of_work() as unit:
        service = await unit.services.get(SERVICE)
        broken = service.check(BROKEN)
        state = replace(broken.state, health=ServiceHealth.UNKNOWN)
        listed = (service.check(CHECK), replace(broken, state=state))
        await unit.services.save([replace(service, checks=listed)])
        await unit.commit()

    async with stored.read() as connection:
        query = select(checks.c.health).where(checks.c.id == BROKEN)
        assert await connection.scalar(query) is ServiceHealth.UNKNOWN


# Watching


@DAMAGE
async def test_it_is_leased_and_told_apart(stored: Database, damage: str) -> None:
    await _plan_all(stored)
    await _break(stored, damage)

    async with stored.unit_of_work() as unit:
        leased = await unit.checks.lease(now=NOON, limit=9, owner="agent-1", lease_for=MINUTE)
        unreadable = await unit.checks.unreadable()

    assert ([one.check.id for one in leased], unreadable) == ([CHECK], [BROKEN])


@DAMAGE
async def test_it_does_not_stay_up_and_others_are_recorded(stored: Database, damage: str) -> None:
    is_up = update(checks).values(health=ServiceHealth.UP)
    async with stored.unit_of_work() as unit:
        await unit.connection.execute(is_up)
        await unit.commit()
    await _plan_all(stored)
    await _break(stored, damage)

    async with _monitor(stored):
        await until(lambda: _is_told_apart(stored))

    service = await _of_check(stored)
    assert service.check(BROKEN).state.reason == ParkedReason.DAMAGED
    assert service.check(CHECK).state.health is ServiceHealth.UP


async def _plan_all(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.checks.plan_many({CHECK: a_slot(), BROKEN: a_slot()})
        await unit.commit()


def _monitor(database: Database) -> Monitor:
    clock = FakeClock(NOON)
    return Monitor(
        unit_of_work=database.unit_of_work,
        executors=[ScriptedExecutor(Outcome.OK, clock=clock)],
        notifiers={Channel.EMAIL: RecordingNotifier()},
        clock=clock,
        ids=SequentialIds(),
        source=LocalCheckSource(database.unit_of_work, clock),
        sink=LocalResultSink(batch_every=timedelta(0)),
        broker=LocalEventBroker(),
    )


async def _is_told_apart(database: Database) -> bool:
    states = [check.state for check in (await _of_check(database)).checks]
    return states[0].last is not None and states[1].health is ServiceHealth.UNKNOWN
