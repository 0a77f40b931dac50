"""Reads of workspaces: sums over packed strips, never over raw results."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.incident import IncidentState
from allgreen.domain.policy import Role, permissions_of
from allgreen.domain.status import DayGrade, Mode, Outcome, ServiceHealth, TimeKind
from allgreen.domain.uptime import RollUp, Tally
from allgreen.domain.watcher import WatcherState
from allgreen.monitoring.keeper import Retention
from allgreen.server.auth.access import Member
from allgreen.server.auth.queries import is_id, within_memberships
from allgreen.server.views.schemas import Strip
from allgreen.server.views.watchers import load_prober
from allgreen.server.workspaces.schemas import Counts, Offer, Workspace
from allgreen.storage.sql.roll_ups import sums_from_row
from allgreen.storage.sql.tables import (
    accounts,
    checks,
    incidents,
    memberships,
    service_days,
    services,
    strips,
    workspaces,
)
from allgreen.storage.sql.windows import SqlWindowRepository
from allgreen.storage.sql.workspaces import calendar_from_row

OFFER_LASTS: Final = timedelta(days=7)
KEPT_FOR: Final = Retention().workspaces
"""For so long a deleted workspace can be had back; then the keeper removes it."""


async def load_workspace(connection: AsyncConnection, member: Member, now: datetime) -> Workspace:
    """Return the head of the workspace page."""
    workspace_id = member.workspace_id
    row = (
        (await connection.execute(select(workspaces).where(workspaces.c.id == workspace_id)))
        .mappings()
        .one()
    )
    sums = await _list_strip_sums(connection, workspace_id)
    known, good = sum(row["known_us"] for row in sums), sum(row["good_us"] for row in sums)
    medians = [row["median_ms"] for row in sums if row["median_ms"] is not None]
    covered = await SqlWindowRepository(connection).covered_at(now, [workspace_id])
    prober = await load_prober(connection, now)
    counts = await _count_services(connection, workspace_id, covered)
    pooled = Tally(up=timedelta(microseconds=good), down=timedelta(microseconds=known - good))
    return Workspace(
        id=workspace_id,
        name=row["name"],
        time_zone=row["zone"],
        role=member.role,
        may=_may(member, admins_may_invite=row["admins_may_invite"]),
        slug=row["slug"],
        admins_may_invite=row["admins_may_invite"],
        offer=await _find_offer(connection, member, now) if row["offered_to"] else None,
        uptime_pct=pooled.uptime_pct(),
        strip=await _load_strip(connection, workspace_id, calendar_from_row(row), now),
        counts=_all_unknown(counts) if prober.state is WatcherState.OFFLINE else counts,
        down_since=await _find_down_since(connection, workspace_id, covered),
        median_ms=round(median(medians)) if medians else None,
        checks_total=await _count_checks(connection, workspace_id),
        prober=prober,
        as_of=max((row["as_of"] for row in sums), default=now),
    )


def _may(member: Member, *, admins_may_invite: bool) -> list[str]:
    if member.scope is not None:
        return member.may
    return sorted(permissions_of(member.role, admins_may_invite=admins_may_invite))


async def _find_offer(connection: AsyncConnection, member: Member, now: datetime) -> Offer | None:
    offer = await find_offer(connection, member.workspace_id, now)
    is_to = offer is not None and offer["offered_to"] == member.account_id
    if offer is None or not (is_to or member.role is Role.OWNER):
        return None
    return Offer(
        by=offer["by_name"],
        to=offer["to_name"],
        until=offer["offered_at"] + OFFER_LASTS,
        you=is_to,
    )


async def find_offer(
    connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime
) -> RowMapping | None:
    """Return the offer to own a workspace, if it holds: both sides may still do their part."""
    giver, taker = memberships.alias("giver"), memberships.alias("taker")
    by, to = accounts.alias("by"), accounts.alias("to")
    here = workspaces.c.id
    query = (
        select(
            workspaces.c.offered_to,
            workspaces.c.offered_by,
            workspaces.c.offered_at,
            by.c.name.label("by_name"),
            by.c.email.label("by_email"),
            to.c.name.label("to_name"),
        )
        .join(giver, and_(giver.c.workspace_id == here, giver.c.role == Role.OWNER))
        .join(taker, taker.c.workspace_id == here)
        .join(by, and_(by.c.id == giver.c.account_id, by.c.disabled_at.is_(None)))
        .join(to, and_(to.c.id == taker.c.account_id, to.c.disabled_at.is_(None)))
        .where(here == workspace_id, workspaces.c.offered_at > now - OFFER_LASTS)
        .where(by.c.id == workspaces.c.offered_by, to.c.id == workspaces.c.offered_to)
    )
    return (await connection.execute(query)).mappings().one_or_none()


async def count_owned(connection: AsyncConnection, account_id: AccountId) -> int:
    """Return how many workspaces an account owns, without those that are deleted."""
    owned = within_memberships(account_id).where(memberships.c.role == Role.OWNER).subquery()
    return int(await connection.scalar(select(func.count()).select_from(owned)) or 0)


async def list_deleted(
    connection: AsyncConnection, account_id: AccountId, now: datetime
) -> list[RowMapping]:
    """Return the deleted workspaces that an account owns and can have back, the latest first."""
    query = (
        select(workspaces.c.id, workspaces.c.name, workspaces.c.deleted_at)
        .join(memberships, memberships.c.workspace_id == workspaces.c.id)
        .where(memberships.c.account_id == account_id, memberships.c.role == Role.OWNER)
        .where(workspaces.c.deleted_at > now - KEPT_FOR)
        .order_by(workspaces.c.deleted_at.desc(), workspaces.c.id)
    )
    return list((await connection.execute(query)).mappings())


async def find_member(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: str
) -> RowMapping | None:
    """Return id, name, address and role of a member who can sign in."""
    if not is_id(account_id):
        return None
    query = (
        select(accounts.c.id, accounts.c.name, accounts.c.email, memberships.c.role)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id, accounts.c.id == account_id)
        .where(accounts.c.disabled_at.is_(None))
    )
    return (await connection.execute(query)).mappings().one_or_none()


async def list_members(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> list[dict[str, Any]]:
    """Return id, name and address of the members who can be told, in the order they joined."""
    query = (
        select(accounts.c.id, accounts.c.name, accounts.c.email)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id, accounts.c.disabled_at.is_(None))
        .order_by(memberships.c.created_at, accounts.c.id)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def _list_strip_sums(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> list[dict[str, Any]]:
    query = (
        select(strips.c.known_us, strips.c.good_us, strips.c.median_ms, strips.c.as_of)
        .join(services, services.c.id == strips.c.service_id)
        .where(services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def _load_strip(
    connection: AsyncConnection, workspace_id: WorkspaceId, calendar: Calendar, now: datetime
) -> Strip:
    """Pool the strips of all services.

    Days on which nothing was down follow from the letters alone; only for the others are the days
    of services read, so that the page of a healthy workspace costs one small row for each service.
    """
    query = (
        select(strips.c.first, strips.c.grades)
        .join(services, services.c.id == strips.c.service_id)
        .where(services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED)
    )
    stored = [(row[0], row[1]) for row in await connection.execute(query)]
    days = calendar.last_days(now)
    letters = _letters_by_day(stored)
    odd = [day for day in days if letters.get(day.date, set()) & _WITH_DOWNTIME]
    sums = await _load_days(connection, workspace_id, [day.date for day in odd])
    grades, details = [], []
    for index, day in enumerate(days):
        pooled = sums.get(day.date)
        if pooled is None:
            grades.append(_quiet_grade(letters.get(day.date, set())))
            continue
        grades.append(pooled.tally.grade)
        pct = pooled.tally.uptime_pct()
        if pct is not None and pooled.tally.down:
            down_s = int(pooled.tally.down.total_seconds())
            details.append((index, pct, down_s, pooled.ran, pooled.failed))
    return Strip(first=days[0].date, zone=calendar.zone, grades="".join(grades), details=details)


_WITH_DOWNTIME = {DayGrade.MINOR.value, DayGrade.PARTIAL.value, DayGrade.MAJOR.value}
_QUIET = (DayGrade.FULL, DayGrade.MAINTENANCE)


def _letters_by_day(stored: Iterable[tuple[date, str]]) -> dict[date, set[str]]:
    letters: dict[date, set[str]] = defaultdict(set)
    for first, grades in stored:
        for index, letter in enumerate(grades):
            letters[first + timedelta(days=index)].add(letter)
    return letters


def _quiet_grade(letters: set[str]) -> DayGrade:
    return next((grade for grade in _QUIET if grade.value in letters), DayGrade.NONE)


async def _load_days(
    connection: AsyncConnection, workspace_id: WorkspaceId, days: Sequence[date]
) -> dict[date, RollUp]:
    """Add up what the strips of the services say of some days."""
    if not days:
        return {}
    times = [service_days.c[f"{kind.value}_us"] for kind in TimeKind]
    counts = [service_days.c[f"{outcome.value}_count"] for outcome in Outcome]
    sums = [func.sum(column).label(column.name) for column in (*times, *counts)]
    query = (
        select(service_days.c.day, *sums)
        .join(services, services.c.id == service_days.c.service_id)
        .where(
            services.c.workspace_id == workspace_id,
            services.c.mode != Mode.DELETED,
            service_days.c.day.in_(days),
        )
        .group_by(service_days.c.day)
    )
    return {row["day"]: sums_from_row(row) for row in (await connection.execute(query)).mappings()}


async def _count_services(
    connection: AsyncConnection, workspace_id: WorkspaceId, covered: ColumnElement[bool]
) -> Counts:
    in_window = case((covered, 1), else_=0).label("in_window")
    query = (
        select(services.c.mode, services.c.health, in_window, func.count())
        .where(services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED)
        # By its name: PostgreSQL cannot see that two lists of parameters are the same.
        .group_by(services.c.mode, services.c.health, "in_window")
    )
    counts: Counter[str] = Counter()
    for mode, health, is_covered, count in await connection.execute(query):
        if mode is Mode.PAUSED:
            counts["paused"] += count
        else:
            counts["maintenance" if is_covered else ServiceHealth(health).value] += count
    return Counts(
        up=counts["up"],
        degraded=counts["degraded"],
        down=counts["down"],
        unknown=counts["unknown"],
        paused=counts["paused"],
        maintenance=counts["maintenance"],
    )


def _all_unknown(counts: Counts) -> Counts:
    """Say of no service how it is: nobody can know."""
    known = counts.up + counts.degraded + counts.down
    return replace(counts, up=0, degraded=0, down=0, unknown=counts.unknown + known)


async def _count_checks(connection: AsyncConnection, workspace_id: WorkspaceId) -> int:
    query = (
        select(func.count())
        .select_from(checks.join(services, services.c.id == checks.c.service_id))
        .where(
            services.c.workspace_id == workspace_id,
            services.c.mode != Mode.DELETED,
            checks.c.is_deleted.is_(False),
        )
    )
    return int(await connection.scalar(query) or 0)


async def _find_down_since(
    connection: AsyncConnection, workspace_id: WorkspaceId, covered: ColumnElement[bool]
) -> datetime | None:
    query = (
        select(func.min(incidents.c.began_at))
        .join(services, services.c.id == incidents.c.service_id)
        .where(
            incidents.c.workspace_id == workspace_id,
            incidents.c.state != IncidentState.RESOLVED,
            not_(covered),
        )
    )
    found: datetime | None = await connection.scalar(query)
    return found
