"""How many services a workspace may have: one that is full leaves room for all others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from allgreen.domain.status import Mode, ServiceHealth
from allgreen.server.catalog.room import MOST_SERVICES
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import services
from tests.api import Person, fields, service_form


@pytest.fixture
def url(silent_port: int) -> str:
    return f"http://127.0.0.1:{silent_port}/health"


async def test_a_workspace_has_room_for_so_many_services_and_no_more(
    owner: Person, stranger: Person, url: str, platform: Platform
) -> None:
    first = await owner.watch(url)
    row: dict[str, Any] = {
        "workspace_id": owner.me["workspaces"][0]["id"],
        "name": "Search",
        "mode": Mode.ACTIVE,
        "version": 1,
        "revision": 1,
        "health": ServiceHealth.UNKNOWN,
        "turns": [],
    }
    async with platform.database.unit_of_work() as uow:
        others = [row | {"id": platform.new_id()} for _ in range(MOST_SERVICES - 1)]
        await uow.connection.execute(insert(services), others)
        await uow.commit()

    full = await owner.client.post(f"{owner.workspace}/services", json=service_form(url))
    await stranger.watch(url)
    await owner.client.delete(f"/api/v1/services/{first['id']}")
    again = await owner.client.post(f"{owner.workspace}/services", json=service_form(url))

    assert (full.status_code, fields(full)) == (422, {"": "too_many"})
    assert again.status_code == 201
