"""The file of a workspace: what people entered into it, and its incidents, without any secret."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.check import CheckKind
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.incident import IncidentState, Resolution
from allgreen.domain.maintenance import Repeat
from allgreen.domain.policy import Role
from allgreen.domain.status import Mode
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.storage.sql.tables import (
    accounts,
    checks,
    dependencies,
    incidents,
    maintenance_windows,
    memberships,
    recipients,
    services,
    status_pages,
    workspaces,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPerson:
    """A member."""

    name: str
    email: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCheck:
    """A check as it is stored; header values and bodies of requests are secrets, and left out."""

    id: str
    kind: CheckKind
    options: dict[str, Any]
    expectation: dict[str, Any]
    every: timedelta
    timeout: timedelta
    answers_within: timedelta | None
    upside_down: bool
    confirm_down: int
    confirm_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRecipient:
    """An address that is told; without a moment of consent it is not told yet."""

    address: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedService:
    """A service with all that was entered for it."""

    id: str
    name: str
    mode: Mode
    remind_every: timedelta | None
    depends_on: list[str]
    checks: list[ExportedCheck]
    recipients: list[ExportedRecipient]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedWindow:
    """A maintenance window, in one of its versions."""

    id: str
    version: int
    name: str
    service_ids: list[str]
    zone: str
    first: date
    at: time
    duration: timedelta
    repeat: Repeat
    weekdays: list[int]
    day: int | None
    until: date | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedIncident:
    """One outage of one service."""

    id: str
    service_id: str
    state: IncidentState
    began_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None
    reason: str
    resolution: Resolution | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPage:
    """The status page."""

    slug: str | None
    is_published: bool
    title: str
    about: str
    website: str
    shows_latency: bool
    service_ids: list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceExport:
    """All of a workspace as of one moment, but for results and keys."""

    exported_at: datetime
    id: str
    name: str
    time_zone: str
    members: list[ExportedPerson]
    services: list[ExportedService]
    windows: list[ExportedWindow]
    incidents: list[ExportedIncident]
    status_page: ExportedPage | None


async def load_export(
    connection: AsyncConnection, member: Member, now: datetime
) -> WorkspaceExport:
    """Read all of it, as of one moment."""
    id_ = member.workspace_id
    query = select(workspaces.c.name, workspaces.c.zone).where(workspaces.c.id == id_)
    name, zone = (await connection.execute(query)).one()
    pages = await _list(connection, status_pages, ExportedPage, id_)
    return WorkspaceExport(
        exported_at=now,
        id=id_,
        name=name,
        time_zone=zone,
        members=await _list_members(connection, id_),
        services=await _list_services(connection, id_),
        windows=await _list(connection, maintenance_windows, ExportedWindow, id_),
        incidents=await _list(connection, incidents, ExportedIncident, id_),
        status_page=pages[0] if pages else None,
    )


async def _list(
    connection: AsyncConnection, table: Table, kind: Any, workspace_id: WorkspaceId
) -> list[Any]:
    """Return the rows of a workspace in the columns that are shown of them."""
    shown = [table.c[name] for name in kind.__dataclass_fields__]
    query = select(*shown).where(table.c.workspace_id == workspace_id).order_by(*table.primary_key)
    return [kind(**row) for row in (await connection.execute(query)).mappings()]


async def _list_members(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> list[ExportedPerson]:
    query = (
        select(
            full_name().label("name"),
            accounts.c.email,
            memberships.c.role,
            memberships.c.created_at,
        )
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id)
        .order_by(accounts.c.id)
    )
    return [ExportedPerson(**row) for row in (await connection.execute(query)).mappings()]


async def _list_services(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> list[ExportedService]:
    is_there = (services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED)
    query = select(services.c.id, services.c.name, services.c.mode, services.c.remind_every)
    found = (await connection.execute(query.where(*is_there).order_by(services.c.id))).mappings()
    its_checks = await _by_service(connection, checks, ExportedCheck, workspace_id)
    told = await _by_service(connection, recipients, ExportedRecipient, workspace_id)
    hangs_on = select(dependencies.c.service_id, dependencies.c.depends_on_id).where(
        dependencies.c.workspace_id == workspace_id
    )
    needs: dict[str, list[str]] = {}
    for service_id, needed in await connection.execute(
        hangs_on.order_by(dependencies.c.service_id, dependencies.c.position)
    ):
        needs.setdefault(service_id, []).append(needed)
    return [
        ExportedService(
            **row,
            depends_on=needs.get(row["id"], []),
            checks=its_checks.get(row["id"], []),
            recipients=told.get(row["id"], []),
        )
        for row in found
    ]


async def _by_service(
    connection: AsyncConnection, table: Table, kind: Any, workspace_id: WorkspaceId
) -> dict[str, list[Any]]:
    shown = [table.c[name] for name in kind.__dataclass_fields__]
    query = select(table.c.service_id, *shown).where(table.c.workspace_id == workspace_id)
    if "is_deleted" in table.c:
        query = query.where(table.c.is_deleted.is_(False))
    by_service: dict[str, list[Any]] = {}
    query = query.order_by(table.c.service_id, table.c.position)
    for service_id, *values in await connection.execute(query):
        found = kind(**dict(zip(kind.__dataclass_fields__, values, strict=True)))
        by_service.setdefault(service_id, []).append(found)
    return by_service
