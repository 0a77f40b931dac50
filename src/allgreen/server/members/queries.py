"""Reads of members."""

from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import WorkspaceId
from allgreen.domain.policy import Role
from allgreen.errors import NotFoundError
from allgreen.server.auth.access import Member as Caller
from allgreen.server.auth.names import full_name
from allgreen.server.auth.photos import photo_path
from allgreen.server.auth.queries import is_id
from allgreen.server.members.schemas import Member
from allgreen.storage.sql.tables import accounts, memberships, profiles


async def list_members(connection: AsyncConnection, caller: Caller) -> list[Member]:
    """Return the members, in the order in which they joined."""
    query = _members(caller.workspace_id).order_by(memberships.c.created_at, accounts.c.id)
    return [show_member(row, caller) for row in (await connection.execute(query)).mappings()]


async def get_member(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: str
) -> RowMapping:
    """Return a member.

    Raises:
        NotFoundError: They are not in this workspace.
    """
    row: RowMapping | None = None
    if is_id(account_id):
        query = _members(workspace_id).where(accounts.c.id == account_id)
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("member")
    return row


def show_member(row: RowMapping, caller: Caller) -> Member:
    """Return a member as the caller may see them; addresses of others are for owners."""
    you = row["id"] == caller.account_id
    return Member(
        account_id=row["id"],
        name=row["name"],
        email=row["email"] if you or caller.role is Role.OWNER else None,
        role=row["role"],
        since=row["created_at"],
        you=you,
        # Whoever shares a workspace with somebody sees their profile, whatever its visibility.
        pronouns=row["pronouns"],
        photo=photo_path(row["photo_id"]),
    )


def _members(workspace_id: WorkspaceId) -> Select[Any]:
    return (
        select(
            accounts.c.id,
            full_name().label("name"),
            accounts.c.email,
            memberships.c.role,
            memberships.c.created_at,
            func.coalesce(profiles.c.pronouns, "").label("pronouns"),
            profiles.c.photo_id,
        )
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .outerjoin(profiles, profiles.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id)
    )
