"""Signing in with GitHub: who GitHub says it is gets in, and nobody who only looks like them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pyotp
import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr
from sqlalchemy import delete, insert, select, update

from allgreen.domain.policy import Role
from allgreen.server.app import create_app, open_platform
from allgreen.server.auth import second_factor
from allgreen.server.auth.sessions import Session, current_session
from allgreen.server.github import routes
from allgreen.server.platform import Platform
from allgreen.server.settings import Registration, Settings
from allgreen.storage.sql.tables import (
    account_events,
    accounts,
    identities,
    invitations,
    outbox,
    sessions,
    sign_ins,
    workspaces,
)
from allgreen.testing import FakeClock
from tests.api import ADDRESS, PASSWORD, Person, fields, person_of, set_up
from tests.github import CLIENT_ID, CLIENT_SECRET, Account, GitHub

START = "/auth/github/start"
CALLBACK = "/auth/github/callback"
CODE = "/auth/github/code"
CONNECT = "/api/v1/account/identities/github"
COOKIE = "allgreen-github"


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub(callback=f"{ADDRESS}{CALLBACK}").start()
    yield server
    server.stop()


@pytest.fixture
def settings(settings: Settings, github: GitHub) -> Settings:
    return settings.model_copy(
        update={
            "github_client_id": CLIENT_ID,
            "github_client_secret": SecretStr(CLIENT_SECRET),
            "github_url": github.url,
            "github_api_url": github.url,
        }
    )


async def begin(client: httpx2.AsyncClient, next: str | None = None) -> str:
    """Begin to sign in; return the address at GitHub."""
    answer = await client.get(START, params={} if next is None else {"next": next})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(client: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """Open the address to which GitHub sends a browser back."""
    return await client.get(url.removeprefix(ADDRESS))


async def sign_in(
    client: httpx2.AsyncClient, github: GitHub, account: Account | None = None
) -> httpx2.Response:
    return await come_back(client, github.approve(await begin(client), account))


async def connect(
    person: Person, github: GitHub, account: Account | None = None
) -> httpx2.Response:
    begun = await person.client.post(CONNECT)
    assert begun.status_code == 200, begun.text
    return await come_back(person.client, github.approve(begun.json()["url"], account))


async def me_of(client: httpx2.AsyncClient) -> dict[str, object] | None:
    answer = await client.get("/api/v1/me")
    me: dict[str, object] | None = answer.json() if answer.status_code == 200 else None
    return me


async def write(platform: Platform, *statements: object) -> None:
    async with platform.database.unit_of_work() as uow:
        for statement in statements:
            await uow.connection.execute(statement)  # type: ignore[call-overload]  # as it comes
        await uow.commit()


async def read_all(platform: Platform, query: object) -> list[tuple[object, ...]]:
    async with platform.database.read() as connection:
        result = await connection.execute(query)  # type: ignore[call-overload]  # as it comes
        return [tuple(row) for row in result]


@pytest.fixture
async def newcomer(app: FastAPI, owner: Person) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser of somebody who has no account, after the first one was made."""
    async with person_of(app) as client:
        yield client


# People who come in


