"""What GitHub says is believed only if it says it as it should, soon and in few words."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from allgreen.errors import SignInFailedError
from allgreen.server.github import provider
from allgreen.server.github.person import Person
from allgreen.server.settings import Settings
from tests.api import ADDRESS
from tests.github import CLIENT_ID, CLIENT_SECRET, Account, GitHub

VERIFIER = "v" * 64
TOKEN = "/login/oauth/access_token"
JSON = {"Content-Type": "application/json"}
GOOD_TOKEN = b'{"access_token": "gho_x", "token_type": "bearer"}'
LONG_NAME = b'{"id": 1, "login": "ana", "name": "' + b"x" * 10_000_000 + b'"}'


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub(callback=f"{ADDRESS}/auth/github/callback").start()
    yield server
    server.stop()


@pytest.fixture
def client(github: GitHub, tmp_path: Path) -> provider.GitHub:
    settings = Settings(
        data_dir=tmp_path,
        public_url=ADDRESS,
        github_client_id=CLIENT_ID,
        github_client_secret=SecretStr(CLIENT_SECRET),
        github_url=github.url,
        github_api_url=github.url,
    )
    return provider.GitHub(settings)


def code_of(client: provider.GitHub, github: GitHub, account: Account | None = None) -> str:
    back = github.approve(client.authorize_url("the state", VERIFIER), account)
    return parse_qs(urlsplit(back).query)["code"][0]


async def test_a_code_with_its_verifier_tells_who_somebody_is(
    client: provider.GitHub, github: GitHub
) -> None:
    person = await client.identify(code_of(client, github), VERIFIER)

    assert person == Person(
        subject="583231", login="anapetrov", name="Ana Petrov", email="ana.petrov@example.org"
    )


async def test_a_code_is_worth_nothing_without_its_verifier(
    client: provider.GitHub, github: GitHub
) -> None:
    with pytest.raises(SignInFailedError):
        await client.identify(code_of(client, github), "w" * 64)


async def test_a_code_is_worth_nothing_the_second_time(
    client: provider.GitHub, github: GitHub
) -> None:
    code = code_of(client, github)
    await client.identify(code, VERIFIER)

    with pytest.raises(SignInFailedError):
        await client.identify(code, VERIFIER)


@pytest.mark.parametrize("code", ["\0", "é\ud800", "a&client_id=evil", "a\r\nb: c", "%"])
async def test_an_odd_code_is_refused(client: provider.GitHub, code: str) -> None:
    with pytest.raises(SignInFailedError):
        await client.identify(code, VERIFIER)


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
    client: provider.GitHub, github: GitHub, account: Account
) -> None:
    person = await client.identify(code_of(client, github, account), VERIFIER)

    assert person.email is None


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        (TOKEN, 500, {}, b"oops"),
        (TOKEN, 200, {}, b"not JSON"),
        (TOKEN, 200, JSON, b"[]"),
        (TOKEN, 200, JSON, b"{}"),
        (TOKEN, 200, JSON, b'{"error": 5, "error_description": {"a": 1}}'),
        (TOKEN, 200, JSON, b'{"error": "x", "error_description": "\\ud83d\\ude00"}'),
        (TOKEN, 200, JSON, b'{"access_token": null, "token_type": "bearer"}'),
        (TOKEN, 200, JSON, b'{"access_token": "a\\nb: c", "token_type": "bearer"}'),
        (TOKEN, 200, JSON, b'{"access_token": "\\ud83d", "token_type": "bearer"}'),
        (TOKEN, 200, JSON, b'{"access_token": "x", "token_type": "mac"}'),
        (TOKEN, 200, JSON, b'{"access_token": "x", "token_type": 5}'),
        (TOKEN, 200, JSON, b'{"access_token": "x", "token_type": "bearer", "expires_in": "z"}'),
        (TOKEN, 200, JSON, b" " * 10_000_000 + GOOD_TOKEN),
        (TOKEN, 302, {"Location": "http://127.0.0.1:1/"}, b""),
        ("/user", 500, {}, b""),
        ("/user", 302, {"Location": "/login/oauth/authorize"}, b""),
        ("/user", 200, JSON, b"null"),
        ("/user", 200, JSON, b'{"id": "583231", "login": "ana"}'),
        ("/user", 200, JSON, b'{"id": true, "login": "ana"}'),
        ("/user", 200, JSON, b'{"id": 0, "login": "ana"}'),
        ("/user", 200, JSON, b'{"id": -1, "login": "ana"}'),
        ("/user", 200, JSON, b'{"id": 1.5, "login": "ana"}'),
        ("/user", 200, JSON, b'{"id": ' + b"9" * 30 + b', "login": "ana"}'),
        ("/user", 200, JSON, b'{"id": 1, "login": ""}'),
        ("/user", 200, JSON, b'{"id": 1, "login": "\\ud800"}'),
        ("/user", 200, JSON, b"[" * 100_000),
        ("/user", 200, JSON, LONG_NAME),
        ("/user", 200, JSON | {"Content-Encoding": "gzip"}, gzip.compress(LONG_NAME, mtime=0)),
        ("/user/emails", 500, {}, b""),
        ("/user/emails", 200, JSON, b"{}"),
        ("/user/emails", 200, JSON, b'[{"email": "a@b.example", "primary": 1, "verified": 1}]'),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_answer_that_is_none_says_nothing_of_anybody(
    client: provider.GitHub,
    github: GitHub,
    path: str,
    status: int,
    headers: dict[str, str],
    body: bytes,
) -> None:
    github.answers[path] = (status, headers, body)

    with pytest.raises(SignInFailedError) as caught:
        await client.identify(code_of(client, github), VERIFIER)

    assert caught.value.is_foreign


@pytest.mark.parametrize("path", [TOKEN, "/user", "/user/emails"])
async def test_an_answer_that_never_ends_is_given_up(
    client: provider.GitHub, github: GitHub, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(provider, "TIMEOUT_S", 0.5)
    github.answers[path] = (200, JSON, b" " * 10_000)
    github.drips.add(path)

    began = time.monotonic()
    with pytest.raises(SignInFailedError):
        await client.identify(code_of(client, github), VERIFIER)

    assert time.monotonic() - began < 5


async def test_a_github_that_is_not_there_is_told(client: provider.GitHub, github: GitHub) -> None:
    code = code_of(client, github)
    github.stop()

    with pytest.raises(SignInFailedError):
        await client.identify(code, VERIFIER)


async def test_the_secret_goes_to_the_token_address_alone(
    client: provider.GitHub, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    await client.identify(code_of(client, github), VERIFIER)

    assert [told["client_secret"] for told in github.tokens] == [CLIENT_SECRET]
    assert not any(CLIENT_SECRET in str(headers) for _, headers in github.asked)
