"""Live updates: one stream of hints for each tab."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from allgreen.domain.policy import Permission
from allgreen.errors import NotAllowedError, NotFoundError, NotSignedInError, StorageError
from allgreen.ports import Change, Subscription
from allgreen.server.auth.access import (
    Access,
    Member,
    find_access,
    guarded_router,
    permission,
)
from allgreen.server.auth.streams import LOOK_AGAIN
from allgreen.server.platform import get_platform
from allgreen.server.wire import PROBLEM

router = guarded_router("live")

Reader = Annotated[Access, permission(Permission.EVENT_READ)]


async def find_member(
    request: Request, workspace: Annotated[str, Query(max_length=64)], access: Reader
) -> Member:
    """Return the caller as a member of the workspace, before the stream has begun."""
    async with get_platform(request).database.read() as connection:
        return await access.workspace(connection, workspace)


@router.get("/events", response_class=EventSourceResponse, responses={"default": PROBLEM})
async def watch_events(
    request: Request, access: Reader, member: Annotated[Member, Depends(find_member)]
) -> AsyncIterator[ServerSentEvent]:
    """Tell that something changed, never what: the reader fetches it with their own rights.

    ``hello`` comes first, then ``change`` with kind, id and version. Hints may be lost; after a
    reconnection everything is read anew. The stream ends when the session or membership does.
    """
    platform = get_platform(request)
    async with platform.broker.subscribe() as subscription:
        yield ServerSentEvent(event="hello", data={"workspace": member.workspace_id})
        while (change := await _next(subscription, platform.stopping)) is not None:
            if change.workspace_id != member.workspace_id:
                continue
            if not await _still_may(request, access, member):
                return
            if change.kind != LOOK_AGAIN:
                yield ServerSentEvent(event="change", data=_as_data(change))


async def _next(subscription: Subscription, stopping: asyncio.Event) -> Change | None:
    """Return the next hint; `None` when the server stops."""
    hint = asyncio.ensure_future(subscription.next())
    end = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({hint, end}, return_when=asyncio.FIRST_COMPLETED)
        return hint.result() if hint.done() else None
    finally:
        hint.cancel()
        end.cancel()


async def _still_may(request: Request, access: Access, member: Member) -> bool:
    """Look again before each hint: people log out, lose memberships, and revoke keys."""
    try:
        now_access = await find_access(request, access.needed)
        async with get_platform(request).database.read() as connection:
            await now_access.workspace(connection, member.workspace_id)
    except (NotFoundError, NotAllowedError, NotSignedInError, StorageError):
        return False
    return True


def _as_data(change: Change) -> dict[str, Any]:
    return {"kind": change.kind, "id": change.id, "version": change.version}
