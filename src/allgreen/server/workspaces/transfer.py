"""Hand a workspace over: an owner offers it, and the other one accepts."""

from datetime import datetime

from sqlalchemy import update

from allgreen.domain.facts import Facts
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access, Member
from allgreen.server.auth.errands import owe_errand
from allgreen.server.auth.memberships import cancel_messages, in_turn, void_offer
from allgreen.server.platform import Platform
from allgreen.server.views.offers import list_offers
from allgreen.server.workspaces import queries
from allgreen.server.workspaces.schemas import OfferInput, Workspace
from allgreen.storage.sql.tables import memberships, workspaces
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def offer_workspace(
    platform: Platform, access: Access, workspace_id: str, form: OfferInput
) -> Workspace:
    """Offer a workspace to a member; the offer before it is void.

    Raises:
        ProofNeededError: The password was typed long ago.
        InvalidInputError: This is no member who could become the owner.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        member = await in_turn(access, connection, workspace_id)
        access.caller.require_proof(now)
        id_ = member.workspace_id
        taker = await queries.find_member(connection, id_, form.account_id)
        if taker is None:
            raise InvalidInputError.at(
                "account_id", "unknown", "This person is not in the workspace. Invite them first."
            )
        if taker["role"] is Role.OWNER:
            raise InvalidInputError.at("account_id", "owner", "They own the workspace already.")
        await cancel_messages(connection, id_, kind=NoticeKind.OFFERED)
        offered = {"offered_to": taker["id"], "offered_by": member.account_id, "offered_at": now}
        await connection.execute(update(workspaces).where(workspaces.c.id == id_).values(**offered))
        facts = await _facts(uow, member)
        await owe_errand(
            platform, uow, NoticeKind.OFFERED, taker["email"], facts=facts, workspace_id=id_
        )
        words = f"offered it to {taker['name']}"
        await _note(uow, member, "workspace.offered", words, now, to=taker["id"])
        shown = await queries.load_workspace(connection, member, now)
        await uow.commit()
    _tell(platform, id_)
    platform.wake_dispatcher()
    return shown


async def withdraw_offer(platform: Platform, access: Access, workspace_id: str) -> None:
    """Take an offer back; without one, nothing changes."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await in_turn(access, uow.connection, workspace_id)
        await cancel_messages(uow.connection, member.workspace_id, kind=NoticeKind.OFFERED)
        if await void_offer(uow.connection, member.workspace_id):
            await _note(uow, member, "workspace.offer_withdrawn", "took the offer back", now)
        await uow.commit()
    _tell(platform, member.workspace_id)


async def decline_offer(platform: Platform, access: Access, workspace_id: str) -> None:
    """Decline an offer.

    Raises:
        NotFoundError: None was made to the caller, or it is void.
    """
    now, caller = platform.clock.now(), access.caller
    async with platform.database.unit_of_work() as uow:
        member = await in_turn(access, uow.connection, workspace_id)
        is_theirs = workspaces.c.offered_to == caller.account_id
        if not await void_offer(uow.connection, member.workspace_id, is_theirs):
            raise NotFoundError("offer")
        await _note(uow, member, "workspace.offer_declined", "declined to own it", now)
        await uow.commit()
    _tell(platform, member.workspace_id)


async def accept_offer(platform: Platform, access: Access, workspace_id: str) -> Workspace:
    """Become the owner; who offered it stays on as an admin.

    Raises:
        NotFoundError: Nothing was offered to the caller, or the offer is void.
        ProofNeededError: The password was typed long ago.
    """
    now, caller = platform.clock.now(), access.caller
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        member = await in_turn(access, connection, workspace_id)
        id_ = member.workspace_id
        offer = (await list_offers(connection, [id_], now)).get(id_)
        if offer is None or offer["offered_to"] != member.account_id:
            raise NotFoundError("offer")
        caller.require_proof(now)
        await _set_role(uow, id_, member.account_id, Role.OWNER)
        await _set_role(uow, id_, offer["offered_by"], Role.ADMIN)
        await void_offer(connection, id_)
        facts = await _facts(uow, member, role=Role.ADMIN.value)
        await owe_errand(
            platform, uow, NoticeKind.ROLE_CHANGED, offer["by_email"], facts=facts, workspace_id=id_
        )
        words = f"took it over from {offer['by_name']}, who is an admin now"
        row = AuditRow(
            workspace_id=id_,
            at=now,
            action="workspace.transferred",
            summary=words,
            by=member.account_id,
            before={"owner": offer["offered_by"]},
            after={"owner": member.account_id},
        )
        await uow.audit.add([row])
        owner = await access.workspace(connection, workspace_id)
        shown = await queries.load_workspace(connection, owner, now)
        await uow.commit()
    _tell(platform, id_)
    platform.wake_dispatcher()
    return shown


async def _set_role(
    uow: SqlUnitOfWork, workspace_id: WorkspaceId, account_id: str, role: Role
) -> None:
    await uow.connection.execute(
        update(memberships)
        .where(memberships.c.workspace_id == workspace_id, memberships.c.account_id == account_id)
        .values(role=role)
    )


async def _facts(uow: SqlUnitOfWork, member: Member, *, role: str = "") -> Facts:
    return Facts(
        workspace_name=await uow.workspaces.name(member.workspace_id),
        zone=await uow.workspaces.zone(member.workspace_id),
        actor=member.name,
        role=role,
    )


async def _note(
    uow: SqlUnitOfWork,
    member: Member,
    action: str,
    summary: str,
    at: datetime,
    *,
    to: str | None = None,
) -> None:
    row = AuditRow(
        workspace_id=member.workspace_id,
        at=at,
        action=action,
        summary=summary,
        by=member.account_id,
        after={} if to is None else {"account_id": to},
    )
    await uow.audit.add([row])


def _tell(platform: Platform, workspace_id: WorkspaceId) -> None:
    hints = [Change(workspace_id=workspace_id, kind="workspace", id=workspace_id)]
    hints += [Change(workspace_id=workspace_id, kind="members", id=workspace_id)]
    platform.broker.publish(hints)
