"""What pages say while nobody looks, and after that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from allgreen.domain.commands import NoteAbsence, NoteOffline
from allgreen.domain.status import ServiceHealth
from allgreen.domain.watcher import Absence, AbsenceReason
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import services
from allgreen.testing import FakeClock
from tests.api import Person

HOUR = timedelta(hours=1)


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def _go_offline(platform: Platform) -> None:
    command = NoteOffline(watcher="local", at=platform.clock.now())
    platform.bus.announce(await platform.bus.execute(command, platform.database.unit_of_work))


async def _come_back(platform: Platform, away: timedelta, why: AbsenceReason) -> None:
    now = platform.clock.now()
    absence = Absence(watcher="local", began_at=now - away, ended_at=now, why=why)
    await platform.bus.execute(NoteAbsence(absence=absence), platform.database.unit_of_work)


async def _turn(platform: Platform, service_id: str, health: ServiceHealth) -> None:
    async with platform.database.unit_of_work() as uow:
        turned = update(services).where(services.c.id == service_id).values(health=health)
        await uow.connection.execute(turned)
        await uow.commit()


async def _prober(owner: Person) -> dict[str, object]:
    prober: dict[str, object] = (await owner.client.get(owner.workspace)).json()["prober"]
    return prober


async def test_as_a_rule_services_are_checked(owner: Person) -> None:
    assert await _prober(owner) == {"state": "online", "since": None, "last_absence": None}


async def test_while_it_is_offline_nothing_is_known_of_any_service(
    owner: Person, platform: Platform, url: str
) -> None:
    service = await owner.watch(url)
    await _turn(platform, service["id"], ServiceHealth.UP)
    before = (await owner.client.get(owner.workspace)).json()

    await _go_offline(platform)

    after = (await owner.client.get(owner.workspace)).json()
    (row,) = (await owner.client.get(f"{owner.workspace}/services")).json()["items"]
    assert (before["counts"]["up"], before["counts"]["unknown"]) == (1, 0)
    assert (after["counts"]["up"], after["counts"]["unknown"]) == (0, 1)
    assert after["prober"]["state"] == "offline"
    assert after["prober"]["since"] is not None
    assert (row["shown"], row["health"]) == ("unknown", "up")


async def test_while_it_is_offline_no_workspace_to_pick_is_green(
    owner: Person, platform: Platform, url: str
) -> None:
    service = await owner.watch(url)
    await _turn(platform, service["id"], ServiceHealth.UP)
    before = await _picked(owner)

    await _go_offline(platform)

    assert (before, await _picked(owner)) == ("up", "unknown")


async def _picked(owner: Person) -> str:
    (workspace,) = (await owner.client.get("/api/v1/me")).json()["workspaces"]
    health: str = workspace["health"]
    return health


async def test_once_it_is_back_services_are_shown_as_they_are(
    owner: Person, platform: Platform, url: str
) -> None:
    service = await owner.watch(url)
    await _turn(platform, service["id"], ServiceHealth.UP)
    await _go_offline(platform)

    await _come_back(platform, HOUR, AbsenceReason.OFFLINE)

    (row,) = (await owner.client.get(f"{owner.workspace}/services")).json()["items"]
    prober = await _prober(owner)
    assert row["shown"] == "up"
    assert prober["state"] == "online"
    assert isinstance(prober["last_absence"], dict)
    assert prober["last_absence"]["why"] == "offline"


async def test_an_absence_is_told_for_a_day(
    owner: Person, platform: Platform, clock: FakeClock
) -> None:
    await _come_back(platform, HOUR, AbsenceReason.OFF)
    clock.advance(timedelta(hours=23))
    before = (await _prober(owner))["last_absence"]

    clock.advance(timedelta(hours=2))

    assert before is not None
    assert (await _prober(owner))["last_absence"] is None


async def test_seconds_without_a_look_are_not_worth_a_line(
    owner: Person, platform: Platform
) -> None:
    await _come_back(platform, timedelta(seconds=20), AbsenceReason.OFFLINE)

    assert (await _prober(owner))["last_absence"] is None
