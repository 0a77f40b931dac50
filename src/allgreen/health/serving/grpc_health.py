"""What gRPC is told of the health of a program, by the protocol ``grpc.health.v1``.

The semantics alone, without a server:
https://github.com/grpc/grpc/blob/master/doc/health-checking.md
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from enum import IntEnum
from queue import SimpleQueue
from typing import Final, final

from allgreen.errors import NotFoundError
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request, Response

logger = logging.getLogger(__name__)

OVERALL: Final = ""
"""The name under which the health of the whole program is known."""
LOOKS_EVERY_S: Final = 5.0


class ServingStatus(IntEnum):
    """What is said of a service; the numbers are those of the protocol."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3
    """There is no such service. Said to those who watch, who may have come before it."""


Listener = Callable[[ServingStatus], None]


@final
class HealthService:
    """Knows which services there are and whether they serve, and tells those who watch.

    Names are told their status by `set_status`, or looked up on an endpoint: there each group has
    the name of its path without the slash (``readyz``, ``livez``), and ``""`` is the page with all
    checks. What answers with 2xx or 3xx over HTTP serves, so degraded does.

    Safe in threads.

    Args:
        endpoint: Where to look; without one somebody calls `set_status`.
        names: Services that there are, unknown at first.
        looks_every_s: How often to look while somebody watches.
    """

    def __init__(
        self,
        endpoint: HealthEndpoint | None = None,
        *,
        names: Iterable[str] = (),
        looks_every_s: float = LOOKS_EVERY_S,
    ) -> None:
        self.looks_every_s = looks_every_s
        self._endpoint = endpoint
        self._paths = {} if endpoint is None else _paths_of(endpoint)
        self._statuses = dict.fromkeys((OVERALL, *names, *self._paths), ServingStatus.UNKNOWN)
        self._lock = threading.Lock()
        self._watches: set[_Watch] = set()
        self._is_leaving = False
        self._looker: threading.Thread | None = None
        self._is_unwatched = threading.Event()

    # What is known ------------------------------------------------------------------------------

    def set_status(self, name: str, status: ServingStatus) -> None:
        """Say whether a service serves; one with a new name is there from now on.

        Raises:
            ValueError: The status is the one of services that there are not.
        """
        if status is ServingStatus.SERVICE_UNKNOWN:
            raise ValueError("A service that there is has another status; see forget().")
        with self._lock:
            self._statuses[name] = status
        self._tell(name)

    def forget(self, name: str) -> None:
        """Say that there is no such service any more."""
        with self._lock:
            self._statuses.pop(name, None)
        self._tell(name)

    def leave(self) -> None:
        """Say that nothing serves from now on, because the program is about to stop."""
        self._is_leaving = True
        for name in {watch.name for watch in self._snapshot()}:
            self._tell(name)

    def status_of(self, name: str) -> ServingStatus:
        """Return what is known of a service, without looking."""
        status = self._statuses.get(name)
        if status is None:
            return ServingStatus.SERVICE_UNKNOWN
        return ServingStatus.NOT_SERVING if self._is_leaving else status

    # Check --------------------------------------------------------------------------------------

    def check(self, name: str) -> ServingStatus:
        """Return whether a service serves; looks, and blocks until that is known.

        Raises:
            NotFoundError: There is no such service.
        """
        request = self._request(name)
        if request is not None and self._endpoint is not None:
            self._read(name, self._endpoint.respond(request))
        return self._known(name)

    async def check_async(self, name: str) -> ServingStatus:
        """Return the same without blocking the event loop.

        Raises:
            NotFoundError: There is no such service.
        """
        request = self._request(name)
        if request is not None and self._endpoint is not None:
            self._read(name, await self._endpoint.respond_async(request))
        return self._known(name)

    def _request(self, name: str) -> Request | None:
        path = self._paths.get(name)
        return None if path is None or self._is_leaving else Request("HEAD", path)

    def _read(self, name: str, response: Response) -> None:
        serves = 200 <= response.status < 400
        self.set_status(name, ServingStatus.SERVING if serves else ServingStatus.NOT_SERVING)

    def _known(self, name: str) -> ServingStatus:
        status = self.status_of(name)
        if status is ServingStatus.SERVICE_UNKNOWN:
            raise NotFoundError(f"service {name!r}")
        return status

    # Watch --------------------------------------------------------------------------------------

    def subscribe(self, name: str, listener: Listener) -> Callable[[], None]:
        """Tell a listener the status of a service, now and whenever it has changed.

        Nobody looks for that; see `watch`.

        Args:
            name: Of a service, which need not be there yet.
            listener: Called from any thread, one call after the other. One that raises is called
                no more.

        Returns:
            What ends it.
        """
        watch = _Watch(name, listener, self.status_of)
        with self._lock:
            self._watches.add(watch)
        if not watch.tell():
            self._end(watch)
        return lambda: self._end(watch)

    def watch(self, name: str, listener: Listener) -> Callable[[], None]:
        """Do the same as `subscribe`, and look again and again in a daemon thread."""
        end = self.subscribe(name, listener)
        if self._paths:
            self._start_to_look()
        return end

    def follow(self, name: str) -> Iterator[ServingStatus]:
        """Give the status of a service now, and again whenever it has changed; blocks between."""
        statuses: SimpleQueue[ServingStatus] = SimpleQueue()
        end = self.watch(name, statuses.put)
        try:
            while True:
                yield statuses.get()
        finally:
            end()

    def _end(self, watch: _Watch) -> None:
        with self._lock:
            self._watches.discard(watch)
            if not self._watches:
                self._is_unwatched.set()

    def _tell(self, name: str) -> None:
        for watch in self._snapshot():
            if watch.name == name and not watch.tell():
                self._end(watch)

    def _snapshot(self) -> list[_Watch]:
        with self._lock:
            return list(self._watches)

    def _start_to_look(self) -> None:
        with self._lock:
            self._is_unwatched.clear()
            if self._looker is not None and self._looker.is_alive():
                return
            looker = threading.Thread(target=self._look, name="allgreen grpc", daemon=True)
            looker.start()
            self._looker = looker

    def _look(self) -> None:
        while True:
            for name in {watch.name for watch in self._snapshot()} & self._paths.keys():
                with suppress(NotFoundError):  # it was forgotten at this moment
                    self.check(name)
            if self._is_unwatched.wait(self.looks_every_s) and self._is_done():
                return

    def _is_done(self) -> bool:
        """Tell whether nobody watches; who comes later starts another thread."""
        with self._lock:
            if self._watches:
                self._is_unwatched.clear()
                return False
            self._looker = None
            return True


@final
class _Watch:
    """One who watches.

    Each has a lock of its own: one who is slow keeps no other waiting. What is told is what is
    known at that moment, so that it is never older than what was told before.
    """

    def __init__(
        self, name: str, listener: Listener, status_of: Callable[[str], ServingStatus]
    ) -> None:
        self.name = name
        self._listener = listener
        self._status_of = status_of
        self._told: ServingStatus | None = None
        self._lock = threading.Lock()

    def tell(self) -> bool:
        """Tell the status, if it is another than was told before; say whether that can be done."""
        with self._lock:
            status = self._status_of(self.name)
            if status is self._told:
                return True
            self._told = status
            try:
                self._listener(status)
            except Exception:  # it is told no more, and all others are
                logger.exception("Who watches %r cannot be told, and is told no more", self.name)
                return False
            return True


def _paths_of(endpoint: HealthEndpoint) -> Mapping[str, str]:
    """Return the path of each name that can be asked for."""
    options = endpoint.options
    groups = (options.healthcheck, options.live, options.ready, options.startup, *options.groups)
    paths = {group.path.strip("/"): group.path for group in groups if group is not None}
    whole = options.healthcheck or options.ready
    return paths if whole is None else {OVERALL: whole.path, **paths}
