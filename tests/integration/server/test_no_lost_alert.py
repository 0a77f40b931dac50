"""Whatever people do while a message waits: who is to hear of an outage hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from allgreen.testing import FakeClock
from tests.api import Person
from tests.outages import due, fail, leave_now, send_all
from tests.people import enrol

BO = "bo.berg@example.com"


@pytest.fixture
async def bo(owner: Person, app: FastAPI, platform: Platform) -> AsyncIterator[Person]:
    """An admin."""
    async with AsyncExitStack() as stack:
        workspace_id = owner.me["workspaces"][0]["id"]
        yield await enrol(
            stack, app, platform, "Bo Berg", in_workspace=workspace_id, role=Role.ADMIN
        )


@pytest.fixture
async def service(
    owner: Person, bo: Person, platform: Platform, clock: FakeClock, silent_port: int
) -> dict[str, Any]:
    """A service that is down; the admin is to be told, and was not yet."""
    told = [{"account_id": bo.me["id"]}]
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=told)
    await fail(platform, clock, service)
    assert await due(platform, NoticeKind.DOWN) == [BO]
    return service


async def test_a_pause_is_told_with_the_outage_and_the_next_outage_by_itself(
    owner: Person, platform: Platform, clock: FakeClock, service: dict[str, Any]
) -> None:
    path = f"/api/v1/services/{service['id']}"
    await owner.client.post(f"{path}/pause")
    together = await leave_now(platform)
    await send_all(platform)

    await owner.client.post(f"{path}/resume")
    clock.advance(timedelta(minutes=20))
    await fail(platform, clock, service)

    assert together == [[NoticeKind.DOWN, NoticeKind.PAUSED]]
    assert await due(platform, NoticeKind.DOWN) == [BO]


async def test_who_becomes_an_observer_is_told_all_the_same(
    owner: Person, bo: Person, platform: Platform, service: dict[str, Any]
) -> None:
    path = f"{owner.workspace}/members/{bo.me['id']}"
    changed = await owner.client.patch(path, json={"role": "observer"})

    assert changed.status_code == 200
    assert await due(platform, NoticeKind.DOWN) == [BO]


async def test_who_leaves_the_list_and_comes_back_unheard_is_told(
    bo: Person, platform: Platform, service: dict[str, Any]
) -> None:
    path = f"/api/v1/services/{service['id']}/subscription"
    await bo.client.delete(path)
    meanwhile = await due(platform, NoticeKind.DOWN)
    await bo.client.put(path)

    assert meanwhile == []
    assert await due(platform, NoticeKind.DOWN) == [BO]


async def test_who_leaves_the_list_and_comes_back_knowing_is_not_told_twice(
    bo: Person, platform: Platform, service: dict[str, Any]
) -> None:
    await send_all(platform)
    path = f"/api/v1/services/{service['id']}/subscription"

    await bo.client.delete(path)
    await bo.client.put(path)

    assert await due(platform, NoticeKind.DOWN) == []


async def test_who_is_put_back_on_the_list_by_others_is_told(
    owner: Person, bo: Person, platform: Platform, service: dict[str, Any]
) -> None:
    path = f"/api/v1/services/{service['id']}"
    for recipients in ([], [{"account_id": bo.me["id"]}]):
        version = (await owner.client.get(path)).headers["etag"]
        edited = await owner.client.patch(
            path, json={"recipients": recipients}, headers={"If-Match": version}
        )
        assert edited.status_code == 200, edited.text

    assert await due(platform, NoticeKind.DOWN) == [BO]


async def test_who_was_disabled_and_is_put_back_is_told(
    owner: Person, bo: Person, app: FastAPI, platform: Platform, service: dict[str, Any]
) -> None:
    account = f"/api/v1/instance/accounts/{bo.me['id']}"
    await owner.client.post(f"{account}/disable")
    meanwhile = await due(platform, NoticeKind.DOWN)
    await owner.client.post(f"{account}/enable")
    path = f"/api/v1/services/{service['id']}"
    version = (await owner.client.get(path)).headers["etag"]
    form = {"recipients": [{"account_id": bo.me["id"]}]}
    await owner.client.patch(path, json=form, headers={"If-Match": version})

    assert meanwhile == []
    assert await due(platform, NoticeKind.DOWN) == [BO]
