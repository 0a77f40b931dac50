"""The main job without a pointer: everything is reached by Tab, seen when reached, and pressed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.keys import press, write
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture
def target() -> Iterator[Target]:
    server = Target().start()
    yield server
    server.stop()


@pytest.fixture
def platform(tmp_path: Path, target: Target) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
    }
    running = Platform(tmp_path / "data", settings).start()
    yield running
    running.stop()


@pytest.fixture
def sofia(platform: Platform) -> Person:
    return Person(platform).set_up()


@pytest.mark.parametrize("width", [1440, 390], ids=["wide", "narrow"])
def test_a_service_is_watched_changed_paused_and_deleted_by_keyboard(
    page: Page, sofia: Person, target: Target, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    log_in(page, sofia.platform)

    press(page, "Watch a service")
    expect(page.get_by_role("heading", name="Watch a service")).to_be_visible()
    write(page, "Name", "Orders API")
    write(page, "Request", target.url)
    press(page, "Start watching")
    expect(page.get_by_role("heading", name="Correct means")).to_be_visible()

    press(page, "Details for Orders API")
    expect(page.get_by_role("heading", name="Correct means")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Correct means")).to_be_visible()

    write(page, "Check every", "20")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is checked every 20")).to_be_visible()

    press(page, "Pause")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()

    press(page, "Delete…")
    expect(page.get_by_role("dialog", name="Delete Orders API?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete…")).to_be_focused()
    page.keyboard.press("Enter")
    write(page, "Type Orders API to confirm", "Orders API")
    press(page, "Delete service")
    expect(page.get_by_role("heading", name="Nothing is watched yet")).to_be_visible()
    expect(page.get_by_role("main")).to_be_focused()


def test_a_row_that_moves_to_another_group_stays_in_view(
    page: Page, sofia: Person, target: Target
) -> None:
    for number in range(12):
        sofia.watch(f"Service {number:02}", target.url, every_s=3600)
    log_in(page, sofia.platform)
    press(page, "Details for Service 00")
    expect(page.get_by_role("heading", name="Correct means")).to_be_visible()

    press(page, "Pause")

    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    expect(page.get_by_role("button", name="Resume")).to_be_in_viewport()


def log_in(page: Page, platform: Platform) -> None:
    page.goto(f"{platform.address}/login")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    write(page, "Email", "sofia@nordlys.example")
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Workspaces")).to_be_visible()
    press(page, "Services")
    expect(page.get_by_role("heading", name="Nordlys", level=1)).to_be_visible()
    # The head of the page stands before what is in it.
    expect(page.get_by_role("link", name="Watch a service").first).to_be_visible()
