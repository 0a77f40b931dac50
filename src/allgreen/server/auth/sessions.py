"""Sessions: an opaque token in a cookie, and only its SHA-256 in the database."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from allgreen.domain.identity import AccountId
from allgreen.errors import NotSignedInError, ProofNeededError, StorageError
from allgreen.server.auth import actions, queries
from allgreen.server.limits import group_of
from allgreen.server.platform import get_platform
from allgreen.server.settings import Settings

IDLE: Final = timedelta(days=14)
ABSOLUTE: Final = timedelta(days=90)
PROOF_LASTS: Final = timedelta(minutes=30)
"""So long after the password was typed, what endangers an account may be done without it."""
TOUCH_EVERY: Final = timedelta(hours=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request comes from, as its sender is told later.

    Attributes:
        address: Of the client, believed as far as `limits.client_of` does.
        device: What the browser says it is.
    """

    address: str
    device: str

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read it from a request."""
        said = request.headers.get("user-agent", "")
        return cls(address=get_platform(request).client_of(request), device=device_of(said))

    @property
    def network(self) -> str:
        """Return what counts as one client, and is kept."""
        return group_of(self.address)[:64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An account that is signed in.

    Attributes:
        id: By which it is listed and ended.
        proved_at: When the password was typed last.
    """

    id_hash: str
    id: str
    account_id: AccountId
    name: str
    email: str
    is_verified: bool
    is_instance_admin: bool
    keep: bool
    proved_at: datetime
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    def require_proof(self, now: datetime) -> None:
        """Let only those pass who have shown lately that it is them.

        Raises:
            ProofNeededError: The password must be typed once more.
        """
        if now - self.proved_at > PROOF_LASTS:
            raise ProofNeededError


def cookie_name(settings: Settings) -> str:
    """Return the name of the cookie; by https it is bound to this very host."""
    return "__Host-allgreen" if settings.is_secure else "allgreen"


def hash_of(token: str) -> str:
    """Return what the database knows of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def device_of(user_agent: str) -> str:
    """Return a browser and a system in words: ``Firefox on Linux``."""
    told = user_agent[:_LONGEST_AGENT]
    browser = next((name for mark, name in _BROWSERS if mark in told), "")
    system = next((name for mark, name in _SYSTEMS if mark in told), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "A program"


async def open_session(
    connection: AsyncConnection,
    account_id: AccountId,
    *,
    session_id: str,
    client: Client,
    keep: bool,
    now: datetime,
) -> str:
    """Store a new session and return its token, which nobody can read again."""
    token = _new_token()
    await actions.add_session(
        connection,
        id_hash=hash_of(token),
        session_id=session_id,
        account_id=account_id,
        device=client.device,
        network=client.network,
        keep=keep,
        now=now,
        expires_at=now + IDLE,
    )
    return token


async def renew_session(connection: AsyncConnection, session: Session, *, now: datetime) -> str:
    """Give a session another token, and note that its owner has just shown that it is them.

    The token before is void: whoever had read it gains nothing by what is allowed from now on.

    Raises:
        NotSignedInError: The session ended meanwhile.
    """
    token = _new_token()
    if not await actions.prove_session(connection, session.id_hash, hash_of(token), now):
        raise NotSignedInError
    return token


async def current_session(request: Request) -> Session | None:
    """Return the session that the cookie of a request names, while it lasts."""
    platform = get_platform(request)
    token = request.cookies.get(cookie_name(platform.settings))
    if not token:
        return None
    now = platform.clock.now()
    async with platform.database.read() as connection:
        row = await queries.find_session(connection, hash_of(token), now)
    if row is None:
        return None
    session = Session(**row)
    if now - session.last_seen_at >= TOUCH_EVERY:
        await _touch(request, session, now)
    return session


async def _touch(request: Request, session: Session, now: datetime) -> None:
    expires_at = min(now + IDLE, session.created_at + ABSOLUTE)
    try:
        async with get_platform(request).database.unit_of_work() as uow:
            await actions.touch_session(uow.connection, session.id_hash, now, expires_at)
            await uow.commit()
    except StorageError as error:
        # Reading must work on a full disk; the session only ends a little earlier.
        logger.warning("The use of a session could not be noted: %s", error)


def _new_token() -> str:
    return secrets.token_urlsafe(32)


# The first that fits counts: browsers name those whom they are like.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST_AGENT: Final = 400


def set_cookie(response: Response, token: str, *, keep: bool, settings: Settings) -> None:
    """Hand a session to the browser; without `keep` it ends with it."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(ABSOLUTE.total_seconds()) if keep else None,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.is_secure, httponly=True, samesite="lax"
    )
