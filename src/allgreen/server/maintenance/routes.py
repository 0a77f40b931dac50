"""Maintenance windows of a workspace."""

from typing import Annotated

from fastapi import Header, Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.maintenance import actions, queries
from allgreen.server.maintenance.schemas import (
    MaintenanceWindow,
    WindowEdit,
    WindowInput,
    WindowPage,
)
from allgreen.server.platform import get_platform
from allgreen.server.wire import Page, answers, cut_rows, render, render_nothing, version_tag

router = guarded_router("maintenance", prefix="/workspaces/{workspace_id}/maintenance-windows")


@router.get("", **answers(WindowPage))
async def list_windows(
    request: Request,
    workspace_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.WINDOW_READ)],
) -> Response:
    """List the windows that were not cancelled, the latest planned first."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        found = await queries.list_windows(connection, member, cut, platform.clock.now())
    items, next_cursor = cut_rows(found, cut, lambda window: (window.id,))
    return render(WindowPage(items=items, next_cursor=next_cursor))


@router.post("", **answers(MaintenanceWindow, 201))
async def plan_window(
    request: Request,
    workspace_id: str,
    body: WindowInput,
    access: Annotated[Access, permission(Permission.WINDOW_WRITE)],
) -> Response:
    """Plan a window: while it runs, outages are told to nobody and count neither way."""
    window = await actions.plan_window(get_platform(request), access, workspace_id, body)
    return render(window, status=201, headers=version_tag(window.version))


@router.patch("/{window_id}", **answers(MaintenanceWindow))
async def edit_window(
    request: Request,
    workspace_id: str,
    window_id: str,
    body: WindowEdit,
    if_match: Annotated[str, Header(alias="If-Match")],
    access: Annotated[Access, permission(Permission.WINDOW_WRITE)],
) -> Response:
    """Change parts of a window from now on, unless somebody else did since it was read."""
    window = await actions.edit_window(
        get_platform(request), access, workspace_id, window_id, body, if_match=if_match
    )
    return render(window, headers=version_tag(window.version))


@router.post("/{window_id}/end", **answers(MaintenanceWindow))
async def end_window(
    request: Request,
    workspace_id: str,
    window_id: str,
    access: Annotated[Access, permission(Permission.WINDOW_WRITE)],
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
) -> Response:
    """End a window that runs; it comes back as planned."""
    window = await actions.end_window(
        get_platform(request), access, workspace_id, window_id, if_match=if_match
    )
    return render(window, headers=version_tag(window.version))


@router.delete("/{window_id}", **answers(None, 204))
async def cancel_window(
    request: Request,
    workspace_id: str,
    window_id: str,
    access: Annotated[Access, permission(Permission.WINDOW_WRITE)],
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
) -> Response:
    """Cancel a window for ever; what has passed stays as it was."""
    await actions.cancel_window(
        get_platform(request), access, workspace_id, window_id, if_match=if_match
    )
    return render_nothing()
