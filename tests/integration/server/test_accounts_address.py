"""Addresses: nobody gains anything by an address that they never read the mails of."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import insert, select, update

from allgreen.domain.notice import NoticeKind
from allgreen.server.accounts.fixed_time import REGISTERED_AFTER_S
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import accounts, identities, profiles, recipients, workspaces
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of
from tests.mailbox import changes_told_to, letters, link_in
from tests.people import enrol

ANA = "ana@example.org"
NEW = "ana@example.net"
VICTIM = "vic@example.com"
HERS = "seven loud herons dance"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    return settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})


async def register(client: httpx2.AsyncClient, **changes: object) -> httpx2.Response:
    form = {"name": "Vic Timm", "email": VICTIM, "password": PASSWORD} | changes
    return await client.post("/api/v1/accounts", json=form)


async def log_in(client: httpx2.AsyncClient, email: str, password: str = PASSWORD) -> int:
    form = {"email": email, "password": password}
    return (await client.post("/api/v1/session", json=form)).status_code


async def ask(client: httpx2.AsyncClient, email: str = NEW) -> httpx2.Response:
    return await client.post("/api/v1/account/email", json={"email": email})


async def prove(client: httpx2.AsyncClient, path: str, password: str = PASSWORD) -> httpx2.Response:
    """Press the button of a link in a mail, as who knows the password of the account."""
    return await client.post(path, data={"password": password})


async def reset(client: httpx2.AsyncClient, platform: Platform, email: str) -> int:
    token = (await link_in(platform, NoticeKind.RESET_PASSWORD, email)).removeprefix("/reset/")
    form = {"token": token, "password": HERS}
    return (await client.post("/api/v1/password/reset", json=form)).status_code


async def row_of(platform: Platform, email: str) -> dict[str, Any]:
    query = select(accounts).where(accounts.c.email == email)
    async with platform.database.read() as connection:
        return dict((await connection.execute(query)).mappings().one())


# A change of address


async def test_an_address_changes_by_the_button_and_not_by_looking(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    asked = await ask(owner.client)
    path = await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW)

    looks = [await anonymous.get(path) for _ in range(10)]
    looked = (await owner.client.get("/api/v1/account")).json()
    first, second = await prove(anonymous, path), await prove(anonymous, path)

    assert asked.status_code == 202
    assert {look.status_code for look in looks} == {200}
    assert NEW in looks[0].text
    assert (looked["email"], looked["pending_email"]) == (ANA, NEW)
    assert (first.status_code, second.status_code) == (200, 404)
    assert (await row_of(platform, NEW))["pending_email"] is None
    assert (await log_in(anonymous, ANA), await log_in(anonymous, NEW)) == (422, 200)


async def test_the_old_address_is_told_of_the_change(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(owner.client)
    await prove(anonymous, await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW))

    assert await changes_told_to(platform, ANA) == [f"your address was changed to {NEW}"]
    assert await changes_told_to(platform, NEW) == []


async def test_a_change_ends_all_sessions_but_that_of_the_browser_with_the_link(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await log_in(anonymous, ANA)
    await ask(owner.client)

    await owner.client.post(await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW))

    assert (await owner.client.get("/api/v1/me")).json()["email"] == NEW
    assert (await anonymous.get("/api/v1/me")).status_code == 401


async def test_the_link_opened_in_the_browser_of_somebody_else_keeps_nothing_open(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    async with AsyncExitStack() as stack:
        other = await enrol(stack, app, platform, "Bo Berg")
        await ask(owner.client)

        await prove(other.client, await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW))

        assert (await owner.client.get("/api/v1/me")).status_code == 401
        assert (await other.client.get("/api/v1/me")).status_code == 200


async def test_lists_follow_their_member_to_the_new_address(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, silent_port: int
) -> None:
    url = f"http://127.0.0.1:{silent_port}/"
    await owner.watch(url, recipients=[{"email": ANA}])
    await owner.watch(url, recipients=[{"email": ANA}, {"email": NEW}, {"email": "bo@example.net"}])
    await ask(owner.client)

    await prove(anonymous, await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW))

    async with platform.database.read() as connection:
        query = select(recipients.c.address, recipients.c.account_id.is_not(None))
        found = sorted(map(tuple, await connection.execute(query)))
    assert found == [(NEW, True), (NEW, True), ("bo@example.net", False)]


async def test_an_address_that_is_taken_is_answered_the_same_and_told_nothing(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    async with AsyncExitStack() as stack:
        other = await enrol(stack, app, platform, "Bo Berg")
        began = time.monotonic()

        taken = await ask(owner.client, "bo.berg@example.com")
        took_s = time.monotonic() - began
        shown = (await owner.client.get("/api/v1/account")).json()
        free = await ask(owner.client)

        assert (taken.status_code, taken.content) == (free.status_code, free.content)
        assert took_s >= REGISTERED_AFTER_S
        assert shown["pending_email"] == "bo.berg@example.com"
        assert [each.address for each in await letters(platform, NoticeKind.CHANGE_EMAIL)] == [NEW]
        assert (await other.client.get("/api/v1/me")).json()["email"] == "bo.berg@example.com"


async def test_an_address_that_was_taken_meanwhile_is_a_dead_link(
    owner: Person, app: FastAPI, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(owner.client, "bo.berg@example.com")
    path = await link_in(platform, NoticeKind.CHANGE_EMAIL, "bo.berg@example.com")
    async with AsyncExitStack() as stack:
        await enrol(stack, app, platform, "Bo Berg")

        answer = await prove(anonymous, path)

    assert answer.status_code == 404
    assert (await owner.client.get("/api/v1/me")).json()["email"] == ANA


async def test_only_the_newest_address_can_be_proven_and_none_once_it_is_dropped(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(owner.client, "first@example.net")
    first = await link_in(platform, NoticeKind.CHANGE_EMAIL, "first@example.net")
    await ask(owner.client)
    second = await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW)

    old = await prove(anonymous, first)
    dropped = await owner.client.delete("/api/v1/account/email")
    after = await prove(anonymous, second)

    assert (old.status_code, dropped.status_code, after.status_code) == (404, 204, 404)


async def test_an_address_is_asked_for_shortly_after_a_proof_and_not_too_often(
    owner: Person, clock: FakeClock
) -> None:
    same = await ask(owner.client, "Ana@Example.org")
    answers = [await ask(owner.client) for _ in range(6)]
    clock.advance(timedelta(minutes=31))
    late = await ask(owner.client)

    assert fields(same) == {"email": "same"}
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert (late.status_code, late.json()["code"]) == (403, "proof_needed")


async def test_a_link_to_change_lives_a_day(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    await ask(owner.client)

    clock.advance(timedelta(hours=24, minutes=1))

    path = await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW)
    assert (await prove(anonymous, path)).status_code == 404


@pytest.fixture
def no_mail(platform: Platform, app: FastAPI) -> None:
    """The same without a mail server."""
    without = platform.settings.model_copy(update={"smtp_url": None})
    app.state.platform = replace(platform, settings=without)


async def test_without_a_mail_server_an_address_changes_only_shortly_after_a_proof(
    owner: Person, no_mail: None, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=31))

    answer = await ask(owner.client)

    assert (answer.status_code, answer.json()["code"]) == (403, "proof_needed")


async def test_without_a_mail_server_an_address_changes_at_once_and_counts_as_unproven(
    owner: Person, no_mail: None, platform: Platform, app: FastAPI
) -> None:
    async with AsyncExitStack() as stack:
        await enrol(stack, app, platform, "Bo Berg")

        taken = await ask(owner.client, "bo.berg@example.com")
        same = await ask(owner.client, ANA)
        changed = await ask(owner.client)

    assert (fields(taken), fields(same)) == ({"email": "taken"}, {"email": "same"})
    assert changed.status_code == 200
    assert (changed.json()["email"], changed.json()["email_verified"]) == (NEW, False)
    assert (await owner.client.get("/api/v1/me")).status_code == 200


# Attacks by who makes an account with the address of somebody else, before they come
# (Sudhodanan and Paverd, "Pre-hijacked accounts", USENIX Security 2022)


@pytest.fixture
async def squatter(owner: Person, app: FastAPI) -> httpx2.AsyncClient:
    """Signed in to an account with the address of somebody who was never asked."""
    client = person_of(app)
    assert (await register(client)).status_code == 202
    assert await log_in(client, VICTIM) == 200
    return client


async def test_who_reads_the_mails_gets_no_account_with_the_password_of_somebody_else(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    path = await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM)

    shown = await anonymous.get(path)
    tries = [await anonymous.post(path), await prove(anonymous, path, HERS)]
    token = {"token": path.removeprefix("/verify/")}
    by_api = [
        await anonymous.post("/api/v1/email/verify", json=token | more)
        for more in ({}, {"password": None}, {"password": HERS})
    ]
    unproven = (await row_of(platform, VICTIM))["email_verified_at"]
    await anonymous.post("/api/v1/password/forgot", json={"email": VICTIM})
    set_anew = await reset(anonymous, platform, VICTIM)

    assert 'type="password"' in shown.text
    assert [each.status_code for each in tries] == [422, 422]
    assert "Forgot your password?" in tries[1].text
    assert [fields(each)["password"] for each in by_api] == ["needed", "needed", "credentials"]
    assert unproven is None
    assert set_anew == 204
    assert (await log_in(anonymous, VICTIM, HERS), await log_in(anonymous, VICTIM)) == (200, 422)
    assert (await squatter.get("/api/v1/me")).status_code == 401


async def test_who_is_signed_in_to_the_account_needs_no_password_for_the_link(
    squatter: httpx2.AsyncClient, owner: Person, platform: Platform
) -> None:
    path = await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM)

    theirs, of_others = await squatter.get(path), await owner.client.get(path)
    by_others = await owner.client.post(path)
    answer = await squatter.post(path)

    assert ('type="password"' in theirs.text, 'type="password"' in of_others.text) == (False, True)
    assert (by_others.status_code, answer.status_code) == (422, 200)
    assert (await row_of(platform, VICTIM))["email_verified_at"] is not None


async def test_the_password_of_an_account_is_not_guessed_by_who_has_its_link(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    path = await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM)

    statuses = [(await prove(anonymous, path, HERS)).status_code for _ in range(12)]

    assert statuses == [422] * 10 + [429] * 2
    assert (await row_of(platform, VICTIM))["email_verified_at"] is None


async def test_a_mail_that_nobody_expected_makes_no_account_of_others_ones_own(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(owner.client, VICTIM)
    path = await link_in(platform, NoticeKind.CHANGE_EMAIL, VICTIM)

    tries = [await anonymous.post(path), await prove(anonymous, path, HERS)]

    assert [each.status_code for each in tries] == [422, 422]
    assert (await row_of(platform, ANA))["pending_email"] == VICTIM


async def test_an_account_without_a_password_changes_its_address_where_it_is_signed_in(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(owner.client)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(password_hash=None))
        await uow.commit()
    path = await link_in(platform, NoticeKind.CHANGE_EMAIL, NEW)

    refused, changed = await prove(anonymous, path), await owner.client.post(path)

    assert (refused.status_code, changed.status_code) == (422, 200)
    assert "Sign in to it in this browser" in refused.text


async def test_verifying_ends_sessions_that_were_opened_before(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await prove(anonymous, await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM))

    assert (await squatter.get("/api/v1/me")).status_code == 401


async def test_what_was_deleted_before_its_address_was_proven_is_watched_once_it_is_had_back(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    (mine,) = (await squatter.get("/api/v1/me")).json()["workspaces"]
    path = f"/api/v1/workspaces/{mine['id']}"
    deleted = await squatter.request("DELETE", path, json={"name": mine["name"]})

    await prove(anonymous, await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM))
    assert await log_in(squatter, VICTIM) == 200
    restored = await squatter.post(f"{path}/restore")

    assert (deleted.status_code, restored.status_code) == (204, 200)
    async with platform.database.read() as connection:
        held = select(workspaces.c.is_held).where(workspaces.c.id == mine["id"])
        assert await connection.scalar(held) is False


async def test_verifying_drops_a_change_of_address_that_was_prepared(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(squatter, "squatter@example.net")
    change = await link_in(platform, NoticeKind.CHANGE_EMAIL, "squatter@example.net")

    await prove(anonymous, await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM))

    assert (await prove(anonymous, change)).status_code == 404
    assert (await row_of(platform, VICTIM))["pending_email"] is None


async def prepare(squatter: httpx2.AsyncClient, platform: Platform) -> None:
    """Leave behind what could let somebody in again: an identity, and a second factor."""
    account_id = (await squatter.get("/api/v1/me")).json()["id"]
    secret = (await squatter.post("/api/v1/account/two-factor")).json()["secret"]
    code = {"code": pyotp.TOTP(secret).at(platform.clock.now())}
    assert (await squatter.post("/api/v1/account/two-factor/confirm", json=code)).is_success
    async with platform.database.unit_of_work() as uow:
        linked = {"provider": "github", "subject": "7", "account_id": account_id, "login": "sq"}
        await uow.connection.execute(
            insert(identities).values(**linked, created_at=platform.clock.now())
        )
        await uow.commit()


async def test_verifying_drops_identities_and_second_factors_that_were_linked_before(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await prepare(squatter, platform)

    await prove(anonymous, await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM))

    async with platform.database.read() as connection:
        assert (await connection.execute(select(identities))).all() == []
    assert (await row_of(platform, VICTIM))["totp_secret"] is None


async def test_when_somebody_registers_again_neither_password_opens_the_account(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    first_link = await link_in(platform, NoticeKind.VERIFY_EMAIL, VICTIM)
    answer = await register(anonymous, password=HERS)
    squatters = await squatter.get("/api/v1/me")
    await prove(anonymous, first_link)

    statuses = [await log_in(anonymous, VICTIM, each) for each in (PASSWORD, HERS)]
    set_anew = await reset(anonymous, platform, VICTIM)

    assert (answer.status_code, squatters.status_code) == (202, 401)
    assert statuses == [422, 422]
    assert set_anew == 204
    assert (await log_in(anonymous, VICTIM, HERS), await log_in(anonymous, VICTIM)) == (200, 422)


async def test_a_reset_by_who_reads_the_mails_wipes_what_was_left_behind(
    squatter: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await ask(squatter, "squatter@example.net")
    await prepare(squatter, platform)
    await anonymous.post("/api/v1/password/forgot", json={"email": VICTIM})

    assert await reset(anonymous, platform, VICTIM) == 204

    row = await row_of(platform, VICTIM)
    assert (row["email_verified_at"] is not None, row["pending_email"]) == (True, None)
    async with platform.database.read() as connection:
        assert (await connection.execute(select(identities))).all() == []
    assert (await squatter.get("/api/v1/me")).status_code == 401
    assert (await log_in(anonymous, VICTIM), await log_in(anonymous, VICTIM, HERS)) == (422, 200)


async def test_registering_twice_with_the_same_password_only_sends_the_mail_again(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    first, second = await register(anonymous), await register(anonymous)

    assert first.content == second.content
    assert len(await letters(platform, NoticeKind.VERIFY_EMAIL, VICTIM)) == 2
    assert await log_in(anonymous, VICTIM) == 200


async def test_a_form_that_is_sent_twice_at_once_makes_one_account_with_its_password(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    answers = await asyncio.gather(*(register(anonymous) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {202}
    assert await letters(platform, NoticeKind.RESET_PASSWORD) == []
    assert await log_in(anonymous, VICTIM) == 200


async def test_registering_with_a_proven_address_changes_nothing_and_tells_nothing(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    new, known = await register(anonymous), await register(anonymous, email=ANA, password=HERS)

    assert (new.status_code, new.content) == (known.status_code, known.content)
    assert (await owner.client.get("/api/v1/me")).status_code == 200
    assert await letters(platform, NoticeKind.RESET_PASSWORD) == []
    assert (await log_in(anonymous, ANA, HERS), await log_in(anonymous, ANA)) == (422, 200)


async def test_a_surname_goes_to_the_profile(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await register(anonymous, surname="  Timm\u202e ")

    async with platform.database.read() as connection:
        rows = (await connection.execute(select(profiles))).mappings().all()
    assert [(row["surname"], row["visibility"].value) for row in rows] == [("Timm", "workspace")]
