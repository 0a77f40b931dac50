"""The history of workspaces, in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, final

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import ServiceId
from allgreen.ports import AuditRepository, AuditRow
from allgreen.storage.sql.tables import audit


@final
class SqlAuditRepository(AuditRepository):
    """The history; nothing here changes a row."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Iterable[AuditRow]) -> None:
        if added := [_to_row(row) for row in rows]:
            await self._connection.execute(insert(audit), added)

    async def of_service(self, service_id: ServiceId, *, limit: int) -> list[AuditRow]:
        query = (
            select(audit)
            .where(audit.c.service_id == service_id)
            # By number, not by time: a clock that is set back must not change the story.
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [_from_row(row) for row in rows]

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        old = (
            select(audit.c.id)
            .where(audit.c.at < instant)
            .order_by(audit.c.at, audit.c.id)
            .limit(limit)
        )
        return (await self._connection.execute(delete(audit).where(audit.c.id.in_(old)))).rowcount


def _to_row(row: AuditRow) -> dict[str, Any]:
    return {
        "workspace_id": row.workspace_id,
        "service_id": row.service_id,
        "at": row.at,
        "action": row.action,
        "summary": row.summary,
        "by_account_id": row.by,
        "before": dict(row.before),
        "after": dict(row.after),
    }


def _from_row(row: RowMapping) -> AuditRow:
    return AuditRow(
        workspace_id=row["workspace_id"],
        service_id=row["service_id"],
        at=row["at"],
        action=row["action"],
        summary=row["summary"],
        by=row["by_account_id"],
        before=row["before"],
        after=row["after"],
    )
