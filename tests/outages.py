"""Outages in tests: how a service comes to be down, and what is owed for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from allgreen.domain.commands import RecordResults
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import outbox
from allgreen.testing import FakeClock
from tests.databases import read_all

LEASE = timedelta(minutes=1)


async def report(
    platform: Platform, service: dict[str, Any], outcome: Outcome, *, fence: int = 99
) -> None:
    """Let a check of a service be found so, at this moment."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        stored = await uow.services.get(ServiceId(service["id"]))
        result = Result(
            check_id=CheckId(service["checks"][0]["id"]),
            service_id=stored.id,
            workspace_id=stored.workspace_id,
            slot=now,
            attempt=1,
            started_at=now,
            finished_at=now,
            outcome=outcome,
            version=1,
            fence=fence,
        )
        await platform.bus.handle(RecordResults(results=(result,), at=now), uow)
        await uow.commit()


async def fail(
    platform: Platform, clock: FakeClock, service: dict[str, Any], *, fence: int = 99
) -> None:
    """Let three runs fail, a second apart: that is an outage."""
    for _ in range(3):
        clock.advance(timedelta(seconds=1))
        await report(platform, service, Outcome.FAIL, fence=fence)


async def due(platform: Platform, kind: NoticeKind | None = None) -> list[str]:
    """Return the kinds of the messages that would go now; of one kind, where they go."""
    query = select(outbox.c.kind if kind is None else outbox.c.address).order_by(outbox.c.seq)
    query = query.where(
        outbox.c.state == NoticeState.PENDING, outbox.c.due_at <= platform.clock.now()
    )
    query = query.where(outbox.c.kind != NoticeKind.WORKSPACE_DELETED)
    query = query.where(outbox.c.kind == kind) if kind else query
    return [row[0] for row in await read_all(platform, query)]


async def leave_now(platform: Platform) -> list[list[NoticeKind]]:
    """Return of what each message is about that goes to the mail server now."""
    async with platform.database.unit_of_work() as uow:
        leased = await uow.outbox.lease(now=platform.clock.now(), limit=50, lease_for=LEASE)
    return [[row.kind for row in notice.rows] for notice in leased]


async def send_all(platform: Platform) -> None:
    """Let the mail server take all that is owed."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        for notice in await uow.outbox.lease(now=now, limit=50, lease_for=LEASE):
            assert await uow.outbox.begin_attempt(notice, at=now)
            assert await uow.outbox.mark_sent(notice, at=now, answer="250 ok")
        await uow.commit()
