"""Register, sign in and out, and verify an address."""

import asyncio
from typing import Annotated, Final

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from allgreen.domain.policy import Permission
from allgreen.server.accounts import actions
from allgreen.server.accounts.schemas import (
    CheckYourMail,
    LogInInput,
    RegisterInput,
    VerifyEmailInput,
)
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.me import load_me
from allgreen.server.auth.schemas import Me
from allgreen.server.auth.sessions import Client, clear_cookie, current_session, set_cookie
from allgreen.server.pages import render_page
from allgreen.server.platform import get_platform
from allgreen.server.wire import answers, render, render_nothing

router = guarded_router("accounts")
pages = guarded_router("pages")

REGISTERED_AFTER_S: Final = 0.25
"""Making an account takes longer than finding one; all are answered at the same time."""

_REGISTER = answers(Me, 201)
_REGISTER["responses"][202] = {
    "description": "With a mail server, for known and new addresses alike",
    "model": CheckYourMail,
}


@router.post("/accounts", **_REGISTER)
async def register(
    request: Request,
    body: RegisterInput,
    _access: Annotated[Access, permission(Permission.PUBLIC)],
) -> Response:
    """Make an account with a workspace of its own.

    With a mail server the answer is 202 whether or not the address is known already, and the
    account is used by signing in once its address is verified. Without one it is 201 and signed
    in at once, or 422 for an address that is taken.
    """
    platform = get_platform(request)
    loop = asyncio.get_running_loop()
    answer_at = loop.time() + REGISTERED_AFTER_S
    made = await actions.register(platform, body, client=Client.of(request))
    if made is None:
        await asyncio.sleep(answer_at - loop.time())
        return render(CheckYourMail(status="check_your_mail"), status=202)
    me, token = made
    response = render(me, status=201)
    set_cookie(response, token, keep=False, settings=platform.settings)
    return response


@router.post("/session", **answers(Me))
async def log_in(
    request: Request,
    body: LogInInput,
    _access: Annotated[Access, permission(Permission.PUBLIC)],
) -> Response:
    """Sign in with a new session; the one before it ends."""
    platform = get_platform(request)
    before = await current_session(request)
    me, token = await actions.log_in(platform, body, client=Client.of(request), before=before)
    response = render(me)
    set_cookie(response, token, keep=body.keep, settings=platform.settings)
    return response


@router.delete("/session", **answers(None, 204))
async def log_out(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """End the session, here and in the database."""
    platform = get_platform(request)
    await actions.log_out(platform, access.caller)
    response = render_nothing()
    clear_cookie(response, platform.settings)
    return response


@router.get("/me", **answers(Me))
async def get_me(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Tell who is signed in."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        return render(await load_me(connection, access.caller.account_id, platform.clock.now()))


@router.post("/email/verify", **answers(None, 204))
async def verify_email(
    request: Request,
    body: VerifyEmailInput,
    _access: Annotated[Access, permission(Permission.TOKEN)],
) -> Response:
    """Verify an address with the token of a mail; it works once."""
    await actions.verify_email(get_platform(request), body.token)
    return render_nothing()


@router.post("/email/verify/resend", **answers(CheckYourMail, 202))
async def resend_verification(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Send the mail that verifies the address of the account once more."""
    await actions.resend_verification(get_platform(request), access.caller)
    return render(CheckYourMail(status="check_your_mail"), status=202)


@pages.get("/verify/{token}", include_in_schema=False)
async def show_verification(
    token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Show a button: mail programs fetch links on their own, and must not act."""
    return render_page(
        "question.html",
        title="Is this your address?",
        text="One more step: say that this address is yours.",
        button="Yes, it is mine",
    )


@pages.post("/verify/{token}", include_in_schema=False)
async def act_on_verification(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Verify the address."""
    await actions.verify_email(get_platform(request), token)
    return render_page(
        "done.html",
        title="Your address is verified",
        text="Your services are checked from now on.",
        link="/login",
        link_text="Go on to Allgreen",
    )
