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
_NARROWEST: Final = 320
# Half-way from one theme or page to the next, neither a person nor axe sees what stays.
_SETTLED: Final = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity)
  .map((each) => each.finished.catch(() => null)))"""


def look_at(page: Page, folder: Path, name: str) -> None:
    """Take a screen in both themes and widths, and hold it to what holds for all screens."""
    for theme in _THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(_SETTLED)
            page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
            assert find_violations(page) == [], f"{name}, {theme}, {width} wide"
    page.set_viewport_size({"width": _NARROWEST, "height": 900})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{name} is {overflow} px wider than {_NARROWEST} px"
    page.set_viewport_size({"width": _WIDTHS[0], "height": 900})
