"""To be told oneself: what every member may, also those who may only look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from allgreen.server.recipients.subscriptions import MOST_TOLD
from allgreen.storage.sql.tables import audit
from tests.api import Person, fields
from tests.people import enrol, set_role


@pytest.fixture
async def observer(owner: Person, app: FastAPI, platform: Platform) -> AsyncIterator[Person]:
    async with AsyncExitStack() as stack:
        where = owner.me["workspaces"][0]["id"]
        yield await enrol(
            stack, app, platform, "Olive Observer", in_workspace=where, role=Role.OBSERVER
        )


@pytest.fixture
async def service(owner: Person, silent_port: int) -> dict[str, Any]:
    """A service that two strangers were asked to be told about."""
    recipients = [{"email": "one@example.net"}, {"email": "two@example.net"}]
    return await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=recipients)


def path_of(service: dict[str, Any]) -> str:
    return f"/api/v1/services/{service['id']}/subscription"


async def recipients_of(person: Person, service: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await person.client.get(f"/api/v1/services/{service['id']}")
    listed: list[dict[str, Any]] = answer.json()["recipients"]
    return listed


async def test_an_observer_is_told_from_now_on_and_sees_how_many_are(
    observer: Person, owner: Person, service: dict[str, Any]
) -> None:
    before = await observer.client.get(path_of(service))
    answer = await observer.client.put(path_of(service))

    assert before.json() == {"subscribed": False, "recipients": 2}
    assert answer.json() == {"subscribed": True, "recipients": 3}
    (mine,) = [
        one for one in await recipients_of(owner, service) if one["name"] == observer.me["name"]
    ]
    assert (mine["state"], mine["account_id"]) == ("confirmed", observer.me["id"])


async def test_an_observer_sees_of_all_recipients_only_themselves(
    observer: Person, service: dict[str, Any]
) -> None:
    before = await recipients_of(observer, service)
    await observer.client.put(path_of(service))

    after = await recipients_of(observer, service)

    assert before == []
    assert [one["you"] for one in after] == [True]


async def test_to_subscribe_twice_is_to_subscribe_once(
    observer: Person, owner: Person, service: dict[str, Any], platform: Platform
) -> None:
    answers = [await observer.client.put(path_of(service)) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(await recipients_of(owner, service)) == 3


async def test_who_unsubscribes_is_told_nothing_more_and_nobody_else_is_touched(
    observer: Person, owner: Person, service: dict[str, Any]
) -> None:
    await observer.client.put(path_of(service))

    answers = [await observer.client.delete(path_of(service)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    left = [one["email"] for one in await recipients_of(owner, service)]
    assert left == ["one@example.net", "two@example.net"]


async def test_an_address_that_was_listed_before_it_was_a_members_is_listed_once(
    owner: Person, app: FastAPI, platform: Platform, silent_port: int
) -> None:
    listed = [{"email": "late.comer@example.com"}]
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=listed)
    where = owner.me["workspaces"][0]["id"]
    async with AsyncExitStack() as stack:
        late = await enrol(
            stack, app, platform, "Late Comer", in_workspace=where, role=Role.OBSERVER
        )

        answer = await late.client.put(path_of(service))

    assert answer.json() == {"subscribed": True, "recipients": 1}
    (one,) = await recipients_of(owner, service)
    assert (one["state"], one["account_id"]) == ("confirmed", late.me["id"])


async def test_whoever_has_the_form_open_learns_that_the_list_is_another_one(
    observer: Person, owner: Person, service: dict[str, Any]
) -> None:
    await observer.client.put(path_of(service))

    late = await owner.client.patch(
        f"/api/v1/services/{service['id']}",
        json={"recipients": []},
        headers={"If-Match": f'"{service["version"]}"'},
    )

    assert late.status_code == 412
    assert len(await recipients_of(owner, service)) == 3


async def test_the_history_says_who_changed_the_list(
    observer: Person, service: dict[str, Any], platform: Platform
) -> None:
    await observer.client.put(path_of(service))

    query = select(audit.c.action, audit.c.by_account_id, audit.c.summary).order_by(audit.c.id)
    async with platform.database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(query)]
    assert rows[-1] == ("service.edited", observer.me["id"], "changed who is told")


async def test_strangers_and_former_members_find_nothing_to_subscribe_to(
    observer: Person, stranger: Person, owner: Person, service: dict[str, Any], platform: Platform
) -> None:
    await set_role(platform, observer.me["id"], None)

    answers = [
        await person.client.request(method, path_of(service))
        for person in (observer, stranger)
        for method in ("GET", "PUT", "DELETE")
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert len(await recipients_of(owner, service)) == 2


async def test_a_full_list_takes_nobody_more(
    observer: Person, owner: Person, silent_port: int
) -> None:
    crowd = [{"email": f"reader{number}@example.net"} for number in range(MOST_TOLD)]
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=crowd)

    answer = await observer.client.put(path_of(service))

    assert fields(answer) == {"service_id": "full"}
