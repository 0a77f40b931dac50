"""Live updates over a real socket: hints for those who may read, and for nobody else."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import insert

from allgreen.cli.serve import PlatformServer
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.policy import Role
from allgreen.ports import Change
from allgreen.server.app import open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import memberships
from tests.api import PASSWORD, Person, set_up
from tests.people import make_key, shown


@pytest.fixture
def settings(settings: Settings, httpserver: HTTPServer) -> Settings:
    return settings.model_copy(update={"allow_targets": f"127.0.0.1:{httpserver.port}"})


@pytest.fixture
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """One that watches, by the clock of this machine."""
    async with open_platform(settings) as platform:
        yield platform


@pytest.fixture
async def address(platform: Platform) -> AsyncIterator[str]:
    """Where a real server answers for it."""
    listener = socket.create_server(("127.0.0.1", 0))
    ready = asyncio.Event()
    server = PlatformServer(platform, ready.set)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await ready.wait()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.stop()
    await serving


@pytest.fixture
async def owner(address: str, platform: Platform) -> AsyncIterator[Person]:
    async with httpx2.AsyncClient(base_url=address) as client:
        yield await set_up(client, platform)


@asynccontextmanager
async def listening(person: Person) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """Open the stream of a person's workspace and give its events."""
    path = "/api/v1/events"
    query = {"workspace": person.me["workspaces"][0]["id"]}
    async with person.client.stream("GET", path, params=query, timeout=20) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield read_events(answer)


async def read_events(answer: httpx2.Response) -> AsyncIterator[tuple[str, Any]]:
    event = ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            yield event, json.loads(value)


def hint(person: Person, kind: str = "workspace") -> Change:
    workspace_id = WorkspaceId(person.me["workspaces"][0]["id"])
    return Change(workspace_id=workspace_id, kind=kind, id=workspace_id)


