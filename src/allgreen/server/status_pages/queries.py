"""Reads of what a workspace says of its page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import WorkspaceId
from allgreen.domain.status import Mode
from allgreen.server.status_pages import slugs as names
from allgreen.server.status_pages.schemas import StatusPage
from allgreen.storage.sql.tables import services, slugs, status_pages, workspaces

FIRST_VERSION = 1
"""Of a page that nobody has written yet."""


async def load_settings(connection: AsyncConnection, workspace_id: WorkspaceId) -> dict[str, Any]:
    """Return the row of a page; one that nobody has written is made up, unpublished."""
    query = select(status_pages).where(status_pages.c.workspace_id == workspace_id)
    row = (await connection.execute(query)).mappings().first()
    if row is not None:
        return dict(row)
    name = select(workspaces.c.name).where(workspaces.c.id == workspace_id)
    return {
        "workspace_id": workspace_id,
        "slug": None,
        "is_published": False,
        "title": await connection.scalar(name),
        "about": "",
        "website": "",
        "shows_latency": False,
        "service_ids": None,
        "version": FIRST_VERSION,
        "published_at": None,
    }


async def show_settings(
    connection: AsyncConnection, row: Mapping[str, Any], base_url: str, now: datetime
) -> StatusPage:
    """Return a page as its members see it."""
    slug = row["slug"]
    return StatusPage(
        slug=slug,
        suggested_slug=None if slug else await suggest_slug(connection, row["workspace_id"], now),
        address=f"{base_url}/status/{slug}" if slug else None,
        is_published=row["is_published"],
        title=row["title"],
        about=row["about"],
        website=row["website"],
        shows_latency=row["shows_latency"],
        service_ids=row["service_ids"],
        version=row["version"],
        published_at=row["published_at"],
    )


async def suggest_slug(
    connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime
) -> str:
    """Return a free name made from that of the workspace."""
    name = await connection.scalar(select(workspaces.c.name).where(workspaces.c.id == workspace_id))
    wish = names.propose(str(name))
    used = select(status_pages.c.slug).where(status_pages.c.slug.startswith(wish))
    kept = select(slugs.c.slug).where(slugs.c.slug.startswith(wish), slugs.c.until > now)
    taken = {*await connection.scalars(used), *await connection.scalars(kept)}
    return names.first_free(wish, taken)


async def is_taken(
    connection: AsyncConnection, slug: str, workspace_id: WorkspaceId, now: datetime
) -> bool:
    """Tell whether another workspace has a name, or had it until lately."""
    used = select(status_pages.c.workspace_id).where(
        status_pages.c.slug == slug, status_pages.c.workspace_id != workspace_id
    )
    kept = select(slugs.c.workspace_id).where(
        slugs.c.slug == slug, slugs.c.workspace_id != workspace_id, slugs.c.until > now
    )
    return (await connection.scalar(used)) is not None or (
        await connection.scalar(kept)
    ) is not None


async def list_kept(
    connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime
) -> set[str]:
    """Return the earlier names of a page that nobody else gets yet."""
    query = select(slugs.c.slug).where(slugs.c.workspace_id == workspace_id, slugs.c.until > now)
    return set(await connection.scalars(query))


async def list_service_ids(connection: AsyncConnection, workspace_id: WorkspaceId) -> set[str]:
    """Return the services that a page of the workspace may show."""
    query = select(services.c.id).where(
        services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED
    )
    return set(await connection.scalars(query))
