"""The same routes on PostgreSQL: every read and write of the API, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from allgreen.domain.identity import IncidentId, ServiceId, WorkspaceId
from allgreen.server.app import create_app, open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.server.wire import write_cursor
from allgreen.testing import an_incident
from tests.api import ADDRESS, Person, person_of, set_up

pytestmark = pytest.mark.postgres


@pytest.fixture
async def platform(tmp_path: Path, postgres_url: str, silent_port: int) -> AsyncIterator[Platform]:
    settings = Settings(
        data_dir=tmp_path,
        database_url=postgres_url.replace("+asyncpg", ""),
        public_url=ADDRESS,
        allow_targets=f"127.0.0.1:{silent_port}",
    )
    async with open_platform(settings, watches=False) as platform:
        yield platform


async def test_every_read_and_write_works(
    platform: Platform, tmp_path: Path, silent_port: int
) -> None:
    async with person_of(create_app(platform, bundle=tmp_path)) as client:
        owner = await set_up(client, platform)
        service = await owner.watch(
            f"http://127.0.0.1:{silent_port}/", recipients=[{"email": "bo@example.net"}]
        )
        incident_id = await add_incident(platform, owner, service["id"])
        path = f"/api/v1/services/{service['id']}"

        writes = [
            await client.patch(path, json={"name": "Other"}, headers={"If-Match": '"1"'}),
            await client.patch(owner.workspace, json={"time_zone": "Asia/Tokyo", "name": "Fjord"}),
            *await write_windows(owner, service["id"]),
            await client.post(f"{path}/check"),
            await client.post(f"{path}/pause"),
        ]
        reads = [
            await client.get(each)
            for each in (
                "/api/v1/me",
                owner.workspace,
                f"{owner.workspace}/services",
                f"{owner.workspace}/people",
                f"{owner.workspace}/incidents",
                f"{owner.workspace}/deliveries",
                f"{owner.workspace}/maintenance-windows",
                f"/api/v1/incidents/{incident_id}",
                path,
                f"{path}/figures?range=90d",
                f"{path}/results",
                f"{path}/incidents",
                "/healthz",
            )
        ]
        deleted = await client.delete(path)

    assert [answer.status_code for answer in writes] == [
        200,
        200,
        201,
        200,
        200,
        204,
        201,
        202,
        200,
    ]
    assert [answer.status_code for answer in reads] == [200] * len(reads)
    assert deleted.status_code == 204


async def write_windows(owner: Person, service_id: str) -> list[httpx2.Response]:
    """Do all that can be done with a window, and leave one that runs."""
    path = f"{owner.workspace}/maintenance-windows"
    began_at = datetime.now(UTC) - timedelta(minutes=1)  # noqa: TID251 - as the platform does
    form = {
        "name": "Move",
        "service_ids": [service_id],
        "zone": "UTC",
        "first": f"{began_at:%Y-%m-%d}",
        "at": f"{began_at:%H:%M}",
        "duration_minutes": 60,
        "recurrence": {"repeat": "weekly", "weekdays": [f"{began_at:%A}".lower()]},
    }
    planned = await owner.client.post(path, json=form)
    one = f"{path}/{planned.json()['id']}"
    return [
        planned,
        await owner.client.patch(one, json={"name": "Other"}, headers={"If-Match": '"1"'}),
        await owner.client.post(f"{one}/end"),
        await owner.client.delete(one),
        await owner.client.post(path, json=form),
    ]


async def test_a_nul_is_refused_before_it_meets_the_database(
    platform: Platform, tmp_path: Path, silent_port: int
) -> None:
    async with person_of(create_app(platform, bundle=tmp_path)) as client:
        owner = await set_up(client, platform)
        check = {"id": "\0", "url": f"http://127.0.0.1:{silent_port}/"}
        answers = [
            await client.post(f"{owner.workspace}/preview", json=check),
            await client.post("/api/v1/session", json={"email": "\0", "password": "\0"}),
            await client.get(f"{owner.workspace}/incidents", params={"cursor": write_cursor("\0")}),
            await client.get("/api/v1/services/%00"),
            await client.get("/api/v1/events", params={"workspace": "\0" * 36}),
        ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 404, 404]


async def add_incident(platform: Platform, owner: Person, service_id: str) -> str:
    incident = an_incident(
        id=IncidentId(platform.new_id()),
        workspace_id=WorkspaceId(owner.me["workspaces"][0]["id"]),
        service_id=ServiceId(service_id),
    )
    async with platform.database.unit_of_work() as uow:
        await uow.incidents.save(incident)
        await uow.commit()
    return incident.id
