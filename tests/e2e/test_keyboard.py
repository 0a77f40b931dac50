"""The main job without a pointer: everything is reached by Tab, seen when reached, and pressed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

MOST_STEPS = 80
# A row that moves to another group, and the page that follows the focus.
RESTS_WITHIN_MS = 1_000

# What a sighted person sees of the focus: a mark round the control or round what holds it, inside
# the window, and under nothing else.
FOCUS = """() => {
  const focused = document.activeElement
  if (!focused || focused === document.body) return {name: "", marked: false, clear: false}
  const text = focused.labels?.[0]?.innerText || focused.getAttribute("aria-label")
  const name = (text || focused.innerText || "").trim().replace(/\\s+/g, " ")
  const isMarked = (node) => {
    const style = getComputedStyle(node)
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
  }
  const marked = isMarked(focused) || isMarked(focused.parentElement)
  const box = focused.getBoundingClientRect()
  const x = box.left + Math.min(box.width, 24) / 2
  const y = box.top + Math.min(box.height, 24) / 2
  const top = document.elementFromPoint(x, y)
  const label = focused.closest("label")
  const clear = focused.contains(top) || !!top?.contains(focused) || (!!label && label.contains(top))
  return {name, marked, clear}
}"""


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


def comes_clear(page: Page) -> bool:
    """Tell whether what has the focus is seen once the page has come to rest."""
    try:
        page.wait_for_function(f"() => ({FOCUS})().clear", timeout=RESTS_WITHIN_MS)
    except PlaywrightTimeoutError:
        return False
    return True


def press(page: Page, name: str) -> None:
    reach(page, name)
    page.keyboard.press("Enter")


def write(page: Page, name: str, text: str) -> None:
    reach(page, name)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def reach(page: Page, name: str) -> None:
    """Press Tab until a control has the focus, which must be seen at every step."""
    passed = []
    for _ in range(MOST_STEPS):
        focus = page.evaluate(FOCUS)
        if re.match(rf"{re.escape(name)}(?!\w)", focus["name"]):
            return
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        passed.append(focus["name"])
        if focus["name"]:
            assert focus["marked"], f"no mark shows that {focus['name']!r} has the focus"
            assert focus["clear"] or comes_clear(page), f"{focus['name']!r} is under something else"
    pytest.fail(f"{name!r} is not reached by Tab, only {passed}")
