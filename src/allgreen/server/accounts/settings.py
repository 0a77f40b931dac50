"""One's own account: what settings show and change."""

from typing import Annotated

from fastapi import Request
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server import limits
from allgreen.server.accounts import (
    actions,
    address,
    deletion,
    password,
    queries,
    signing_in,
    two_factor,
)
from allgreen.server.accounts.export import AccountExport, load_export
from allgreen.server.accounts.fixed_time import fixed_time
from allgreen.server.accounts.schemas import (
    Account,
    AccountEdit,
    AccountEventPage,
    ChangeEmailInput,
    ChangePasswordInput,
    CheckYourMail,
    CodeInput,
    NewSecondFactor,
    ProofInput,
    RecoveryCodes,
    Sessions,
)
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.sessions import Client, clear_cookie, set_cookie
from allgreen.server.platform import get_platform
from allgreen.server.wire import Page, answers, cut_rows, render, render_nothing

router = guarded_router("account", prefix="/account")

Owner = Annotated[Access, permission(Permission.SIGNED_IN)]


@router.get("", **answers(Account))
async def get_account(request: Request, access: Owner) -> Response:
    """Tell what is set for one's own account."""
    async with get_platform(request).database.read() as connection:
        return render(await queries.load_account(connection, access.caller.account_id))


@router.patch("", **answers(Account))
async def edit_account(request: Request, body: AccountEdit, access: Owner) -> Response:
    """Change the name, or how the screens look."""
    return render(await actions.edit_account(get_platform(request), access.caller, body))


@router.delete("", **answers(None, 204))
async def delete_account(
    request: Request, access: Owner, body: ProofInput | None = None
) -> Response:
    """Delete one's own account; a proof is sent along, or was given lately.

    Refused while somebody is the only owner of a workspace: 422 with one error for each.
    """
    platform = get_platform(request)
    await deletion.delete_account(platform, access.caller, body or ProofInput())
    response = render_nothing()
    clear_cookie(response, platform.settings)
    return response


@router.get("/sessions", **answers(Sessions))
async def list_sessions(request: Request, access: Owner) -> Response:
    """List where one is signed in."""
    platform = get_platform(request)
    async with platform.database.read() as connection:
        items = await queries.list_sessions(connection, access.caller, platform.clock.now())
    return render(Sessions(items=items))


@router.delete("/sessions/{session_id}", **answers(None, 204))
async def end_session(request: Request, session_id: str, access: Owner) -> Response:
    """Sign out somewhere else."""
    await signing_in.end_session(get_platform(request), access.caller, session_id)
    return render_nothing()


@router.post("/sessions/end-others", **answers(None, 204))
async def end_other_sessions(request: Request, access: Owner) -> Response:
    """Sign out everywhere else."""
    platform, client = get_platform(request), Client.of(request)
    await signing_in.end_other_sessions(platform, access.caller, client)
    return render_nothing()


@router.put("/password", **answers(None, 204))
async def change_password(request: Request, body: ChangePasswordInput, access: Owner) -> Response:
    """Set another password; all other sessions and all keys of the API end."""
    platform, client = get_platform(request), Client.of(request)
    token = await password.change_password(platform, access.caller, body, client)
    response = render_nothing()
    set_cookie(response, token, keep=access.caller.keep, settings=platform.settings)
    return response


_ASK_FOR_EMAIL = answers(CheckYourMail, 202)
_ASK_FOR_EMAIL["responses"][200] = {
    "description": "Without a mail server: the address is changed, and not proven",
    "model": Account,
}


@router.post("/email", **_ASK_FOR_EMAIL)
async def ask_for_email(request: Request, body: ChangeEmailInput, access: Owner) -> Response:
    """Ask for another address; it holds once the link that is mailed there is opened.

    The answer is the same for an address that has an account already. Without a mail server the
    address changes at once, or it is 422 for one that is taken.
    """
    platform, client, until_then = get_platform(request), Client.of(request), fixed_time()
    if platform.settings.smtp_url is None:
        return render(await address.change_unproven(platform, access.caller, body.email, client))
    await address.ask_for_change(platform, access.caller, body.email, client)
    await until_then()
    return render(CheckYourMail(status="check_your_mail"), status=202)


@router.delete("/email", **answers(None, 204))
async def drop_email(request: Request, access: Owner) -> Response:
    """Forget the address that was asked for."""
    await address.drop_change(get_platform(request), access.caller)
    return render_nothing()


@router.post("/two-factor", **answers(NewSecondFactor, 201))
async def begin_two_factor(request: Request, access: Owner) -> Response:
    """Make a secret for an authenticator app; it counts once it is confirmed."""
    return render(await two_factor.begin(get_platform(request), access.caller), status=201)


@router.post("/two-factor/confirm", **answers(RecoveryCodes))
async def confirm_two_factor(request: Request, body: CodeInput, access: Owner) -> Response:
    """Ask for a second factor from now on; the recovery codes are shown this once."""
    platform, client = get_platform(request), Client.of(request)
    return render(await two_factor.confirm(platform, access.caller, body.code, client))


@router.delete("/two-factor", **answers(None, 204))
async def remove_two_factor(request: Request, access: Owner) -> Response:
    """Ask for no second factor any more."""
    await two_factor.remove(get_platform(request), access.caller, Client.of(request))
    return render_nothing()


@router.post("/two-factor/recovery-codes", **answers(RecoveryCodes))
async def renew_recovery_codes(request: Request, access: Owner) -> Response:
    """Make new recovery codes; those before are void."""
    platform, client = get_platform(request), Client.of(request)
    return render(await two_factor.renew_codes(platform, access.caller, client))


@router.get("/events", **answers(AccountEventPage))
async def list_events(request: Request, cut: Page, access: Owner) -> Response:
    """List what happened to one's own account, newest first."""
    database = get_platform(request).database
    async with database.read() as connection:
        account_id = access.caller.account_id
        found = await queries.list_events(connection, account_id, cut, database.cipher)
    items, next_cursor = cut_rows(found, cut, lambda event: (event.id,))
    return render(AccountEventPage(items=items, next_cursor=next_cursor))


@router.get("/export", **answers(AccountExport))
async def export_account(request: Request, access: Owner) -> Response:
    """Hand out everything that is stored of one's own account, as a file."""
    platform = get_platform(request)
    platform.limits.count(
        limits.EXPORTS_PER_ACCOUNT,
        access.caller.account_id,
        message="This was asked for many times. Try again later.",
    )
    async with platform.database.read() as connection:
        cipher, now = platform.database.cipher, platform.clock.now()
        export = await load_export(connection, access.caller, cipher, now)
    return render(
        export, headers={"content-disposition": 'attachment; filename="allgreen-account.json"'}
    )
