"""The library's page in a browser: as it was drawn, for everybody, and without asking elsewhere.

With `--pictures` there are some in `.dev/screens` for a person to lay beside the drawing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from allgreen.domain.report import Detail, Ending, Evidence, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.exporters.html import CONTENT_SECURITY_POLICY, render_html
from tests.browser import find_violations
from tests.looks import Pictures
from tests.unit.exporters.reports import drawn, failed, hostile, report, result, skipped

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1440, 390)
NARROWEST = 320


def _green() -> Report:
    measured = {"free_gb": 64.2, "path": "/var/lib/orders", "pool": {"size": 10, "in_use": 3}}
    return report(
        result("database", message="1 is equal to 1", metadata=measured),
        result("queue", "Queue is short", message="38 is less than 500"),
        skipped(),
    )


def _late() -> Report:
    """Return every other thing that a row can say."""
    late = {
        Ending.STILL_RUNNING: "Still running since 23:55:12 UTC; it is not run again before",
        Ending.UNFINISHED: "Had not ended after 8.0 s, when the report was due",
        Ending.QUEUED: "Waited 8.0 s for its turn, and had not begun",
        Ending.STALE: "Its latest result is 900 s old, and counts for 60 s",
    }
    trace = 'Traceback (most recent call last):\n  File "config/allgood.py", line 12\nSyntaxError'
    return report(
        result(
            "allgreen:config",
            "Configuration of the checks can be read",
            CheckVerdict.ERROR,
            ending=Ending.MISCONFIGURED,
            message="config/allgood.py, line 12: '(' was never closed",
            evidence=Evidence(
                where="config/allgood.py:12\n    expect(len(queue).to_be_less_than(500)",
                traceback=trace,
            ),
            note="The checks are those of 21:04.",
        ),
        *[
            failed(ending.value, message, ending=ending, duration_ms=187_000, age_s=age_s)
            for (ending, message), age_s in zip(late.items(), (0, 0, 0, 900), strict=True)
        ],
        failed("search", "Recommendations are empty", is_critical=False),
        result("mail", "Mail leaves", CheckVerdict.FAILED, status=HealthStatus.DEGRADED),
        result("cache", "Cache answers", is_stale=True, age_s=75),
        result("disk", "Disk has room", raw_verdict=CheckVerdict.FAILED, age_s=90_000),
        result(
            "blocked",
            "Orders can be read",
            CheckVerdict.SKIPPED,
            ending=Ending.BLOCKED,
            message="Blocked by database",
        ),
        environment="development",
    )


HOSTILE = "</script><script>alert(1)</script>\u202e\x00\"' onload=alert(1) " + "W" * 300

PAGES = {
    "drawn": render_html(drawn(), http_status=503, can_refresh=True),
    "green": render_html(_green(), http_status=200, can_refresh=True),
    "late": render_html(_late(), http_status=503),
    "empty": render_html(report(), http_status=503),
    "summary": render_html(drawn(), Detail.SUMMARY, http_status=503),
    "none": render_html(drawn(), Detail.NONE),
    "hostile": render_html(
        report(hostile(1, HOSTILE), environment=HOSTILE, application=HOSTILE, version=HOSTILE),
        http_status=503,
    ),
    "many": render_html(
        report(*[failed(f"check {at}") if at % 9 == 0 else result() for at in range(150)])
    ),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path.strip("/").partition("?")[0])
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server that sends every page with the policy that belongs to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser says on its console, such as what the policy has forbidden."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.mark.semantics(55)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_for_everybody(
    page: Page, address: str, screens: Pictures, complaints: list[str], name: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{address}/{name}")

    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            screens.take(page, f"health-{name}-{theme}-{width}")
            assert find_violations(page) == [], f"{theme}, {width} wide"
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    # Newer ones ask for a picture by themselves; ours has one that needs no request.
    assert asked == [f"{address}/{name}"]
    assert complaints == []


@pytest.mark.semantics(55)
def test_nothing_of_what_a_check_says_is_run(
    page: Page, address: str, complaints: list[str]
) -> None:
    page.goto(f"{address}/hostile")

    assert page.locator("script").count() == 0
    assert page.locator("[onload]").count() == 0
    expect(page.get_by_text("</script>").first).to_be_visible()
    assert complaints == []


def test_the_page_reads_well_aloud(page: Page, address: str) -> None:
    page.goto(f"{address}/drawn")

    expect(page).to_have_title("2 of 9 checks fail · orders-api")
    expect(page.get_by_role("heading", level=1)).to_have_text("Two of nine checks fail.")
    assert page.get_by_role("heading", level=1).count() == 1
    pipes = page.get_by_role("navigation", name="Checks").get_by_role("link")
    assert pipes.count() == 9
    expect(pipes.nth(1)).to_have_accessible_name("Search index is fresh: timed out")
    expect(page.get_by_role("img", name="Timed out")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_pipe_leads_to_its_row_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/drawn")

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")

    assert focused == "solid"
    expect(page.locator("li:target")).to_contain_text("Search index is fresh")


def test_what_is_folded_up_opens_without_a_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto(f"{address}/green")

    page.get_by_text("Measured").click()

    expect(page.get_by_text("/var/lib/orders")).to_be_visible()
    context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_on_paper_it_is_black_on_white_and_unfolded(
    page: Page, address: str, screens: Pictures, theme: Literal["light", "dark"]
) -> None:
    page.goto(f"{address}/late")
    page.emulate_media(media="print", color_scheme=theme)
    page.set_viewport_size({"width": 760, "height": 900})

    screens.take(page, f"health-late-print-{theme}")

    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 27, 24)"]
    expect(page.get_by_text("JSON")).to_be_hidden()
    expect(page.get_by_text("SyntaxError")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_forced_colours_leave_every_sign_to_be_seen(
    page: Page, address: str, screens: Pictures, theme: Literal["light", "dark"]
) -> None:
    page.goto(f"{address}/drawn")
    page.emulate_media(forced_colors="active", color_scheme=theme)

    screens.take(page, f"health-drawn-forced-{theme}")

    glyph, tick = page.evaluate(
        """[getComputedStyle(document.querySelector('#c3 .g')).color,
            getComputedStyle(document.querySelector('.c')).getPropertyValue('--k').trim()]"""
    )
    assert tick == "Canvas"
    assert glyph == page.evaluate("getComputedStyle(document.body).color")
