"""Invitations to one's own address, for all pages that show them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.domain.policy import Role
from allgreen.server.auth.invitations import IS_WAITING, invitations_with_names, is_open
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, invitations


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvitation:
    """An invitation to one's own address."""

    id: str
    workspace_name: str
    invited_by: str
    role: Role
    sent_at: datetime
    expires_at: datetime


async def list_own(
    platform: Platform, connection: AsyncConnection, account_id: AccountId
) -> list[OwnInvitation]:
    """Return what is open for the proven address of an account, the latest first.

    Without a mail server no address is proven: there the link itself is needed.
    """
    if platform.settings.smtp_url is None:
        return []
    theirs = select(accounts.c.email).where(
        accounts.c.id == account_id, accounts.c.email_verified_at.is_not(None)
    )
    query = (
        invitations_with_names()
        .where(invitations.c.email.in_(theirs), *IS_WAITING)
        .order_by(invitations.c.id.desc())
    )
    now = platform.clock.now()
    return [
        OwnInvitation(
            id=row["id"],
            workspace_name=row["workspace_name"],
            invited_by=row["inviter_name"],
            role=row["role"],
            sent_at=row["sent_at"],
            expires_at=row["expires_at"],
        )
        for row in (await connection.execute(query)).mappings()
        if is_open(row, now)
    ]
