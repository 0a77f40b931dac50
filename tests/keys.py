"""A screen without a pointer: controls are reached by Tab alone, and seen when they are reached."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

MOST_STEPS: Final = 80
# A row that moves to another group, and the page that follows the focus.
RESTS_WITHIN_MS: Final = 1_000

# What a sighted person sees of the focus: a mark round the control or round what holds it, inside
# the window, and under nothing else.
_FOCUS: Final = """() => {
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


def press(page: Page, name: str) -> None:
    """Reach a control and press Enter on it."""
    reach(page, name)
    page.keyboard.press("Enter")


def write(page: Page, name: str, text: str) -> None:
    """Reach a field and type into it, over what stands there."""
    reach(page, name)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def reach(page: Page, name: str) -> None:
    """Press Tab until a control has the focus, which must be seen at every step."""
    passed = []
    for _ in range(MOST_STEPS):
        focus = page.evaluate(_FOCUS)
        if re.match(rf"{re.escape(name)}(?!\w)", focus["name"]):
            return
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        passed.append(focus["name"])
        if focus["name"]:
            assert focus["marked"], f"no mark shows that {focus['name']!r} has the focus"
            assert focus["clear"] or _comes_clear(page), (
                f"{focus['name']!r} is under something else"
            )
    pytest.fail(f"{name!r} is not reached by Tab, only {passed}")


def _comes_clear(page: Page) -> bool:
    """Tell whether what has the focus is seen once the page has come to rest."""
    try:
        page.wait_for_function(f"() => ({_FOCUS})().clear", timeout=RESTS_WITHIN_MS)
    except PlaywrightTimeoutError:
        return False
    return True
