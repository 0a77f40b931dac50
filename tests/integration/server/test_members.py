"""Members: who sees whom, who changes whom, and what is left of somebody who is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, update

from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.policy import Role
from allgreen.domain.profile import Visibility
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import (
    accounts,
    api_keys,
    audit,
    memberships,
    outbox,
    profiles,
    recipients,
)
from allgreen.testing import FakeClock
from tests.api import Person, fields
from tests.databases import BOTH, read_all, settings_of
from tests.people import enrol, make_key, program_of

Enrol = Callable[[str, Role], Awaitable[Person]]


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest) -> Settings:
    return settings_of(request)


@pytest.fixture
async def join(app: FastAPI, platform: Platform, owner: Person) -> AsyncIterator[Enrol]:
    """Let somebody into the owner's workspace."""
    async with AsyncExitStack() as stack:
        workspace_id = owner.me["workspaces"][0]["id"]

        async def enter(name: str, role: Role) -> Person:
            return await enrol(stack, app, platform, name, in_workspace=workspace_id, role=role)

        yield enter


async def roles(platform: Platform) -> dict[str, Role]:
    query = select(accounts.c.name, memberships.c.role).join(memberships)
    return {row.name: row.role for row in await read_all(platform, query)}


async def mails(platform: Platform, kind: NoticeKind) -> list[str]:
    query = select(outbox.c.address).where(outbox.c.kind == kind).order_by(outbox.c.seq)
    return [row.address for row in await read_all(platform, query)]


async def actions(platform: Platform) -> list[str]:
    query = select(audit.c.action).where(audit.c.service_id.is_(None)).order_by(audit.c.id)
    return [row.action for row in await read_all(platform, query)]


def member_of(workspace: Person, who: Person) -> str:
    return f"{workspace.workspace}/members/{who.me['id']}"


