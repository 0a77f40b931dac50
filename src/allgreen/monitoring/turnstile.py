"""Turnstile: one message at a time is between its hand-over and its mark.

When the process is killed there, the message is sent a second time, for nobody knows any more that
it arrived. So as few as possible should be there, and as briefly: one, while the channel is quick.
A slow channel must not hold up the others, so each is waited for only for a moment, and longer only
while there is patience left: a hiccup uses up some of it, and quick answers bring it back. A quick
channel is handed its message when all is ready for the mark: then no more than that lies in between.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

ANSWER_WITHIN = timedelta(milliseconds=40)
"""More than 20 messages a second get through, however long each of them takes."""
PATIENCE = timedelta(seconds=1)
"""So much longer slow answers are waited for, all in all, before quick ones make up for it."""
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
        patience_s: How much longer answers may take from now on than they should, in seconds.
    """

    def __init__(
        self,
        *,
        answer_within: timedelta = ANSWER_WITHIN,
        patience: timedelta = PATIENCE,
        mark_within: timedelta = MARK_WITHIN,
        busy_for: timedelta = BUSY_FOR,
    ) -> None:
        self.is_quick = True
        self.patience_s = patience.total_seconds()
        self.lock = asyncio.Lock()
        self.answer_within = answer_within
        self.mark_within = mark_within
        self.busy_for = busy_for
        self._most_patience_s = self.patience_s

    def change_patience(self, by_s: float) -> None:
        """Lose or win back so many seconds of patience, within its bounds."""
        self.patience_s = min(max(self.patience_s + by_s, 0.0), self._most_patience_s)

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
        self._is_slow = False
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
        self._stay(self._turnstile.answer_within, self._wait_on)

    def was_answered(self) -> None:
        """Stay until the mark, because the channel has done its part."""
        if self._timer is None:
            return
        self._timer.cancel()
        took_s = asyncio.get_running_loop().time() - self._since
        if self._is_slow:
            self._turnstile.change_patience(-took_s)
        else:
            self._turnstile.is_quick = True
            spared_s = self._turnstile.answer_within.total_seconds() - took_s
            self._turnstile.change_patience(max(spared_s, 0.0))
        self._stay(self._turnstile.mark_within, self.leave)

    def leave(self) -> None:
        """Let the next one in; does nothing when that was done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._turnstile.lock.release()

    def _wait_on(self) -> None:
        """Keep no writer waiting any more, and nobody else for longer than there is patience."""
        self._is_slow = True
        self._turnstile.is_quick = False
        if self._ready is not None:
            self._ready.give_back()
        self._stay(timedelta(seconds=self._turnstile.patience_s), self._lose_patience)

    def _lose_patience(self) -> None:
        self._turnstile.change_patience(-self._turnstile.patience_s)
        self.leave()

    def _stay(self, at_most: timedelta, then: Callable[[], None]) -> None:
        self._since = asyncio.get_running_loop().time()
        self._hold(at_most, then)

    def _hold(self, at_most: timedelta, then: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(at_most.total_seconds(), self._end, at_most, then)

    def _end(self, at_most: timedelta, then: Callable[[], None]) -> None:
        timer = self._timer
        assert timer is not None
        now = asyncio.get_running_loop().time()
        is_late = now - timer.when() > LATE.total_seconds()
        longest_s = (at_most + self._turnstile.busy_for).total_seconds()
        if is_late and now - self._since < longest_s:
            # The program was busy, and the channel may have answered long ago: one more time.
            self._hold(at_most, then)
        else:
            then()
