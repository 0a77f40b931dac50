"""Writes: change the password, or set a new one by a link in a mail."""

from typing import Any

from sqlalchemy import update

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.server import limits
from allgreen.server.accounts import queries as own
from allgreen.server.accounts.schemas import ChangePasswordInput, ResetPasswordInput
from allgreen.server.accounts.signing_in import check_password
from allgreen.server.auth import endings, queries, second_factor
from allgreen.server.auth.errands import owe_errand, tell_change
from allgreen.server.auth.sessions import Client, Session, hash_of, renew_session
from allgreen.server.links import Link, Purpose, link_fact
from allgreen.server.passwords import find_weakness
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def change_password(
    platform: Platform, session: Session, form: ChangePasswordInput, client: Client
) -> str:
    """Set another password; return the new token of the session, the only one that goes on.

    Raises:
        InvalidInputError: The current password is wrong, or the new one is weak.
        ProofNeededError: The account has none yet, and who is asking must show that it is them.
        TooManyError: It was tried too often.
    """
    now = platform.clock.now()
    async with platform.database.read() as connection:
        before = await own.get_row(connection, session.account_id)
    if before["password_hash"] is None:
        session.require_proof(now)
    else:
        given = form.current_password
        await check_password(platform, session, given, field="current_password")
    _refuse_weak(form.new_password, before, field="new_password")
    hashed = await platform.passwords.hash(form.new_password)
    async with platform.database.unit_of_work() as uow:
        token = await renew_session(uow.connection, session, now=now)
        workspace_ids = await _set_password(
            platform, uow, before, hashed, client=client, spare=hash_of(token)
        )
        await uow.commit()
    platform.limits.forget(limits.PROOFS_PER_SESSION, session.id)
    platform.wake_dispatcher()
    endings.announce(platform, workspace_ids)
    return token


async def forget_password(platform: Platform, email: str, client: Client) -> None:
    """Owe a link by which a new password is set, if the address has an account.

    Raises:
        TooManyError: It was asked for too often from one network.
    """
    platform.limits.count(
        limits.FORGOTTEN_PER_ADDRESS,
        client.network,
        message="Many links were asked for from your network. Try again later.",
    )
    # Counted for unknown addresses too, and by the same steps: no time tells them apart.
    is_within = platform.limits.admits(limits.LETTERS_PER_MAILBOX, email)
    async with platform.database.unit_of_work() as uow:
        account = await queries.find_account_by_email(uow.connection, email)
        if account is None or account["disabled_at"] is not None or not is_within:
            return
        await owe_reset(platform, uow, account["id"], email, account["password_hash"])
        await uow.commit()
    platform.wake_dispatcher()


async def owe_reset(
    platform: Platform, uow: SqlUnitOfWork, account_id: str, email: str, hashed: str | None
) -> None:
    """Owe the mail by which a password is set; its link dies with the password of now."""
    await owe_errand(
        platform,
        uow,
        NoticeKind.RESET_PASSWORD,
        email,
        link=link_fact(account_id, email, hashed or ""),
    )


async def reset_password(platform: Platform, form: ResetPasswordInput, client: Client) -> None:
    """Set a password by the link of a mail: that its holder reads them proves the address too.

    Every session ends. A second factor that was confirmed is asked for at the next sign-in.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
        InvalidInputError: The password is weak.
        BusyError: Too many passwords are set at this moment.
    """
    now = platform.clock.now()
    link = platform.links.read(form.token, Purpose.RESET, now)
    async with platform.database.read() as connection:
        account = _check_link(link, await own.find_row(connection, link.subject))
    _refuse_weak(form.password, account, field="password")
    hashed = await platform.passwords.hash(form.password)
    async with platform.database.unit_of_work() as uow:
        account = _check_link(link, await own.find_row(uow.connection, link.subject))
        account_id = AccountId(account["id"])
        released: list[WorkspaceId] = []
        if account["email_verified_at"] is None:
            await endings.wipe_unproven(uow.connection, account_id)
            released = await endings.release_workspaces(uow.connection, account_id)
        elif account["totp_since"] is None:
            await second_factor.drop(uow.connection, account_id)
        workspace_ids = await _set_password(platform, uow, account, hashed, client=client)
        await uow.connection.execute(
            update(accounts)
            .where(accounts.c.id == account_id)
            .values(email_verified_at=account["email_verified_at"] or now)
        )
        await uow.commit()
    platform.limits.forget(limits.LOG_INS_PER_ACCOUNT, account["email"])
    platform.wake_dispatcher()
    endings.announce(platform, workspace_ids)
    if released:
        platform.wake_agent()


async def _set_password(
    platform: Platform,
    uow: SqlUnitOfWork,
    account: dict[str, Any],
    hashed: str,
    *,
    client: Client,
    spare: str | None = None,
) -> list[WorkspaceId]:
    """Store a password, end what was opened with the one before, and tell the owner.

    Args:
        platform: What routes work with.
        uow: The transaction.
        account: As it was read before.
        hashed: The new password.
        client: From where it is set.
        spare: Hash of the one session that goes on.

    Returns:
        Where the account is a member.

    Raises:
        NotFoundError: Another password was set meanwhile.
    """
    connection, account_id = uow.connection, AccountId(account["id"])
    is_same = accounts.c.password_hash.is_not_distinct_from(account["password_hash"])
    changed = await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, is_same)
        # Whoever changes it to keep somebody out leaves them no link to another address either.
        .values(password_hash=hashed, pending_email=None)
    )
    if changed.rowcount != 1:
        raise NotFoundError("link")
    await endings.end_sessions(connection, account_id, but=spare)
    await endings.end_keys(connection, account_id)
    await tell_change(
        platform,
        uow,
        account_id,
        account["email"],
        "password.changed",
        "your password was changed",
        client=client,
    )
    return await endings.list_workspaces_of(connection, account_id)


def _check_link(link: Link, account: dict[str, Any] | None) -> dict[str, Any]:
    """Return the account that a link is for.

    Raises:
        NotFoundError: It was used, or something that it hangs on has changed.
    """
    if account is None or account["disabled_at"] is not None:
        raise NotFoundError("link")
    if not link.is_for(str(account["email"]), str(account["password_hash"] or "")):
        raise NotFoundError("link")
    return account


def _refuse_weak(password: str, account: dict[str, Any], *, field: str) -> None:
    weakness = find_weakness(password, name=str(account["name"]), email=str(account["email"]))
    if weakness:
        raise InvalidInputError.at(field, "weak", weakness)
