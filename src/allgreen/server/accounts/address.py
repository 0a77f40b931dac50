"""Writes: prove the address of an account, and move to another one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, RecipientId, WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.ports import AuditRow
from allgreen.server import limits
from allgreen.server.accounts import queries as own
from allgreen.server.accounts.schemas import Account
from allgreen.server.accounts.signing_in import TOO_MANY_TRIES
from allgreen.server.auth import endings, queries
from allgreen.server.auth.errands import owe_errand, owe_verification, tell_change
from allgreen.server.auth.events import note_event
from allgreen.server.auth.sessions import Client, Session
from allgreen.server.links import Link, Purpose, link_fact
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, recipients
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Who opened a link of a mail: they read the mails, which is not all that must be known.

    Attributes:
        session: Of their browser.
        password: What they typed.
    """

    session: Session | None
    password: str | None


async def verify_email(platform: Platform, token: str, client: Client, opened_by: Opener) -> None:
    """Verify an address, and let the workspaces of its account be watched.

    Whoever made the account need not be who reads the mails of the address. The two are one if
    the link comes with the password that was chosen then; who does not know it sets a new one by
    the mail for forgotten passwords. All else that was opened or prepared before ends.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
        InvalidInputError: The password is missing or wrong.
        TooManyError: It was tried too often.
    """
    now = platform.clock.now()
    link = platform.links.read(token, Purpose.VERIFY, now)
    async with platform.database.read() as connection:
        account = await own.find_row(connection, link.subject)
    if account is None or not link.is_for(account["email"]) or account["email_verified_at"]:
        raise NotFoundError("link")
    await _require_maker(platform, account, opened_by)
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        account_id = AccountId(account["id"])
        is_same = accounts.c.password_hash.is_not_distinct_from(account["password_hash"])
        is_first = await connection.execute(
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.email_verified_at.is_(None), is_same)
            .values(email_verified_at=now)
        )
        if is_first.rowcount != 1:
            raise NotFoundError("link")
        await endings.wipe_unproven(connection, account_id)
        await note_event(
            connection, account_id, "email.verified", "verified the address", client=client, now=now
        )
        released = await endings.release_workspaces(connection, account_id)
        await uow.commit()
    endings.announce(platform, released)
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


async def ask_for_change(platform: Platform, session: Session, email: str, client: Client) -> None:
    """Ask the mailbox of a new address whether it is theirs; one that is taken is owed nothing.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
        InvalidInputError: It is their address already.
        TooManyError: It was asked for too often.
    """
    now = platform.clock.now()
    session.require_proof(now)
    _refuse_same(session, email)
    platform.limits.count(
        limits.ADDRESS_CHANGES_PER_ACCOUNT,
        session.account_id,
        message="You asked for this several times. Look in the junk folder, or try again later.",
    )
    is_within = platform.limits.admits(limits.LETTERS_PER_MAILBOX, email)
    async with platform.database.unit_of_work() as uow:
        account_id = session.account_id
        await _set_pending(uow.connection, account_id, email)
        await note_event(
            uow.connection,
            account_id,
            "email.change_asked",
            f"asked to change the address to {email}",
            client=client,
            now=now,
        )
        is_taken = await queries.find_account_by_email(uow.connection, email) is not None
        if is_within and not is_taken:
            link = link_fact(account_id, session.email, email)
            await owe_errand(platform, uow, NoticeKind.CHANGE_EMAIL, email, link=link)
        await uow.commit()
    platform.wake_dispatcher()


async def drop_change(platform: Platform, session: Session) -> None:
    """Forget the address that was asked for; the link that was sent to it is dead."""
    async with platform.database.unit_of_work() as uow:
        await _set_pending(uow.connection, session.account_id, None)
        await uow.commit()


async def is_of_opener(
    platform: Platform, token: str, purpose: Purpose, session: Session | None
) -> bool:
    """Tell whether the account of a link is the one that is signed in; no if there is none."""
    if session is None:
        return False
    try:
        link = platform.links.read(token, purpose, platform.clock.now())
    except NotFoundError:
        return False
    return link.subject == session.account_id


async def read_change(platform: Platform, token: str) -> str:
    """Return the address that a link changes to, and change nothing.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
    """
    link = platform.links.read(token, Purpose.CHANGE_EMAIL, platform.clock.now())
    async with platform.database.read() as connection:
        account = _check_link(link, await own.find_row(connection, link.subject))
    return str(account["pending_email"])


async def change_email(platform: Platform, token: str, client: Client, opened_by: Opener) -> None:
    """Give an account the address that a link proves, and its lists too; other sessions end.

    Who reads the mails of the new address must be who owns the account: else anybody could make
    theirs the account of somebody else, who clicks a button in a mail that they did not expect.

    Args:
        platform: What routes work with.
        token: Of the link.
        client: From where.
        opened_by: Who opened it; their session goes on if it is of the account.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out; or the address was
            taken meanwhile.
        InvalidInputError: The password is missing or wrong.
        TooManyError: It was tried too often.
    """
    now, session = platform.clock.now(), opened_by.session
    link = platform.links.read(token, Purpose.CHANGE_EMAIL, now)
    async with platform.database.read() as connection:
        account = _check_link(link, await own.find_row(connection, link.subject))
    await _require_maker(platform, account, opened_by)
    async with platform.database.unit_of_work() as uow:
        account = _check_link(link, await own.find_row(uow.connection, link.subject))
        spare = None if session is None else session.id_hash
        new = str(account["pending_email"])
        told = await _move(platform, uow, account, new, client=client, spare=spare, proven_at=now)
        released = await endings.release_workspaces(uow.connection, AccountId(account["id"]))
        await uow.commit()
    platform.wake_dispatcher()
    endings.announce(platform, told)
    if released:
        platform.wake_agent()


