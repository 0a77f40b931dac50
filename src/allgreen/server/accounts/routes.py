"""Register, sign in and out, verify an address, and set a forgotten password."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from allgreen.domain.policy import Permission
from allgreen.errors import InvalidInputError, TooManyError
from allgreen.server import devices
from allgreen.server.accounts import actions, address, link_pages, password, settings, signing_in
from allgreen.server.accounts.address import Opener
from allgreen.server.accounts.fixed_time import fixed_time
from allgreen.server.accounts.schemas import (
    CheckYourMail,
    ForgotPasswordInput,
    LogInInput,
    ProofInput,
    RegisterInput,
    ResetPasswordInput,
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
    account is used by signing in once its address is verified. Without one, or with the link of
    an invitation, it is 201 and signed in at once, or 422 for an address that is taken.
    """
    platform = get_platform(request)
    until_then = fixed_time()
    made = await actions.register(platform, body, client=Client.of(request))
    if made is None:
        await until_then()
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
    """Sign in with a new session; the one before it ends.

    Where a second factor is on, an answer 422 with the code ``second_factor`` asks for `code`.
    """
    platform = get_platform(request)
    before = await current_session(request)
    shown = request.cookies.get(devices.COOKIE, "")
    made = await signing_in.log_in(
        platform, body, client=Client.of(request), before=before, device=shown
    )
    response = render(made.me)
    set_cookie(response, made.token, keep=body.keep, settings=platform.settings)
    response.set_cookie(
        devices.COOKIE,
        made.device,
        max_age=int(devices.KNOWN_FOR.total_seconds()),
        path="/",
        secure=platform.settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.delete("/session", **answers(None, 204))
async def log_out(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """End the session."""
    platform = get_platform(request)
    await signing_in.log_out(platform, access.caller)
    response = render_nothing()
    clear_cookie(response, platform.settings)
    return response


@router.post("/session/proof", **answers(None, 204))
async def prove_session(
    request: Request,
    body: ProofInput,
    access: Annotated[Access, permission(Permission.SIGNED_IN)],
) -> Response:
    """Show the password (and the second factor) once more, for what endangers an account.

    It counts for half an hour. The session goes on under a new cookie.
    """
    platform = get_platform(request)
    token = await signing_in.prove(platform, access.caller, body)
    response = render_nothing()
    set_cookie(response, token, keep=access.caller.keep, settings=platform.settings)
    return response


@router.get("/me", **answers(Me))
async def get_me(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Tell who is signed in, and in which workspaces they are."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        return render(await load_me(connection, access.caller.account_id, platform.clock.now()))


@router.post("/password/forgot", **answers(CheckYourMail, 202))
async def forget_password(
    request: Request,
    body: ForgotPasswordInput,
    _access: Annotated[Access, permission(Permission.PUBLIC)],
) -> Response:
    """Send a link by which a new password is set; the answer is the same for any address."""
    until_then = fixed_time()
    await password.forget_password(get_platform(request), body.email, Client.of(request))
    await until_then()
    return render(CheckYourMail(status="check_your_mail"), status=202)


@router.post("/password/reset", **answers(None, 204))
async def reset_password(
    request: Request,
    body: ResetPasswordInput,
    _access: Annotated[Access, permission(Permission.TOKEN)],
) -> Response:
    """Set a password with the token of a mail; it works once, and every session ends."""
    await password.reset_password(get_platform(request), body, Client.of(request))
    return render_nothing()


@router.post("/email/verify", **answers(None, 204))
async def verify_email(
    request: Request,
    body: VerifyEmailInput,
    _access: Annotated[Access, permission(Permission.TOKEN)],
) -> Response:
    """Verify an address with the token of a mail; it works once, and every session ends.

    The password with which the account was made is needed too, unless one is signed in to it: an
    address is never given to an account that somebody else has made with it.
    """
    opened_by = Opener(session=await current_session(request), password=body.password)
    await address.verify_email(get_platform(request), body.token, Client.of(request), opened_by)
    return render_nothing()


@router.post("/email/verify/resend", **answers(CheckYourMail, 202))
async def resend_verification(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Send the mail that verifies the address of the account once more."""
    await address.resend_verification(get_platform(request), access.caller)
    return render(CheckYourMail(status="check_your_mail"), status=202)


router.include_router(settings.router)


@pages.get("/verify/{token}", include_in_schema=False)
async def show_verification(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Show a button: mail programs fetch links on their own, and must not act."""
    return await link_pages.ask(request, token, link_pages.VERIFY)


@pages.post("/verify/{token}", include_in_schema=False)
async def act_on_verification(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Verify the address."""
    platform, opened_by = get_platform(request), await link_pages.read_opener(request)
    try:
        await address.verify_email(platform, token, Client.of(request), opened_by)
    except (InvalidInputError, TooManyError) as error:
        return await link_pages.ask(request, token, link_pages.VERIFY, error)
    return render_page(
        "done.html",
        title="Your address is verified",
        text="Sign in, and your services are checked from now on.",
        link="/login",
        link_text="Go on to Allgreen",
    )


@pages.get("/change-email/{token}", include_in_schema=False)
async def show_change(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Show a button: mail programs fetch links on their own, and must not act."""
    return await link_pages.ask(request, token, await link_pages.change_to(request, token))


@pages.post("/change-email/{token}", include_in_schema=False)
async def act_on_change(
    request: Request, token: str, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> HTMLResponse:
    """Give the account its new address."""
    platform, opened_by = get_platform(request), await link_pages.read_opener(request)
    try:
        await address.change_email(platform, token, Client.of(request), opened_by)
    except (InvalidInputError, TooManyError) as error:
        question = await link_pages.change_to(request, token)
        return await link_pages.ask(request, token, question, error)
    return render_page(
        "done.html",
        title="Your address is changed",
        text="Sign in with it from now on. Wherever you were told of services, the mails go there.",
        link="/login",
        link_text="Go on to Allgreen",
    )
