"""All workspaces of the caller, in one answer."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.dashboard.queries import load_dashboard
from allgreen.server.dashboard.schemas import Dashboard
from allgreen.server.platform import get_platform
from allgreen.server.wire import answers, render

router = guarded_router("dashboard")


@router.get("/account/dashboard", **answers(Dashboard))
async def get_dashboard(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Sum up all workspaces that one is a member of, with what waits for an answer."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        return render(await load_dashboard(platform, connection, access.caller.account_id))
