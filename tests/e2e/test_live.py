"""An outage while somebody looks: what tells of it changes, once, and nothing else moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import find_violations
from tests.history import Past, write_history
from tests.platform import Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# The last of the list: on its way to the top it would push all others down.
NAME = "Storefront"
SEEN_WITHIN_MS = 20_000
OTHERS = 14

# Notes every place of the page that changes, every state of the row, and every shift of the layout.
WATCH = """(name) => {
  const seen = (window.seen = {places: [], states: [], titles: [], icons: [], shifts: []})
  const note = (list, value) => list.at(-1) === value || list.push(value)
  const placeOf = (node) => {
    const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement
    const row = element?.closest("article")
    if (row) return `row ${row.getAttribute("aria-label")}`
    const part = element?.closest("title, link, section, nav, header, h2, [role=status], [role=group]")
    const name = part?.getAttribute("aria-label") ?? part?.getAttribute("rel") ?? part?.role
    return [part?.localName ?? element?.localName, name].filter(Boolean).join(" ")
  }
  const row = document.querySelector(`article[aria-label="${name}"]`)
  const look = () => {
    note(seen.titles, document.title)
    note(seen.states, row.querySelector("[role=img]").getAttribute("aria-label"))
  }
  look()
  new MutationObserver((records) => {
    for (const record of records) {
      const place = placeOf(record.target)
      if (!seen.places.includes(place)) seen.places.push(place)
      if (record.target.nodeType === Node.ELEMENT_NODE && record.target.rel === "icon")
        note(seen.icons, record.target.getAttribute("href"))
    }
    look()
  }).observe(document, {subtree: true, childList: true, characterData: true, attributes: true})
  new PerformanceObserver((list) => {
    for (const each of list.getEntries())
      for (const {node, previousRect: a, currentRect: b} of each.sources)
        seen.shifts.push([node && placeOf(node), node?.textContent, a.x, a.y, b.x, b.y].join(" "))
  }).observe({type: "layout-shift"})
}"""


@dataclass(frozen=True)
class Scene:
    """A workspace with a past, whose one service goes down when its target stops."""

    sofia: Person
    target: Target

    @property
    def address(self) -> str:
        return f"{self.sofia.platform.address}/workspaces/{self.sofia.workspace_id}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    target, steady = Target().start(), Target().start()
    settings = {
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port},127.0.0.1:{steady.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    platform = Platform(tmp_path_factory.mktemp("live") / "data", settings).start()
    sofia = Person(platform).set_up()
    for number in range(OTHERS):
        sofia.watch(f"Quiet {number:02}", steady.url, every_s=3600)
    sofia.watch(NAME, target.url, every_s=1)
    platform.stop()
    # With ninety days behind it, an outage of seconds changes no figure by a digit.
    past = Past(name=NAME, outages=((30, 1),))
    write_history(platform.data_dir, [past], datetime.now(UTC))
    platform.start()
    yield Scene(sofia, target)
    platform.stop()
    target.stop()
    steady.stop()


@pytest.mark.parametrize("width", [1440, 390], ids=["wide", "narrow"])
def test_an_outage_changes_its_row_the_head_the_icon_and_the_title_and_moves_nothing(
    page: Page, scene: Scene, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.context.add_cookies(scene.sofia.browser_cookies())
    page.goto(scene.address)
    # All of them were checked, and their figures are summed up.
    rows = page.get_by_role("article")
    expect(rows.get_by_role("img", name="Up")).to_have_count(OTHERS + 1, timeout=SEEN_WITHIN_MS)
    expect(rows.get_by_text("100\u00a0%").nth(OTHERS - 1)).to_be_visible(timeout=SEEN_WITHIN_MS)
    row = page.get_by_role("article", name=NAME)
    page.evaluate(WATCH, NAME)

    scene.target.stop()
    expect(row.get_by_role("img", name="Down").first).to_be_visible(timeout=SEEN_WITHIN_MS)
    expect(page).to_have_title("1 down · Nordlys · Allgreen")
    expect(page.get_by_text("1 needs a look now")).to_be_visible()
    seen = page.evaluate("window.seen")

    assert seen["shifts"] == []
    assert [state for state in seen["states"] if state != "Checking"] == ["Up", "Down"]
    assert seen["titles"] == ["Nordlys · Allgreen", "1 down · Nordlys · Allgreen"]
    assert seen["icons"] == ["/favicon-down.svg"]
    assert rows_of(seen) == {f"row {NAME}"}
    assert find_violations(page) == []

    # Who wants it on top says so; then it stays there when it holds again.
    page.get_by_role("button", name="Sort again").click()
    expect(page.get_by_role("heading", name="Needs a look")).to_be_visible()
    expect(page.get_by_role("article").first).to_have_accessible_name(NAME)
    page.evaluate(WATCH, NAME)
    scene.target.start()
    expect(row.get_by_role("img", name="Up")).to_be_visible(timeout=SEEN_WITHIN_MS)
    expect(page).to_have_title("Nordlys · Allgreen")
    expect(page.get_by_text("1 is quiet again")).to_be_visible()
    seen = page.evaluate("window.seen")

    assert seen["shifts"] == []
    assert rows_of(seen) == {f"row {NAME}"}


def rows_of(seen: dict[str, Any]) -> set[str]:
    """Return which rows of the list have changed in any way."""
    return {place for place in seen["places"] if place.startswith("row ")}
