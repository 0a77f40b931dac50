"""The history of a workspace."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.history import queries
from allgreen.server.history.schemas import AuditPage
from allgreen.server.platform import get_platform
from allgreen.server.wire import Page, answers, cut_rows, render

router = guarded_router("history")

Id = Annotated[str | None, Query(max_length=64)]


@router.get("/workspaces/{workspace_id}/audit", **answers(AuditPage))
async def list_audit(
    request: Request,
    workspace_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.AUDIT_READ)],
    service: Id = None,
    person: Id = None,
) -> Response:
    """List who did what, newest first, of one service or person if asked.

    Admins see what happened to services and incidents, owners all of it.
    """
    database = get_platform(request).database
    async with database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        found = await queries.list_entries(
            connection, member, cut, database.cipher, service_id=service, person_id=person
        )
    items, next_cursor = cut_rows(found, cut, lambda each: (each.id,))
    return render(AuditPage(items=items, next_cursor=next_cursor))
