"""Export: everything that is stored of one account, without secrets and without others."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.policy import Role, Scope
from allgreen.domain.profile import Visibility
from allgreen.server.accounts import queries as own
from allgreen.server.accounts.schemas import Account, AccountEvent, OpenSession
from allgreen.server.auth.sessions import Session
from allgreen.server.wire import Cut
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.tables import (
    api_keys,
    memberships,
    photos,
    profiles,
    recipients,
    services,
    workspaces,
)

_MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedProfile:
    """What somebody tells of themselves."""

    surname: str
    pronouns: str
    city: str
    bio: str
    github: str
    linkedin: str
    website: str
    visibility: Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMembership:
    """A workspace in which somebody is a member; `name` is its own."""

    workspace_id: str
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRecipient:
    """A service of which somebody is told; `service_name` is its own."""

    workspace_id: str
    service_id: str
    service_name: str
    address: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedKey:
    """A key of the API that somebody has made; the key itself is stored nowhere."""

    workspace_id: str
    name: str
    scope: Scope
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountExport:
    """Everything that is stored of one account.

    Attributes:
        photo: WebP, 256 px, in base 64.
    """

    exported_at: datetime
    account: Account
    profile: ExportedProfile | None
    photo: str | None
    memberships: list[ExportedMembership]
    recipients: list[ExportedRecipient]
    keys: list[ExportedKey]
    sessions: list[OpenSession]
    events: list[AccountEvent]


async def load_export(
    connection: AsyncConnection, session: Session, cipher: Cipher, now: datetime
) -> AccountExport:
    """Read all of it, as of one moment."""
    account_id = session.account_id
    profile = await _list(connection, profiles, ExportedProfile, account_id)
    photo = await connection.scalar(
        select(photos.c.large)
        .where(photos.c.account_id == account_id)
        .order_by(photos.c.created_at.desc())
        .limit(1)
    )
    return AccountExport(
        exported_at=now,
        account=await own.load_account(connection, account_id),
        profile=profile[0] if profile else None,
        photo=None if photo is None else b64encode(photo).decode(),
        memberships=await _list_memberships(connection, account_id),
        recipients=await _list_recipients(connection, account_id),
        keys=await _list(connection, api_keys, ExportedKey, account_id),
        sessions=await own.list_sessions(connection, session, now),
        events=await own.list_events(connection, account_id, Cut(limit=_MOST_EVENTS), cipher),
    )


async def _list(connection: AsyncConnection, table: Table, kind: Any, account_id: str) -> list[Any]:
    """Return the rows of an account in the columns that are shown of them."""
    shown = [table.c[name] for name in kind.__dataclass_fields__]
    query = select(*shown).where(table.c.account_id == account_id).order_by(*table.primary_key)
    return [kind(**row) for row in (await connection.execute(query)).mappings()]


async def _list_memberships(
    connection: AsyncConnection, account_id: str
) -> list[ExportedMembership]:
    query = (
        select(
            memberships.c.workspace_id,
            workspaces.c.name,
            memberships.c.role,
            memberships.c.created_at,
        )
        .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
        .where(memberships.c.account_id == account_id)
        .order_by(memberships.c.workspace_id)
    )
    return [ExportedMembership(**row) for row in (await connection.execute(query)).mappings()]


async def _list_recipients(connection: AsyncConnection, account_id: str) -> list[ExportedRecipient]:
    query = (
        select(
            recipients.c.workspace_id,
            recipients.c.service_id,
            services.c.name.label("service_name"),
            recipients.c.address,
            recipients.c.confirmed_at,
        )
        .join(services, services.c.id == recipients.c.service_id)
        .where(recipients.c.account_id == account_id)
        .order_by(recipients.c.id)
    )
    return [ExportedRecipient(**row) for row in (await connection.execute(query)).mappings()]
