"""Invitations: what a link is worth, and how people become members by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.policy import Role
from allgreen.errors import InvitationVoidError, NotFoundError, OtherAddressError
from allgreen.ports import AuditRow
from allgreen.server.auth.memberships import lock_workspace
from allgreen.server.auth.names import full_name
from allgreen.server.auth.queries import is_id
from allgreen.server.links import Purpose
from allgreen.server.platform import Platform
from allgreen.storage.sql.dialect import insert_new
from allgreen.storage.sql.tables import accounts, invitations, memberships, workspaces
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

IS_WAITING: Final[Sequence[ColumnElement[bool]]] = (
    invitations.c.accepted_at.is_(None),
    invitations.c.revoked_at.is_(None),
)
"""Neither accepted nor withdrawn; it may have expired."""


async def accept_invitation(
    platform: Platform,
    uow: SqlUnitOfWork,
    token: str,
    *,
    account_id: AccountId,
    email: str,
    now: datetime,
) -> WorkspaceId:
    """Make an account a member by the link that was mailed to `email`.

    The link proves that its holder reads the mails of that address, and of no other. To accept
    twice comes to the same. Publish a change of ``members`` after the commit.

    Args:
        platform: What routes work with.
        uow: The transaction; the account may be made in it too.
        token: Of the link.
        account_id: Who accepts.
        email: Their address, as `clean_email` writes it. Whether it is theirs is for the caller to
            know; to register with it, this token is proof enough.
        now: When.

    Raises:
        InvitationVoidError: It is of no use to anybody any more; why is not told.
        OtherAddressError: It is for another address.
    """
    invitation = await load_by_token(platform, uow.connection, token, now)
    return await accept_by_id(uow, invitation["id"], account_id=account_id, email=email, now=now)


async def accept_by_id(
    uow: SqlUnitOfWork, invitation_id: str, *, account_id: AccountId, email: str, now: datetime
) -> WorkspaceId:
    """Make an account with a proven address a member; the rest is as in `accept_invitation`."""
    connection = uow.connection
    found = await _find(connection, invitation_id)
    if found is None:
        raise InvitationVoidError
    await lock_workspace(connection, found["workspace_id"])
    # What was true before the turn may have ended.
    invitation = await _find(connection, invitation_id)
    if invitation is None:
        raise InvitationVoidError
    workspace_id = WorkspaceId(invitation["workspace_id"])
    if invitation["accepted_by"] == account_id and await _is_member(
        connection, workspace_id, account_id
    ):
        return workspace_id
    _refuse_void(invitation, now)
    if invitation["email"] != email:
        raise OtherAddressError(mask(invitation["email"]))
    await connection.execute(
        update(invitations)
        .where(invitations.c.id == invitation_id)
        .values(accepted_at=now, accepted_by=account_id)
    )
    joined = {
        "account_id": account_id,
        "workspace_id": workspace_id,
        "role": invitation["role"],
        "created_at": now,
    }
    words = f"joined as an {invitation['role']}, invited as {email}"
    if await _is_member(connection, workspace_id, account_id):
        # An owner changes roles, not a link.
        words = f"accepted the invitation of {email}, and stayed what they were"
    await insert_new(connection, memberships, [joined])
    row = AuditRow(
        workspace_id=workspace_id,
        at=now,
        action="invitation.accepted",
        summary=words,
        by=account_id,
        after={"role": invitation["role"].value, "invitation_id": invitation_id},
    )
    await uow.audit.add([row])
    return workspace_id


async def load_by_token(
    platform: Platform, connection: AsyncConnection, token: str, now: datetime
) -> RowMapping:
    """Return the invitation that a link is for, with the names of its workspace and inviter.

    It may be accepted already; see `is_open`.

    Raises:
        InvitationVoidError: The link is not one of ours, is not the newest, or has run out.
    """
    try:
        link = platform.links.read(token, Purpose.INVITE, now)
    except NotFoundError:
        raise InvitationVoidError from None
    invitation = await _find(connection, link.subject)
    if invitation is None or not link.is_for(invitation["email"], str(invitation["sendings"])):
        raise InvitationVoidError
    return invitation


def is_open(invitation: RowMapping, now: datetime) -> bool:
    """Tell whether an invitation can be accepted, as far as that depends on itself."""
    return (
        invitation["accepted_at"] is None
        and invitation["revoked_at"] is None
        and invitation["expires_at"] > now
        and bool(invitation["is_backed"])
    )


def invitations_with_names() -> Select[Any]:
    """Return the query for invitations into workspaces that are there.

    ``is_backed`` tells whether who sent it may invite for that role at this moment.
    """
    return (
        select(
            invitations,
            workspaces.c.name.label("workspace_name"),
            full_name().label("inviter_name"),
            _is_backed().label("is_backed"),
        )
        .join(workspaces, workspaces.c.id == invitations.c.workspace_id)
        .outerjoin(accounts, accounts.c.id == invitations.c.invited_by)
        .where(workspaces.c.deleted_at.is_(None))
    )


def mask(address: str) -> str:
    """Return ``l•••@fjordlabs.no``: enough for who knows the address, and for nobody else."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _is_backed() -> ColumnElement[bool]:
    may_invite = or_(
        memberships.c.role == Role.OWNER,
        and_(
            memberships.c.role == Role.ADMIN,
            workspaces.c.admins_may_invite,
            invitations.c.role == Role.OBSERVER,
        ),
    )
    return exists().where(
        memberships.c.account_id == invitations.c.invited_by,
        memberships.c.workspace_id == invitations.c.workspace_id,
        accounts.c.disabled_at.is_(None),
        may_invite,
    )


def _refuse_void(invitation: RowMapping, now: datetime) -> None:
    if not is_open(invitation, now):
        raise InvitationVoidError


async def _find(connection: AsyncConnection, invitation_id: str) -> RowMapping | None:
    if not is_id(invitation_id):
        return None
    query = invitations_with_names().where(invitations.c.id == invitation_id)
    found: RowMapping | None = (await connection.execute(query)).mappings().one_or_none()
    return found


async def _is_member(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: AccountId
) -> bool:
    query = select(
        exists().where(
            memberships.c.workspace_id == workspace_id, memberships.c.account_id == account_id
        )
    )
    return bool(await connection.scalar(query))
