"""Looking at a screen: in both themes and widths, with axe, and without anything that overflows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Locator, Page

from tests.browser import find_violations

Look = Callable[[Page, str], None]

_THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_WIDTHS: Final = (1440, 390)
NARROWEST: Final = 320
# Half-way from one theme or page to the next, neither a person nor axe sees what stays.
_SETTLED: Final = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity)
  .map((each) => each.finished.catch(() => null)))"""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where pictures go that a person lays beside the mocks; nowhere, unless they are wanted.

    To take one costs as much as all else that a test does with a screen.
    """

    folder: Path | None

    def inside(self, name: str) -> Pictures:
        """Return a folder of it, so that pictures of other screens may have the same names."""
        return Pictures(self.folder / name if self.folder else None)

    def take(self, page: Page | Locator, name: str, *, is_whole: bool = True) -> None:
        """Keep a picture of the whole page, of what is in view, or of a part."""
        if self.folder is None:
            return
        path = self.folder / f"{name}.png"
        if isinstance(page, Locator):
            page.screenshot(path=path)
        else:
            page.screenshot(path=path, full_page=is_whole)


def settle(page: Page) -> None:
    """Wait until nothing moves any more but what moves for ever."""
    page.evaluate(_SETTLED)


def look_at(page: Page, pictures: Pictures, name: str) -> None:
    """Take a screen in both themes and widths, and hold it to what holds for all screens."""
    for theme in _THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
            pictures.take(page, f"{name}-{theme}-{width}")
            found = find_violations(page)
            assert found == [], f"{name}, {theme}, {width} wide: {found}"
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{name} is {overflow} px wider than {NARROWEST} px"
    page.set_viewport_size({"width": _WIDTHS[0], "height": 900})
