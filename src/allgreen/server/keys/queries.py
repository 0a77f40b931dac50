"""Reads of keys."""

from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.policy import Permission
from allgreen.errors import NotFoundError
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.server.keys.schemas import ApiKey, Maker
from allgreen.storage.sql.tables import accounts, api_keys, memberships


async def list_keys(connection: AsyncConnection, member: Member) -> list[ApiKey]:
    """Return the keys of a workspace that a member may know of, newest first."""
    query = _of_workspace(member).order_by(api_keys.c.id.desc())
    if not member.has(Permission.KEY_MANAGE):
        query = query.where(api_keys.c.account_id == member.account_id)
    return [_show(row, member) for row in (await connection.execute(query)).mappings()]


async def get_key(connection: AsyncConnection, member: Member, key_id: str) -> ApiKey:
    """Return one key of a workspace.

    Raises:
        NotFoundError: There is none.
    """
    if not key_id.isprintable() or len(key_id) > _LONGEST_ID:
        raise NotFoundError("key")  # PostgreSQL refuses a NUL
    query = _of_workspace(member).where(api_keys.c.id == key_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("key")
    return _show(row, member)


async def count_keys(connection: AsyncConnection, member: Member) -> int:
    """Return how many keys a member has in a workspace."""
    query = (
        select(func.count())
        .select_from(api_keys)
        .where(
            api_keys.c.workspace_id == member.workspace_id,
            api_keys.c.account_id == member.account_id,
        )
    )
    return int(await connection.scalar(query) or 0)


def _of_workspace(member: Member) -> Select[Any]:
    is_member = and_(
        memberships.c.account_id == api_keys.c.account_id,
        memberships.c.workspace_id == api_keys.c.workspace_id,
    )
    return (
        select(api_keys, full_name().label("maker_name"))
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .join(memberships, is_member)
        .where(api_keys.c.workspace_id == member.workspace_id)
    )


def _show(row: Any, member: Member) -> ApiKey:
    account_id = row["account_id"]
    return ApiKey(
        id=row["id"],
        name=row["name"],
        hint=row["hint"],
        scope=row["scope"],
        maker=Maker(
            account_id=account_id, name=row["maker_name"], you=account_id == member.account_id
        ),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
    )


_LONGEST_ID = 36
