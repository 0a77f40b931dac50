"""Writes: make an account, and change what it says of itself."""

from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.errors import (
    InvalidInputError,
    InvitationVoidError,
    NotAllowedError,
    OtherAddressError,
)
from allgreen.ports import Change
from allgreen.server import limits
from allgreen.server.accounts import queries as own
from allgreen.server.accounts.password import owe_reset
from allgreen.server.accounts.schemas import Account, AccountEdit, RegisterInput
from allgreen.server.auth import actions as people
from allgreen.server.auth import endings, queries
from allgreen.server.auth.errands import owe_verification
from allgreen.server.auth.invitations import (
    accept_invitation,
    is_open,
    load_by_token,
    mask,
)
from allgreen.server.auth.me import load_me
from allgreen.server.auth.schemas import Me
from allgreen.server.auth.sessions import Client, Session, open_session
from allgreen.server.passwords import find_weakness
from allgreen.server.platform import Platform
from allgreen.server.settings import Registration
from allgreen.storage.sql.tables import accounts
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def register(
    platform: Platform, form: RegisterInput, *, client: Client
) -> tuple[Me, str] | None:
    """Make an account with a workspace of its own, and accept the invitation that came with it.

    Returns:
        The account and the token of its session; `None` with a mail server, where nobody may
        learn from the answer whether the address was known. The link of an invitation is proof of
        the address: whoever has it is signed in at once.

    Raises:
        NotAllowedError: This installation takes no new accounts.
        InvitationVoidError: The invitation is of no use any more.
        OtherAddressError: It is for another address.
        InvalidInputError: The password is weak, or (without a mail server) the address is taken.
        TooManyError: Too many accounts were made from one address.
    """
    _refuse_closed(platform, form)
    weakness = find_weakness(form.password, name=form.name, email=form.email)
    if weakness:
        raise InvalidInputError.at("password", "weak", weakness)
    platform.limits.count(
        limits.REGISTRATIONS_PER_ADDRESS,
        client.network,
        message="Many accounts were made from your network. Try again later.",
    )
    password_hash, is_same = await _hash(platform, form)
    account_id = AccountId(platform.new_id())
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        if await queries.count_accounts(uow.connection) == 0:
            raise NotAllowedError("register")
        # Before the address is looked up: what a made-up link answers tells nothing about it.
        await _check_invitation(platform, uow, form, now)
        known = await queries.find_account_by_email(uow.connection, form.email)
        if known is not None:
            await _repeat(platform, uow, form, known, is_same=is_same)
            return None
        try:
            await _add(platform, uow, form, account_id, password_hash, now)
        except IntegrityError:  # the same form, sent twice at once
            if platform.settings.smtp_url is None:
                _refuse_taken()
            return None
        joined = await _join(platform, uow, form, account_id, now)
        made = await _let_in(platform, uow, form, account_id, client, now)
        await uow.commit()
    platform.wake_dispatcher()
    platform.broker.publish(Change(workspace_id=each, kind="members", id=each) for each in joined)
    return made


async def edit_account(platform: Platform, session: Session, form: AccountEdit) -> Account:
    """Change the name, or how the screens look."""
    values = form.model_dump(exclude_none=True)
    account_id = session.account_id
    async with platform.database.unit_of_work() as uow:
        if values:
            await uow.connection.execute(
                update(accounts).where(accounts.c.id == account_id).values(values)
            )
        account = await own.load_account(uow.connection, account_id)
        workspace_ids = await endings.list_workspaces_of(uow.connection, account_id)
        await uow.commit()
    if form.name is not None:
        endings.announce(platform, workspace_ids)
    return account


def _refuse_closed(platform: Platform, form: RegisterInput) -> None:
    who = platform.settings.registration
    is_invited = who is Registration.INVITED and form.invitation is not None
    if who is not Registration.OPEN and not is_invited:
        raise NotAllowedError("register")


async def _check_invitation(
    platform: Platform, uow: SqlUnitOfWork, form: RegisterInput, now: datetime
) -> None:
    if form.invitation is None:
        return
    invitation = await load_by_token(platform, uow.connection, form.invitation, now)
    if not is_open(invitation, now):
        raise InvitationVoidError
    if invitation["email"] != form.email:
        raise OtherAddressError(mask(invitation["email"]))


