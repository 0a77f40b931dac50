"""Streams of hints that are open: they look again who listens, also where nothing has changed."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import WorkspaceId
from allgreen.ports import Change
from allgreen.server.auth import actions, endings
from allgreen.server.auth.sessions import Session
from allgreen.server.platform import Platform

LOOK_AGAIN: Final = "session"
"""Kind of a hint that is for the streams themselves, and is passed on to nobody."""


async def sign_out(connection: AsyncConnection, session: Session | None) -> list[WorkspaceId]:
    """End a session, if there is one.

    Returns:
        Whose streams to ring after the commit.
    """
    if session is None:
        return []
    await actions.delete_session(connection, session.id_hash)
    return await endings.list_workspaces_of(connection, session.account_id)


def ring(platform: Platform, workspace_ids: Iterable[WorkspaceId]) -> None:
    """End the streams of those whose session has ended; nobody else notices."""
    platform.broker.publish(
        Change(workspace_id=each, kind=LOOK_AGAIN, id=each) for each in workspace_ids
    )
