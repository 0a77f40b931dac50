"""Pages for everybody as HTML: complete without a script, in light and dark, on paper too."""

from datetime import datetime
from typing import Final

from allgreen.server.pages import PUBLIC_STYLESHEET, draw_page
from allgreen.server.status_pages.about import LINK_REL, render_about
from allgreen.server.status_pages.past import months_of, past_of, planned_of
from allgreen.server.status_pages.public import PublicPage, State
from allgreen.server.status_pages.sentences import GLYPHS, Saying, say, say_old
from allgreen.server.status_pages.view import row_of
from allgreen.server.status_pages.words import Wall, write_pct

_ICON_OF_NOTHING: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath "
    "d='M5 5v14M12 5v14M19 10v4' stroke='%23808080' stroke-width='4' stroke-linecap='round'/%3E"
    "%3C/svg%3E"
)
_ICONS: Final = {
    State.UP: "/favicon.svg",
    State.DEGRADED: "/favicon-degraded.svg",
    State.DOWN: "/favicon-down.svg",
    State.MAINTENANCE: _ICON_OF_NOTHING,
    State.PAUSED: _ICON_OF_NOTHING,
    State.UNKNOWN: _ICON_OF_NOTHING,
}
"""Icons of the tab; never a green one for what is not known."""


def render_status_page(
    page: PublicPage,
    now: datetime,
    *,
    base_url: str,
    month: str | None = None,
    is_old: bool = False,
    is_preview: bool = False,
) -> bytes:
    """Return the page of a workspace.

    Args:
        page: What everybody may see.
        now: When it is read.
        base_url: By which search engines know us.
        month: Show this one instead of the latest two weeks; one of `months_of`.
        is_old: Nothing newer can be read: say so instead of how it is.
        is_preview: Only members see it.
    """
    wall = Wall(page.zone, now)
    saying = current_saying(page, wall, is_old=is_old)
    return draw_page(
        "status.html",
        page=page,
        path=f"/status/{page.slug}",
        address=f"{base_url}/status/{page.slug}",
        stylesheet=PUBLIC_STYLESHEET.path,
        saying=saying,
        glyph=GLYPHS[saying.state],
        icon=_ICONS[saying.state],
        about=render_about(page.about),
        link_rel=LINK_REL,
        checked=None if page.checked_at is None or is_old else wall.ago(page.checked_at),
        website_name=page.website.removeprefix("https://").removeprefix("www.").split("/")[0],
        pct=write_pct(page.uptime_pct),
        rows=[row_of(service, wall) for service in page.services],
        planned=planned_of(page, wall),
        past=past_of(page, wall, month),
        is_old=is_old,
        is_preview=is_preview,
    )


def render_embed(page: PublicPage, now: datetime, *, is_old: bool) -> bytes:
    """Return the summary that other sites may put into a frame."""
    saying = current_saying(page, Wall(page.zone, now), is_old=is_old)
    return draw_page(
        "embed.html",
        page=page,
        path=f"/status/{page.slug}",
        stylesheet=PUBLIC_STYLESHEET.path,
        saying=saying,
        glyph=GLYPHS[saying.state],
        pct=write_pct(page.uptime_pct),
    )


def current_saying(page: PublicPage, wall: Wall, *, is_old: bool) -> Saying:
    """Return what is said of now; of a page that is old, how it was."""
    if not is_old:
        return say(page, wall)
    then = say(page, Wall(page.zone, page.as_of))
    return say_old(then, page.as_of, wall)


def is_month(page: PublicPage, now: datetime, asked: str) -> bool:
    """Tell whether a month can be shown."""
    return asked in months_of(Wall(page.zone, now))
