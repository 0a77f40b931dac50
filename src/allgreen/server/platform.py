"""Platform: the parts that all routes share, put together once in `app`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from allgreen.bootstrap import Figures
from allgreen.domain.check import Check
from allgreen.executors.verdict import Preview
from allgreen.monitoring.bus import Bus
from allgreen.outbound.guard import TargetGuard
from allgreen.ports import Clock, EventBroker, IdFactory
from allgreen.server.devices import DeviceSigner
from allgreen.server.limits import Limits, client_of
from allgreen.server.links import LinkSigner
from allgreen.server.passwords import PasswordPool
from allgreen.server.photos.darkroom import Darkroom
from allgreen.server.recent import RecentAnswers
from allgreen.server.settings import Settings
from allgreen.server.shelf import PublicShelf
from allgreen.storage.sql.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What routes work with.

    Attributes:
        wake_agent: Tells that a check may be due; without it the agent looks by itself, later.
        wake_dispatcher: Tells that a message is owed.
        preview: Runs a check that is not saved; nothing of it is kept.
        stopping: Set when the server begins to stop, so that event streams end.
    """

    settings: Settings
    clock: Clock
    new_id: IdFactory
    database: Database
    bus: Bus
    broker: EventBroker
    wake_agent: Callable[[], None]
    wake_dispatcher: Callable[[], None]
    figures: Callable[[], Figures]
    preview: Callable[[Check], Awaitable[Preview]]
    guard: TargetGuard
    passwords: PasswordPool
    darkroom: Darkroom
    limits: Limits
    links: LinkSigner
    devices: DeviceSigner
    recent: RecentAnswers
    public: PublicShelf
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def client_of(self, request: HTTPConnection) -> str:
        """Return the address of the client of a request."""
        peer = request.client.host if request.client else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        entries = [entry for entry in forwarded.split(",") if entry.strip()]
        return client_of(peer, entries, self.settings.proxies)


def get_platform(request: HTTPConnection) -> Platform:
    """Return the platform that serves a request."""
    platform: Platform = request.app.state.platform
    return platform
