"""The second factor: set up, asked for, lost, and never got around."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from datetime import timedelta
from urllib.parse import unquote

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from allgreen.domain.notice import NoticeKind
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import accounts, recovery_codes
from allgreen.testing import FakeClock
from tests.api import PASSWORD, Person, fields, person_of
from tests.mailbox import changes_told_to, link_in

ANA = "ana@example.org"
STEP = timedelta(seconds=30)
TWO_FACTOR = "/api/v1/account/two-factor"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a mail server, which nobody asks here: the outbox is looked at instead."""
    return settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})


@pytest.fixture
async def app_of_ana(owner: Person, clock: FakeClock) -> Authenticator:
    """Ana's authenticator app, after she has set it up."""
    return await set_up(owner, clock)


class Authenticator:
    """What is on the telephone, and on paper."""

    def __init__(self, secret: str, clock: FakeClock) -> None:
        self._totp = pyotp.TOTP(secret)
        self._clock = clock
        self.recovery_codes: list[str] = []

    def code(self, *, later: timedelta = timedelta()) -> str:
        """Return what it shows."""
        return self._totp.at(self._clock.now() + later)

    def next_code(self) -> str:
        """Wait for the next code and return it."""
        self._clock.advance(STEP)
        return self.code()


async def set_up(person: Person, clock: FakeClock) -> Authenticator:
    begun = await person.client.post(TWO_FACTOR)
    assert begun.status_code == 201, begun.text
    authenticator = Authenticator(begun.json()["secret"], clock)
    confirmed = await person.client.post(
        f"{TWO_FACTOR}/confirm", json={"code": authenticator.code()}
    )
    assert confirmed.status_code == 200, confirmed.text
    authenticator.recovery_codes = confirmed.json()["codes"]
    return authenticator


async def log_in(client: httpx2.AsyncClient, **form: object) -> httpx2.Response:
    form = {"email": ANA, "password": PASSWORD} | form
    return await client.post("/api/v1/session", json=form)


async def test_a_secret_comes_as_text_as_a_link_and_as_a_picture(owner: Person) -> None:
    begun = (await owner.client.post(TWO_FACTOR)).json()

    parsed = pyotp.parse_uri(begun["uri"])
    assert re.fullmatch(r"[A-Z2-7]{32}", begun["secret"])
    assert (parsed.secret, parsed.name, parsed.issuer) == (begun["secret"], ANA, "Allgreen")
    assert begun["qr"].startswith("data:image/svg+xml")
    assert "<svg" in unquote(begun["qr"])


async def test_until_it_is_confirmed_nothing_is_asked_for(
    owner: Person, anonymous: httpx2.AsyncClient
) -> None:
    await owner.client.post(TWO_FACTOR)
    wrong = await owner.client.post(f"{TWO_FACTOR}/confirm", json={"code": "000000"})

    assert (wrong.status_code, fields(wrong)) == (422, {"code": "wrong_code"})
    assert (await log_in(anonymous)).status_code == 200
    assert (await owner.client.get("/api/v1/me")).json()["two_factor"] is False


async def test_a_second_factor_is_asked_for_once_the_password_was_right(
    app_of_ana: Authenticator, anonymous: httpx2.AsyncClient
) -> None:
    no_password = await log_in(anonymous, password="guess")
    no_password_but_code = await log_in(anonymous, password="guess", code=app_of_ana.next_code())
    no_code = await log_in(anonymous)
    blank = await log_in(anonymous, code="  ")
    both = await log_in(anonymous, code=app_of_ana.code())

    assert fields(no_password) == fields(no_password_but_code) == {"password": "credentials"}
    assert no_password.content == no_password_but_code.content
    assert fields(no_code) == fields(blank) == {"code": "second_factor"}
    assert both.status_code == 200
    assert both.json()["two_factor"] is True


async def test_without_the_second_factor_no_session_is_opened(
    app_of_ana: Authenticator, anonymous: httpx2.AsyncClient
) -> None:
    answer = await log_in(anonymous)

    assert "set-cookie" not in answer.headers
    assert (await anonymous.get("/api/v1/me")).status_code == 401


