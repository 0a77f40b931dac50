"""Delete a workspace, and have it back while it is kept.

Nothing in it changes meanwhile: its checks are not handed out, and the time is laid over with a
maintenance window, so that none of it counts as up or down.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.commands import CatchUp
from allgreen.domain.events import Event
from allgreen.domain.facts import Facts
from allgreen.domain.identity import CheckId, WindowId, WorkspaceId
from allgreen.domain.maintenance import Window
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access
from allgreen.server.auth.errands import owe_errand
from allgreen.server.auth.memberships import (
    in_turn,
    list_owners,
    lock_workspace,
    void_offer,
)
from allgreen.server.auth.queries import is_id
from allgreen.server.page_copies import drop_copy
from allgreen.server.platform import Platform
from allgreen.server.views.deleted import KEPT_FOR
from allgreen.server.workspaces import queries, unsaid
from allgreen.server.workspaces.schemas import DeletionInput, Workspace
from allgreen.storage.sql.dialect import upsert
from allgreen.storage.sql.tables import (
    IS_ACTIVE,
    leases,
    maintenance_windows,
    memberships,
    slugs,
    status_pages,
    workspaces,
)
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

_WINDOW_NAME: Final = "The workspace was deleted"
_SLUG_KEPT_FOR: Final = timedelta(days=90)
_SLICE: Final = 500
"""Checks that are planned anew in one go."""


async def delete_workspace(
    platform: Platform, access: Access, workspace_id: str, form: DeletionInput
) -> None:
    """Delete a workspace; for some days its owners can have it back.

    Raises:
        ProofNeededError: The password was typed long ago.
        InvalidInputError: The name is not the one of the workspace.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        member = await in_turn(access, connection, workspace_id)
        access.caller.require_proof(now)
        id_ = member.workspace_id
        name = await uow.workspaces.name(id_)
        if form.name != name:
            raise InvalidInputError.at(
                "name", "other", f"This is not its name. Type {name} to delete it."
            )
        await connection.execute(
            update(workspaces).where(workspaces.c.id == id_).values(deleted_at=now)
        )
        await void_offer(connection, id_)
        # What is found by runs that have begun belongs to the history only.
        await uow.checks.revoke_lease(await _list_checks(connection, id_))
        slug = await _keep_slug(connection, id_, now)
        await uow.windows.save([_window(WindowId(platform.new_id()), id_, now)])
        await unsaid.hold_back(connection, id_)
        facts = Facts(
            workspace_name=name,
            actor=member.name,
            until=now + KEPT_FOR,
            zone=await uow.workspaces.zone(id_),
        )
        for address in await list_owners(connection, id_):
            await owe_errand(platform, uow, NoticeKind.WORKSPACE_DELETED, address, facts=facts)
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="workspace.deleted",
            summary=f"deleted the workspace {name}",
            by=member.account_id,
        )
        await uow.audit.add([row])
        await uow.commit()
    platform.broker.publish([Change(workspace_id=id_, kind="workspace", id=id_, is_public=True)])
    if slug is not None:
        # Else a restart without a database would show what is no longer for everybody. After the
        # hint: whoever writes a copy in this moment sees by it that they must take it back.
        await asyncio.to_thread(drop_copy, platform.settings.data_dir, slug)
    platform.wake_dispatcher()


async def restore_workspace(platform: Platform, access: Access, workspace_id: str) -> Workspace:
    """Have a deleted workspace back as it was; one that is there stays as it is.

    Raises:
        NotFoundError: The caller does not own it, or it was deleted too long ago.
    """
    now, events = platform.clock.now(), list[Event]()
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        deleted_at = await _find_deleted(connection, access, workspace_id)
        if deleted_at is not None:
            id_ = WorkspaceId(workspace_id)
            await _undelete(uow, id_, deleted_at, now)
            events = await _catch_up(platform, uow, id_, now)
            await unsaid.say(connection, id_, now)
            row = AuditRow(
                workspace_id=id_,
                at=now,
                action="workspace.restored",
                summary="had the deleted workspace back",
                by=access.caller.account_id,
            )
            await uow.audit.add([row])
        member = await access.workspace(connection, workspace_id)
        shown = await queries.load_workspace(connection, member, now)
        await uow.commit()
    platform.bus.announce(events)
    id_ = member.workspace_id
    platform.broker.publish([Change(workspace_id=id_, kind="workspace", id=id_, is_public=True)])
    platform.wake_agent()
    platform.wake_dispatcher()
    return shown


async def _find_deleted(
    connection: AsyncConnection, access: Access, workspace_id: str
) -> datetime | None:
    """Return when a workspace of the caller's own was deleted; `None` where it was not."""
    if not is_id(workspace_id):
        return None
    await lock_workspace(connection, workspace_id)
    query = (
        select(workspaces.c.deleted_at)
        .join(memberships, memberships.c.workspace_id == workspaces.c.id)
        .where(workspaces.c.id == workspace_id, memberships.c.role == Role.OWNER)
        .where(memberships.c.account_id == access.caller.account_id)
    )
    found: datetime | None = await connection.scalar(query)
    return found


async def _undelete(
    uow: SqlUnitOfWork, workspace_id: WorkspaceId, deleted_at: datetime, now: datetime
) -> None:
    if now - deleted_at >= KEPT_FOR:
        raise NotFoundError("workspace")
    here = workspaces.c.id == workspace_id
    await uow.connection.execute(update(workspaces).where(here).values(deleted_at=None))
    query = (
        select(maintenance_windows.c.id)
        .where(maintenance_windows.c.workspace_id == workspace_id)
        .where(maintenance_windows.c.name == _WINDOW_NAME)
        .where(maintenance_windows.c.holds_from == deleted_at)
    )
    for window_id in (await uow.connection.execute(query)).scalars().all():
        window = await uow.windows.get(WindowId(window_id), lock=True)
        await uow.windows.save([window.cancelled(now)])


async def _catch_up(
    platform: Platform, uow: SqlUnitOfWork, workspace_id: WorkspaceId, now: datetime
) -> list[Event]:
    """Plan each check once and not all in the same moment, as after a time without a watcher."""
    check_ids, events = await _list_checks(uow.connection, workspace_id), list[Event]()
    for first in range(0, len(check_ids), _SLICE):
        command = CatchUp(check_ids=tuple(check_ids[first : first + _SLICE]), at=now)
        events += await platform.bus.handle(command, uow)
    return events


async def _list_checks(connection: AsyncConnection, workspace_id: WorkspaceId) -> list[CheckId]:
    query = (
        select(leases.c.check_id)
        .where(IS_ACTIVE, leases.c.workspace_id == workspace_id)
        .order_by(leases.c.check_id)
    )
    return [CheckId(each) for each in (await connection.execute(query)).scalars()]


async def _keep_slug(
    connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime
) -> str | None:
    """Let nobody else have the name of its page, also for a while after it is gone."""
    query = select(status_pages.c.slug).where(status_pages.c.workspace_id == workspace_id)
    slug: str | None = await connection.scalar(query)
    if slug is not None:
        until = now + KEPT_FOR + _SLUG_KEPT_FOR
        await upsert(
            connection, slugs, [{"slug": slug, "workspace_id": workspace_id, "until": until}]
        )
    return slug


def _window(window_id: WindowId, workspace_id: WorkspaceId, now: datetime) -> Window:
    return Window(
        id=window_id,
        workspace_id=workspace_id,
        name=_WINDOW_NAME,
        first=now.date(),
        at=now.time(),
        duration=KEPT_FOR,
        holds_from=now,
    )
