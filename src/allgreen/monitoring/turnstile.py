"""Turnstile: one message at a time is between its hand-over and its mark.

When the process is killed there, the message is sent a second time, for nobody knows any more that
it arrived. So as few as possible should be there, and as briefly: one, while the channel is quick.
A slow channel must not hold up the others, so each is waited for only for a moment. A quick one is
handed its message when all is ready for the mark: then no more than that lies in between.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

ANSWER_WITHIN = timedelta(milliseconds=40)
"""More than 20 messages a second get through, however long each of them takes."""
MARK_WITHIN = timedelta(seconds=5)
"""Once it was answered, only our own storage is waited for, which lets marks go first."""
LATE = timedelta(milliseconds=10)
"""An event loop that comes to its timers so late had not come to the answers either."""
BUSY_FOR = timedelta(seconds=2)
"""So long a message is waited for at most because the program was busy."""


class Readiness(Protocol):
    """What is prepared before a hand-over, so that its mark comes at once."""

    async def prepare(self) -> None:
        """Get ready for the mark."""

    def give_back(self) -> None:
        """Keep nobody waiting any more, because the channel takes its time."""


class Turnstile:
    """Lets those pass one after the other who are about to hand a message over.

    Attributes:
        is_quick: The last answer came in time, so the mark may well be prepared.
    """

    def __init__(
        self,
        *,
        answer_within: timedelta = ANSWER_WITHIN,
        mark_within: timedelta = MARK_WITHIN,
        busy_for: timedelta = BUSY_FOR,
    ) -> None:
        self.is_quick = True
        self.lock = asyncio.Lock()
        self.answer_within = answer_within
        self.mark_within = mark_within
        self.busy_for = busy_for

    @contextmanager
    def passage(self, ready: Readiness | None = None) -> Iterator["Passage"]:
        """Give the passage of one message; whoever is in it has left when the block ends.

        Args:
            ready: What is prepared before the hand-over while answers come quickly.
        """
        passage = Passage(self, ready)
        try:
            yield passage
        finally:
            passage.leave()


class Passage:
    """The way of one message through the turnstile.

    Attributes:
        was_entered: The message may be on its way.
    """

    def __init__(self, turnstile: Turnstile, ready: Readiness | None) -> None:
        self.was_entered = False
        self._turnstile = turnstile
        self._ready = ready
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        """Wait until nobody else is in there, or until those who are take too long."""
        await self._turnstile.lock.acquire()
        if self._ready is not None and self._turnstile.is_quick:
            try:
                await self._ready.prepare()
            except BaseException:
                self._turnstile.lock.release()
                raise
        self.was_entered = True
        self._begin(self._turnstile.answer_within)

    def was_answered(self) -> None:
        """Stay until the mark, because the channel has done its part."""
        if self._timer is not None:
            self._timer.cancel()
            self._turnstile.is_quick = True
            self._ready = None  # from here on it is in use
            self._begin(self._turnstile.mark_within)

    def leave(self) -> None:
        """Let the next one in; does nothing when that was done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._turnstile.lock.release()

    def _begin(self, at_most: timedelta) -> None:
        self._since = asyncio.get_running_loop().time()
        self._hold(at_most)

    def _hold(self, at_most: timedelta) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(at_most.total_seconds(), self._come_to_an_end, at_most)

    def _come_to_an_end(self, at_most: timedelta) -> None:
        timer = self._timer
        assert timer is not None
        now = asyncio.get_running_loop().time()
        is_late = now - timer.when() > LATE.total_seconds()
        longest_s = (at_most + self._turnstile.busy_for).total_seconds()
        if is_late and now - self._since < longest_s:
            # The program was busy, and the channel may have answered long ago: one more time.
            self._hold(at_most)
            return
        if self._ready is not None:
            self._turnstile.is_quick = False
            self._ready.give_back()
        self.leave()
