"""Recent answers: pages that many tabs ask for again and again, kept for a moment.

An answer is kept for the very session and address that it was made for, so it needs no rights of
its own; whoever asks with a key gets none of them and leaves none. It is dropped as soon as anything in its workspace changes, when anybody logs out, and
after two seconds in any case: a lost membership is noticed by then.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from allgreen.domain.identity import WorkspaceId
from allgreen.ports import Change, Clock, EventBroker, Subscription
from allgreen.server.wire import API, encode

KEPT_FOR_S: Final = 2.0
MOST_KEPT: Final = 256
_PATHS: Final = f"{API}/workspaces/"
_Key = tuple[tuple[bytes, ...], str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """One answer that is kept."""

    workspace_id: WorkspaceId
    until: float
    tag: bytes
    body: bytes


@final
class RecentAnswers:
    """The answers that are kept, by cookie and address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[_Key, Recent] = {}
        self._changes = 0

    def mark(self) -> int:
        """Return a mark to take before reading: what changes later is not kept."""
        return self._changes

    def find(self, scope: Scope) -> Recent | None:
        """Return the answer to a request, if it is fresh."""
        key = _key_of(scope)
        recent = None if key is None else self._kept.get(key)
        if recent is None or recent.until < self._clock.monotonic():
            return None
        return recent

    def answer(
        self,
        request: Request,
        workspace_id: WorkspaceId,
        shown: object,
        *,
        stable: object,
        mark: int,
    ) -> Response:
        """Render an answer, and keep it; or say that the client has it already.

        Args:
            request: What was asked.
            workspace_id: Whose changes make the answer old.
            shown: The answer.
            stable: The same without what differs each time, such as the time of the answer.
            mark: Taken before it was read. Kept is only what no hint has overtaken since.
        """
        tag = f'W/"{hashlib.sha256(encode(stable)).hexdigest()[:20]}"'.encode()
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        recent = Recent(
            workspace_id=workspace_id,
            until=self._clock.monotonic() + KEPT_FOR_S,
            tag=tag,
            body=encode(shown),
        )
        key = _key_of(request.scope)
        if key is not None and mark == self._changes:
            self._kept[key] = recent
        return _AsIs(recent, request.scope)

    def forget(self, workspace_id: WorkspaceId) -> None:
        """Drop what was said of a workspace."""
        self._changes += 1
        self._kept = {
            k: kept for k, kept in self._kept.items() if kept.workspace_id != workspace_id
        }

    def forget_all(self) -> None:
        """Drop everything, as after a log-out."""
        self._changes += 1
        self._kept.clear()


@final
class AnswerRecent:
    """Answers from what is kept, before anything else is done."""

    def __init__(self, app: ASGIApp, recent: RecentAnswers) -> None:
        self._app = app
        self._recent = recent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the kept answer, or pass the request on."""
        recent = None
        if (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and scope["path"].startswith(_PATHS)
        ):
            recent = self._recent.find(scope)
        if recent is None:
            await self._app(scope, receive, send)
        else:
            await _AsIs(recent, scope)(scope, receive, send)


@final
class ForgettingBroker(EventBroker):
    """Drops recent answers before anybody hears that they are old.

    Args:
        inner: Tells all who listen.
        recent: Answers to members.
        public: Takes every hint before anybody else, as `PublicShelf.forget` does.
    """

    def __init__(
        self,
        inner: EventBroker,
        recent: RecentAnswers,
        public: Callable[[Iterable[Change]], None],
    ) -> None:
        self._inner = inner
        self._recent = recent
        self._public = public

    def publish(self, changes: Iterable[Change]) -> None:
        listed = list(changes)
        for workspace_id in {change.workspace_id for change in listed}:
            self._recent.forget(workspace_id)
        self._public(listed)
        self._inner.publish(listed)

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        return self._inner.subscribe()


class _AsIs(Response):
    """An answer from bytes, or a 304 when the client has them."""

    def __init__(self, recent: Recent, scope: Scope) -> None:
        is_known = recent.tag in _header(scope, b"if-none-match")
        self.status_code = 304 if is_known else 200
        self.body = b"" if is_known else recent.body
        self.background = None
        self.raw_headers = [
            (b"etag", recent.tag),
            (b"cache-control", b"private, no-cache"),
            (b"vary", b"Cookie, Authorization"),
        ]
        if not is_known:
            self.raw_headers += [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(recent.body)).encode()),
            ]


def _key_of(scope: Scope) -> _Key | None:
    """Return by what an answer is kept; `None` where something else than a cookie tells who asks."""
    if any(name == b"authorization" for name, _ in scope["headers"]):
        return None
    # A request may bring its cookies in several headers (RFC 9113, section 8.2.3), and the session
    # may stand in any of them.
    cookies = tuple(value for name, value in scope["headers"] if name == b"cookie")
    return (cookies, scope["path"], scope["query_string"]) if cookies else None


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")