async def test_a_newcomer_gets_an_account_and_a_workspace(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform
) -> None:
    answer = await sign_in(newcomer, github)

    me = await me_of(newcomer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert me is not None
    assert (me["name"], me["email"], me["email_verified"]) == (
        "Ana Petrov",
        "ana.petrov@example.org",
        True,
    )
    held = select(workspaces.c.name, workspaces.c.is_held).order_by(workspaces.c.id.desc())
    assert (await read_all(platform, held))[0] == ("Ana's workspace", False)


async def test_the_same_number_opens_the_same_account_under_another_name_and_address(
    newcomer: httpx2.AsyncClient, github: GitHub, app: FastAPI, platform: Platform
) -> None:
    await sign_in(newcomer, github)
    before = await me_of(newcomer)

    renamed = Account(login="ana-the-second", name="Other", email="other@example.org")
    async with person_of(app) as client:
        await sign_in(client, github, renamed)
        after = await me_of(client)

    assert before is not None
    assert after is not None
    assert (after["id"], after["email"]) == (before["id"], before["email"])
    assert await read_all(platform, select(identities.c.login)) == [("ana-the-second",)]


async def test_a_name_that_somebody_else_took_over_opens_nothing(
    newcomer: httpx2.AsyncClient, github: GitHub, app: FastAPI
) -> None:
    await sign_in(newcomer, github)

    squatter = Account(id=999_999_999, email="squatter@example.net")
    async with person_of(app) as client:
        await sign_in(client, github, squatter)
        theirs = await me_of(client)

    mine = await me_of(newcomer)
    assert mine is not None
    assert theirs is not None
    assert theirs["id"] != mine["id"]


async def test_signing_in_is_noted_and_ends_the_session_before(
    newcomer: httpx2.AsyncClient, github: GitHub, app: FastAPI, platform: Platform
) -> None:
    await sign_in(newcomer, github)
    before = newcomer.cookies["allgreen"]

    await sign_in(newcomer, github)

    async with person_of(app) as thief:
        thief.cookies.set("allgreen", before)
        assert await me_of(thief) is None
    noted = select(account_events.c.summary).where(account_events.c.action == "session.opened")
    assert await read_all(platform, noted) == [("signed in with GitHub",)] * 2


async def test_no_more_is_asked_for_than_who_it_is_and_the_token_is_not_kept(
    newcomer: httpx2.AsyncClient, github: GitHub, settings: Settings, app: FastAPI
) -> None:
    await sign_in(newcomer, github)

    assert github.scopes == ["read:user user:email"]
    assert [path for path, _ in github.asked] == ["/user", "/user/emails"]
    token = github.asked[0][1]["Authorization"].removeprefix("Bearer ")
    files = [path for path in settings.data_dir.iterdir() if path.name.startswith("allgreen.db")]
    assert token.startswith("gho_")
    assert not any(token.encode() in path.read_bytes() for path in files)


async def test_what_leads_to_github_holds_no_secret_and_a_challenge(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform
) -> None:
    url = urlsplit(await begin(newcomer))
    asked = {key: values[0] for key, values in parse_qs(url.query).items()}

    stored = await read_all(platform, select(sign_ins.c.verifier, sign_ins.c.state_hash))
    assert url.geturl().startswith(f"{github.url}/login/oauth/authorize?")
    assert asked["redirect_uri"] == f"{ADDRESS}{CALLBACK}"
    assert asked["code_challenge_method"] == "S256"
    assert CLIENT_SECRET not in url.geturl()
    assert asked["state"] not in str(stored)
    assert str(stored[0][0]).startswith("gAAAA")  # Fernet


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "anapetrov"),
        (None, "anapetrov"),
        ("\u202e", "anapetrov"),
        ("A\0na", "Ana"),
        ("x" * 3000, "x" * 80),
        ("<script>", "<script>"),
    ],
)
async def test_an_odd_name_is_cleaned(
    newcomer: httpx2.AsyncClient, github: GitHub, name: object, shown: str
) -> None:
    await sign_in(newcomer, github, Account(name=name))

    me = await me_of(newcomer)
    assert me is not None
    assert me["name"] == shown


async def test_whoever_has_no_password_proves_it_by_signing_in_again(
    newcomer: httpx2.AsyncClient, github: GitHub, clock: FakeClock
) -> None:
    await sign_in(newcomer, github)
    clock.advance(timedelta(minutes=31))
    late = await newcomer.post(CONNECT)

    await sign_in(newcomer, github)

    assert late.json()["code"] == "proof_needed"
    assert (await newcomer.post(CONNECT)).status_code == 200


async def test_sign_ins_are_not_begun_without_end(
    newcomer: httpx2.AsyncClient, platform: Platform
) -> None:
    for number in range(routes.STARTS_PER_ADDRESS.amount):
        platform.limits.count(routes.STARTS_PER_ADDRESS, "127.0.0.1", message=str(number))

    answer = await newcomer.get(START)

    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("text/html")
    assert await read_all(platform, select(sign_ins)) == []


