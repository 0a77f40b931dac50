"""Public pages on PostgreSQL: written, read by everybody, and kept while it is away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from allgreen.domain.status import ServiceHealth
from allgreen.server.app import create_app, open_platform
from allgreen.server.settings import Settings
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
