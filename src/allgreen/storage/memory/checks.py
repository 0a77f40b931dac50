"""The schedule in memory: which check runs when, and who runs it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import final

from allgreen.domain.check import Check, LeasedCheck, Slot
from allgreen.domain.identity import CheckId
from allgreen.domain.status import Mode
from allgreen.ports import CheckRepository, Pick, Plan
from allgreen.storage.memory.tables import Run, Tables


@final
class MemoryCheckRepository(CheckRepository):
    """The schedule."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def lease(
        self, *, now: datetime, limit: int, owner: str, lease_for: timedelta
    ) -> list[LeasedCheck]:
        due = [
            (slot.due_at, check.id, check, slot, run)
            for check, slot, run in self._handed_out()
            if slot.due_at <= now and (run.leased_until is None or run.leased_until <= now)
        ]
        return [
            self._leased(check, slot, run, now, now + lease_for)
            for _, _, check, slot, run in sorted(due, key=lambda one: one[:2])[:limit]
        ]

    async def unreadable(self) -> list[CheckId]:
        return []

    async def next_due_at(self) -> datetime | None:
        waits = [
            slot.due_at if run.leased_until is None else max(run.leased_until, slot.due_at)
            for _, slot, run in self._handed_out()
        ]
        return min(waits, default=None)

    async def plan_many(self, slots: Mapping[CheckId, Slot]) -> None:
        for check_id in slots.keys() & self._tables.runs.keys():
            run = self._tables.runs[check_id]
            self._change(check_id, replace(run, slot=slots[check_id]))

    async def planned(self, check_id: CheckId) -> Slot | None:
        run = self._tables.runs.get(check_id)
        return None if run is None else run.slot

    async def plans(self, check_ids: Iterable[CheckId]) -> dict[CheckId, Plan]:
        asked, found = set(check_ids), dict[CheckId, Plan]()
        for service in self._tables.services.values():
            for check in service.checks:
                run = self._tables.runs[check.id]
                if check.id in asked and run.slot is not None:
                    found[check.id] = Plan(slot=run.slot, schedule=check.schedule)
        return found

    async def pick(
        self, pick: Pick, *, now: datetime, after: CheckId | None, limit: int
    ) -> list[CheckId]:
        found = [
            check.id
            for check, slot, run in self._handed_out()
            if (after is None or check.id > after) and _is_picked(pick, check, slot, run, now)
        ]
        return sorted(found)[:limit]

    async def running(self, check_ids: Iterable[CheckId], *, now: datetime) -> set[CheckId]:
        ends = {
            check_id: self._tables.runs[check_id].leased_until
            for check_id in check_ids
            if check_id in self._tables.runs
        }
        return {check_id for check_id, end in ends.items() if end is not None and end > now}

    async def fences(self, check_ids: Iterable[CheckId]) -> dict[CheckId, int]:
        runs = self._tables.runs
        return {check_id: runs[check_id].fence for check_id in check_ids if check_id in runs}

    async def revoke_lease(self, check_ids: Iterable[CheckId]) -> None:
        for check_id in set(check_ids) & self._tables.runs.keys():
            run = self._tables.runs[check_id]
            self._change(check_id, replace(run, fence=run.fence + 1))

    async def void_leases(self) -> int:
        leased = [check_id for check_id, run in self._tables.runs.items() if run.leased_until]
        await self.revoke_lease(leased)
        return len(leased)

    def _change(self, check_id: CheckId, run: Run) -> None:
        self._tables.runs[check_id] = replace(run, leased_until=None)

    def _handed_out(self) -> list[tuple[Check, Slot, Run]]:
        return [
            (check, run.slot, run)
            for service in self._tables.services.values()
            if service.mode is Mode.ACTIVE
            for check in service.checks
            if (run := self._tables.runs[check.id]).slot is not None
        ]

    def _leased(
        self, check: Check, slot: Slot, run: Run, now: datetime, until: datetime
    ) -> LeasedCheck:
        leased = replace(run, fence=run.fence + 1, leased_until=until)
        self._tables.runs[check.id] = leased
        return LeasedCheck(
            check=check,
            slot=check.run_of(slot, now),
            fence=leased.fence,
            leased_until=until,
            planned_for=slot.due_at,
        )


def _is_picked(pick: Pick, check: Check, slot: Slot, run: Run, now: datetime) -> bool:
    match pick:
        case Pick.ALL:
            return True
        case Pick.OVERDUE:
            is_free = run.leased_until is None or run.leased_until <= now
            return slot.due_at <= now and slot.attempt == 1 and is_free
        case Pick.UNSURE:
            return check.state.is_suspect or check.state.blind > 0 or check.state.good > 0
