"""What people do with a workspace on its screens: members, settings, keys, history, status page."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.history import Past, write_history
from tests.looks import Look, Pictures, look_at
from tests.mail import ReceivedMail, SmtpSink
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

CLOSED_PORT = 9
JONAS, AMARA = "jonas@nordlys.example", "amara@nordlys.example"
PASTS = (
    Past(name="Payments webhook", outages=((57, 14), (55, 2), (5.4, 7.8))),
    Past(name="Image CDN", outages=((78, 0.5), (46, 1)), slow=((1, 3),)),
    Past(name="Checkout API", outages=((53, 3), (29, 0.7))),
)


@pytest.fixture
def look(screens: Pictures) -> Look:
    """Keep the pictures apart from those of other screens."""
    return lambda page, name: look_at(page, screens.inside("workspaces"), name)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform without a mail server: links are handed over in person."""
    running = Platform(tmp_path / "data").start()
    yield running
    running.stop()


@pytest.fixture
def sofia(platform: Platform) -> Person:
    return Person(platform).set_up(workspace="Nordlys Commerce")


def enter(page: Page, person: Person, screen: str = "") -> Page:
    """Open a screen of the person's workspace, signed in."""
    page.context.add_cookies(person.browser_cookies())
    page.goto(f"{person.platform.address}/workspaces/{person.workspace_id}{screen}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def join(owner: Person, name: str, email: str, *, role: str = "observer") -> Person:
    """Invite somebody who registers by the link."""
    sent = owner.post(f"/workspaces/{owner.workspace_id}/invitations", email=email, role=role)
    guest = register(owner.platform, name, email, sent["link"].rpartition("/")[2])
    guest.workspace_id = owner.workspace_id
    return guest


def register(platform: Platform, name: str, email: str, token: str) -> Person:
    """Make an account out of an invitation, and sign in."""
    guest = Person(platform, email=email)
    guest.post("/accounts", name=name, email=email, password=PASSWORD, invitation=token)
    guest.post("/session", email=email, password=PASSWORD, keep=False)
    return guest


def verify(person: Person, sink: SmtpSink) -> None:
    """Open the link that proves the address."""
    mail = sink.wait_for_mail_to(person.email, "Is this your address?")
    person.http.post(link_in(mail, "verify"), headers={"Origin": "null"}).raise_for_status()


def link_in(mail: ReceivedMail, path: str) -> str:
    found = re.search(rf"https?://\S+/{path}/\S+", mail.text)
    assert found, mail.text
    return found.group()


def ask(owner: Person, email: str) -> str:
    """Invite an address, and return the id of the invitation."""
    form = {"email": email, "role": "observer"}
    sent = owner.post(f"/workspaces/{owner.workspace_id}/invitations", **form)
    return str(sent["invitation"]["id"])


def let_expire(platform: Platform, invitation_id: str) -> None:
    """Move the end of an invitation into the past, as seven days would."""
    platform.stop()
    with closing(sqlite3.connect(platform.data_dir / "allgreen.db")) as database:
        (until,) = database.execute(
            "select expires_at from invitations where id = ?", [invitation_id]
        ).fetchone()
        past = datetime.now(UTC) - timedelta(days=1, hours=1)
        # As it is stored, whatever that is: text or a number.
        moved = (
            past.strftime("%Y-%m-%d %H:%M:%S.%f")
            if isinstance(until, str)
            else int(past.timestamp() * (1_000_000 if until > 1e12 else 1))
        )
        database.execute(
            "update invitations set expires_at = ? where id = ?", [moved, invitation_id]
        )
        database.commit()
    platform.start()


def test_members_and_invitations(page: Page, platform: Platform, sofia: Person, look: Look) -> None:
    join(sofia, "Jonas Berg", JONAS, role="admin")
    join(sofia, "Amara Okafor", AMARA)
    let_expire(platform, ask(sofia, "ops@harbour.example"))
    ask(sofia, "lena@fjord.example")
    enter(page, sofia, "/members")
    expect(page.get_by_text("Three people can open Nordlys Commerce.")).to_be_visible()
    expect(page.get_by_text("Expired yesterday")).to_be_visible()
    look(page, "members")

    page.get_by_label("Role of Amara Okafor").select_option("admin")
    expect(page.get_by_text("Amara Okafor is an admin now")).to_be_visible()

    emails = page.get_by_label("Invite by email")
    emails.fill("nobody")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("nobody is no address.")).to_be_visible()
    expect(emails).to_be_focused()
    emails.fill("rui@nordlys.example")
    emails.press("Enter")
    emails.type("thu@nordlys.example")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_label("rui@nordlys.example", exact=True)).to_have_value(
        re.compile("/invite/")
    )
    expect(page.get_by_text("Four invitations are waiting.")).to_be_visible()
    look(page, "members-links")

    page.get_by_role("button", name="Withdraw the invitation to thu@nordlys.example").click()
    look(page, "members-withdraw")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.get_by_text("Three invitations are waiting.")).to_be_visible()
    page.get_by_role("button", name="Send again to ops@harbour.example").click()
    expect(page.get_by_label("ops@harbour.example", exact=True)).to_be_visible()

    page.get_by_role("button", name="Remove Jonas Berg").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Two people can open Nordlys Commerce.")).to_be_visible()


