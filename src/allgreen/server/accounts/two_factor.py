"""Writes: the second factor of one's own account."""

import pyotp
import segno
from sqlalchemy import update

from allgreen.domain.identity import AccountId
from allgreen.errors import InvalidInputError
from allgreen.server import limits
from allgreen.server.accounts import queries as own
from allgreen.server.accounts.schemas import NewSecondFactor, RecoveryCodes
from allgreen.server.accounts.signing_in import TOO_MANY_TRIES
from allgreen.server.auth import endings, second_factor
from allgreen.server.auth.errands import tell_change
from allgreen.server.auth.sessions import Client, Session
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

ISSUER = "Allgreen"


async def begin(platform: Platform, session: Session) -> NewSecondFactor:
    """Make a secret for an authenticator app; it counts from its confirmation on.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
        InvalidInputError: A second factor is on already.
    """
    session.require_proof(platform.clock.now())
    secret = pyotp.random_base32()
    async with platform.database.unit_of_work() as uow:
        begun = await uow.connection.execute(
            update(accounts)
            .where(accounts.c.id == session.account_id, accounts.c.totp_since.is_(None))
            .values(totp_secret=platform.database.cipher.encrypt(secret), totp_step=None)
        )
        if begun.rowcount != 1:
            raise _already_on()
        await uow.commit()
    uri = pyotp.TOTP(secret).provisioning_uri(name=session.email, issuer_name=ISSUER)
    picture = segno.make(uri, error="m").svg_data_uri(scale=4, border=4, light="#ffffff")
    return NewSecondFactor(secret=secret, uri=uri, qr=picture)


async def confirm(platform: Platform, session: Session, code: str, client: Client) -> RecoveryCodes:
    """Ask for the second factor from now on, and end all sessions that were opened without it.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
        InvalidInputError: The code is not the one of this moment, or there is nothing to confirm.
        TooManyError: It was tried too often.
    """
    now = platform.clock.now()
    session.require_proof(now)
    account_id = session.account_id
    platform.limits.count_slowly(limits.PROOFS_PER_SESSION, session.id, message=TOO_MANY_TRIES)
    async with platform.database.unit_of_work() as uow:
        row = await own.get_row(uow.connection, account_id)
        if row["totp_since"] is not None:
            raise _already_on()
        cipher = platform.database.cipher
        if not await second_factor.use_digits(uow.connection, cipher, account_id, code, now):
            raise second_factor.wrong_code()
        await uow.connection.execute(
            update(accounts).where(accounts.c.id == account_id).values(totp_since=now)
        )
        codes = await second_factor.renew_recovery_codes(uow.connection, account_id)
        await _tell(platform, uow, session, "two_factor.on", "a second factor was set up", client)
        await endings.end_sessions(uow.connection, account_id, but=session.id_hash)
        await uow.commit()
    platform.limits.forget(limits.PROOFS_PER_SESSION, session.id)
    await _announce(platform, account_id)
    return RecoveryCodes(codes=codes)


async def remove(platform: Platform, session: Session, client: Client) -> None:
    """Ask for no second factor any more, and end all other sessions.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
    """
    session.require_proof(platform.clock.now())
    account_id = session.account_id
    async with platform.database.unit_of_work() as uow:
        was_on = await second_factor.is_on(uow.connection, account_id)
        await second_factor.drop(uow.connection, account_id)
        if was_on:
            await endings.end_sessions(uow.connection, account_id, but=session.id_hash)
            change = "the second factor was removed"
            await _tell(platform, uow, session, "two_factor.off", change, client)
        await uow.commit()
    await _announce(platform, account_id)


async def renew_codes(platform: Platform, session: Session, client: Client) -> RecoveryCodes:
    """Make new recovery codes; those before are void.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
        InvalidInputError: There is no second factor that they could stand in for.
    """
    session.require_proof(platform.clock.now())
    async with platform.database.unit_of_work() as uow:
        if not await second_factor.is_on(uow.connection, session.account_id):
            raise InvalidInputError.at("", "off", "Set up a second factor first.")
        codes = await second_factor.renew_recovery_codes(uow.connection, session.account_id)
        change = "new recovery codes were made"
        await _tell(platform, uow, session, "two_factor.codes_renewed", change, client)
        await uow.commit()
    platform.wake_dispatcher()
    return RecoveryCodes(codes=codes)


async def _tell(
    platform: Platform,
    uow: SqlUnitOfWork,
    session: Session,
    action: str,
    change: str,
    client: Client,
) -> None:
    await tell_change(
        platform, uow, session.account_id, session.email, action, change, client=client
    )


async def _announce(platform: Platform, account_id: AccountId) -> None:
    """Let streams of sessions that ended look again."""
    async with platform.database.read() as connection:
        workspace_ids = await endings.list_workspaces_of(connection, account_id)
    platform.wake_dispatcher()
    endings.announce(platform, workspace_ids)


def _already_on() -> InvalidInputError:
    return InvalidInputError.at(
        "", "already_on", "A second factor is on already. Remove it first to set up another one."
    )
