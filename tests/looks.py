"""Looking at a screen: in both themes and widths, with axe, and without anything that overflows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page

from tests.browser import find_violations

Look = Callable[[Page, str], None]

_THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_WIDTHS: Final = (1440, 390)
NARROWEST: Final = 320
# Half-way from one theme or page to the next, neither a person nor axe sees what stays.
_SETTLED: Final = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity)
  .map((each) => each.finished.catch(() => null)))"""


def settle(page: Page) -> None:
    """Wait until nothing moves any more but what moves for ever."""
    page.evaluate(_SETTLED)


def look_at(page: Page, folder: Path, name: str) -> None:
    """Take a screen in both themes and widths, and hold it to what holds for all screens."""
    for theme in _THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
            page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
            found = find_violations(page)
            assert found == [], f"{name}, {theme}, {width} wide: {found}"
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{name} is {overflow} px wider than {NARROWEST} px"
    page.set_viewport_size({"width": _WIDTHS[0], "height": 900})