def test_an_observer_sees_who_is_in(page: Page, sofia: Person, look: Look) -> None:
    amara = join(sofia, "Amara Okafor", AMARA)
    enter(page, amara, "/members")

    expect(page.get_by_text("Two people can open Nordlys Commerce.")).to_be_visible()
    expect(page.get_by_label("Invite by email")).to_have_count(0)
    expect(page.get_by_text("sofia@nordlys.example")).to_have_count(0)
    look(page, "members-observer")

    page.goto(page.url.replace("/members", "/settings"))
    page.get_by_role("button", name="Leave…").click()
    page.get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_text("You left Nordlys Commerce")).to_be_visible()
    # Her own one, which she got with her account.
    expect(page.get_by_role("heading", name="Nothing is watched yet.")).to_be_visible()
    look(page, "dashboard-empty")


def test_settings_and_the_end_of_a_workspace(page: Page, sofia: Person, look: Look) -> None:
    enter(page, sofia, "/settings")
    look(page, "workspace-settings")
    page.get_by_label("Name", exact=True).fill("Nordlys")
    page.get_by_label("Time zone").select_option("Europe/Oslo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nordlys is saved")).to_be_visible()
    page.get_by_label("Admins may invite").check()
    assert sofia.get(f"/workspaces/{sofia.workspace_id}")["time_zone"] == "Europe/Oslo"

    page.get_by_role("button", name="Delete workspace…").click()
    page.get_by_label("Type Nordlys to confirm").fill("Nord")
    page.get_by_role("button", name="Delete workspace", exact=True).click()
    expect(page.get_by_text("exactly as it stands above")).to_be_visible()
    look(page, "workspace-delete")
    page.get_by_label("Type Nordlys to confirm").fill("Nordlys")
    page.get_by_role("button", name="Delete workspace", exact=True).click()
    expect(page.get_by_role("heading", name="You are in no workspace")).to_be_visible()
    look(page, "dashboard-deleted")
    page.get_by_role("button", name="Have it back: Nordlys").click()
    expect(page.get_by_role("heading", name="Nothing is watched yet.")).to_be_visible()


def test_a_workspace_is_handed_over(
    page: Page, chromium: Browser, sofia: Person, look: Look
) -> None:
    jonas = join(sofia, "Jonas Berg", JONAS, role="admin")
    enter(page, sofia, "/settings")
    page.get_by_role("button", name="Transfer…").click()
    look(page, "workspace-transfer")
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_text("Offered to Jonas Berg")).to_be_visible()

    other = enter(chromium.new_page(locale="en-US", timezone_id="UTC"), jonas)
    expect(other.get_by_text("offers you this workspace")).to_be_visible()
    look(other, "workspace-offer")
    other.get_by_role("button", name="Accept").click()
    expect(other.get_by_text("You own this workspace now")).to_be_visible()
    other.context.close()

    # The event stream tells who offered it.
    expect(page.get_by_text("Its owners change them.")).to_be_visible()


