"""Public pages on PostgreSQL: written, read by everybody, and kept while it is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from allgreen.domain.status import ServiceHealth
from allgreen.server.app import create_app, open_platform
from allgreen.server.auth.memberships import lock_workspace
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import status_pages
from tests.api import ADDRESS, Person, fields, person_of, set_up
from tests.public import SLUG, add_outage, publish, store_strip, turn

pytestmark = pytest.mark.postgres


async def test_pages_are_written_and_read(
    tmp_path: Path, postgres_url: str, silent_port: int
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=postgres_url.replace("+asyncpg", ""),
        public_url=ADDRESS,
        allow_targets=f"127.0.0.1:{silent_port}",
    )
    async with open_platform(settings, watches=False) as platform:
        app = create_app(platform, bundle=tmp_path)
        async with person_of(app) as client, person_of(app) as other:
            owner = await set_up(client, platform)
            eve = await Person.register(other, name="Eve", email="eve@example.net")
            service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
            await turn(platform, service, ServiceHealth.DOWN)
            began_at = platform.clock.now() - timedelta(hours=1)
            await add_outage(platform, owner, service, began_at)
            await store_strip(platform, service, "u" * 90, known=1000, good=999)
            await publish(owner, slug="first-name")
            await publish(owner, slug=SLUG, is_published=True, service_ids=[service["id"]])

            taken = await other.patch(
                f"{eve.workspace}/status-page",
                json={"slug": "first-name"},
                headers={"If-Match": '"1"'},
            )
            shown = await other.get(f"/status/{SLUG}")
            odd = await other.get("/status/%00")
            preview = await client.get(f"{owner.workspace}/status-page/preview")
            await platform.database.close()
            kept = await other.get(f"/status/{SLUG}")

    assert fields(taken) == {"slug": "taken"}
    assert "One service is down." in shown.text
    assert (odd.status_code, preview.status_code, kept.status_code) == (404, 200, 200)


async def test_of_two_who_write_a_page_first_the_second_learns_of_the_other(
    tmp_path: Path, postgres_url: str
) -> None:
    url = postgres_url.replace("+asyncpg", "")
    settings = Settings(data_dir=tmp_path, database_url=url, public_url=ADDRESS)
    async with (
        open_platform(settings, watches=False) as platform,
        person_of(create_app(platform, bundle=tmp_path)) as client,
    ):
        owner = await set_up(client, platform)
        path = f"{owner.workspace}/status-page"
        workspace_id = owner.me["workspaces"][0]["id"]
        page = {"workspace_id": workspace_id, "is_published": False, "title": "Theirs"}
        page |= {"about": "", "website": "", "shows_latency": False, "version": 2}
        async with platform.database.unit_of_work() as uow:
            await lock_workspace(uow.connection, workspace_id)
            await uow.connection.execute(insert(status_pages).values(page))
            form, read = {"title": "Mine"}, {"If-Match": '"1"'}
            second = asyncio.create_task(client.patch(path, json=form, headers=read))
            while not second.done() and not await is_somebody_waiting(platform):
                await asyncio.wait({second}, timeout=0.01)
            await uow.commit()

        assert (await second).status_code == 412
        assert (await client.get(path)).json()["title"] == "Theirs"


async def is_somebody_waiting(platform: Platform) -> bool:
    """Tell whether a transaction waits for another one."""
    async with platform.database.read() as connection:
        return bool(await connection.scalar(text("select 1 from pg_locks where not granted")))
