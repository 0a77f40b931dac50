"""The first run, and what this installation offers."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen import __version__
from allgreen.domain.policy import Permission
from allgreen.server.auth import queries as people
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.schemas import Me
from allgreen.server.auth.sessions import Client, set_cookie
from allgreen.server.platform import get_platform
from allgreen.server.setup import actions
from allgreen.server.setup.schemas import Instance, SetUpInput
from allgreen.server.wire import answers, render

router = guarded_router("setup")


@router.get("/instance", **answers(Instance))
async def get_instance(
    request: Request, _access: Annotated[Access, permission(Permission.PUBLIC)]
) -> Response:
    """Tell what a page must know before anybody signs in."""
    platform = get_platform(request)
    settings = platform.settings
    async with platform.database.read() as connection:
        needs_setup = await people.count_accounts(connection) == 0
    instance = Instance(
        version=__version__,
        needs_setup=needs_setup,
        registration=settings.registration,
        github=settings.has_github,
        mail=settings.smtp_url is not None,
        min_interval_s=settings.min_interval_s,
        public_url=settings.base_url,
    )
    return render(instance)


@router.post("/setup", **answers(Me, 201))
async def set_up(
    request: Request,
    body: SetUpInput,
    _access: Annotated[Access, permission(Permission.TOKEN)],
) -> Response:
    """Make the first account, the admin of this installation, and its workspace."""
    platform = get_platform(request)
    me, token = await actions.set_up(platform, body, Client.of(request))
    response = render(me, status=201)
    set_cookie(response, token, keep=False, settings=platform.settings)
    return response
