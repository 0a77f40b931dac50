"""Watchdog: which check keeps an event loop from turning."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Final, Protocol, final

from allgreen.health.execution import Execution

LOOK_EVERY_S: Final = 0.05
BLOCKED_AFTER_S: Final = 0.1
"""From then on a loop that does not turn is somebody's fault."""
STAYS_S: Final = 5.0
"""It looks on for so long after the last check, because the next ones often come soon."""

logger = logging.getLogger(__name__)


class Watched(Protocol):
    """Checks on one event loop."""

    @property
    def running(self) -> Collection[Execution]:
        """Return those that have begun and not ended."""

    def ask(self, answer: Callable[[], None]) -> None:
        """Have the loop call back as soon as it turns."""


@final
class Watchdog:
    """A thread that asks event loops now and then to answer, while checks run on them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._asked: dict[Watched, _Question] = {}
        self._thread: threading.Thread | None = None
        self._needed_at = 0.0

    def watch(self, crew: Watched) -> None:
        """Look at a crew as long as something runs on it. Cheap, for it is said for each run."""
        self._needed_at = time.monotonic()
        if crew not in self._asked or not self._bell.is_set():
            with self._lock:
                self._asked.setdefault(crew, _Question())
                self._bell.set()
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(
                        target=self._live, name="allgreen watchdog", daemon=True
                    )
                    self._thread.start()

    def _live(self) -> None:
        while True:
            self._bell.wait()
            for crew, question in list(self._asked.items()):
                question.look(crew)
            if time.monotonic() - self._needed_at > STAYS_S:
                self._rest()
            time.sleep(LOOK_EVERY_S)

    def _rest(self) -> None:
        with self._lock:
            self._asked = {crew: asked for crew, asked in self._asked.items() if crew.running}
            if not self._asked:
                self._bell.clear()


@final
class _Question:
    """What a loop was asked last, and whether it answered."""

    def __init__(self) -> None:
        self.asked_at = 0.0
        self.is_open = False

    def look(self, crew: Watched) -> None:
        now = time.monotonic()
        if self.is_open:
            blocked_s = now - self.asked_at
            if blocked_s >= BLOCKED_AFTER_S:
                _blame(crew, blocked_s)
            return
        if not crew.running:
            return
        self.asked_at, self.is_open = now, True
        try:
            crew.ask(self._answer)
        except RuntimeError:  # the loop is closed
            self.is_open = False

    def _answer(self) -> None:
        self.is_open = False


def _blame(crew: Watched, blocked_s: float) -> None:
    for execution in list(crew.running):
        # True for the one whose code is being executed at this very moment.
        if getattr(execution.coroutine, "cr_running", False):
            if not execution.blocked_s:
                logger.warning(
                    "The check %r keeps the event loop from turning; nothing else is served "
                    "meanwhile. Let it await, or make it a plain function.",
                    execution.cell.check.name,
                )
            execution.blocked_s = max(execution.blocked_s, blocked_s)
