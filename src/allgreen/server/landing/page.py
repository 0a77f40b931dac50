"""The front page."""

from typing import Final

from allgreen.server.landing.pictures import DEMO_GRADES, draw_chart, draw_sky
from allgreen.server.pages import PUBLIC_STYLESHEET, draw_page
from allgreen.server.views.pipes import draw_strip

_HERO_DAYS: Final = {17: "d", 33: "d", 52: "d", 53: "p", 54: "d", 71: "d"}
_END_DAYS: Final = {40: "d"}
_ROLES: Final = (
    ("See the status page", True, True, True, True),
    ("See services and latency", True, True, True, False),
    ("Add and edit services", True, True, False, False),
    ("Invite, promote, remove", True, False, False, False),
)


def render_landing(base_url: str, *, is_open: bool) -> bytes:
    """Return the front page; it differs in nothing but whether people may register."""
    return draw_page(
        "landing.html",
        address=f"{base_url}/",
        stylesheet=PUBLIC_STYLESHEET.path,
        is_open=is_open,
        hero=draw_sky(_HERO_DAYS),
        end=draw_sky(_END_DAYS),
        demo=draw_strip(DEMO_GRADES),
        chart=draw_chart(),
        roles=_ROLES,
    )
