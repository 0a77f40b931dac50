"""Every screen there is, and how to bring it about: for looking at, and for what holds for all."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from playwright.sync_api import Error, Page, Route, expect

from tests.e2e.world import World
from tests.looks import settle

State = Literal["full", "loading", "failed"]
Who = Literal["sofia", "amara"]

_SIGNED_IN: Final = ("/me", "/instance", "/session", "/account")
"""What the frame round a screen needs before the screen itself can be on its way."""
_FAILURE: Final = {
    "type": "about:blank",
    "title": "Refused",
    # What may be over in a moment is asked for again first; this is shown at once.
    "status": 400,
    "code": "refused",
    "detail": "Allgreen is busy. Try again in a minute.",
}
_IS_THERE: Final = "() => !document.querySelector('main [aria-busy=true], main .sk')"


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One screen in one state.

    Attributes:
        path: Where it is, with the names of `World.places` in braces.
        who: Who looks at it; nobody who has signed in when `None`.
        mock: Name of the picture that it was drawn as, if there is one.
        says: What stands on it once all of it has come, where a part comes by itself.
        turn: What to do on it before it is as meant.
    """

    name: str
    path: str
    who: Who | None = "sofia"
    state: State = "full"
    mock: str = ""
    says: str = ""
    turn: Callable[[Page], None] | None = None

    def open(self, page: Page, world: World) -> None:
        """Bring it about in a tab without a past."""
        page.context.clear_cookies()
        _let_go()
        page.unroute_all(behavior="ignoreErrors")
        if self.who is not None:
            person = world.amara if self.who == "amara" else world.sofia
            page.context.add_cookies(person.browser_cookies())
        if self.state != "full":
            page.route("**/api/v1/**", _answering(self.state))
        page.goto(world.platform.address + self.path.format(**world.places))
        if self.state == "full":
            expect(page.get_by_role("heading", level=1).first).to_be_visible(timeout=20_000)
            page.wait_for_function(_IS_THERE, timeout=20_000)
            if self.says:
                expect(page.get_by_text(self.says).first).to_be_visible()
        elif self.state == "loading":
            expect(page.locator("main .sk").first).to_be_visible(timeout=20_000)
        else:
            expect(page.get_by_role("alert").first).to_be_visible(timeout=20_000)
        if self.turn is not None:
            self.turn(page)
        settle(page)


_HELD: Final[list[Route]] = []
"""Requests that are not answered while somebody looks at a screen on its way."""


def _let_go() -> None:
    for route in _HELD:
        with suppress(Error):
            route.abort()
    _HELD.clear()


def _answering(state: State) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        path = route.request.url.partition("/api/v1")[2].partition("?")[0]
        if path in _SIGNED_IN:
            route.continue_()
        elif state == "failed":
            route.fulfill(
                status=400, content_type="application/problem+json", body=json.dumps(_FAILURE)
            )
        else:
            _HELD.append(route)

    return answer


def _press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).first.click()


def _refuse_log_in(page: Page) -> None:
    page.get_by_role("textbox", name="Email").fill("sofia@nordlys.example")
    page.get_by_role("textbox", name="Password").fill("not-the-right-one")
    page.get_by_role("button", name="Sign in").last.click()
    expect(page.get_by_text("don't match")).to_be_visible()


def _refuse_service(page: Page) -> None:
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_text("to fix before saving")).to_be_visible()


def _point_at_pipe(page: Page) -> None:
    strip = page.get_by_role("slider", name="Search, uptime by day, last 90 days")
    box = strip.bounding_box()
    assert box is not None
    strip.hover(position={"x": box["width"] * 0.33, "y": box["height"] / 2})
    expect(page.locator(".tip.on")).to_be_visible()


def _jump(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox").last).to_be_visible()


_W: Final = "/workspaces/{workspace}"
_E: Final = "/workspaces/{empty}"
_I: Final = _W + "/incidents/{incident}"

PUBLIC: Final = (
    Screen(name="landing", path="/", who=None, mock="landing"),
    Screen(name="login", path="/login", who=None, mock="login"),
    Screen(name="login-refused", path="/login", who=None, turn=_refuse_log_in),
    Screen(name="register", path="/register", who=None, says="Surname"),
    Screen(name="invited", path="/invite/{invitation}", who=None, says="Surname"),
    Screen(name="invite-dead", path="/invite/nothing", who=None),
    Screen(name="forgot", path="/forgot", who=None),
    Screen(name="reset-dead", path="/reset/nothing", who=None),
    Screen(name="status", path="/status/{slug}", who=None, mock="status"),
    Screen(name="status-nothing", path="/status/nothing", who=None),
    Screen(name="profile", path="/u/{person}", who=None),
    Screen(name="offline", path="/offline.html", who=None),
    Screen(name="verify-dead", path="/verify/nothing", who=None),
)

SIGNED_IN: Final = (
    Screen(name="dashboard", path="/", mock="dashboard"),
    Screen(name="workspace", path=_W, mock="workspace"),
    Screen(name="workspace-tip", path=_W, turn=_point_at_pipe),
    Screen(name="workspace-open", path=_W + "?open={service}", mock="workspace"),
    Screen(name="workspace-open-quiet", path=_W + "?open={quiet}", mock="workspace"),
    Screen(name="workspace-paused", path=_W + "?show=paused"),
    Screen(name="workspace-nothing-found", path=_W + "?q=zzz"),
    Screen(name="workspace-observer", path=_W, who="amara"),
    Screen(name="workspace-empty", path=_E, says="Nothing is watched yet"),
    Screen(name="palette", path=_W, mock="workspace", turn=_jump),
    Screen(name="incident", path=_I),
    Screen(name="messages", path=_W + "/messages"),
    Screen(name="messages-empty", path=_E + "/messages"),
    Screen(name="members", path=_W + "/members", mock="members"),
    Screen(name="members-observer", path=_W + "/members", who="amara"),
    Screen(name="service-form", path=_W + "/services/new", mock="service-form"),
    Screen(name="service-form-refused", path=_W + "/services/new", turn=_refuse_service),
    Screen(name="service-edit", path=_W + "/services/{quiet}/edit", mock="service-form"),
    Screen(name="workspace-settings", path=_W + "/settings"),
    Screen(name="workspace-delete", path=_W + "/settings", turn=_press("Delete workspace…")),
    Screen(name="workspace-settings-observer", path=_W + "/settings", who="amara"),
    Screen(name="keys", path=_W + "/keys"),
    Screen(name="audit", path=_W + "/audit"),
    Screen(name="status-page", path=_W + "/status-page"),
    Screen(name="settings", path="/settings", mock="settings"),
    Screen(name="settings-password", path="/settings", turn=_press("Change the password")),
    Screen(name="not-found", path="/nothing/here"),
    Screen(name="not-mine", path="/workspaces/01970000-0000-7000-8000-000000000009"),
)

_ROUTES: Final = {
    "workspace": _W,
    "incident": _I,
    "messages": _W + "/messages",
    "members": _W + "/members",
    "service-edit": _W + "/services/{quiet}/edit",
    "workspace-settings": _W + "/settings",
    "keys": _W + "/keys",
    "audit": _W + "/audit",
    "status-page": _W + "/status-page",
    "dashboard": "/",
}

ON_ITS_WAY: Final = tuple(
    Screen(name=f"{name}-loading", path=path, state="loading") for name, path in _ROUTES.items()
)
FAILED: Final = tuple(
    Screen(name=f"{name}-failed", path=path, state="failed") for name, path in _ROUTES.items()
)
SCREENS: Final = (*PUBLIC, *SIGNED_IN, *ON_ITS_WAY, *FAILED)
