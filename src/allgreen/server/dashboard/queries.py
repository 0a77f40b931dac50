"""Reads of the dashboard: the same few statements, however many workspaces there are.

Each starts from the memberships of the account, which are read first.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.incident import IncidentState
from allgreen.domain.policy import permissions_of
from allgreen.domain.status import Mode, ServiceHealth
from allgreen.domain.watcher import WatcherState
from allgreen.server.auth.names import full_name
from allgreen.server.auth.photos import photo_path
from allgreen.server.auth.queries import within_memberships
from allgreen.server.dashboard.schemas import (
    Dashboard,
    EventKind,
    Face,
    LatestEvent,
    WorkspaceCard,
    WorstService,
)
from allgreen.server.platform import Platform
from allgreen.server.views.deleted import list_deleted
from allgreen.server.views.invitations import list_own
from allgreen.server.views.offers import list_offers, show_offer
from allgreen.server.views.sums import Sums, load_sums
from allgreen.server.views.watchers import load_prober
from allgreen.storage.sql.tables import (
    accounts,
    incidents,
    memberships,
    profiles,
    services,
    status_pages,
    workspaces,
)
from allgreen.storage.sql.windows import SqlWindowRepository

MOST_EVENTS: Final = 10
MOST_FACES: Final = 3
_BAD: Final = (ServiceHealth.DOWN, ServiceHealth.DEGRADED)


async def load_dashboard(
    platform: Platform, connection: AsyncConnection, account_id: AccountId
) -> Dashboard:
    """Return what concerns an account now, over all its workspaces."""
    now = platform.clock.now()
    rows = await _list_workspaces(connection, account_id)
    ids = [WorkspaceId(row["id"]) for row in rows]
    covered = await SqlWindowRepository(connection).covered_at(now, ids)
    sums = await load_sums(connection, rows, covered, now)
    worst = await _find_worst(connection, ids, covered)
    faces = await _list_faces(connection, ids, account_id)
    offers = await list_offers(connection, ids, now)
    prober = await load_prober(connection, now)
    is_offline = prober.state is WatcherState.OFFLINE
    cards = [
        _show_card(
            row,
            sums[id_],
            worst=None if is_offline else worst.get(id_),
            people=faces[id_],
            offer=offers.get(id_),
            account_id=account_id,
            is_offline=is_offline,
        )
        for id_, row in zip(ids, rows, strict=True)
    ]
    return Dashboard(
        workspaces=cards,
        events=await _list_events(connection, ids),
        invitations=await list_own(platform, connection, account_id),
        deleted=await list_deleted(connection, account_id, now),
        prober=prober,
    )


async def _list_workspaces(
    connection: AsyncConnection, account_id: AccountId
) -> Sequence[RowMapping]:
    is_published = func.coalesce(status_pages.c.is_published, False).label("is_published")
    query = (
        within_memberships(account_id)
        .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
        .outerjoin(status_pages, status_pages.c.workspace_id == workspaces.c.id)
        .add_columns(
            workspaces.c.id,
            workspaces.c.name,
            workspaces.c.zone,
            workspaces.c.earlier_zones,
            workspaces.c.admins_may_invite,
            is_published,
        )
        .order_by(workspaces.c.id)
    )
    return (await connection.execute(query)).mappings().all()


def _show_card(
    row: RowMapping,
    sums: Sums,
    *,
    worst: WorstService | None,
    people: tuple[int, list[Face]],
    offer: RowMapping | None,
    account_id: AccountId,
    is_offline: bool,
) -> WorkspaceCard:
    members, faces = people
    allowed = permissions_of(row["role"], admins_may_invite=row["admins_may_invite"])
    return WorkspaceCard(
        id=row["id"],
        name=row["name"],
        time_zone=row["zone"],
        role=row["role"],
        may=sorted(allowed),
        counts=sums.counts.as_unknown() if is_offline else sums.counts,
        worst=worst,
        uptime_pct=sums.uptime_pct,
        strip=sums.strip,
        members=members,
        faces=faces,
        is_published=row["is_published"],
        offer=show_offer(offer, account_id, row["role"]),
    )


async def _find_worst(
    connection: AsyncConnection, ids: Sequence[WorkspaceId], covered: ColumnElement[bool]
) -> dict[WorkspaceId, WorstService]:
    """Return the service of each workspace that is worst, and of those the first that became so."""
    here = services.c.workspace_id
    # The outage began at the first bad slot, before it was confirmed and the state turned.
    since = func.coalesce(incidents.c.began_at, services.c.since).label("since")
    worst_first = case((services.c.health == ServiceHealth.DOWN, 0), else_=1)
    place = func.row_number().over(partition_by=here, order_by=(worst_first, since, services.c.id))
    lasts = and_(
        incidents.c.service_id == services.c.id, incidents.c.state != IncidentState.RESOLVED
    )
    found = (
        select(here, services.c.id, services.c.name, services.c.health, since, place.label("place"))
        .outerjoin(incidents, lasts)
        .where(here.in_(ids), services.c.mode == Mode.ACTIVE, services.c.health.in_(_BAD))
        .where(not_(covered))
        .subquery()
    )
    rows = (await connection.execute(select(found).where(found.c.place == 1))).mappings()
    return {
        row["workspace_id"]: WorstService(
            service_id=row["id"], name=row["name"], health=row["health"], since=row["since"]
        )
        for row in rows
    }


async def _list_faces(
    connection: AsyncConnection, ids: Sequence[WorkspaceId], account_id: AccountId
) -> dict[WorkspaceId, tuple[int, list[Face]]]:
    """Return how many members each workspace has, and the first of them."""
    here = memberships.c.workspace_id
    in_order = (memberships.c.created_at, memberships.c.account_id)
    place = func.row_number().over(partition_by=here, order_by=in_order).label("place")
    count = func.count().over(partition_by=here).label("count")
    found = select(here, memberships.c.account_id, place, count).where(here.in_(ids)).subquery()
    query = (
        select(found, full_name().label("name"), profiles.c.photo_id)
        .join(accounts, accounts.c.id == found.c.account_id)
        # A profile is made when somebody first writes in it.
        .outerjoin(profiles, profiles.c.account_id == found.c.account_id)
        .where(found.c.place <= MOST_FACES)
        .order_by(found.c.place)
    )
    faces: dict[WorkspaceId, tuple[int, list[Face]]] = defaultdict(lambda: (0, []))
    for row in (await connection.execute(query)).mappings():
        face = Face(
            account_id=row["account_id"],
            name=row["name"],
            you=row["account_id"] == account_id,
            photo=photo_path(row["photo_id"]),
        )
        _, before = faces[row["workspace_id"]]
        faces[row["workspace_id"]] = (row["count"], [*before, face])
    return faces


async def _list_events(
    connection: AsyncConnection, ids: Sequence[WorkspaceId]
) -> list[LatestEvent]:
    """Return the latest begins and ends of outages.

    They are all of the outages that were touched last: of any other one nothing is as new.
    """
    touched_at = func.coalesce(incidents.c.ended_at, incidents.c.began_at)
    query = (
        select(incidents, services.c.name.label("service_name"))
        .join(services, services.c.id == incidents.c.service_id)
        .where(incidents.c.workspace_id.in_(ids), services.c.mode != Mode.DELETED)
        .order_by(touched_at.desc(), incidents.c.id.desc())
        .limit(MOST_EVENTS)
    )
    rows = (await connection.execute(query)).mappings()
    events = [event for row in rows for event in _events_of(row)]
    # What ends and begins at the same moment is told in the order in which it happened.
    events.sort(key=lambda event: (event.at, event.kind is EventKind.DOWN), reverse=True)
    return events[:MOST_EVENTS]


def _events_of(row: RowMapping) -> list[LatestEvent]:
    began = _event(row, EventKind.DOWN, row["began_at"])
    if row["ended_at"] is None:
        return [began]
    return [began, _event(row, EventKind.UP, row["ended_at"])]


def _event(row: RowMapping, kind: EventKind, at: datetime) -> LatestEvent:
    is_end = kind is EventKind.UP
    lasted_s = int((row["ended_at"] - row["began_at"]).total_seconds()) if is_end else None
    return LatestEvent(
        incident_id=row["id"],
        kind=kind,
        at=at,
        workspace_id=row["workspace_id"],
        service_id=row["service_id"],
        service_name=row["service_name"],
        reason=row["reason"],
        lasted_s=lasted_s,
    )
