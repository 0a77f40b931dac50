"""Messages owed, in SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, final

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.incident import IncidentState
from allgreen.domain.mailing import (
    DIGEST,
    PACE,
    Lately,
    Letterbox,
    Pace,
    Plan,
    Waiting,
    compose,
    is_digest,
    letterbox_of,
    plan,
)
from allgreen.domain.notice import (
    RETRY_DELAYS,
    SAYS_HOW_IT_IS,
    UNPACED,
    Notice,
    NoticeKind,
    NoticeState,
)
from allgreen.ports import OutboxRepository
from allgreen.storage.sql.dialect import insert_new
from allgreen.storage.sql.rows import notice_from_row, notice_to_row
from allgreen.storage.sql.tables import IS_OPEN, deliveries, incidents, outbox

_HELD = (NoticeState.LEASED,)
_MOST_DUE = 500
"""How many rows a lease looks at: in a storm, most of them are bound to digests by that."""
_MOST_LOOKS = 3
"""How often it looks again when all of those have to wait."""
_LEASING = 4_711_003
"""Advisory lock: what one sender decides must be seen by the next."""
_ENDED = (NoticeState.SENT, NoticeState.DEAD, NoticeState.CANCELLED)
_IS_IN_DIGEST = outbox.c.batch.startswith(DIGEST)
_WITHOUT_FACTS = [column for column in outbox.c if column is not outbox.c.facts]
_earlier = outbox.alias("earlier")
_IS_EARLIER = (
    _earlier.c.service_id == outbox.c.service_id,
    _earlier.c.recipient_id == outbox.c.recipient_id,
    _earlier.c.channel == outbox.c.channel,
    _earlier.c.seq < outbox.c.seq,
    text("earlier.state IN ('pending', 'leased')"),
)
"""The condition of being owed before another row to the same recipient of the same service."""


@final
class SqlOutboxRepository(OutboxRepository):
    """The outbox. What happens to a row is decided by its state, never by its place."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, notices: Iterable[Notice]) -> None:
        await insert_new(self._connection, outbox, map(notice_to_row, notices))

    async def lease(
        self,
        *,
        now: datetime,
        limit: int,
        lease_for: timedelta,
        pace: Pace = PACE,
        avoid: Collection[str] = (),
    ) -> list[Notice]:
        await self._take_turn()
        for _ in range(_MOST_LOOKS):
            due = await self._list_due(now, avoid)
            lately = await self._look_back(due, now, pace)
            decided = plan(due, lately, now=now, pace=pace, limit=limit)
            await self._bind(decided)
            if decided.go:
                return await self._claim(decided, now, now + lease_for)
            if len(due) < _MOST_DUE:
                break
        return []

    async def begin_attempt(self, notice: Notice, *, at: datetime) -> bool:
        begun = {"attempt": outbox.c.attempt + 1, "is_unsure": True}
        if not await self._mark(notice, _HELD, begun):
            return False
        await insert_new(
            self._connection,
            deliveries,
            ({"outbox_id": row.id, "attempt": row.attempt, "begun_at": at} for row in notice.rows),
        )
        return True

    async def mark_sent(self, notice: Notice, *, at: datetime, answer: str) -> bool:
        # What was accepted was sent, also when its recipient left meanwhile.
        among = (*_HELD, NoticeState.CANCELLED)
        if not await self._mark(notice, among, {"state": NoticeState.SENT, "sent_at": at}):
            return False
        await self._end_attempt(notice, ended_at=at, answer=answer)
        return True

    async def mark_delayed(
        self, notice: Notice, *, until: datetime, error: str, is_unsure: bool = False
    ) -> bool:
        stays = is_unsure or notice.is_unsure
        pending = {
            "state": NoticeState.PENDING,
            "due_at": until,
            "last_error": error,
            "is_unsure": stays,
            "failed_at": func.coalesce(outbox.c.failed_at, outbox.c.handed_at),
        }
        if not stays:
            # Nobody has seen it, so it does not count, and what it goes with is decided anew.
            pending["handed_at"] = None
            pending["batch"] = case((_IS_IN_DIGEST, outbox.c.batch), else_=None)
        if not await self._mark(notice, _HELD, pending):
            return False
        await self._end_attempt(notice, error=error)
        return True

    async def mark_dead(self, notice: Notice, *, at: datetime, error: str) -> bool:
        dead = {"state": NoticeState.DEAD, "last_error": error}
        if not await self._mark(notice, _HELD, dead):
            return False
        await self._end_attempt(notice, ended_at=at, error=error)
        await self._cancel_ends([row for row in notice.rows if row.kind is NoticeKind.DOWN])
        return True

    async def cancel(self, service_id: ServiceId) -> int:
        cancel = update(outbox).where(
            IS_OPEN, outbox.c.service_id == service_id, outbox.c.state == NoticeState.PENDING
        )
        cancelled = await self._connection.execute(cancel.values(state=NoticeState.CANCELLED))
        return cancelled.rowcount

    async def withdraw(self, incident_id: IncidentId, kind: str) -> list[Notice]:
        withdraw = (
            update(outbox)
            .where(
                outbox.c.incident_id == incident_id,
                outbox.c.kind == kind,
                outbox.c.state == NoticeState.PENDING,
                outbox.c.attempt == 1,
            )
            .values(state=NoticeState.CANCELLED)
            .returning(outbox)
        )
        rows = (await self._connection.execute(withdraw)).mappings().all()
        return [notice_from_row(row) for row in sorted(rows, key=lambda row: int(row["seq"]))]

    async def about(self, incident_id: IncidentId) -> list[Notice]:
        query = (
            select(outbox)
            .where(outbox.c.incident_id == incident_id)
            .where(outbox.c.state != NoticeState.CANCELLED)
            .order_by(outbox.c.seq)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [notice_from_row(row) for row in rows]

    async def set_back(self, now: datetime, *, lease_for: timedelta) -> None:
        is_ahead = or_(outbox.c.created_at > now, outbox.c.due_at > now + RETRY_DELAYS[-1])
        waits = update(outbox).where(IS_OPEN, outbox.c.state == NoticeState.PENDING, is_ahead)
        await self._connection.execute(waits.values(due_at=now))
        owed = update(outbox).where(IS_OPEN, outbox.c.created_at > now)
        await self._connection.execute(owed.values(created_at=now))
        until = now + lease_for
        leased = update(outbox).where(IS_OPEN, outbox.c.due_at > until)
        leased = leased.where(outbox.c.state == NoticeState.LEASED)
        await self._connection.execute(leased.values(due_at=until))
        # Else the pace of an address would count from an hour that has not come.
        handed = update(outbox).where(outbox.c.handed_at > now)
        await self._connection.execute(handed.values(handed_at=now))

    async def void_leases(self) -> int:
        void = (
            update(outbox)
            .where(IS_OPEN, outbox.c.state == NoticeState.LEASED)
            .values(state=NoticeState.PENDING, due_at=outbox.c.created_at, fence=outbox.c.fence + 1)
        )
        return (await self._connection.execute(void)).rowcount

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        says_how_it_is = and_(
            outbox.c.kind.in_(SAYS_HOW_IT_IS),
            exists().where(
                incidents.c.id == outbox.c.incident_id,
                incidents.c.state != IncidentState.RESOLVED,
            ),
        )
        old = (
            select(outbox.c.seq)
            .where(outbox.c.created_at < instant, outbox.c.state.in_(_ENDED))
            .where(~says_how_it_is)
            .order_by(outbox.c.created_at)
            .limit(limit)
        )
        deleted = await self._connection.execute(delete(outbox).where(outbox.c.seq.in_(old)))
        return deleted.rowcount

    async def _take_turn(self) -> None:
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(select(func.pg_advisory_xact_lock(_LEASING)))

    async def _list_due(self, now: datetime, avoid: Collection[str]) -> list[Notice]:
        """Return rows that are due, without their facts, unless an earlier one is not due."""
        # Two rows without a service or a recipient never wait for each other: NULL equals nothing.
        waits = exists().where(*_IS_EARLIER, _earlier.c.due_at > now)
        query = (
            select(*_WITHOUT_FACTS)
            .where(IS_OPEN, outbox.c.due_at <= now, ~waits, *_elsewhere(avoid, outbox))
            # By what is due, not by place: else all that ever ended is walked past, each time.
            .order_by(outbox.c.seq + 0)
            .limit(_MOST_DUE)
            .with_for_update(of=outbox, skip_locked=True)
        )
        rows = (await self._connection.execute(query)).mappings()
        due = [notice_from_row(row) for row in rows]
        overtaking = await self._list_overtaking(due, now, avoid)
        return [row for row in due if row.id not in overtaking]

    async def _list_overtaking(
        self, due: Sequence[Notice], now: datetime, avoid: Collection[str]
    ) -> Collection[str]:
        """Return which rows come after one that was passed over, because a late mark holds it."""
        if not due or self._connection.dialect.name == "sqlite":  # where nobody else writes
            return ()
        ids = [row.id for row in due]
        # Asked anew: by now it may be marked, and wait.
        holds_back = or_(_earlier.c.due_at > now, and_(true(), *_elsewhere(avoid, _earlier)))
        query = select(outbox.c.id).where(
            outbox.c.id.in_(ids),
            exists().where(*_IS_EARLIER, _earlier.c.id.not_in(ids), holds_back),
        )
        return set((await self._connection.execute(query)).scalars())

    async def _look_back(
        self, due: Sequence[Notice], now: datetime, pace: Pace
    ) -> dict[Letterbox, Lately]:
        """Return what the letterboxes of rows were sent lately, and the digests that wait."""
        coming = Counter(letterbox_of(row) for row in due if row.kind not in UNPACED)
        if not coming:
            return {}
        addresses = {address for address, _ in coming}
        letterbox = (outbox.c.address, outbox.c.workspace_id)
        since = now - pace.window
        is_single = or_(outbox.c.batch.is_(None), outbox.c.batch == outbox.c.key)
        sent = (
            select(*letterbox, is_single, func.count(), func.max(outbox.c.handed_at))
            .where(outbox.c.address.in_(addresses), outbox.c.handed_at > since)
            .where(outbox.c.kind.not_in(UNPACED), or_(is_single, _IS_IN_DIGEST))
            .group_by(*letterbox, is_single)
        )
        singles: dict[Letterbox, int] = defaultdict(int)
        digests: dict[Letterbox, datetime] = {}
        for address, workspace_id, was_single, count, at in await self._connection.execute(sent):
            if was_single:
                singles[address, workspace_id] = count
            else:
                digests[address, workspace_id] = at
        # Only who gets too much is asked about digests: those have many rows.
        crowded = {letterbox_of(row) for row in due if is_digest(row.batch)} | digests.keys()
        crowded |= {one for one in coming if singles[one] + coming[one] > pace.singles}
        waiting = await self._list_digests({address for address, _ in crowded}) if crowded else {}
        return {
            one: Lately(singles=singles[one], digest_at=digests.get(one), waiting=waiting.get(one))
            for one in coming
        }

    async def _list_digests(self, addresses: Collection[str]) -> dict[Letterbox, Waiting]:
        """Return the latest digest to each letterbox that can take more."""
        last = func.max(outbox.c.due_at)
        letterbox = (outbox.c.address, outbox.c.workspace_id)
        query = (
            select(*letterbox, outbox.c.batch, last, func.count())
            .where(IS_OPEN, outbox.c.state == NoticeState.PENDING, _IS_IN_DIGEST)
            .where(outbox.c.address.in_(addresses), ~outbox.c.is_unsure)
            .group_by(*letterbox, outbox.c.batch)
            .order_by(last)
        )
        return {
            (address, workspace_id): Waiting(key=str(key), due_at=due_at, size=size)
            for address, workspace_id, key, due_at, size in await self._connection.execute(query)
        }

    async def _bind(self, decided: Plan) -> None:
        """Write down what goes with what, before it is claimed together."""
        if not (bound := decided.bound):
            return
        bind = (
            update(outbox)
            .where(outbox.c.id == bindparam("row_id"), IS_OPEN)
            .values(
                state=NoticeState.PENDING,
                batch=bindparam("new_batch"),
                due_at=bindparam("new_due_at"),
                fence=outbox.c.fence + 1,
            )
        )
        await self._connection.execute(
            bind,
            [{"row_id": row.id, "new_batch": row.batch, "new_due_at": row.due_at} for row in bound],
        )

    async def _claim(self, decided: Plan, now: datetime, until: datetime) -> list[Notice]:
        keys = [rows[0].message_key for rows in decided.go]
        alone = [row.id for rows in decided.go for row in rows if not is_digest(row.batch)]
        asked: list[ColumnElement[bool]] = [outbox.c.id.in_(alone)] if alone else []
        if digests := [key for key in keys if is_digest(key)]:
            addresses = {rows[0].address for rows in decided.go}
            asked.append(and_(outbox.c.address.in_(addresses), outbox.c.batch.in_(digests)))
        due = (
            select(outbox.c.seq)
            .where(IS_OPEN, outbox.c.due_at <= now, or_(*asked))
            .with_for_update(of=outbox, skip_locked=True)
            .cte("due")
        )
        claim = (
            update(outbox)
            .where(outbox.c.seq.in_(select(due.c.seq)))
            .values(state=NoticeState.LEASED, due_at=until, handed_at=now, fence=outbox.c.fence + 1)
            .returning(outbox)
        )
        claimed: dict[str, list[Notice]] = defaultdict(list)
        rows = (await self._connection.execute(claim)).mappings().all()
        for row in sorted(rows, key=lambda row: int(row["seq"])):
            notice = notice_from_row(row)
            claimed[notice.message_key].append(notice)
        return [compose(claimed[key]) for key in keys if key in claimed]

    async def _mark(
        self, notice: Notice, among: Sequence[NoticeState], values: Mapping[str, object]
    ) -> bool:
        """Change rows that are still leased under the fences of `notice`."""
        fences = [(row.id, row.fence) for row in notice.rows]
        mark = update(outbox).where(
            *_are_among((outbox.c.id, outbox.c.fence), fences), outbox.c.state.in_(among)
        )
        return (await self._connection.execute(mark.values(**values))).rowcount > 0

    async def _cancel_ends(self, begins: Sequence[Notice]) -> None:
        if not begins:
            return
        about = (outbox.c.service_id, outbox.c.recipient_id, outbox.c.channel, outbox.c.incident_id)
        told = [(one.service_id, one.recipient_id, one.channel, one.incident_id) for one in begins]
        ends = update(outbox).where(
            IS_OPEN,
            outbox.c.state == NoticeState.PENDING,
            outbox.c.incident_id.in_({one.incident_id for one in begins}),
            tuple_(*about).in_(told),
            outbox.c.kind != NoticeKind.DOWN,
        )
        await self._connection.execute(ends.values(state=NoticeState.CANCELLED))

    async def _end_attempt(self, notice: Notice, **values: object) -> None:
        attempts = [(row.id, row.attempt) for row in notice.rows]
        attempt = update(deliveries).where(
            *_are_among((deliveries.c.outbox_id, deliveries.c.attempt), attempts)
        )
        await self._connection.execute(attempt.values(**values))


def _are_among(
    columns: tuple[Column[Any], Column[Any]], pairs: Sequence[tuple[str, int]]
) -> list[ColumnElement[bool]]:
    """Return the condition of being one of some pairs, of an id and a number."""
    of_id, of_number = columns
    if len(pairs) == 1:  # nearly always, and several times as quick
        [(row_id, number)] = pairs
        return [of_id == row_id, of_number == number]
    return [of_id.in_([row_id for row_id, _ in pairs]), tuple_(*columns).in_(pairs)]


def _elsewhere(avoid: Collection[str], rows: FromClause) -> list[ColumnElement[bool]]:
    """Return the condition of going neither to some addresses nor to some ``@domains``."""
    addresses = [place for place in avoid if not place.startswith("@")]
    domains = [place for place in avoid if place.startswith("@")]
    conditions = [~rows.c.address.endswith(domain, autoescape=True) for domain in domains]
    return [*conditions, rows.c.address.not_in(addresses)] if addresses else conditions
