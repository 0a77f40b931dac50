"""Wake connections when their sockets are ready or their time is up.

A probe needs three events of one socket that lives for milliseconds. Registering each with the
event loop costs more than the probe; so there is one private, edge-triggered epoll, itself
registered once, and one coarse timer for all deadlines.
"""

import asyncio
import contextlib
import select
import time
from abc import ABC, abstractmethod
from typing import Final, Protocol, final

_TICKS_PER_S: Final = 20
# A TLS handshake takes half a millisecond: more of them in one go would hold up the loop.
_MOST_EVENTS: Final = 64


class Waiter(Protocol):
    """Somebody who waits for a socket."""

    def on_ready(self) -> None:
        """Read or write as far as it goes; must bear being called for nothing."""

    def on_deadline(self) -> None:
        """Give up."""

    def on_shutdown(self) -> None:
        """End at once: there will be no more calls."""


class Reactor(ABC):
    """What the ways of waiting share: deadlines, at most a tenth of a second late."""

    is_level_triggered = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._due: dict[int, set[Waiter]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def add(self, fd: int, waiter: Waiter) -> None:
        """Call `waiter` whenever `fd` turns readable or writable."""

    @abstractmethod
    def remove(self, fd: int) -> None:
        """Stop watching `fd`; call before it is closed."""

    @abstractmethod
    def watch_writing(self, fd: int, waiter: Waiter, *, wanted: bool) -> None:
        """Say whether `waiter` has something left to write."""

    def expire(self, waiter: Waiter, at: float) -> int:
        """Call `waiter` when the monotonic clock has passed `at`; returns a ticket."""
        tick = int(at * _TICKS_PER_S) + 1
        due = self._due.get(tick)
        if due is None:
            self._due[tick] = {waiter}
            if self._timer is None:
                self._timer = self.loop.call_later(1 / _TICKS_PER_S, self._on_tick)
        else:
            due.add(waiter)
        return tick

    def forget(self, waiter: Waiter, ticket: int) -> None:
        """Drop a deadline."""
        due = self._due.get(ticket)
        if due is not None:
            due.discard(waiter)

    def close(self) -> None:
        """Stop all timers and end whoever still waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due, self._due = self._due, {}
        for waiters in due.values():
            for waiter in list(waiters):
                waiter.on_shutdown()

    def _on_tick(self) -> None:
        now = int(time.monotonic() * _TICKS_PER_S)
        for tick in [tick for tick in self._due if tick <= now]:
            for waiter in self._due.pop(tick):
                waiter.on_deadline()
        again = bool(self._due)
        self._timer = self.loop.call_later(1 / _TICKS_PER_S, self._on_tick) if again else None


def open_reactor(loop: asyncio.AbstractEventLoop) -> Reactor:
    """Return the fastest way of waiting that this system has."""
    return EpollReactor(loop) if hasattr(select, "epoll") else LoopReactor(loop)


@final
class EpollReactor(Reactor):
    """One epoll for all sockets (Linux)."""

    is_level_triggered = False

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._epoll = select.epoll()
        self._waiters: dict[int, Waiter] = {}
        self._events = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
        loop.add_reader(self._epoll.fileno(), self._on_events)

    def add(self, fd: int, waiter: Waiter) -> None:
        """Register once, for both directions."""
        self._waiters[fd] = waiter
        self._epoll.register(fd, self._events)

    def remove(self, fd: int) -> None:
        """Forget the waiter; the kernel does the rest."""
        # The kernel drops a closed socket from the set by itself. An event that was fetched
        # already may then meet another socket with the same number: it is called for nothing.
        self._waiters.pop(fd, None)

    def watch_writing(self, fd: int, waiter: Waiter, *, wanted: bool) -> None:
        """Do nothing: an edge-triggered set reports both directions from the start."""

    def close(self) -> None:
        """Stop all timers and close the epoll."""
        super().close()
        if not self._epoll.closed:
            self.loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _on_events(self) -> None:
        waiters = self._waiters
        for fd, _ in self._epoll.poll(0, _MOST_EVENTS):
            waiter = waiters.get(fd)
            if waiter is not None:
                waiter.on_ready()


@final
class LoopReactor(Reactor):
    """The event loop's own selector, for systems without epoll."""

    def add(self, fd: int, waiter: Waiter) -> None:
        """Register both directions."""
        self.loop.add_reader(fd, waiter.on_ready)
        self.loop.add_writer(fd, waiter.on_ready)

    def remove(self, fd: int) -> None:
        """Deregister both directions."""
        with contextlib.suppress(ValueError):
            self.loop.remove_reader(fd)
            self.loop.remove_writer(fd)

    def watch_writing(self, fd: int, waiter: Waiter, *, wanted: bool) -> None:
        """Register or deregister writing: a writable socket would spin the loop."""
        if wanted:
            self.loop.add_writer(fd, waiter.on_ready)
        else:
            self.loop.remove_writer(fd)
