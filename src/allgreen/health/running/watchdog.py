"""Watchdog: which check keeps an event loop from turning."""

from __future__ import annotations

import logging
import threading
import time
from asyncio import Task
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol, final

from allgreen.health.running.execution import Execution

LOOK_EVERY_S: Final = 0.05
BLOCKED_AFTER_S: Final = 0.1
"""From then on a loop that does not turn is somebody's fault."""
LEAVE_AFTER_S: Final = 1.0
"""A loop of our own that has not turned for so long is left to whoever blocks it."""
STAYS_S: Final = 5.0
"""It looks on for so long after the last check, because the next ones often come soon."""
WAKES_AFTER_S: Final = 60.0
"""Where nothing runs it wakes so often, to see whether anybody needs it any more."""
_MOST_REMEMBERED: Final = 64

logger = logging.getLogger(__name__)


class Watched(Protocol):
    """Checks on one event loop."""

    @property
    def is_gone(self) -> bool:
        """Tell whether the loop was closed."""

    @property
    def running(self) -> Collection[Execution]:
        """Return those that have begun and not ended."""

    @property
    def left_behind(self) -> Collection[Execution]:
        """Return those that nobody counts on any more, and that have not ended either."""

    def ask(self, answer: Callable[[], None]) -> None:
        """Have the loop call back as soon as it turns."""

    def find_current(self) -> Task[Any] | None:
        """Return the task whose code is being executed at this moment."""


@final
class Watchdog:
    """A thread that asks event loops now and then to answer, while checks run on them.

    Args:
        leave: Is told of a loop that has been blocked for long, and by which check if that is
            known.
    """

    def __init__(self, leave: Callable[[Watched, Execution | None], None]) -> None:
        self._leave = leave
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._asked: dict[Watched, _Question] = {}
        # To forget a coroutine that lets nobody end it would be to run it once more: Python throws
        # GeneratorExit into it, and it may never return from that. What hangs on the stack of a
        # daemon thread is never forgotten, not even when the interpreter ends.
        self._remembered: deque[Watched] = deque(maxlen=_MOST_REMEMBERED)
        self._thread: threading.Thread | None = None
        self._needed_at = 0.0
        self._is_closed = False

    def watch(self, crew: Watched) -> None:
        """Look at a crew as long as something runs on it. Cheap, for it is said for each run."""
        self._needed_at = time.monotonic()
        if crew not in self._asked or not self._bell.is_set():
            self._wake_up(crew)

    def remember(self, crew: Watched) -> None:
        """Hold on to a crew for as long as something that it left behind has not ended."""
        with self._lock:
            if crew not in self._remembered:
                self._remembered.append(crew)

    def close(self) -> None:
        """End the thread, when it wakes the next time. Takes no lock: it may be garbage collected."""
        self._is_closed = True

    def _wake_up(self, crew: Watched) -> None:
        with self._lock:
            self._asked.setdefault(crew, _Question())
            self._bell.set()
            thread = self._thread
            # One without a number is being started at this moment.
            if thread is not None and (thread.ident is None or thread.is_alive()):
                return
            thread = threading.Thread(target=self._live, name="allgreen watchdog", daemon=True)
            self._thread = thread
        try:
            thread.start()  # without the lock, for which it may wait itself
        except RuntimeError:  # no thread to be had: nobody looks
            self._thread = None
            self._bell.clear()

    def _live(self) -> None:
        while not self._is_closed or self._remembered:
            if self._bell.wait(WAKES_AFTER_S):
                self._look()
                self._forget()
                time.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        for crew, question in list(self._asked.items()):
            if question.look(crew) >= LEAVE_AFTER_S:
                self._leave(crew, question.culprit)

    def _forget(self) -> None:
        """Look no more at loops that are closed; rest when nothing has run for a while."""
        is_needed = time.monotonic() - self._needed_at <= STAYS_S
        with self._lock:
            before = self._asked
            self._asked = {
                crew: question
                for crew, question in before.items()
                if not crew.is_gone and (is_needed or crew.running)
            }
            # Something may have begun on one while it was being forgotten.
            self._asked |= {
                crew: question
                for crew, question in before.items()
                if crew.running and not crew.is_gone
            }
            for crew in [one for one in self._remembered if not one.left_behind]:
                self._remembered.remove(crew)
            if not self._asked:
                self._bell.clear()


@final
class _Question:
    """What a loop was asked last, and whether it answered.

    Attributes:
        culprit: The check that has kept it from answering, if one was seen to.
    """

    def __init__(self) -> None:
        self.culprit: Execution | None = None
        self._suspect: Task[Any] | None = None
        self._asked_at = 0.0
        self._since = 0.0
        self._seen_at = 0.0
        self._is_open = False

    def look(self, crew: Watched) -> float:
        """Ask a loop that answers; of one that does not, return for how long, in seconds."""
        now = time.monotonic()
        if not self._is_open:
            if crew.running:
                self._ask(crew, now)
            return 0.0
        current = crew.find_current()
        if current is not self._suspect or current is None:
            # Many checks that take a moment each are nobody's fault.
            self._since = self._asked_at if self._suspect is None else now
            self._suspect, self._seen_at = current, self._since
        elif now - self._since >= BLOCKED_AFTER_S:
            self._blame(crew, current, now)
        return now - self._asked_at

    def _ask(self, crew: Watched, now: float) -> None:
        self.culprit = self._suspect = None
        self._asked_at, self._is_open = now, True
        try:
            crew.ask(self._answer)
        except RuntimeError:  # the loop is closed
            self._is_open = False

    def _answer(self) -> None:
        self._is_open = False

    def _blame(self, crew: Watched, culprit: Task[Any], now: float) -> None:
        known = [*crew.running, *crew.left_behind]
        self.culprit = next((each for each in known if each.task is culprit), None)
        if self.culprit is None:
            return
        if not self.culprit.blocked_s:
            logger.warning(
                "The check %r keeps the event loop from turning; nothing else is served "
                "meanwhile. Let it await, or make it a plain function.",
                self.culprit.cell.check.name,
            )
        self.culprit.blocked_s = max(self.culprit.blocked_s, now - self._since)
        for other in known:
            if other is not self.culprit:
                other.lost_s += now - self._seen_at
        self._seen_at = now
