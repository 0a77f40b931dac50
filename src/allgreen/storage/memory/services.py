"""Services with their checks, states and open incidents, as whole aggregates, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import final

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.service import Service
from allgreen.domain.status import Mode
from allgreen.errors import NotFoundError, VersionConflictError
from allgreen.ports import ServiceRepository
from allgreen.storage.memory.incidents import find_open_incident
from allgreen.storage.memory.tables import Run, Tables


@final
class MemoryServiceRepository(ServiceRepository):
    """Services; it remembers the revision at which each was read."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._read: dict[ServiceId, int] = {}

    async def get(self, service_id: ServiceId, *, lock: bool = False) -> Service:
        service = self._tables.services.get(service_id)
        if service is None or service.mode is Mode.DELETED:
            raise NotFoundError("service")
        return self._taken(service)

    async def list_of_checks(self, check_ids: Iterable[CheckId]) -> list[Service]:
        asked = set(check_ids)
        return [
            self._taken(service)
            for _, service in sorted(self._tables.services.items())
            if service.mode is not Mode.DELETED
            and any(check.id in asked for check in service.checks)
        ]

    async def list_upstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        asked = [self._tables.services.get(service_id) for service_id in service_ids]
        wanted = {above for service in asked if service for above in service.depends_on}
        return self._looked_at(lambda service: service.id in wanted)

    async def list_downstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        asked = set(service_ids)
        return self._looked_at(lambda service: not asked.isdisjoint(service.depends_on))

    async def add(self, service: Service) -> None:
        self._store(replace(service, checks=()))

    async def save(self, services: Iterable[Service]) -> None:
        saved = list(services)
        if any(self._stored_revision(service) != self._base(service) for service in saved):
            raise VersionConflictError("service")
        for service in saved:
            self._store(service)
            for check in service.checks:
                self._tables.runs.setdefault(check.id, Run())
                self._tables.owners[check.id] = service.id

    async def save_states(self, services: Iterable[Service]) -> None:
        saved = list(services)
        if any(self._stored_revision(service) > self._base(service) for service in saved):
            raise VersionConflictError("service")
        for service in saved:
            stored = self._tables.services.get(service.id)
            if stored is not None:
                self._store(_with_states(stored, service))

    def revisions(self) -> dict[ServiceId, int]:
        """Return the revisions as read so far, for `restore` when a part is undone."""
        return dict(self._read)

    def restore(self, revisions: dict[ServiceId, int]) -> None:
        """Go back to what was read when `revisions` were asked for."""
        self._read = dict(revisions)

    def _base(self, service: Service) -> int:
        return self._read.get(service.id, service.revision)

    def _stored_revision(self, service: Service) -> int:
        stored = self._tables.services.get(service.id)
        return -1 if stored is None else stored.revision

    def _looked_at(self, condition: Callable[[Service], bool]) -> list[Service]:
        return [
            replace(service, incident=find_open_incident(self._tables, service.id))
            for _, service in sorted(self._tables.services.items())
            if service.mode is Mode.ACTIVE and condition(service)
        ]

    def _taken(self, service: Service) -> Service:
        self._read[service.id] = service.revision
        return replace(service, incident=find_open_incident(self._tables, service.id))

    def _store(self, service: Service) -> None:
        self._tables.services[service.id] = replace(service, incident=None)
        self._read[service.id] = service.revision


def _with_states(stored: Service, service: Service) -> Service:
    states = {check.id: check.state for check in service.checks}
    checks = tuple(
        replace(check, state=states.get(check.id, check.state)) for check in stored.checks
    )
    return replace(
        stored,
        health=service.health,
        since=service.since,
        revision=service.revision,
        flaps=service.flaps,
        checks=checks,
    )
