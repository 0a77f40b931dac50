"""Sessions: who is signed in, for how long, and nothing that a thief could use."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from allgreen.server.app import create_app, open_platform
from allgreen.server.limits import LOG_INS_PER_ADDRESS
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import sessions
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of, set_up

COOKIE = "allgreen"


def credentials(**changes: object) -> dict[str, object]:
    return {"email": "ana@example.org", "password": PASSWORD, "keep": False} | changes


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    wrong = await anonymous.post("/api/v1/session", json=credentials(password="not this one"))
    unknown = await anonymous.post("/api/v1/session", json=credentials(email="bo@example.org"))

    assert fields(wrong) == {"password": "credentials"}
    assert wrong.content == unknown.content
    assert (wrong.status_code, unknown.status_code) == (422, 422)


async def test_signing_in_makes_a_new_session_whatever_cookie_came(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    anonymous.cookies.set(COOKIE, "planted-by-somebody-else", domain="127.0.0.1")

    await anonymous.post("/api/v1/session", json=credentials())

    assert anonymous.cookies.get(COOKIE, domain="127.0.0.1") != "planted-by-somebody-else"
    assert (await anonymous.get("/api/v1/me")).status_code == 200


async def test_signing_in_again_ends_the_session_before(owner: Person, app: FastAPI) -> None:
    before = owner.client.cookies[COOKIE]

    await owner.client.post("/api/v1/session", json=credentials())

    async with person_of(app) as thief:
        thief.cookies.set(COOKIE, before)
        assert (await thief.get("/api/v1/me")).status_code == 401


async def test_logging_out_ends_the_session_in_the_database(owner: Person, app: FastAPI) -> None:
    before = owner.client.cookies[COOKIE]

    answer = await owner.client.delete("/api/v1/session")

    assert answer.status_code == 204
    assert COOKIE not in owner.client.cookies
    async with person_of(app) as thief:
        thief.cookies.set(COOKIE, before)
        assert (await thief.get("/api/v1/me")).status_code == 401


async def test_a_page_that_was_just_read_is_gone_after_logging_out(
    owner: Person, app: FastAPI
) -> None:
    cookie = owner.client.cookies[COOKIE]
    assert (await owner.client.get(owner.workspace)).status_code == 200

    await owner.client.delete("/api/v1/session")

    async with person_of(app) as thief:
        thief.cookies.set(COOKIE, cookie)
        assert (await thief.get(owner.workspace)).status_code == 401


async def test_a_page_that_was_just_read_is_not_shown_to_whoever_sends_half_of_its_cookies(
    owner: Person, app: FastAPI
) -> None:
    session = ("cookie", f"{COOKIE}={owner.client.cookies[COOKIE]}")
    theme = ("cookie", "theme=dark")
    async with person_of(app) as anybody:
        read = await anybody.get(owner.workspace, headers=[theme, session])
        stolen = await anybody.get(owner.workspace, headers=[theme])

    assert (read.status_code, stolen.status_code) == (200, 401)


async def test_a_changed_token_is_nobody(owner: Person, app: FastAPI) -> None:
    token = owner.client.cookies[COOKIE]
    changed = [
        token[:at] + ("A" if c != "A" else "B") + token[at + 1 :] for at, c in enumerate(token)
    ]

    async with person_of(app) as thief:
        answers = [
            await thief.get("/api/v1/me", headers={"cookie": f"{COOKIE}={each}"})
            for each in changed
        ]

    assert {answer.status_code for answer in answers} == {401}


async def test_the_database_knows_no_token(owner: Person, platform: Platform) -> None:
    async with platform.database.read() as connection:
        stored = await connection.scalar(select(sessions.c.id_hash))

    assert stored != owner.client.cookies[COOKIE]


async def test_an_unused_session_ends_after_14_days(owner: Person, clock: FakeClock) -> None:
    clock.advance(timedelta(days=13, hours=23))
    assert (await owner.client.get("/api/v1/me")).status_code == 200

    clock.advance(timedelta(days=14, minutes=1))

    assert (await owner.client.get("/api/v1/me")).status_code == 401


async def test_a_session_in_daily_use_ends_after_90_days(owner: Person, clock: FakeClock) -> None:
    for _ in range(89):
        clock.advance(timedelta(days=1))
        assert (await owner.client.get("/api/v1/me")).status_code == 200

    clock.advance(timedelta(days=1, minutes=1))

    assert (await owner.client.get("/api/v1/me")).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    brief = await anonymous.post("/api/v1/session", json=credentials())
    kept = await anonymous.post("/api/v1/session", json=credentials(keep=True))

    session, device = brief.headers.get_list("set-cookie")
    assert session.startswith("allgreen=")
    assert session.endswith("; HttpOnly; Path=/; SameSite=lax")
    assert "Max-Age=7776000" in kept.headers["set-cookie"]
    assert device.startswith("allgreen-device=")
    assert device.endswith("; HttpOnly; Max-Age=34560000; Path=/; SameSite=lax")


async def test_by_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, public_url="https://allgreen.example.org")

    async with (
        open_platform(settings, watches=False) as platform,
        person_of(create_app(platform, bundle=tmp_path / "no bundle")) as client,
    ):
        await set_up(client, platform)
        answer = await client.post("/api/v1/session", json=credentials())

    assert answer.headers["set-cookie"].startswith("__Host-allgreen=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_twenty_wrong_passwords_in_an_hour_are_enough(
    owner: Person, anonymous: httpx2.AsyncClient, clock: FakeClock
) -> None:
    for _ in range(20):
        await anonymous.post("/api/v1/session", json=credentials(password="not this one"))

    answer = await anonymous.post("/api/v1/session", json=credentials())

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("forwarded", ["203.0.113.7", "198.51.100.9, 203.0.113.7"])
async def test_a_made_up_forwarded_address_does_not_reset_the_count(
    owner: Person, anonymous: httpx2.AsyncClient, platform: Platform, forwarded: str
) -> None:
    for number in range(200):
        platform.limits.count(LOG_INS_PER_ADDRESS, "127.0.0.1", message=str(number))

    answer = await anonymous.post(
        "/api/v1/session", json=credentials(), headers={"x-forwarded-for": forwarded}
    )

    assert answer.status_code == 429