async def change_unproven(
    platform: Platform, session: Session, email: str, client: Client
) -> Account:
    """Give an account another address at once, where no mail server is set to prove it by.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
        InvalidInputError: It is their address already, or that of another account.
    """
    session.require_proof(platform.clock.now())
    _refuse_same(session, email)
    async with platform.database.unit_of_work() as uow:
        account = await own.get_row(uow.connection, session.account_id)
        spare = session.id_hash
        try:
            told = await _move(
                platform, uow, account, email, client=client, spare=spare, proven_at=None
            )
        except NotFoundError:
            raise InvalidInputError.at(
                "email", "taken", "This address has an account already."
            ) from None
        shown = await own.load_account(uow.connection, session.account_id)
        await uow.commit()
    endings.announce(platform, told)
    return shown


async def _require_maker(platform: Platform, account: dict[str, Any], opened_by: Opener) -> None:
    """Let only those pass who are signed in to the account, or know its password.

    An account without a password, whose address is unproven, has nothing that anybody could keep.

    Raises:
        InvalidInputError: The password is missing or wrong.
        TooManyError: It was tried too often.
    """
    if opened_by.session is not None and opened_by.session.account_id == account["id"]:
        return
    if account["password_hash"] is None:
        if account["email_verified_at"] is None:
            return
        raise InvalidInputError.at(
            "password",
            "no_password",
            "This account has no password. Sign in to it in this browser, then open the link once "
            "more.",
        )
    if not opened_by.password:
        raise InvalidInputError.at(
            "password", "needed", "Type the password with which the account was made."
        )
    tries = limits.LINK_PASSWORDS_PER_ACCOUNT, str(account["id"])
    platform.limits.count_slowly(*tries, message=TOO_MANY_TRIES)
    if not await platform.passwords.verify(opened_by.password, account["password_hash"]):
        raise InvalidInputError.at(
            "password",
            "credentials",
            "That is not the password with which the account was made. If it was not you who made "
            "it, or you forgot it, set a new one on the page where people sign in.",
        )
    platform.limits.forget(*tries)


def _refuse_same(session: Session, email: str) -> None:
    if email == session.email:
        raise InvalidInputError.at("email", "same", "This is your address already.")


async def _set_pending(
    connection: AsyncConnection, account_id: AccountId, email: str | None
) -> None:
    await connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(pending_email=email)
    )


def _check_link(link: Link, account: dict[str, Any] | None) -> dict[str, Any]:
    if account is None or account["disabled_at"] is not None or account["pending_email"] is None:
        raise NotFoundError("link")
    if not link.is_for(account["email"], account["pending_email"]):
        raise NotFoundError("link")
    return account


async def _move(
    platform: Platform,
    uow: SqlUnitOfWork,
    account: dict[str, Any],
    new: str,
    *,
    client: Client,
    spare: str | None,
    proven_at: datetime | None,
) -> set[WorkspaceId]:
    """Store the new address and what follows from it; return whose pages changed by it.

    Raises:
        NotFoundError: Another account has taken it meanwhile.
    """
    account_id, now = AccountId(account["id"]), platform.clock.now()
    values = {"email": new, "pending_email": None, "email_verified_at": proven_at}
    try:
        async with uow.savepoint():
            await uow.connection.execute(
                update(accounts).where(accounts.c.id == account_id).values(values)
            )
    except IntegrityError:
        raise NotFoundError("link") from None
    moved = await _move_lists(uow, account_id, new, now)
    await endings.end_sessions(uow.connection, account_id, but=spare)
    await tell_change(
        platform,
        uow,
        account_id,
        account["email"],
        "email.changed",
        f"your address was changed to {new}",
        client=client,
    )
    return {*moved, *await endings.list_workspaces_of(uow.connection, account_id)}


async def _move_lists(
    uow: SqlUnitOfWork, account_id: AccountId, new: str, now: datetime
) -> set[WorkspaceId]:
    """Tell the new address of all services of which the old one was told; return where."""
    theirs = select(recipients).where(recipients.c.account_id == account_id)
    rows = (await uow.connection.execute(theirs)).mappings().all()
    # An address stands on a list once: where the new one does already, this is the same person.
    same = recipients.alias("same")
    twice = select(recipients.c.id).where(
        recipients.c.address == new,
        or_(recipients.c.account_id.is_(None), recipients.c.account_id != account_id),
        exists().where(
            and_(same.c.account_id == account_id, same.c.service_id == recipients.c.service_id)
        ),
    )
    for recipient_id in (await uow.connection.execute(twice)).scalars().all():
        await uow.recipients.remove(RecipientId(recipient_id))
    await uow.connection.execute(
        update(recipients).where(recipients.c.account_id == account_id).values(address=new)
    )
    await uow.audit.add(
        AuditRow(
            workspace_id=WorkspaceId(row["workspace_id"]),
            service_id=row["service_id"],
            at=now,
            action="recipient.moved",
            summary="is told at another address from now on",
            by=account_id,
        )
        for row in rows
    )
    return {WorkspaceId(row["workspace_id"]) for row in rows}
