"""A workspace at a glance."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission, Role
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.platform import get_platform
from allgreen.server.wire import answers, render
from allgreen.server.workspaces import actions, queries
from allgreen.server.workspaces.schemas import People, Person, Workspace, WorkspaceEdit

router = guarded_router("workspaces")


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