async def test_a_code_counts_once(
    app_of_ana: Authenticator, anonymous: httpx2.AsyncClient, app: FastAPI
) -> None:
    code = app_of_ana.next_code()

    first = await log_in(anonymous, code=code)
    async with person_of(app) as shoulder_surfer:
        second = await log_in(shoulder_surfer, code=code)

    assert first.status_code == 200
    assert (second.status_code, fields(second)) == (422, {"code": "wrong_code"})


async def test_of_many_with_the_same_code_one_gets_in(
    app_of_ana: Authenticator, app: FastAPI
) -> None:
    code = app_of_ana.next_code()
    clients = [person_of(app) for _ in range(5)]

    answers = await asyncio.gather(*(log_in(each, code=code) for each in clients))

    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422]


async def test_the_code_that_confirmed_it_does_not_sign_in(
    owner: Person, clock: FakeClock, anonymous: httpx2.AsyncClient
) -> None:
    authenticator = await set_up(owner, clock)

    assert fields(await log_in(anonymous, code=authenticator.code())) == {"code": "wrong_code"}


@pytest.mark.parametrize(("later", "status"), [(-2, 422), (-1, 200), (0, 200), (1, 200), (2, 422)])
async def test_a_clock_may_be_wrong_by_one_step(
    app_of_ana: Authenticator,
    anonymous: httpx2.AsyncClient,
    clock: FakeClock,
    later: int,
    status: int,
) -> None:
    clock.advance(5 * STEP)

    answer = await log_in(anonymous, code=app_of_ana.code(later=later * STEP))

    assert answer.status_code == status


async def test_a_code_before_one_that_was_used_is_used_up_too(
    app_of_ana: Authenticator, anonymous: httpx2.AsyncClient, clock: FakeClock
) -> None:
    clock.advance(5 * STEP)
    await log_in(anonymous, code=app_of_ana.code())

    answer = await log_in(anonymous, code=app_of_ana.code(later=-STEP))

    assert fields(answer) == {"code": "wrong_code"}