async def test_a_result_is_hinted_at_with_kind_and_id_only(
    owner: Person, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/health").respond_with_data("ok")

    async with listening(owner) as events:
        hello = await anext(events)
        service = await owner.watch(httpserver.url_for("/health"))
        seen = [await anext(events) for _ in range(3)]

    assert hello[0] == "hello"
    results = [data for name, data in seen if name == "change" and data["kind"] == "result"]
    assert results == [{"kind": "result", "id": service["id"], "version": 0}]


async def test_after_logging_out_the_stream_ends_at_once(owner: Person) -> None:
    async with listening(owner) as events:
        await anext(events)

        await owner.client.delete("/api/v1/session")

        assert await rest_of(events) == []


async def test_signing_in_again_ends_the_stream_of_the_session_before(owner: Person) -> None:
    form = {"email": "ana@example.org", "password": PASSWORD}
    async with listening(owner) as events:
        await anext(events)

        assert (await owner.client.post("/api/v1/session", json=form)).status_code == 200

        assert await rest_of(events) == []


async def test_nobody_else_notices_that_somebody_logs_out(
    owner: Person, address: str, platform: Platform
) -> None:
    async with httpx2.AsyncClient(base_url=address) as client:
        bo = await Person.register(client, name="Bo Berg", email="bo@example.net")
        await let_in(platform, owner, bo)
        async with listening(owner) as events:
            await anext(events)

            await client.delete("/api/v1/session")
            platform.broker.publish([hint(owner)])

            _, seen = await anext(events)
    assert seen["kind"] == "workspace"


async def test_the_stream_of_who_is_removed_ends_without_another_hint(
    owner: Person, address: str, platform: Platform
) -> None:
    async with httpx2.AsyncClient(base_url=address) as client:
        bo = await Person.register(client, name="Bo Berg", email="bo@example.net")
        await let_in(platform, owner, bo)
        async with listening(Person(client, owner.me)) as events:
            await anext(events)

            await owner.client.delete(f"{owner.workspace}/members/{bo.me['id']}")

            assert await rest_of(events) == []


async def rest_of(events: AsyncIterator[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return what still comes of a stream that must end at once."""
    async with asyncio.timeout(5):
        return [event async for event in events]


async def let_in(platform: Platform, owner: Person, person: Person) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            insert(memberships).values(
                account_id=person.me["id"],
                workspace_id=owner.me["workspaces"][0]["id"],
                role=Role.ADMIN,
                created_at=platform.clock.now(),
            )
        )
        await uow.commit()


async def test_the_stream_of_a_workspace_that_is_deleted_ends(owner: Person) -> None:
    async with listening(owner) as events:
        await anext(events)

        await owner.client.request("DELETE", owner.workspace, json={"name": "Nordlys"})

        assert await rest_of(events) == []


async def test_the_stream_of_a_key_ends_when_it_is_revoked(owner: Person, address: str) -> None:
    made = await make_key(owner, "read")
    client = httpx2.AsyncClient(base_url=address, headers=shown(made["key"]))
    async with client, listening(Person(client, owner.me)) as events:
        await anext(events)

        await owner.client.delete(f"{owner.workspace}/keys/{made['id']}")

        assert await rest_of(events) == []


async def test_hints_of_other_workspaces_are_not_passed_on(
    owner: Person, platform: Platform
) -> None:
    foreign = WorkspaceId(platform.new_id())

    async with listening(owner) as events:
        await anext(events)
        platform.broker.publish([Change(workspace_id=foreign, kind="service", id=foreign)])
        platform.broker.publish([hint(owner)])
        _, data = await anext(events)

    assert data["id"] == owner.me["workspaces"][0]["id"]


async def test_open_streams_end_when_the_server_stops(owner: Person, platform: Platform) -> None:
    async with listening(owner) as events:
        await anext(events)

        platform.stopping.set()

        assert [event async for event in events] == []


async def test_a_stream_of_somebody_elses_workspace_is_not_found(
    owner: Person, platform: Platform
) -> None:
    answer = await owner.client.get("/api/v1/events", params={"workspace": platform.new_id()})

    assert answer.status_code == 404


async def test_a_preview_shows_what_would_be_found_and_keeps_nothing(
    owner: Person, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/health").respond_with_json({"db": {"state": "slow"}})
    rule = {"path": "$.db.state", "operator": "equals", "value": "ok"}
    form = {
        "url": httpserver.url_for("/health"),
        "expectations": {"json_values": [rule], "answers_within_ms": 5000},
    }

    preview = (await owner.client.post(f"{owner.workspace}/preview", json=form)).json()

    assert (preview["outcome"], preview["http_status"]) == ("fail", 200)
    assert preview["explanations"] == [
        {"operand": "Status", "actual": "200", "expected": "200", "holds": True},
        {"operand": "$.db.state", "actual": "slow", "expected": "ok", "holds": False},
    ]
    assert preview["failure"]["class"] == "body"
    assert '"slow"' in preview["body_excerpt"]
    assert preview["phases"]["connect_ms"] > 0
    assert (await owner.client.get(f"{owner.workspace}/services")).json()["items"] == []


async def test_a_preview_of_an_edit_sends_the_stored_header(
    owner: Person, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/", headers={"X-Key": "secret"}).respond_with_data("ok")
    check = {"headers": [{"name": "X-Key", "value": "secret"}]}
    service = await owner.watch(httpserver.url_for("/"), check=check)

    preview = await owner.client.post(f"{owner.workspace}/preview", json=service["checks"][0])

    assert preview.json()["outcome"] == "ok"
    assert "secret" not in preview.text


async def test_a_service_is_green_with_its_phases_soon_after_it_was_added(
    owner: Person, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/health").respond_with_data("ok")

    async with listening(owner) as events:
        service = await owner.watch(httpserver.url_for("/health"))
        async for _, data in events:
            if data.get("kind") == "service" and data["version"] == 0:
                break
    shown = (await owner.client.get(f"/api/v1/services/{service['id']}")).json()

    assert (shown["health"], shown["shown"], shown["uptime"]["h24"]) == ("up", "up", 100)
    assert shown["last_result"]["outcome"] == "ok"
    assert shown["last_result"]["phases"]["connect_ms"] > 0
