"""The page of a profile, and signing in with GitHub, in a browser that holds us to our policy."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.github import CLIENT_ID, CLIENT_SECRET, GitHub
from tests.looks import Look
from tests.platform import Person, Platform
from tests.services import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    server = GitHub(callback="", port=free_port()).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, github: GitHub) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_GITHUB_CLIENT_ID": CLIENT_ID,
        "ALLGREEN_GITHUB_CLIENT_SECRET": CLIENT_SECRET,
        # Another site than 127.0.0.1, as GitHub is: cookies come back only as they would there.
        "ALLGREEN_GITHUB_URL": f"http://localhost:{github.port}",
        "ALLGREEN_GITHUB_API_URL": github.url,
    }
    running = Platform(tmp_path_factory.mktemp("profiles") / "data", settings).start()
    github.callback = f"{running.address}/auth/github/callback"
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sofia(platform: Platform) -> Person:
    """Somebody who shows a profile to everybody."""
    sofia = Person(platform).set_up()
    profile = {
        "name": "Sofia",
        "surname": "Lindqvist",
        "pronouns": "she/her",
        "city": "Göteborg",
        "bio": f"Keeps payments boring.\nUsually the first one awake. {NASTY}",
        "github": "sofialin",
        "linkedin": "sofia-lindqvist",
        "website": "https://sofialindqvist.example",
        "visibility": "public",
    }
    sofia.http.put("/account/profile", json=profile).raise_for_status()
    return sofia


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser says on its console, such as what the policy has forbidden."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    return said


def show_photo(sofia: Person) -> None:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(file, "JPEG")
    sofia.http.put(
        "/account/photo", content=file.getvalue(), headers={"Content-Type": "image/jpeg"}
    ).raise_for_status()


def address_of(sofia: Person) -> str:
    return f"{sofia.platform.address}/u/{sofia.get('/me')['id']}"


def test_a_profile_is_shown_to_everybody(
    page: Page, sofia: Person, look: Look, complaints: list[str]
) -> None:
    show_photo(sofia)

    page.goto(address_of(sofia))

    expect(page.get_by_role("heading", name="Sofia Lindqvist")).to_be_visible()
    expect(page.get_by_text(NASTY)).to_be_visible()
    assert page.locator("img.photo").evaluate("image => image.naturalWidth") == 256
    look(page, "profile")
    assert complaints == []


def test_a_profile_needs_no_scripts(chromium: Browser, sofia: Person) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(address_of(sofia))

    expect(page.get_by_role("link", name="GitHub")).to_have_attribute(
        "href", "https://github.com/sofialin"
    )
    context.close()


def test_a_profile_without_a_photo_and_one_that_is_not_shown(
    page: Page, platform: Platform, sofia: Person, look: Look
) -> None:
    sofia.http.delete("/account/photo").raise_for_status()

    page.goto(address_of(sofia))
    expect(page.get_by_text("SL", exact=True)).to_be_visible()
    look(page, "profile-without-photo")
    page.goto(f"{platform.address}/u/nobody")
    expect(page.get_by_role("heading", name="There is no such profile")).to_be_visible()
    look(page, "profile-hidden")


def test_a_browser_goes_to_github_and_comes_back_signed_in(
    page: Page, platform: Platform, sofia: Person, complaints: list[str]
) -> None:
    there = address_of(sofia)

    page.goto(f"{platform.address}/auth/github/start?next={there.removeprefix(platform.address)}")

    assert page.url == there
    me = page.request.get(f"{platform.address}/api/v1/me").json()
    assert (me["name"], me["email"]) == ("Ana Petrov", "ana.petrov@example.org")
    assert complaints == []


def test_the_way_back_alone_signs_nobody_in(
    page: Page, platform: Platform, sofia: Person, look: Look
) -> None:
    page.goto(f"{platform.address}/auth/github/callback?code=abc&state=abc")

    expect(page.get_by_role("heading", name="This sign-in cannot go on")).to_be_visible()
    look(page, "github-refused")
    assert page.request.get(f"{platform.address}/api/v1/me").status == 401


def test_a_code_is_asked_for(page: Page, platform: Platform, sofia: Person, look: Look) -> None:
    page.goto(f"{platform.address}/auth/github/code")

    expect(page.get_by_label("Code")).to_be_focused()
    look(page, "github-code")
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This sign-in cannot go on")).to_be_visible()
