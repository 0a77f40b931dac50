"""Who is in a workspace."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.members import actions, queries
from allgreen.server.members.schemas import Member, MemberEdit, Members
from allgreen.server.platform import get_platform
from allgreen.server.wire import answers, render, render_nothing

router = guarded_router("members")


@router.get("/workspaces/{workspace_id}/members", **answers(Members))
async def list_members(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.MEMBER_READ)],
) -> Response:
    """List the members with their roles; addresses of others are for owners."""
    async with get_platform(request).database.read() as connection:
        caller = await access.workspace(connection, workspace_id)
        return render(Members(items=await queries.list_members(connection, caller)))


@router.patch("/workspaces/{workspace_id}/members/{account_id}", **answers(Member))
async def edit_member(
    request: Request,
    workspace_id: str,
    account_id: str,
    body: MemberEdit,
    access: Annotated[Access, permission(Permission.MEMBER_WRITE)],
) -> Response:
    """Make a member an admin or an observer; they are told by mail."""
    platform = get_platform(request)
    return render(await actions.edit_member(platform, access, workspace_id, account_id, body))


@router.delete("/workspaces/{workspace_id}/members/{account_id}", **answers(None, 204))
async def remove_member(
    request: Request,
    workspace_id: str,
    account_id: str,
    access: Annotated[Access, permission(Permission.MEMBER_WRITE)],
) -> Response:
    """Remove a member: they see nothing of it any more, and are told of none of its services."""
    await actions.remove_member(get_platform(request), access, workspace_id, account_id)
    return render_nothing()


@router.post("/workspaces/{workspace_id}/leave", **answers(None, 204))
async def leave_workspace(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_LEAVE)],
) -> Response:
    """Leave; the last owner cannot."""
    await actions.leave(get_platform(request), access, workspace_id)
    return render_nothing()