async def _join(
    platform: Platform,
    uow: SqlUnitOfWork,
    form: RegisterInput,
    account_id: AccountId,
    now: datetime,
) -> list[WorkspaceId]:
    """Accept the invitation, and return where."""
    if form.invitation is None:
        return []
    joined = await accept_invitation(
        platform, uow, form.invitation, account_id=account_id, email=form.email, now=now
    )
    return [joined]


async def _hash(platform: Platform, form: RegisterInput) -> tuple[str, bool | None]:
    """Return the hash of the password, and whether it is the one of an unproven account, if any.

    One or the other is done, and each takes as long: also for a known address, so that the time
    tells nothing.
    """
    async with platform.database.read() as connection:
        known = await queries.find_account_by_email(connection, form.email)
    if known is None or known["email_verified_at"] is not None:
        return await platform.passwords.hash(form.password), None
    return "", await platform.passwords.verify(form.password, known["password_hash"])


async def _add(
    platform: Platform,
    uow: SqlUnitOfWork,
    form: RegisterInput,
    account_id: AccountId,
    password_hash: str,
    now: datetime,
) -> None:
    is_invited = form.invitation is not None
    async with uow.savepoint():
        await people.add_account(
            uow.connection,
            account_id=account_id,
            name=form.name,
            email=form.email,
            password_hash=password_hash or None,
            now=now,
            # Without a mail server the link came by hand, and proves nothing of the mailbox.
            is_verified=is_invited and platform.settings.smtp_url is not None,
        )
    if form.surname is not None:
        await people.add_surname(uow.connection, account_id, form.surname)
    await people.add_workspace(
        uow.connection,
        workspace_id=WorkspaceId(platform.new_id()),
        name=f"{form.name.split()[0]}'s workspace",
        owner_id=account_id,
        is_held=platform.settings.smtp_url is not None and not is_invited,
        now=now,
    )


async def _let_in(
    platform: Platform,
    uow: SqlUnitOfWork,
    form: RegisterInput,
    account_id: AccountId,
    client: Client,
    now: datetime,
) -> tuple[Me, str] | None:
    """Open a session, or have the address proven first."""
    if platform.settings.smtp_url is not None and form.invitation is None:
        platform.limits.admits(limits.LETTERS_PER_MAILBOX, form.email)
        await owe_verification(platform, uow, account_id, form.email)
        return None
    token = await open_session(
        uow.connection,
        account_id,
        session_id=platform.new_id(),
        client=client,
        keep=False,
        now=now,
    )
    return await load_me(uow.connection, account_id, now), token


async def _repeat(
    platform: Platform,
    uow: SqlUnitOfWork,
    form: RegisterInput,
    known: dict[str, Any],
    *,
    is_same: bool | None,
) -> None:
    """Answer somebody who registers with an address that has an account.

    An account whose address was never proven may have been made by anybody. When somebody
    registers with another password nobody can tell which of the two reads the mails: from then on
    neither password opens it, and the one who reads them sets a new one.
    """
    is_proven = known["email_verified_at"] is not None
    # Whoever has the link of an invitation reads the mails of the address: they may know.
    if platform.settings.smtp_url is None or (is_proven and form.invitation is not None):
        _refuse_taken()
    # With `None` it was made since we looked: by the same form, sent twice at once.
    if is_proven or is_same is None or known["disabled_at"] is not None:
        return
    account_id = AccountId(known["id"])
    is_within = platform.limits.admits(limits.LETTERS_PER_MAILBOX, form.email)
    if not is_same:
        await uow.connection.execute(
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.email_verified_at.is_(None))
            .values(password_hash=None)
        )
        await endings.end_sessions(uow.connection, account_id)
    if is_within and is_same:
        await owe_verification(platform, uow, account_id, form.email)
    elif is_within:
        await owe_reset(platform, uow, account_id, form.email, None)
    await uow.commit()
    platform.wake_dispatcher()


def _refuse_taken() -> NoReturn:
    raise InvalidInputError.at(
        "email", "taken", "This address has an account already. Sign in instead."
    )
