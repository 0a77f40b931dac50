"""Outages of a workspace, of a service, and one in full."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.incidents import queries
from allgreen.server.incidents.schemas import IncidentInFull, IncidentPage
from allgreen.server.platform import get_platform
from allgreen.server.views.schemas import Incident
from allgreen.server.wire import Cut, Page, answers, cut_rows, render

router = guarded_router("incidents")


@router.get("/workspaces/{workspace_id}/incidents", **answers(IncidentPage))
async def list_incidents(
    request: Request,
    workspace_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.INCIDENT_READ)],
) -> Response:
    """List the outages of a workspace, newest first."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        found = await queries.list_of_workspace(connection, member, cut, platform.clock.now())
    return _render_page(found, cut)


@router.get("/services/{service_id}/incidents", **answers(IncidentPage))
async def list_service_incidents(
    request: Request,
    service_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.INCIDENT_READ)],
) -> Response:
    """List the outages of a service, newest first."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.service(connection, service_id)
        found = await queries.list_of_service(
            connection, member, service_id, cut, platform.clock.now()
        )
    return _render_page(found, cut)


@router.get("/incidents/{incident_id}", **answers(IncidentInFull))
async def get_incident(
    request: Request,
    incident_id: str,
    access: Annotated[Access, permission(Permission.INCIDENT_READ)],
) -> Response:
    """Show one outage: why it is one, what happened in it, and how many were told when."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await access.incident(connection, incident_id)
        return render(
            await queries.load_in_full(connection, member, incident_id, platform.clock.now())
        )


def _render_page(found: list[Incident], cut: Cut) -> Response:
    items, next_cursor = cut_rows(found, cut, lambda incident: (incident.id,))
    return render(IncidentPage(items=items, next_cursor=next_cursor))
