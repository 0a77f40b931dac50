"""The history of a workspace: who did what, for those who may know."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from allgreen.domain.identity import AccountId, ServiceId, WorkspaceId
from allgreen.domain.policy import Role
from allgreen.ports import AuditRow
from allgreen.server.history.queries import MASK, mask_secrets
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.server.wire import read_cut, write_cursor
from allgreen.storage.sql.tables import accounts
from tests.api import Person
from tests.databases import BOTH, settings_of
from tests.people import enrol


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> Settings:
    return settings_of(request)


@pytest.fixture
async def people(
    app: FastAPI, platform: Platform, owner: Person
) -> AsyncIterator[dict[Role, Person]]:
    """One of each role, in the owner's workspace."""
    workspace_id = owner.me["workspaces"][0]["id"]
    async with AsyncExitStack() as stack:
        entered = {
            role: await enrol(
                stack, app, platform, f"The {role}", in_workspace=workspace_id, role=role
            )
            for role in (Role.ADMIN, Role.OBSERVER)
        }
        yield {Role.OWNER: owner, **entered}


async def read(reader: Person, workspace: Person, **query: str) -> list[dict[str, Any]]:
    answer = await reader.client.get(f"{workspace.workspace}/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def add(platform: Platform, person: Person, **row: Any) -> None:
    """Write a line into the history of the workspace of a person."""
    written: dict[str, Any] = {
        "workspace_id": WorkspaceId(person.me["workspaces"][0]["id"]),
        "at": platform.clock.now(),
        "action": "test.done",
        "summary": "did it",
    } | row
    async with platform.database.unit_of_work() as uow:
        await uow.audit.add([AuditRow(**written)])
        await uow.commit()


async def test_owners_read_all_admins_what_concerns_services_observers_nothing(
    owner: Person, people: dict[Role, Person], silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    await owner.client.patch(owner.workspace, json={"name": "Fjord"})

    whole = await read(owner, owner)
    partly = await read(people[Role.ADMIN], owner)
    refused = await people[Role.OBSERVER].client.get(f"{owner.workspace}/audit")

    assert [each["action"] for each in whole] == [
        "workspace.edited",
        "check.registered",
        "service.registered",
    ]
    assert [each["action"] for each in partly] == ["check.registered", "service.registered"]
    assert refused.status_code == 403
    assert whole[0]["who"] == {"account_id": owner.me["id"], "name": "Ana Petrov"}
    assert whole[0]["summary"] == "named it Fjord"
    assert (whole[1]["service_id"], whole[1]["service_name"]) == (service["id"], "Checkout")
    assert whole[0]["at"].endswith("Z")


async def test_strangers_and_other_workspaces_see_nothing_of_it(
    owner: Person, stranger: Person, anonymous: httpx2.AsyncClient, silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")

    foreign = await stranger.client.get(f"{owner.workspace}/audit")
    by_service = await read(stranger, stranger, service=service["id"])
    by_person = await read(stranger, stranger, person=owner.me["id"])

    assert foreign.status_code == 404
    assert (by_service, by_person) == ([], [])
    assert (await anonymous.get(f"{owner.workspace}/audit")).status_code == 401


async def test_it_is_filtered_by_service_and_by_person(
    owner: Person, people: dict[Role, Person], silent_port: int
) -> None:
    first = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    second = await owner.watch(f"http://127.0.0.1:{silent_port}/", name="Shop")
    admin = people[Role.ADMIN]
    await admin.client.post(f"/api/v1/services/{first['id']}/pause")

    of_first = await read(owner, owner, service=first["id"])
    of_admin = await read(owner, owner, person=admin.me["id"])
    of_both = await read(owner, owner, service=second["id"], person=admin.me["id"])
    odd = [await read(owner, owner, service=each) for each in ("x", "\0", "ä" * 36)]

    assert [each["action"] for each in of_first] == [
        "service.paused",
        "check.registered",
        "service.registered",
    ]
    assert [each["action"] for each in of_admin] == ["service.paused"]
    assert of_both == []
    assert odd == [[], [], []]


async def test_of_a_deleted_service_only_the_history_is_left(
    owner: Person, silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    path = f"/api/v1/services/{service['id']}"
    await owner.client.delete(path)

    gone = [await owner.client.get(f"{path}{rest}") for rest in ("", "/results", "/incidents")]
    history = await read(owner, owner, service=service["id"])

    assert [answer.status_code for answer in gone] == [404] * 3
    assert history[0]["action"] == "service.deleted"
    assert history[0]["service_name"] == "Checkout"


async def test_it_comes_in_pages_newest_first(owner: Person, platform: Platform) -> None:
    for number in range(5):
        await add(platform, owner, summary=f"step {number}")

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await owner.client.get(f"{owner.workspace}/audit", params={"limit": "2", **cursor})
        seen += [each["summary"] for each in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            break
        cursor = {"cursor": page.json()["next_cursor"]}

    assert seen == [f"step {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("key", ["x", "-1", "1e9", "9" * 40, "٣", "1 OR 1=1"])
async def test_odd_cursors_are_refused(owner: Person, key: str) -> None:
    query = {"cursor": write_cursor(key)}

    answer = await owner.client.get(f"{owner.workspace}/audit", params=query)

    assert answer.status_code == 422


async def test_what_allgreen_did_and_what_gone_accounts_did_have_no_name(
    owner: Person, people: dict[Role, Person], platform: Platform
) -> None:
    gone = people[Role.ADMIN].me["id"]
    await add(platform, owner)
    await add(platform, owner, by=AccountId(gone))
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(delete(accounts).where(accounts.c.id == gone))
        await uow.commit()

    newest, before = await read(owner, owner)

    assert newest["who"] == {"account_id": gone, "name": None}
    assert before["who"] is None


async def test_no_secret_is_read_in_the_history(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    check = {"headers": [{"name": "X-Key", "value": "canary"}], "body": "canary", "method": "POST"}
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/?q=canary", check=check)
    form = {"checks": [{"url": f"http://127.0.0.1:{silent_port}/?q=canary2"} | check]}
    path = f"/api/v1/services/{service['id']}"
    edited = await owner.client.patch(path, json=form, headers={"If-Match": '"1"'})
    await add(
        platform,
        owner,
        service_id=ServiceId(service["id"]),
        before={"headers": {"x": "canary"}, "period": 5},
        after={"list": [{"Api-Token": "canary"}], "password": "canary", "period": 6},
    )

    answer = await owner.client.get(f"{owner.workspace}/audit")

    assert edited.status_code == 200, edited.text
    assert "canary" not in answer.text
    newest = answer.json()["items"][0]
    assert newest["before"] == {"headers": MASK, "period": 5}
    assert newest["after"] == {"list": [{"Api-Token": MASK}], "password": MASK, "period": 6}


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "New_Password",
        "secret",
        "authorization",
        "header",
        "body",
        "api_key",
        "key_hash",
    ],
)
def test_what_a_name_says_to_be_secret_is_masked(name: str) -> None:
    assert mask_secrets({name: "x", "role": "admin"}) == {name: MASK, "role": "admin"}


async def test_ids_and_cursors_tell_nothing_of_what_happens_elsewhere(
    owner: Person, stranger: Person, platform: Platform
) -> None:
    for number in range(4):
        await add(platform, owner, summary=f"step {number}")
        await add(platform, stranger, summary="elsewhere")

    page = (await owner.client.get(f"{owner.workspace}/audit", params={"limit": 3})).json()
    theirs = {"cursor": page["next_cursor"]}
    foreign = await stranger.client.get(f"{stranger.workspace}/audit", params=theirs)

    ids = [each["id"] for each in page["items"]]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert read_cut(cursor=page["next_cursor"]).after == (ids[-1],)
    assert foreign.status_code == 422


async def test_an_edit_is_noted_side_by_side_and_without_what_is_secret(
    owner: Person, silent_port: int
) -> None:
    url = f"http://127.0.0.1:{silent_port}/"
    header = {"name": "Authorization", "value": "Bearer S3CRET"}
    service = await owner.watch(url, check={"headers": [header]})
    (check,) = service["checks"]
    changed = {
        "id": check["id"],
        "url": f"{url}health?key=S3CRET",
        "timeout_ms": 5000,
        "headers": [{"name": "Authorization", "value": "Bearer S4CRET"}],
        "expectations": {"body_contains": "S5CRET", "answers_within_ms": 800},
    }
    answer = await owner.client.patch(
        f"/api/v1/services/{service['id']}",
        json={"checks": [changed], "period": {"every": 1, "unit": "hours"}},
        headers={"If-Match": f'"{service["version"]}"'},
    )
    assert answer.status_code == 200, answer.text

    line = (await read(owner, owner))[0]

    assert line["before"] == {
        "request": f"GET {url}",
        "expected": "200",
        "limit": "none",
        "timeout": "10000 ms",
        "period": "every 15 minutes",
    }
    assert line["after"]["request"] == f"GET {url}health"
    assert (line["after"]["limit"], line["after"]["period"]) == ("800 ms", "every hour")
    assert "CRET" not in str(line)
