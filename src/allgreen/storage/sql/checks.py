"""The schedule in SQL: which check runs when, and who runs it now."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.check import Check, LeasedCheck, Slot
from allgreen.domain.identity import CheckId
from allgreen.domain.schedule import Schedule
from allgreen.domain.status import ServiceHealth
from allgreen.errors import SecretUnreadableError, StorageError
from allgreen.ports import CheckRepository, Pick, Plan
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.rows import check_from_row
from allgreen.storage.sql.tables import IS_ACTIVE, checks, leases, workspaces

logger = logging.getLogger(__name__)

_FREE = {"owner": None, "leased_until": None}
_IS_WATCHED = (workspaces.c.is_held.is_(False), workspaces.c.deleted_at.is_(None))


@final
class SqlCheckRepository(CheckRepository):
    """The schedule in the table of leases."""

    def __init__(self, connection: AsyncConnection, cipher: Cipher) -> None:
        self._connection = connection
        self._cipher = cipher
        self._unreadable: list[CheckId] = []

    async def lease(
        self, *, now: datetime, limit: int, owner: str, lease_for: timedelta
    ) -> list[LeasedCheck]:
        until = now + lease_for
        due = (
            select(leases.c.check_id)
            .join(workspaces, workspaces.c.id == leases.c.workspace_id)
            .where(
                IS_ACTIVE,
                *_IS_WATCHED,
                leases.c.due_at <= now,
                _is_free(now),
            )
            .order_by(leases.c.due_at, leases.c.check_id)
            .limit(limit)
            # What somebody else is handing out at this moment is passed over.
            .with_for_update(of=leases, skip_locked=True)
            .cte("due")
        )
        claim = (
            update(leases)
            .where(leases.c.check_id.in_(select(due.c.check_id)))
            .values(owner=owner, leased_until=until, fence=leases.c.fence + 1)
            .returning(
                leases.c.check_id,
                leases.c.slot,
                leases.c.attempt,
                leases.c.due_at,
                leases.c.fence,
            )
        )
        claimed = [_Claim(*row) for row in (await self._connection.execute(claim)).all()]
        definitions = await self._definitions([claim.check_id for claim in claimed])
        self._unreadable += [
            claim.check_id for claim in claimed if claim.check_id not in definitions
        ]
        return [
            LeasedCheck(
                check=definitions[claim.check_id],
                slot=definitions[claim.check_id].run_of(claim.planned, now),
                fence=claim.fence,
                leased_until=until,
                planned_for=claim.due_at,
            )
            for claim in sorted(claimed, key=lambda claim: (claim.due_at, claim.check_id))
            if claim.check_id in definitions
        ]

    async def unreadable(self) -> list[CheckId]:
        return list(self._unreadable)

    async def next_due_at(self) -> datetime | None:
        return await next_due_at(self._connection)

    async def plan_many(self, slots: Mapping[CheckId, Slot]) -> None:
        rows = [
            {
                "the_id": check_id,
                "slot": slot.at,
                "attempt": slot.attempt,
                "due_at": slot.due_at,
                **_FREE,
            }
            for check_id, slot in sorted(slots.items())
        ]
        if rows:
            plan = update(leases).where(leases.c.check_id == bindparam("the_id"))
            await self._connection.execute(plan, rows)

    async def planned(self, check_id: CheckId) -> Slot | None:
        query = select(leases.c.slot, leases.c.attempt, leases.c.due_at).where(
            leases.c.check_id == check_id, leases.c.due_at.is_not(None)
        )
        row = (await self._connection.execute(query)).first()
        return None if row is None else Slot(at=row.slot, attempt=row.attempt, due_at=row.due_at)

    async def plans(self, check_ids: Iterable[CheckId]) -> dict[CheckId, Plan]:
        query = (
            select(
                leases.c.check_id,
                leases.c.slot,
                leases.c.attempt,
                leases.c.due_at,
                checks.c.every,
                checks.c.anchor,
            )
            .join(checks, checks.c.id == leases.c.check_id)
            .where(leases.c.check_id.in_(list(check_ids)), leases.c.due_at.is_not(None))
            .order_by(leases.c.check_id)
            .with_for_update(of=leases)
        )
        rows = (await self._connection.execute(query)).all()
        return {
            CheckId(row.check_id): Plan(
                slot=Slot(at=row.slot, attempt=row.attempt, due_at=row.due_at),
                schedule=Schedule(every=row.every, anchor=row.anchor),
            )
            for row in rows
        }

    async def pick(
        self, pick: Pick, *, now: datetime, after: CheckId | None, limit: int
    ) -> list[CheckId]:
        query = (
            select(leases.c.check_id)
            .join(checks, checks.c.id == leases.c.check_id)
            .where(IS_ACTIVE, leases.c.due_at.is_not(None), *_picked(pick, now))
            .order_by(leases.c.check_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(leases.c.check_id > after)
        return [CheckId(id_) for id_ in (await self._connection.execute(query)).scalars()]

    async def running(self, check_ids: Iterable[CheckId], *, now: datetime) -> set[CheckId]:
        query = (
            select(leases.c.check_id, leases.c.leased_until)
            .where(leases.c.check_id.in_(list(check_ids)))
            .order_by(leases.c.check_id)
            .with_for_update()
        )
        rows = (await self._connection.execute(query)).all()
        return {
            CheckId(row.check_id)
            for row in rows
            if row.leased_until is not None and row.leased_until > now
        }

    async def fences(self, check_ids: Iterable[CheckId]) -> dict[CheckId, int]:
        query = select(leases.c.check_id, leases.c.fence).where(
            leases.c.check_id.in_(list(check_ids))
        )
        rows = (await self._connection.execute(query)).all()
        return {CheckId(row.check_id): row.fence for row in rows}

    async def revoke_lease(self, check_ids: Iterable[CheckId]) -> None:
        await self._connection.execute(
            update(leases)
            .where(leases.c.check_id.in_(list(check_ids)))
            .values(fence=leases.c.fence + 1, **_FREE)
        )

    async def void_leases(self) -> int:
        void = (
            update(leases)
            .where(leases.c.leased_until.is_not(None))
            .values(fence=leases.c.fence + 1, **_FREE)
        )
        return (await self._connection.execute(void)).rowcount

    async def _definitions(self, ids: Sequence[CheckId]) -> dict[CheckId, Check]:
        """Read checks; one that cannot be read is left out."""
        try:
            return await self._read(ids)
        except Exception as error:  # one poisoned row must not keep the others from their runs
            if isinstance(error, StorageError) and not isinstance(error, SecretUnreadableError):
                raise
            if len(ids) == 1:
                logger.exception("Check %s cannot be read and is not run", ids[0])
                return {}
        found: dict[CheckId, Check] = {}
        for check_id in ids:
            found |= await self._definitions([check_id])
        return found

    async def _read(self, ids: Sequence[CheckId]) -> dict[CheckId, Check]:
        if not ids:
            return {}
        query = select(checks).where(checks.c.id.in_(ids))
        rows = (await self._connection.execute(query)).mappings()
        return {CheckId(row["id"]): check_from_row(row, self._cipher) for row in rows}


async def next_due_at(connection: AsyncConnection) -> datetime | None:
    """Return when the next check may be leased; any connection that reads will do."""
    # Two walks along an index instead of one over all checks.
    free = _first(leases.c.due_at, leases.c.leased_until.is_(None))
    leased = _first(leases.c.leased_until, leases.c.leased_until.is_not(None))
    query = select(free.scalar_subquery(), leased.scalar_subquery())
    instants = (await connection.execute(query)).one()
    return min((instant for instant in instants if instant is not None), default=None)


def _first(instant: Column[datetime], condition: ColumnElement[bool]) -> Select[datetime]:
    return (
        select(instant)
        .join(workspaces, workspaces.c.id == leases.c.workspace_id)
        .where(IS_ACTIVE, *_IS_WATCHED, instant.is_not(None), condition)
        .order_by(instant)
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class _Claim:
    check_id: CheckId
    slot: datetime
    attempt: int
    due_at: datetime
    fence: int

    @property
    def planned(self) -> Slot:
        return Slot(at=self.slot, attempt=self.attempt, due_at=self.due_at)


def _picked(pick: Pick, now: datetime) -> tuple[ColumnElement[bool], ...]:
    match pick:
        case Pick.ALL:
            return ()
        case Pick.OVERDUE:
            return leases.c.due_at <= now, leases.c.attempt == 1, _is_free(now)
        case Pick.UNSURE:
            is_suspect = and_(checks.c.bad > 0, checks.c.health != ServiceHealth.DOWN)
            return (or_(is_suspect, checks.c.blind > 0, checks.c.good > 0),)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(leases.c.leased_until.is_(None), leases.c.leased_until <= now)
