"""Reads of workspaces: one at a glance, and who is in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.incident import IncidentState
from allgreen.domain.policy import Role, permissions_of
from allgreen.domain.status import Mode
from allgreen.domain.watcher import WatcherState
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.server.auth.queries import is_id, within_memberships
from allgreen.server.views.offers import Offer, list_offers, show_offer
from allgreen.server.views.sums import load_sums
from allgreen.server.views.watchers import load_prober
from allgreen.server.workspaces.schemas import Workspace
from allgreen.storage.sql.tables import (
    accounts,
    checks,
    incidents,
    memberships,
    services,
    status_pages,
    workspaces,
)
from allgreen.storage.sql.windows import SqlWindowRepository


async def load_workspace(connection: AsyncConnection, member: Member, now: datetime) -> Workspace:
    """Return the head of the workspace page."""
    workspace_id = member.workspace_id
    rows = (
        (await connection.execute(select(workspaces).where(workspaces.c.id == workspace_id)))
        .mappings()
        .all()
    )
    (row,) = rows
    covered = await SqlWindowRepository(connection).covered_at(now, [workspace_id])
    prober = await load_prober(connection, now)
    sums = (await load_sums(connection, rows, covered, now))[workspace_id]
    is_offline = prober.state is WatcherState.OFFLINE
    return Workspace(
        id=workspace_id,
        name=row["name"],
        time_zone=row["zone"],
        role=member.role,
        may=_may(member, admins_may_invite=row["admins_may_invite"]),
        slug=await _find_public_slug(connection, workspace_id),
        admins_may_invite=row["admins_may_invite"],
        offer=await _find_offer(connection, member, now) if row["offered_to"] else None,
        uptime_pct=sums.uptime_pct,
        strip=sums.strip,
        counts=sums.counts.as_unknown() if is_offline else sums.counts,
        down_since=await _find_down_since(connection, workspace_id, covered),
        median_ms=sums.median_ms,
        checks_total=await _count_checks(connection, workspace_id),
        prober=prober,
        as_of=sums.as_of or now,
    )


async def _find_public_slug(connection: AsyncConnection, workspace_id: WorkspaceId) -> str | None:
    query = select(status_pages.c.slug).where(
        status_pages.c.workspace_id == workspace_id, status_pages.c.is_published
    )
    slug: str | None = await connection.scalar(query)
    return slug


async def _find_offer(connection: AsyncConnection, member: Member, now: datetime) -> Offer | None:
    offers = await list_offers(connection, [member.workspace_id], now)
    return show_offer(offers.get(member.workspace_id), member.account_id, member.role)


def _may(member: Member, *, admins_may_invite: bool) -> list[str]:
    if member.scope is not None:
        return member.may
    return sorted(permissions_of(member.role, admins_may_invite=admins_may_invite))


async def count_owned(connection: AsyncConnection, account_id: AccountId) -> int:
    """Return how many workspaces an account owns, without those that are deleted."""
    owned = within_memberships(account_id).where(memberships.c.role == Role.OWNER).subquery()
    return int(await connection.scalar(select(func.count()).select_from(owned)) or 0)


async def find_member(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: str
) -> RowMapping | None:
    """Return id, name, address and role of a member who can sign in."""
    if not is_id(account_id):
        return None
    query = (
        select(accounts.c.id, full_name().label("name"), accounts.c.email, memberships.c.role)
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
        select(accounts.c.id, full_name().label("name"), accounts.c.email)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id, accounts.c.disabled_at.is_(None))
        .order_by(memberships.c.created_at, accounts.c.id)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


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
