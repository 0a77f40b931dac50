"""Writes of workspaces: make one, and change what it is called and what is allowed in it."""

from typing import Any

from sqlalchemy import select, update

from allgreen.domain.calendar import Calendar, is_zone
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.policy import Role
from allgreen.errors import InvalidInputError
from allgreen.ports import AuditRow, Change
from allgreen.server import limits
from allgreen.server.auth import actions as people
from allgreen.server.auth.access import Access, Member
from allgreen.server.platform import Platform
from allgreen.server.workspaces import queries
from allgreen.server.workspaces.schemas import Workspace, WorkspaceEdit, WorkspaceInput
from allgreen.storage.sql.tables import accounts, workspaces
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

MOST_OWNED = 5
"""How many workspaces somebody owns who does not run this Allgreen."""


async def create_workspace(platform: Platform, access: Access, form: WorkspaceInput) -> Workspace:
    """Make a workspace that the caller owns.

    Raises:
        InvalidInputError: They own as many as they may, their address is not verified, or the
            zone is not known.
        TooManyError: They made many within a day.
    """
    now, caller = platform.clock.now(), access.caller
    _check_zone(form.time_zone)
    if platform.settings.smtp_url is not None and not caller.is_verified:
        raise InvalidInputError.at(
            "", "unverified", "Verify your address first: open the link in the mail that was sent."
        )
    platform.limits.count(
        limits.WORKSPACES_PER_ACCOUNT,
        caller.account_id,
        message="You made many workspaces today. Make the next one tomorrow.",
    )
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        # One at a time for each account: else two at once would both see room for one more.
        mine = select(accounts.c.id).where(accounts.c.id == caller.account_id)
        await connection.execute(mine.with_for_update(key_share=True))
        owned = await queries.count_owned(connection, caller.account_id)
        if owned >= MOST_OWNED and not caller.is_instance_admin:
            raise InvalidInputError.at(
                "",
                "too_many",
                f"You own {owned} workspaces, and nobody may own more than {MOST_OWNED}. Delete "
                "one that you do not need, or hand one over.",
            )
        workspace_id = WorkspaceId(platform.new_id())
        await people.add_workspace(
            connection,
            workspace_id=workspace_id,
            name=form.name,
            owner_id=caller.account_id,
            is_held=False,
            now=now,
        )
        await uow.workspaces.save_calendar(workspace_id, Calendar(zone=form.time_zone))
        row = AuditRow(
            workspace_id=workspace_id,
            at=now,
            action="workspace.created",
            summary=f"made the workspace {form.name}",
            by=caller.account_id,
            after={"name": form.name, "time_zone": form.time_zone},
        )
        await uow.audit.add([row])
        member = Member(
            account_id=caller.account_id,
            name=caller.name,
            workspace_id=workspace_id,
            role=Role.OWNER,
        )
        shown = await queries.load_workspace(connection, member, now)
        await uow.commit()
    return shown


async def edit_workspace(
    platform: Platform, access: Access, workspace_id: str, form: WorkspaceEdit
) -> Workspace:
    """Change parts of a workspace.

    Raises:
        InvalidInputError: The zone is not known.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        if form.time_zone is not None:
            _check_zone(form.time_zone)
        id_ = member.workspace_id
        was = await _load_settings(uow, id_)
        becomes = was | form.model_dump(exclude_none=True)
        before = await uow.workspaces.calendar(id_)
        after = before if form.time_zone is None else before.moved(form.time_zone, now)
        await uow.workspaces.save_calendar(id_, after)
        await uow.connection.execute(
            update(workspaces)
            .where(workspaces.c.id == id_)
            .values(name=becomes["name"], admins_may_invite=becomes["admins_may_invite"])
        )
        changed = [name for name in was if was[name] != becomes[name]]
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="workspace.edited",
            summary="; ".join(_changes(before, after, form)) or "saved it without a change",
            by=member.account_id,
            before={name: was[name] for name in changed},
            after={name: becomes[name] for name in changed},
        )
        await uow.audit.add([row])
        shown = await queries.load_workspace(uow.connection, member, now)
        await uow.commit()
    platform.broker.publish([Change(workspace_id=id_, kind="workspace", id=id_, is_public=True)])
    return shown


async def _load_settings(uow: SqlUnitOfWork, workspace_id: WorkspaceId) -> dict[str, Any]:
    query = select(
        workspaces.c.name,
        workspaces.c.zone.label("time_zone"),
        workspaces.c.admins_may_invite,
    ).where(workspaces.c.id == workspace_id)
    return dict((await uow.connection.execute(query)).mappings().one())


def _check_zone(name: str) -> None:
    if not is_zone(name):
        raise InvalidInputError.at(
            "time_zone", "unknown", "This time zone is not known. Write a name such as Europe/Rome."
        )


def _changes(before: Calendar, after: Calendar, form: WorkspaceEdit) -> list[str]:
    words = [] if form.name is None else [f"named it {form.name}"]
    if before != after:
        words.append(f"changed the time zone from {before.zone} to {after.zone}")
    if form.admins_may_invite is not None:
        words.append(f"{'let' if form.admins_may_invite else 'no longer let'} admins invite")
    return words
