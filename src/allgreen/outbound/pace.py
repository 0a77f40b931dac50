"""How often one host is asked, over all workspaces: this watcher is nobody's weapon.

A bucket for each host fills with one request a second and holds sixty. Whoever finds it empty waits
in the order of coming, and who would wait too long is sent away. A second, wider bucket for each
number is for those who give one victim a thousand names; it is wide because many honest names
share the numbers of one provider.

Hosts that only the operator's allow-list lets through are not held back: they are the operator's.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, final

from allgreen.outbound.fault import Fault
from allgreen.outbound.guard import TargetGuard

PER_HOST_S: Final = 1.0
BURST: Final = 60
AT_ONCE: Final = 10
PER_NUMBER_S: Final = 0.1
BURST_OF_NUMBER: Final = 600

LONGEST_DEBT_S: Final = 30.0
"""How far ahead of its turn a redirect may go on: it cannot wait, for its time is running."""

MOST_WAITING: Final = 100
"""Runs that wait hold places of others, so there is an end to it."""

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
        self._exempt: dict[str, float] = {}
        self._asking: dict[str, int] = {}
        self._freed = asyncio.Condition()

    def is_exempt(self, host: str, number: str | None) -> bool:
        """Tell whether a host belongs to the operator, as far as is known without a look-up."""
        if number is not None:
            return self._guard.is_inside(number)
        return self._exempt.get(host, 0.0) > self._monotonic()

    def reserve(self, host: str, at_most_s: float) -> float | None:
        """Take a turn; return the seconds until it comes, or `None` when that is too long."""
        return self._hosts.take(host, self._monotonic(), at_most_s)

    @asynccontextmanager
    async def turn(self, host: str, at_most_s: float) -> AsyncIterator[bool]:
        """Wait for a turn of a host, and hold one of its places until the block ends.

        Gives false when there is none in time; then nothing may be asked.
        """
        ends_at = self._monotonic() + at_most_s
        wait_s = None if self.waiting >= MOST_WAITING else self.reserve(host, at_most_s)
        if wait_s is None or not await self._take_place(host, wait_s, ends_at):
            yield False
            return
        try:
            yield True
        finally:
            await self._give_place_back(host)

    def admit(self, host: str, number: str, *, is_redirect: bool) -> Fault | None:
        """Count a connection that is about to be made; a fault says that it must not be.

        Args:
            host: As the URL has it.
            number: Where the connection goes.
            is_redirect: Nobody took a turn of this host for it.
        """
        now = self._monotonic()
        if self._guard.is_inside(number):
            self._remember_exempt(host, now)
            return None
        # A name that was the operator's a moment ago took no turn either.
        is_uncounted = self._exempt.pop(host, None) is not None or is_redirect
        if is_uncounted and self._hosts.take(host, now, LONGEST_DEBT_S) is None:
            return too_many(host)
        if self._numbers.take(number, now, LONGEST_DEBT_S) is None:
            return too_many(host)
        return None

    async def _take_place(self, host: str, wait_s: float, ends_at: float) -> bool:
        self.waiting += 1
        try:
            if wait_s:
                await asyncio.sleep(wait_s)
            async with asyncio.timeout(max(ends_at - self._monotonic(), 0.0)), self._freed:
                await self._freed.wait_for(lambda: self._asking.get(host, 0) < AT_ONCE)
                self._asking[host] = self._asking.get(host, 0) + 1
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
        return True

    async def _give_place_back(self, host: str) -> None:
        self._asking[host] -= 1
        if not self._asking[host]:
            del self._asking[host]
        async with self._freed:
            self._freed.notify_all()

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

    def __init__(self, every_s: float, burst: int) -> None:
        self._every_s = every_s
        self._burst_s = every_s * burst
        self._full_at: dict[str, float] = {}

    def take(self, key: str, now: float, at_most_s: float) -> float | None:
        """Take one; return the seconds to wait for it, or `None` and take nothing."""
        full_at = max(self._full_at.get(key, now), now) + self._every_s
        wait_s = max(full_at - now - self._burst_s, 0.0)
        if wait_s > at_most_s:
            return None
        if len(self._full_at) >= _MOST_REMEMBERED:
            self._full_at = {each: at for each, at in self._full_at.items() if at > now}
        self._full_at[key] = full_at
        return wait_s