def test_keys_and_history(page: Page, sofia: Person, look: Look) -> None:
    enter(page, sofia, "/keys")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("Say what it is for")).to_be_visible()
    page.get_by_label("What it is for").fill("Deploy script")
    page.get_by_label("It may").select_option("write")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_label("Key", exact=True)).to_have_value(re.compile("^alg_"))
    look(page, "keys")
    page.get_by_role("button", name="Revoke Deploy script").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("There is no key yet.")).to_be_visible()

    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("revoked the key Deploy script")).to_be_visible()
    look(page, "history")
    page.get_by_label("By").select_option("Sofia Lindqvist")
    expect(page.get_by_text("revoked the key Deploy script")).to_be_visible()
    assert "person=" in page.url


def test_the_status_page(page: Page, chromium: Browser, sofia: Person, look: Look) -> None:
    enter(page, sofia, "/status-page")
    page.get_by_label("About").fill("Everything **we** sell.")
    page.get_by_label("Website").fill("nordlys.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Write an address that begins with https://")).to_be_visible()
    expect(page.get_by_label("Website")).to_be_focused()
    look(page, "status-page-refused")
    page.get_by_label("Website").fill("https://nordlys.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The status page is saved")).to_be_visible()

    page.get_by_role("button", name="Publish").click()
    address = page.get_by_role("link", name=re.compile("nordlys-commerce"))
    expect(address).to_be_visible()
    look(page, "status-page")
    public = chromium.new_page(locale="en-US", timezone_id="UTC")
    public.goto(address.get_attribute("href") or "")
    expect(public.get_by_text("Nordlys Commerce").first).to_be_visible()

    # Somebody else was quicker.
    path = f"/workspaces/{sofia.workspace_id}/status-page"
    tag = sofia.http.get(path).headers["ETag"]
    sofia.http.patch(path, json={"title": "Nordlys"}, headers={"If-Match": tag})
    page.get_by_label("Title").fill("Nordlys status")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Someone else changed this status page meanwhile.")).to_be_visible()
    look(page, "status-page-conflict")
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_label("Title")).to_have_value("Nordlys")

    page.get_by_role("button", name="Unpublish…").click()
    page.get_by_role("button", name="Unpublish", exact=True).click()
    expect(page.get_by_text("Nobody but members can see it")).to_be_visible()
    assert public.reload().status == 404  # type: ignore[union-attr]
    public.close()


def test_the_dashboard(chromium: Browser, tmp_path: Path, smtp_sink: SmtpSink, look: Look) -> None:
    target = Target().start()
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp_sink.host}:{smtp_sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port},127.0.0.1:{CLOSED_PORT}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    platform = Platform(tmp_path / "busy", settings).start()
    sofia = Person(platform).set_up(workspace="Nordlys Commerce")
    for past in PASTS:
        fails = past.name == "Payments webhook"
        url = f"http://127.0.0.1:{CLOSED_PORT}/stripe" if fails else target.url
        sofia.watch(past.name, url, every_s=2 if fails else 60)
    ask(sofia, JONAS)
    token = link_in(smtp_sink.wait_for_mail_to(JONAS, "invited you"), "invite").rpartition("/")[2]
    jonas = register(platform, "Jonas Berg", JONAS, token)
    jonas.workspace_id = jonas.post("/workspaces", name="Harbour Tools")["id"]
    ask(jonas, sofia.email)
    nordlys = sofia.workspace_id
    sofia.workspace_id = sofia.post("/workspaces", name="Weekend things")["id"]
    sofia.watch("Photos", target.url, every_s=60)
    sofia.workspace_id = nordlys
    platform.stop()
    write_history(platform.data_dir, PASTS, datetime.now(UTC))
    platform.start()

    page = chromium.new_page(locale="en-US", timezone_id="UTC")
    page.context.add_cookies(sofia.browser_cookies())
    page.goto(f"{platform.address}/")
    expect(page.get_by_role("heading", name="One service is down.")).to_be_visible(timeout=40_000)
    expect(page.get_by_text("Jonas Berg invites you to Harbour Tools")).to_be_visible()
    expect(page.get_by_role("link", name="Look at Payments webhook")).to_be_visible(timeout=40_000)
    look(page, "dashboard")

    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Harbour Tools")).to_be_visible()
    page.get_by_role("link", name="All workspaces").click()
    page.get_by_label("New workspace").fill("Fjord Labs")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Fjord Labs")).to_be_visible()
    page.get_by_role("button", name="switch workspace").click()
    page.get_by_role("button", name="New workspace").click()
    look(page, "new-workspace")
    page.close()
    platform.stop()
    target.stop()
