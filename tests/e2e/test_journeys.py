"""One journey for each role, through the screens alone: by mouse, by keyboard and by touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.keys import press, write
from tests.mail import SmtpServer, SmtpSink
from tests.platform import PASSWORD, Person, Platform, an_http_check
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NUMBERS = count(1)
CHECKED_WITHIN_MS = 15_000
BUSY = "The database is busy. Try again in a minute."
FAILED = {
    "type": "about:blank",
    "title": "Busy",
    "status": 503,
    "code": "busy",
    "detail": BUSY,
}


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpSink]:
    server = SmtpServer()
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    server = Target().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, smtp: SmtpSink, target: Target
) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_SMTP_URL": f"smtp://{smtp.host}:{smtp.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
    }
    running = Platform(tmp_path_factory.mktemp("journeys") / "data", settings).start()
    Person(running, email="root@harbour.example").set_up(name="Root", workspace="Machine room")
    yield running
    assert running.stop() == 0


@pytest.fixture
def wide(page: Page) -> Page:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    return page


@pytest.fixture
def thumb(chromium: Browser) -> Iterator[Page]:
    """A phone: narrow, and touched."""
    context = chromium.new_context(
        locale="en-US",
        timezone_id="UTC",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def ana(platform: Platform, smtp: SmtpSink) -> Person:
    """An owner with a workspace of her own."""
    person = register(Person(platform, email=new_address("ana")), "Ana", smtp)
    person.workspace_id = person.post("/workspaces", name="Harbour")["id"]
    return person


def new_address(name: str) -> str:
    return f"{name}{next(NUMBERS)}@harbour.example"


def register(person: Person, name: str, smtp: SmtpSink) -> Person:
    """Make an account whose address is proven, and sign in."""
    person.post("/accounts", name=name, email=person.email, password=PASSWORD)
    link = link_in(smtp, person.email, "Is this your address?", "verify")
    typed = {"password": PASSWORD}
    person.http.post(link, data=typed, headers={"Origin": "null"}).raise_for_status()
    person.post("/session", email=person.email, password=PASSWORD, keep=False)
    return person


def link_in(smtp: SmtpSink, email: str, subject: str, path: str) -> str:
    mail = smtp.wait_for_mail_to(email, subject)
    found = re.search(rf"https?://\S+/{path}/\S+", mail.text)
    assert found, mail.text
    return found.group()


def invite(owner: Person, email: str, smtp: SmtpSink, role: str) -> str:
    """Invite an address, and return the link that is mailed there."""
    owner.post(f"/workspaces/{owner.workspace_id}/invitations", email=email, role=role)
    return link_in(smtp, email, "invited you", "invite")


def join(owner: Person, name: str, smtp: SmtpSink, role: str) -> Person:
    """Let somebody new become a member, by the API."""
    guest = Person(owner.platform, email=new_address(name.lower()))
    token = invite(owner, guest.email, smtp, role).rpartition("/")[2]
    form = {"name": name, "email": guest.email, "password": PASSWORD, "invitation": token}
    guest.post("/accounts", **form)
    guest.post("/session", email=guest.email, password=PASSWORD, keep=False)
    guest.workspace_id = owner.workspace_id
    return guest


def enter(page: Page, person: Person, screen: str = "") -> Page:
    page.context.add_cookies(person.browser_cookies())
    page.goto(f"{person.platform.address}/workspaces/{person.workspace_id}{screen}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def undo(page: Page, said: str) -> None:
    """Press Undo in the message that says so."""
    toast = page.get_by_label("Messages").locator("div").filter(has_text=said).last
    toast.get_by_role("button", name="Undo").click()


def status_of(person: Person, method: str, path: str, **options: Any) -> int:
    return person.http.request(method, path, **options).status_code


# The owner ------------------------------------------------------------------------------------


def test_an_owner_comes_from_the_front_page_and_sets_everything_up(
    wide: Page, platform: Platform, smtp: SmtpSink, target: Target
) -> None:
    page, email, guest = wide, new_address("olga"), new_address("guest")
    page.goto(platform.address)
    page.get_by_role("link", name="Start watching").first.click()
    page.get_by_label("Name", exact=True).fill("Olga")
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.goto(link_in(smtp, email, "Is this your address?", "verify"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Yes, it is mine").click()
    page.get_by_role("link", name="Go on to Allgreen").click()
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").last.click()
    expect(page.get_by_role("heading", name="Nothing is watched yet.")).to_be_visible()

    rename(page, "Harbour")
    watch(page, "Orders API", target.url, told=guest)
    invite_by_mouse(page, guest)
    publish(page, "Harbour")


def rename(page: Page, name: str) -> None:
    """Rename the workspace: refused, then done, taken back, and done again."""
    page.get_by_role("link", name="Workspace settings").click()
    field = page.get_by_label("Name", exact=True)
    switcher = page.get_by_role("button", name="switch workspace")
    expect(field).to_have_value("Olga's workspace")

    def fail(route: Route) -> None:
        route.fulfill(status=503, json=FAILED)

    page.route("**/api/v1/workspaces/*", fail, times=1)
    field.fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(BUSY).first).to_be_visible()
    expect(switcher).to_contain_text("Olga's workspace")

    page.get_by_role("button", name="Save").click()
    expect(switcher).to_contain_text(name)
    undo(page, f"{name} is saved")
    expect(switcher).to_contain_text("Olga's workspace")
    expect(field).to_have_value("Olga's workspace")

    field.fill(name)
    page.get_by_role("button", name="Save").click()
    expect(switcher).to_contain_text(name)


def watch(page: Page, name: str, url: str, *, told: str) -> None:
    """Watch a service by the form, after a look at what a check finds."""
    page.get_by_role("link", name="Services").first.click()
    page.get_by_role("link", name="Watch a service").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Request").fill(url)
    page.get_by_role("complementary", name="Try it").get_by_role("button").click()
    expect(page.get_by_text("Would pass")).to_be_visible(timeout=CHECKED_WITHIN_MS)
    page.get_by_label("Another email").fill(told)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Start watching").click()
    row = page.get_by_role("article", name=name)
    expect(row.get_by_role("img", name="Up")).to_be_visible(timeout=CHECKED_WITHIN_MS)
    # Somebody outside is asked before they are told.
    expect(row.get_by_role("listitem").filter(has_text=told)).to_contain_text("not confirmed")


def invite_by_mouse(page: Page, email: str) -> None:
    page.get_by_role("link", name="Members").first.click()
    page.get_by_label("Invite by email").fill(email)
    page.get_by_label("As", exact=True).select_option("admin")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text(f"An invitation is on its way to {email}")).to_be_visible()
    expect(page.get_by_role("list", name="Invited")).to_contain_text(email)


def publish(page: Page, name: str) -> None:
    page.get_by_role("link", name="Status page").first.click()
    page.get_by_role("button", name="Publish").click()
    address = page.get_by_role("link", name=f"/status/{name.lower()}").get_attribute("href") or ""
    assert name in httpx2.get(address, trust_env=False).text


def test_an_owner_invites_publishes_and_leaves_by_keyboard_alone(
    wide: Page, ana: Person, smtp: SmtpSink
) -> None:
    page, guest = wide, new_address("ben")
    page.goto(f"{ana.platform.address}/login?next=/workspaces/{ana.workspace_id}/members")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    write(page, "Email", ana.email)
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()

    write(page, "Invite by email", guest)
    press(page, "Send invitation")
    expect(page.get_by_role("list", name="Invited")).to_contain_text(guest)
    smtp.wait_for_mail_to(guest, "invited you to Harbour")
    press(page, f"Withdraw the invitation to {guest}")
    press(page, "Withdraw")
    expect(page.get_by_role("list", name="Invited")).to_have_count(0)

    press(page, "Status page")
    expect(page.get_by_role("heading", name="Status page", level=1)).to_be_visible()
    press(page, "Publish")
    expect(page.get_by_role("button", name="Unpublish…")).to_be_visible()

    press(page, "A Ana")
    press(page, "Log out")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


# The admin ------------------------------------------------------------------------------------


def test_an_admin_accepts_and_runs_the_services_with_a_thumb(
    thumb: Page, ana: Person, smtp: SmtpSink, target: Target
) -> None:
    page, email = thumb, new_address("ben")
    service = ana.watch("Orders API", target.url, every_s=60)
    page.goto(invite(ana, email, smtp, "admin"))
    page.get_by_label("Name", exact=True).fill("Ben")
    page.get_by_role("textbox", name="Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").tap()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Services").tap()
    expect(page.get_by_role("heading", name="Harbour", level=1)).to_be_visible()
    expect(page.get_by_text("You are an admin of this workspace.")).to_be_visible()

    page.get_by_role("button", name="Details for Orders API").tap()
    page.get_by_label("Check every").fill("10")
    page.get_by_role("button", name="Save").tap()
    expect(page.get_by_text("Orders API is checked every 10 minutes now")).to_be_visible()
    assert ana.get(f"/services/{service['id']}")["period_s"] == 600
    undo(page, "every 10 minutes now")
    expect(page.get_by_label("Check every")).to_have_value("1")

    page.get_by_role("button", name="Pause", exact=True).tap()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    undo(page, "Orders API is paused")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.get_by_role("button", name="Tell me").tap()
    expect(page.get_by_text("You are told when Orders API breaks")).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0

    # Roles and people are for owners, until they let admins invite.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Members").tap()
    expect(page.get_by_text("Two people can open Harbour.")).to_be_visible()
    expect(page.get_by_label(re.compile("^Role of"))).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
    path = f"/workspaces/{ana.workspace_id}"
    ana.http.patch(path, json={"admins_may_invite": True}).raise_for_status()
    expect(page.get_by_label("Invite by email")).to_be_visible(timeout=CHECKED_WITHIN_MS)
    expect(page.get_by_label("As", exact=True).get_by_role("option")).to_have_text(["Observer"])


# The observer ---------------------------------------------------------------------------------


def test_an_observer_sees_everything_and_is_offered_what_is_theirs(
    wide: Page, ana: Person, smtp: SmtpSink, target: Target
) -> None:
    service = ana.watch("Orders API", target.url, every_s=60)
    cleo = join(ana, "Cleo", smtp, "observer")
    page = enter(wide, cleo)
    expect(page.get_by_text("You can look at this workspace, but not change it.")).to_be_visible()
    expect(page.get_by_role("link", name="Watch a service")).to_have_count(0)
    expect(page.get_by_role("link", name="Messages")).to_have_count(0)

    page.get_by_role("button", name="Details for Orders API").click()
    expect(page.get_by_role("heading", name="Correct means")).to_be_visible()
    for name in ("Pause", "Check now", "Delete…", "Save"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_text(ana.email)).to_have_count(0)
    page.get_by_role("button", name="Tell me").click()
    undo(page, "You are told when Orders API breaks")
    expect(page.get_by_text("You are not told.")).to_be_visible()

    page.get_by_role("link", name="Members").first.click()
    expect(page.get_by_text("Two people can open Harbour.")).to_be_visible()
    expect(page.get_by_label(re.compile("^Role of"))).to_have_count(0)
    expect(page.get_by_label("Invite by email")).to_have_count(0)

    # Who asks without the screens is refused, and nothing has changed.
    here, path = f"/workspaces/{ana.workspace_id}", f"/services/{service['id']}"
    check = {"name": "Mine", "checks": [an_http_check(target.url)], "recipients": []}
    tag = {"If-Match": f'"{service["version"]}"'}
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{here}/services", {"json": check}),
        ("POST", f"{here}/preview", {"json": an_http_check(target.url)}),
        ("PATCH", path, {"json": {"name": "Mine"}, "headers": tag}),
        ("DELETE", path, {}),
        ("POST", f"{path}/pause", {}),
        ("POST", f"{path}/check", {}),
        ("POST", f"{here}/invitations", {"json": {"email": "x@y.example", "role": "admin"}}),
        ("PATCH", here, {"json": {"name": "Mine"}}),
        ("GET", f"{here}/deliveries", {}),
    ]
    refused = [status_of(cleo, method, where, **options) for method, where, options in writes]
    assert refused == [httpx2.codes.FORBIDDEN] * len(writes)
    assert ana.get(path)["name"] == "Orders API"


# The stranger ---------------------------------------------------------------------------------


def test_a_stranger_is_told_nothing_not_even_that_there_is_something(
    wide: Page, ana: Person, smtp: SmtpSink, platform: Platform, target: Target
) -> None:
    service = ana.watch("Orders API", target.url, every_s=60)
    dora = register(Person(platform, email=new_address("dora")), "Dora", smtp)
    wide.context.add_cookies(dora.browser_cookies())
    nothing = ana.workspace_id[:-4] + "0000"

    screens = ("", "/members", "/settings", f"/services/{service['id']}/edit", "/audit")
    for screen in screens:
        seen = []
        for workspace in (ana.workspace_id, nothing):
            wide.goto(f"{platform.address}/workspaces/{workspace}{screen}")
            expect(wide.get_by_role("heading", name="Nothing at this address")).to_be_visible()
            seen.append((wide.title(), wide.locator("body").inner_text()))
        assert seen[0] == seen[1], screen
        assert "Harbour" not in seen[0][1]

    here, path = f"/workspaces/{ana.workspace_id}", f"/services/{service['id']}"
    for where in (here, f"{here}/services", f"{here}/members", path, f"{path}/figures"):
        assert status_of(dora, "GET", where) == httpx2.codes.NOT_FOUND, where


# The public -----------------------------------------------------------------------------------


def test_everybody_reads_the_status_page_and_its_feeds_without_a_script(
    chromium: Browser, ana: Person, target: Target
) -> None:
    ana.watch("Orders API", target.url, every_s=1)
    slug = f"harbour-{next(NUMBERS)}"
    path = f"/workspaces/{ana.workspace_id}/status-page"
    set_page(ana, path, slug=slug, is_published=True)
    context = chromium.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()

    page.goto(f"{ana.platform.address}/status/{slug}")
    expect(page.get_by_role("heading", name="Orders API")).to_be_visible()
    expect(page.get_by_text(ana.email)).to_have_count(0)
    for name, kind in (("RSS", "application/rss+xml"), ("Badge", "image/svg+xml")):
        where = page.get_by_role("link", name=name).last.get_attribute("href") or ""
        answer = httpx2.get(f"{ana.platform.address}{where}", trust_env=False)
        assert answer.status_code == httpx2.codes.OK
        assert answer.headers["content-type"].startswith(kind)

    set_page(ana, path, is_published=False)
    gone = page.reload()
    never = context.new_page().goto(f"{ana.platform.address}/status/never-{slug}")
    assert gone is not None
    assert never is not None
    assert (gone.status, never.status) == (httpx2.codes.NOT_FOUND, httpx2.codes.NOT_FOUND)
    assert gone.text().replace(slug, "") == never.text().replace(f"never-{slug}", "")
    context.close()


def set_page(person: Person, path: str, **changes: Any) -> None:
    tag = {"If-Match": f'"{person.get(path)["version"]}"'}
    person.http.patch(path, json=changes, headers=tag).raise_for_status()
