"""Pages for everybody in a browser: as they were drawn, for all eyes, and without a script.

With `--pictures` there are some in `.dev/screens` for a person to lay beside the mocks.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser import find_violations
from tests.history import Past, write_history
from tests.looks import Pictures
from tests.platform import PASSWORD, Person, Platform
from tests.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1440, 390)
NARROWEST = 320
SETTLED = "() => Promise.all(document.getAnimations().map((each) => each.finished))"
CLOSED_PORT = 9
ABOUT = (
    "Orders are **saved** even while payments wait.\n\n* [Write to us](mailto:help@nordlys.example)"
)

PASTS = (
    Past(name="Payments webhook", outages=((57, 14), (55, 2), (5.4, 7.8)), median_ms=230),
    Past(name="Checkout API", outages=((53, 3), (52, 7), (29, 0.7)), median_ms=184),
    Past(name="Storefront", median_ms=96),
    Past(name="Search", outages=((82, 1), (61, 16), (60, 7), (59, 1)), median_ms=120),
    Past(name="ERP bridge", outages=((50, 1),)),
    Past(name="Invoice worker", days=33, outages=((24, 1),), median_ms=129),
    Past(name="Partner docs", outages=((86, 1),)),
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A published page with ninety days behind it: one down, one in maintenance, one paused."""
    target = Target().start()
    settings = {
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port},127.0.0.1:{CLOSED_PORT}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.05",
    }
    running = Platform(tmp_path_factory.mktemp("public") / "data", settings).start()
    sofia = Person(running).set_up(workspace="Nordlys")
    services = {past.name: _watch(sofia, past.name, target) for past in PASTS}
    running.stop()
    write_history(running.data_dir, PASTS, datetime.now(UTC))
    running.start()
    sofia.post(f"/services/{services['Partner docs']}/pause")
    now = datetime.now(UTC)
    sofia.post(
        f"/workspaces/{sofia.workspace_id}/maintenance-windows",
        name="Move",
        service_ids=[services["ERP bridge"]],
        first=f"{now:%Y-%m-%d}",
        at=f"{now:%H:%M}",
        duration_minutes=600,
    )
    _wait_until_down(sofia, services["Payments webhook"])
    _set_page(
        sofia,
        slug="nordlys",
        is_published=True,
        about=ABOUT,
        website="https://www.nordlys.example/shop",
        service_ids=list(services.values()),
    )
    yield running
    running.stop()
    target.stop()


def _watch(sofia: Person, name: str, target: Target) -> str:
    fails = name == "Payments webhook"
    url = f"http://127.0.0.1:{CLOSED_PORT}/stripe" if fails else target.url
    service = sofia.watch(name, url, every_s=2 if fails else 60)
    return str(service["id"])


def _set_page(sofia: Person, **changes: Any) -> None:
    path = f"/workspaces/{sofia.workspace_id}/status-page"
    tag = {"If-Match": f'"{sofia.get(path)["version"]}"'}
    sofia.http.patch(path, json=changes, headers=tag).raise_for_status()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser says on its console, such as what the policy has forbidden."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


Look = Callable[[Page, str], None]


@pytest.fixture
def look(screens: Pictures) -> Look:
    """Take a page in both themes and widths, and hold it to what holds for all pages."""

    def look_at(page: Page, name: str) -> None:
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.evaluate(SETTLED)
                screens.take(page, f"{name}-{theme}-{width}")
                assert find_violations(page) == [], f"{name}, {theme}, {width} wide"
        page.set_viewport_size({"width": NARROWEST, "height": 900})
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px wider than {NARROWEST} px"

    return look_at


def _wait_until_down(sofia: Person, service_id: str) -> None:
    """Return once an outage is confirmed; pytest's timeout ends a wait in vain."""
    while sofia.get(f"/services/{service_id}")["shown"] != "down":
        pass


