"""The front page: for people who are not signed in, and without a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from allgreen.server.app import create_app
from allgreen.server.pages import PUBLIC_STYLESHEET
from allgreen.server.platform import Platform
from allgreen.server.settings import Registration
from tests.api import Person, person_of


@pytest.fixture
async def visitor(platform: Platform, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a session, where the front end was built."""
    bundle = tmp_path / "bundle"
    (bundle / "assets").mkdir(parents=True)
    (bundle / "index.html").write_text("<!doctype html><title>The screens</title>")
    font = bundle / "assets" / "instrument-sans-latin-wdth-normal-1a2b.woff2"
    font.write_bytes(b"a font")
    async with person_of(create_app(platform, bundle=bundle)) as client:
        yield client


async def test_visitors_read_what_it_is(owner: Person, visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get("/")

    assert (answer.status_code, answer.headers["vary"]) == (200, "Accept-Encoding, Cookie")
    assert "Quiet is the best status." in answer.text
    assert 'href="/register">Start watching</a>' in answer.text
    assert "<script" not in answer.text
    assert ' style="' not in answer.text


async def test_whoever_has_a_session_gets_the_screens(
    owner: Person, visitor: httpx2.AsyncClient
) -> None:
    answer = await visitor.get("/", headers={"cookie": "allgreen=anything"})

    assert "The screens" in answer.text


async def test_before_the_first_run_the_screens_lead_on(visitor: httpx2.AsyncClient) -> None:
    assert "The screens" in (await visitor.get("/")).text


async def test_without_its_database_it_is_still_there(
    owner: Person, visitor: httpx2.AsyncClient, platform: Platform
) -> None:
    await platform.database.close()

    assert "Quiet is the best status." in (await visitor.get("/")).text


async def test_where_nobody_may_register_it_asks_to_sign_in(
    owner: Person, platform: Platform, tmp_path: Path
) -> None:
    closed = platform.settings.model_copy(update={"registration": Registration.CLOSED})
    app = create_app(replace(platform, settings=closed), bundle=tmp_path / "no bundle")

    async with person_of(app) as client:
        text = (await client.get("/")).text

    assert "/register" not in text
    assert 'href="/login">Sign in</a>' in text


async def test_its_style_and_fonts_may_be_kept(visitor: httpx2.AsyncClient) -> None:
    style = await visitor.get(PUBLIC_STYLESHEET.path)
    font = await visitor.get("/fonts/instrument-sans.woff2")

    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (font.content, font.headers["cache-control"]) == (b"a font", "public, max-age=86400")
    assert (await visitor.get("/fonts/other.woff2")).status_code == 404


def test_the_tokens_are_those_of_the_screens() -> None:
    root = Path(__file__).parents[3]
    ours = root / "src/allgreen/server/templates/tokens.css"

    assert ours.read_bytes() == (root / "web/src/styles/tokens.css").read_bytes()
