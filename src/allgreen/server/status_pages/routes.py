"""The page of a workspace: what its members set up, and what everybody sees."""

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import HTMLResponse, Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.platform import get_platform
from allgreen.server.status_pages import actions, answering, facts, kept, queries, render
from allgreen.server.status_pages.public import PublicPage
from allgreen.server.status_pages.schemas import PageEdit, StatusPage
from allgreen.server.wire import PROBLEM, answers, version_tag
from allgreen.server.wire import render as write

router = guarded_router("status_pages")
pages = guarded_router("status_pages")

Public = Annotated[Access, permission(Permission.PUBLIC)]
_READS = ["GET", "HEAD"]


@router.get("/workspaces/{workspace_id}/status-page", **answers(StatusPage))
async def get_status_page(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.STATUS_PAGE_READ)],
) -> Response:
    """Show what a workspace says of its public page, published or not."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        row = await queries.load_settings(connection, member.workspace_id)
        page = await queries.show_settings(
            connection, row, platform.settings.base_url, platform.clock.now()
        )
    return write(page, headers=version_tag(page.version))


@router.patch("/workspaces/{workspace_id}/status-page", **answers(StatusPage))
async def edit_status_page(
    request: Request,
    workspace_id: str,
    body: PageEdit,
    if_match: Annotated[str, Header(alias="If-Match")],
    access: Annotated[Access, permission(Permission.STATUS_PAGE_EDIT)],
) -> Response:
    """Change parts of the public page, unless somebody else did since it was read.

    Its name in addresses, its services, and whether it is published, are for owners.
    """
    page = await actions.edit_page(
        get_platform(request), access, workspace_id, body, if_match=if_match
    )
    return write(page, headers=version_tag(page.version))


@router.get(
    "/workspaces/{workspace_id}/status-page/preview",
    response_class=HTMLResponse,
    responses={"default": PROBLEM},
)
async def preview_status_page(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.STATUS_PAGE_READ)],
) -> Response:
    """Show members the page as everybody would see it, as HTML."""
    platform = get_platform(request)
    now = platform.clock.now()
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        page = await facts.load_page(connection, member.workspace_id, now)
    body = render.render_status_page(page, now, base_url="", is_preview=True)
    return Response(body, media_type="text/html")


@router.get("/public/status/{slug}", **answers(PublicPage))
async def get_public_status(request: Request, slug: str, _access: Public) -> Response:
    """Show a published page as data; everybody may read it."""
    return await answering.answer_json(request, slug)


@pages.api_route("/status/{slug}", methods=_READS, include_in_schema=False)
async def show_status_page(
    request: Request,
    slug: str,
    _access: Public,
    month: Annotated[str, Query()] = "",
) -> Response:
    """Show a published page."""
    return await answering.answer_page(request, slug, month)


@pages.api_route("/status/{slug}/feed.{form}", methods=_READS, include_in_schema=False)
async def show_feed(request: Request, slug: str, form: str, _access: Public) -> Response:
    """Show the outages of a published page as RSS or Atom."""
    return await answering.answer_feed(request, slug, form)


@pages.api_route("/status/{slug}/maintenance.ics", methods=_READS, include_in_schema=False)
async def show_calendar(request: Request, slug: str, _access: Public) -> Response:
    """Show the planned work of a published page as a calendar."""
    return await answering.answer_calendar(request, slug)


@pages.api_route("/status/{slug}/badge.svg", methods=_READS, include_in_schema=False)
async def show_badge(request: Request, slug: str, _access: Public) -> Response:
    """Show how all services of a published page are, as a picture."""
    return await answering.answer_badge(request, slug, None)


@pages.api_route("/status/{slug}/badge/{key}.svg", methods=_READS, include_in_schema=False)
async def show_service_badge(request: Request, slug: str, key: str, _access: Public) -> Response:
    """Show how one service of a published page is, as a picture."""
    return await answering.answer_badge(request, slug, key)


@pages.api_route("/embed/{slug}", methods=_READS, include_in_schema=False)
async def show_embed(request: Request, slug: str, _access: Public) -> Response:
    """Show the summary that other sites may put into a frame."""
    return await answering.answer_embed(request, slug)


@pages.api_route("/sitemap.xml", methods=_READS, include_in_schema=False)
async def show_sitemap(request: Request, _access: Public) -> Response:
    """Show crawlers which pages are published."""
    platform = get_platform(request)
    published = await kept.list_published(platform)
    return answering.answer_sitemap(request, published, platform.settings.base_url)


@pages.api_route("/robots.txt", methods=_READS, include_in_schema=False)
async def show_robots(request: Request, _access: Public) -> Response:
    """Tell crawlers what is for them: public pages, and the front page."""
    return answering.answer_robots(request, get_platform(request).settings.base_url)
