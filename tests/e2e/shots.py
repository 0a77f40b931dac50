"""Pictures of every screen, for a person to lay beside the design.

Run by hand: ``python -m tests.e2e.shots --out DIR [--mocks DIR] [--only NAME …]``. It needs the front end
to be built (``./dev up`` does that). ``index.html`` shows each beside the picture it was drawn as.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser import launch, use_packaged_node
from tests.e2e.screens import SCREENS, Screen
from tests.e2e.world import World, open_world

_LOOKS: Final[tuple[tuple[Literal["light", "dark"], int], ...]] = (
    *(("light", 1440), ("dark", 1440)),
    *(("light", 390), ("dark", 390)),
)


def shoot(browser: Browser, world: World, screens: Sequence[Screen], folder: Path) -> None:
    """Take every screen in both themes and widths."""
    for theme, width in _LOOKS:
        context = browser.new_context(
            locale="en-US",
            timezone_id="UTC",
            color_scheme=theme,
            reduced_motion="reduce",
            viewport={"width": width, "height": 900},
        )
        page = context.new_page()
        for screen in screens:
            try:
                screen.open(page, world)
            except Exception as error:  # noqa: BLE001 - the others are to be seen all the same
                sys.stderr.write(f"{screen.name}, {theme}, {width}: {error}\n")
            page.screenshot(path=folder / _file(screen, theme, width), full_page=True)
        context.close()


def write_index(screens: Sequence[Screen], folder: Path, mocks: Path | None) -> None:
    """Write the page that shows each beside its mock."""
    rows = []
    for screen in screens:
        pictures = [_file(screen, theme, width) for theme, width in _LOOKS]
        if mocks is not None and screen.mock:
            pictures += [
                (mocks / f"{screen.mock}-{theme}-{width}.png").resolve().as_uri()
                for theme, width in _LOOKS
            ]
        shown = "".join(f'<img loading="lazy" src="{escape(each)}">' for each in pictures)
        rows.append(f"<h2>{escape(screen.name)}</h2><div>{shown}</div>")
    (folder / "index.html").write_text(_INDEX + "".join(rows), encoding="utf-8")


def _file(screen: Screen, theme: str, width: int) -> str:
    return f"{screen.name}-{theme}-{width}.png"


_INDEX: Final = """<!doctype html><meta charset="utf-8"><title>Screens</title>
<style>body{font:15px system-ui;margin:2rem}div{display:flex;gap:1rem;align-items:start;overflow:auto}
img{height:480px;outline:1px solid}</style>
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Start a platform and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.shots", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mocks", type=Path, help="folder with the pictures of the design")
    parser.add_argument("--only", nargs="*", default=[], help="names, or how they begin")
    asked = parser.parse_args(arguments)
    names = tuple(asked.only) or ("",)
    screens = [screen for screen in SCREENS if screen.name.startswith(names)]
    asked.out.mkdir(parents=True, exist_ok=True)
    use_packaged_node()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_world(Path(folder)) as world,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        shoot(browser, world, screens, asked.out)
        browser.close()
    write_index(screens, asked.out, asked.mocks)


if __name__ == "__main__":
    main()
