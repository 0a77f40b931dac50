"""Every screen in both themes and widths: nothing for axe to find, nothing that overflows.

With `--pictures` there are some in `.dev/screens` for a person to lay beside the mocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.history import Past, write_history
from tests.looks import Look
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

CLOSED_PORT = 9

PASTS = (
    Past(name="Payments webhook", outages=((57, 14), (55, 2), (5.4, 7.8)), median_ms=230),
    Past(name="Image CDN", outages=((78, 0.5), (46, 1), (44, 4)), slow=((1, 3),)),
    Past(name="Checkout API", outages=((53, 3), (52, 7), (29, 0.7)), median_ms=184),
    Past(name="Storefront", median_ms=96),
    Past(name="Invoice worker", days=33, outages=((24, 1),), median_ms=129),
    Past(name="Partner docs", outages=((86, 1),)),
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A workspace with ninety days behind it, one service down and one paused."""
    target = Target().start()
    settings = {
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port},127.0.0.1:{CLOSED_PORT}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    running = Platform(tmp_path_factory.mktemp("screens") / "data", settings).start()
    sofia = Person(running).set_up(workspace="Nordlys Commerce")
    services = {past.name: _watch(sofia, past.name, target) for past in PASTS}
    running.stop()
    write_history(running.data_dir, PASTS, datetime.now(UTC))
    running.start()
    sofia.post(f"/services/{services['Partner docs']}/pause")
    yield running
    running.stop()
    target.stop()


def _watch(sofia: Person, name: str, target: Target) -> str:
    fails = name == "Payments webhook"
    url = f"http://127.0.0.1:{CLOSED_PORT}/stripe" if fails else target.url
    within = {"answers_within_ms": 800}
    service = sofia.watch(name, url, every_s=2 if fails else 60, expectations=within)
    return str(service["id"])


@pytest.fixture
def signed_in(page: Page, platform: Platform) -> Page:
    page.goto(f"{platform.address}/login")
    page.get_by_role("textbox", name="Email").fill("sofia@nordlys.example")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").last.click()
    page.get_by_role("link", name="Services").first.click()
    expect(page.get_by_role("heading", name="Nordlys Commerce", level=1)).to_be_visible()
    return page


def test_sign_in_and_register(page: Page, platform: Platform, look: Look) -> None:
    page.goto(f"{platform.address}/login")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    look(page, "login")
    page.get_by_role("textbox", name="Email").fill("sofia@nordlys.example")
    page.get_by_role("textbox", name="Password").fill("not-the-right-one")
    page.get_by_role("button", name="Sign in").last.click()
    expect(page.get_by_text("don't match")).to_be_visible()
    look(page, "login-refused")

    page.goto(f"{platform.address}/register")
    expect(page.get_by_role("button", name="Create account")).to_be_visible()
    look(page, "register")


def test_setting_up(chromium: Browser, tmp_path: Path, look: Look) -> None:
    fresh = Platform(tmp_path / "data").start()
    page = chromium.new_page(locale="en-US", timezone_id="UTC")
    page.goto(fresh.setup_link)
    expect(page.get_by_role("button", name="Set up Allgreen")).to_be_visible()
    look(page, "setup")
    page.close()

    Person(fresh).set_up()
    fresh.stop()


def test_the_services_of_a_workspace(signed_in: Page, look: Look) -> None:
    page = signed_in
    row = page.get_by_role("article", name="Payments webhook")
    expect(row.get_by_role("img", name="Down").first).to_be_visible(timeout=20_000)
    look(page, "workspace")

    page.get_by_role("button", name="Details for Payments webhook").click()
    expect(page.get_by_role("heading", name="Correct means")).to_be_visible()
    expect(
        page.get_by_role("img", name="Response time").or_(row.locator(".chart svg")).first
    ).to_be_visible()
    look(page, "workspace-open")


def test_the_messages(signed_in: Page, look: Look) -> None:
    page = signed_in
    page.get_by_role("link", name="Messages").first.click()
    expect(page.get_by_text("sent to nobody").first).to_be_visible()
    message = page.get_by_role("button", name="Text for Sofia Lindqvist: Down, Payments webhook")
    expect(message).to_be_visible(timeout=20_000)
    look(page, "messages")

    message.click()
    expect(page.get_by_text("Payments webhook is down.")).to_be_visible()
    look(page, "messages-open")


def test_no_messages_yet(chromium: Browser, tmp_path: Path, look: Look) -> None:
    fresh = Platform(tmp_path / "data").start()
    sofia = Person(fresh).set_up()
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    context.add_cookies(sofia.browser_cookies())
    page = context.new_page()
    page.goto(f"{fresh.address}/workspaces/{sofia.workspace_id}/messages")
    expect(page.get_by_text("Nobody had to be told anything yet.")).to_be_visible()
    look(page, "messages-empty")
    context.close()
    fresh.stop()


def test_an_empty_workspace(chromium: Browser, tmp_path: Path, look: Look) -> None:
    fresh = Platform(tmp_path / "data").start()
    sofia = Person(fresh).set_up()
    context = chromium.new_context(locale="en-US", timezone_id="UTC")
    context.add_cookies(sofia.browser_cookies())
    page = context.new_page()
    page.goto(f"{fresh.address}/workspaces/{sofia.workspace_id}")
    expect(page.get_by_role("heading", name="Nothing is watched yet")).to_be_visible()
    look(page, "workspace-empty")
    context.close()
    fresh.stop()


def test_the_service_form(signed_in: Page, platform: Platform, look: Look) -> None:
    page = signed_in
    page.get_by_role("link", name="Watch a service").first.click()
    expect(page.get_by_role("heading", name="Watch a service")).to_be_visible()
    expect(page.get_by_role("complementary", name="Try it")).to_be_visible()
    look(page, "service-form")

    page.get_by_label("Name", exact=True).fill("Orders API")
    page.get_by_label("Request").fill(f"{platform.address}/healthz")
    page.get_by_role("button", name="Add a value").click()
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_text("to fix before saving")).to_be_visible()
    look(page, "service-form-refused")


def test_a_page_that_is_not_there(signed_in: Page, platform: Platform, look: Look) -> None:
    signed_in.goto(f"{platform.address}/nothing/here")
    expect(signed_in.get_by_role("heading").first).to_be_visible()
    look(signed_in, "not-found")
