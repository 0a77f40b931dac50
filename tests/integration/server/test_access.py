"""Who reaches what beyond the table of tests/authorization: other sites, and what is masked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from allgreen.domain.expectation import Explanation
from allgreen.domain.identity import CheckId, IncidentId, ServiceId, WorkspaceId
from allgreen.domain.policy import Permission, Role
from allgreen.server.app import build_routes
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import memberships
from allgreen.testing import a_result, an_incident
from tests.api import Person

Operation = tuple[str, str, str]
WINDOW = {"name": "Move", "first": "2199-01-01", "at": "02:30", "duration_minutes": 60}
ELSEWHERE = "01970000-0000-7000-8000-000000000001"


def operations() -> list[Operation]:
    """Return method, path and permission of every operation."""
    document = build_routes().openapi()
    return [
        (method.upper(), path, operation["x-allgreen-permission"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def path_of(operation: Operation, ids: dict[str, str]) -> str:
    """Return a path with an id in each place; one of nothing where no other is given."""
    return operation[1].format_map(defaultdict(lambda: ELSEWHERE, ids))


@pytest.fixture
async def ids(owner: Person, platform: Platform, silent_port: int) -> dict[str, str]:
    """Ids of the owner's workspace, and of a service, an incident and a window in it."""
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    workspace_id = owner.me["workspaces"][0]["id"]
    incident_id = await add_incident(platform, workspace_id, service["id"])
    window = await owner.client.post(f"{owner.workspace}/maintenance-windows", json=WINDOW)
    return {
        "workspace_id": workspace_id,
        "service_id": service["id"],
        "incident_id": incident_id,
        "window_id": window.json()["id"],
    }


async def add_incident(platform: Platform, workspace_id: str, service_id: str) -> str:
    incident = an_incident(
        id=IncidentId(platform.new_id()),
        workspace_id=WorkspaceId(workspace_id),
        service_id=ServiceId(service_id),
    )
    async with platform.database.unit_of_work() as uow:
        await uow.incidents.save(incident)
        await uow.commit()
    return incident.id


@pytest.mark.parametrize("malformed", ["1", "%00", "x" * 300, "ä", "..%2f..", "' OR 1=1 --"])
async def test_a_malformed_id_is_not_found(owner: Person, malformed: str) -> None:
    answer = await owner.client.get(f"/api/v1/services/{malformed}")

    assert answer.status_code == 404


async def test_an_observer_sees_no_secret_of_a_check(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    check = {
        "headers": [{"name": "X-Key", "value": "canary-header"}],
        "body": "canary-body",
        "method": "POST",
        "expectations": {"status": "200", "body_contains": "canary-text"},
    }
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/?key=canary-query", check=check)
    await change_role(platform, Role.OBSERVER)

    answer = await owner.client.get(f"/api/v1/services/{service['id']}")

    assert answer.status_code == 200
    assert "canary" not in answer.text


async def test_only_those_who_may_edit_a_check_see_what_was_found_in_a_body(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    paths = [f"/api/v1/services/{service['id']}{rest}" for rest in ("", "/results")]
    lines = (
        Explanation(operand="$.key", actual="canary", expected="up", holds=False, quotes=True),
        Explanation(operand="Body", actual="not found", expected="canary", holds=False),
    )
    result = a_result(
        check_id=CheckId(service["checks"][0]["id"]), service_id=ServiceId(service["id"])
    )
    async with platform.database.unit_of_work() as uow:
        await uow.results.add([replace(result, explanations=lines)])
        await uow.commit()

    whole = [(await owner.client.get(path)).text for path in paths]
    await change_role(platform, Role.OBSERVER)
    masked = [(await owner.client.get(path)).text for path in paths]

    assert [text.count("canary") for text in whole] == [2, 2]
    assert [text.count("canary") for text in masked] == [0, 0]
    assert [text.count("not found") for text in masked] == [1, 1]


async def test_a_role_that_was_lowered_is_lower_for_the_very_next_write(
    owner: Person, platform: Platform, ids: dict[str, str]
) -> None:
    await change_role(platform, Role.OBSERVER)

    answer = await owner.client.post(f"/api/v1/services/{ids['service_id']}/pause")

    assert answer.status_code == 403


async def change_role(platform: Platform, role: Role) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(memberships).values(role=role))
        await uow.commit()


def test_the_document_names_only_permissions_that_the_policy_knows() -> None:
    named_ones = {permission for _, _, permission in operations()}

    assert named_ones <= {permission.value for permission in Permission}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "http://["},
        {"origin": "http://rebound.example:8000", "host": "rebound.example:8000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "text/plain;charset=UTF-8"},
    ],
    ids=lambda headers: " ".join(next(iter(headers.items()))),
)
async def test_other_sites_change_nothing(
    owner: Person, app: FastAPI, ids: dict[str, str], headers: dict[str, str]
) -> None:
    unsafe = [each for each in operations() if each[0] not in ("GET", "HEAD")]

    answers = [
        await owner.client.request(each[0], path_of(each, ids), content=b"{}", headers=headers)
        for each in unsafe
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert (await owner.client.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"},
        {"origin": "http://localhost:8000", "host": "localhost:8000"},
        {"origin": "http://192.0.2.7:8000", "host": "192.0.2.7:8000"},
        {"origin": "http://[::1]:8000", "host": "[::1]:8000"},
    ],
    ids=["a program", "our page", "our page by another name", "by number", "by a v6 number"],
)
async def test_our_own_pages_and_programs_are_let_in(
    owner: Person, ids: dict[str, str], headers: dict[str, str]
) -> None:
    path = f"/api/v1/services/{ids['service_id']}/pause"
    cookie = {"cookie": f"allgreen={owner.client.cookies['allgreen']}"}

    answer = await owner.client.post(path, headers=headers | cookie)

    assert answer.status_code == 200
