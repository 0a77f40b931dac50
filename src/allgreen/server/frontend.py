"""The built front end: read once into memory, and one page for every address of the screens."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from allgreen.domain.policy import Permission
from allgreen.server.auth.access import Access, guarded_router, permission
from allgreen.server.auth.sessions import cookie_name
from allgreen.server.first_load import FIRST_MODULES, MANIFEST, name_first_load
from allgreen.server.landing.first_run import is_set_up
from allgreen.server.landing.page import render_landing
from allgreen.server.pages import PUBLIC_STYLESHEET, read_stylesheet, render_page
from allgreen.server.platform import get_platform
from allgreen.server.settings import Registration
from allgreen.server.wire import API

BUNDLE: Final = Path(__file__).parent / "web"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_A_DAY: Final = "public, max-age=86400"
_ASK_AGAIN: Final = "no-cache"
_FONTS: Final = {
    "instrument-sans.woff2": "instrument-sans-latin-wdth-normal",
    "geist-mono.woff2": "geist-mono-latin-wght-normal",
}
_NEVER_PAGES: Final = (f"{API.removeprefix('/').split('/')[0]}/", "assets/", ".well-known/")
_PACKED: Final = (
    "text/",
    "application/json",
    "application/manifest+json",
    "application/javascript",
    "image/svg+xml",
)


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of the front end, as it is sent."""

    body: bytes
    media_type: str
    cache: str

    @cached_property
    def tag(self) -> str:
        """The ETag."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The body as gzip, made when it is first asked for; fonts are packed already."""
        return gzip.compress(self.body, 9, mtime=0) if self.media_type.startswith(_PACKED) else None

    def answer(self, request: Request, *varies: str) -> Response:
        """Send the file, or that it has not changed.

        Args:
            request: Who asks.
            varies: Headers of the request on which it depends too.
        """
        vary = ", ".join(("Accept-Encoding", *varies))
        headers = {"ETag": self.tag, "Cache-Control": self.cache, "Vary": vary}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = self.body
        if "gzip" in request.headers.get("accept-encoding", "") and self.packed is not None:
            body, headers["Content-Encoding"] = self.packed, "gzip"
        return Response(body, headers=headers, media_type=self.media_type)


def read_bundle(folder: Path) -> dict[str, File]:
    """Return the files of a built front end by path; empty when it was not built."""
    if not (folder / "index.html").is_file():
        return {}
    return {
        path.relative_to(folder).as_posix(): _read(path, path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if path.is_file()
    }


def build_frontend(folder: Path = BUNDLE) -> APIRouter:
    """Return the routes of the front end; include them last, for they take every address."""
    files = read_bundle(folder)
    screens = list(_read_screens(files))
    router = guarded_router("frontend")
    _add_styles(router, files)

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def get_front_page(
        request: Request, access: Annotated[Access, permission(Permission.PUBLIC)]
    ) -> Response:
        """Send the front page, or the screens to whom may be signed in, and for the first run."""
        platform = get_platform(request)
        is_known = cookie_name(platform.settings) in request.cookies
        if is_known or not await is_set_up(platform):
            return await get_page(request, "", access)
        is_open = platform.settings.registration is Registration.OPEN
        page = _landing_page(platform.settings.base_url, is_open=is_open)
        return page.answer(request, "Cookie")

    @router.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def get_page(
        request: Request, path: str, _access: Annotated[Access, permission(Permission.PUBLIC)]
    ) -> Response:
        """Send a file, or the page that draws the screen of this address."""
        if path in files:
            return files[path].answer(request)
        if path.startswith(_NEVER_PAGES):
            raise HTTPException(404)
        if not files:
            return render_page("unbuilt.html", status=503)
        screen = next(page for address, page in screens if address.fullmatch(path))
        return screen.answer(request)

    return router


def _read_screens(files: Mapping[str, File]) -> Iterator[tuple[re.Pattern[str], File]]:
    """Return the page of the screens for each kind of address, with what it will ask for first."""
    if not files:
        return
    page = files["index.html"]
    manifest = files[MANIFEST].body if MANIFEST in files else b"{}"
    for address, modules in FIRST_MODULES:
        named = name_first_load(page.body.decode(), manifest, modules)
        yield address, replace(page, body=named.encode())


def _add_styles(router: APIRouter, files: Mapping[str, File]) -> None:
    """Add what pages of the server are drawn with."""
    stylesheet = File(body=read_stylesheet(), media_type="text/css", cache=_ASK_AGAIN)
    public = File(body=PUBLIC_STYLESHEET.body, media_type="text/css", cache=_FOR_EVER)
    fonts = dict(_find_fonts(files))

    @router.api_route("/pages.css", methods=["GET", "HEAD"], include_in_schema=False)
    async def get_stylesheet(
        request: Request, _access: Annotated[Access, permission(Permission.PUBLIC)]
    ) -> Response:
        """Send the style of the pages that the server renders."""
        return stylesheet.answer(request)

    @router.api_route(PUBLIC_STYLESHEET.path, methods=["GET", "HEAD"], include_in_schema=False)
    async def get_public_stylesheet(
        request: Request, _access: Annotated[Access, permission(Permission.PUBLIC)]
    ) -> Response:
        """Send the style of the pages for everybody."""
        return public.answer(request)

    @router.api_route("/fonts/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    async def get_font(
        request: Request, name: str, _access: Annotated[Access, permission(Permission.PUBLIC)]
    ) -> Response:
        """Send a font of the front end by a name that does not change."""
        if name not in fonts:
            raise HTTPException(404)
        return fonts[name].answer(request)


@lru_cache(maxsize=4)
def _landing_page(base_url: str, *, is_open: bool) -> File:
    body = render_landing(base_url, is_open=is_open)
    return File(body=body, media_type="text/html", cache=_ASK_AGAIN)


def _find_fonts(files: Mapping[str, File]) -> Iterator[tuple[str, File]]:
    """Return the Latin fonts of the front end by names that pages of the server can know."""
    for path, file in files.items():
        for font, name in _FONTS.items():
            if path.startswith(f"assets/{name}-") and path.endswith(".woff2"):
                yield font, replace(file, cache=_FOR_A_DAY)


def _read(path: Path, name: str) -> File:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # Names of assets hold a hash of their content; everything else may change with an upgrade.
    cache = _FOR_EVER if name.startswith("assets/") else _ASK_AGAIN
    return File(body=path.read_bytes(), media_type=media_type, cache=cache)
