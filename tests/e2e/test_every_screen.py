"""One pass over every screen: what axe finds, what overflows, what moves, and what is loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from allgreen.server.first_load import FIRST_MODULES, MANIFEST
from allgreen.server.frontend import BUNDLE
from tests.browser import find_violations
from tests.checkout import ROOT
from tests.e2e.screens import SCREENS, SIGNED_IN, Screen
from tests.e2e.world import World, open_world
from tests.looks import NARROWEST, settle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROUTES: Final = ROOT / "web/src/routes/_signed-in"
MOST_SHIFT: Final = {"landing": 0.01, "status": 0.01, "login": 0.01, "workspace": 0.02}
"""Of the budgets of the design."""
_PUBLIC_KB: Final = {".js": 75, ".css": 14, ".woff2": 81}
BUDGETS_KB: Final = {
    **dict.fromkeys(("landing", "status", "login"), _PUBLIC_KB),
    # Its scripts are held by `npm run size`: here also those count that come when it is at rest.
    "workspace": {".css": 14, ".woff2": 81},
}

# Installed before the page: what moved by itself is counted, not what a press has moved.
_COUNT_SHIFTS: Final = """
window.shifted = []
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const parts = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? "")
    if (!entry.hadRecentInput) window.shifted.push({ value: entry.value, parts })
  }
}).observe({ type: "layout-shift", buffered: true })
"""
_LOADED: Final = """() => performance.getEntriesByType("resource").map((each) => ({
  name: new URL(each.name).pathname, host: new URL(each.name).host, size: each.encodedBodySize,
}))"""
_OVERFLOW: Final = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="module")
def narrow(chromium: Browser) -> Iterator[Page]:
    """A tab as wide as the narrowest phone, for all screens."""
    context = chromium.new_context(
        locale="en-US",
        timezone_id="UTC",
        reduced_motion="reduce",
        viewport={"width": NARROWEST, "height": 900},
    )
    yield context.new_page()
    context.close()


# What has to be pressed first is looked at by the tests that press it.
@pytest.mark.parametrize(
    "screen", [each for each in SCREENS if each.turn is None], ids=lambda screen: screen.name
)
def test_nothing_overflows_and_axe_finds_nothing(
    narrow: Page, world: World, screen: Screen
) -> None:
    narrow.emulate_media(color_scheme="light", reduced_motion="reduce")
    screen.open(narrow, world)

    assert narrow.evaluate(_OVERFLOW) <= 0
    assert _hosts(narrow) <= {world.platform.address.removeprefix("http://")}
    assert _faults(narrow, screen) == []

    if screen.state == "full":
        narrow.emulate_media(color_scheme="dark", reduced_motion="reduce")
        settle(narrow)
        assert find_violations(narrow) == []


def test_every_route_is_among_the_screens() -> None:
    shown = {re.sub(r"{\w+}", "{}", screen.path.partition("?")[0]) for screen in SIGNED_IN}

    assert _paths_of_routes() - shown == set()


def test_what_pages_name_ahead_is_in_the_build() -> None:
    built = json.loads((BUNDLE / MANIFEST).read_text(encoding="utf-8"))

    asked = {module for _, modules in FIRST_MODULES for module in modules}

    assert asked - built.keys() == set()


def test_what_a_page_names_ahead_is_fetched_once(page: Page, world: World) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    _screen("workspace").open(page, world)

    twice = {url for url in asked if asked.count(url) > 1}
    assert {url for url in twice if "/assets/" in url or url.endswith("/api/v1/me")} == set()


@pytest.mark.parametrize("name", MOST_SHIFT)
def test_a_page_comes_at_rest_and_within_its_budget(page: Page, world: World, name: str) -> None:
    page.add_init_script(_COUNT_SHIFTS)
    page.set_viewport_size({"width": 390, "height": 844})

    _screen(name).open(page, world)

    shifted = page.evaluate("window.shifted")
    assert sum(each["value"] for each in shifted) <= MOST_SHIFT[name], shifted
    loaded: list[dict[str, Any]] = page.evaluate(_LOADED)
    for kind, most_kb in BUDGETS_KB[name].items():
        sizes = {each["name"]: each["size"] for each in loaded if each["name"].endswith(kind)}
        assert sum(sizes.values()) <= most_kb * 1000, sizes


def _faults(page: Page, screen: Screen) -> list[str]:
    found = find_violations(page)
    if screen.state != "loading":
        return found
    # What is on its way says so in a status; the heading comes with what it is the heading of.
    return [each for each in found if not each.startswith("page-has-heading-one")]


def _hosts(page: Page) -> set[str]:
    return {each["host"] for each in page.evaluate(_LOADED)}


def _screen(name: str) -> Screen:
    return next(screen for screen in SCREENS if screen.name == name)


def _paths_of_routes() -> set[str]:
    """Return the paths of the signed-in routes by the names of their files."""
    paths = set()
    for file in ROUTES.rglob("*.tsx"):
        if file.name.startswith("-") or file.stem == "route":
            continue
        parts = ".".join(file.relative_to(ROUTES).with_suffix("").parts).split(".")
        shown = ["{}" if part.startswith("$") else part for part in parts if part != "index"]
        paths.add("/" + "/".join(shown))
    return paths