@pytest.mark.parametrize(
    "code", ["12345", "1234567", "１２３４５６", "\ud800", "\0", "abcd-efgh", "x" * 100]
)
async def test_an_odd_code_is_a_wrong_one(
    app_of_ana: Authenticator, anonymous: httpx2.AsyncClient, code: str
) -> None:
    # Written by hand: the client would not encode half a surrogate pair.
    form = json.dumps({"email": ANA, "password": PASSWORD, "code": code})

    answer = await anonymous.post(
        "/api/v1/session", content=form, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 422
    assert set(fields(answer)) == {"code"}


async def test_who_knows_the_password_does_not_try_codes_without_end(
    app_of_ana: Authenticator, app: FastAPI
) -> None:
    answers = []
    for number in range(14):
        async with person_of(app) as thief:
            answers.append(await log_in(thief, code=f"{number:06}"))

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 4


async def test_a_recovery_code_stands_in_once(
    owner: Person, app_of_ana: Authenticator, anonymous: httpx2.AsyncClient
) -> None:
    code = app_of_ana.recovery_codes[3]

    typed_badly = await log_in(anonymous, code=f" {code.upper().replace('-', ' ')} ")
    again = await log_in(anonymous, code=code)

    assert (typed_badly.status_code, again.status_code) == (200, 422)
    account = (await anonymous.get("/api/v1/account")).json()
    assert account["recovery_codes_left"] == 9


async def test_new_recovery_codes_void_those_before(
    owner: Person, app_of_ana: Authenticator, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    renewed = await owner.client.post(f"{TWO_FACTOR}/recovery-codes")

    old = await log_in(anonymous, code=app_of_ana.recovery_codes[0])
    new = await log_in(anonymous, code=renewed.json()["codes"][0])

    assert len(set(renewed.json()["codes"])) == 10
    assert (old.status_code, new.status_code) == (422, 200)
    assert (await changes_told_to(platform, ANA))[0] == "new recovery codes were made"


async def test_the_database_holds_neither_secret_nor_recovery_codes(
    owner: Person, platform: Platform
) -> None:
    begun = (await owner.client.post(TWO_FACTOR)).json()
    code = pyotp.TOTP(begun["secret"]).at(platform.clock.now())
    codes = (await owner.client.post(f"{TWO_FACTOR}/confirm", json={"code": code})).json()["codes"]

    async with platform.database.read() as connection:
        stored = str(await connection.scalar(select(accounts.c.totp_secret)))
        hashes = (await connection.execute(select(recovery_codes.c.code_hash))).scalars().all()
    assert begun["secret"] not in stored
    assert begun["secret"].encode() not in base64.urlsafe_b64decode(stored)
    assert len(hashes) == 10
    assert not set(hashes) & {*codes, *(code.replace("-", "") for code in codes)}


async def test_confirming_ends_what_was_opened_without_it(
    owner: Person, clock: FakeClock, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await log_in(anonymous)

    await set_up(owner, clock)

    assert (await anonymous.get("/api/v1/me")).status_code == 401
    assert (await owner.client.get("/api/v1/me")).status_code == 200
    assert await changes_told_to(platform, ANA) == ["a second factor was set up"]


async def test_removing_it_ends_all_other_sessions_and_voids_its_codes(
    owner: Person, app_of_ana: Authenticator, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await log_in(anonymous, code=app_of_ana.next_code())

    removed = await owner.client.delete(TWO_FACTOR)

    assert removed.status_code == 204
    assert (await anonymous.get("/api/v1/me")).status_code == 401
    assert (await changes_told_to(platform, ANA))[0] == "the second factor was removed"
    assert (await log_in(anonymous)).status_code == 200
    async with platform.database.read() as connection:
        assert (await connection.execute(select(recovery_codes))).all() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", None),
        ("POST", "/confirm", {"code": "000000"}),
        ("DELETE", "", None),
        ("POST", "/recovery-codes", None),
    ],
)
async def test_it_is_touched_only_shortly_after_a_proof(
    owner: Person, clock: FakeClock, method: str, path: str, body: dict[str, str] | None
) -> None:
    clock.advance(timedelta(minutes=31))

    answer = await owner.client.request(method, TWO_FACTOR + path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "proof_needed")


async def test_a_second_one_is_not_put_over_the_first(
    owner: Person, app_of_ana: Authenticator, anonymous: httpx2.AsyncClient
) -> None:
    begun = await owner.client.post(TWO_FACTOR)
    confirmed = await owner.client.post(
        f"{TWO_FACTOR}/confirm", json={"code": app_of_ana.next_code()}
    )

    assert (begun.status_code, confirmed.status_code) == (422, 422)
    assert fields(begun) == fields(confirmed) == {"": "already_on"}


async def test_a_proof_needs_the_second_factor_too(
    owner: Person, app_of_ana: Authenticator, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=31))
    proof = {"password": PASSWORD}

    without = await owner.client.post("/api/v1/session/proof", json=proof)
    refused = await owner.client.delete(TWO_FACTOR)
    with_code = await owner.client.post(
        "/api/v1/session/proof", json=proof | {"code": app_of_ana.code()}
    )

    assert (without.status_code, fields(without)) == (422, {"code": "second_factor"})
    assert refused.status_code == 403
    assert with_code.status_code == 204
    assert (await owner.client.delete(TWO_FACTOR)).status_code == 204


async def test_setting_a_forgotten_password_does_not_get_around_it(
    owner: Person, app_of_ana: Authenticator, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    await anonymous.post("/api/v1/password/forgot", json={"email": ANA})
    token = (await link_in(platform, NoticeKind.RESET_PASSWORD, ANA)).removeprefix("/reset/")
    new = "seven loud herons dance"
    await anonymous.post("/api/v1/password/reset", json={"token": token, "password": new})

    without = await log_in(anonymous, password=new)
    with_code = await log_in(anonymous, password=new, code=app_of_ana.next_code())

    assert fields(without) == {"code": "second_factor"}
    assert with_code.status_code == 200


async def test_deleting_the_account_does_not_get_around_it(
    owner: Person, app_of_ana: Authenticator
) -> None:
    answer = await owner.client.request("DELETE", "/api/v1/account", json={"password": PASSWORD})

    assert fields(answer) == {"code": "second_factor"}
