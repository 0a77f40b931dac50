"""A lease asks few statements, and none of them walks the whole outbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import event

from allgreen.domain.identity import RecipientId
from allgreen.domain.notice import Notice
from allgreen.storage.sql.database import Database
from tests.contract.build import HOUR, MINUTE, NOON, a_notice, an_incident
from tests.integration.storage.test_sqlite import WHOLE_TABLES


def _storm() -> list[Notice]:
    return [
        replace(a_notice(f"n-{n}", service_id=f"service-{n}"), recipient_id=RecipientId(f"r-{n}"))
        for n in range(20)
    ]


async def test_no_statement_about_messages_walks_all_of_them(database: Database) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    async with database.unit_of_work() as unit:
        await unit.outbox.add(_storm())
        event.listen(unit.connection.sync_connection, "before_cursor_execute", note)
        [single, *_] = await unit.outbox.lease(now=NOON, limit=9, lease_for=HOUR)
        asked_by_lease = len(asked)
        [digest] = await unit.outbox.lease(
            now=NOON + MINUTE, limit=9, lease_for=HOUR, avoid=["@b.example"]
        )
        for message in (single, digest):
            await unit.outbox.begin_attempt(message, at=NOON)
            await unit.outbox.mark_dead(message, at=NOON, error="550")
        await unit.outbox.about(an_incident().id)
        await unit.outbox.void_leases()
        await unit.outbox.delete_before(NOON, limit=9)
        plans = [
            (statement, row.detail)
            for statement, parameters in list(asked)
            for row in await unit.connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
        ]

    assert asked_by_lease <= 5
    assert len(plans) > 20
    assert not [(statement, plan) for statement, plan in plans if plan in WHOLE_TABLES]