# Where they go on to


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/workspaces/w1?open=s1", "/workspaces/w1?open=s1"),
        ("//evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/%09/evil.example", "/"),
    ],
)
async def test_people_go_on_to_where_they_were_and_to_no_other_site(
    newcomer: httpx2.AsyncClient, github: GitHub, path: str, place: str
) -> None:
    answer = await come_back(newcomer, github.approve(await begin(newcomer, path)))

    assert (answer.status_code, answer.headers["location"]) == (303, place)


# Attacks on the way


async def refused(client: httpx2.AsyncClient, url: str) -> str:
    """Open a way back that must lead nowhere, and return what the page says."""
    answer = await come_back(client, url)
    assert 400 <= answer.status_code < 600
    assert answer.headers["content-type"].startswith("text/html")
    assert "allgreen=" not in answer.headers.get("set-cookie", "")
    assert await me_of(client) is None
    return answer.text


async def test_the_way_back_of_an_attacker_signs_nobody_in(
    newcomer: httpx2.AsyncClient, github: GitHub, app: FastAPI
) -> None:
    async with person_of(app) as attacker:
        theirs = github.approve(await begin(attacker))

    said = await refused(newcomer, theirs)
    mine = github.approve(await begin(newcomer))
    again = await refused(newcomer, theirs)

    assert "another browser" in said
    assert "another browser" in again
    assert github.tokens == []
    assert (await come_back(newcomer, mine)).status_code == 303


async def test_the_way_back_of_an_attacker_connects_nothing(
    owner: Person, stranger: Person, github: GitHub, platform: Platform
) -> None:
    begun = (await stranger.client.post(CONNECT)).json()["url"]
    theirs = github.approve(begun, Account(id=666))

    answer = await come_back(owner.client, theirs)

    assert answer.status_code == 403
    assert await read_all(platform, select(identities)) == []


async def test_who_signed_in_meanwhile_is_connected_to_nothing(
    owner: Person, stranger: Person, github: GitHub, platform: Platform
) -> None:
    url = github.approve((await owner.client.post(CONNECT)).json()["url"])
    owner.client.cookies.set("allgreen", stranger.client.cookies["allgreen"], domain="127.0.0.1")

    answer = await come_back(owner.client, url)

    assert answer.status_code == 403
    assert await read_all(platform, select(identities)) == []


async def test_without_the_cookie_of_the_browser_nothing_happens(
    newcomer: httpx2.AsyncClient, github: GitHub
) -> None:
    url = github.approve(await begin(newcomer))
    newcomer.cookies.delete(COOKIE)

    await refused(newcomer, url)

    assert github.tokens == []


@pytest.mark.parametrize("state", ["", "x", "\0", "é" * 99, "x" * 5000])
async def test_a_state_that_is_not_ours_is_refused(
    newcomer: httpx2.AsyncClient, github: GitHub, state: str
) -> None:
    await begin(newcomer)

    await refused(newcomer, f"{CALLBACK}?code=abc&state={quote(state)}")

    assert github.tokens == []


async def test_a_state_works_once(
    newcomer: httpx2.AsyncClient, github: GitHub, app: FastAPI
) -> None:
    url = github.approve(await begin(newcomer))
    browser = newcomer.cookies[COOKIE]
    await come_back(newcomer, url)

    async with person_of(app) as thief:
        thief.cookies.set(COOKIE, browser)
        await refused(thief, url)

    assert len(github.tokens) == 1


