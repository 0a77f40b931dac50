"""Services with their checks, states and open incidents, as whole aggregates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from sqlalchemy import (
    Column,
    RowMapping,
    Select,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.check import Check
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.incident import Incident, IncidentState
from allgreen.domain.service import Service
from allgreen.domain.status import Mode
from allgreen.errors import NotFoundError, VersionConflictError
from allgreen.ports import ServiceRepository
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.rows import (
    Row,
    check_state_to_row,
    check_to_row,
    incident_from_row,
    service_from_row,
    service_state_to_row,
    service_to_row,
)
from allgreen.storage.sql.stand_ins import (
    DEFINITION,
    RAW_COLUMNS,
    decoded,
    is_untouched,
    read_or_stand_in,
    refuse_half_known,
)
from allgreen.storage.sql.tables import checks, dependencies, incidents, leases
from allgreen.storage.sql.tables import services as services_table

_UPDATE_SERVICE = update(services_table).where(services_table.c.id == bindparam("the_id"))
_UPDATE_CHECK = update(checks).where(checks.c.id == bindparam("the_id"))


@dataclass(slots=True)
class Seen:
    """Services as a unit of work knows them to be stored.

    Attributes:
        locked: Those that nobody else can have changed meanwhile.
    """

    services: dict[ServiceId, Service] = field(default_factory=dict)
    locked: set[ServiceId] = field(default_factory=set)

    def copy(self) -> Seen:
        """Return another one that knows the same."""
        return Seen(dict(self.services), set(self.locked))

    def note(self, services: Iterable[Service], *, locked: bool) -> None:
        """Note services as they are stored now."""
        for service in services:
            self.services[service.id] = service
            if locked:
                self.locked.add(service.id)

    def revision(self, service: Service) -> int:
        """Return the revision that must be stored if nobody else changed the service."""
        return self.services.get(service.id, service).revision

    def has_turned(self, service: Service) -> bool:
        """Tell whether the columns that results change must be written."""
        known = self.services.get(service.id)
        return known is None or service_state_to_row(known) != service_state_to_row(service)

    def checks_with_news(self, service: Service) -> list[Check]:
        """Return the checks whose state must be written."""
        known = self.services.get(service.id)
        states = {check.id: check.state for check in known.checks} if known else {}
        return [check for check in service.checks if states.get(check.id) != check.state]


@final
class SqlServiceRepository(ServiceRepository):
    """Services in SQL.

    It remembers each service as it was read or written last: its revision must still be stored
    when the service is saved, and what did not change since is not written again.
    """

    def __init__(self, connection: AsyncConnection, cipher: Cipher) -> None:
        self._connection = connection
        self._cipher = cipher
        self._seen = Seen()
        self._stand_ins: dict[CheckId, Check] = {}

    async def get(self, service_id: ServiceId, *, lock: bool = False) -> Service:
        query = select(services_table).where(services_table.c.id == service_id)
        query = query.where(services_table.c.mode != Mode.DELETED)
        found = await self._find(query, lock=lock)
        if not found:
            raise NotFoundError("service")
        return found[0]

    async def list_of_checks(self, check_ids: Iterable[CheckId]) -> list[Service]:
        concerned = select(checks.c.service_id).where(
            checks.c.id.in_(list(check_ids)), checks.c.is_deleted.is_(False)
        )
        query = select(services_table).where(
            services_table.c.id.in_(concerned), services_table.c.mode != Mode.DELETED
        )
        return await self._find(query, lock=True)

    async def list_upstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        return await self._list_related(
            dependencies.c.depends_on_id, dependencies.c.service_id, service_ids
        )

    async def list_downstream(self, service_ids: Iterable[ServiceId]) -> list[Service]:
        return await self._list_related(
            dependencies.c.service_id, dependencies.c.depends_on_id, service_ids
        )

    async def add(self, service: Service) -> None:
        await self._connection.execute(insert(services_table), service_to_row(service))
        await self._save_dependencies([service])
        self._seen.note([replace(service, checks=())], locked=True)

    async def save(self, services: Iterable[Service]) -> None:
        saved = list(services)
        if not saved:
            return
        stored = await self._stored_revisions(saved)
        if any(stored.get(service.id) != self._seen.revision(service) for service in saved):
            raise VersionConflictError("service")
        rows = [{"the_id": service.id, **_changed(service_to_row(service))} for service in saved]
        await self._connection.execute(_UPDATE_SERVICE, rows)
        await self._save_checks(saved)
        await self._save_dependencies(saved)
        self._seen.note(saved, locked=True)

    async def save_states(self, services: Iterable[Service]) -> None:
        saved = list(services)
        stored = await self._stored_revisions(saved)
        if any(stored.get(service.id, 0) > self._seen.revision(service) for service in saved):
            raise VersionConflictError("service")
        turned = [
            {"the_id": service.id, **service_state_to_row(service)}
            for service in saved
            if self._seen.has_turned(service)
        ]
        states = [
            {"the_id": check.id, **check_state_to_row(check.state)}
            for service in saved
            for check in self._seen.checks_with_news(service)
        ]
        if turned:
            await self._connection.execute(_UPDATE_SERVICE, turned)
        if states:
            await self._connection.execute(_UPDATE_CHECK, states)
        self._seen.note(saved, locked=True)

    @property
    def seen(self) -> Seen:
        """Return what was read and written; to be put back when a part is undone."""
        return self._seen.copy()

    @seen.setter
    def seen(self, seen: Seen) -> None:
        self._seen = seen

    def unlock(self) -> None:
        """Note that the transaction ended, so that others may change what was read."""
        self._seen.locked.clear()

    async def _stored_revisions(self, saved: Sequence[Service]) -> dict[ServiceId, int]:
        """Return the revisions that are stored, and keep others from changing them."""
        known = {
            service.id: self._seen.revision(service)
            for service in saved
            if service.id in self._seen.locked
        }
        unknown = [service.id for service in saved if service.id not in known]
        if not unknown:
            return known
        query = (
            select(services_table.c.id, services_table.c.revision)
            .where(services_table.c.id.in_(unknown))
            .order_by(services_table.c.id)
            .with_for_update()
        )
        rows = (await self._connection.execute(query)).all()
        return known | {ServiceId(row.id): row.revision for row in rows}

    async def _list_related(
        self, wanted: Column[str], known: Column[str], service_ids: Iterable[ServiceId]
    ) -> list[Service]:
        related = select(wanted).where(known.in_(list(service_ids)))
        query = (
            select(services_table)
            .where(services_table.c.id.in_(related), services_table.c.mode == Mode.ACTIVE)
            .order_by(services_table.c.id)
        )
        # Only looked at: they are not noted as read, and nobody else has to wait for them.
        return await self._assembled((await self._connection.execute(query)).mappings().all())

    async def _find(self, query: Select[Any], *, lock: bool) -> list[Service]:
        # Always in the same order: two batches that share services must not wait for each other.
        query = query.order_by(services_table.c.id)
        if lock:
            query = query.with_for_update()
        rows = (await self._connection.execute(query)).mappings().all()
        found = await self._assembled(rows)
        # On SQLite a unit of work is the only writer, so everything that it reads is locked.
        self._seen.note(found, locked=lock or self._connection.dialect.name == "sqlite")
        return found

    async def _assembled(self, rows: Sequence[RowMapping]) -> list[Service]:
        ids = [ServiceId(row["id"]) for row in rows]
        by_service = await self._checks_of(ids)
        open_incidents = await self._open_incidents_of(ids)
        upstream = await self._upstream_of(ids)
        return [
            service_from_row(
                row, by_service[service_id], open_incidents.get(service_id), upstream[service_id]
            )
            for service_id, row in zip(ids, rows, strict=True)
        ]

    async def _checks_of(self, ids: Sequence[ServiceId]) -> dict[ServiceId, list[Check]]:
        found: dict[ServiceId, list[Check]] = defaultdict(list)
        if not ids:
            return found
        query = (
            select(checks)
            .where(checks.c.service_id.in_(ids), checks.c.is_deleted.is_(False))
            .order_by(checks.c.service_id, checks.c.position, checks.c.id)
        )
        for row in await self._check_rows(query):
            check = read_or_stand_in(row, self._cipher, self._stand_ins)
            found[check.service_id].append(check)
        return found

    async def _check_rows(self, query: Select[Any]) -> list[RowMapping] | list[Row]:
        try:
            return list((await self._connection.execute(query)).mappings())
        except ValueError:  # a damaged row, which the types of the columns cannot decode
            raw = query.with_only_columns(*RAW_COLUMNS)
            return [decoded(row) for row in (await self._connection.execute(raw)).mappings()]

    async def _upstream_of(self, ids: Sequence[ServiceId]) -> dict[ServiceId, list[ServiceId]]:
        found: dict[ServiceId, list[ServiceId]] = defaultdict(list)
        if ids:
            query = (
                select(dependencies.c.service_id, dependencies.c.depends_on_id)
                .where(dependencies.c.service_id.in_(ids))
                .order_by(dependencies.c.service_id, dependencies.c.position)
            )
            for service_id, depends_on_id in (await self._connection.execute(query)).all():
                found[ServiceId(service_id)].append(ServiceId(depends_on_id))
        return found

    async def _open_incidents_of(self, ids: Sequence[ServiceId]) -> dict[ServiceId, Incident]:
        if not ids:
            return {}
        query = select(incidents).where(
            incidents.c.service_id.in_(ids), incidents.c.state != IncidentState.RESOLVED
        )
        rows = (await self._connection.execute(query)).mappings()
        return {ServiceId(row["service_id"]): incident_from_row(row) for row in rows}

    async def _save_checks(self, saved: Sequence[Service]) -> None:
        ids = [service.id for service in saved]
        unread = self._unread(check for service in saved for check in service.checks)
        query = select(checks.c.id).where(checks.c.service_id.in_(ids))
        known = set((await self._connection.execute(query)).scalars())
        rows = [
            check_to_row(check, position, self._cipher)
            for service in saved
            for position, check in enumerate(service.checks)
        ]
        new = [row for row in rows if row["id"] not in known]
        changed = [row for row in rows if row["id"] in known]
        if new:
            await self._connection.execute(insert(checks), new)
            await self._connection.execute(insert(leases), [_unplanned(row) for row in new])
        await self._update_checks([row for row in changed if row["id"] not in unread])
        await self._update_checks(
            [_without_definition(row) for row in changed if row["id"] in unread]
        )
        if gone := known - {row["id"] for row in rows}:
            mark = update(checks).where(checks.c.id.in_(gone)).values(is_deleted=True)
            await self._connection.execute(mark)
        await self._switch_leases(ids)

    def _unread(self, saved: Iterable[Check]) -> set[CheckId]:
        """Return the checks whose definition could not be read, and is not another one now."""
        unread: set[CheckId] = set()
        for check in saved:
            stand_in = self._stand_ins.get(check.id)
            if stand_in is None:
                continue
            if is_untouched(check, stand_in):
                unread.add(check.id)
            else:
                refuse_half_known(check, stand_in)
        return unread

    async def _update_checks(self, rows: Sequence[Row]) -> None:
        if rows:
            changed = [{"the_id": row["id"], **_changed(row)} for row in rows]
            await self._connection.execute(_UPDATE_CHECK, changed)

    async def _save_dependencies(self, saved: Sequence[Service]) -> None:
        ids = [service.id for service in saved]
        known = await self._upstream_of(ids)
        changed = [each for each in saved if known[each.id] != list(each.depends_on)]
        if not changed:
            return
        stale = dependencies.c.service_id.in_([service.id for service in changed])
        await self._connection.execute(delete(dependencies).where(stale))
        if rows := [row for service in changed for row in _dependencies(service)]:
            await self._connection.execute(insert(dependencies), rows)

    async def _switch_leases(self, ids: Sequence[ServiceId]) -> None:
        """Let exactly the checks be handed out whose service is active and that are not deleted."""
        concerned = select(checks.c.id).where(checks.c.service_id.in_(ids))
        is_active = exists().where(
            checks.c.id == leases.c.check_id,
            checks.c.is_deleted.is_(False),
            services_table.c.id == checks.c.service_id,
            services_table.c.mode == Mode.ACTIVE,
        )
        await self._connection.execute(
            update(leases).where(leases.c.check_id.in_(concerned)).values(is_active=is_active)
        )


def _changed(row: Row) -> Row:
    return {column: value for column, value in row.items() if column != "id"}


def _without_definition(row: Row) -> Row:
    return {column: value for column, value in row.items() if column not in DEFINITION}


def _dependencies(service: Service) -> list[Row]:
    return [
        {
            "service_id": service.id,
            "depends_on_id": depends_on_id,
            "workspace_id": service.workspace_id,
            "position": position,
        }
        for position, depends_on_id in enumerate(service.depends_on)
    ]


def _unplanned(check: Row) -> Row:
    return {"check_id": check["id"], "workspace_id": check["workspace_id"], "is_active": False}
