"""The ways in: by a link of a mail, by an invitation, and with a second factor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.github import CLIENT_ID, CLIENT_SECRET
from tests.looks import Look
from tests.mail import SmtpServer, SmtpSink
from tests.platform import PASSWORD, Person, Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SOFIA, LENA, JONAS = "sofia@nordlys.example", "lena@fjordlabs.example", "jonas@nordlys.example"
NEW_PASSWORD = "a gull stood on the pier at dawn"


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpSink]:
    server = SmtpServer()
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, smtp: SmtpSink) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp.host}:{smtp.port}",
        "ALLGREEN_GITHUB_CLIENT_ID": CLIENT_ID,
        "ALLGREEN_GITHUB_CLIENT_SECRET": CLIENT_SECRET,
    }
    running = Platform(tmp_path_factory.mktemp("signing-in") / "data", settings).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sofia(platform: Platform) -> Person:
    return Person(platform, email=SOFIA).set_up(workspace="Nordlys Commerce")


@pytest.fixture
def invite(sofia: Person, smtp: SmtpSink) -> Callable[[str], str]:
    def send(email: str, role: str = "admin") -> str:
        path = f"/workspaces/{sofia.workspace_id}/invitations"
        sofia.post(path, email=email, role=role)
        return link_in(smtp, email, "invited you to Nordlys Commerce", "invite")

    return send


def test_a_forgotten_password(
    page: Page, platform: Platform, sofia: Person, smtp: SmtpSink, look: Look
) -> None:
    page.goto(f"{platform.address}/login")
    page.get_by_role("link", name="Forgot it?").click()
    expect(page.get_by_role("heading", name="Forgot the password?")).to_be_visible()
    look(page, "forgot")
    page.get_by_role("textbox", name="Email").fill(SOFIA)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("has an account, a link is on its way")).to_be_visible()
    look(page, "forgot-sent")

    link = link_in(smtp, SOFIA, "password", "reset")
    page.goto(link)
    look(page, "reset")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
    look(page, "reset-done")
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, SOFIA, NEW_PASSWORD)
    expect(page.get_by_text("Nordlys Commerce").first).to_be_visible()
    sofia.post("/session", email=SOFIA, password=NEW_PASSWORD, keep=False)

    page.goto(link)
    page.get_by_label("New password").fill("another sentence of words")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("link", name="Send a new link")).to_be_visible()
    look(page, "reset-dead")


def test_an_invitation_to_somebody_new(
    page: Page, invite: Callable[[str], str], look: Look
) -> None:
    page.goto(invite(LENA))
    expect(page.get_by_text("Sofia Lindqvist invited you to Nordlys Commerce")).to_be_visible()
    expect(page.get_by_role("button", name="Create account")).to_be_visible()
    look(page, "invite-new")

    page.get_by_label("Name", exact=True).fill("Lena")
    page.get_by_label("Surname").fill("Fjord")
    page.get_by_role("textbox", name="Email").fill("lena@elsewhere.example")
    page.get_by_label("Password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("The invitation was sent to another address.")).to_be_visible()
    look(page, "invite-new-refused")

    page.get_by_role("textbox", name="Email").fill(LENA)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Nordlys Commerce").first).to_be_visible()


def test_an_invitation_to_somebody_known(
    page: Page,
    platform: Platform,
    smtp: SmtpSink,
    invite: Callable[[str], str],
    look: Look,
) -> None:
    register(platform, smtp, JONAS)
    link = invite(JONAS)
    page.goto(link)
    page.get_by_role("tab", name="Sign in").click()
    # The other form stays until this one has faded in.
    expect(page.get_by_label("Password", exact=True)).to_have_count(1)
    sign_in(page, JONAS, PASSWORD)

    expect(page.get_by_role("heading", name="Join Nordlys Commerce?")).to_be_visible()
    look(page, "invite-answer")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", name="You declined")).to_be_visible()
    look(page, "invite-declined")

    page.goto(link)
    expect(page.get_by_role("heading", name=re.compile("does not work any more"))).to_be_visible()
    look(page, "invite-dead")


def test_an_invitation_to_somebody_signed_in(
    browser_context: BrowserContext,
    platform: Platform,
    smtp: SmtpSink,
    invite: Callable[[str], str],
) -> None:
    kari = register(platform, smtp, "kari@fjordlabs.example")
    browser_context.add_cookies(kari.browser_cookies())
    page = browser_context.new_page()
    page.goto(invite(kari.email))
    page.get_by_role("button", name="Accept").click()
    expect(page).to_have_url(re.compile("/workspaces/"))
    expect(page.get_by_text("Nordlys Commerce").first).to_be_visible()


def test_an_invitation_opened_by_somebody_else(
    browser_context: BrowserContext,
    platform: Platform,
    smtp: SmtpSink,
    invite: Callable[[str], str],
    look: Look,
) -> None:
    other = register(platform, smtp, "ola@elsewhere.example")
    browser_context.add_cookies(other.browser_cookies())
    page = browser_context.new_page()
    page.goto(invite("new@fjordlabs.example"))
    expect(page.get_by_text("You are signed in as ola@elsewhere.example")).to_be_visible()
    look(page, "invite-other")

    page.get_by_role("button", name="Switch account").click()

    expect(page.get_by_role("tab", name="Create account")).to_be_visible()


def register(platform: Platform, smtp: SmtpSink, email: str) -> Person:
    """Make somebody whose address is proven, and sign them in."""
    person = Person(platform, email=email)
    person.post("/accounts", name="Ola", email=email, password=PASSWORD)
    link = link_in(smtp, email, "Is this your address?", "verify")
    typed = {"password": PASSWORD}
    assert person.http.post(link, data=typed, headers={"Origin": "null"}).is_success
    person.post("/session", email=email, password=PASSWORD, keep=False)
    return person


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").last.click()


def link_in(smtp: SmtpSink, email: str, subject: str, path: str) -> str:
    """Return the link in the newest mail of a kind to somebody."""
    mail = smtp.wait_for_mail_to(email, subject)
    found = re.search(rf"https?://\S+/{path}/\S+", mail.text)
    assert found, mail.text
    return found.group()
