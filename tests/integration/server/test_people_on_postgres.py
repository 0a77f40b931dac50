"""Profiles, photos and GitHub on PostgreSQL, where people really write at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Table, func, select

from allgreen.server.app import create_app, open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import accounts, identities, photos, profiles
from tests.api import ADDRESS, Person, person_of
from tests.github import CLIENT_ID, CLIENT_SECRET, Account, GitHub
from tests.integration.server.test_github import CALLBACK, CONNECT, begin, come_back, me_of
from tests.integration.server.test_photos import GOOD, photo_of
from tests.integration.server.test_profiles import address_of, join, save

pytestmark = pytest.mark.postgres


@pytest.fixture
def github() -> Iterator[GitHub]:
    server = GitHub(callback=f"{ADDRESS}{CALLBACK}").start()
    yield server
    server.stop()


@pytest.fixture
async def platform(tmp_path: Path, postgres_url: str, github: GitHub) -> AsyncIterator[Platform]:
    settings = Settings(
        data_dir=tmp_path,
        database_url=postgres_url.replace("+asyncpg", ""),
        public_url=ADDRESS,
        github_client_id=CLIENT_ID,
        github_client_secret=SecretStr(CLIENT_SECRET),
        github_url=github.url,
        github_api_url=github.url,
    )
    async with open_platform(settings, watches=False) as platform:
        yield platform


@pytest.fixture
def app(platform: Platform, tmp_path: Path) -> FastAPI:
    return create_app(platform, bundle=tmp_path / "no bundle")


async def count(platform: Platform, table: Table) -> int:
    async with platform.database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_profile_and_its_photo_are_seen_by_members(
    owner: Person, stranger: Person, anonymous: httpx2.AsyncClient, platform: Platform
) -> None:
    path = await photo_of(owner)
    await save(owner, city="Göte\0borg")
    hidden = [await stranger.client.get(each) for each in (path, address_of(owner))]

    await join(platform, stranger, owner)

    seen = [await stranger.client.get(each) for each in (path, address_of(owner))]
    odd = await anonymous.get("/api/v1/profiles/" + "%00" * 36)
    assert [answer.status_code for answer in hidden] == [404, 404]
    assert [answer.status_code for answer in seen] == [200, 200]
    assert odd.status_code == 404


async def test_what_is_saved_at_the_same_time_leaves_one_profile_and_one_photo(
    owner: Person, platform: Platform
) -> None:
    await asyncio.gather(
        *(save(owner, city=city) for city in ("Oslo", "Bergen", "Bodø")),
        *(photo_of(owner, GOOD[kind]) for kind in ("png", "jpeg", "webp")),
    )

    shown = (await owner.client.get("/api/v1/account/profile")).json()
    assert (await owner.client.get(shown["photo"])).status_code == 200
    assert (await count(platform, profiles), await count(platform, photos)) == (1, 1)


async def test_one_newcomer_in_many_browsers_gets_one_account(
    owner: Person, app: FastAPI, github: GitHub, platform: Platform
) -> None:
    async with AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(person_of(app)) for _ in range(6)]
        urls = [github.approve(await begin(browser)) for browser in browsers]

        answers = await asyncio.gather(*map(come_back, browsers, urls))

        people = {str(me["id"]) for browser in browsers if (me := await me_of(browser))}
    assert {answer.status_code for answer in answers} <= {303, 403}
    assert len(people) == 1
    assert (await count(platform, accounts), await count(platform, identities)) == (2, 1)


async def test_a_state_that_comes_twice_at_once_is_used_once(
    owner: Person, app: FastAPI, github: GitHub
) -> None:
    async with person_of(app) as browser:
        url = github.approve(await begin(browser))

        answers = await asyncio.gather(*(come_back(browser, url) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [303] + [403] * 5


async def test_two_accounts_that_connect_one_github_at_once_share_nothing(
    owner: Person, stranger: Person, github: GitHub, platform: Platform
) -> None:
    both = (owner, stranger)
    begun = [(await person.client.post(CONNECT)).json()["url"] for person in both]
    urls = [github.approve(url, Account(id=7)) for url in begun]

    answers = await asyncio.gather(
        *(come_back(person.client, url) for person, url in zip(both, urls, strict=True))
    )

    assert sorted(answer.status_code for answer in answers) == [303, 403]
    assert await count(platform, identities) == 1


async def test_one_account_that_connects_two_githubs_at_once_has_one(
    owner: Person, app: FastAPI, github: GitHub, platform: Platform
) -> None:
    async with person_of(app) as other:
        other.cookies.set("allgreen", owner.client.cookies["allgreen"])
        browsers = (owner.client, other)
        begun = [(await browser.post(CONNECT)).json()["url"] for browser in browsers]
        urls = [github.approve(url, Account(id=n)) for n, url in enumerate(begun, start=1)]

        answers = await asyncio.gather(*map(come_back, browsers, urls))

    assert sorted(answer.status_code for answer in answers) == [303, 403]
    assert await count(platform, identities) == 1
