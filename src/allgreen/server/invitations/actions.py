"""Writes of invitations: send, send again, withdraw, accept, decline."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.facts import Facts
from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Permission, Role, permissions_of
from allgreen.errors import (
    InvalidInputError,
    InvitationVoidError,
    NotAllowedError,
    NotFoundError,
    TooManyError,
)
from allgreen.ports import AuditRow, Change
from allgreen.server.auth import queries as people
from allgreen.server.auth.access import Access, Member
from allgreen.server.auth.errands import owe_errand
from allgreen.server.auth.invitations import (
    IS_WAITING,
    accept_by_id,
    accept_invitation,
    is_open,
    load_by_token,
)
from allgreen.server.auth.memberships import cancel_messages, lock_workspace
from allgreen.server.invitations import queries
from allgreen.server.invitations.schemas import (
    Invitation,
    InvitationInput,
    SentInvitation,
)
from allgreen.server.links import INVITE_WITHIN, link_fact, stamp_of
from allgreen.server.platform import Platform
from allgreen.server.views.invitations import list_own
from allgreen.storage.sql.tables import invitations
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

MOST_A_DAY: Final = 20
"""How many invitations somebody sends within a day, each sending counted."""

MOST_AN_HOUR: Final = 5
"""How many mails that it did not ask for an address gets in an hour, whoever sends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """An invitation that goes out now."""

    id: str
    email: str
    role: Role
    sendings: int


async def invite(
    platform: Platform, access: Access, workspace_id: str, form: InvitationInput
) -> SentInvitation:
    """Invite an address; the invitation before it is void.

    The answer is the same whether or not the address has an account.

    Raises:
        NotAllowedError: The caller may not invite for this role.
        InvalidInputError: It is a member's address, or an owner would be made.
        TooManyError: The caller, or somebody for this address, sent many.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await inviter(access, uow.connection, workspace_id)
        await lock_workspace(uow.connection, member.workspace_id)
        member = await inviter(access, uow.connection, workspace_id)
        _check_role(member, form.role)
        _refuse_unverified(platform, access)
        if await queries.is_member(uow.connection, member.workspace_id, form.email):
            raise InvalidInputError.at(
                "email", "member", "This person is a member already. Change their role instead."
            )
        await _replace_waiting(uow.connection, member.workspace_id, form.email, now)
        letter = _Letter(id=platform.new_id(), email=form.email, role=form.role, sendings=1)
        await _refuse_many(uow.connection, member, form.email, now)
        await uow.connection.execute(
            insert(invitations).values(
                id=letter.id,
                workspace_id=member.workspace_id,
                email=letter.email,
                role=letter.role,
                invited_by=member.account_id,
                sendings=letter.sendings,
                created_at=now,
                sent_at=now,
                expires_at=now + INVITE_WITHIN,
            )
        )
        words = f"invited {form.email} as an {form.role}"
        await _note(uow, member, letter, "invitation.sent", words, now)
        sent = await _send(platform, uow, member, letter, now)
        await uow.commit()
    _announce(platform, member.workspace_id)
    return sent


async def resend(
    platform: Platform, access: Access, workspace_id: str, invitation_id: str
) -> SentInvitation:
    """Send an invitation once more, with a new link; the one before it is void.

    Raises:
        NotFoundError: There is none that waits.
        TooManyError: The caller, or somebody for this address, sent many.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member, letter = await _find(access, uow.connection, workspace_id, invitation_id)
        _refuse_unverified(platform, access)
        await _refuse_many(uow.connection, member, letter.email, now)
        letter = replace(letter, sendings=letter.sendings + 1)
        await cancel_messages(uow.connection, member.workspace_id, letter.email, NoticeKind.INVITED)
        await uow.connection.execute(
            update(invitations)
            .where(invitations.c.id == letter.id)
            .values(
                sendings=letter.sendings,
                # Who sends it again stands in for it from now on.
                invited_by=member.account_id,
                sent_at=now,
                expires_at=now + INVITE_WITHIN,
            )
        )
        words = f"sent the invitation of {letter.email} once more"
        await _note(uow, member, letter, "invitation.resent", words, now)
        sent = await _send(platform, uow, member, letter, now)
        await uow.commit()
    _announce(platform, member.workspace_id)
    return sent


