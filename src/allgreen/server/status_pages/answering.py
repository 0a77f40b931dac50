"""How visitors are answered: from what is kept, with one tag, and with one "not found" for all.

A page that is not published, one that never was, and one of a workspace that is gone, are told
apart by nothing: neither status, nor body, nor headers.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterable
from typing import Final
from xml.etree import ElementTree

from fastapi import Request
from starlette.responses import Response

from allgreen.errors import BusyError, NotFoundError, StorageError
from allgreen.server.pages import render_page
from allgreen.server.platform import Platform, get_platform
from allgreen.server.problems import RETRY_LATER_S
from allgreen.server.shelf import Copy
from allgreen.server.status_pages import badges, calendar, feeds, render
from allgreen.server.status_pages.kept import find_page
from allgreen.server.status_pages.public import PublicPage
from allgreen.server.status_pages.sentences import say
from allgreen.server.status_pages.words import Wall
from allgreen.server.wire import encode

# What lies on the way may keep a page as long as the shelf does; browsers ask each time.
_FOR_ALL: Final = "public, max-age=0, s-maxage=10, must-revalidate"
_TYPES: Final = {feeds.RSS: "application/rss+xml", feeds.ATOM: "application/atom+xml"}
_WORTH_PACKING: Final = 1024
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
Draw = Callable[[Copy[PublicPage]], bytes]


async def answer_json(request: Request, slug: str) -> Response:
    """Answer with a page as data.

    Raises:
        NotFoundError: No such page is published.
        StorageError: Nothing can be read, and nothing is known of it.
        BusyError: The same, for too much else is being done.
    """
    copy = await find_page(get_platform(request), slug)
    if copy is None:
        raise NotFoundError("status page")

    def draw(copy: Copy[PublicPage]) -> bytes:
        return encode(copy.thing.as_old() if copy.is_old else copy.thing)

    return _answer(request, copy, "json", draw, "application/json")


async def answer_page(request: Request, slug: str, month: str) -> Response:
    """Answer with the page; a month that cannot be shown is as if none were asked for."""
    platform = get_platform(request)
    found = await _find(platform, slug)
    if isinstance(found, Response):
        return found
    now = platform.clock.now()
    shown = month if render.is_month(found.thing, now, month) else None

    def draw(copy: Copy[PublicPage]) -> bytes:
        return render.render_status_page(
            copy.thing,
            now,
            base_url=platform.settings.base_url,
            month=shown,
            is_old=copy.is_old,
        )

    return _answer(request, found, f"page {shown or ''}", draw, "text/html")


async def answer_feed(request: Request, slug: str, form: str) -> Response:
    """Answer with the outages as RSS or Atom."""
    platform = get_platform(request)
    if form not in _TYPES:
        return _not_found()
    found = await _find(platform, slug)
    if isinstance(found, Response):
        return found
    address = f"{platform.settings.base_url}/status/{slug}"

    def draw(copy: Copy[PublicPage]) -> bytes:
        return feeds.render_feed(copy.thing, form, address=address)

    return _answer(request, found, form, draw, _TYPES[form])


async def answer_calendar(request: Request, slug: str) -> Response:
    """Answer with the planned work as a calendar."""
    platform = get_platform(request)
    found = await _find(platform, slug)
    if isinstance(found, Response):
        return found
    address = f"{platform.settings.base_url}/status/{slug}"

    def draw(copy: Copy[PublicPage]) -> bytes:
        return calendar.render_calendar(copy.thing, address=address)

    return _answer(request, found, "calendar", draw, calendar.MEDIA_TYPE)


async def answer_badge(request: Request, slug: str, key: str | None) -> Response:
    """Answer with a badge of the page, or of the service with a key."""
    platform = get_platform(request)
    found = await _find(platform, slug)
    if isinstance(found, Response):
        return found
    page, wall = found.thing, Wall(found.thing.zone, platform.clock.now())
    as_of = wall.time_with_zone(page.as_of) if found.is_old else ""
    if key is None:
        name, state = page.title, say(page, Wall(page.zone, page.as_of)).state
    else:
        service = next((each for each in page.services if each.key == key), None)
        if service is None:
            return _not_found()
        name, state = service.name, service.state

    def draw(_copy: Copy[PublicPage]) -> bytes:
        return badges.render_badge(name, state, as_of=as_of)

    return _answer(request, found, f"badge {key}", draw, "image/svg+xml")


async def answer_embed(request: Request, slug: str) -> Response:
    """Answer with the summary for frames."""
    platform = get_platform(request)
    found = await _find(platform, slug)
    if isinstance(found, Response):
        return found
    now = platform.clock.now()

    def draw(copy: Copy[PublicPage]) -> bytes:
        return render.render_embed(copy.thing, now, is_old=copy.is_old)

    return _answer(request, found, "embed", draw, "text/html")


def answer_sitemap(request: Request, slugs: Iterable[str], base_url: str) -> Response:
    """Answer with the addresses of all published pages."""
    tree = ElementTree.Element("urlset", {"xmlns": _SITEMAP})
    for address in (f"{base_url}/", *(f"{base_url}/status/{slug}" for slug in sorted(slugs))):
        ElementTree.SubElement(ElementTree.SubElement(tree, "url"), "loc").text = address
    body = ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True)
    return _send(request, body, "application/xml")


def answer_robots(request: Request, base_url: str) -> Response:
    """Answer with what crawlers may read."""
    lines = ("User-agent: *", "Disallow: /api/", "Allow: /", f"Sitemap: {base_url}/sitemap.xml")
    return _send(request, "".join(f"{line}\n" for line in lines).encode(), "text/plain")


async def _find(platform: Platform, slug: str) -> Copy[PublicPage] | Response:
    """Return a page, or what is answered instead of it."""
    try:
        copy = await find_page(platform, slug)
    except (StorageError, BusyError):
        answer = render_page(
            "done.html",
            status=503,
            title="This page cannot be shown at the moment",
            text="We cannot reach our own data. That says nothing about the services that are "
            "watched here. Try again in a minute.",
        )
        answer.headers["Retry-After"] = str(RETRY_LATER_S)
        return answer
    return _not_found() if copy is None else copy


def _not_found() -> Response:
    return render_page(
        "done.html",
        status=404,
        title="There is no such page",
        text="Nothing is published at this address. Perhaps it is written differently.",
    )


def _answer(
    request: Request, copy: Copy[PublicPage], name: str, draw: Draw, media_type: str
) -> Response:
    """Send what is drawn of a page; however often it is asked for, it is drawn and packed once."""
    body = copy.drawn.get(name)
    if body is None:
        body = copy.drawn[name] = draw(copy)
    packed = copy.drawn.get(f"{name} packed")
    if packed is None and len(body) > _WORTH_PACKING:
        packed = copy.drawn[f"{name} packed"] = gzip.compress(body, 6, mtime=0)
    return _send(request, body, media_type, packed=packed, is_kept=not copy.is_old)


def _send(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    packed: bytes | None = None,
    is_kept: bool = True,
) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": _FOR_ALL if is_kept else "no-store",
        "Vary": "Accept-Encoding",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = packed, "gzip"
    return Response(body, headers=headers, media_type=media_type)
