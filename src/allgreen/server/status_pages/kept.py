"""Where visitors get pages from: the shelf, the database behind it, and the copies on disk."""

import asyncio
from collections.abc import Mapping
from functools import partial

from allgreen.domain.identity import WorkspaceId
from allgreen.errors import BusyError, StorageError
from allgreen.server.page_copies import drop_copy
from allgreen.server.platform import Platform
from allgreen.server.shelf import PUBLISHED, Copy
from allgreen.server.status_pages import facts, saved
from allgreen.server.status_pages.public import PublicPage


async def find_page(platform: Platform, slug: str) -> Copy[PublicPage] | None:
    """Return a published page, fresh or as it was last; nothing when there is none.

    Names that no page has cost no look into the database: which there are is kept.

    Raises:
        StorageError: Nothing can be read, and nothing is known of this page.
        BusyError: The same, for too much else is being done.
    """
    try:
        workspace_id = (await list_published(platform)).get(slug)
        if workspace_id is None:
            return None
        return await platform.public.get_page(
            slug, workspace_id, partial(_read, platform, workspace_id)
        )
    except (StorageError, BusyError):
        copy = platform.public.pages.peek(slug)
        page = copy.thing if copy is not None else await _read_saved(platform, slug)
        if page is None:
            raise  # nobody can tell whether there is one
        return copy if copy is not None else platform.public.pages.put_old(slug, page)


async def list_published(platform: Platform) -> Mapping[str, WorkspaceId]:
    """Return the workspaces of all published pages, by the names of these in addresses.

    Raises:
        StorageError: They cannot be read, and never were.
        BusyError: The same, for too much else is being done.
    """
    return (await platform.public.published.get(PUBLISHED, partial(_read_all, platform))).thing


async def _read_all(platform: Platform) -> Mapping[str, WorkspaceId]:
    async with platform.database.read() as connection:
        found = await facts.list_published(connection)
    # Copies go also of those that were taken back by another process, or while nobody looked.
    platform.public.keep_only(found)
    await asyncio.to_thread(saved.keep_only, platform.settings.data_dir, found)
    return found


async def _read(platform: Platform, workspace_id: WorkspaceId) -> PublicPage:
    mark = platform.public.mark(workspace_id)
    async with platform.database.read() as connection:
        page = await facts.load_page(connection, workspace_id, platform.clock.now())
    folder = platform.settings.data_dir
    await asyncio.to_thread(saved.save_page, folder, page)
    if platform.public.mark(workspace_id) != mark:
        # It may have been taken back meanwhile, and its copy removed before this one was written.
        await asyncio.to_thread(drop_copy, folder, page.slug)
    return page


async def _read_saved(platform: Platform, slug: str) -> PublicPage | None:
    return await asyncio.to_thread(saved.read_page, platform.settings.data_dir, slug)