async def test_a_state_that_comes_twice_at_once_is_used_once(
    newcomer: httpx2.AsyncClient, github: GitHub
) -> None:
    url = github.approve(await begin(newcomer))

    answers = await asyncio.gather(*(come_back(newcomer, url) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403, 403]
    assert len(github.tokens) == 1


async def test_a_state_lives_ten_minutes(
    newcomer: httpx2.AsyncClient, github: GitHub, clock: FakeClock, platform: Platform
) -> None:
    url = github.approve(await begin(newcomer))
    clock.advance(timedelta(minutes=10))

    await refused(newcomer, url)
    await begin(newcomer)

    assert github.tokens == []
    assert len(await read_all(platform, select(sign_ins))) == 1


async def test_a_code_of_another_flow_is_worth_nothing(
    newcomer: httpx2.AsyncClient, github: GitHub, app: FastAPI
) -> None:
    async with person_of(app) as attacker:
        theirs = urlsplit(github.approve(await begin(attacker)))
    mine = urlsplit(github.approve(await begin(newcomer)))
    code = parse_qs(theirs.query)["code"][0]
    state = parse_qs(mine.query)["state"][0]

    said = await refused(newcomer, f"{CALLBACK}?code={code}&state={state}")

    assert "GitHub did not tell who you are" in said
    assert len(github.tokens) == 1


async def test_a_code_is_not_used_twice(newcomer: httpx2.AsyncClient, github: GitHub) -> None:
    used = parse_qs(urlsplit(github.approve(await begin(newcomer))).query)["code"][0]
    state = parse_qs(urlsplit(await begin(newcomer)).query)["state"][0]
    github._grants.pop(used)

    await refused(newcomer, f"{CALLBACK}?code={used}&state={state}")


async def test_what_github_says_against_it_is_text(newcomer: httpx2.AsyncClient) -> None:
    url = await begin(newcomer)
    state = parse_qs(urlsplit(url).query)["state"][0]
    said = quote("<script>alert(1)</script> not today" + "x" * 5000)

    page = await refused(
        newcomer, f"{CALLBACK}?error=access_denied&error_description={said}&state={state}"
    )

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; not today" in page
    assert len(page) < 2500


async def test_nobody_else_makes_our_page_say_anything(newcomer: httpx2.AsyncClient) -> None:
    page = await refused(newcomer, f"{CALLBACK}?error=x&error_description=Call+us+now&state=x")

    assert "Call us" not in page


async def test_the_cookie_is_out_of_reach_and_ends_with_the_sign_in(
    newcomer: httpx2.AsyncClient, github: GitHub
) -> None:
    begun = await newcomer.get(START)
    done = await come_back(newcomer, github.approve(begun.headers["location"]))

    cookie = begun.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert cookie.endswith("; HttpOnly; Max-Age=600; Path=/; SameSite=lax")
    assert any(
        each.startswith(f'{COOKIE}="";') and "Max-Age=0" in each
        for each in done.headers.get_list("set-cookie")
    )


async def test_by_https_the_cookie_is_bound_to_the_host(tmp_path: Path, github: GitHub) -> None:
    settings = Settings(
        data_dir=tmp_path,
        public_url="https://allgreen.example.org",
        github_client_id=CLIENT_ID,
        github_client_secret=SecretStr(CLIENT_SECRET),
        github_url=github.url,
    )

    async with (
        open_platform(settings, watches=False) as platform,
        person_of(create_app(platform, bundle=tmp_path / "no bundle")) as client,
    ):
        answer = await client.get(START)

    assert answer.headers["set-cookie"].startswith("__Host-allgreen-github=")
    assert "; Secure" in answer.headers["set-cookie"]
    assert "Domain" not in answer.headers["set-cookie"]


# GitHub at its worst


async def test_a_broken_answer_lets_nobody_in(newcomer: httpx2.AsyncClient, github: GitHub) -> None:
    github.answers["/user"] = (500, {}, b"")

    answer = await sign_in(newcomer, github)

    assert answer.status_code == 502
    assert "GitHub did not tell who you are" in answer.text
    assert await me_of(newcomer) is None


# Taking over


@pytest.mark.parametrize(
    "account",
    [
        Account(verified=False),
        Account(primary=False),
        Account(email="not an address"),
        Account(email="ana@example.org\0@evil.example"),
    ],
    ids=["not verified", "not primary", "no address", "odd"],
)
async def test_an_address_counts_only_if_it_is_primary_and_verified(
    newcomer: httpx2.AsyncClient, github: GitHub, account: Account
) -> None:
    answer = await sign_in(newcomer, github, account)

    assert answer.status_code == 403
    assert "GitHub knows no address of yours" in answer.text
    assert await me_of(newcomer) is None


@pytest.mark.parametrize("is_verified", [True, False])
async def test_an_account_with_the_same_address_is_never_connected_in_silence(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform, *, is_verified: bool
) -> None:
    await write(
        platform,
        update(accounts).values(email_verified_at=platform.clock.now() if is_verified else None),
    )

    answer = await sign_in(newcomer, github, Account(email="Ana@Example.org"))

    assert answer.status_code == 403
    assert "You have an account here already" in answer.text
    assert await me_of(newcomer) is None
    assert await read_all(platform, select(identities)) == []


async def test_nobody_connects_github_to_an_address_that_is_not_proven(
    owner: Person, github: GitHub, platform: Platform, app: FastAPI
) -> None:
    await write(platform, update(accounts).values(email_verified_at=None))
    with_mail = platform.settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:25")})
    object.__setattr__(platform, "settings", with_mail)

    answer = await owner.client.post(CONNECT)

    assert (answer.status_code, fields(answer)) == (422, {"email": "unverified"})


@pytest.mark.parametrize("who", [Registration.INVITED, Registration.CLOSED])
async def test_where_registration_is_not_open_nobody_new_comes_in(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform, who: Registration
) -> None:
    closed = platform.settings.model_copy(update={"registration": who})
    object.__setattr__(platform, "settings", closed)

    answer = await sign_in(newcomer, github)

    assert answer.status_code == 403
    assert "no account for you" in answer.text
    assert await me_of(newcomer) is None


@pytest.mark.parametrize(
    ("who", "changes", "status"),
    [
        (Registration.INVITED, {}, 303),
        (Registration.CLOSED, {}, 403),
        (Registration.INVITED, {"email": "somebody@example.org"}, 403),
        (Registration.INVITED, {"revoked_at": True}, 403),
        (Registration.INVITED, {"expires_at": True}, 403),
    ],
)
async def test_who_is_invited_comes_in_with_the_invited_address(
    owner: Person,
    newcomer: httpx2.AsyncClient,
    github: GitHub,
    platform: Platform,
    who: Registration,
    changes: dict[str, object],
    status: int,
) -> None:
    object.__setattr__(
        platform, "settings", platform.settings.model_copy(update={"registration": who})
    )
    now = platform.clock.now()
    row = {
        "id": platform.new_id(),
        "workspace_id": owner.me["workspaces"][0]["id"],
        "email": "ana.petrov@example.org",
        "role": Role.OBSERVER,
        "invited_by": owner.me["id"],
        "sendings": 1,
        "created_at": now,
        "sent_at": now,
        "expires_at": now + timedelta(days=7),
    }
    changed = {key: now if value is True else value for key, value in changes.items()}
    await write(platform, insert(invitations).values(row | changed))

    answer = await sign_in(newcomer, github)

    assert answer.status_code == status


async def test_the_first_account_is_not_made_by_github(
    anonymous: httpx2.AsyncClient, github: GitHub
) -> None:
    answer = await sign_in(anonymous, github)

    assert answer.status_code == 403
    assert await me_of(anonymous) is None


async def test_an_account_that_is_switched_off_stays_shut(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform
) -> None:
    await sign_in(newcomer, github)
    await write(platform, update(accounts).values(disabled_at=platform.clock.now()))

    answer = await sign_in(newcomer, github)

    assert answer.status_code == 403
    assert "switched off" in answer.text
    assert await me_of(newcomer) is None


# The second factor


async def turn_on_second_factor(platform: Platform, account_id: object) -> tuple[str, list[str]]:
    """Give an account a second factor; return its secret and the recovery codes."""
    secret = pyotp.random_base32()
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(
            update(accounts)
            .where(accounts.c.id == account_id)
            .values(
                totp_secret=platform.database.cipher.encrypt(secret),
                totp_since=platform.clock.now(),
            )
        )
        codes = await second_factor.renew_recovery_codes(uow.connection, account_id)  # type: ignore[arg-type]  # a row's id
        await uow.commit()
    return secret, codes


@pytest.fixture
async def guarded(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform
) -> tuple[str, list[str]]:
    """Somebody with GitHub and a second factor, who is signed out."""
    await sign_in(newcomer, github)
    me = await me_of(newcomer)
    assert me is not None
    made = await turn_on_second_factor(platform, me["id"])
    await newcomer.delete("/api/v1/session")
    return made


async def test_github_alone_does_not_open_an_account_with_a_second_factor(
    newcomer: httpx2.AsyncClient, github: GitHub, guarded: tuple[str, list[str]]
) -> None:
    answer = await sign_in(newcomer, github)
    page = await newcomer.get(CODE)

    assert (answer.status_code, answer.headers["location"]) == (303, CODE)
    assert await me_of(newcomer) is None
    assert 'autocomplete="one-time-code"' in page.text


@pytest.mark.parametrize("kind", ["digits", "recovery"])
async def test_with_the_code_too_they_are_in(
    newcomer: httpx2.AsyncClient,
    github: GitHub,
    guarded: tuple[str, list[str]],
    clock: FakeClock,
    kind: str,
) -> None:
    secret, codes = guarded
    await come_back(newcomer, github.approve(await begin(newcomer, "/settings")))
    code = codes[0] if kind == "recovery" else pyotp.TOTP(secret).at(clock.now())

    wrong = await newcomer.post(CODE, data={"code": "000000x"})
    right = await newcomer.post(CODE, data={"code": code})

    assert wrong.status_code == 422
    assert (right.status_code, right.headers["location"]) == (303, "/settings")
    assert await me_of(newcomer) is not None


@pytest.mark.parametrize(
    "body", [b"", b"code=", b"code", b"&" * 100_000, b"\xff" * 999, b"code=%00", b"code=%ff%fe"]
)
async def test_an_odd_code_lets_nobody_in(
    newcomer: httpx2.AsyncClient, github: GitHub, guarded: tuple[str, list[str]], body: bytes
) -> None:
    await sign_in(newcomer, github)

    answer = await newcomer.post(CODE, content=body)

    assert answer.status_code == 422
    assert await me_of(newcomer) is None


async def test_a_code_without_the_sign_in_before_it_is_worth_nothing(
    newcomer: httpx2.AsyncClient,
    github: GitHub,
    guarded: tuple[str, list[str]],
    app: FastAPI,
) -> None:
    await begin(newcomer)  # the cookie of an attempt that has not come back
    code = {"code": guarded[1][0]}

    async with person_of(app) as stranger:
        answers = [await newcomer.post(CODE, data=code), await stranger.post(CODE, data=code)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert await me_of(newcomer) is None


async def test_a_code_can_be_shown_for_ten_minutes_and_once(
    newcomer: httpx2.AsyncClient,
    github: GitHub,
    guarded: tuple[str, list[str]],
    clock: FakeClock,
    app: FastAPI,
) -> None:
    await sign_in(newcomer, github)
    clock.advance(timedelta(minutes=10))
    late = await newcomer.post(CODE, data={"code": guarded[1][0]})

    await sign_in(newcomer, github)
    waiting = newcomer.cookies[COOKIE]
    await newcomer.post(CODE, data={"code": guarded[1][0]})
    async with person_of(app) as thief:
        thief.cookies.set(COOKIE, waiting)
        again = await thief.post(CODE, data={"code": guarded[1][1]})

    assert (late.status_code, again.status_code) == (403, 403)


async def test_codes_cannot_be_tried_without_end(
    newcomer: httpx2.AsyncClient, github: GitHub, guarded: tuple[str, list[str]]
) -> None:
    await sign_in(newcomer, github)

    answers = [await newcomer.post(CODE, data={"code": f"{at:06}"}) for at in range(30)]

    assert answers[-1].status_code == 429


async def test_the_way_back_cannot_take_a_waiting_code_for_a_state(
    newcomer: httpx2.AsyncClient, github: GitHub, guarded: tuple[str, list[str]]
) -> None:
    await sign_in(newcomer, github)
    waiting = newcomer.cookies[COOKIE]

    said = await refused(newcomer, f"{CALLBACK}?code=abc&state={waiting}")

    assert "another browser" in said


# Connecting and disconnecting


async def test_github_opens_the_account_that_it_was_connected_to(
    owner: Person, github: GitHub, app: FastAPI, platform: Platform
) -> None:
    answer = await connect(owner, github)

    async with person_of(app) as client:
        await sign_in(client, github)
        me = await me_of(client)

    told = select(outbox.c.address).where(outbox.c.kind == "account_changed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    assert me is not None
    assert me["id"] == owner.me["id"]
    assert await read_all(platform, told) == [("ana@example.org",)]


async def test_a_session_that_ends_at_that_moment_connects_nothing(
    owner: Person, github: GitHub, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_and_end(request: Request) -> Session | None:
        session = await current_session(request)
        await write(platform, delete(sessions))
        return session

    monkeypatch.setattr(routes, "current_session", read_and_end)

    answer = await connect(owner, github)

    assert answer.status_code == 403
    assert await read_all(platform, select(identities)) == []


async def test_connecting_twice_comes_to_the_same(
    owner: Person, github: GitHub, platform: Platform
) -> None:
    await connect(owner, github)

    again = await connect(owner, github)

    assert again.status_code == 303
    assert len(await read_all(platform, select(identities))) == 1


async def test_a_github_account_opens_one_account_and_no_second(
    owner: Person, stranger: Person, github: GitHub, app: FastAPI
) -> None:
    await connect(owner, github)

    taken = await connect(stranger, github)
    second = await connect(owner, github, Account(id=2, login="second"))

    assert (taken.status_code, second.status_code) == (403, 403)
    async with person_of(app) as client:
        await sign_in(client, github)
        me = await me_of(client)
    assert me is not None
    assert me["id"] == owner.me["id"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_connecting_and_disconnecting_need_a_recent_proof(
    owner: Person, github: GitHub, clock: FakeClock, method: str
) -> None:
    await connect(owner, github)
    clock.advance(timedelta(minutes=31))

    answer = await owner.client.request(method, CONNECT)

    assert (answer.status_code, answer.json()["code"]) == (403, "proof_needed")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_connecting_and_disconnecting_need_a_session(
    anonymous: httpx2.AsyncClient, method: str
) -> None:
    assert (await anonymous.request(method, CONNECT)).status_code == 401


async def test_a_disconnected_github_opens_nothing(
    owner: Person, github: GitHub, app: FastAPI, platform: Platform
) -> None:
    await connect(owner, github, Account(email="ana@example.org"))

    answer = await owner.client.delete(CONNECT)
    again = await owner.client.delete(CONNECT)

    assert (answer.status_code, again.status_code) == (204, 404)
    async with person_of(app) as client:
        shut = await sign_in(client, github, Account(email="ana@example.org"))
        assert shut.status_code == 403
        assert await me_of(client) is None
    told = select(outbox.c.address).where(outbox.c.kind == "account_changed")
    assert await read_all(platform, told) == [("ana@example.org",)] * 2


async def test_the_only_way_in_is_not_taken_away(
    newcomer: httpx2.AsyncClient, github: GitHub, platform: Platform
) -> None:
    await sign_in(newcomer, github)

    answer = await newcomer.delete(CONNECT)

    assert (answer.status_code, fields(answer)) == (422, {"provider": "only_way"})
    assert len(await read_all(platform, select(identities))) == 1


async def test_an_account_without_a_password_opens_by_none(
    newcomer: httpx2.AsyncClient, github: GitHub, anonymous: httpx2.AsyncClient
) -> None:
    await sign_in(newcomer, github)

    for password in ("", PASSWORD, "the password of nobody"):
        form = {"email": "ana.petrov@example.org", "password": password}
        answer = await anonymous.post("/api/v1/session", json=form)
        assert fields(answer) == {"password": "credentials"}


# Where it is not set up


async def test_a_page_can_tell_whether_github_is_set_up(owner: Person, tmp_path: Path) -> None:
    here = (await owner.client.get("/api/v1/instance")).json()["github"]
    plain = Settings(data_dir=tmp_path / "plain", public_url=ADDRESS)

    async with (
        open_platform(plain, watches=False) as platform,
        person_of(create_app(platform, bundle=tmp_path / "no bundle")) as client,
    ):
        person = await set_up(client, platform)
        there = (await client.get("/api/v1/instance")).json()["github"]
        answers = [
            await client.get(START),
            await client.get(f"{CALLBACK}?code=x&state=x"),
            await person.client.post(CONNECT),
        ]

    assert (here, there) == (True, False)
    assert [answer.status_code for answer in answers] == [404, 404, 404]
