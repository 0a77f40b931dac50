"""Deleted workspaces, for as long as their owners can have them back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.domain.policy import Role
from allgreen.monitoring.keeper import Retention
from allgreen.storage.sql.tables import memberships, workspaces

KEPT_FOR: Final = Retention().workspaces
"""For so long a deleted workspace can be had back; then the keeper removes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedWorkspace:
    """A workspace that an owner can have back until an instant."""

    id: str
    name: str
    deleted_at: datetime
    until: datetime


async def list_deleted(
    connection: AsyncConnection, account_id: AccountId, now: datetime
) -> list[DeletedWorkspace]:
    """Return the deleted workspaces that an account owns and can have back, the latest first."""
    query = (
        select(workspaces.c.id, workspaces.c.name, workspaces.c.deleted_at)
        .join(memberships, memberships.c.workspace_id == workspaces.c.id)
        .where(memberships.c.account_id == account_id, memberships.c.role == Role.OWNER)
        .where(workspaces.c.deleted_at > now - KEPT_FOR)
        .order_by(workspaces.c.deleted_at.desc(), workspaces.c.id)
    )
    rows = (await connection.execute(query)).mappings()
    return [DeletedWorkspace(**row, until=row["deleted_at"] + KEPT_FOR) for row in rows]
