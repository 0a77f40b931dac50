"""Passwords: changed, forgotten and set anew; what was open before is closed by it."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, update

from allgreen.domain.notice import NoticeKind
from allgreen.server.accounts.fixed_time import REGISTERED_AFTER_S
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import accounts, api_keys
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of
from tests.mailbox import changes_told_to, letters, link_in
from tests.people import make_key

ANA = "ana@example.org"
NEW = "seven loud herons dance"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    return settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})


async def log_in(app: FastAPI, password: str, email: str = ANA) -> httpx2.AsyncClient:
    client = person_of(app)
    answer = await client.post("/api/v1/session", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return client


async def can_sign_in(app: FastAPI, password: str) -> bool:
    async with person_of(app) as client:
        form = {"email": ANA, "password": password}
        return (await client.post("/api/v1/session", json=form)).status_code == 200


async def forget(client: httpx2.AsyncClient, email: str = ANA) -> httpx2.Response:
    return await client.post("/api/v1/password/forgot", json={"email": email})


async def reset_token(client: httpx2.AsyncClient, platform: Platform) -> str:
    await forget(client)
    path = await link_in(platform, NoticeKind.RESET_PASSWORD, ANA)
    assert path.startswith("/reset/")
    return path.removeprefix("/reset/")


async def reset(client: httpx2.AsyncClient, token: str, password: str = NEW) -> httpx2.Response:
    return await client.post("/api/v1/password/reset", json={"token": token, "password": password})


async def change(client: httpx2.AsyncClient, **form: object) -> httpx2.Response:
    form = {"current_password": PASSWORD, "new_password": NEW} | form
    return await client.put("/api/v1/account/password", json=form)


async def test_changing_the_password_ends_all_other_sessions_and_keys(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    await make_key(owner, "read")
    elsewhere = await log_in(app, PASSWORD)
    cookie = owner.client.cookies["allgreen"]

    answer = await change(owner.client)

    assert answer.status_code == 204
    assert (await elsewhere.get("/api/v1/me")).status_code == 401
    assert (await owner.client.get("/api/v1/me")).status_code == 200
    assert owner.client.cookies["allgreen"] != cookie
    async with platform.database.read() as connection:
        assert (await connection.execute(select(api_keys))).all() == []
    assert (await changes_told_to(platform, ANA))[0] == "your password was changed"
    assert (await can_sign_in(app, PASSWORD), await can_sign_in(app, NEW)) == (False, True)


async def test_the_cookie_from_before_the_change_is_nobody(owner: Person, app: FastAPI) -> None:
    before = owner.client.cookies["allgreen"]

    await change(owner.client)

    async with person_of(app) as thief:
        thief.cookies.set("allgreen", before)
        assert (await thief.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({"current_password": "not this one"}, {"current_password": "credentials"}),
        ({"current_password": None}, {"current_password": "credentials"}),
        ({"new_password": "short"}, {"new_password": "invalid"}),
        ({"new_password": "Ana Petrov 1990"}, {"new_password": "weak"}),
        ({"new_password": "dragon1234567"}, {"new_password": "weak"}),
    ],
    ids=["wrong", "absent", "short", "own name", "common"],
)
async def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(
    owner: Person, app: FastAPI, form: dict[str, object], refused: dict[str, str]
) -> None:
    answer = await change(owner.client, **form)

    assert (answer.status_code, fields(answer)) == (422, refused)
    assert await can_sign_in(app, PASSWORD)


async def test_without_a_password_of_its_own_an_account_gets_one_by_a_fresh_sign_in(
    owner: Person, platform: Platform, clock: FakeClock
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(password_hash=None))
        await uow.commit()

    fresh = await change(owner.client, current_password=None)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(password_hash=None))
        await uow.commit()
    clock.advance(timedelta(minutes=31))
    late = await change(owner.client, current_password=None)

    assert fresh.status_code == 204
    assert (late.status_code, late.json()["code"]) == (403, "proof_needed")


async def test_guessing_the_current_password_in_an_open_session_ends_soon(owner: Person) -> None:
    answers = [await change(owner.client, current_password=f"guess {n}") for n in range(12)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert answers[-1].headers["retry-after"] == "1"


async def test_a_forgotten_password_is_answered_the_same_for_any_address(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    known, unknown = await forget(anonymous), await forget(anonymous, "nobody@example.org")

    assert (known.status_code, unknown.status_code) == (202, 202)
    assert known.content == unknown.content
    assert sorted(known.headers) == sorted(unknown.headers)
    assert [each.address for each in await letters(platform, NoticeKind.RESET_PASSWORD)] == [ANA]


@pytest.mark.parametrize("email", [ANA, "nobody@example.org"], ids=["known", "unknown"])
async def test_the_time_of_the_answer_does_not_tell_whether_an_address_is_known(
    owner: Person, anonymous: httpx2.AsyncClient, email: str
) -> None:
    began = time.monotonic()

    await forget(anonymous, email)

    assert time.monotonic() - began >= REGISTERED_AFTER_S


async def test_one_mailbox_gets_five_links_an_hour_without_a_word(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    answers = [await forget(anonymous) for _ in range(7)]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len(await letters(platform, NoticeKind.RESET_PASSWORD)) == 5


async def test_one_network_asks_for_twenty_links_an_hour(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    answers = [await forget(anonymous, "not an address") for _ in range(2)]
    for number in range(20):
        await forget(anonymous, f"nobody{number % 3}@example.org")

    answer = await forget(anonymous)

    assert {each.status_code for each in answers} == {422}
    assert answer.status_code == 429


async def test_a_reset_sets_the_password_once_and_ends_every_session(
    owner: Person, anonymous: httpx2.AsyncClient, app: FastAPI, platform: Platform
) -> None:
    token = await reset_token(anonymous, platform)

    first, second = await reset(anonymous, token), await reset(anonymous, token, "other " + NEW)

    assert (first.status_code, second.status_code) == (204, 404)
    assert (await owner.client.get("/api/v1/me")).status_code == 401
    assert (await can_sign_in(app, PASSWORD), await can_sign_in(app, NEW)) == (False, True)
    assert await changes_told_to(platform, ANA) == ["your password was changed"]


async def test_a_link_to_reset_lives_half_an_hour(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    token = await reset_token(anonymous, platform)

    clock.advance(timedelta(minutes=31))

    assert (await reset(anonymous, token)).status_code == 404


async def test_a_link_to_reset_is_dead_once_the_password_was_changed_otherwise(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await reset_token(anonymous, platform)

    await change(owner.client)

    assert (await reset(anonymous, token)).status_code == 404


async def test_a_weak_password_does_not_use_the_link_up(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await reset_token(anonymous, platform)

    weak = await reset(anonymous, token, "passwordpassword")
    good = await reset(anonymous, token)

    assert (weak.status_code, fields(weak)) == (422, {"password": "weak"})
    assert good.status_code == 204


async def test_a_token_for_something_else_resets_nothing(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    verify = platform.links.verify_token(owner.me["id"], ANA, at=clock.now())
    changed = "A" + (await reset_token(anonymous, platform))[1:]

    answers = [await reset(anonymous, each) for each in (verify, changed, "", "ä\0")]

    assert [answer.status_code for answer in answers] == [404] * 4


async def test_a_disabled_account_is_sent_no_link_and_an_old_one_is_dead(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    token = await reset_token(anonymous, platform)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(disabled_at=clock.now()))
        await uow.commit()

    await forget(anonymous)

    assert len(await letters(platform, NoticeKind.RESET_PASSWORD)) == 1
    assert (await reset(anonymous, token)).status_code == 404


async def test_a_reset_drops_a_pending_address_and_an_unconfirmed_second_factor(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await owner.client.post("/api/v1/account/email", json={"email": "thief@example.org"})
    await owner.client.post("/api/v1/account/two-factor")

    await reset(anonymous, await reset_token(anonymous, platform))

    async with platform.database.read() as connection:
        row = (await connection.execute(select(accounts))).mappings().one()
    assert (row["pending_email"], row["totp_secret"]) == (None, None)


async def test_the_link_to_another_address_is_dead_once_the_password_was_changed(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await owner.client.post("/api/v1/account/email", json={"email": "thief@example.org"})
    path = await link_in(platform, NoticeKind.CHANGE_EMAIL, "thief@example.org")

    changed = await change(owner.client)

    assert changed.status_code == 204
    assert (await anonymous.post(path)).status_code == 404
    assert (await owner.client.get("/api/v1/me")).json()["email"] == ANA
