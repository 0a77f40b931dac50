"""Invitations into workspaces."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.errors import InvitationVoidError
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.invitations import is_open, load_by_token
from allgreen.server.auth.sessions import current_session
from allgreen.server.invitations import actions, queries
from allgreen.server.invitations.schemas import (
    InvitationInput,
    InvitationPage,
    Invited,
    Joined,
    OwnInvitations,
    SentInvitation,
    TokenInput,
)
from allgreen.server.platform import get_platform
from allgreen.server.views.invitations import list_own
from allgreen.server.wire import Page, answers, cut_rows, render, render_nothing

router = guarded_router("invitations")


@router.get("/workspaces/{workspace_id}/invitations", **answers(InvitationPage))
async def list_invitations(
    request: Request,
    workspace_id: str,
    cut: Page,
    access: Annotated[Access, permission(Permission.INVITATION_READ)],
) -> Response:
    """List the invitations that wait; admins who may invite see those of observers."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        member = await actions.inviter(access, connection, workspace_id)
        found = await queries.list_waiting(connection, member, cut, platform.clock.now())
    items, next_cursor = cut_rows(found, cut, lambda each: (each.id,))
    return render(InvitationPage(items=items, next_cursor=next_cursor))


@router.post("/workspaces/{workspace_id}/invitations", **answers(SentInvitation, 201))
async def invite(
    request: Request,
    workspace_id: str,
    body: InvitationInput,
    access: Annotated[Access, permission(Permission.INVITATION_WRITE)],
) -> Response:
    """Invite an address by mail, whether or not it has an account; one that waits is replaced."""
    sent = await actions.invite(get_platform(request), access, workspace_id, body)
    return render(sent, status=201)


@router.post(
    "/workspaces/{workspace_id}/invitations/{invitation_id}/resend", **answers(SentInvitation)
)
async def resend_invitation(
    request: Request,
    workspace_id: str,
    invitation_id: str,
    access: Annotated[Access, permission(Permission.INVITATION_WRITE)],
) -> Response:
    """Send it once more with a new link, which works for seven days; older links are dead."""
    platform = get_platform(request)
    return render(await actions.resend(platform, access, workspace_id, invitation_id))


@router.delete("/workspaces/{workspace_id}/invitations/{invitation_id}", **answers(None, 204))
async def revoke_invitation(
    request: Request,
    workspace_id: str,
    invitation_id: str,
    access: Annotated[Access, permission(Permission.INVITATION_WRITE)],
) -> Response:
    """Withdraw it; its link is dead at once."""
    await actions.revoke(get_platform(request), access, workspace_id, invitation_id)
    return render_nothing()


@router.post("/invitations/look", **answers(Invited))
async def look_at_invitation(
    request: Request,
    body: TokenInput,
    _access: Annotated[Access, permission(Permission.TOKEN)],
) -> Response:
    """Tell what a link of a mail invites to, and change nothing."""
    platform, session = get_platform(request), await current_session(request)
    now = platform.clock.now()
    async with platform.database.read() as connection:
        invitation = await load_by_token(platform, connection, body.token, now)
    if not is_open(invitation, now):
        raise InvitationVoidError
    shown = Invited(
        workspace_name=invitation["workspace_name"],
        invited_by=invitation["inviter_name"],
        role=invitation["role"],
        email=invitation["email"],
        expires_at=invitation["expires_at"],
        is_yours=None if session is None else session.email == invitation["email"],
    )
    return render(shown)


@router.post("/invitations/accept", **answers(Joined))
async def accept_invitation(
    request: Request,
    body: TokenInput,
    access: Annotated[Access, permission(Permission.SIGNED_IN)],
) -> Response:
    """Become a member by the link of a mail, which was sent to one's verified address."""
    joined = await actions.accept(get_platform(request), access, body.token)
    return render(Joined(workspace_id=joined))


@router.post("/invitations/decline", **answers(None, 204))
async def decline_invitation(
    request: Request,
    body: TokenInput,
    _access: Annotated[Access, permission(Permission.TOKEN)],
) -> Response:
    """Decline by the link of a mail, without an account; the owners see that."""
    await actions.decline(get_platform(request), body.token)
    return render_nothing()


@router.get("/account/invitations", **answers(OwnInvitations))
async def list_own_invitations(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """List the invitations to one's own verified address."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        items = await list_own(platform, connection, access.caller.account_id)
    return render(OwnInvitations(items=items))


@router.post("/account/invitations/{invitation_id}/accept", **answers(Joined))
async def accept_own_invitation(
    request: Request,
    invitation_id: str,
    access: Annotated[Access, permission(Permission.SIGNED_IN)],
) -> Response:
    """Become a member, as invited."""
    joined = await actions.accept_own(get_platform(request), access, invitation_id)
    return render(Joined(workspace_id=joined))


@router.post("/account/invitations/{invitation_id}/decline", **answers(None, 204))
async def decline_own_invitation(
    request: Request,
    invitation_id: str,
    access: Annotated[Access, permission(Permission.SIGNED_IN)],
) -> Response:
    """Decline it; the owners see that."""
    await actions.decline_own(get_platform(request), access, invitation_id)
    return render_nothing()
