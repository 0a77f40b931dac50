"""Signing in while others guess, and showing once more that it is oneself."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from allgreen.server.devices import COOKIE as DEVICE
from allgreen.server.devices import DeviceSigner
from allgreen.server.limits import LOG_INS_PER_ADDRESS
from allgreen.server.passwords import WORKERS
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, sessions
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of

ANA = "ana@example.org"
SESSION = "allgreen"


def credentials(**changes: object) -> dict[str, object]:
    return {"email": ANA, "password": PASSWORD} | changes


async def log_in(client: httpx2.AsyncClient, **changes: object) -> httpx2.Response:
    return await client.post("/api/v1/session", json=credentials(**changes))


async def guess(client: httpx2.AsyncClient, clock: FakeClock, times: int) -> list[int]:
    """Try wrong passwords as fast as one is let; return how each was answered."""
    statuses = []
    for number in range(times):
        answer = await log_in(client, password=f"guess number {number}")
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            clock.advance(timedelta(seconds=int(answer.headers["retry-after"])))
    return statuses


async def test_after_ten_wrong_passwords_each_try_is_to_wait_twice_as_long(
    owner: Person, anonymous: httpx2.AsyncClient, clock: FakeClock
) -> None:
    for number in range(10):
        assert (await log_in(anonymous, password=f"guess {number}")).status_code == 422

    waits = []
    for _ in range(4):
        refused = await log_in(anonymous)
        waits.append(int(refused.headers["retry-after"]))
        clock.advance(timedelta(seconds=waits[-1]))
        await log_in(anonymous, password="another guess")

    assert waits == [1, 2, 4, 8]


async def test_a_right_password_ends_the_delay_for_who_mistyped(
    owner: Person, anonymous: httpx2.AsyncClient, app: FastAPI
) -> None:
    for number in range(9):
        await log_in(anonymous, password=f"guess {number}")

    first = await log_in(anonymous)
    async with person_of(app) as another:
        second = [await log_in(another, password="guess") for _ in range(9)]
        third = await log_in(another)

    assert (first.status_code, third.status_code) == (200, 200)
    assert {answer.status_code for answer in second} == {422}


async def test_of_two_hundred_guesses_twenty_are_looked_at_within_an_hour(
    owner: Person, app: FastAPI, clock: FakeClock, platform: Platform
) -> None:
    looked_at = 0
    for number in range(100):
        async with person_of(app) as guesser:
            guesser.headers["x-forwarded-for"] = f"198.51.100.{number}"
            looked_at += (await guess(guesser, clock, 2)).count(422)

    assert looked_at == 20


async def test_while_strangers_guess_the_owner_signs_in_from_a_known_device(
    owner: Person, app: FastAPI, anonymous: httpx2.AsyncClient, clock: FakeClock, platform: Platform
) -> None:
    assert (await log_in(owner.client)).status_code == 200
    await guess(anonymous, clock, 40)
    for _ in range(200):
        platform.limits.admits(LOG_INS_PER_ADDRESS, "127.0.0.1")

    stranger, known = await log_in(anonymous), await log_in(owner.client)

    assert (stranger.status_code, known.status_code) == (429, 200)


async def test_a_known_device_has_no_more_than_its_own_twenty_tries(
    owner: Person, clock: FakeClock
) -> None:
    await log_in(owner.client)

    statuses = await guess(owner.client, clock, 60)

    assert statuses.count(422) == 20


async def test_a_device_that_knows_one_account_is_a_stranger_to_another(
    owner: Person, stranger: Person, anonymous: httpx2.AsyncClient, clock: FakeClock
) -> None:
    await log_in(stranger.client, email="eve@example.net")
    await guess(anonymous, clock, 40)

    answer = await log_in(stranger.client)

    assert answer.status_code == 429


async def test_a_device_that_was_made_up_is_a_stranger(
    owner: Person, anonymous: httpx2.AsyncClient, clock: FakeClock
) -> None:
    other = DeviceSigner("another secret of this very length").issue(owner.me["id"])
    await guess(anonymous, clock, 40)

    for shown in (other, "x", "x.y", ".", "a" * 4000):
        answer = await anonymous.post(
            "/api/v1/session", json=credentials(), headers={"cookie": f"{DEVICE}={shown}"}
        )
        assert answer.status_code == 429


async def test_the_cookie_of_a_device_opens_nothing(owner: Person, app: FastAPI) -> None:
    await log_in(owner.client)

    async with person_of(app) as thief:
        thief.cookies.set(DEVICE, owner.client.cookies[DEVICE])
        assert (await thief.get("/api/v1/me")).status_code == 401


async def test_an_unknown_address_is_slowed_down_like_a_known_one(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    known = [await log_in(anonymous, password="guess") for _ in range(12)]
    unknown = [
        await log_in(anonymous, email="nobody@example.org", password="guess") for _ in range(12)
    ]

    assert [(a.status_code, a.content) for a in known] == [
        (a.status_code, a.content) for a in unknown
    ]


async def test_only_who_knows_the_password_of_a_disabled_account_is_told_so(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(disabled_at=clock.now()))
        await uow.commit()

    wrong, right = await log_in(anonymous, password="guess"), await log_in(anonymous)

    assert fields(wrong) == {"password": "credentials"}
    assert (right.status_code, fields(right)) == (422, {"email": "disabled"})
    assert SESSION not in anonymous.cookies


async def test_an_account_that_is_disabled_while_its_password_is_looked_at_is_not_let_in(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, clock: FakeClock
) -> None:
    is_over = threading.Event()
    for _ in range(WORKERS):
        platform.passwords._threads.submit(is_over.wait, 10)
    signing_in = asyncio.create_task(log_in(anonymous))
    while platform.passwords._under_way == 0:
        await asyncio.wait({signing_in}, timeout=0.01)

    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(update(accounts).values(disabled_at=clock.now()))
        await uow.commit()
    is_over.set()

    assert (await signing_in).status_code == 422
    async with platform.database.read() as connection:
        assert len((await connection.execute(select(sessions))).all()) == 1


async def test_a_sign_in_is_kept_for_the_owner_with_device_and_network(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    anonymous.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    await log_in(anonymous)

    events = (await owner.client.get("/api/v1/account/events")).json()["items"]

    (event,) = events
    assert (event["action"], event["device"]) == ("session.opened", "Firefox on Linux")
    assert event["network"] == "127.0.0.1"


async def prove(client: httpx2.AsyncClient, **form: object) -> httpx2.Response:
    return await client.post("/api/v1/session/proof", json={"password": PASSWORD} | form)


async def is_proven(client: httpx2.AsyncClient) -> bool:
    """Tell whether what endangers an account is let through; nothing is changed by asking."""
    answer = await client.post("/api/v1/account/two-factor/recovery-codes")
    assert answer.status_code in (403, 422)
    return answer.status_code == 422


async def test_half_an_hour_after_the_password_was_typed_it_must_be_typed_again(
    owner: Person, clock: FakeClock
) -> None:
    at_first = await is_proven(owner.client)
    clock.advance(timedelta(minutes=31))
    later = await is_proven(owner.client)

    proof = await prove(owner.client)

    assert (at_first, later) == (True, False)
    assert proof.status_code == 204
    assert await is_proven(owner.client)


async def test_a_proof_gives_the_session_another_token_and_the_one_before_is_nobody(
    owner: Person, app: FastAPI, platform: Platform
) -> None:
    before = owner.client.cookies[SESSION]

    await prove(owner.client)

    assert owner.client.cookies[SESSION] != before
    assert (await owner.client.get("/api/v1/me")).status_code == 200
    async with person_of(app) as thief:
        thief.cookies.set(SESSION, before)
        assert (await thief.get("/api/v1/me")).status_code == 401
    async with platform.database.read() as connection:
        assert len((await connection.execute(select(sessions))).all()) == 1


async def test_a_session_is_no_longer_for_being_proven(owner: Person, clock: FakeClock) -> None:
    for _ in range(89):
        clock.advance(timedelta(days=1))
        assert (await prove(owner.client)).status_code == 204

    clock.advance(timedelta(days=1, minutes=1))

    assert (await owner.client.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize("form", [{"password": "guess"}, {"password": None}, {"password": ""}])
async def test_a_wrong_proof_proves_nothing(
    owner: Person, clock: FakeClock, form: dict[str, object]
) -> None:
    clock.advance(timedelta(minutes=31))

    answer = await prove(owner.client, **form)

    assert (answer.status_code, fields(answer)) == (422, {"password": "credentials"})
    assert not await is_proven(owner.client)


async def test_proofs_are_not_guessed_in_an_open_session_and_its_owner_is_not_locked_out(
    owner: Person, app: FastAPI
) -> None:
    elsewhere = person_of(app)
    await log_in(elsewhere)

    answers = [await prove(elsewhere, password=f"guess {n}") for n in range(12)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert (await prove(owner.client)).status_code == 204