async def revoke(platform: Platform, access: Access, workspace_id: str, invitation_id: str) -> None:
    """Withdraw an invitation: its link is dead at once.

    Raises:
        NotFoundError: There is none that waits.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member, letter = await _find(access, uow.connection, workspace_id, invitation_id)
        await _replace_waiting(uow.connection, member.workspace_id, letter.email, now)
        words = f"withdrew the invitation of {letter.email}"
        await _note(uow, member, letter, "invitation.revoked", words, now)
        await uow.commit()
    _announce(platform, member.workspace_id)


async def accept(platform: Platform, access: Access, token: str) -> WorkspaceId:
    """Become a member by the link of a mail.

    Raises:
        InvitationVoidError: It is of no use any more.
        OtherAddressError: It is for another address, or the caller's is not verified.
    """
    now, caller = platform.clock.now(), access.caller
    async with platform.database.unit_of_work() as uow:
        email = await _own_address(platform, uow.connection, access)
        workspace_id = await accept_invitation(
            platform, uow, token, account_id=caller.account_id, email=email, now=now
        )
        await uow.commit()
    _announce(platform, workspace_id)
    return workspace_id


async def accept_own(platform: Platform, access: Access, invitation_id: str) -> WorkspaceId:
    """Become a member by an invitation to one's own verified address.

    Raises:
        NotFoundError: None is open for it.
    """
    now, caller = platform.clock.now(), access.caller
    async with platform.database.unit_of_work() as uow:
        own = await list_own(platform, uow.connection, caller.account_id)
        if invitation_id not in {each.id for each in own}:
            raise NotFoundError("invitation")
        account = await people.find_account(uow.connection, caller.account_id)
        assert account is not None
        workspace_id = await accept_by_id(
            uow, invitation_id, account_id=caller.account_id, email=account["email"], now=now
        )
        await uow.commit()
    _announce(platform, workspace_id)
    return workspace_id


async def decline_own(platform: Platform, access: Access, invitation_id: str) -> None:
    """Decline an invitation to one's own verified address.

    Raises:
        NotFoundError: None is open for it.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        own = await list_own(platform, uow.connection, access.caller.account_id)
        if invitation_id not in {each.id for each in own}:
            raise NotFoundError("invitation")
        workspace_id = await _decline(uow, invitation_id, now)
        await uow.commit()
    _announce(platform, workspace_id)


