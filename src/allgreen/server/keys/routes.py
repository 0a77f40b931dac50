"""Keys, by which programs use the API in the name of a member."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.sessions import Client
from allgreen.server.keys import actions, queries
from allgreen.server.keys.schemas import ApiKeys, KeyInput, NewKey
from allgreen.server.platform import get_platform
from allgreen.server.wire import answers, render, render_nothing

router = guarded_router("keys")


@router.get("/workspaces/{workspace_id}/keys", **answers(ApiKeys))
async def list_keys(
    request: Request,
    workspace_id: str,
    access: Annotated[Access, permission(Permission.KEY_OWN)],
) -> Response:
    """List one's own keys; owners see those of others too."""
    async with get_platform(request).database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        return render(ApiKeys(items=await queries.list_keys(connection, member)))


@router.post("/workspaces/{workspace_id}/keys", **answers(NewKey, 201))
async def make_key(
    request: Request,
    workspace_id: str,
    body: KeyInput,
    access: Annotated[Access, permission(Permission.KEY_OWN)],
) -> Response:
    """Make a key; it is told this once, and works as `Authorization: Bearer alg_…`."""
    platform, client = get_platform(request), Client.of(request)
    made = await actions.make_key(platform, access, workspace_id, body, client)
    return render(made, status=201)


@router.delete("/workspaces/{workspace_id}/keys/{key_id}", **answers(None, 204))
async def revoke_key(
    request: Request,
    workspace_id: str,
    key_id: str,
    access: Annotated[Access, permission(Permission.KEY_OWN)],
) -> Response:
    """Revoke a key: one's own, and owners any."""
    await actions.revoke_key(get_platform(request), access, workspace_id, key_id)
    return render_nothing()
