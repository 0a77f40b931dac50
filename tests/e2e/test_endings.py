"""What ends: a session, an invitation, an offer, a photo, a second factor, an account."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import httpx2
import pyotp
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.looks import Look, Pictures, look_at
from tests.platform import PASSWORD, Person, Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

AN_HOUR_US = 3_600_000_000
NUMBERS = count(1)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform without a mail server: an account is there at once, and links are handed over."""
    running = Platform(tmp_path_factory.mktemp("endings") / "data").start()
    Person(running, email="root@nordlys.example").set_up(workspace="The first one")
    yield running
    running.stop()


@pytest.fixture
def sofia(platform: Platform) -> Person:
    return register(platform, "Sofia Lindqvist")


@pytest.fixture
def look(screens: Pictures) -> Look:
    return lambda page, name: look_at(page, screens.inside("endings"), name)


def register(platform: Platform, name: str, *, invitation: str | None = None) -> Person:
    """Make an account with a workspace of its own, or with the one it is invited to."""
    person = Person(platform, email=f"{name.split()[0].lower()}{next(NUMBERS)}@nordlys.example")
    form = {"name": name, "email": person.email, "password": PASSWORD}
    me = person.post("/accounts", **form, **({"invitation": invitation} if invitation else {}))
    person.workspace_id = me["workspaces"][0]["id"]
    return person


def invite(owner: Person, email: str, role: str = "admin") -> tuple[str, str]:
    """Invite an address; return the id of the invitation, and its link."""
    path = f"/workspaces/{owner.workspace_id}/invitations"
    sent = owner.post(path, email=email, role=role)
    return sent["invitation"]["id"], sent["link"]


def join(owner: Person, name: str) -> Person:
    """Let somebody new become an admin."""
    email = f"{name.split()[0].lower()}{next(NUMBERS)}@nordlys.example"
    _, link = invite(owner, email)
    guest = Person(owner.platform, email=email)
    form = {"name": name, "email": email, "password": PASSWORD}
    guest.post("/accounts", **form, invitation=link.rpartition("/")[2])
    guest.workspace_id = owner.workspace_id
    return guest


def enter(page: Page, person: Person, path: str) -> None:
    page.context.add_cookies(person.browser_cookies())
    page.goto(f"{person.platform.address}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def let_an_hour_pass(platform: Platform) -> None:
    """Let all passwords have been typed an hour ago."""
    with closing(sqlite3.connect(platform.data_dir / "allgreen.db", timeout=10)) as database:
        database.execute("update sessions set proved_at = proved_at - ?", [AN_HOUR_US])
        database.commit()


def test_a_session_that_is_ended_elsewhere_says_so_and_keeps_what_was_typed(
    page: Page, platform: Platform, sofia: Person, look: Look
) -> None:
    enter(page, sofia, f"/workspaces/{sofia.workspace_id}/members")
    emails = page.get_by_label("Invite by email")
    emails.press_sequentially("rui@nordlys.example,")
    emails.press_sequentially("thu@nordlys")

    elsewhere = Person(platform, email=sofia.email)
    elsewhere.post("/session", email=sofia.email, password=PASSWORD, keep=False)
    elsewhere.post("/account/sessions/end-others")
    page.get_by_role("link", name="All workspaces").hover()
    elsewhere.workspace_id = sofia.workspace_id
    invite(elsewhere, "amara@nordlys.example")

    # The stream of events ends, and the page finds out why without a press.
    dialog = page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible(timeout=20_000)
    expect(dialog.get_by_label("Password")).to_be_focused()
    look(page, "signed-out")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Enter your password.")).to_be_visible()
    page.keyboard.type("not-the-right-one")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text(re.compile("match|right"))).to_be_visible()
    dialog.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(page.get_by_text("amara@nordlys.example")).to_be_visible()
    expect(page.get_by_role("button", name="Leave rui@nordlys.example out")).to_be_visible()
    expect(emails).to_have_value("thu@nordlys")
    emails.press_sequentially(".example")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_text("Three invitations are waiting.")).to_be_visible()


def test_somebody_else_who_signs_in_gets_nothing_of_the_page(
    page: Page, platform: Platform, sofia: Person
) -> None:
    enter(page, sofia, f"/workspaces/{sofia.workspace_id}/members")
    page.get_by_label("Invite by email").fill("rui@nordlys.example")
    sofia.http.delete("/session").raise_for_status()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("dialog", name="You were signed out")).to_be_visible()

    jonas = register(platform, "Jonas Berg")
    page.context.add_cookies(jonas.browser_cookies())
    page.evaluate("dispatchEvent(new Event('focus'))")

    expect(page.get_by_role("heading", name="Jonas's workspace")).to_be_visible()
    expect(page.get_by_text("Sofia")).to_have_count(0)


def test_an_invitation_that_is_withdrawn_while_its_page_is_open(
    page: Page, platform: Platform, sofia: Person, look: Look
) -> None:
    jonas = register(platform, "Jonas Berg")
    invitation, link = invite(sofia, jonas.email)
    page.context.add_cookies(jonas.browser_cookies())
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Sofia's workspace?")).to_be_visible()

    withdraw(sofia, invitation)
    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_role("heading", name=re.compile("does not work any more"))).to_be_visible()
    # What stands now where the pointer pressed is not what is looked at.
    page.mouse.move(0, 0)
    look(page, "invitation-withdrawn")


