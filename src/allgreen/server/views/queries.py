"""Reads that more than one capability needs."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.notifiers.log import KEPT
from allgreen.server.auth.access import Member
from allgreen.server.views.schemas import Incident
from allgreen.storage.sql.tables import deliveries, incidents, outbox, services

WAS_KEPT: Final = exists().where(deliveries.c.outbox_id == outbox.c.id, deliveries.c.answer == KEPT)
"""A message reached nobody, because no mail server was set."""


async def list_incidents(
    connection: AsyncConnection,
    member: Member,
    now: datetime,
    *conditions: ColumnElement[bool],
    limit: int,
) -> list[Incident]:
    """Return outages in the workspace of a member, newest first.

    Ids are UUIDv7 made when an outage is confirmed, so they are its order and its cursor too.
    """
    told = (
        select(func.count(outbox.c.address.distinct()))
        .where(
            outbox.c.incident_id == incidents.c.id,
            outbox.c.kind == NoticeKind.DOWN,
            outbox.c.state == NoticeState.SENT,
            ~WAS_KEPT,
        )
        .scalar_subquery()
    )
    query = (
        select(incidents, services.c.name.label("service_name"), told.label("told"))
        .join(services, services.c.id == incidents.c.service_id)
        .where(incidents.c.workspace_id == member.workspace_id, *conditions)
        .order_by(incidents.c.id.desc())
        .limit(limit)
    )
    return [
        Incident(
            id=row["id"],
            service_id=row["service_id"],
            service_name=row["service_name"],
            state=row["state"],
            began_at=row["began_at"],
            confirmed_at=row["confirmed_at"],
            ended_at=row["ended_at"],
            reason=row["reason"],
            resolution=row["resolution"],
            duration_s=_seconds_of_last_outage(row, now),
            told=row["told"],
            reopened=row["reopened"],
            reopened_at=row["reopened_at"],
            quiet=row["quiet"],
            blocked_by=row["blocked_by"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


def _seconds_of_last_outage(incident: RowMapping, now: datetime) -> int:
    began_at = incident["reopened_at"] or incident["began_at"]
    return max(int(((incident["ended_at"] or now) - began_at).total_seconds()), 0)
