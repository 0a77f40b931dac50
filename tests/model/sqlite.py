"""The same stage on SQLite: every history in a file of its own."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

from sqlalchemy import RowMapping, Table, insert, select

from allgreen.domain.check import Check, Slot
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.policy import Role
from allgreen.domain.service import Service
from allgreen.domain.uptime import Span
from allgreen.ports import AuditRow, UnitOfWorkFactory
from allgreen.storage.sql import rows, tables
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork
from allgreen.testing import NOON, WORKSPACE
from tests.model.stage import ADMIN, Keeping, Kept


async def migrate(path: Path) -> None:
    """Make a database that can be copied: quicker than migrating one for each history."""
    async with Database(f"sqlite:///{path}", "secret") as database:
        await database.migrate()
        async with database.unit_of_work() as unit:
            workspace = {"id": WORKSPACE, "name": "Nordlys", "zone": "UTC", "created_at": NOON}
            account = {"id": "admin", "email": ADMIN, "name": "", "created_at": NOON}
            member = {"account_id": "admin", "workspace_id": WORKSPACE, "created_at": NOON}
            await unit.connection.execute(insert(tables.workspaces), workspace)
            await unit.connection.execute(insert(tables.accounts), account)
            await unit.connection.execute(
                insert(tables.memberships), {**member, "role": Role.ADMIN}
            )
            await unit.commit()


class InSqlite(Keeping):
    """A copy of a migrated database."""

    def __init__(self, migrated: Path, copy: Path) -> None:
        shutil.copy(migrated, copy)
        self._copy = copy
        self._database = Database(f"sqlite:///{copy}", "secret")

    async def open(self) -> None:
        """Connect."""
        await self._database.__aenter__()

    async def close(self) -> None:
        """Disconnect, and throw the history away."""
        await self._database.__aexit__(None, None, None)
        for path in self._copy.parent.glob(f"{self._copy.name}*"):
            path.unlink()

    @property
    def unit_of_work(self) -> UnitOfWorkFactory:
        """Open a unit of work."""
        return self._database.unit_of_work

    async def look(self) -> Kept:
        """Return all that is committed."""
        async with self._database.unit_of_work() as unit:
            services = await self._services(unit)
            leases = await _all(unit, tables.leases)
            outbox = sorted(await _all(unit, tables.outbox), key=lambda row: row["seq"])
            incidents = sorted(await _all(unit, tables.incidents), key=lambda row: row["id"])
            audit = sorted(await _all(unit, tables.audit), key=lambda row: row["id"])
            return Kept(
                services=services,
                plans={CheckId(row["check_id"]): _slot(row) for row in leases},
                results=[rows.result_from_row(row) for row in await _all(unit, tables.results)],
                incidents=[rows.incident_from_row(row) for row in incidents],
                outbox=[rows.notice_from_row(row) for row in outbox],
                audit=[_audit_row(row) for row in audit],
                spans=_spans(await _all(unit, tables.health_spans)),
                recipients=[
                    rows.recipient_from_row(row) for row in await _all(unit, tables.recipients)
                ],
            )

    async def _services(self, unit: SqlUnitOfWork) -> dict[ServiceId, Service]:
        checks: dict[str, list[Check]] = defaultdict(list)
        for row in await _all(unit, tables.checks):
            check = rows.check_from_row(row, self._database.cipher)
            checks[check.service_id].append(check)
        return {
            ServiceId(row["id"]): rows.service_from_row(row, checks[row["id"]], None, ())
            for row in await _all(unit, tables.services)
        }


async def _all(unit: SqlUnitOfWork, table: Table) -> list[RowMapping]:
    return list((await unit.connection.execute(select(table))).mappings())


def _slot(row: RowMapping) -> Slot | None:
    if row["slot"] is None:
        return None
    return Slot(at=row["slot"], attempt=row["attempt"], due_at=row["due_at"])


def _spans(found: list[RowMapping]) -> dict[CheckId, list[Span]]:
    spans: dict[CheckId, list[Span]] = defaultdict(list)
    for row in sorted(found, key=lambda each: each["began_at"]):
        span = Span(kind=row["kind"], began_at=row["began_at"], ended_at=row["ended_at"])
        spans[CheckId(row["check_id"])].append(span)
    return spans


def _audit_row(row: RowMapping) -> AuditRow:
    return AuditRow(
        workspace_id=row["workspace_id"],
        at=row["at"],
        action=row["action"],
        summary=row["summary"],
        service_id=row["service_id"],
        before=row["before"],
        after=row["after"],
    )
