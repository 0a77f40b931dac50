"""Writes: delete one's own account, and nothing that others still need."""

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.domain.policy import Role
from allgreen.errors import FieldProblem, InvalidInputError
from allgreen.ports import AuditRow
from allgreen.server import limits
from allgreen.server.accounts.erasure import erase
from allgreen.server.accounts.schemas import ProofInput
from allgreen.server.accounts.signing_in import check_password
from allgreen.server.auth import endings, second_factor
from allgreen.server.auth.admins import refuse_without_admin
from allgreen.server.auth.errands import owe_farewell
from allgreen.server.auth.memberships import lock_workspace
from allgreen.server.auth.sessions import Session
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, memberships, workspaces


async def delete_account(platform: Platform, session: Session, form: ProofInput) -> None:
    """Delete an account with all that is its own; the histories of workspaces keep its id.

    Raises:
        InvalidInputError: The password is wrong; or workspaces, or this Allgreen, would be left to
            nobody.
        ProofNeededError: No password was sent, and none was typed lately.
        TooManyError: It was tried too often.
    """
    now, account_id = platform.clock.now(), session.account_id
    if form.password is None:
        session.require_proof(now)
    else:
        await check_password(platform, session, form.password, field="password")
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        if form.password is not None:
            cipher = platform.database.cipher
            await second_factor.require_code(connection, cipher, account_id, form.code, now)
        await refuse_without_admin(connection, account_id)
        await _lock_account(connection, account_id)
        workspace_ids = await endings.list_workspaces_of(connection, account_id)
        for workspace_id in workspace_ids:
            await lock_workspace(connection, workspace_id)
        await _refuse_sole_owner(connection, account_id)
        reason = "Their account was deleted."
        await endings.silence(platform, uow, account_id, session.email, reason=reason, now=now)
        await endings.withdraw(connection, account_id, now)
        await erase(connection, account_id, session.email)
        await uow.audit.add(
            AuditRow(
                workspace_id=each,
                at=now,
                action="member.left",
                summary="left, and deleted the account",
                by=account_id,
            )
            for each in workspace_ids
        )
        # All that hangs on the account goes with it, as the tables say.
        await connection.execute(delete(accounts).where(accounts.c.id == account_id))
        await owe_farewell(platform, uow, session.email)
        await uow.commit()
    platform.limits.forget(limits.PROOFS_PER_SESSION, session.id)
    platform.wake_dispatcher()
    endings.announce(platform, workspace_ids)


async def _lock_account(connection: AsyncConnection, account_id: AccountId) -> None:
    """Wait until nobody makes a workspace for an account: else it would be left to nobody."""
    query = select(accounts.c.id).where(accounts.c.id == account_id)
    await connection.execute(query.with_for_update(key_share=True))


async def _refuse_sole_owner(connection: AsyncConnection, account_id: AccountId) -> None:
    """Refuse with the list of the workspaces that nobody else owns.

    Raises:
        InvalidInputError: There is one; see `memberships.end_membership` for the same rule.
    """
    query = (
        select(workspaces.c.id, workspaces.c.name)
        .join(memberships, memberships.c.workspace_id == workspaces.c.id)
        .where(
            memberships.c.account_id == account_id,
            memberships.c.role == Role.OWNER,
            workspaces.c.deleted_at.is_(None),
            ~_has_another_owner(account_id),
        )
        .order_by(workspaces.c.name, workspaces.c.id)
    )
    alone = (await connection.execute(query)).all()
    if alone:
        raise InvalidInputError(
            FieldProblem(
                field=f"workspaces.{workspace_id}",
                code="last_owner",
                message=f"Nobody else owns {name}. Hand it over to another member first, or "
                "delete the workspace.",
            )
            for workspace_id, name in alone
        )


def _has_another_owner(account_id: AccountId) -> ColumnElement[bool]:
    other, theirs = memberships.alias("other"), accounts.alias("theirs")
    return exists().where(
        and_(
            other.c.workspace_id == workspaces.c.id,
            other.c.account_id != account_id,
            other.c.role == Role.OWNER,
            theirs.c.id == other.c.account_id,
            theirs.c.disabled_at.is_(None),
        )
    )
