"""Writes: one's own profile and photo."""

import secrets

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.profile import Visibility
from allgreen.ports import Change
from allgreen.server.auth.events import note_event
from allgreen.server.auth.photos import photo_path
from allgreen.server.auth.queries import within_memberships
from allgreen.server.auth.sessions import Client, Session
from allgreen.server.photos.darkroom import Photo
from allgreen.server.platform import Platform
from allgreen.server.profiles.queries import load_own_profile
from allgreen.server.profiles.schemas import OwnPhoto, OwnProfile, ProfileInput
from allgreen.storage.sql.tables import accounts, memberships, photos, profiles


async def save_profile(
    platform: Platform, session: Session, form: ProfileInput, client: Client
) -> OwnProfile:
    """Replace what an account tells of itself."""
    account_id = session.account_id
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        before = await _hold_profile(connection, account_id)
        mine = profiles.c.account_id == account_id
        await connection.execute(
            update(profiles).where(mine).values(form.model_dump(exclude={"name"}))
        )
        await connection.execute(
            update(accounts).where(accounts.c.id == account_id).values(name=form.name)
        )
        if form.visibility is not before:
            await note_event(
                connection,
                account_id,
                "profile.visibility",
                _SEEN_BY[form.visibility],
                client=client,
                now=platform.clock.now(),
            )
        saved = await load_own_profile(connection, account_id)
        shown_in = await _workspaces_of(connection, account_id)
        await uow.commit()
    _tell(platform, shown_in)
    return saved


async def save_photo(platform: Platform, session: Session, photo: Photo) -> OwnPhoto:
    """Show a new photo from now on; the one before it is gone."""
    account_id, photo_id = session.account_id, secrets.token_hex(32)
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        await _hold_profile(connection, account_id)
        await connection.execute(delete(photos).where(photos.c.account_id == account_id))
        await connection.execute(
            insert(photos).values(
                id=photo_id,
                account_id=account_id,
                large=photo.large,
                small=photo.small,
                created_at=platform.clock.now(),
            )
        )
        await _point_to(connection, account_id, photo_id)
        shown_in = await _workspaces_of(connection, account_id)
        await uow.commit()
    _tell(platform, shown_in)
    return OwnPhoto(photo=photo_path(photo_id) or "")


async def remove_photo(platform: Platform, session: Session) -> None:
    """Show no photo any more."""
    account_id = session.account_id
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(delete(photos).where(photos.c.account_id == account_id))
        await _point_to(uow.connection, account_id, None)
        shown_in = await _workspaces_of(uow.connection, account_id)
        await uow.commit()
    _tell(platform, shown_in)


async def _hold_profile(connection: AsyncConnection, account_id: AccountId) -> Visibility:
    """Make the row of a profile unless it is there, and return who sees it.

    Whoever saves at the same time waits for the account, so no row is made twice.
    """
    account = (
        select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True)
    )
    await connection.execute(account)
    query = select(profiles.c.visibility).where(profiles.c.account_id == account_id)
    found: Visibility | None = await connection.scalar(query)
    if found is not None:
        return found
    blank = dict.fromkeys(("surname", "pronouns", "city", "bio", "github", "linkedin"), "")
    await connection.execute(
        insert(profiles).values(
            account_id=account_id, website="", visibility=Visibility.WORKSPACE, **blank
        )
    )
    return Visibility.WORKSPACE


async def _point_to(
    connection: AsyncConnection, account_id: AccountId, photo_id: str | None
) -> None:
    mine = profiles.c.account_id == account_id
    await connection.execute(update(profiles).where(mine).values(photo_id=photo_id))


async def _workspaces_of(connection: AsyncConnection, account_id: AccountId) -> list[WorkspaceId]:
    query = within_memberships(account_id).with_only_columns(memberships.c.workspace_id)
    return [WorkspaceId(each) for each in await connection.scalars(query)]


def _tell(platform: Platform, workspace_ids: list[WorkspaceId]) -> None:
    """Let the pages look again that show the name or the photo."""
    platform.broker.publish(Change(workspace_id=w, kind="workspace", id=w) for w in workspace_ids)


_SEEN_BY = {
    Visibility.PUBLIC: "showed the profile to everybody",
    Visibility.SIGNED_IN: "showed the profile to everybody who signs in",
    Visibility.WORKSPACE: "showed the profile to people in the same workspaces",
}
