"""The first run: exactly one admin, and only with the token of the console."""

from __future__ import annotations

import asyncio

import httpx2
from sqlalchemy import func, select

from allgreen.server.platform import Platform
from allgreen.server.setup.actions import renew_setup_token
from allgreen.storage.sql.tables import accounts, tokens
from tests.api import Person, fields, setup_form


async def test_fifty_set_ups_at_once_make_exactly_one_admin(
    anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await renew_setup_token(platform.database, platform.clock.now())
    forms = [setup_form(token=token, email=f"ana{n}@example.org") for n in range(50)]

    answers = await asyncio.gather(*(anonymous.post("/api/v1/setup", json=form) for form in forms))

    assert sorted(answer.status_code for answer in answers) == [201] + [404] * 49
    async with platform.database.read() as connection:
        count = await connection.scalar(select(func.count()).select_from(accounts))
    assert count == 1


async def test_the_first_one_has_a_surname_too(
    anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await renew_setup_token(platform.database, platform.clock.now())
    form = setup_form(token=token, name="Ana", surname=" Petrov ")

    made = (await anonymous.post("/api/v1/setup", json=form)).json()
    profile = (await anonymous.get("/api/v1/account/profile")).json()

    assert made["name"] == "Ana Petrov"
    assert (profile["name"], profile["surname"]) == ("Ana", "Petrov")


async def test_a_wrong_token_is_refused_beside_its_field(
    anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await renew_setup_token(platform.database, platform.clock.now())

    answer = await anonymous.post("/api/v1/setup", json=setup_form(token="guess"))

    assert (answer.status_code, fields(answer)) == (422, {"token": "setup_token"})


async def test_a_new_start_voids_the_token_of_the_one_before(
    anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    first = await renew_setup_token(platform.database, platform.clock.now())
    second = await renew_setup_token(platform.database, platform.clock.now())

    refused = await anonymous.post("/api/v1/setup", json=setup_form(token=first))
    taken = await anonymous.post("/api/v1/setup", json=setup_form(token=second))

    assert (refused.status_code, taken.status_code) == (422, 201)


async def test_the_token_is_stored_as_a_hash_only(platform: Platform) -> None:
    token = await renew_setup_token(platform.database, platform.clock.now())

    async with platform.database.read() as connection:
        stored = await connection.scalar(select(tokens.c.token_hash))

    assert token is not None
    assert stored != token
    assert len(str(stored)) == 64


async def test_once_set_up_the_page_is_gone_and_no_token_is_made(
    owner: Person, platform: Platform
) -> None:
    token = await renew_setup_token(platform.database, platform.clock.now())

    answer = await owner.client.post("/api/v1/setup", json=setup_form(token="any"))
    instance = (await owner.client.get("/api/v1/instance")).json()

    assert token is None
    assert answer.status_code == 404
    assert instance["needs_setup"] is False


async def test_a_weak_password_is_refused_with_the_reason(
    anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    token = await renew_setup_token(platform.database, platform.clock.now())

    answer = await anonymous.post(
        "/api/v1/setup", json=setup_form(token=token, password="passwordpassword")
    )

    assert fields(answer) == {"password": "weak"}


async def test_nobody_registers_before_the_first_run_is_done(
    anonymous: httpx2.AsyncClient,
) -> None:
    form = {"name": "Eve", "email": "eve@example.net", "password": "nine quiet otters"}

    answer = await anonymous.post("/api/v1/accounts", json=form)

    assert answer.status_code == 403
