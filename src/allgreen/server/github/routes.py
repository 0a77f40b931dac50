"""Sign in with GitHub, connect it to an account, and take it off again."""

import logging
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import Request
from limits import RateLimitItemPerHour
from starlette.responses import HTMLResponse, RedirectResponse, Response

from allgreen.domain.policy import Permission
from allgreen.errors import (
    AllgreenError,
    BusyError,
    InvalidInputError,
    NotFoundError,
    SignInFailedError,
    TooManyError,
)
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.sessions import Client, current_session, set_cookie
from allgreen.server.github import actions, attempts, connections
from allgreen.server.github.actions import Passed
from allgreen.server.github.paths import read_next
from allgreen.server.github.person import CALLBACK
from allgreen.server.github.schemas import AtGitHub
from allgreen.server.pages import render_page
from allgreen.server.platform import Platform, get_platform
from allgreen.server.wire import answers, render, render_nothing

SETTINGS: Final = "/settings"
STARTS_PER_ADDRESS: Final = RateLimitItemPerHour(200, namespace="github/starts")
_CODE: Final = "/auth/github/code"
_LONGEST: Final = 500

logger = logging.getLogger(__name__)
router = guarded_router("github")
pages = guarded_router("pages")


@router.post("/account/identities/github", **answers(AtGitHub))
async def connect_github(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Begin to connect GitHub to the account; the browser goes on to the address.

    It needs a recent proof that it is the owner who asks.
    """
    platform, session = get_platform(request), access.caller
    session.require_proof(platform.clock.now())
    if not platform.settings.has_github:
        raise NotFoundError("provider")
    connections.require_power(platform, session)
    _count_start(platform, request)
    begun = await attempts.begin(platform, go_to=SETTINGS, account_id=session.account_id)
    response = render(AtGitHub(url=begun.url))
    _bind(response, platform, begun.browser)
    return response


@router.delete("/account/identities/github", **answers(None, 204))
async def disconnect_github(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Let GitHub open the account no longer; refused while it is the only way in.

    It needs a recent proof that it is the owner who asks.
    """
    platform, session = get_platform(request), access.caller
    session.require_proof(platform.clock.now())
    await connections.disconnect(platform, session, Client.of(request))
    return render_nothing()


@pages.get("/auth/github/start", include_in_schema=False)
async def start(
    request: Request,
    _access: Annotated[Access, permission(Permission.PUBLIC)],
    next: str | None = None,
) -> Response:
    """Send the browser to GitHub."""
    platform = get_platform(request)
    if not platform.settings.has_github:
        return _tell(NotFoundError("page"))
    try:
        _count_start(platform, request)
        begun = await attempts.begin(platform, go_to=read_next(next), account_id=None)
    except AllgreenError as error:
        return _tell(error)
    response = RedirectResponse(begun.url, status_code=303)
    _bind(response, platform, begun.browser)
    return response


@pages.get(CALLBACK, include_in_schema=False)
async def come_back(
    request: Request, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> Response:
    """Take what a browser brings back from GitHub: it signs in, or connects the two."""
    platform = get_platform(request)
    if not platform.settings.has_github:
        return _tell(NotFoundError("page"))
    try:
        passed = await _pass(platform, request)
    except AllgreenError as error:
        return _tell(error)
    return _go_on(platform, passed)


@pages.get(_CODE, include_in_schema=False)
async def show_code(_access: Annotated[Access, permission(Permission.TOKEN)]) -> HTMLResponse:
    """Ask for the second factor."""
    return _ask_for_code("")


@pages.post(_CODE, include_in_schema=False)
async def act_on_code(
    request: Request, _access: Annotated[Access, permission(Permission.TOKEN)]
) -> Response:
    """Take the second factor, and let its owner in."""
    platform = get_platform(request)
    browser = request.cookies.get(attempts.cookie_name(platform.settings), "")
    try:
        passed = await actions.finish(
            platform,
            browser,
            await _read_code(request),
            client=Client.of(request),
            before=await current_session(request),
        )
    except InvalidInputError as error:
        return _ask_for_code(str(error), status=422)
    except AllgreenError as error:
        return _tell(error)
    return _go_on(platform, passed)


async def _pass(platform: Platform, request: Request) -> Passed:
    brought = request.query_params
    cookie = request.cookies.get(attempts.cookie_name(platform.settings), "")
    attempt = await attempts.take(platform, brought.get("state", ""), cookie)
    code = brought.get("code", "")
    if "error" in brought or not 0 < len(code) <= _LONGEST:
        # Only now: nobody else can make our page say anything.
        raise _refused(brought.get("error_description") or brought.get("error", ""))
    person = await attempts.github_of(platform).identify(code, attempt.verifier)
    client, session = Client.of(request), await current_session(request)
    if attempt.account_id is None:
        return await actions.sign_in(platform, person, attempt, client=client, before=session)
    await connections.connect(platform, person, attempt, client=client, session=session)
    return Passed(go_to=attempt.go_to)


def _go_on(platform: Platform, passed: Passed) -> Response:
    if passed.waiting:
        response = RedirectResponse(_CODE, status_code=303)
        _bind(response, platform, passed.waiting)
        return response
    response = RedirectResponse(passed.go_to, status_code=303)
    _unbind(response, platform)
    if passed.session is not None:
        set_cookie(response, passed.session, keep=False, settings=platform.settings)
    return response


def _refused(said: str) -> SignInFailedError:
    words = f" It says: {said[:200]}" if said.strip() else ""
    return SignInFailedError("GitHub did not let you in", f"Nothing was changed.{words}")


async def _read_code(request: Request) -> str:
    """Return what the form holds; nothing when it is not ours."""
    body = (await request.body())[:_LONGEST].decode("utf-8", "replace")
    try:
        return parse_qs(body, max_num_fields=5).get("code", [""])[0]
    except ValueError:
        return ""


def _ask_for_code(problem: str, *, status: int = 200) -> HTMLResponse:
    return render_page("code.html", status=status, problem=problem)


def _tell(error: AllgreenError) -> HTMLResponse:
    """Tell people on a page why they are not let in."""
    status, title, text = 400, "This sign-in cannot go on", str(error)
    if isinstance(error, SignInFailedError):
        status, title = 502 if error.is_foreign else 403, error.title
    elif isinstance(error, TooManyError | BusyError):
        status = 429 if isinstance(error, TooManyError) else 503
    elif isinstance(error, NotFoundError):
        status, text = 404, "Signing in with GitHub is not set up here."
    else:
        logger.error("Signing in with GitHub: %s", error)
        status, text = 503, "Nothing was changed. Try again in a moment."
    return render_page(
        "done.html", status=status, title=title, text=text, link="/login", link_text="Sign in"
    )


def _count_start(platform: Platform, request: Request) -> None:
    platform.limits.count(
        STARTS_PER_ADDRESS,
        Client.of(request).network,
        message="Many people of your network sign in at this moment. Try again later.",
    )


def _bind(response: Response, platform: Platform, browser: str) -> None:
    response.set_cookie(
        attempts.cookie_name(platform.settings),
        browser,
        max_age=int(attempts.LASTS.total_seconds()),
        **_attributes(platform),
    )


def _unbind(response: Response, platform: Platform) -> None:
    response.delete_cookie(attempts.cookie_name(platform.settings), **_attributes(platform))


def _attributes(platform: Platform) -> dict[str, Any]:
    # Lax, not strict: the browser comes back by a link of another site.
    is_secure = platform.settings.is_secure
    return {"path": "/", "secure": is_secure, "httponly": True, "samesite": "lax"}
