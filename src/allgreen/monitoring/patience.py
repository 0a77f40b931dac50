"""Loops that do not end: what fails is told once, waited for, and told again when it is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from allgreen.errors import StorageError

logger = logging.getLogger(__name__)

SHORTEST_WAIT = timedelta(milliseconds=200)
LONGEST_WAIT = timedelta(seconds=2)


class Patience:
    """Repeats a step until it is told to stop, whatever the storage does meanwhile.

    A full disk or a database that went away is logged once when it begins and once when it is
    over; in between the waits grow. Any other exception is a bug: it is logged with its trace
    each time, and must not end the watch over all services either.
    """

    def __init__(
        self,
        name: str,
        *,
        shortest: timedelta = SHORTEST_WAIT,
        longest: timedelta = LONGEST_WAIT,
    ) -> None:
        self.name = name
        self.failures = 0
        self._shortest = shortest
        self._longest = longest

    async def repeat(self, step: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Repeat `step`, which waits by itself for something to do, until `stop` is set."""
        while not stop.is_set():
            if not await self.attempt(step):
                await wait_for(stop, self.delay)

    async def attempt(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Run a step once and tell whether it went well."""
        try:
            await step()
        except StorageError as error:
            if not self.failures:
                logger.error("%s waits for the storage: %s", self.name, error)
            self.failures += 1
            return False
        except Exception:  # a bug in one step must not end the watch over all services
            logger.exception("%s failed and goes on", self.name)
            self.failures += 1
            return False
        if self.failures:
            logger.warning("%s works again", self.name)
        self.failures = 0
        return True

    @property
    def delay(self) -> timedelta:
        """Return how long to wait before the next attempt."""
        doubled: timedelta = self._shortest * 2 ** min(max(self.failures - 1, 0), 10)
        return min(doubled, self._longest)


async def wait_for(event: asyncio.Event, at_most: timedelta) -> bool:
    """Wait for an event, at most so long; tell whether it was set."""
    try:
        async with asyncio.timeout(at_most.total_seconds()):
            await event.wait()
    except TimeoutError:
        return False
    return True
