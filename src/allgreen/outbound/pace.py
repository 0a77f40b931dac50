"""How often one host is asked, over all workspaces: this watcher is nobody's weapon.

A bucket for each host fills with one request a second and holds sixty. Whoever finds it empty waits
in the order of coming, and who would wait too long is sent away. A second, wider bucket for each
number is for those who give one victim a thousand names; it is wide because many honest names
share the numbers of one provider.

Nor may one workspace blind another by asking the same host: each has a little of its own beside the
shared buckets and places, one run a minute and the connections that it needs. What is taken there
is counted in the shared bucket, so a host is asked more than once a second only when more than
sixty workspaces ask it.

Hosts that only the operator's allow-list lets through are not held back: they are the operator's.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final, final

from allgreen.outbound.fault import Fault
from allgreen.outbound.guard import TargetGuard

PER_HOST_S: Final = 1.0
BURST: Final = 60
AT_ONCE: Final = 10
PER_NUMBER_S: Final = 0.1
BURST_OF_NUMBER: Final = 600

LONGEST_DEBT_S: Final = 5.0
"""How far ahead of its turn a redirect may go on: it cannot wait, for its time is running.

Much less than a run may wait for, so that redirects to a host never use up all of its turns.
"""

OWN_RUN_S: Final = 60.0
"""How often a workspace may ask a host whatever others do."""

OWN_CONNECTION_S: Final = 15.0
OWN_CONNECTIONS: Final = 4
"""How many connections such a run may need: `http:` redirects to `https:`, and that to `www.`"""

_UNEVEN: Final = 1.1
"""Runs of each minute are not a minute apart to the millisecond."""

LONGEST_WAIT_S: Final = 30.0
"""How long a run may wait for its turn."""

MOST_WAITING: Final = 100
"""Runs that wait hold places of others, so there is an end to it."""

_LONGEST_CHARGED_S: Final = 90.0
"""More than a run may wait for, else nothing would be charged where some wait already."""

_EXEMPT_FOR_S: Final = 600.0
_MOST_REMEMBERED: Final = 20_000

TOO_MANY: Final = "too many checks of this host"


@final
class HostPace:
    """The buckets of all hosts; belongs to one event loop.

    Attributes:
        waiting: How many runs wait for their turn.
    """

    def __init__(
        self, guard: TargetGuard, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with full buckets.

        Args:
            guard: Knows which numbers are the operator's.
            monotonic: Seconds that never go back.
        """
        self.waiting = 0
        self._guard = guard
        self._monotonic = monotonic
        self._hosts = _Buckets(PER_HOST_S, BURST)
        self._numbers = _Buckets(PER_NUMBER_S, BURST_OF_NUMBER)
        self._own_runs = _Buckets(OWN_RUN_S, _UNEVEN)
        self._own_redirects = _Buckets(OWN_CONNECTION_S, OWN_CONNECTIONS)
        self._own_connections = _Buckets(OWN_CONNECTION_S, OWN_CONNECTIONS)
        self._exempt: dict[str, float] = {}
        self._asking: dict[str, int] = {}
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    def is_exempt(self, host: str, number: str | None) -> bool:
        """Tell whether a host belongs to the operator, as far as is known without a look-up."""
        if number is not None:
            return self._guard.is_inside(number)
        return self._exempt.get(host, 0.0) > self._monotonic()

    def reserve(self, host: str, at_most_s: float) -> float | None:
        """Take a turn; return the seconds until it comes, or `None` when that is too long."""
        return self._hosts.take(host, self._monotonic(), at_most_s)

    async def enter(self, host: str, at_most_s: float, asker: str = "") -> bool:
        """Wait for a turn of a host, and take one of its places; `leave` gives it back.

        Returns false when there is none in time; then nothing may be asked, nor given back.

        Args:
            host: As the URL has it.
            at_most_s: How long to wait.
            asker: The workspace, which once a minute need not wait for others.
        """
        now = self._monotonic()
        wait_s = self.reserve(host, 0.0)
        if wait_s is not None and self._take_place(host):
            return True
        if _takes_own(self._own_runs, asker, host, now):
            if wait_s is None:
                self._hosts.charge(host, now)
            # One more than there are, which nobody gets when it is given back.
            self._asking[host] = self._asking.get(host, 0) + 1
            return True
        if self.waiting >= MOST_WAITING:
            return False
        if wait_s is None:
            wait_s = self.reserve(host, at_most_s)
        return wait_s is not None and await self._wait(host, wait_s, now + at_most_s)

    def leave(self, host: str) -> None:
        """Give a place back, to whoever waits for it."""
        queue = self._queues.get(host) if self._asking[host] <= AT_ONCE else None
        while queue:
            place = queue.popleft()
            if not place.done():
                place.set_result(None)
                return
        if queue is not None:
            del self._queues[host]
        self._asking[host] -= 1
        if not self._asking[host]:
            del self._asking[host]

    def admit(self, host: str, number: str, *, is_extra: bool, asker: str = "") -> Fault | None:
        """Count a connection that is about to be made; a fault says that it must not be.

        Args:
            host: As the URL has it.
            number: Where the connection goes.
            is_extra: Nobody took a turn of this host for it, such as for a redirect.
            asker: The workspace, which has a few connections of its own.
        """
        now = self._monotonic()
        if self._guard.is_inside(number):
            self._remember_exempt(host, now)
            return None
        # A name that was the operator's a moment ago took no turn either.
        is_uncounted = self._exempt.pop(host, None) is not None or is_extra
        if is_uncounted and not _borrow(self._hosts, self._own_redirects, asker, host, now):
            return too_many(host)
        if not _borrow(self._numbers, self._own_connections, asker, number, now):
            return too_many(host)
        return None

    def _take_place(self, host: str) -> bool:
        asking = self._asking.get(host, 0)
        if asking < AT_ONCE:
            self._asking[host] = asking + 1
        return asking < AT_ONCE

    async def _wait(self, host: str, wait_s: float, ends_at: float) -> bool:
        self.waiting += 1
        try:
            if wait_s:
                await asyncio.sleep(wait_s)
            return self._take_place(host) or await self._queue_up(host, ends_at)
        finally:
            self.waiting -= 1

    async def _queue_up(self, host: str, ends_at: float) -> bool:
        place = asyncio.get_running_loop().create_future()
        self._queues.setdefault(host, deque()).append(place)
        try:
            async with asyncio.timeout(max(ends_at - self._monotonic(), 0.0)):
                await place
        except TimeoutError:
            # It may have been handed over in the very moment.
            return not place.cancelled()
        except asyncio.CancelledError:
            if not place.cancelled():
                self.leave(host)
            raise
        return True

    def _remember_exempt(self, host: str, now: float) -> None:
        if len(self._exempt) >= _MOST_REMEMBERED:
            self._exempt.clear()
        self._exempt[host] = now + _EXEMPT_FOR_S


