"""A full disk and a database that went away: reads work as long as they can, nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from allgreen.domain.notice import NoticeKind
from allgreen.server.operation.disk import tell_operators
from allgreen.server.platform import Platform
from allgreen.storage.sql import reserve
from allgreen.storage.sql.tables import outbox
from allgreen.testing import FakeClock
from tests.api import Person, service_form


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def fill_up(platform: Platform) -> None:
    """Let the database file grow no more, as on a full disk."""
    async with platform.database.unit_of_work() as uow:
        pages = await uow.connection.scalar(text("PRAGMA page_count"))
        await uow.connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        await uow.commit()


async def test_on_a_full_disk_writes_are_refused_and_reads_work(
    owner: Person, platform: Platform, url: str
) -> None:
    service = await owner.watch(url)
    await fill_up(platform)

    answers = []
    for number in range(200):
        form = service_form(url, name=f"Service {number} " + "x" * 50)
        answers.append(await owner.client.post(f"{owner.workspace}/services", json=form))
        if answers[-1].status_code != 201:
            break

    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    assert "disk is full" in refused.json()["detail"]
    listed = (await owner.client.get(f"{owner.workspace}/services", params={"limit": 200})).json()
    assert len(listed["items"]) == len(answers)
    assert (await owner.client.get(f"/api/v1/services/{service['id']}")).status_code == 200
    assert (await owner.client.get("/healthz")).status_code == 200


async def test_refusals_on_a_full_disk_write_no_line_each(
    owner: Person,
    platform: Platform,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reserve, "free_bytes", lambda _folder: 0)

    for _ in range(5):
        form = service_form(url, name="Checkout")
        answer = await owner.client.post(f"{owner.workspace}/services", json=form)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")

    assert len([line for line in caplog.messages if "is full" in line]) == 1


async def _told(platform: Platform) -> list[str]:
    """Return to whom a message about a full disk is owed, or was sent."""
    about = select(outbox.c.address).where(outbox.c.kind == NoticeKind.DISK_FULL)
    async with platform.database.read() as connection:
        return list((await connection.execute(about)).scalars())


async def test_operators_are_told_of_a_full_disk_once_a_day(
    owner: Person, platform: Platform, clock: FakeClock
) -> None:
    for _ in range(3):
        await tell_operators(platform.database, clock.now(), platform.new_id)
    assert await _told(platform) == [owner.me["email"]]

    clock.advance(timedelta(days=1))
    await tell_operators(platform.database, clock.now(), platform.new_id)

    assert await _told(platform) == [owner.me["email"]] * 2


async def test_operators_are_told_as_soon_as_the_disk_is_full(
    owner: Person, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "free_bytes", lambda _folder: 0)
    async with platform.database.urgent_unit_of_work():
        pass  # whoever writes next finds it full

    async with asyncio.timeout(5):
        while not (told := await _told(platform)):
            pass

    assert told == [owner.me["email"]]


async def test_without_its_database_it_says_so_and_names_no_file(
    owner: Person, platform: Platform
) -> None:
    await platform.database.close()

    answer = await owner.client.get("/api/v1/me")
    health = await owner.client.get("/healthz")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "allgreen.db" not in answer.text
    assert (health.status_code, health.json()) == (503, {"status": "unavailable"})
