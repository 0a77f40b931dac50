"""Reads of outages."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.errors import NotFoundError
from allgreen.server.auth.access import Member
from allgreen.server.views.queries import list_incidents
from allgreen.server.views.schemas import Incident
from allgreen.server.wire import Cut
from allgreen.storage.sql.tables import incidents


async def list_of_workspace(
    connection: AsyncConnection, member: Member, cut: Cut, now: datetime
) -> list[Incident]:
    """Return the outages of a workspace, newest first, and one more than asked for."""
    return await list_incidents(connection, member, now, *_behind(cut), limit=cut.limit + 1)


async def list_of_service(
    connection: AsyncConnection, member: Member, service_id: str, cut: Cut, now: datetime
) -> list[Incident]:
    """Return the outages of a service, newest first, and one more than asked for."""
    of_service = incidents.c.service_id == service_id
    return await list_incidents(
        connection, member, now, of_service, *_behind(cut), limit=cut.limit + 1
    )


async def get_incident(
    connection: AsyncConnection, member: Member, incident_id: str, now: datetime
) -> Incident:
    """Return one outage.

    Raises:
        NotFoundError: There is none in this workspace.
    """
    is_asked_for = incidents.c.id == incident_id
    found = await list_incidents(connection, member, now, is_asked_for, limit=1)
    if not found:
        raise NotFoundError("incident")
    return found[0]


def _behind(cut: Cut) -> list[ColumnElement[bool]]:
    return [] if cut.after is None else [incidents.c.id < cut.after[0]]