def test_the_status_page(page: Page, platform: Platform, look: Look, complaints: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{platform.address}/status/nordlys")

    look(page, "status")

    # A font that was not built is the one thing that may be missing here.
    assert [each for each in complaints if "404" not in each] == []
    assert {url for url in asked if not url.startswith(platform.address)} == set()
    assert page.locator("script, [style]").count() == 0


def test_the_status_page_reads_well_aloud_and_without_a_script(
    chromium: Browser, platform: Platform
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto(f"{platform.address}/status/nordlys")

    strip = page.get_by_role("img", name="Storefront, the last 90 days, 100\u00a0percent.")
    expect(strip).to_be_visible()
    expect(page).to_have_title("One service is down · Nordlys status")
    expect(page.get_by_role("list", name="Services").get_by_role("heading")).to_have_count(7)
    expect(page.get_by_text("Planned maintenance until")).to_be_visible()
    expect(page.get_by_text("Times in UTC")).to_be_visible()
    page.get_by_text("in words: Checkout API").click()
    # Near midnight the outage of 42 minutes lies on two days.
    told = page.locator("details[open]").get_by_text(re.compile(r"Mostly healthy, 9[789]\.\d\d.%"))
    expect(told.first).to_be_visible()
    page.get_by_role("link", name="Show").click()
    expect(page.get_by_role("link", name="The last days")).to_be_visible()
    context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_on_paper_it_is_dark_on_white_and_unfolded(
    page: Page, platform: Platform, screens: Pictures, theme: Literal["light", "dark"]
) -> None:
    page.goto(f"{platform.address}/status/nordlys")
    page.emulate_media(media="print", color_scheme=theme)
    page.set_viewport_size({"width": 760, "height": 900})

    screens.take(page, f"status-print-{theme}")

    heading = page.get_by_role("heading", level=1)
    colour = heading.evaluate("(each) => getComputedStyle(each).color")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert colour.startswith("oklch(0.215")
    expect(page.get_by_role("link", name="RSS").first).to_be_hidden()


@pytest.fixture
def elsewhere(platform: Platform) -> Iterator[str]:
    """A page of another site that frames two of ours and shows a badge."""
    body = (
        f"<iframe src='{platform.address}/embed/nordlys'></iframe>"
        f"<iframe src='{platform.address}/status/nordlys'></iframe>"
        f"<img src='{platform.address}/status/nordlys/badge.svg' alt='badge'>"
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_other_sites_frame_the_summary_and_nothing_else(
    page: Page, platform: Platform, screens: Pictures, elsewhere: str
) -> None:
    page.goto(f"{platform.address}/embed/nordlys")
    assert find_violations(page) == []

    page.goto(elsewhere)

    summary, whole = (page.frame_locator("iframe").nth(number) for number in (0, 1))
    expect(summary.get_by_role("heading", level=1)).to_be_visible()
    expect(whole.get_by_role("heading", level=1)).to_have_count(0)
    badge = page.get_by_alt_text("badge")
    assert badge.evaluate("(each) => each.decode().then(() => each.naturalWidth > 50)")
    screens.take(page, "status-embed", is_whole=False)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)><a href="javascript:alert(1)">',
    "' onmouseover=alert(1) style='position:fixed;inset:0' x='",
    "[x](javascript:alert(1)) ![x](https://evil.example/x.png) <img src=x onerror=alert(1)>",
)


def test_what_people_write_runs_nowhere_and_fetches_nothing(
    page: Page, platform: Platform, complaints: list[str]
) -> None:
    eve = Person(platform, email="eve@example.net")
    me = eve.post("/accounts", name="Eve", email=eve.email, password=PASSWORD)
    eve.workspace_id = me["workspaces"][0]["id"]
    for text in HOSTILE:
        eve.watch(text[:80], f"http://127.0.0.1:{CLOSED_PORT}/")
    about = "\n\n".join(HOSTILE)
    _set_page(eve, slug="hostile", is_published=True, title=HOSTILE[1], about=about)
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)

    for path in ("/status/hostile", "/embed/hostile", "/status/hostile/badge.svg"):
        page.goto(f"{platform.address}{path}")
        page.mouse.move(200, 200)

    assert dialogs == []
    assert {url for url in asked if not url.startswith(platform.address)} == set()
    assert [each for each in complaints if "404" not in each] == []


def test_the_front_page(page: Page, platform: Platform, look: Look, complaints: list[str]) -> None:
    page.goto(f"{platform.address}/")

    look(page, "landing")

    expect(page.get_by_role("link", name="Sign in").first).to_have_attribute("href", "/login")
    expect(page.get_by_role("link", name="Start watching").first).to_have_attribute(
        "href", "/register"
    )
    assert [each for each in complaints if "404" not in each] == []
    assert page.locator("script, [style]").count() == 0
