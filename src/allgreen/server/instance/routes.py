"""The accounts on this installation, for who runs it."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.sessions import Client
from allgreen.server.instance import actions, queries
from allgreen.server.instance.actions import Act
from allgreen.server.instance.schemas import AccountPage, ListedAccount
from allgreen.server.platform import get_platform
from allgreen.server.wire import Page, answers, cut_rows, render

router = guarded_router("instance", prefix="/instance/accounts")

Admin = Annotated[Access, permission(Permission.INSTANCE)]


@router.get("", **answers(AccountPage))
async def list_accounts(
    request: Request,
    cut: Page,
    access: Admin,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List the accounts, newest first; `q` is looked for in names and addresses."""
    async with get_platform(request).database.read() as connection:
        found = await queries.list_accounts(connection, q, cut)
    items, next_cursor = cut_rows(found, cut, lambda account: (account.id,))
    return render(AccountPage(items=items, next_cursor=next_cursor))


@router.post("/{account_id}/disable", **answers(ListedAccount))
async def disable_account(request: Request, account_id: str, access: Admin) -> Response:
    """Let nobody sign in to an account, end what it has open, and tell it of nothing more.

    The owners of workspaces in which it was told of services are told that it is not any more.
    """
    return await _act(request, access, account_id, actions.DISABLE)


@router.post("/{account_id}/enable", **answers(ListedAccount))
async def enable_account(request: Request, account_id: str, access: Admin) -> Response:
    """Let somebody sign in again; lists on which they stood do not come back."""
    return await _act(request, access, account_id, actions.ENABLE)


@router.post("/{account_id}/end-sessions", **answers(ListedAccount))
async def end_sessions_of_account(request: Request, account_id: str, access: Admin) -> Response:
    """Sign somebody out everywhere."""
    return await _act(request, access, account_id, actions.END_SESSIONS)


@router.post("/{account_id}/revoke-keys", **answers(ListedAccount))
async def revoke_keys_of_account(request: Request, account_id: str, access: Admin) -> Response:
    """Revoke all keys of the API that somebody has made, in all workspaces."""
    return await _act(request, access, account_id, actions.REVOKE_KEYS)


@router.post("/{account_id}/reset-two-factor", **answers(ListedAccount))
async def reset_two_factor(request: Request, account_id: str, access: Admin) -> Response:
    """Take the second factor from somebody who has lost it, and sign them out everywhere."""
    return await _act(request, access, account_id, actions.RESET_TWO_FACTOR)


async def _act(request: Request, access: Access, account_id: str, doing: Act) -> Response:
    platform, client = get_platform(request), Client.of(request)
    return render(await actions.act(platform, access.caller, account_id, doing, client))
