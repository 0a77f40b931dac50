"""Writes: sign in with GitHub, with an account that there is or a new one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from limits import RateLimitItemPerHour
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.errors import SignInFailedError
from allgreen.server import limits
from allgreen.server.auth import actions as people
from allgreen.server.auth import queries, second_factor, streams
from allgreen.server.auth.events import note_event
from allgreen.server.auth.invitations import invitations_with_names, is_open
from allgreen.server.auth.schemas import clean_name
from allgreen.server.auth.sessions import Client, Session, open_session
from allgreen.server.github import attempts
from allgreen.server.github.attempts import Attempt
from allgreen.server.github.identities import add_identity, find_owner, is_of
from allgreen.server.github.person import Person
from allgreen.server.platform import Platform
from allgreen.server.settings import Registration
from allgreen.storage.sql.tables import accounts, identities, invitations
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

CODES_PER_ACCOUNT: Final = RateLimitItemPerHour(20, namespace="github/codes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Somebody whom GitHub knows and we do too.

    Attributes:
        session: Token of the session; `None` while the second factor is still to be shown.
        waiting: What the browser keeps until then.
        go_to: Path to go on to.
    """

    session: str | None = None
    waiting: str = ""
    go_to: str


async def sign_in(
    platform: Platform,
    person: Person,
    attempt: Attempt,
    *,
    client: Client,
    before: Session | None,
) -> Passed:
    """Let somebody in whom GitHub knows, and make an account for those who are new.

    Raises:
        SignInFailedError: They cannot have an account, or have one that they must open first.
        TooManyError: Too many accounts were made from one network.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        account_id = await _find_account(uow.connection, person)
        if account_id is None:
            account_id = await _make_account(platform, uow, person, client, now)
        if await second_factor.is_on(uow.connection, account_id):
            waiting = await attempts.wait_for_code(uow.connection, account_id, attempt.go_to, now)
            await uow.commit()
            return Passed(waiting=waiting, go_to=attempt.go_to)
        out_of = await streams.sign_out(uow.connection, before)
        token = await _open(platform, uow, account_id, client, now)
        await uow.commit()
    platform.recent.forget_all()
    streams.ring(platform, out_of)
    return Passed(session=token, go_to=attempt.go_to)


async def finish(
    platform: Platform, browser: str, code: str, *, client: Client, before: Session | None
) -> Passed:
    """Let somebody in who has shown the second factor too.

    Raises:
        SignInFailedError: Nobody waits in this browser, or it took too long.
        InvalidInputError: The code is wrong.
        TooManyError: It was tried too often.
    """
    now = platform.clock.now()
    async with platform.database.read() as connection:
        waiting = await attempts.find_waiting(connection, browser, now)
    if waiting is None:
        raise _over()
    account_id, go_to = waiting
    platform.limits.count_slowly(
        CODES_PER_ACCOUNT, account_id, message="Too many tries. Wait a while, then try again."
    )
    async with platform.database.unit_of_work() as uow:
        connection, cipher = uow.connection, platform.database.cipher
        if not await attempts.end_waiting(connection, browser, now):
            raise _over()
        await _refuse_disabled(connection, account_id)
        await second_factor.require_code(connection, cipher, account_id, code, now)
        out_of = await streams.sign_out(connection, before)
        token = await _open(platform, uow, account_id, client, now)
        await uow.commit()
    platform.limits.forget(CODES_PER_ACCOUNT, account_id)
    platform.recent.forget_all()
    streams.ring(platform, out_of)
    return Passed(session=token, go_to=go_to)


async def _find_account(connection: AsyncConnection, person: Person) -> AccountId | None:
    """Return the account that GitHub opens; the name there may have changed since."""
    account_id = await find_owner(connection, person)
    if account_id is None:
        return None
    await _refuse_disabled(connection, account_id)
    await connection.execute(update(identities).where(*is_of(person)).values(login=person.login))
    return account_id


async def _make_account(
    platform: Platform, uow: SqlUnitOfWork, person: Person, client: Client, now: datetime
) -> AccountId:
    if person.email is None:
        raise SignInFailedError(
            "GitHub knows no address of yours",
            "An account needs the primary address of your GitHub account, and that GitHub has "
            "verified it. See to that there, then try again.",
        )
    if await queries.find_account_by_email(uow.connection, person.email) is not None:
        raise _known()
    await _refuse_closed(platform, uow.connection, person.email, now)
    platform.limits.count(
        limits.REGISTRATIONS_PER_ADDRESS,
        client.network,
        message="Many accounts were made from your network. Try again later.",
    )
    name = _name_of(person)
    account_id = AccountId(platform.new_id())
    try:
        async with uow.savepoint():
            await people.add_account(
                uow.connection,
                account_id=account_id,
                name=name,
                email=person.email,
                password_hash=None,
                now=now,
                is_verified=True,
            )
            await add_identity(uow.connection, person, account_id, now)
    except IntegrityError:
        raise _known() from None  # by another browser, at the same moment
    await people.add_workspace(
        uow.connection,
        workspace_id=WorkspaceId(platform.new_id()),
        name=f"{name.split()[0]}'s workspace",
        owner_id=account_id,
        is_held=False,
        now=now,
    )
    return account_id


async def _refuse_closed(
    platform: Platform, connection: AsyncConnection, email: str, now: datetime
) -> None:
    who = platform.settings.registration
    is_first = await queries.count_accounts(connection) == 0
    if not is_first and who is Registration.OPEN:
        return
    if not is_first and who is Registration.INVITED and await _is_invited(connection, email, now):
        return
    raise SignInFailedError(
        "There is no account for you here",
        "This Allgreen takes no new accounts by itself. Ask somebody who is in it to invite "
        "the primary address of your GitHub account.",
    )


async def _is_invited(connection: AsyncConnection, email: str, now: datetime) -> bool:
    query = invitations_with_names().where(invitations.c.email == email)
    return any(is_open(row, now) for row in (await connection.execute(query)).mappings())


async def _open(
    platform: Platform,
    uow: SqlUnitOfWork,
    account_id: AccountId,
    client: Client,
    now: datetime,
) -> str:
    await note_event(
        uow.connection,
        account_id,
        "session.opened",
        "signed in with GitHub",
        client=client,
        now=now,
    )
    return await open_session(
        uow.connection,
        account_id,
        session_id=platform.new_id(),
        client=client,
        keep=False,
        now=now,
    )


async def _refuse_disabled(connection: AsyncConnection, account_id: AccountId) -> None:
    query = select(accounts.c.disabled_at).where(accounts.c.id == account_id)
    if await connection.scalar(query) is not None:
        raise SignInFailedError(
            "This account is switched off", "Ask who runs this Allgreen what happened."
        )


def _name_of(person: Person) -> str:
    for told in (person.name, person.login):
        try:
            return clean_name(told[:80])
        except ValueError:
            continue
    return "Somebody"


def _known() -> SignInFailedError:
    return SignInFailedError(
        "You have an account here already",
        "It has the primary address of your GitHub account. Sign in with your password, or set a "
        "new one, and then connect GitHub in your settings.",
    )


def _over() -> SignInFailedError:
    return SignInFailedError(
        "This sign-in cannot go on", "It took more than ten minutes, or is done. Begin again."
    )
