"""Turnstile: one message at a time is between its hand-over and its mark.

When the process is killed there, the message is sent a second time, for nobody knows any more that
it arrived. So as few as possible should be there, and as briefly: one, while the channel is quick.
A slow channel must not hold up the others, so each is waited for only for a moment.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

ANSWER_WITHIN = timedelta(milliseconds=40)
"""More than 20 messages a second get through, however long each of them takes."""
MARK_WITHIN = timedelta(seconds=5)
"""Once it was answered, only our own storage is waited for, which lets marks go first."""
LATE = timedelta(milliseconds=10)
"""An event loop that comes to its timers so late had not come to the answers either."""
BUSY_FOR = timedelta(seconds=2)
"""So long a message is waited for at most because the program was busy."""


class Turnstile:
    """Lets those pass one after the other who are about to hand a message over."""

    def __init__(
        self,
        *,
        answer_within: timedelta = ANSWER_WITHIN,
        mark_within: timedelta = MARK_WITHIN,
        busy_for: timedelta = BUSY_FOR,
    ) -> None:
        self._lock = asyncio.Lock()
        self._answer_within = answer_within
        self._mark_within = mark_within
        self._busy_for = busy_for

    @contextmanager
    def passage(self) -> Iterator["Passage"]:
        """Give the passage of one message; whoever is in it has left when the block ends."""
        passage = Passage(self._lock, self._answer_within, self._mark_within, self._busy_for)
        try:
            yield passage
        finally:
            passage.leave()


class Passage:
    """The way of one message through the turnstile.

    Attributes:
        was_entered: The message may be on its way.
    """

    def __init__(
        self,
        lock: asyncio.Lock,
        answer_within: timedelta,
        mark_within: timedelta,
        busy_for: timedelta,
    ) -> None:
        self.was_entered = False
        self._since = 0.0
        self._lock = lock
        self._answer_within = answer_within
        self._mark_within = mark_within
        self._busy_for = busy_for
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        """Wait until nobody else is in there, or until those who are take too long."""
        await self._lock.acquire()
        self.was_entered = True
        self._begin(self._answer_within)

    def was_answered(self) -> None:
        """Stay until the mark, because the channel has done its part."""
        if self._timer is not None:
            self._timer.cancel()
            self._begin(self._mark_within)

    def leave(self) -> None:
        """Let the next one in; does nothing when that was done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._lock.release()

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
        longest_s = (at_most + self._busy_for).total_seconds()
        if is_late and now - self._since < longest_s:
            # The program was busy, and the channel may have answered long ago: one more time.
            self._hold(at_most)
        else:
            self.leave()