def too_many(host: str) -> Fault:
    """Say that a host is asked too often already."""
    return Fault.of_pace(
        TOO_MANY,
        f"Not run, because {host} is asked too often: once a second by all workspaces together. "
        "This says nothing about it. Check it less often, or in fewer services.",
    )


@final
class _Buckets:
    """Buckets that refill steadily (the generic cell rate algorithm: one number for each)."""

    def __init__(self, every_s: float, burst: float) -> None:
        self._every_s = every_s
        self._burst_s = every_s * burst
        self._full_at: dict[str, float] = {}

    def take(self, key: str, now: float, at_most_s: float) -> float | None:
        """Take one; return the seconds to wait for it, or `None` and take nothing."""
        full_at = max(self._full_at.get(key, now), now) + self._every_s
        wait_s = max(full_at - now - self._burst_s, 0.0)
        if wait_s > at_most_s:
            return None
        self._note(key, full_at, now)
        return wait_s

    def charge(self, key: str, now: float) -> None:
        """Take one whatever is left, for those who share to make up for later."""
        full_at = max(self._full_at.get(key, now), now) + self._every_s
        self._note(key, min(full_at, now + self._burst_s + _LONGEST_CHARGED_S), now)

    def _note(self, key: str, full_at: float, now: float) -> None:
        if len(self._full_at) >= _MOST_REMEMBERED:
            self._full_at = {each: at for each, at in self._full_at.items() if at > now}
        self._full_at[key] = full_at


def _borrow(shared: _Buckets, own: _Buckets, asker: str, key: str, now: float) -> bool:
    if shared.take(key, now, LONGEST_DEBT_S) is not None:
        return True
    if not _takes_own(own, asker, key, now):
        return False
    shared.charge(key, now)
    return True


def _takes_own(own: _Buckets, asker: str, key: str, now: float) -> bool:
    return asker != "" and own.take(f"{asker} {key}", now, 0.0) is not None
