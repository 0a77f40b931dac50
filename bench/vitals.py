"""What a first visit feels like: LCP, INP and CLS of four pages, against the budgets of the design.

The browser is slowed down to a middling phone on 4G: a quarter of this machine's speed, and what
Chromium's own "Fast 4G" preset asks of the network. Each visit begins with an empty cache.
"""

import math
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.ratio import Ratio
from tests import browser
from tests.e2e.world import World, open_world

SLOWER: Final = 4
NETWORK: Final = {
    "offline": False,
    "latency": 165,
    "downloadThroughput": 9_000_000 * 0.9 / 8,
    "uploadThroughput": 1_500_000 * 0.9 / 8,
}
WITHIN_MS: Final = 60_000
# The browser reports events from 16 ms on; what it does not report took no longer.
SHORTEST_MS: Final = 16

WATCH: Final = """
window.vitals = {lcp: 0, inp: 0, cls: 0}
const watch = (type, take, more = {}) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) take(entry)
}).observe({type, buffered: true, ...more})
watch("largest-contentful-paint", (entry) => { vitals.lcp = entry.startTime })
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) vitals.cls += entry.value })
watch("event", (entry) => {
  if (entry.interactionId) vitals.inp = Math.max(vitals.inp, entry.duration)
}, {durationThreshold: 16})
"""
PAINTED: Final = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))
})"""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A page, what somebody does on it first, and its budgets.

    Attributes:
        path: With the names of `World.places` in braces.
    """

    name: str
    path: str
    is_signed_in: bool = False
    act: Callable[[Page], None]
    lcp_ms: float
    inp_ms: float
    cls: float


def _press_a_key(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def _type_an_address(page: Page) -> None:
    page.get_by_role("textbox", name="Email").press_sequentially("sofia@nordlys.example")


def _unfold_days(page: Page) -> None:
    page.locator("summary").first.click()


def _open_a_row(page: Page) -> None:
    expect(page.get_by_role("article").first).to_be_visible(timeout=WITHIN_MS)
    page.get_by_role("button", name="Details for Checkout API").click()
    page.get_by_placeholder("Filter by name").press_sequentially("pay")


VISITS: Final = (
    Visit(name="landing", path="/", act=_press_a_key, lcp_ms=1500, inp_ms=100, cls=0.01),
    Visit(
        name="status",
        path="/status/{slug}",
        act=_unfold_days,
        lcp_ms=1500,
        inp_ms=100,
        cls=0.01,
    ),
    Visit(name="log-in", path="/login", act=_type_an_address, lcp_ms=1500, inp_ms=100, cls=0.01),
    Visit(
        name="services",
        path="/workspaces/{workspace}",
        is_signed_in=True,
        act=_open_a_row,
        lcp_ms=2000,
        inp_ms=150,
        cls=0.02,
    ),
)


def run(rounds: int) -> list[Ratio]:
    """Visit each page as often, in turns, and compare the third quartile with its budget."""
    browser.use_packaged_node()
    measured: dict[str, list[dict[str, float]]] = {visit.name: [] for visit in VISITS}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_world(Path(folder)) as world,
        sync_playwright() as playwright,
    ):
        chromium = browser.launch(playwright)
        for _ in range(rounds):
            for visit in VISITS:
                measured[visit.name].append(_pay(visit, chromium, world))
        chromium.close()
    return [
        ratio
        for number, visit in enumerate(VISITS, 1)
        for ratio in _compare(f"V{number}", visit, measured[visit.name])
    ]


def _pay(visit: Visit, chromium: Browser, world: World) -> dict[str, float]:
    context = chromium.new_context(
        locale="en-US", timezone_id="UTC", viewport={"width": 390, "height": 844}
    )
    if visit.is_signed_in:
        context.add_cookies(world.sofia.browser_cookies())
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(world.platform.address + visit.path.format(**world.places), timeout=WITHIN_MS)
    expect(page.get_by_role("heading", level=1).first).to_be_visible(timeout=WITHIN_MS)
    if visit.is_signed_in:
        expect(page.get_by_role("article").first).to_be_visible(timeout=WITHIN_MS)
    page.evaluate(PAINTED)
    # The browser ends the search for the largest paint with the first press.
    visit.act(page)
    page.evaluate(PAINTED)
    vitals: dict[str, float] = page.evaluate("vitals")
    context.close()
    return vitals


def _compare(number: str, visit: Visit, vitals: list[dict[str, float]]) -> list[Ratio]:
    lcp, inp, cls = (
        _third_quartile([each[name] for each in vitals]) for name in ("lcp", "inp", "cls")
    )
    inp = max(inp, SHORTEST_MS)
    return [
        Ratio(
            id=f"{number}{letter}",
            what=f"{what} of the {visit.name} page / {shown}",
            ratio=value / budget,
            bar=1.0,
            at_most=True,
            note=note,
        )
        for letter, what, value, budget, shown, note in (
            ("a", "LCP", lcp, visit.lcp_ms, f"{visit.lcp_ms / 1000:g} s", f"{lcp:.0f} ms"),
            ("b", "INP", inp, visit.inp_ms, f"{visit.inp_ms:g} ms", f"{inp:.0f} ms"),
            ("c", "CLS", cls, visit.cls, f"{visit.cls:g}", f"{cls:.4f}"),
        )
    ]


def _third_quartile(values: list[float]) -> float:
    if len(values) < 2:
        return values[0] if values else math.nan
    return statistics.quantiles(values, n=4, method="inclusive")[2]