async def decline(platform: Platform, token: str) -> None:
    """Decline by the link of a mail, whoever is signed in.

    Raises:
        InvitationVoidError: It is of no use any more.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        invitation = await load_by_token(platform, uow.connection, token, now)
        if not is_open(invitation, now):
            raise InvitationVoidError
        workspace_id = await _decline(uow, invitation["id"], now)
        await uow.commit()
    _announce(platform, workspace_id)


async def _decline(uow: SqlUnitOfWork, invitation_id: str, now: datetime) -> WorkspaceId:
    """Withdraw it for who is invited; return the workspace.

    Raises:
        NotFoundError: It was withdrawn or accepted in this very moment.
    """
    declined = (
        update(invitations)
        .where(invitations.c.id == invitation_id, *IS_WAITING)
        .values(revoked_at=now)
        .returning(invitations.c.workspace_id, invitations.c.email)
    )
    row = (await uow.connection.execute(declined)).one_or_none()
    if row is None:
        raise NotFoundError("invitation")
    workspace_id = WorkspaceId(row.workspace_id)
    note = AuditRow(
        workspace_id=workspace_id,
        at=now,
        action="invitation.declined",
        # By nobody: who declines tells no more of an account than that they read the mail.
        summary=f"{row.email} declined the invitation",
        after={"invitation_id": invitation_id},
    )
    await uow.audit.add([note])
    return workspace_id


async def inviter(access: Access, connection: AsyncConnection, workspace_id: str) -> Member:
    """Return the caller as a member who may see or send some invitations.

    Raises:
        NotFoundError: There is no such workspace among the caller's.
        NotAllowedError: Neither the role nor the owners allow it.
    """
    looking = replace(access, needed=Permission.MEMBER_READ)
    member = await looking.workspace(connection, workspace_id)
    is_allowed = await queries.admins_may_invite(connection, member.workspace_id)
    if access.needed not in permissions_of(member.role, admins_may_invite=is_allowed):
        raise NotAllowedError(access.needed)
    return member


def _check_role(member: Member, role: Role) -> None:
    if member.role is not Role.OWNER and role is not Role.OBSERVER:
        raise NotAllowedError(
            Permission.INVITATION_WRITE, "Admins invite observers only. Ask an owner."
        )
    if role is Role.OWNER:
        raise InvalidInputError.at(
            "role",
            "transfer",
            "Nobody is invited as an owner. Invite them as an admin, and offer to transfer the "
            "workspace once they are in.",
        )


def _refuse_unverified(platform: Platform, access: Access) -> None:
    if platform.settings.smtp_url is not None and not access.caller.is_verified:
        raise InvalidInputError.at(
            "", "unverified", "Verify your address first: open the link in the mail that was sent."
        )


async def _refuse_many(
    connection: AsyncConnection, member: Member, email: str, now: datetime
) -> None:
    day, hour = timedelta(days=1), timedelta(hours=1)
    count, first = await queries.load_sendings_since(connection, member.account_id, now - day)
    if first is not None and count >= MOST_A_DAY:
        raise TooManyError(
            f"You sent {count} invitations within a day. Send the next one tomorrow.",
            _wait_s(first + day, now),
        )
    count, first = await queries.load_questions_since(connection, email, now - hour)
    if first is not None and count >= MOST_AN_HOUR:
        raise TooManyError(
            "This address got several mails within the hour. Wait a while, then try again.",
            _wait_s(first + hour, now),
        )


def _wait_s(until: datetime, now: datetime) -> int:
    return max(1, math.ceil((until - now).total_seconds()))


async def _find(
    access: Access, connection: AsyncConnection, workspace_id: str, invitation_id: str
) -> tuple[Member, _Letter]:
    """Return the caller and an invitation of a role for which they may invite."""
    member = await inviter(access, connection, workspace_id)
    await lock_workspace(connection, member.workspace_id)
    member = await inviter(access, connection, workspace_id)
    row = await queries.get_waiting(connection, member.workspace_id, invitation_id)
    _check_role(member, row["role"])
    letter = _Letter(id=row["id"], email=row["email"], role=row["role"], sendings=row["sendings"])
    return member, letter


async def _replace_waiting(
    connection: AsyncConnection, workspace_id: WorkspaceId, email: str, now: datetime
) -> None:
    """Withdraw the invitation of an address that waits, and its mail if that waits too."""
    waiting = invitations.c.workspace_id == workspace_id, invitations.c.email == email
    revoke = update(invitations).where(*waiting, *IS_WAITING).values(revoked_at=now)
    if (await connection.execute(revoke)).rowcount:
        await cancel_messages(connection, workspace_id, email, NoticeKind.INVITED)


async def _send(
    platform: Platform, uow: SqlUnitOfWork, member: Member, letter: _Letter, now: datetime
) -> SentInvitation:
    hangs_on = letter.email, str(letter.sendings)
    await owe_errand(
        platform,
        uow,
        NoticeKind.INVITED,
        letter.email,
        facts=Facts(
            workspace_name=await uow.workspaces.name(member.workspace_id),
            actor=member.name,
            role=letter.role.value,
        ),
        workspace_id=member.workspace_id,
        link=link_fact(letter.id, *hangs_on),
    )
    invitation = Invitation(
        id=letter.id,
        email=letter.email,
        role=letter.role,
        invited_by=member.name,
        sent_at=now,
        expires_at=now + INVITE_WITHIN,
        is_expired=False,
    )
    if platform.settings.smtp_url is not None:
        return SentInvitation(invitation=invitation, link=None)
    # Nobody gets a mail, so whoever invites hands the link over.
    token = platform.links.invite_token(letter.id, stamp_of(*hangs_on), at=now)
    return SentInvitation(invitation=invitation, link=platform.links.url("invite", token))


async def _own_address(platform: Platform, connection: AsyncConnection, access: Access) -> str:
    """Return the address that the caller has shown to be theirs.

    Without a mail server nobody can show it: there the link, handed over in person, must do.
    """
    account = await people.find_account(connection, access.caller.account_id)
    assert account is not None
    is_shown = account["email_verified_at"] is not None or platform.settings.smtp_url is None
    return str(account["email"]) if is_shown else ""


async def _note(
    uow: SqlUnitOfWork, member: Member, letter: _Letter, action: str, summary: str, at: datetime
) -> None:
    row = AuditRow(
        workspace_id=member.workspace_id,
        at=at,
        action=action,
        summary=summary,
        by=member.account_id,
        after={"invitation_id": letter.id, "role": letter.role.value},
    )
    await uow.audit.add([row])


def _announce(platform: Platform, workspace_id: WorkspaceId) -> None:
    platform.broker.publish([Change(workspace_id=workspace_id, kind="members", id=workspace_id)])
    platform.wake_dispatcher()
