"""Incidents: one open at most for each service, and the newest first."""

from dataclasses import replace

import pytest

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.incident import Quiet, Resolution
from allgreen.errors import NotFoundError, VersionConflictError
from tests.contract.build import HOUR, MINUTE, NOON, SERVICE, a_service, an_incident
from tests.contract.conftest import Storage


@pytest.fixture(autouse=True)
async def _services(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service("service-1"))
        await unit.services.add(a_service("service-2"))
        await unit.commit()


async def test_incident_comes_back_as_it_was_saved_last(storage: Storage) -> None:
    quiet = replace(an_incident(), quiet=Quiet.BLOCKED_BY, blocked_by=ServiceId("root"), reminded=2)
    again = quiet.resolve(NOON + HOUR, Resolution.HOLDS_AGAIN).reopen(
        NOON + HOUR, confirmed_at=NOON + HOUR, reason="timeout"
    )
    resolved = again.acknowledge().resolve(NOON + 2 * HOUR, Resolution.HOLDS_AGAIN)

    async with storage.unit_of_work() as unit:
        await unit.incidents.save(quiet)
        assert await unit.incidents.get(an_incident().id) == quiet
        await unit.incidents.save(resolved)
        assert await unit.incidents.get(an_incident().id) == resolved


async def test_unknown_incident_is_not_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        with pytest.raises(NotFoundError):
            await unit.incidents.get(IncidentId("nobody"))


async def test_acknowledged_incident_still_keeps_a_second_one_out(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.incidents.save(an_incident().acknowledge())

        with pytest.raises(VersionConflictError):
            await unit.incidents.save(an_incident("incident-2"))


async def test_next_incident_follows_a_resolved_one(storage: Storage) -> None:
    over = an_incident().resolve(NOON + HOUR, Resolution.HOLDS_AGAIN)
    following = an_incident("incident-2", began_at=NOON + 2 * HOUR)

    async with storage.unit_of_work() as unit:
        await unit.incidents.save(over)
        await unit.incidents.save(following)
        assert await unit.incidents.latest([SERVICE], limit=9) == [following, over]


async def test_latest_are_of_the_asked_services_and_within_the_limit(storage: Storage) -> None:
    mine = [
        an_incident(f"incident-{n}", began_at=NOON + n * HOUR).resolve(
            NOON + n * HOUR + MINUTE, Resolution.HOLDS_AGAIN
        )
        for n in range(3)
    ]
    other = an_incident("incident-9", service_id="service-2")
    async with storage.unit_of_work() as unit:
        for incident in [*mine, other]:
            await unit.incidents.save(incident)

        assert await unit.incidents.latest([SERVICE], limit=2) == [mine[2], mine[1]]
        both = [SERVICE, ServiceId("service-2")]
        assert await unit.incidents.latest(both, limit=9) == [mine[2], mine[1], other, mine[0]]


async def test_latest_since_leave_out_what_was_over_by_then(storage: Storage) -> None:
    over = an_incident("incident-0").resolve(NOON + HOUR, Resolution.PAUSED)
    still_open = an_incident("incident-1", began_at=NOON - HOUR)
    async with storage.unit_of_work() as unit:
        await unit.incidents.save(over)
        await unit.incidents.save(still_open)

        since = await unit.incidents.latest([SERVICE], limit=9, since=NOON + MINUTE)
        assert since == [over, still_open]
        assert await unit.incidents.latest([SERVICE], limit=9, since=NOON + HOUR) == [still_open]
