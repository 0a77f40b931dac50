"""Writes: sign in and out, and show once more that it is oneself."""

from dataclasses import dataclass
from typing import Any

from allgreen.domain.identity import AccountId
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.server import limits
from allgreen.server.accounts import queries as own
from allgreen.server.accounts.schemas import LogInInput, ProofInput
from allgreen.server.auth import actions as people
from allgreen.server.auth import endings, queries, second_factor, streams
from allgreen.server.auth.events import note_event
from allgreen.server.auth.me import load_me
from allgreen.server.auth.schemas import Me, clean_email
from allgreen.server.auth.sessions import Client, Session, open_session, renew_session
from allgreen.server.platform import Platform

TOO_MANY_TRIES = "Too many tries. Wait a while, then try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody who was let in.

    Attributes:
        token: Of the session.
        device: What the browser is to show at its next sign-in; see `DeviceSigner`.
    """

    me: Me
    token: str
    device: str


async def log_in(
    platform: Platform, form: LogInInput, *, client: Client, before: Session | None, device: str
) -> SignedIn:
    """Open a session; the one before it ends.

    Args:
        platform: What routes work with.
        form: Who says to be whom.
        client: From where.
        before: The session that the browser has.
        device: What it shows of an earlier sign-in, if anything.

    Raises:
        InvalidInputError: Address and password do not match; which of them is not told. Or they
            do, and the second factor is needed or wrong, or the account is disabled.
        TooManyError: Too many tries for this account or from this network.
        BusyError: Too many people sign in at this moment.
    """
    email = read_email(form.email)
    async with platform.database.read() as connection:
        account = await queries.find_account_by_email(connection, email)
    forget = _count_try(platform, account, email, client, device)
    await _check_password(platform, account, form.password)
    assert account is not None
    account_id = AccountId(account["id"])
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        if await queries.find_account_by_email(connection, email) != account:
            raise _wrong()  # the password was changed, or the account disabled, meanwhile
        cipher = platform.database.cipher
        await second_factor.require_code(connection, cipher, account_id, form.code, now)
        out_of = await streams.sign_out(connection, before)
        token = await open_session(
            connection,
            account_id,
            session_id=platform.new_id(),
            client=client,
            keep=form.keep,
            now=now,
        )
        await note_event(
            connection, account_id, "session.opened", "signed in", client=client, now=now
        )
        me = await load_me(connection, account_id, now)
        await uow.commit()
    # Only now: with the password alone nobody may try codes without end.
    platform.limits.forget(*forget)
    platform.recent.forget_all()
    streams.ring(platform, out_of)
    return SignedIn(me=me, token=token, device=platform.devices.issue(account_id))


async def log_out(platform: Platform, session: Session) -> None:
    """End a session."""
    async with platform.database.unit_of_work() as uow:
        out_of = await streams.sign_out(uow.connection, session)
        await uow.commit()
    platform.recent.forget_all()
    streams.ring(platform, out_of)


async def prove(platform: Platform, session: Session, form: ProofInput) -> str:
    """Take password and second factor once more; return the new token of the session.

    Raises:
        InvalidInputError: Something is wrong or missing.
        TooManyError: It was tried too often.
        NotSignedInError: The session ended meanwhile.
    """
    await check_password(platform, session, form.password, field="password")
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        cipher = platform.database.cipher
        await second_factor.require_code(uow.connection, cipher, session.account_id, form.code, now)
        token = await renew_session(uow.connection, session, now=now)
        await uow.commit()
    platform.limits.forget(limits.PROOFS_PER_SESSION, session.id)
    platform.recent.forget_all()
    return token


async def check_password(
    platform: Platform, session: Session, password: str | None, *, field: str
) -> None:
    """Let only those pass who know the password of the account that is signed in.

    The tries are counted until `limits.PROOFS_PER_SESSION` is forgotten.

    Raises:
        InvalidInputError: It is wrong, or the account has none.
        TooManyError: It was tried too often.
    """
    platform.limits.count_slowly(limits.PROOFS_PER_SESSION, session.id, message=TOO_MANY_TRIES)
    async with platform.database.read() as connection:
        hashed = (await own.get_row(connection, session.account_id))["password_hash"]
    if hashed is None:
        raise InvalidInputError.at(
            field,
            "no_password",
            "This account has no password. Sign out, and sign in again as you did before.",
        )
    if not await platform.passwords.verify(password or "", hashed):
        raise InvalidInputError.at(field, "credentials", "That password is not right.")


async def end_session(platform: Platform, session: Session, session_id: str) -> None:
    """End one session of the account that is signed in, from wherever it was opened.

    Raises:
        NotFoundError: The account has no such session.
    """
    async with platform.database.unit_of_work() as uow:
        account_id = session.account_id
        if not await people.end_own_session(uow.connection, account_id, session_id):
            raise NotFoundError("session")
        workspace_ids = await endings.list_workspaces_of(uow.connection, account_id)
        await uow.commit()
    endings.announce(platform, workspace_ids)


async def end_other_sessions(platform: Platform, session: Session, client: Client) -> None:
    """End all sessions of an account but the one that asks."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        account_id = session.account_id
        await endings.end_sessions(uow.connection, account_id, but=session.id_hash)
        await note_event(
            uow.connection,
            account_id,
            "session.others_ended",
            "ended all other sessions",
            client=client,
            now=now,
        )
        workspace_ids = await endings.list_workspaces_of(uow.connection, account_id)
        await uow.commit()
    endings.announce(platform, workspace_ids)


def read_email(text: str) -> str:
    """Return an address as it is compared; what is none as text that belongs to nobody."""
    try:
        return clean_email(text)
    except ValueError:
        return text.strip().lower().replace("\0", "\ufffd")  # PostgreSQL refuses a NUL


def _count_try(
    platform: Platform, account: dict[str, Any] | None, email: str, client: Client, device: str
) -> tuple[Any, str]:
    """Count a try, and return what to forget when it was right.

    Strangers use up the tries of strangers: a browser in which the account has signed in before
    has tries of its own, from whichever network.
    """
    name = None if account is None else platform.devices.recognise(device, account["id"])
    if name is not None:
        who = limits.LOG_INS_PER_DEVICE, name
    else:
        platform.limits.count(limits.LOG_INS_PER_ADDRESS, client.network, message=TOO_MANY_TRIES)
        who = limits.LOG_INS_PER_ACCOUNT, email
    platform.limits.count_slowly(*who, message=TOO_MANY_TRIES)
    return who


async def _check_password(
    platform: Platform, account: dict[str, Any] | None, password: str
) -> None:
    hashed = None if account is None else account["password_hash"]
    if not await platform.passwords.verify(password, hashed) or account is None:
        raise _wrong()
    if account["disabled_at"] is not None:
        raise InvalidInputError.at(
            "email",
            "disabled",
            "This account is disabled. Ask who runs this Allgreen to enable it.",
        )


def _wrong() -> InvalidInputError:
    return InvalidInputError.at("password", "credentials", "That email and password don't match.")
