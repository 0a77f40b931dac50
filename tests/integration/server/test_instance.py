"""Who runs this Allgreen: sees accounts, opens no workspace, and there is always one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, update

from allgreen.domain.facts import Facts
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.ports import Change
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import accounts, api_keys, memberships, recipients
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of, service_form
from tests.mailbox import changes_told_to, letters
from tests.people import enrol, make_key, program_of

ACCOUNTS = "/api/v1/instance/accounts"
BO = "bo.berg@example.com"
ASKED, RESET = NoticeKind.CONFIRM_RECIPIENT, NoticeKind.RESET_PASSWORD
ACTS = ("disable", "enable", "end-sessions", "revoke-keys", "reset-two-factor")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    changes = {"smtp_url": SecretStr("smtp://127.0.0.1:25"), "allow_targets": "127.0.0.1:9"}
    return settings.model_copy(update=changes)


@pytest.fixture
async def people(owner: Person) -> AsyncIterator[AsyncExitStack]:
    """Where people are put who are to be gone after the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def bo(owner: Person, people: AsyncExitStack, app: FastAPI, platform: Platform) -> Person:
    """An admin of the owner's workspace."""
    workspace_id = owner.me["workspaces"][0]["id"]
    return await enrol(people, app, platform, "Bo Berg", in_workspace=workspace_id, role=Role.ADMIN)


async def act(person: Person, whose: Person, what: str) -> httpx2.Response:
    return await person.client.post(f"{ACCOUNTS}/{whose.me['id']}/{what}")


async def can_sign_in(app: FastAPI, email: str) -> bool:
    async with person_of(app) as client:
        form = {"email": email, "password": PASSWORD}
        return (await client.post("/api/v1/session", json=form)).status_code == 200


async def test_accounts_are_found_by_name_and_address(owner: Person, bo: Person) -> None:
    async def found(search: str) -> list[str]:
        answer = await owner.client.get(ACCOUNTS, params={"q": search})
        assert answer.status_code == 200
        return [each["name"] for each in answer.json()["items"]]

    assert await found("") == ["Bo Berg", "Ana Petrov"]
    assert await found(" BERG ") == ["Bo Berg"]
    assert await found("example.org") == ["Ana Petrov"]
    assert await found("%") == await found("_") == await found("\0") == []


async def test_accounts_come_in_pages(owner: Person, bo: Person) -> None:
    first = (await owner.client.get(ACCOUNTS, params={"limit": 1})).json()
    second = await owner.client.get(ACCOUNTS, params={"limit": 1, "cursor": first["next_cursor"]})

    assert [each["name"] for each in first["items"]] == ["Bo Berg"]
    assert [each["name"] for each in second.json()["items"]] == ["Ana Petrov"]
    assert second.json()["next_cursor"] is None


async def test_what_is_shown_of_an_account_holds_no_secret(owner: Person, bo: Person) -> None:
    (shown, _) = (await owner.client.get(ACCOUNTS)).json()["items"]

    assert set(shown) == {
        *("id", "name", "email", "email_verified", "instance_admin", "two_factor"),
        *("disabled_at", "created_at", "last_seen_at"),
    }


async def test_nobody_else_sees_or_touches_accounts(
    owner: Person, bo: Person, anonymous: httpx2.AsyncClient
) -> None:
    theirs = [(await act(bo, owner, what)).status_code for what in ACTS]
    listed = (await bo.client.get(ACCOUNTS)).status_code
    strangers = (await anonymous.get(ACCOUNTS)).status_code

    assert (theirs, listed, strangers) == ([403] * len(ACTS), 403, 401)


async def test_who_runs_allgreen_opens_no_workspace_by_it(
    owner: Person, people: AsyncExitStack, app: FastAPI, platform: Platform
) -> None:
    other = await enrol(people, app, platform, "Cy Else")

    assert (await owner.client.get(other.workspace)).status_code == 404


@pytest.mark.parametrize("what", ACTS)
async def test_each_act_needs_a_proof_and_an_account(
    owner: Person, bo: Person, clock: FakeClock, what: str
) -> None:
    unknown = [
        await owner.client.post(f"{ACCOUNTS}/{each}/{what}") for each in ("x", "%00", "0" * 36)
    ]
    clock.advance(timedelta(minutes=31))
    late = await act(owner, bo, what)

    assert [answer.status_code for answer in unknown] == [404] * 3
    assert (late.status_code, late.json()["code"]) == (403, "proof_needed")


