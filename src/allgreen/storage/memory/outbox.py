"""Messages owed, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import final

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.incident import IncidentState
from allgreen.domain.mailing import PACE, Pace, compose, is_digest, letterbox_of, order_of, plan
from allgreen.domain.notice import RETRY_DELAYS, SAYS_HOW_IT_IS, Notice, NoticeKind, NoticeState
from allgreen.ports import OutboxRepository
from allgreen.storage.memory.letterboxes import look_back
from allgreen.storage.memory.tables import OPEN, Owed, Tables

_HELD = (NoticeState.LEASED,)


@final
class MemoryOutboxRepository(OutboxRepository):
    """Messages owed, in the order in which they were added."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, notices: Iterable[Notice]) -> None:
        keys = {owed.notice.key for owed in self._tables.owed.values()}
        for notice in notices:
            if notice.key not in keys:
                keys.add(notice.key)
                self._tables.owed[notice.id] = Owed(notice=notice)

    async def lease(
        self,
        *,
        now: datetime,
        limit: int,
        lease_for: timedelta,
        pace: Pace = PACE,
        avoid: Collection[str] = (),
    ) -> list[Notice]:
        due = self._due(now, avoid)
        lately = look_back(self._tables, {letterbox_of(row) for row in due}, now - pace.window)
        decided = plan(due, lately, now=now, pace=pace, limit=limit)
        for row in decided.bound:
            bound = replace(row, state=NoticeState.PENDING, fence=row.fence + 1)
            self._tables.owed[row.id] = replace(self._tables.owed[row.id], notice=bound)
        keys = [rows[0].message_key for rows in decided.go]
        return self._claim(keys, now, now + lease_for) if keys else []

    async def begin_attempt(self, notice: Notice, *, at: datetime) -> bool:
        held = self._held(notice)
        for owed in held:
            begun = replace(owed.notice, attempt=owed.notice.attempt + 1, is_unsure=True)
            self._tables.owed[begun.id] = replace(owed, notice=begun)
        return bool(held)

    async def mark_sent(self, notice: Notice, *, at: datetime, answer: str) -> bool:
        # What was accepted was sent, also when its recipient left meanwhile.
        among = (*_HELD, NoticeState.CANCELLED)
        return self._mark(notice, among, state=NoticeState.SENT, sent_at=at)

    async def mark_delayed(
        self, notice: Notice, *, until: datetime, error: str, is_unsure: bool = False
    ) -> bool:
        stays = is_unsure or notice.is_unsure
        held = self._held(notice)
        for owed in held:
            row = replace(
                owed.notice,
                state=NoticeState.PENDING,
                due_at=until,
                last_error=error,
                is_unsure=stays,
                failed_at=owed.notice.failed_at or owed.handed_at,
            )
            if not stays and not is_digest(row.batch):
                row = replace(row, batch=None)
            handed_at = owed.handed_at if stays else None
            self._tables.owed[row.id] = Owed(notice=row, handed_at=handed_at)
        return bool(held)

    async def mark_dead(self, notice: Notice, *, at: datetime, error: str) -> bool:
        if not self._mark(notice, state=NoticeState.DEAD, last_error=error):
            return False
        for row in notice.rows:
            if row.kind is NoticeKind.DOWN:
                self._cancel_end(row)
        return True

    async def cancel(self, service_id: ServiceId) -> int:
        pending = [
            owed
            for owed in self._tables.owed.values()
            if owed.notice.service_id == service_id and owed.notice.state is NoticeState.PENDING
        ]
        for owed in pending:
            cancel_owed(self._tables, owed)
        return len(pending)

    async def about(self, incident_id: IncidentId) -> list[Notice]:
        return [
            owed.notice
            for owed in self._tables.owed.values()
            if owed.notice.incident_id == incident_id
            and owed.notice.state is not NoticeState.CANCELLED
        ]

    async def withdraw(self, incident_id: IncidentId, kind: str) -> list[Notice]:
        untried = [
            owed
            for owed in self._tables.owed.values()
            if (owed.notice.incident_id, owed.notice.kind) == (incident_id, kind)
            and owed.notice.state is NoticeState.PENDING
            and owed.notice.attempt == 1
        ]
        for owed in untried:
            cancel_owed(self._tables, owed)
        return [replace(owed.notice, state=NoticeState.CANCELLED) for owed in untried]

    async def set_back(self, now: datetime, *, lease_for: timedelta) -> None:
        for owed in list(self._tables.owed.values()):
            if owed.notice.state in OPEN or owed.handed_at is not None:
                self._tables.owed[owed.notice.id] = _set_back(owed, now, now + lease_for)

    async def void_leases(self) -> int:
        leased = [
            owed.notice
            for owed in self._tables.owed.values()
            if owed.notice.state is NoticeState.LEASED
        ]
        for notice in leased:
            fence, due_at = notice.fence + 1, notice.created_at
            self._mark(notice, state=NoticeState.PENDING, fence=fence, due_at=due_at)
        return len(leased)

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        old = [
            owed.notice
            for owed in self._tables.owed.values()
            if owed.notice.created_at < instant
            and owed.notice.state not in OPEN
            and not self._says_how_it_is(owed.notice)
        ]
        oldest = sorted(old, key=lambda notice: notice.created_at)[:limit]
        for notice in oldest:
            del self._tables.owed[notice.id]
        return len(oldest)

    def _says_how_it_is(self, notice: Notice) -> bool:
        if notice.kind not in SAYS_HOW_IT_IS or notice.incident_id is None:
            return False
        incident = self._tables.incidents.get(notice.incident_id)
        return incident is not None and incident.state is not IncidentState.RESOLVED

    def _due(self, now: datetime, avoid: Collection[str]) -> list[Notice]:
        """Return what is due, and waits for nothing earlier that is not."""
        domains = tuple(place for place in avoid if place.startswith("@"))
        held: set[tuple[str, ...]] = set()
        due = []
        for owed in self._tables.owed.values():
            row = owed.notice
            if row.state not in OPEN:
                continue
            if row.due_at > now:
                held.add(order_of(row))
            elif order_of(row) not in held and row.address not in avoid:
                due += [] if row.address.endswith(domains) else [row]
        return due

    def _claim(self, keys: Sequence[str], now: datetime, until: datetime) -> list[Notice]:
        claimed: dict[str, list[Notice]] = {key: [] for key in keys}
        for owed in list(self._tables.owed.values()):
            row = owed.notice
            is_due = row.state in OPEN and row.due_at <= now
            if is_due and row.message_key in claimed:
                fence = row.fence + 1
                leased = replace(row, state=NoticeState.LEASED, due_at=until, fence=fence)
                self._tables.owed[row.id] = Owed(notice=leased, handed_at=now)
                claimed[row.message_key].append(leased)
        return [compose(rows) for rows in claimed.values() if rows]

    def _cancel_end(self, begin: Notice) -> None:
        about = (begin.incident_id, begin.recipient_id, begin.channel)
        for owed in list(self._tables.owed.values()):
            notice = owed.notice
            is_pending = notice.state is NoticeState.PENDING
            is_end = (notice.incident_id, notice.recipient_id, notice.channel) == about
            if is_pending and is_end and notice.kind is not NoticeKind.DOWN:
                cancel_owed(self._tables, owed)

    def _held(self, notice: Notice, among: Sequence[NoticeState] = _HELD) -> list[Owed]:
        """Return the rows that are still leased under the fences of a message."""
        found = [(row, self._tables.owed.get(row.id)) for row in notice.rows]
        return [
            owed
            for row, owed in found
            if owed is not None and owed.notice.fence == row.fence and owed.notice.state in among
        ]

    def _mark(
        self, notice: Notice, among: Sequence[NoticeState] = _HELD, /, **changes: object
    ) -> bool:
        held = self._held(notice, among)
        for owed in held:
            # mypy cannot know which fields the keywords of `replace` name.
            marked: Notice = replace(owed.notice, **changes)  # type: ignore[arg-type]
            self._tables.owed[marked.id] = replace(owed, notice=marked)
        return bool(held)


def cancel_owed(tables: Tables, owed: Owed) -> None:
    """Let a message that is owed never be sent."""
    cancelled = replace(owed.notice, state=NoticeState.CANCELLED)
    tables.owed[cancelled.id] = replace(owed, notice=cancelled)


def _set_back(owed: Owed, now: datetime, until: datetime) -> Owed:
    notice, handed_at = owed.notice, owed.handed_at
    is_ahead = notice.created_at > now or notice.due_at > now + RETRY_DELAYS[-1]
    is_leased = notice.state is NoticeState.LEASED
    due_at = min(notice.due_at, until) if is_leased else now if is_ahead else notice.due_at
    return replace(
        owed,
        notice=replace(notice, due_at=due_at, created_at=min(notice.created_at, now)),
        handed_at=None if handed_at is None else min(handed_at, now),
    )
