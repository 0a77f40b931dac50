"""Reads of outages."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.policy import Permission
from allgreen.domain.result import Result
from allgreen.domain.status import Mode
from allgreen.errors import NotFoundError
from allgreen.server.auth.access import Member
from allgreen.server.incidents.schemas import Cause, IncidentInFull
from allgreen.server.incidents.story import list_failures, list_moments
from allgreen.server.views.explanations import show_explanation
from allgreen.server.views.queries import list_incidents
from allgreen.server.views.schemas import Incident, Strip
from allgreen.server.views.strips import align_strip
from allgreen.server.wire import Cut
from allgreen.storage.sql.tables import incidents, services, strips
from allgreen.storage.sql.workspaces import SqlWorkspaceRepository


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


async def load_in_full(
    connection: AsyncConnection, member: Member, incident_id: str, now: datetime
) -> IncidentInFull:
    """Return one outage with its story.

    Raises:
        NotFoundError: There is none in this workspace.
    """
    incident = await get_incident(connection, member, incident_id, now)
    mode = await connection.scalar(
        select(services.c.mode).where(services.c.id == incident.service_id)
    )
    failures = await list_failures(connection, incident)
    return IncidentInFull(
        **{one.name: getattr(incident, one.name) for one in fields(incident)},
        workspace_id=member.workspace_id,
        service_is_deleted=mode is Mode.DELETED,
        cause=_show_cause(incident, failures, is_whole=member.has(Permission.SERVICE_WRITE)),
        moments=await list_moments(connection, member, incident, failures, now),
        strip=await _load_strip(connection, member, incident.service_id, now),
    )


def _show_cause(incident: Incident, failures: Sequence[Result], *, is_whole: bool) -> Cause | None:
    """Return the failure with the reason that was told, or else the last before it was told."""
    alike = [one for one in failures if one.reason == incident.reason]
    if not failures:
        return None
    found = (alike or failures)[-1]
    return Cause(
        at=found.finished_at,
        message=found.message or None,
        http_status=found.http_status,
        latency_ms=found.latency_ms,
        explanations=[show_explanation(line, is_whole=is_whole) for line in found.explanations],
    )


async def _load_strip(
    connection: AsyncConnection, member: Member, service_id: str, now: datetime
) -> Strip:
    calendar = await SqlWorkspaceRepository(connection).calendar(member.workspace_id)
    query = select(strips).where(strips.c.service_id == service_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    stored = None if row is None else dict(row)
    return align_strip(stored, calendar.last_days(now), calendar.zone)


def _behind(cut: Cut) -> list[ColumnElement[bool]]:
    return [] if cut.after is None else [incidents.c.id < cut.after[0]]
