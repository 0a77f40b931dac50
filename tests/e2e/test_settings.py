"""One's own settings: the profile, the looks, the ways in, and the end of an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.github import CLIENT_ID, CLIENT_SECRET, GitHub
from tests.looks import Look
from tests.mail import SmtpServer, SmtpSink
from tests.platform import PASSWORD, Person, Platform
from tests.services import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SOFIA = "sofia@nordlys.example"
NEW_PASSWORD = "a gull stood on the pier at dawn"


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpSink]:
    server = SmtpServer()
    yield server.start()
    server.stop()


@pytest.fixture
def platform(tmp_path: Path, smtp: SmtpSink) -> Iterator[Platform]:
    settings = {"ALLGREEN_SMTP_URL": f"smtp://{smtp.host}:{smtp.port}"}
    running = Platform(tmp_path / "data", settings).start()
    yield running
    running.stop()


@pytest.fixture
def sofia(platform: Platform) -> Person:
    return Person(platform, email=SOFIA).set_up(workspace="Nordlys Commerce")


@pytest.fixture
def settings(page: Page, platform: Platform, sofia: Person) -> Page:
    page.context.add_cookies(sofia.browser_cookies())
    page.goto(f"{platform.address}/settings")
    expect(page.get_by_role("heading", name="Your settings")).to_be_visible()
    return page


def test_the_profile(settings: Page, sofia: Person, tmp_path: Path, look: Look) -> None:
    page = settings
    look(page, "settings")

    page.get_by_label("Surname").fill("Lindqvist")
    page.get_by_label("Pronouns").fill("she/her")
    page.get_by_label("City").fill("Göteborg")
    page.get_by_label("Bio").fill("Keeps payments boring. Usually the first one awake.")
    page.get_by_label("GitHub", exact=True).fill("sofialin")
    page.get_by_label("LinkedIn").fill("sofia-lindqvist")
    page.get_by_label("Website").fill("sofia lindqvist.se")
    expect(page.get_by_text("51 of 280")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Did you mean sofialindqvist.se?")).to_be_visible()
    expect(page.get_by_label("Website")).to_be_focused()
    look(page, "settings-refused")

    page.get_by_role("link", name="Services").first.click()
    expect(page.get_by_role("heading", name="Leave without saving?")).to_be_visible()
    page.get_by_role("button", name="Stay").click()
    page.get_by_label("Website").fill("sofialindqvist.se")
    page.get_by_label("Signed-in people").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is saved")).to_be_visible()
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    saved = sofia.get("/account/profile")
    assert (saved["surname"], saved["website"]) == ("Lindqvist", "https://sofialindqvist.se")
    assert saved["visibility"] == "signed_in"

    Image.linear_gradient("L").resize((400, 300)).save(tmp_path / "me.png")
    page.get_by_label("Upload a photo").set_input_files(tmp_path / "me.png")
    expect(page.get_by_role("heading", name="Use this photo?")).to_be_visible()
    look(page, "settings-photo")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    assert sofia.get("/account/profile")["photo"]
    look(page, "settings-with-photo")


def test_the_theme_follows_the_account(
    settings: Page, chromium: Browser, platform: Platform, sofia: Person
) -> None:
    with settings.expect_response(lambda each: each.request.method == "PATCH") as kept:
        dark = settings.get_by_role("radio", name="Dark")
        dark.click()  # it turns with the transition of the page, a moment later
        expect(dark).to_be_checked()
    expect(settings.locator("html")).to_have_attribute("data-theme", "dark")
    assert kept.value.ok
    assert sofia.get("/account")["theme"] == "dark"

    elsewhere = chromium.new_context(locale="en-US", timezone_id="UTC")
    elsewhere.add_cookies(sofia.browser_cookies())
    page = elsewhere.new_page()
    page.goto(platform.address)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    elsewhere.close()


def test_the_second_factor(settings: Page, platform: Platform, look: Look) -> None:
    page = settings
    page.get_by_role("button", name="Set up a second factor").click()
    expect(page.get_by_alt_text("QR code")).to_be_visible()
    look(page, "settings-two-factor")
    secret = page.get_by_role("textbox", name="Or type this into the app").input_value()
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    look(page, "settings-recovery-codes")
    code = page.get_by_role("listitem").filter(has_text=re.compile(r"^\w{4}(-\w{4}){3}$")).first
    recovery = code.inner_text()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    assert recovery in download.value.path().read_text()
    page.get_by_role("button", name="I kept them").click()
    expect(page.get_by_text("On. 10 recovery codes left.")).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"{platform.address}/login")
    page.get_by_role("textbox", name="Email").fill(SOFIA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").last.click()
    expect(page.get_by_role("textbox", name="Code")).to_be_focused()
    look(page, "login-code")
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_role("textbox", name="Recovery code").fill(recovery)
    page.get_by_role("button", name="Sign in").last.click()
    expect(page.get_by_text("Nordlys Commerce").first).to_be_visible()


def test_a_proof_is_asked_for_where_the_password_was_typed_long_ago(
    settings: Page, look: Look
) -> None:
    page = settings
    needed = {
        "type": "about:blank",
        "title": "Is it you?",
        "status": 403,
        "code": "proof_needed",
        "detail": "Type your password once more, then do it again.",
    }
    page.route(
        "**/api/v1/account/email",
        lambda route: route.fulfill(status=403, json=needed),
        times=1,
    )
    page.get_by_role("button", name="Change the email").click()
    page.get_by_label("New email").fill("sofia@lindqvist.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    look(page, "proof")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_text("To become sofia@lindqvist.example")).to_be_visible()
    look(page, "settings-pending-email")


def test_the_ways_in(settings: Page, platform: Platform, sofia: Person, look: Look) -> None:
    page = settings
    other = Person(platform, email=SOFIA)
    other.post("/session", email=SOFIA, password=PASSWORD, keep=False)
    page.reload()
    expect(page.get_by_text("This one")).to_be_visible()
    page.get_by_role("button", name="Sign out all others").click()
    page.get_by_role("button", name="Sign out all others").last.click()
    expect(page.get_by_text("All others are signed out")).to_be_visible()
    assert other.http.get("/me").status_code == 401

    page.get_by_role("button", name="Change the password").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    look(page, "settings-password")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_text("Your password is changed", exact=True)).to_be_visible()


def test_the_end_of_an_account(settings: Page, look: Look) -> None:
    page = settings
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert SOFIA in download.value.path().read_text()

    page.get_by_role("button", name="Delete account…").click()
    page.get_by_label(f"Type {SOFIA} to confirm").fill(SOFIA)
    look(page, "settings-delete")
    page.get_by_role("button", name="Delete account", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Allgreen")).to_be_visible()


def test_github_as_a_way_in(page: Page, tmp_path: Path, look: Look) -> None:
    github = GitHub(callback="", port=free_port()).start()
    settings = {
        "ALLGREEN_GITHUB_CLIENT_ID": CLIENT_ID,
        "ALLGREEN_GITHUB_CLIENT_SECRET": CLIENT_SECRET,
        # Another site than 127.0.0.1, as GitHub is: cookies come back only as they would there.
        "ALLGREEN_GITHUB_URL": f"http://localhost:{github.port}",
        "ALLGREEN_GITHUB_API_URL": github.url,
    }
    platform = Platform(tmp_path / "data", settings).start()
    github.callback = f"{platform.address}/auth/github/callback"
    page.context.add_cookies(Person(platform, email=SOFIA).set_up().browser_cookies())

    page.goto(f"{platform.address}/settings")
    page.get_by_role("button", name="Connect GitHub").click()
    expect(page.get_by_text("Connected as anapetrov")).to_be_visible()
    look(page, "settings-github")

    page.context.clear_cookies()
    page.goto(f"{platform.address}/login?next=/settings")
    page.get_by_role("link", name="Continue with GitHub").click()
    expect(page.get_by_role("heading", name="Your settings")).to_be_visible()

    page.get_by_role("button", name="Disconnect GitHub").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Not connected")).to_be_visible()
    platform.stop()
    github.stop()
