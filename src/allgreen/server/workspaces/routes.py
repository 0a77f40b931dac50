"""A workspace at a glance."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission, Role
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.platform import get_platform
from allgreen.server.views.deleted import list_deleted
from allgreen.server.wire import answers, render, render_nothing
from allgreen.server.workspaces import actions, deletion, queries, transfer
from allgreen.server.workspaces.export import WorkspaceExport, load_export
from allgreen.server.workspaces.schemas import (
    DeletedWorkspaces,
    DeletionInput,
    OfferInput,
    People,
    Person,
    Workspace,
    WorkspaceEdit,
    WorkspaceInput,
)

router = guarded_router("workspaces")


@router.post("/workspaces", **answers(Workspace, 201))
async def create_workspace(
    request: Request,
    body: WorkspaceInput,
    access: Annotated[Access, permission(Permission.SIGNED_IN)],
) -> Response:
    """Make a workspace of one's own; at most five."""
    return render(await actions.create_workspace(get_platform(request), access, body), status=201)


@router.get("/account/deleted-workspaces", **answers(DeletedWorkspaces))
async def list_deleted_workspaces(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """List the workspaces that one deleted as an owner and can have back."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        items = await list_deleted(connection, access.caller.account_id, platform.clock.now())
    return render(DeletedWorkspaces(items=items))


@router.get("/workspaces/{workspace_id}", **answers(Workspace))
async def get_workspace(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_READ)],
) -> Response:
    """Sum a workspace up."""
    platform = get_platform(request)
    mark = platform.recent.mark()
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        shown = await queries.load_workspace(connection, member, platform.clock.now())
    stable = replace(shown, as_of=datetime.min.replace(tzinfo=UTC))
    return platform.recent.answer(request, member.workspace_id, shown, stable=stable, mark=mark)


@router.patch("/workspaces/{workspace_id}", **answers(Workspace))
async def edit_workspace(
    request: Request,
    workspace_id: str,
    body: WorkspaceEdit,
    access: Annotated[Access, permission(Permission.WORKSPACE_WRITE)],
) -> Response:
    """Change the name, or the zone in which days are cut from the next midnight on."""
    return render(await actions.edit_workspace(get_platform(request), access, workspace_id, body))


@router.delete("/workspaces/{workspace_id}", **answers(None, 204))
async def delete_workspace(
    request: Request,
    workspace_id: str,
    body: DeletionInput,
    access: Annotated[Access, permission(Permission.WORKSPACE_DELETE)],
) -> Response:
    """Delete it; nothing in it is checked any more. For seven days its owners can have it back."""
    await deletion.delete_workspace(get_platform(request), access, workspace_id, body)
    return render_nothing()


@router.get("/workspaces/{workspace_id}/export", **answers(WorkspaceExport))
async def export_workspace(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_EXPORT)],
) -> Response:
    """Hand out what people entered, and all incidents, as a file; no secret is in it."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        export = await load_export(connection, member, platform.clock.now())
    return render(
        export, headers={"content-disposition": 'attachment; filename="allgreen-workspace.json"'}
    )


@router.post("/workspaces/{workspace_id}/restore", **answers(Workspace))
async def restore_workspace(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_DELETE)],
) -> Response:
    """Have a deleted workspace back with all that is in it, schedules included."""
    return render(await deletion.restore_workspace(get_platform(request), access, workspace_id))


@router.post("/workspaces/{workspace_id}/transfer", **answers(Workspace))
async def offer_workspace(
    request: Request,
    workspace_id: str,
    body: OfferInput,
    access: Annotated[Access, permission(Permission.WORKSPACE_TRANSFER)],
) -> Response:
    """Offer it to a member, who can accept for seven days; the one who offers becomes an admin."""
    return render(await transfer.offer_workspace(get_platform(request), access, workspace_id, body))


@router.delete("/workspaces/{workspace_id}/transfer", **answers(None, 204))
async def withdraw_offer(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_TRANSFER)],
) -> Response:
    """Take the offer back."""
    await transfer.withdraw_offer(get_platform(request), access, workspace_id)
    return render_nothing()


@router.post("/workspaces/{workspace_id}/transfer/accept", **answers(Workspace))
async def accept_offer(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_READ)],
) -> Response:
    """Become the owner, as it was offered."""
    return render(await transfer.accept_offer(get_platform(request), access, workspace_id))


@router.post("/workspaces/{workspace_id}/transfer/decline", **answers(None, 204))
async def decline_offer(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.WORKSPACE_READ)],
) -> Response:
    """Decline what was offered."""
    await transfer.decline_offer(get_platform(request), access, workspace_id)
    return render_nothing()


@router.get("/workspaces/{workspace_id}/people", **answers(People))
async def list_people(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.MEMBER_READ)],
) -> Response:
    """List the members; addresses of others are for owners."""
    async with get_platform(request).database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        rows = await queries.list_members(connection, member.workspace_id)
    people = [
        Person(
            account_id=row["id"],
            name=row["name"],
            email=row["email"]
            if _sees_address(member.role, row["id"] == member.account_id)
            else None,
            you=row["id"] == member.account_id,
        )
        for row in rows
    ]
    return render(People(items=people))


def _sees_address(role: Role, is_own: bool) -> bool:
    return is_own or role is Role.OWNER