async def test_a_disabled_account_is_shut_out_of_everything_at_once(
    owner: Person, bo: Person, app: FastAPI, platform: Platform
) -> None:
    key = (await make_key(bo, "read"))["key"]
    assert (await bo.client.get(owner.workspace)).status_code == 200

    answer = await act(owner, bo, "disable")

    assert answer.json()["disabled_at"] is not None
    assert (await bo.client.get("/api/v1/me")).status_code == 401
    assert (await bo.client.get(owner.workspace)).status_code == 401
    async with program_of(app, key) as program:
        assert (await program.get(owner.workspace)).status_code == 401
    assert not await can_sign_in(app, BO)
    async with platform.database.read() as connection:
        assert (await connection.execute(select(api_keys))).all() == []


async def test_open_streams_are_rung_so_that_they_look_again(
    owner: Person, bo: Person, platform: Platform
) -> None:
    workspace_id = WorkspaceId(owner.me["workspaces"][0]["id"])
    async with platform.broker.subscribe() as subscription:
        await act(owner, bo, "disable")

        change = await asyncio.wait_for(subscription.next(), 5)

    assert change == Change(workspace_id=workspace_id, kind="workspace", id=workspace_id)


async def test_a_disabled_account_leaves_no_silent_hole_in_lists(
    owner: Person, bo: Person, platform: Platform
) -> None:
    await owner.watch("http://127.0.0.1:9/", recipients=[{"email": BO}])

    await act(owner, bo, "disable")

    (told,) = await letters(platform, NoticeKind.RECIPIENT_LOST)
    facts = Facts.from_json(told.facts)
    # The name, not the address: admins read the messages of the workspace.
    assert (told.address, facts.address) == ("ana@example.org", "Bo Berg")
    assert "disabled" in facts.reason
    async with platform.database.read() as connection:
        assert (await connection.execute(select(recipients))).all() == []


async def test_a_disabled_account_is_put_on_no_list_and_asked_first_like_a_stranger(
    owner: Person, bo: Person, platform: Platform
) -> None:
    await act(owner, bo, "disable")
    form = service_form("http://127.0.0.1:9/", recipients=[{"account_id": bo.me["id"]}])

    refused = await owner.client.post(f"{owner.workspace}/services", json=form)
    await owner.watch("http://127.0.0.1:9/", recipients=[{"email": BO}])

    assert (refused.status_code, fields(refused)) == (422, {"recipients.0.account_id": "unknown"})
    offered = (await owner.client.get(f"{owner.workspace}/people")).json()["items"]
    assert [person["name"] for person in offered] == ["Ana Petrov"]
    async with platform.database.read() as connection:
        told = (await connection.execute(select(recipients))).mappings().one()
    assert (told["account_id"], told["confirmed_at"]) == (None, None)


async def test_what_is_owed_to_a_disabled_account_is_cancelled_and_lists_elsewhere_stay(
    owner: Person, bo: Person, people: AsyncExitStack, app: FastAPI, platform: Platform
) -> None:
    other = await enrol(people, app, platform, "Cy Else")
    await other.watch("http://127.0.0.1:9/", recipients=[{"email": BO}])
    await bo.client.post("/api/v1/password/forgot", json={"email": BO})
    owed = [len(await letters(platform, kind, BO)) for kind in (ASKED, RESET)]

    await act(owner, bo, "disable")

    assert owed == [1, 1]
    assert [len(await letters(platform, kind, BO)) for kind in (ASKED, RESET)] == [1, 0]


async def test_nobody_is_mailed_an_invitation_that_went_with_its_sender(
    owner: Person, bo: Person, platform: Platform
) -> None:
    await owner.client.patch(owner.workspace, json={"admins_may_invite": True})
    for sender in (bo, owner):
        form = {"email": f"{sender.me['id']}@a.example", "role": "observer"}
        invited = await sender.client.post(f"{owner.workspace}/invitations", json=form)
        assert invited.status_code == 201, invited.text

    await act(owner, bo, "disable")

    (left,) = await letters(platform, NoticeKind.INVITED)
    assert left.address == f"{owner.me['id']}@a.example"


async def test_a_disabled_admin_is_not_told_what_admins_are_told(
    owner: Person, bo: Person, platform: Platform
) -> None:
    workspace_id = WorkspaceId(owner.me["workspaces"][0]["id"])
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(instance_admin=True))
        before = await uow.recipients.admins_of(workspace_id), await uow.recipients.operators()
        await uow.commit()

    await act(owner, bo, "disable")

    async with platform.database.unit_of_work() as uow:
        after = await uow.recipients.admins_of(workspace_id), await uow.recipients.operators()
    assert before == (["ana@example.org", BO],) * 2
    assert after == (["ana@example.org"],) * 2


