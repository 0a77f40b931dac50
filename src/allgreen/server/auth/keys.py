"""Keys of the API: an opaque word in a header, and only its SHA-256 in the database."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import Request
from sqlalchemy import update
from starlette.datastructures import Headers

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.policy import Scope
from allgreen.errors import NotSignedInError, StorageError
from allgreen.server.auth import queries
from allgreen.server.auth.sessions import TOUCH_EVERY, hash_of
from allgreen.server.platform import get_platform
from allgreen.storage.sql.tables import api_keys

PREFIX: Final = "alg_"
"""With which every key begins, so that people and scanners of secrets know one when they see it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that opens one workspace, as long as its maker is a member there.

    Attributes:
        name: Of its maker.
    """

    id: str
    workspace_id: WorkspaceId
    account_id: AccountId
    name: str
    scope: Scope
    last_used_at: datetime | None


def new_key() -> str:
    """Return a new key: the prefix and 32 random bytes."""
    return PREFIX + secrets.token_urlsafe(32)


def brings_key(headers: Headers) -> bool:
    """Tell whether a request shows a key, be it a good one or not."""
    return any(_key_in(value) for value in headers.getlist("authorization"))


async def current_key(request: Request) -> Key:
    """Return the key that a request shows.

    Raises:
        NotSignedInError: It never was a key, was revoked, has run out, or its maker is gone; which
            of them is not told.
    """
    platform = get_platform(request)
    shown = request.headers.getlist("authorization")
    if len(shown) != 1:
        raise NotSignedInError  # of two keys, nobody could say which one counts
    now = platform.clock.now()
    async with platform.database.read() as connection:
        row = await queries.find_key(connection, hash_of(_key_in(shown[0])), now)
    if row is None:
        raise NotSignedInError
    key = Key(**row)
    if key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY:
        await _touch(request, key, now)
    return key


def _key_in(authorization: str) -> str:
    """Return the key in a header; empty when there is none (RFC 6750, section 2.1)."""
    scheme, _, word = authorization.strip().partition(" ")
    word = word.strip()
    return word if scheme.lower() == "bearer" and word.startswith(PREFIX) else ""


async def _touch(request: Request, key: Key, now: datetime) -> None:
    try:
        async with get_platform(request).database.unit_of_work() as uow:
            await uow.connection.execute(
                update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=now)
            )
            await uow.commit()
    except StorageError as error:
        # Reading must work on a full disk; only the date of the last use is older.
        logger.warning("The use of a key could not be noted: %s", error)
