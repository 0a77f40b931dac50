"""Incidents in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import final

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.incident import Incident
from allgreen.errors import NotFoundError, VersionConflictError
from allgreen.ports import IncidentRepository
from allgreen.storage.sql.dialect import upsert
from allgreen.storage.sql.rows import incident_from_row, incident_to_row
from allgreen.storage.sql.tables import incidents


@final
class SqlIncidentRepository(IncidentRepository):
    """Incidents; a partial unique index keeps a second open one of a service out."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, incident: Incident) -> None:
        try:
            await upsert(self._connection, incidents, [incident_to_row(incident)])
        except IntegrityError as error:
            raise VersionConflictError("incident") from error

    async def get(self, incident_id: IncidentId) -> Incident:
        query = select(incidents).where(incidents.c.id == incident_id)
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            raise NotFoundError("incident")
        return incident_from_row(row)

    async def latest(
        self, service_ids: Iterable[ServiceId], *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        query = select(incidents).where(incidents.c.service_id.in_(list(service_ids)))
        if since is not None:
            query = query.where(or_(incidents.c.ended_at.is_(None), incidents.c.ended_at > since))
        query = query.order_by(incidents.c.began_at.desc(), incidents.c.id.desc()).limit(limit)
        rows = (await self._connection.execute(query)).mappings()
        return [incident_from_row(row) for row in rows]