async def test_members_see_one_another_and_owners_their_addresses(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    observer = await join("Bo Berg", Role.OBSERVER)
    profile = {
        "account_id": observer.me["id"],
        "pronouns": "they/them",
        "photo_id": "a" * 32,
        "visibility": Visibility.WORKSPACE,
    }
    blank = dict.fromkeys(("surname", "city", "bio", "github", "linkedin", "website"), "")
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(insert(profiles).values(**profile, **blank))
        await uow.commit()

    seen = (await owner.client.get(f"{owner.workspace}/members")).json()["items"]
    masked = (await observer.client.get(f"{owner.workspace}/members")).json()["items"]

    assert [(each["name"], each["role"], each["you"]) for each in seen] == [
        ("Ana Petrov", "owner", True),
        ("Bo Berg", "observer", False),
    ]
    assert [each["email"] for each in seen] == ["ana@example.org", "bo.berg@example.com"]
    assert [each["email"] for each in masked] == [None, "bo.berg@example.com"]
    assert seen[1]["pronouns"] == "they/them"
    assert "a" * 32 in seen[1]["photo"]
    assert seen[0]["photo"] is None
    assert seen[1]["since"].endswith("Z")


async def test_an_owner_makes_an_observer_an_admin_who_is_told(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    observer = await join("Bo Berg", Role.OBSERVER)

    answer = await owner.client.patch(member_of(owner, observer), json={"role": "admin"})
    again = await owner.client.patch(member_of(owner, observer), json={"role": "admin"})

    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert (again.status_code, again.json()["role"]) == (200, "admin")
    assert await mails(platform, NoticeKind.ROLE_CHANGED) == ["bo.berg@example.com"]
    (row,) = await read_all(platform, select(audit).where(audit.c.action == "member.role_changed"))
    assert (row.before["role"], row.after["role"]) == ("observer", "admin")
    assert row.by_account_id == owner.me["id"]


async def test_nobody_is_made_an_owner_but_by_a_transfer(owner: Person, join: Enrol) -> None:
    admin = await join("Bo Berg", Role.ADMIN)

    answer = await owner.client.patch(member_of(owner, admin), json={"role": "owner"})

    assert answer.status_code == 422
    assert fields(answer) == {"role": "transfer"}
    assert "transfer" in answer.json()["errors"][0]["message"]


async def test_nobody_changes_their_own_role(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    admin = await join("Bo Berg", Role.ADMIN)
    before = await roles(platform)

    own = await owner.client.patch(member_of(owner, owner), json={"role": "observer"})
    up = await admin.client.patch(member_of(owner, admin), json={"role": "owner"})

    assert (own.status_code, fields(own)) == (422, {"role": "yourself"})
    assert (up.status_code, up.json()["code"]) == (403, "not_allowed")
    assert await roles(platform) == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OBSERVER])
async def test_only_owners_change_and_remove(
    owner: Person, join: Enrol, platform: Platform, role: Role
) -> None:
    actor, other = await join("Bo Berg", role), await join("Cy Dahl", Role.OBSERVER)
    before = await roles(platform)

    answers = [
        await actor.client.patch(member_of(owner, other), json={"role": "admin"}),
        await actor.client.delete(member_of(owner, other)),
        await actor.client.patch(member_of(owner, owner), json={"role": "observer"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert await roles(platform) == before


async def test_ids_of_other_workspaces_are_not_found(
    owner: Person, stranger: Person, join: Enrol
) -> None:
    await join("Bo Berg", Role.OBSERVER)
    foreign = f"{owner.workspace}/members/{stranger.me['id']}"

    answers = [
        await owner.client.delete(foreign),
        await owner.client.patch(foreign, json={"role": "admin"}),
        await owner.client.delete(f"{owner.workspace}/members/%00"),
        await stranger.client.get(f"{owner.workspace}/members"),
        await stranger.client.delete(member_of(owner, owner)),
        await stranger.client.post(f"{owner.workspace}/leave"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert (await stranger.client.get("/api/v1/me")).json()["workspaces"] != []


async def test_another_owner_is_removed_only_with_proof(
    owner: Person, join: Enrol, clock: FakeClock, platform: Platform
) -> None:
    second = await join("Bo Berg", Role.OWNER)
    clock.advance(timedelta(minutes=31))

    answers = [
        await owner.client.delete(member_of(owner, second)),
        await owner.client.patch(member_of(owner, second), json={"role": "admin"}),
    ]

    assert [answer.json()["code"] for answer in answers] == ["proof_needed"] * 2
    assert (await roles(platform))["Bo Berg"] is Role.OWNER


async def test_who_is_removed_reaches_nothing_and_is_told_so(
    owner: Person, join: Enrol, platform: Platform, app: FastAPI, silent_port: int
) -> None:
    admin = await join("Bo Berg", Role.ADMIN)
    key = await make_key(Person(admin.client, owner.me), "write")
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/",
        recipients=[{"account_id": admin.me["id"]}, {"email": "else@example.net"}],
    )
    await edit(owner, {"admins_may_invite": True})
    invited = await admin.client.post(
        f"{owner.workspace}/invitations", json={"email": "cy@example.net", "role": "observer"}
    )
    await owner.client.get(owner.workspace)
    assert (await admin.client.get(owner.workspace)).status_code == 200
    await owe(platform, owner, "bo.berg@example.com")

    answer = await owner.client.delete(member_of(owner, admin))

    assert (invited.status_code, answer.status_code) == (201, 204)
    assert (await admin.client.get(owner.workspace)).status_code == 404
    assert (await admin.client.get(f"/api/v1/services/{service['id']}")).status_code == 404
    async with program_of(app, key["key"]) as program:
        assert (await program.get(owner.workspace)).status_code == 401
    assert await read_all(platform, select(api_keys)) == []
    told = await read_all(platform, select(recipients.c.address))
    assert [row.address for row in told] == ["else@example.net"]
    assert await states(platform) == {
        ("bo.berg@example.com", NoticeKind.REMINDER): NoticeState.CANCELLED,
        ("bo.berg@example.com", NoticeKind.REMOVED): NoticeState.PENDING,
        ("bo.berg@example.com", NoticeKind.ACCOUNT_CHANGED): NoticeState.PENDING,
        ("ana@example.org", NoticeKind.KEY_MADE): NoticeState.PENDING,
        ("ana@example.org", NoticeKind.RECIPIENT_LOST): NoticeState.PENDING,
        ("cy@example.net", NoticeKind.INVITED): NoticeState.CANCELLED,
        ("else@example.net", NoticeKind.CONFIRM_RECIPIENT): NoticeState.PENDING,
    }
    waiting = (await owner.client.get(f"{owner.workspace}/invitations")).json()["items"]
    assert waiting == []
    assert "member.removed" in await actions(platform)


async def edit(owner: Person, form: dict[str, Any]) -> None:
    answer = await owner.client.patch(owner.workspace, json=form)
    assert answer.status_code == 200, answer.text


async def owe(platform: Platform, owner: Person, address: str) -> None:
    """Owe a message about the workspace to somebody."""
    now = platform.clock.now()
    row = {
        "id": platform.new_id(),
        "key": "test/1",
        "kind": NoticeKind.REMINDER,
        "channel": "email",
        "address": address,
        "workspace_id": owner.me["workspaces"][0]["id"],
        "facts": {},
        "state": NoticeState.PENDING,
        "attempt": 1,
        "fence": 0,
        "created_at": now,
        "due_at": now,
        "last_error": "",
        "is_unsure": False,
    }
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(insert(outbox).values(**row))
        await uow.commit()


async def states(platform: Platform) -> dict[tuple[str, NoticeKind], NoticeState]:
    query = select(outbox.c.address, outbox.c.kind, outbox.c.state)
    return {(row.address, row.kind): row.state for row in await read_all(platform, query)}


async def test_the_last_owner_cannot_leave(owner: Person, join: Enrol) -> None:
    await join("Bo Berg", Role.ADMIN)

    answer = await owner.client.post(f"{owner.workspace}/leave")

    assert answer.status_code == 422
    assert fields(answer) == {"": "last_owner"}
    assert (await owner.client.get(owner.workspace)).status_code == 200


async def test_an_owner_who_is_disabled_is_no_reason_to_let_the_last_one_go(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    second = await join("Bo Berg", Role.OWNER)
    async with platform.database.unit_of_work() as uow:
        disabled = update(accounts).where(accounts.c.id == second.me["id"])
        await uow.connection.execute(disabled.values(disabled_at=platform.clock.now()))
        await uow.commit()

    answer = await owner.client.post(f"{owner.workspace}/leave")

    assert fields(answer) == {"": "last_owner"}


async def test_who_leaves_is_gone_and_the_others_stay(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    observer = await join("Bo Berg", Role.OBSERVER)

    answer = await observer.client.post(f"{owner.workspace}/leave")

    assert answer.status_code == 204
    assert (await observer.client.get(owner.workspace)).status_code == 404
    assert list(await roles(platform)) == ["Ana Petrov"]
    assert await actions(platform) == ["member.left"]
    assert await mails(platform, NoticeKind.REMOVED) == []


async def test_who_leaves_makes_no_silent_hole_in_lists(
    owner: Person, join: Enrol, platform: Platform, silent_port: int
) -> None:
    observer, admin = await join("Bo Berg", Role.OBSERVER), await join("Cy Dahl", Role.ADMIN)
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    await observer.client.put(f"/api/v1/services/{service['id']}/subscription")

    await observer.client.post(f"{owner.workspace}/leave")

    assert await mails(platform, NoticeKind.RECIPIENT_LOST) == ["ana@example.org"]
    path = f"{owner.workspace}/deliveries"
    (shown,) = (await owner.client.get(path)).json()["items"]
    assert shown["subject"].startswith("Bo Berg is not told of ")
    assert "They left the workspace." in shown["body_text"]
    # Addresses of members are for owners, also of those who are none any more.
    assert "bo.berg@example.com" not in (await admin.client.get(path)).text
    assert "bo.berg@example.com" not in (await admin.client.get(f"{owner.workspace}/audit")).text


async def test_the_address_of_who_was_an_owner_stays_with_owners(
    owner: Person, join: Enrol, platform: Platform, silent_port: int
) -> None:
    second, admin = await join("Bo Berg", Role.OWNER), await join("Cy Dahl", Role.ADMIN)
    third = await join("Di Moe", Role.OBSERVER)
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/")
    await third.client.put(f"/api/v1/services/{service['id']}/subscription")
    await third.client.post(f"{owner.workspace}/leave")

    await second.client.post(f"{owner.workspace}/leave")

    lost = ["ana@example.org", "bo.berg@example.com"]
    assert await mails(platform, NoticeKind.RECIPIENT_LOST) == lost
    shown = await admin.client.get(f"{owner.workspace}/deliveries")
    assert "bo.berg@example.com" not in shown.text


async def test_of_two_owners_who_leave_at_once_one_stays(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    second = await join("Bo Berg", Role.OWNER)
    path = f"{owner.workspace}/leave"

    answers = await asyncio.gather(
        *(person.client.post(path) for person in (owner, second) for _ in range(10))
    )

    assert sorted(answer.status_code for answer in answers).count(204) == 1
    assert list((await roles(platform)).values()) == [Role.OWNER]


async def test_of_two_owners_who_remove_one_another_one_stays(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    second = await join("Bo Berg", Role.OWNER)

    answers = await asyncio.gather(
        owner.client.delete(member_of(owner, second)),
        second.client.delete(member_of(owner, owner)),
    )

    assert sorted(answer.status_code for answer in answers) == [204, 404]
    assert list((await roles(platform)).values()) == [Role.OWNER]


async def test_of_two_owners_who_demote_one_another_one_stays(
    owner: Person, join: Enrol, platform: Platform
) -> None:
    second = await join("Bo Berg", Role.OWNER)

    answers = await asyncio.gather(
        owner.client.patch(member_of(owner, second), json={"role": "admin"}),
        second.client.patch(member_of(owner, owner), json={"role": "admin"}),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 403]
    assert sorted((await roles(platform)).values()) == [Role.ADMIN, Role.OWNER]


@pytest.mark.parametrize(
    "body", [{}, {"role": "root"}, {"role": 2**70}, {"role": "admin", "account_id": "x"}, [], None]
)
async def test_odd_bodies_are_refused(owner: Person, join: Enrol, body: Any) -> None:
    observer = await join("Bo Berg", Role.OBSERVER)

    answer = await owner.client.patch(member_of(owner, observer), json=body)

    assert answer.status_code == 422


async def test_an_owner_whom_an_admin_takes_off_a_list_hears_of_it(
    owner: Person, join: Enrol, platform: Platform, silent_port: int
) -> None:
    admin, other = await join("Bo Berg", Role.ADMIN), await join("Cy Dahl", Role.OBSERVER)
    told = [{"account_id": each.me["id"]} for each in (owner, other)]
    service = await owner.watch(f"http://127.0.0.1:{silent_port}/", recipients=told)
    path = f"/api/v1/services/{service['id']}"

    unchanged = await admin.client.patch(
        path, json={"recipients": told}, headers={"If-Match": '"1"'}
    )
    before = await mails(platform, NoticeKind.RECIPIENT_LOST)
    answer = await admin.client.patch(path, json={"recipients": []}, headers={"If-Match": '"2"'})

    assert (unchanged.status_code, answer.status_code) == (200, 200), answer.text
    assert before == []
    assert await mails(platform, NoticeKind.RECIPIENT_LOST) == ["ana@example.org"]
    (row,) = await read_all(
        platform, select(audit).where(audit.c.summary.contains("changed who is told"))
    )
    assert row.by_account_id == admin.me["id"]


async def test_what_an_owner_does_to_their_own_subscription_is_no_news(
    owner: Person, platform: Platform, silent_port: int
) -> None:
    service = await owner.watch(
        f"http://127.0.0.1:{silent_port}/", recipients=[{"account_id": owner.me["id"]}]
    )
    form: dict[str, Any] = {"recipients": []}

    await owner.client.patch(
        f"/api/v1/services/{service['id']}", json=form, headers={"If-Match": '"1"'}
    )

    assert await mails(platform, NoticeKind.RECIPIENT_LOST) == []