def test_an_invitation_that_is_withdrawn_while_somebody_new_registers(
    page: Page, sofia: Person
) -> None:
    email = f"lena{next(NUMBERS)}@fjord.example"
    invitation, link = invite(sofia, email)
    page.goto(link)
    page.get_by_label("Name", exact=True).fill("Lena")
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)

    withdraw(sofia, invitation)
    page.get_by_role("button", name="Create account").click()

    expect(page.get_by_role("alert")).to_contain_text("does not work")
    expect(page.get_by_role("textbox", name="Email")).to_have_value(email)


def withdraw(owner: Person, invitation: str) -> None:
    path = f"/workspaces/{owner.workspace_id}/invitations/{invitation}"
    owner.http.delete(path).raise_for_status()


def test_an_offer_that_is_declined(page: Page, sofia: Person) -> None:
    jonas = join(sofia, "Jonas Berg")
    enter(page, sofia, f"/workspaces/{sofia.workspace_id}/settings")
    page.get_by_role("button", name="Transfer…").click()
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_text("Offered to Jonas Berg")).to_be_visible()

    browser = page.context.browser
    assert browser is not None
    other = browser.new_page(locale="en-US", timezone_id="UTC")
    enter(other, jonas, f"/workspaces/{sofia.workspace_id}")
    other.get_by_role("button", name="Decline").click()
    expect(other.get_by_text("The offer is declined")).to_be_visible()
    expect(other.get_by_text("offers you this workspace")).to_be_hidden()
    other.close()

    # Who offered it sees that, and can offer it again.
    expect(page.get_by_role("button", name="Transfer…")).to_be_visible()


def test_a_photo_is_put_up_and_taken_away(page: Page, sofia: Person, tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((400, 300)).save(tmp_path / "me.png")
    (tmp_path / "notes.txt").write_text("no picture")
    enter(page, sofia, "/settings")

    page.get_by_label("Upload a photo").set_input_files(tmp_path / "notes.txt")
    expect(page.get_by_text("This is no PNG, JPEG or WebP.")).to_be_visible()
    page.get_by_label("Upload a photo").set_input_files(tmp_path / "me.png")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("Your photo is saved")).to_be_visible()
    photo = f"{sofia.platform.address}{sofia.get('/account/profile')['photo']}"
    assert sofia.http.get(photo).status_code == httpx2.codes.OK

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Your photo is removed")).to_be_visible()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    assert sofia.http.get(photo).status_code == httpx2.codes.NOT_FOUND


def test_a_second_factor_gets_new_codes_and_is_turned_off(page: Page, sofia: Person) -> None:
    secret = sofia.post("/account/two-factor")["secret"]
    first = sofia.post("/account/two-factor/confirm", code=pyotp.TOTP(secret).now())["codes"]
    let_an_hour_pass(sofia.platform)
    enter(page, sofia, "/settings")
    expect(page.get_by_text("On. 10 recovery codes left.")).to_be_visible()

    page.get_by_role("button", name="New codes").click()
    page.get_by_role("button", name="Make new codes").click()
    proof = page.get_by_role("dialog", name="Is it you?")
    proof.get_by_label("Password").fill(PASSWORD)
    # Each code of the first set works until there is another one, and once.
    proof.get_by_label("Code").fill(first[0])
    proof.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    codes = page.get_by_role("dialog").get_by_role("listitem").all_inner_texts()
    assert len(codes) == len(first)
    assert not set(codes) & set(first)
    page.get_by_role("button", name="I kept them").click()
    expect(page.get_by_text("On. 10 recovery codes left.")).to_be_visible()

    page.get_by_role("button", name="Turn off the second factor").click()
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("The second factor is off")).to_be_visible()
    expect(page.get_by_text("Off. With one, a stolen password is not enough.")).to_be_visible()
    again = Person(sofia.platform, email=sofia.email)
    again.post("/session", email=sofia.email, password=PASSWORD, keep=False)


def test_an_account_is_deleted_once_it_leaves_nothing_to_nobody(
    page: Page, platform: Platform, sofia: Person, look: Look
) -> None:
    let_an_hour_pass(platform)
    enter(page, sofia, "/settings")

    ask_for_the_end(page, sofia)
    proof = page.get_by_role("dialog", name="Is it you?")
    proof.get_by_label("Password").fill(PASSWORD)
    proof.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Not yet")).to_be_visible()
    expect(page.get_by_text("Nobody else owns Sofia's workspace.")).to_be_visible()
    look(page, "account-not-yet")
    page.get_by_role("link", name="Open its settings").click()
    page.get_by_role("button", name="Delete workspace…").click()
    page.get_by_label("Type Sofia's workspace to confirm").fill("Sofia's workspace")
    page.get_by_role("button", name="Delete workspace", exact=True).click()
    expect(page.get_by_role("heading", name="You are in no workspace")).to_be_visible()

    page.goto(f"{platform.address}/settings")
    ask_for_the_end(page, sofia)

    expect(page.get_by_role("link", name="Start watching").first).to_be_visible()
    assert page.url == f"{platform.address}/"
    refused = sofia.http.post(
        "/session", json={"email": sofia.email, "password": PASSWORD, "keep": False}
    )
    assert refused.status_code == httpx2.codes.UNPROCESSABLE_CONTENT
    assert sofia.http.get("/me").status_code == httpx2.codes.UNAUTHORIZED


def ask_for_the_end(page: Page, person: Person) -> None:
    page.get_by_role("button", name="Delete account…").click()
    page.get_by_label(f"Type {person.email} to confirm").fill(person.email)
    page.get_by_role("button", name="Delete account", exact=True).click()