async def test_an_account_that_is_enabled_again_is_a_member_as_before(
    owner: Person, bo: Person, app: FastAPI, platform: Platform
) -> None:
    await act(owner, bo, "disable")

    answer = await act(owner, bo, "enable")

    assert answer.json()["disabled_at"] is None
    assert await can_sign_in(app, BO)
    async with platform.database.read() as connection:
        query = select(memberships.c.role).where(memberships.c.account_id == bo.me["id"])
        assert await connection.scalar(query) is Role.ADMIN


async def test_somebody_is_signed_out_everywhere(owner: Person, bo: Person, app: FastAPI) -> None:
    await act(owner, bo, "end-sessions")

    assert (await bo.client.get("/api/v1/me")).status_code == 401
    assert await can_sign_in(app, BO)


async def test_all_keys_of_somebody_are_revoked_and_the_workspace_says_so(
    owner: Person, bo: Person, app: FastAPI
) -> None:
    mine, theirs = await make_key(owner, "read"), await make_key(bo, "write")

    await act(owner, bo, "revoke-keys")

    async with program_of(app, theirs["key"]) as program, program_of(app, mine["key"]) as other:
        assert (await program.get(bo.workspace)).status_code == 401
        assert (await other.get(owner.workspace)).status_code == 200
    lines = (await owner.client.get(f"{bo.workspace}/audit")).json()["items"]
    (told,) = [each for each in lines if each["action"] == "key.revoked"]
    assert (told["who"], told["summary"]) == (
        None,
        f"the key Deploys (…{theirs['hint']}) of Bo Berg was revoked by who runs this Allgreen",
    )
    assert (await bo.client.get("/api/v1/me")).status_code == 200


async def test_a_lost_second_factor_is_taken_away(
    owner: Person, bo: Person, app: FastAPI, platform: Platform
) -> None:
    async with platform.database.unit_of_work() as uow:
        now = platform.clock.now()
        secret = platform.database.cipher.encrypt("JBSWY3DPEHPK3PXP")
        is_bo = accounts.c.id == bo.me["id"]
        on = update(accounts).where(is_bo).values(totp_secret=secret, totp_since=now)
        await uow.connection.execute(on)
        await uow.commit()
    before = await can_sign_in(app, BO)

    answer = await act(owner, bo, "reset-two-factor")

    assert answer.json()["two_factor"] is False
    assert (before, await can_sign_in(app, BO)) == (False, True)
    assert (await bo.client.get("/api/v1/me")).status_code == 401


async def test_each_act_is_told_to_the_owner_and_noted_for_both(
    owner: Person, bo: Person, app: FastAPI, platform: Platform
) -> None:
    for what in ACTS:
        assert (await act(owner, bo, what)).status_code == 200

    told = await changes_told_to(platform, BO)
    async with person_of(app) as client:
        await client.post("/api/v1/session", json={"email": BO, "password": PASSWORD})
        theirs = (await client.get("/api/v1/account/events")).json()["items"]
    ours = (await owner.client.get("/api/v1/account/events")).json()["items"]
    words = ["two_factor_reset", "keys_revoked", "sessions_ended", "enabled", "disabled"]
    assert len(told) == len(ACTS)
    assert [each["action"] for each in theirs[1:]] == [f"account.{each}" for each in words]
    assert {each["network"] for each in theirs[1:]} == {""}
    assert [each["action"] for each in ours] == [f"instance.account.{each}" for each in words]
    assert {each["network"] for each in ours} == {"127.0.0.1"}


async def test_the_last_who_runs_allgreen_is_not_disabled(owner: Person) -> None:
    answer = await act(owner, owner, "disable")

    assert (answer.status_code, fields(answer)) == (422, {"": "last_admin"})
    assert (await owner.client.get("/api/v1/me")).status_code == 200


async def test_of_two_who_disable_each_other_one_remains(
    owner: Person, people: AsyncExitStack, app: FastAPI, platform: Platform
) -> None:
    other = await enrol(people, app, platform, "Cy Else", is_instance_admin=True)

    answers = await asyncio.gather(
        *(act(owner, other, "disable") for _ in range(3)),
        *(act(other, owner, "disable") for _ in range(3)),
    )

    async with platform.database.read() as connection:
        query = select(accounts.c.id).where(accounts.c.disabled_at.is_(None))
        assert len((await connection.execute(query)).all()) == 1
    assert 200 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {200, 401, 403, 422}
