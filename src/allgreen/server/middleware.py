"""What holds for every request and every answer, whichever route it meets."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final, final
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allgreen.server.auth.keys import brings_key
from allgreen.server.problems import (
    RETRY_LATER_S,
    answer_problem,
    answer_too_large,
    too_large,
)
from allgreen.server.settings import Settings
from allgreen.server.wire import API

LARGEST_BODY: Final = 1024 * 1024
SMALL_BODY: Final = 64 * 1024
"""So much of each request is always taken: what people do goes on while others send files."""
MOST_TOGETHER: Final = 16 * 1024 * 1024
"""Of all requests under way, beyond what is always taken: a hundred large ones fill no memory."""
_NOT_STORED: Final = (b"cache-control", b"private, no-store")
"""Nothing of a workspace, and no page of a mail link, stays in a cache on the way."""

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_FORMS: Final = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}

_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types allgreen-sw",
)

_POLICY_OF_FRAMES: Final = (
    "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)


def security_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every answer."""
    headers = {
        "content-security-policy": "; ".join(_POLICY),
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        # The addresses of mail links hold tokens.
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
    if settings.is_secure:
        headers["strict-transport-security"] = "max-age=31536000"
    return headers


@final
class SecurityHeaders:
    """Adds the headers to every answer, errors and files included.

    What other sites may show is a closed list: the summary of a public page in a frame, where
    nothing can be pressed but a link, and badges as pictures.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = _encode(headers)
        self._names = {name for name, _ in self._headers}
        shared = {**headers, "cross-origin-resource-policy": "cross-origin"}
        self._of_pictures = _encode(shared)
        self._of_frames = _encode(shared | {"content-security-policy": _POLICY_OF_FRAMES})

    def _headers_of(self, path: str) -> list[tuple[bytes, bytes]]:
        if path.startswith("/embed/"):
            return self._of_frames
        if path.startswith("/status/") and path.endswith(".svg"):
            return self._of_pictures
        return self._headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        ours = self._headers_of(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Plain lists: this runs for every answer.
                theirs = [pair for pair in message["headers"] if pair[0] not in self._names]
                message["headers"] = [*theirs, *ours]
                if all(name != b"cache-control" for name, _ in theirs):
                    message["headers"].append(_NOT_STORED)
            await send(message)

        await self._app(scope, receive, send_with_headers)


@final
class BodyLimit:
    """Refuses bodies over 1 MiB, also those that lie about their length or do not tell it.

    A body lies in memory before anybody knows who sends it and whether it is wanted. So all
    together have a limit too: who comes when it is reached is told to come back.

    Args:
        app: What is asked when the body is small enough.
        largest: How many bytes are taken where nothing else is said.
        larger: How many are taken at single paths.
        together: How many bytes of all requests under way are taken, small parts not counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        largest: int = LARGEST_BODY,
        larger: Mapping[str, int] | None = None,
        together: int = MOST_TOGETHER,
    ) -> None:
        self._app = app
        self._largest = largest
        self._larger = larger or {}
        self._together = together
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, as far as its body is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._larger.get(scope["path"], self._largest)
        told = Headers(scope=scope).get("content-length", "0")
        if told.isdigit() and int(told) > largest:
            await answer_too_large(largest)(scope, receive, send)
            return
        received = held = 0

        async def receive_counted() -> Message:
            nonlocal received, held
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(413, too_large(largest))
            more = max(received - SMALL_BODY, 0) - held
            if self._held + more > self._together:
                raise HTTPException(503, headers={"Retry-After": str(RETRY_LATER_S)})
            self._held += more
            held += more
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._held -= held


@final
class KeyAlone:
    """Forgets the cookies of a request that brings a key.

    Whoever shows a key is known by the key alone: what is let past other checks because of it can
    then never be done in the name of the session that a browser sends along.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its key or with its cookies."""
        if scope["type"] == "http" and brings_key(Headers(scope=scope)):
            headers = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


@final
class SameOrigin:
    """Lets nothing be changed from pages of others.

    It is about cookies, which browsers send along unasked; a page of others cannot send a key.
    Browsers say where an unsafe request comes from; what comes from elsewhere, or is a form, is
    refused before any route sees it. Programs without a browser say nothing, and send JSON.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origin = settings.base_url.lower()
        # Listening on all addresses, without a word on the name: it may be reached by any.
        self._has_any_name = settings.public_url is None and settings.listens_everywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it may have been made by another site."""
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            headers = Headers(scope=scope)
            has_cookies = not brings_key(headers)
            if has_cookies and scope["path"].startswith(f"{API}/") and not self._is_ours(headers):
                detail = (
                    "It comes from another site, or from a name that this Allgreen does not know "
                    "as its own. If people reach it by that name, set ALLGREEN_PUBLIC_URL to it."
                )
                answer = answer_problem(403, "foreign_origin", "This request was refused", detail)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        if _media_type(headers) in _FORMS:
            return False
        origin = headers.get("origin")
        return origin is None or origin.lower() == self._origin or self._is_host(origin, headers)

    def _is_host(self, origin: str, headers: Headers) -> bool:
        """Tell whether a page of ours asks, under another name of this machine.

        The names are localhost and numbers only: any other one could have been pointed at us by a
        stranger whose page then speaks with us as if it were ours (DNS rebinding).
        """
        try:
            parts = urlsplit(origin)
            name = parts.hostname or ""
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return False
        if parts.netloc.lower() != headers.get("host", "").lower():
            return False
        return self._has_any_name or name == "localhost" or _is_number(name)


def _encode(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
