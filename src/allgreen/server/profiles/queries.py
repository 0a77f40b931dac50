"""Reads: profiles, and who sees them at this moment."""

from typing import Any

from sqlalchemy import RowMapping, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.domain.profile import Visibility
from allgreen.errors import NotFoundError
from allgreen.server.auth.photos import photo_path
from allgreen.server.auth.queries import within_memberships
from allgreen.server.auth.sessions import Session
from allgreen.server.platform import Platform
from allgreen.server.profiles import limits
from allgreen.server.profiles.schemas import OwnProfile, Profile
from allgreen.storage.sql.tables import accounts, memberships, photos, profiles

_ID_LENGTH = 36
_PHOTO_ID_LENGTH = 64


async def load_own_profile(connection: AsyncConnection, account_id: AccountId) -> OwnProfile:
    """Return what the settings show."""
    row = await _find(connection, account_id)
    assert row is not None, "a session has an account"
    return OwnProfile(**_shown(row), visibility=_visibility_of(row), page=f"/u/{row['id']}")


async def load_profile(
    platform: Platform, connection: AsyncConnection, account_id: str, viewer: Session | None
) -> Profile:
    """Return the profile of somebody, as far as the viewer may see it.

    Raises:
        NotFoundError: There is none, or it is not for this viewer.
        TooManyError: The viewer looked at many profiles of people that they share nothing with.
    """
    row = await _find(connection, account_id)
    if row is None or not await _is_visible(connection, row, viewer):
        raise NotFoundError("profile")
    is_for_all = _visibility_of(row) is Visibility.SIGNED_IN
    if is_for_all and viewer and not await _knows(connection, viewer.account_id, row["id"]):
        limits.count_profile(platform, viewer.account_id)
    return Profile(**_shown(row))


async def load_photo(
    connection: AsyncConnection, photo_id: str, viewer: Session | None, *, is_small: bool
) -> bytes:
    """Return a photo as WebP, as far as the viewer may see the profile of its owner.

    Raises:
        NotFoundError: There is none, or it is not for this viewer.
    """
    if not photo_id.isalnum() or len(photo_id) != _PHOTO_ID_LENGTH:
        raise NotFoundError("photo")
    pixels = photos.c.small if is_small else photos.c.large
    query = select(photos.c.account_id, pixels).where(photos.c.id == photo_id)
    found = (await connection.execute(query)).one_or_none()
    owner = await _find(connection, found[0]) if found else None
    if found is None or owner is None or not await _is_visible(connection, owner, viewer):
        raise NotFoundError("photo")
    content: bytes = found[1]
    return content


async def _find(connection: AsyncConnection, account_id: str) -> RowMapping | None:
    if not account_id.isprintable() or len(account_id) != _ID_LENGTH:
        return None  # PostgreSQL refuses a NUL, and no other length can be an id of ours
    query = (
        select(
            accounts.c.id,
            accounts.c.name,
            profiles.c.surname,
            profiles.c.pronouns,
            profiles.c.city,
            profiles.c.bio,
            profiles.c.github,
            profiles.c.linkedin,
            profiles.c.website,
            profiles.c.visibility,
            profiles.c.photo_id,
        )
        .outerjoin(profiles, profiles.c.account_id == accounts.c.id)
        .where(accounts.c.id == account_id, accounts.c.disabled_at.is_(None))
    )
    return (await connection.execute(query)).mappings().one_or_none()


async def _is_visible(
    connection: AsyncConnection, owner: RowMapping, viewer: Session | None
) -> bool:
    visibility = _visibility_of(owner)
    if visibility is Visibility.PUBLIC:
        return True
    if viewer is None:
        return False
    if visibility is Visibility.SIGNED_IN:
        return True
    return await _knows(connection, viewer.account_id, owner["id"])


async def _knows(connection: AsyncConnection, viewer_id: AccountId, owner_id: str) -> bool:
    """Tell whether two share a workspace at this moment, or are the same."""
    if viewer_id == owner_id:
        return True
    theirs = memberships.alias("theirs")
    together = within_memberships(viewer_id).where(
        exists().where(
            theirs.c.workspace_id == memberships.c.workspace_id, theirs.c.account_id == owner_id
        )
    )
    return (await connection.execute(together.limit(1))).first() is not None


def _visibility_of(row: RowMapping) -> Visibility:
    return row["visibility"] or Visibility.WORKSPACE


def _shown(row: RowMapping) -> dict[str, Any]:
    words = ("surname", "pronouns", "city", "bio", "github", "linkedin", "website")
    return {
        "id": row["id"],
        "name": row["name"],
        "photo": photo_path(row["photo_id"]),
        **{word: row[word] or "" for word in words},
    }
