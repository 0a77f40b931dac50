"""Registering by the link of an invitation: it proves the address, and nothing but the address."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import update

from allgreen.domain.notice import NoticeKind
from allgreen.server.platform import Platform
from allgreen.server.settings import Registration, Settings
from allgreen.storage.sql.tables import accounts
from tests.api import PASSWORD, Person, fields, person_of
from tests.mailbox import letters, link_in

LIV = "liv@example.net"


@pytest.fixture(params=[Registration.OPEN, Registration.INVITED])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    changes = {"smtp_url": SecretStr("smtp://127.0.0.1:25"), "registration": request.param}
    return settings.model_copy(update=changes)


async def invite(owner: Person, platform: Platform, email: str = LIV) -> str:
    form = {"email": email, "role": "observer"}
    answer = await owner.client.post(f"{owner.workspace}/invitations", json=form)
    assert answer.status_code == 201, answer.text
    return (await link_in(platform, NoticeKind.INVITED, email)).removeprefix("/invite/")


async def register(client: httpx2.AsyncClient, **changes: object) -> httpx2.Response:
    form = {"name": "Liv Berg", "email": LIV, "password": PASSWORD} | changes
    return await client.post("/api/v1/accounts", json=form)


async def test_who_was_invited_is_signed_in_verified_and_a_member(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await invite(owner, platform)

    answer = await register(anonymous, invitation=token)

    me = answer.json()
    assert answer.status_code == 201
    assert me["email_verified"] is True
    assert {each["name"]: each["role"] for each in me["workspaces"]} == {
        "Nordlys": "observer",
        "Liv's workspace": "owner",
    }
    assert (await anonymous.get(owner.workspace)).status_code == 200
    assert await letters(platform, NoticeKind.VERIFY_EMAIL, LIV) == []


async def test_the_link_is_of_no_use_with_another_address(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await invite(owner, platform)

    unknown = await register(anonymous, invitation=token, email="eve@example.net")
    known = await register(anonymous, invitation=token, email="ana@example.org")

    assert unknown.json()["code"] == known.json()["code"] == "other_address"
    assert unknown.content == known.content
    assert "set-cookie" not in unknown.headers


async def test_a_link_that_was_made_up_makes_no_account_and_tells_nothing(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await invite(owner, platform)
    made_up = ["x", "A" + token[1:], token[:-1], ""]

    unknown = [await register(anonymous, invitation=each) for each in made_up]
    known = [
        await register(anonymous, invitation=each, email="ana@example.org") for each in made_up
    ]

    assert {answer.status_code for answer in unknown} == {404}
    assert [answer.content for answer in unknown] == [answer.content for answer in known]


async def test_an_account_that_is_there_already_is_not_made_twice(
    owner: Person, anonymous: httpx2.AsyncClient, app: FastAPI, platform: Platform
) -> None:
    token = await invite(owner, platform)
    await register(anonymous, invitation=token)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            update(accounts).where(accounts.c.email == LIV).values(email="moved@example.net")
        )
        await uow.commit()

    async with person_of(app) as another:
        again = await register(another, invitation=token, email=LIV)

    assert again.status_code == 404


async def test_who_has_an_account_is_told_so_by_their_own_invitation(
    owner: Person, anonymous: httpx2.AsyncClient, app: FastAPI, platform: Platform
) -> None:
    await register(anonymous, invitation=await invite(owner, platform))
    workspace = (await anonymous.get("/api/v1/me")).json()["workspaces"]
    theirs = next(each["id"] for each in workspace if each["role"] == "owner")
    form = {"email": "ana@example.org", "role": "observer"}
    await anonymous.post(f"/api/v1/workspaces/{theirs}/invitations", json=form)
    token = await link_in(platform, NoticeKind.INVITED, "ana@example.org")

    async with person_of(app) as client:
        answer = await register(
            client, email="ana@example.org", invitation=token.removeprefix("/invite/")
        )

    assert (answer.status_code, fields(answer)) == (422, {"email": "taken"})


async def test_an_account_that_was_never_proven_does_not_join_by_the_link(
    owner: Person, anonymous: httpx2.AsyncClient, app: FastAPI, platform: Platform
) -> None:
    token = await invite(owner, platform)
    await register(anonymous, invitation=token)
    async with platform.database.unit_of_work() as uow:
        unproven = update(accounts).where(accounts.c.email == LIV).values(email_verified_at=None)
        await uow.connection.execute(unproven)
        await uow.commit()
    await owner.client.delete(f"{owner.workspace}/members/{await id_of(anonymous)}")
    newer = await invite(owner, platform)

    async with person_of(app) as client:
        answer = await register(client, invitation=newer, password="seven loud herons dance")

    assert answer.status_code == 202
    assert (await anonymous.get("/api/v1/me")).status_code == 401
    assert len(await letters(platform, NoticeKind.RESET_PASSWORD, LIV)) == 1


async def id_of(client: httpx2.AsyncClient) -> str:
    return str((await client.get("/api/v1/me")).json()["id"])


async def test_without_an_invitation_only_an_open_allgreen_takes_new_accounts(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    answer = await register(anonymous)

    is_open = platform.settings.registration is Registration.OPEN
    assert answer.status_code == (202 if is_open else 403)
