"""Writes: register, sign in and out, verify an address."""

from typing import NoReturn

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.errors import InvalidInputError, NotAllowedError, NotFoundError
from allgreen.ports import Change
from allgreen.server import limits
from allgreen.server.accounts.schemas import LogInInput, RegisterInput
from allgreen.server.auth import actions as people
from allgreen.server.auth import queries
from allgreen.server.auth.errands import owe_verification
from allgreen.server.auth.events import note_event
from allgreen.server.auth.me import load_me
from allgreen.server.auth.schemas import Me, clean_email
from allgreen.server.auth.sessions import Client, Session, open_session
from allgreen.server.links import Purpose
from allgreen.server.passwords import find_weakness
from allgreen.server.platform import Platform
from allgreen.server.settings import Registration
from allgreen.storage.sql.tables import accounts, memberships, workspaces


async def register(
    platform: Platform, form: RegisterInput, *, client: Client
) -> tuple[Me, str] | None:
    """Make an account with a workspace of its own.

    Returns:
        The account and the token of its session; `None` with a mail server, where nobody may
        learn from the answer whether the address was known.

    Raises:
        NotAllowedError: This installation takes no new accounts.
        InvalidInputError: The password is weak, or (without a mail server) the address is taken.
        TooManyError: Too many accounts were made from one address.
    """
    if platform.settings.registration is not Registration.OPEN:
        raise NotAllowedError("register")
    weakness = find_weakness(form.password, name=form.name, email=form.email)
    if weakness:
        raise InvalidInputError.at("password", "weak", weakness)
    platform.limits.count(
        limits.REGISTRATIONS_PER_ADDRESS,
        client.network,
        message="Many accounts were made from your network. Try again later.",
    )
    # Hashed also for a known address, so that the time it takes tells nothing.
    password_hash = await platform.passwords.hash(form.password)
    has_mail = platform.settings.smtp_url is not None
    now = platform.clock.now()
    account_id = AccountId(platform.new_id())
    async with platform.database.unit_of_work() as uow:
        if await queries.count_accounts(uow.connection) == 0:
            raise NotAllowedError("register")
        if await queries.find_account_by_email(uow.connection, form.email):
            return None if has_mail else _refuse_taken()
        await people.add_account(
            uow.connection,
            account_id=account_id,
            name=form.name,
            email=form.email,
            password_hash=password_hash,
            now=now,
        )
        await people.add_workspace(
            uow.connection,
            workspace_id=WorkspaceId(platform.new_id()),
            name=f"{form.name.split()[0]}'s workspace",
            owner_id=account_id,
            is_held=has_mail,
            now=now,
        )
        made = None
        if has_mail:
            await owe_verification(platform, uow, account_id, form.email)
        else:
            token = await open_session(
                uow.connection,
                account_id,
                session_id=platform.new_id(),
                client=client,
                keep=False,
                now=now,
            )
            made = await load_me(uow.connection, account_id, now), token
        await uow.commit()
    platform.wake_dispatcher()
    return made


async def log_in(
    platform: Platform, form: LogInInput, *, client: Client, before: Session | None
) -> tuple[Me, str]:
    """Open a session; return the account and the token.

    Raises:
        InvalidInputError: Address and password do not match; which of them is not told.
        TooManyError: Too many tries for this account or from this network.
        BusyError: Too many people sign in at this moment.
    """
    email = _email_or_raw(form.email)
    message = "Too many tries. Wait a while, then try again."
    platform.limits.count(limits.LOG_INS_PER_ADDRESS, client.network, message=message)
    platform.limits.count(limits.LOG_INS_PER_ACCOUNT, email, message=message)
    async with platform.database.read() as connection:
        account = await queries.find_account_by_email(connection, email)
    hashed = account["password_hash"] if account else None
    if not await platform.passwords.verify(form.password, hashed) or account is None:
        raise InvalidInputError.at(
            "password", "credentials", "That email and password don't match."
        )
    platform.limits.forget(limits.LOG_INS_PER_ACCOUNT, email)
    account_id = AccountId(account["id"])
    async with platform.database.unit_of_work() as uow:
        if before is not None:
            await people.delete_session(uow.connection, before.id_hash)
        now = platform.clock.now()
        token = await open_session(
            uow.connection,
            account_id,
            session_id=platform.new_id(),
            client=client,
            keep=form.keep,
            now=now,
        )
        await note_event(
            uow.connection, account_id, "session.opened", "signed in", client=client, now=now
        )
        me = await load_me(uow.connection, account_id, now)
        await uow.commit()
    platform.recent.forget_all()
    return me, token


async def log_out(platform: Platform, session: Session) -> None:
    """End a session."""
    async with platform.database.unit_of_work() as uow:
        await people.delete_session(uow.connection, session.id_hash)
        await uow.commit()
    platform.recent.forget_all()


async def verify_email(platform: Platform, token: str) -> None:
    """Verify an address, and let the workspaces of its account be watched.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
    """
    now = platform.clock.now()
    link = platform.links.read(token, Purpose.VERIFY, now)
    async with platform.database.unit_of_work() as uow:
        account = await queries.find_account(uow.connection, link.subject)
        if account is None or account["email_verified_at"] or not link.is_for(account["email"]):
            raise NotFoundError("link")
        await uow.connection.execute(
            update(accounts).where(accounts.c.id == link.subject).values(email_verified_at=now)
        )
        released = await _release_workspaces(uow.connection, link.subject)
        await uow.commit()
    platform.broker.publish(
        Change(workspace_id=workspace_id, kind="workspace", id=workspace_id)
        for workspace_id in released
    )
    platform.wake_agent()


async def resend_verification(platform: Platform, session: Session) -> None:
    """Owe the mail once more; a verified account is owed nothing.

    Raises:
        TooManyError: It was asked for too often.
    """
    if session.is_verified:
        return
    platform.limits.count(
        limits.RESENDS_PER_ACCOUNT,
        session.account_id,
        message="The mail was sent several times. Look in the junk folder, or try again later.",
    )
    async with platform.database.unit_of_work() as uow:
        await owe_verification(platform, uow, session.account_id, session.email)
        await uow.commit()
    platform.wake_dispatcher()


async def _release_workspaces(connection: AsyncConnection, account_id: str) -> list[WorkspaceId]:
    mine = select(memberships.c.workspace_id).where(memberships.c.account_id == account_id)
    held = select(workspaces.c.id).where(workspaces.c.id.in_(mine), workspaces.c.is_held)
    released = [WorkspaceId(row[0]) for row in await connection.execute(held)]
    await connection.execute(
        update(workspaces).where(workspaces.c.id.in_(mine)).values(is_held=False)
    )
    return released


def _email_or_raw(text: str) -> str:
    try:
        return clean_email(text)
    except ValueError:
        return text.strip().lower().replace("\0", "\ufffd")  # PostgreSQL refuses a NUL


def _refuse_taken() -> NoReturn:
    raise InvalidInputError.at(
        "email", "taken", "This address has an account already. Sign in instead."
    )
