"""Workspaces summed up, several at once: over packed strips, never over raw results.

However many workspaces are asked for, and however many services are in them, the number of
statements is the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.status import DayGrade, Mode, Outcome, ServiceHealth, TimeKind
from allgreen.domain.uptime import RollUp, Tally
from allgreen.server.views.schemas import Strip
from allgreen.storage.sql.roll_ups import sums_from_row
from allgreen.storage.sql.tables import service_days, services, strips
from allgreen.storage.sql.workspaces import calendar_from_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many services are how."""

    up: int
    degraded: int
    down: int
    unknown: int
    paused: int
    maintenance: int

    def as_unknown(self) -> "Counts":
        """Say of no service how it is: nobody can know."""
        known = self.up + self.degraded + self.down
        return replace(self, up=0, degraded=0, down=0, unknown=self.unknown + known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """All services of one workspace together.

    Attributes:
        uptime_pct: Pooled over 90 days, floored; 100 only if exactly so.
        median_ms: Median latency over the services, of the latest 24 hours.
        as_of: When the newest of its figures was written; `None` where there is none.
    """

    counts: Counts
    uptime_pct: float | None
    strip: Strip
    median_ms: int | None
    as_of: datetime | None


async def load_sums(
    connection: AsyncConnection,
    rows: Sequence[RowMapping],
    covered: ColumnElement[bool],
    now: datetime,
) -> dict[WorkspaceId, Sums]:
    """Return the sums of some workspaces; the caller's memberships were looked up before.

    Args:
        connection: Of the transaction.
        rows: Of the table of workspaces.
        covered: Condition on a service for being in maintenance now.
        now: When.
    """
    calendars = {WorkspaceId(row["id"]): calendar_from_row(row) for row in rows}
    counts = await _count_services(connection, calendars, covered)
    stored = await _list_strips(connection, calendars)
    drawn = await _draw_strips(connection, calendars, stored, now)
    return {id_: _sum_up(counts[id_], drawn[id_], stored.get(id_, ())) for id_ in calendars}


def _sum_up(counts: Counter[str], strip: Strip, stored: Sequence[RowMapping]) -> Sums:
    known, good = sum(row["known_us"] for row in stored), sum(row["good_us"] for row in stored)
    medians = [row["median_ms"] for row in stored if row["median_ms"] is not None]
    pooled = Tally(up=timedelta(microseconds=good), down=timedelta(microseconds=known - good))
    return Sums(
        counts=Counts(
            up=counts["up"],
            degraded=counts["degraded"],
            down=counts["down"],
            unknown=counts["unknown"],
            paused=counts["paused"],
            maintenance=counts["maintenance"],
        ),
        uptime_pct=pooled.uptime_pct(),
        strip=strip,
        median_ms=round(median(medians)) if medians else None,
        as_of=max((row["as_of"] for row in stored), default=None),
    )


async def _count_services(
    connection: AsyncConnection, ids: Iterable[WorkspaceId], covered: ColumnElement[bool]
) -> dict[WorkspaceId, Counter[str]]:
    here = services.c.workspace_id
    in_window = case((covered, 1), else_=0).label("in_window")
    query = (
        select(here, services.c.mode, services.c.health, in_window, func.count())
        .where(here.in_(list(ids)), services.c.mode != Mode.DELETED)
        # By its name: PostgreSQL cannot see that two lists of parameters are the same.
        .group_by(here, services.c.mode, services.c.health, "in_window")
    )
    counts: dict[WorkspaceId, Counter[str]] = defaultdict(Counter)
    for workspace_id, mode, health, is_covered, count in await connection.execute(query):
        if mode is Mode.PAUSED:
            counts[workspace_id]["paused"] += count
        else:
            word = "maintenance" if is_covered else ServiceHealth(health).value
            counts[workspace_id][word] += count
    return counts


async def _list_strips(
    connection: AsyncConnection, ids: Iterable[WorkspaceId]
) -> dict[WorkspaceId, list[RowMapping]]:
    columns = (strips.c.first, strips.c.grades, strips.c.known_us, strips.c.good_us)
    query = (
        select(services.c.workspace_id, *columns, strips.c.median_ms, strips.c.as_of)
        .join(services, services.c.id == strips.c.service_id)
        .where(services.c.workspace_id.in_(list(ids)), services.c.mode != Mode.DELETED)
    )
    found: dict[WorkspaceId, list[RowMapping]] = defaultdict(list)
    for row in (await connection.execute(query)).mappings():
        found[row["workspace_id"]].append(row)
    return found


async def _draw_strips(
    connection: AsyncConnection,
    calendars: Mapping[WorkspaceId, Calendar],
    stored: Mapping[WorkspaceId, Sequence[RowMapping]],
    now: datetime,
) -> dict[WorkspaceId, Strip]:
    """Pool the strips of all services.

    Days on which nothing was down follow from the letters alone; only for the others are the days
    of services read, so that a healthy workspace costs one small row for each service.
    """
    letters = {id_: _letters_by_day(stored.get(id_, ())) for id_ in calendars}
    odd = {
        (id_, day)
        for id_, of_days in letters.items()
        for day, found in of_days.items()
        if found & _WITH_DOWNTIME
    }
    sums = await _load_days(connection, odd)
    return {
        id_: _draw_strip(id_, calendar, letters[id_], sums, now)
        for id_, calendar in calendars.items()
    }


def _draw_strip(
    workspace_id: WorkspaceId,
    calendar: Calendar,
    letters: Mapping[date, set[str]],
    sums: Mapping[tuple[WorkspaceId, date], RollUp],
    now: datetime,
) -> Strip:
    days = calendar.last_days(now)
    grades, details = [], []
    for index, day in enumerate(days):
        pooled = sums.get((workspace_id, day.date))
        if pooled is None:
            grades.append(_quiet_grade(letters.get(day.date, set())))
            continue
        grades.append(pooled.tally.grade)
        pct = pooled.tally.uptime_pct()
        if pct is not None and pooled.tally.down:
            down_s = int(pooled.tally.down.total_seconds())
            details.append((index, pct, down_s, pooled.ran, pooled.failed))
    return Strip(first=days[0].date, zone=calendar.zone, grades="".join(grades), details=details)


_WITH_DOWNTIME: Final = {DayGrade.MINOR.value, DayGrade.PARTIAL.value, DayGrade.MAJOR.value}
_QUIET: Final = (DayGrade.FULL, DayGrade.MAINTENANCE)


def _letters_by_day(stored: Iterable[RowMapping]) -> dict[date, set[str]]:
    letters: dict[date, set[str]] = defaultdict(set)
    for row in stored:
        for index, letter in enumerate(row["grades"]):
            letters[row["first"] + timedelta(days=index)].add(letter)
    return letters


def _quiet_grade(letters: set[str]) -> DayGrade:
    return next((grade for grade in _QUIET if grade.value in letters), DayGrade.NONE)


async def _load_days(
    connection: AsyncConnection, odd: Iterable[tuple[WorkspaceId, date]]
) -> dict[tuple[WorkspaceId, date], RollUp]:
    """Add up what the services of workspaces say of some days.

    A day that was odd in one workspace is read of the others too, and left out again: pairs of
    values are compared differently by each database.
    """
    asked = set(odd)
    if not asked:
        return {}
    times = [service_days.c[f"{kind.value}_us"] for kind in TimeKind]
    counts = [service_days.c[f"{outcome.value}_count"] for outcome in Outcome]
    sums: list[ColumnElement[Any]] = [func.sum(each).label(each.name) for each in (*times, *counts)]
    here = services.c.workspace_id
    query = (
        select(here, service_days.c.day, *sums)
        .join(services, services.c.id == service_days.c.service_id)
        .where(
            here.in_({workspace_id for workspace_id, _ in asked}),
            services.c.mode != Mode.DELETED,
            service_days.c.day.in_({day for _, day in asked}),
        )
        .group_by(here, service_days.c.day)
    )
    found = (await connection.execute(query)).mappings()
    by_day = ((row["workspace_id"], row["day"], row) for row in found)
    return {(id_, day): sums_from_row(row) for id_, day, row in by_day if (id_, day) in asked}
