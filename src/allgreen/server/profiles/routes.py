"""Profiles and photos: one's own to edit, and those of others as far as they show them."""

from typing import Annotated, Any, Final

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from allgreen.domain.policy import Permission
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.sessions import Client, current_session
from allgreen.server.pages import render_page
from allgreen.server.platform import get_platform
from allgreen.server.profiles import actions, limits, queries
from allgreen.server.profiles.schemas import OwnPhoto, OwnProfile, Profile, ProfileInput
from allgreen.server.profiles.texts import GITHUB, LINKEDIN
from allgreen.server.wire import API, answers, render, render_nothing

PHOTO: Final = f"{API}/account/photo"
"""Where photos are sent to; larger than anything else that is sent."""
_PICTURES: Final = ("image/png", "image/jpeg", "image/webp")
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _PICTURES},
    }
}
_IMAGE: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "The photo",
            "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}},
        },
        "default": answers(None)["responses"]["default"],
    },
}

router = guarded_router("profiles")
pages = guarded_router("pages")


@router.get("/account/profile", **answers(OwnProfile))
async def get_own_profile(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Show what the account tells of itself, and to whom."""
    async with get_platform(request).database.read() as connection:
        return render(await queries.load_own_profile(connection, access.caller.account_id))


@router.put("/account/profile", **answers(OwnProfile))
async def save_profile(
    request: Request,
    body: ProfileInput,
    access: Annotated[Access, permission(Permission.SIGNED_IN)],
) -> Response:
    """Replace what the account tells of itself."""
    platform = get_platform(request)
    return render(await actions.save_profile(platform, access.caller, body, Client.of(request)))


@router.put("/account/photo", **answers(OwnPhoto), openapi_extra=_BODY)
async def save_photo(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Take the bytes of a PNG, JPEG or WebP of at most 2 MiB, and make a square photo of them."""
    platform = get_platform(request)
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said not in _PICTURES:
        message = "Send the bytes of a PNG, JPEG or WebP, and say in Content-Type which it is."
        raise InvalidInputError.at("photo", "type", message)
    limits.count_photo(platform, access.caller.account_id)
    photo = await platform.darkroom.develop(await request.body())
    return render(await actions.save_photo(platform, access.caller, photo))


@router.delete("/account/photo", **answers(None, 204))
async def remove_photo(
    request: Request, access: Annotated[Access, permission(Permission.SIGNED_IN)]
) -> Response:
    """Show no photo any more."""
    await actions.remove_photo(get_platform(request), access.caller)
    return render_nothing()


@router.get("/profiles/{account_id}", **answers(Profile))
async def get_profile(
    request: Request,
    account_id: str,
    _access: Annotated[Access, permission(Permission.PUBLIC)],
) -> Response:
    """Show somebody as far as they want it: to everybody, to who is signed in, or to members."""
    return render(await _load_profile(request, account_id))


@router.get("/photos/{photo_id}", **_IMAGE)
async def get_photo(
    request: Request, photo_id: str, _access: Annotated[Access, permission(Permission.PUBLIC)]
) -> Response:
    """Send a photo, 256 px wide, to those who see the profile of its owner."""
    return await _send_photo(request, photo_id, is_small=False)


@router.get("/photos/{photo_id}/small", **_IMAGE)
async def get_small_photo(
    request: Request, photo_id: str, _access: Annotated[Access, permission(Permission.PUBLIC)]
) -> Response:
    """Send a photo, 64 px wide, to those who see the profile of its owner."""
    return await _send_photo(request, photo_id, is_small=True)


@pages.get("/u/{account_id}", include_in_schema=False)
async def show_profile(
    request: Request, account_id: str, _access: Annotated[Access, permission(Permission.PUBLIC)]
) -> HTMLResponse:
    """Show somebody as a page that needs no JavaScript."""
    try:
        profile = await _load_profile(request, account_id)
    except NotFoundError:
        return render_page(
            "done.html",
            status=404,
            title="There is no such profile",
            text="Nobody has this address, or they do not show their profile to you.",
        )
    links = [
        (site.name, site.address_of(name))
        for site, name in ((GITHUB, profile.github), (LINKEDIN, profile.linkedin))
        if name
    ]
    return render_page("profile.html", profile=profile, links=links)


async def _load_profile(request: Request, account_id: str) -> Profile:
    platform, viewer = get_platform(request), await current_session(request)
    async with platform.database.read() as connection:
        return await queries.load_profile(platform, connection, account_id, viewer)


async def _send_photo(request: Request, photo_id: str, *, is_small: bool) -> Response:
    """Send a photo whole, whatever part of it is asked for.

    It stays in the cache of one browser only, which asks each time whether it may still be shown.
    """
    viewer = await current_session(request)
    async with get_platform(request).database.read() as connection:
        content = await queries.load_photo(connection, photo_id, viewer, is_small=is_small)
    tag = f'"{photo_id[:16]}-{len(content)}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie",
        "Content-Disposition": 'inline; filename="photo.webp"',
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="image/webp")
