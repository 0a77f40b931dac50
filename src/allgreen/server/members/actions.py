"""Writes of members: another role, and the end of a membership."""

from collections.abc import Iterable

from sqlalchemy import update

from allgreen.domain.events import Event
from allgreen.domain.facts import Facts
from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.errors import InvalidInputError
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access
from allgreen.server.auth.access import Member as Caller
from allgreen.server.auth.errands import owe_errand
from allgreen.server.auth.memberships import end_membership, in_turn
from allgreen.server.members import queries
from allgreen.server.members.schemas import Member, MemberEdit
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import memberships
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def edit_member(
    platform: Platform, access: Access, workspace_id: str, account_id: str, form: MemberEdit
) -> Member:
    """Give a member another role.

    Raises:
        NotFoundError: They are not in this workspace.
        InvalidInputError: It is the caller's own role, or an owner would be made.
        ProofNeededError: An owner would lose their role, and the password was typed long ago.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        caller = await in_turn(access, connection, workspace_id)
        id_ = caller.workspace_id
        before = await queries.get_member(connection, id_, account_id)
        _check_role(form.role, is_own=before["id"] == caller.account_id)
        if before["role"] is form.role:
            return queries.show_member(before, caller)
        if before["role"] is Role.OWNER:
            access.caller.require_proof(now)
        await connection.execute(
            update(memberships)
            .where(memberships.c.workspace_id == id_, memberships.c.account_id == before["id"])
            .values(role=form.role)
        )
        facts = await _facts(uow, caller, role=form.role.value)
        await owe_errand(
            platform, uow, NoticeKind.ROLE_CHANGED, before["email"], facts=facts, workspace_id=id_
        )
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="member.role_changed",
            summary=f"made {before['name']} an {form.role}",
            by=caller.account_id,
            before={"account_id": before["id"], "role": before["role"].value},
            after={"account_id": before["id"], "role": form.role.value},
        )
        await uow.audit.add([row])
        shown = queries.show_member(await queries.get_member(connection, id_, account_id), caller)
        await uow.commit()
    _announce(platform, id_, AccountId(shown.account_id))
    return shown


async def remove_member(
    platform: Platform, access: Access, workspace_id: str, account_id: str
) -> None:
    """Remove a member, with all that they could reach or be told in this workspace.

    Raises:
        NotFoundError: They are not in this workspace.
        InvalidInputError: It is the caller, who can leave instead.
        ProofNeededError: It is an owner, and the password was typed long ago.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        caller = await in_turn(access, connection, workspace_id)
        id_ = caller.workspace_id
        member = await queries.get_member(connection, id_, account_id)
        if member["id"] == caller.account_id:
            raise InvalidInputError.at(
                "", "yourself", "This is you. Leave the workspace instead of removing yourself."
            )
        if member["role"] is Role.OWNER:
            access.caller.require_proof(now)
        removed = AccountId(member["id"])
        reason = "They were removed from the workspace."
        events = await end_membership(platform, uow, id_, removed, now, reason=reason)
        # Not among the messages of the workspace: it is for somebody who is no member any more.
        facts = await _facts(uow, caller)
        await owe_errand(platform, uow, NoticeKind.REMOVED, member["email"], facts=facts)
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="member.removed",
            summary=f"removed {member['name']}",
            by=caller.account_id,
            before={"account_id": removed, "role": member["role"].value},
        )
        await uow.audit.add([row])
        await uow.commit()
    _announce(platform, id_, removed, events)


async def leave(platform: Platform, access: Access, workspace_id: str) -> None:
    """Leave a workspace.

    Raises:
        InvalidInputError: Nobody would own it any more.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        caller = await in_turn(access, uow.connection, workspace_id)
        id_ = caller.workspace_id
        reason = "They left the workspace."
        events = await end_membership(platform, uow, id_, caller.account_id, now, reason=reason)
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="member.left",
            summary="left the workspace",
            by=caller.account_id,
            before={"account_id": caller.account_id, "role": caller.role.value},
        )
        await uow.audit.add([row])
        await uow.commit()
    _announce(platform, id_, caller.account_id, events)


def _check_role(role: Role, *, is_own: bool) -> None:
    if role is Role.OWNER:
        raise InvalidInputError.at(
            "role",
            "transfer",
            "Nobody is made an owner. Offer to transfer the workspace to them: they become its "
            "owner when they accept.",
        )
    if is_own:
        raise InvalidInputError.at(
            "role", "yourself", "Nobody changes their own role. Ask another owner."
        )


async def _facts(uow: SqlUnitOfWork, caller: Caller, *, role: str = "") -> Facts:
    return Facts(
        workspace_name=await uow.workspaces.name(caller.workspace_id),
        zone=await uow.workspaces.zone(caller.workspace_id),
        actor=caller.name,
        role=role,
    )


def _announce(
    platform: Platform,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    events: Iterable[Event] = (),
) -> None:
    """Let screens look again; streams of who is no member any more end by it."""
    platform.bus.announce(events)
    platform.broker.publish([Change(workspace_id=workspace_id, kind="members", id=account_id)])
    platform.wake_dispatcher()
