"""Attempts: sign-ins that are under way, each for one browser, one use and ten minutes.

What the browser brings back from GitHub is worth nothing without the cookie that only this browser
has: a link that somebody else has made signs nobody in, and connects nothing (CVE-2025-68481).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.errors import SignInFailedError
from allgreen.server.auth.sessions import hash_of
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import sign_ins

if TYPE_CHECKING:
    from allgreen.server.github.provider import GitHub

LASTS: Final = timedelta(minutes=10)
_CODE: Final = "second factor\0"
"""Before what is hashed for a sign-in that waits for a code: no state is ever taken for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A browser that is on its way to GitHub: where it is sent, and the cookie it gets."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A browser that came back.

    Attributes:
        verifier: Of PKCE: without it the code is worth nothing.
        account_id: To which GitHub is to be connected; `None` to sign in.
        go_to: Path to go on to.
    """

    verifier: str
    account_id: AccountId | None
    go_to: str


def cookie_name(settings: Settings) -> str:
    """Return the name of the cookie that binds an attempt to a browser."""
    return "__Host-allgreen-github" if settings.is_secure else "allgreen-github"


async def begin(platform: Platform, *, go_to: str, account_id: AccountId | None) -> Begun:
    """Note that a browser goes to GitHub."""
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(48)
    async with platform.database.unit_of_work() as uow:
        await _store(
            uow.connection,
            state_hash=hash_of(state),
            browser=browser,
            verifier=platform.database.cipher.encrypt(verifier),
            account_id=account_id,
            go_to=go_to,
            now=platform.clock.now(),
        )
        await uow.commit()
    return Begun(url=github_of(platform).authorize_url(state, verifier), browser=browser)


async def take(platform: Platform, state: str, browser: str) -> Attempt:
    """Return what a browser came back for, and void it.

    Raises:
        SignInFailedError: It was begun in another browser, was taken already, or is too old.
    """
    async with platform.database.unit_of_work() as uow:
        found = await _take(uow.connection, hash_of(state), browser, platform.clock.now())
        await uow.commit()
    if found is None:
        raise SignInFailedError(
            "This sign-in cannot go on",
            "It was begun in another browser or tab, was used already, or took more than ten "
            "minutes. Begin again.",
        )
    return Attempt(
        verifier=platform.database.cipher.decrypt(found.verifier),
        account_id=found.account_id,
        go_to=found.go_to,
    )


async def wait_for_code(
    connection: AsyncConnection, account_id: AccountId, go_to: str, now: datetime
) -> str:
    """Note that somebody has still to show their second factor; return the cookie they get."""
    browser = secrets.token_urlsafe(32)
    await _store(
        connection,
        state_hash=hash_of(_CODE + browser),
        browser=browser,
        verifier="",
        account_id=account_id,
        go_to=go_to,
        now=now,
    )
    return browser


async def find_waiting(
    connection: AsyncConnection, browser: str, now: datetime
) -> tuple[AccountId, str] | None:
    """Return who waits for a code in a browser, and where they go on to."""
    query = sign_ins.select().where(
        sign_ins.c.state_hash == hash_of(_CODE + browser), sign_ins.c.expires_at > now
    )
    found = (await connection.execute(query)).one_or_none()
    return None if found is None else (AccountId(found.account_id), found.go_to)


async def end_waiting(connection: AsyncConnection, browser: str, now: datetime) -> bool:
    """Void what waits for a code; tell whether it was there."""
    return await _take(connection, hash_of(_CODE + browser), browser, now) is not None


async def _store(
    connection: AsyncConnection,
    *,
    state_hash: str,
    browser: str,
    verifier: str,
    account_id: AccountId | None,
    go_to: str,
    now: datetime,
) -> None:
    await connection.execute(delete(sign_ins).where(sign_ins.c.expires_at <= now))
    await connection.execute(
        insert(sign_ins).values(
            state_hash=state_hash,
            browser_hash=hash_of(browser),
            verifier=verifier,
            account_id=account_id,
            go_to=go_to,
            expires_at=now + LASTS,
        )
    )


async def _take(connection: AsyncConnection, state_hash: str, browser: str, now: datetime) -> Any:
    # One statement: of two that bring the same state, one is first.
    taken = await connection.execute(
        delete(sign_ins)
        .where(
            sign_ins.c.state_hash == state_hash,
            sign_ins.c.browser_hash == hash_of(browser),
            sign_ins.c.expires_at > now,
        )
        .returning(sign_ins.c.verifier, sign_ins.c.account_id, sign_ins.c.go_to)
    )
    return taken.one_or_none()


def github_of(platform: Platform) -> "GitHub":
    """Return GitHub as the settings name it.

    It is loaded when somebody first signs in so: it takes a tenth of a start, and most have none.
    """
    from allgreen.server.github.provider import GitHub  # noqa: PLC0415 - see above

    return GitHub(platform.settings)
