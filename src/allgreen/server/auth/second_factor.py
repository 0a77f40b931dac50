"""The second factor: codes that change every half a minute (RFC 6238), or one of a few on paper.

Whoever lets somebody in asks here, however they showed who they are before.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.errors import InvalidInputError
from allgreen.server.auth.sessions import hash_of
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.tables import accounts, recovery_codes

STEP_S: Final = 30
RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


async def require_code(
    connection: AsyncConnection,
    cipher: Cipher,
    account_id: AccountId,
    code: str | None,
    now: datetime,
) -> None:
    """Let only those pass who show the second factor, if the account has one. Uses the code up.

    Call it in the transaction that lets them in, and only once the first factor was right: that
    an account has a second one is told to nobody else.

    Raises:
        InvalidInputError: A code is needed (``second_factor``), or it is wrong (``wrong_code``).
    """
    if not await is_on(connection, account_id):
        return
    if not code or not code.strip():
        raise InvalidInputError.at(
            "code",
            "second_factor",
            "Write the six digits that your authenticator app shows, or a recovery code.",
        )
    if not await _use(connection, cipher, account_id, code, now):
        raise wrong_code()


async def is_on(connection: AsyncConnection, account_id: AccountId) -> bool:
    """Tell whether an account has a second factor that was confirmed."""
    query = select(accounts.c.totp_since).where(accounts.c.id == account_id)
    return await connection.scalar(query) is not None


async def use_digits(
    connection: AsyncConnection, cipher: Cipher, account_id: AccountId, digits: str, now: datetime
) -> bool:
    """Tell whether digits are those of this moment, and let them count but once."""
    stored = await connection.scalar(select(accounts.c.totp_secret).where(_is(account_id)))
    if stored is None:
        return False
    step = find_step(cipher.decrypt(stored), digits, now)
    if step is None:
        return False
    # One statement, and its row count decides who of two with the same code was first.
    newer = or_(accounts.c.totp_step.is_(None), accounts.c.totp_step < step)
    used = await connection.execute(
        update(accounts)
        .where(_is(account_id), newer, accounts.c.totp_secret == stored)
        .values(totp_step=step)
    )
    return used.rowcount == 1


def find_step(secret: str, digits: str, now: datetime) -> int | None:
    """Return the step that digits belong to: this one, or one next to it; `None` for others.

    Clocks of telephones differ, and people type slowly (RFC 6238, section 5.2).
    """
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    given = _plain(digits).encode("utf-8", "replace")
    # All are compared, so that the time it takes does not tell which.
    fitting = [
        step
        for step in (current - 1, current, current + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), given)
    ]
    return fitting[0] if fitting else None


async def renew_recovery_codes(connection: AsyncConnection, account_id: AccountId) -> list[str]:
    """Make new recovery codes, which void those before; nobody can read them again."""
    codes = [_write_code() for _ in range(RECOVERY_CODES)]
    await forget_recovery_codes(connection, account_id)
    await connection.execute(
        insert(recovery_codes),
        [{"account_id": account_id, "code_hash": _hash_of(code)} for code in codes],
    )
    return codes


async def count_recovery_codes(connection: AsyncConnection, account_id: AccountId) -> int:
    """Return how many recovery codes can still be used."""
    query = select(func.count()).where(
        recovery_codes.c.account_id == account_id, recovery_codes.c.used_at.is_(None)
    )
    return int(await connection.scalar(query) or 0)


async def forget_recovery_codes(connection: AsyncConnection, account_id: AccountId) -> None:
    """Void all recovery codes."""
    await connection.execute(
        delete(recovery_codes).where(recovery_codes.c.account_id == account_id)
    )


async def drop(connection: AsyncConnection, account_id: AccountId) -> None:
    """Take the second factor from an account, confirmed or not, with its recovery codes."""
    await connection.execute(
        update(accounts)
        .where(_is(account_id))
        .values(totp_secret=None, totp_since=None, totp_step=None)
    )
    await forget_recovery_codes(connection, account_id)


def wrong_code() -> InvalidInputError:
    """Return the answer to a code that is not the one of this moment."""
    return InvalidInputError.at(
        "code",
        "wrong_code",
        "This code is not right, or was used already. Wait for the next one, and check that the "
        "clock of your device is right.",
    )


async def _use(
    connection: AsyncConnection, cipher: Cipher, account_id: AccountId, code: str, now: datetime
) -> bool:
    if re.fullmatch(r"[0-9]{6}", _plain(code)):
        return await use_digits(connection, cipher, account_id, code, now)
    used = await connection.execute(
        update(recovery_codes)
        .where(
            recovery_codes.c.account_id == account_id,
            recovery_codes.c.code_hash == _hash_of(code),
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return used.rowcount == 1


def _is(account_id: AccountId) -> ColumnElement[bool]:
    return accounts.c.id == account_id


def _write_code() -> str:
    # 79 bits: nothing of a stolen table of SHA-256 can be guessed back.
    groups: Sequence[str] = ["".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4)]
    return "-".join(groups)


def _hash_of(code: str) -> str:
    return hash_of(_plain(code))


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code.lower())
