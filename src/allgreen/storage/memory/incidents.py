"""Incidents in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import final

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.incident import Incident, IncidentState
from allgreen.errors import NotFoundError, VersionConflictError
from allgreen.ports import IncidentRepository
from allgreen.storage.memory.tables import Tables


@final
class MemoryIncidentRepository(IncidentRepository):
    """Incidents."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def save(self, incident: Incident) -> None:
        other = find_open_incident(self._tables, incident.service_id)
        is_open = incident.state is not IncidentState.RESOLVED
        if is_open and other is not None and other.id != incident.id:
            raise VersionConflictError("incident")
        self._tables.incidents[incident.id] = incident

    async def get(self, incident_id: IncidentId) -> Incident:
        if incident_id not in self._tables.incidents:
            raise NotFoundError("incident")
        return self._tables.incidents[incident_id]

    async def latest(
        self, service_ids: Iterable[ServiceId], *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        asked = set(service_ids)
        found = [
            incident
            for incident in self._tables.incidents.values()
            if incident.service_id in asked
            and (since is None or incident.ended_at is None or incident.ended_at > since)
        ]
        return sorted(found, key=lambda one: (one.began_at, one.id), reverse=True)[:limit]


def find_open_incident(tables: Tables, service_id: ServiceId) -> Incident | None:
    """Return the incident of a service that is not resolved, if there is one."""
    for incident in tables.incidents.values():
        if incident.service_id == service_id and incident.state is not IncidentState.RESOLVED:
            return incident
    return None
