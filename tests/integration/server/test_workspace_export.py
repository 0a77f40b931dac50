"""The file of a workspace holds what people entered, and no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI

from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from tests.api import Person
from tests.people import enrol

SECRET = "Bearer c4n4ry-of-a-header"
BODY = "c4n4ry-of-a-body"


@pytest.fixture
async def service(owner: Person) -> dict[str, Any]:
    return await owner.watch(
        "https://shop.example.com/health",
        check={
            "method": "POST",
            "headers": [{"name": "Authorization", "value": SECRET}],
            "body": BODY,
        },
        recipients=[{"email": "ana@example.org"}],
    )


@pytest.fixture
async def admin(app: FastAPI, platform: Platform, owner: Person) -> AsyncIterator[Person]:
    async with AsyncExitStack() as stack:
        id_ = owner.me["workspaces"][0]["id"]
        yield await enrol(stack, app, platform, "Ben", in_workspace=id_, role=Role.ADMIN)


async def test_an_owner_takes_everything_along(owner: Person, service: dict[str, Any]) -> None:
    answer = await owner.client.get(f"{owner.workspace}/export")

    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    export = answer.json()
    assert export["name"] == "Nordlys"
    assert [each["email"] for each in export["members"]] == ["ana@example.org"]
    (exported,) = export["services"]
    assert exported["id"] == service["id"]
    assert exported["checks"][0]["options"]["url"] == "https://shop.example.com/health"
    assert [each["address"] for each in exported["recipients"]] == ["ana@example.org"]


async def test_no_secret_is_in_it(owner: Person, service: dict[str, Any]) -> None:
    text = (await owner.client.get(f"{owner.workspace}/export")).text

    assert service["name"] in text
    assert SECRET not in text
    assert BODY not in text


async def test_what_was_deleted_is_not_in_it(owner: Person, service: dict[str, Any]) -> None:
    path = f"/api/v1/services/{service['id']}"
    deleted = await owner.client.delete(path, headers={"If-Match": f'"{service["version"]}"'})
    assert deleted.is_success, deleted.text

    export = (await owner.client.get(f"{owner.workspace}/export")).json()

    assert export["services"] == []


async def test_only_owners_take_it(admin: Person, owner: Person) -> None:
    answer = await admin.client.get(f"{owner.workspace}/export")

    assert answer.status_code == 403
