"""The HTML form as a mail program draws it."""

import pytest
from playwright.sync_api import Browser, Page

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers.rendering import render_html
from tests.browser import find_violations
from tests.letters import a_letter
from tests.looks import Pictures

# A mail stands inside the page of a mail program, which has the landmarks.
NOT_FOR_MAIL = ("landmark-one-main", "region")
pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", NoticeKind)
def test_axe_finds_nothing_in_a_mail(page: Page, kind: NoticeKind, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    page.set_content(render_html(a_letter(kind)))

    assert [one for one in find_violations(page) if not one.startswith(NOT_FOR_MAIL)] == []


def test_a_mail_fits_a_small_phone_whatever_the_names(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})

    page.set_content(render_html(a_letter(service_name="W" * 80, request="GET " + "x" * 300)))

    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_mail_asks_nobody_for_anything(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(render_html(a_letter()))
    page.wait_for_load_state("networkidle")

    assert asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_mail_is_drawn_for_people_to_look_at(
    chromium: Browser, screens: Pictures, scheme: str, width: int
) -> None:
    page = chromium.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_content(render_html(a_letter()))

    screens.take(page, f"mail-down-{scheme}-{width}", is_whole=False)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()

    assert ground == {"light": "rgb(240, 238, 233)", "dark": "rgb(14, 18, 16)"}[scheme]
