"""Reads: sessions, and the one place from which all tenant data is reached.

Whatever belongs to a tenant is found by joining on the memberships of the account that asks; an
id that belongs to others is the same as one that does not exist.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, IncidentId, ServiceId, WorkspaceId
from allgreen.domain.policy import Role
from allgreen.domain.status import Mode
from allgreen.server.auth.names import full_name
from allgreen.storage.sql.tables import (
    accounts,
    api_keys,
    incidents,
    memberships,
    profiles,
    services,
    sessions,
    workspaces,
)
from allgreen.storage.sql.windows import SqlWindowRepository


def within_memberships(account_id: AccountId) -> Select[Any]:
    """Return the query that everything of a tenant starts from: where the caller is a member.

    A workspace that was deleted is no longer there, also while it can still be had back.
    """
    # By a name of its own: the caller may join the workspaces too.
    there = workspaces.alias("there")
    is_there = exists().where(
        there.c.id == memberships.c.workspace_id, there.c.deleted_at.is_(None)
    )
    return select(memberships.c.workspace_id, memberships.c.role).where(
        memberships.c.account_id == account_id, is_there
    )


async def find_membership(
    connection: AsyncConnection, account_id: AccountId, workspace_id: str
) -> tuple[WorkspaceId, Role] | None:
    """Return the workspace and the role in it."""
    query = within_memberships(account_id).where(memberships.c.workspace_id == workspace_id)
    return await _find(connection, query, workspace_id)


async def find_membership_of_service(
    connection: AsyncConnection, account_id: AccountId, service_id: ServiceId
) -> tuple[WorkspaceId, Role] | None:
    """Return the workspace of a service that is not deleted, and the role in it."""
    query = (
        within_memberships(account_id)
        .join(services, services.c.workspace_id == memberships.c.workspace_id)
        .where(services.c.id == service_id, services.c.mode != Mode.DELETED)
    )
    return await _find(connection, query, service_id)


async def find_membership_of_incident(
    connection: AsyncConnection, account_id: AccountId, incident_id: IncidentId
) -> tuple[WorkspaceId, Role] | None:
    """Return the workspace of an incident, and the role in it."""
    query = (
        within_memberships(account_id)
        .join(incidents, incidents.c.workspace_id == memberships.c.workspace_id)
        .where(incidents.c.id == incident_id)
    )
    return await _find(connection, query, incident_id)


async def find_session(
    connection: AsyncConnection, id_hash: str, now: datetime
) -> dict[str, Any] | None:
    """Return a session that lasts, with its account."""
    query = (
        select(
            sessions.c.id_hash,
            sessions.c.id,
            sessions.c.account_id,
            sessions.c.keep,
            sessions.c.proved_at,
            sessions.c.created_at,
            sessions.c.last_seen_at,
            sessions.c.expires_at,
            full_name().label("name"),
            accounts.c.email,
            accounts.c.email_verified_at.is_not(None).label("is_verified"),
            accounts.c.instance_admin.label("is_instance_admin"),
        )
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(
            sessions.c.id_hash == id_hash,
            sessions.c.expires_at > now,
            accounts.c.disabled_at.is_(None),
        )
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def find_key(
    connection: AsyncConnection, key_hash: str, now: datetime
) -> dict[str, Any] | None:
    """Return a key that opens something: it lasts, and its maker still is a member."""
    is_member = and_(
        memberships.c.account_id == api_keys.c.account_id,
        memberships.c.workspace_id == api_keys.c.workspace_id,
    )
    query = (
        select(
            api_keys.c.id,
            api_keys.c.workspace_id,
            api_keys.c.account_id,
            api_keys.c.scope,
            api_keys.c.last_used_at,
            full_name().label("name"),
        )
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .join(memberships, is_member)
        .join(workspaces, workspaces.c.id == api_keys.c.workspace_id)
        .where(
            api_keys.c.key_hash == key_hash,
            or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now),
            accounts.c.disabled_at.is_(None),
            workspaces.c.deleted_at.is_(None),
        )
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def find_account_by_email(connection: AsyncConnection, email: str) -> dict[str, Any] | None:
    """Return id, name and password hash of the account with an address."""
    query = select(
        accounts.c.id,
        accounts.c.name,
        accounts.c.password_hash,
        accounts.c.email_verified_at,
        accounts.c.disabled_at,
    ).where(accounts.c.email == email)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def find_account(connection: AsyncConnection, account_id: str) -> dict[str, Any] | None:
    """Return what an account shows of itself."""
    query = select(
        accounts.c.id,
        full_name().label("name"),
        accounts.c.email,
        accounts.c.email_verified_at,
        accounts.c.instance_admin,
        accounts.c.theme,
        accounts.c.totp_since,
        profiles.c.photo_id,
    )
    # A profile is made when somebody first writes in it.
    query = query.outerjoin(profiles, profiles.c.account_id == accounts.c.id)
    query = query.where(accounts.c.id == account_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def count_accounts(connection: AsyncConnection) -> int:
    """Return how many accounts there are."""
    return int(await connection.scalar(select(func.count()).select_from(accounts)) or 0)


async def list_workspaces(
    connection: AsyncConnection, account_id: AccountId
) -> list[dict[str, Any]]:
    """Return the workspaces of an account with role, zone and switches, oldest first."""
    query = (
        within_memberships(account_id)
        .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
        .add_columns(workspaces.c.name, workspaces.c.zone, workspaces.c.admins_may_invite)
        .order_by(workspaces.c.id)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def list_healths(
    connection: AsyncConnection, account_id: AccountId, now: datetime
) -> list[tuple[str, Any]]:
    """Return workspace and health of the active services not in maintenance, each pair once."""
    theirs = within_memberships(account_id).with_only_columns(memberships.c.workspace_id)
    workspace_ids = [WorkspaceId(each) for each in await connection.scalars(theirs)]
    covered = await SqlWindowRepository(connection).covered_at(now, workspace_ids)
    query = (
        select(services.c.workspace_id, services.c.health)
        .where(services.c.workspace_id.in_(workspace_ids), services.c.mode == Mode.ACTIVE)
        .where(not_(covered))
        .distinct()
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]


def is_id(text: str) -> bool:
    """Tell whether a text can be an id of ours; what cannot never meets the database."""
    return len(text) == _ID_LENGTH and text.isprintable()  # PostgreSQL refuses a NUL


async def _find(
    connection: AsyncConnection, query: Select[Any], asked_for: str
) -> tuple[WorkspaceId, Role] | None:
    if not is_id(asked_for):
        return None
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (WorkspaceId(row[0]), row[1])


_ID_LENGTH = 36
