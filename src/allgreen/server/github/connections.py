"""Writes: connect GitHub to an account, and take it off again."""

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.errors import InvalidInputError, NotFoundError, SignInFailedError
from allgreen.server.auth import queries
from allgreen.server.auth.errands import tell_change
from allgreen.server.auth.sessions import Client, Session
from allgreen.server.github.attempts import Attempt
from allgreen.server.github.identities import add_identity, find_owner, list_identities
from allgreen.server.github.person import NAME, Person
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, identities


def require_power(platform: Platform, session: Session) -> None:
    """Let only those connect GitHub whose address is proven, or cannot be.

    Else somebody could make an account with the address of another, connect their own GitHub, and
    wait for the other one to use it.

    Raises:
        InvalidInputError: The address is still to be verified.
    """
    if platform.settings.smtp_url is not None and not session.is_verified:
        raise InvalidInputError.at(
            "email", "unverified", "Verify your address first: the mail has a link. Then try again."
        )


async def connect(
    platform: Platform, person: Person, attempt: Attempt, *, client: Client, session: Session | None
) -> None:
    """Connect GitHub to the account that asked for it, and that is still signed in.

    Raises:
        SignInFailedError: Somebody else is signed in now, or one of the two is connected already.
    """
    if session is None or session.account_id != attempt.account_id:
        raise _signed_out()
    account_id, now = session.account_id, platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        # Of two browsers of one account, the second sees what the first has connected.
        await _hold(uow.connection, account_id)
        # It may have been ended while GitHub was asked, to keep out just who asks here.
        if await queries.find_session(uow.connection, session.id_hash, now) is None:
            raise _signed_out()
        connected = await list_identities(uow.connection, account_id)
        owner = await find_owner(uow.connection, person)
        if owner == account_id:
            return
        if owner is not None or connected:
            raise _taken(is_ours=bool(connected))
        try:
            async with uow.savepoint():
                await add_identity(uow.connection, person, account_id, now)
        except IntegrityError:
            raise _taken(is_ours=False) from None  # connected elsewhere at the same moment
        await tell_change(
            platform,
            uow,
            account_id,
            session.email,
            "identity.connected",
            "GitHub was connected, and opens your account from now on",
            client=client,
        )
        await uow.commit()
    platform.wake_dispatcher()


async def disconnect(platform: Platform, session: Session, client: Client) -> None:
    """Let GitHub open an account no longer.

    Raises:
        NotFoundError: It is not connected.
        InvalidInputError: There would be no way in any more.
    """
    account_id = session.account_id
    async with platform.database.unit_of_work() as uow:
        password_hash = await _hold(uow.connection, account_id)
        if not await list_identities(uow.connection, account_id):
            raise NotFoundError("identity")
        if password_hash is None:
            raise InvalidInputError.at(
                "provider",
                "only_way",
                "GitHub is the only way into your account. Set a password first.",
            )
        mine = (identities.c.account_id == account_id, identities.c.provider == NAME)
        await uow.connection.execute(delete(identities).where(*mine))
        await tell_change(
            platform,
            uow,
            account_id,
            session.email,
            "identity.disconnected",
            "GitHub was disconnected, and opens your account no longer",
            client=client,
        )
        await uow.commit()
    platform.wake_dispatcher()


async def _hold(connection: AsyncConnection, account_id: AccountId) -> str | None:
    """Wait until nobody else changes an account, and return the hash of its password."""
    query = select(accounts.c.password_hash).where(accounts.c.id == account_id)
    found: str | None = await connection.scalar(query.with_for_update(key_share=True))
    return found


def _taken(*, is_ours: bool) -> SignInFailedError:
    if is_ours:
        return SignInFailedError(
            "Another GitHub account is connected",
            "Disconnect it in your settings first, then connect this one.",
        )
    return SignInFailedError(
        "This GitHub account opens another account here",
        "Sign in with GitHub to see which. Disconnect it there first, then connect it here.",
    )


def _signed_out() -> SignInFailedError:
    return SignInFailedError(
        "Nothing was connected",
        "The account that asked for it is not signed in here any more. Sign in, and connect "
        "GitHub in your settings.",
    )
