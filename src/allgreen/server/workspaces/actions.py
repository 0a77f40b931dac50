"""Writes of workspaces."""

from sqlalchemy import update

from allgreen.domain.calendar import Calendar, is_zone
from allgreen.errors import InvalidInputError
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access
from allgreen.server.platform import Platform
from allgreen.server.workspaces import queries
from allgreen.server.workspaces.schemas import Workspace, WorkspaceEdit
from allgreen.storage.sql.tables import workspaces


async def edit_workspace(
    platform: Platform, access: Access, workspace_id: str, form: WorkspaceEdit
) -> Workspace:
    """Change parts of a workspace.

    Raises:
        InvalidInputError: The zone is not known.
    """
    now = platform.clock.now()
    if form.time_zone is not None and not is_zone(form.time_zone):
        raise InvalidInputError.at(
            "time_zone", "unknown", "This time zone is not known. Write a name such as Europe/Rome."
        )
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        id_ = member.workspace_id
        before = await uow.workspaces.calendar(id_)
        after = before if form.time_zone is None else before.moved(form.time_zone, now)
        words = _changes(before, after, form)
        await uow.workspaces.save_calendar(id_, after)
        if form.name is not None:
            named = update(workspaces).where(workspaces.c.id == id_).values(name=form.name)
            await uow.connection.execute(named)
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="workspace.edited",
            summary="; ".join(words) or "saved it without a change",
            by=member.account_id,
        )
        await uow.audit.add([row])
        shown = await queries.load_workspace(uow.connection, member, now)
        await uow.commit()
    platform.broker.publish([Change(workspace_id=id_, kind="workspace", id=id_)])
    return shown


def _changes(before: Calendar, after: Calendar, form: WorkspaceEdit) -> list[str]:
    words = [] if form.name is None else [f"named it {form.name}"]
    if before != after:
        words.append(f"changed the time zone from {before.zone} to {after.zone}")
    return words
