"""Accounts on PostgreSQL: every route once, and the races that one writer would hide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import delete, func, select, text, update

from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.server.app import open_platform
from allgreen.server.auth.actions import add_workspace
from allgreen.server.auth.admins import lock_admins
from allgreen.server.auth.memberships import lock_workspace
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import accounts, audit, memberships, outbox
from tests.api import ADDRESS, PASSWORD, Person, person_of
from tests.mailbox import link_in
from tests.people import enrol

pytestmark = pytest.mark.postgres

ANA = "ana@example.org"
ACCOUNT = "/api/v1/account"


@pytest.fixture
async def platform(tmp_path: Path, postgres_url: str) -> AsyncIterator[Platform]:
    url = postgres_url.replace("+asyncpg", "")
    settings = Settings(
        data_dir=tmp_path,
        database_url=url,
        public_url=ADDRESS,
        smtp_url=SecretStr("smtp://127.0.0.1:25"),
    )
    async with open_platform(settings, watches=False) as platform:
        yield platform


@pytest.fixture
async def people(platform: Platform) -> AsyncIterator[AsyncExitStack]:
    """Where people are put who are to be gone after the test."""
    async with AsyncExitStack() as stack:
        yield stack


async def count(platform: Platform, *where: object) -> int:
    query = select(func.count()).select_from(accounts).where(*where)  # type: ignore[arg-type]  # conditions
    async with platform.database.read() as connection:
        return int(await connection.scalar(query) or 0)


async def test_every_route_of_an_account_works(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    client = owner.client
    begun = await client.post(f"{ACCOUNT}/two-factor")
    totp = pyotp.TOTP(begun.json()["secret"])
    code = {"code": totp.at(platform.clock.now())}
    answers = [
        begun,
        await client.post(f"{ACCOUNT}/two-factor/confirm", json=code),
        await client.post(f"{ACCOUNT}/two-factor/recovery-codes"),
        await client.delete(f"{ACCOUNT}/two-factor"),
        await client.get(ACCOUNT),
        await client.patch(ACCOUNT, json={"name": "Ana", "theme": "dark"}),
        await client.get(f"{ACCOUNT}/sessions"),
        await client.post(f"{ACCOUNT}/sessions/end-others"),
        await client.get(f"{ACCOUNT}/events", params={"limit": 1}),
        await client.get(f"{ACCOUNT}/export"),
        await client.post("/api/v1/session/proof", json={"password": PASSWORD}),
        await client.put(
            f"{ACCOUNT}/password",
            json={"current_password": PASSWORD, "new_password": "seven loud herons dance"},
        ),
        await client.post(f"{ACCOUNT}/email", json={"email": "ana@example.net"}),
        await client.post(await link_in(platform, NoticeKind.CHANGE_EMAIL, "ana@example.net")),
        await client.post("/api/v1/password/forgot", json={"email": "ana@example.net"}),
    ]
    token = await link_in(platform, NoticeKind.RESET_PASSWORD, "ana@example.net")
    reset = {"token": token.removeprefix("/reset/"), "password": PASSWORD}
    answers.append(await client.post("/api/v1/password/reset", json=reset))
    log_in = {"email": "ana@example.net", "password": PASSWORD}
    answers.append(await client.post("/api/v1/session", json=log_in))

    assert [answer.status_code for answer in answers] == [
        *(201, 200, 200, 204, 200, 200, 200, 204, 200, 200, 204, 204, 202, 200, 202, 204, 200)
    ]


async def test_what_others_did_with_somebody_tells_them_no_more_once_they_are_gone(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    workspace_id = owner.me["workspaces"][0]["id"]
    bo = await enrol(people, app, platform, "Bo Berg", in_workspace=workspace_id, role=Role.ADMIN)
    member = f"{owner.workspace}/members/{bo.me['id']}"
    assert (await owner.client.patch(member, json={"role": "observer"})).status_code == 200

    gone = await bo.client.request("DELETE", ACCOUNT, json={"password": PASSWORD})

    assert gone.status_code == 204
    async with platform.database.read() as connection:
        summaries = list(await connection.scalars(select(audit.c.summary)))
    assert "made somebody whose account is deleted an observer" in summaries
    assert not any("Bo Berg" in summary for summary in summaries)


async def test_a_stranger_is_asked_by_two_workspaces_a_day_apart(
    owner: Person, platform: Platform
) -> None:
    made = await owner.client.post("/api/v1/workspaces", json={"name": "Fjord"})
    fjord = Person(client=owner.client, me={"workspaces": [made.json()]})
    for place in (owner, fjord):
        await place.watch("https://example.org/", recipients=[{"email": "eve@example.net"}])

    asked = select(outbox.c.due_at).where(outbox.c.kind == NoticeKind.CONFIRM_RECIPIENT)
    async with platform.database.read() as connection:
        first, second = await connection.scalars(asked.order_by(outbox.c.seq))

    assert second - first == timedelta(days=1)


async def test_every_route_of_the_instance_works(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    bo = await enrol(people, app, platform, "Bo Berg")
    listed = [
        await owner.client.get("/api/v1/instance/accounts", params={"q": q, "limit": 1})
        for q in ("", "BERG", "%", "\0")
    ]
    acts = [
        await owner.client.post(f"/api/v1/instance/accounts/{bo.me['id']}/{what}")
        for what in ("disable", "enable", "end-sessions", "reset-two-factor")
    ]

    assert [len(answer.json()["items"]) for answer in listed] == [1, 1, 0, 0]
    assert [answer.status_code for answer in acts] == [200] * 4


async def test_of_two_who_disable_each_other_one_remains(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    other = await enrol(people, app, platform, "Cy Else", is_instance_admin=True)
    acts = [(owner, other), (other, owner)] * 4

    await asyncio.gather(
        *(one.client.post(f"/api/v1/instance/accounts/{two.me['id']}/disable") for one, two in acts)
    )

    assert await count(platform, accounts.c.disabled_at.is_(None)) == 1


async def test_who_was_disabled_meanwhile_does_nothing_to_others_any_more(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    other = await enrol(people, app, platform, "Cy Else", is_instance_admin=True)
    async with platform.database.unit_of_work() as uow:
        await lock_admins(uow.connection)
        is_other = accounts.c.id == other.me["id"]
        gone = update(accounts).where(is_other).values(disabled_at=platform.clock.now())
        await uow.connection.execute(gone)

        path = f"/api/v1/instance/accounts/{owner.me['id']}/end-sessions"
        acting = asyncio.create_task(other.client.post(path))
        while not acting.done() and not await is_somebody_waiting(platform):
            await asyncio.wait({acting}, timeout=0.01)
        await uow.commit()

    assert (await acting).status_code == 403
    assert (await owner.client.get("/api/v1/me")).status_code == 200


async def test_of_two_owners_who_delete_their_accounts_at_once_one_remains(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    workspace_id = owner.me["workspaces"][0]["id"]
    owners = [
        await enrol(people, app, platform, name, in_workspace=workspace_id, role=Role.OWNER)
        for name in ("Bo Berg", "Cy Else", "Di Moe")
    ]
    async with platform.database.unit_of_work() as uow:
        ana = memberships.c.account_id == owner.me["id"]
        await uow.connection.execute(update(memberships).where(ana).values(role=Role.OBSERVER))
        await uow.commit()

    answers = await asyncio.gather(*(each.client.delete(ACCOUNT) for each in owners))

    assert sorted(answer.status_code for answer in answers) == [204, 204, 422]
    assert await count(platform) == 2


async def test_an_account_is_deleted_in_turn_with_whoever_else_leaves(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    workspace_id = owner.me["workspaces"][0]["id"]
    bo = await enrol(people, app, platform, "Bo Berg", in_workspace=workspace_id, role=Role.OWNER)
    async with platform.database.unit_of_work() as uow:
        await lock_workspace(uow.connection, workspace_id)
        ana = memberships.c.account_id == owner.me["id"]
        await uow.connection.execute(delete(memberships).where(ana))

        deleting = asyncio.create_task(bo.client.delete(ACCOUNT))
        while not deleting.done() and not await is_somebody_waiting(platform):
            await asyncio.wait({deleting}, timeout=0.01)
        await uow.commit()

    assert (await deleting).status_code == 422


async def test_no_workspace_is_left_to_nobody_that_is_made_while_its_account_goes(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    workspace_id = owner.me["workspaces"][0]["id"]
    bo = await enrol(people, app, platform, "Bo Berg", in_workspace=workspace_id, role=Role.ADMIN)
    async with platform.database.unit_of_work() as uow:
        mine = select(accounts.c.id).where(accounts.c.id == bo.me["id"])
        await uow.connection.execute(mine.with_for_update(key_share=True))
        await add_workspace(
            uow.connection,
            workspace_id=WorkspaceId(platform.new_id()),
            name="Second",
            owner_id=bo.me["id"],
            is_held=False,
            now=platform.clock.now(),
        )
        deleting = asyncio.create_task(bo.client.delete(ACCOUNT))
        while not deleting.done() and not await is_somebody_waiting(platform):
            await asyncio.wait({deleting}, timeout=0.01)
        await uow.commit()

    assert (await deleting).status_code == 422


async def is_somebody_waiting(platform: Platform) -> bool:
    """Tell whether a transaction waits for another one."""
    async with platform.database.read() as connection:
        return bool(await connection.scalar(text("select 1 from pg_locks where not granted")))


async def test_of_many_with_the_same_code_one_gets_in(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    secret = pyotp.random_base32()
    async with platform.database.unit_of_work() as uow:
        stored = platform.database.cipher.encrypt(secret)
        now = platform.clock.now()
        on = update(accounts).values(totp_secret=stored, totp_since=now)
        await uow.connection.execute(on)
        await uow.commit()
    code = pyotp.TOTP(secret).at(platform.clock.now())
    form = {"email": ANA, "password": PASSWORD, "code": code}

    answers = await asyncio.gather(
        *(person_of(app).post("/api/v1/session", json=form) for _ in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422]


async def test_an_address_that_registers_many_times_at_once_has_one_account(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    form = {"name": "Bo Berg", "email": "bo@example.net", "password": PASSWORD}

    answers = await asyncio.gather(
        *(person_of(app).post("/api/v1/accounts", json=form) for _ in range(5))
    )

    log_in = await person_of(app).post(
        "/api/v1/session", json={k: form[k] for k in ("email", "password")}
    )
    assert {answer.status_code for answer in answers} == {202}
    assert log_in.status_code == 200
    assert await count(platform, accounts.c.email == "bo@example.net") == 1


async def test_of_two_accounts_that_move_to_one_address_at_once_one_gets_it(
    owner: Person, app: FastAPI, people: AsyncExitStack, platform: Platform
) -> None:
    other = await enrol(people, app, platform, "Bo Berg")
    paths = []
    for person in (owner, other):
        await person.client.post(f"{ACCOUNT}/email", json={"email": "both@example.net"})
        paths.append(await link_in(platform, NoticeKind.CHANGE_EMAIL, "both@example.net"))

    typed = {"password": PASSWORD}
    answers = await asyncio.gather(*(person_of(app).post(each, data=typed) for each in paths))

    assert sorted(answer.status_code for answer in answers) == [200, 404]
    assert await count(platform, accounts.c.email == "both@example.net") == 1
