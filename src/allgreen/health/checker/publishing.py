"""Publishing: changes are delivered by daemon threads, one for each publisher.

Whoever finds a change only puts it into a queue. A receiver that hangs, fails or lies keeps nobody
waiting but its own thread.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Final, final

from allgreen.errors import DeliveryRefusedError, SettingsError
from allgreen.health.checker.changes import Change, Closes
from allgreen.health.redaction import redact

CAPACITY: Final = 1000
ATTEMPTS: Final = 5
CLOSES_WITHIN_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 60.0

Deliver = Callable[[Change], object]

logger = logging.getLogger(__name__)


@final
class Publisher(Closes):
    """Delivers changes in their order, each at most `attempts` times, in a thread of its own.

    The thread is begun with the first change, in the process that has one to tell.

    Args:
        deliver: Called with each change, in that thread. Whatever it raises means that the change
            was not delivered; a `DeliveryRefusedError` that it never will be.
        name: For people, in logs.
        capacity: How many changes wait at most; the oldest make room.
        attempts: How often one is tried.
        backoff_s: Pause after the first failure, in seconds; it doubles with each, up to a minute.

    Attributes:
        delivered: How many changes were.
        failed: How many were given up.
        dropped: How many made room for newer ones, or came after the end.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        name: str = "",
        capacity: int = CAPACITY,
        attempts: int = ATTEMPTS,
        backoff_s: float = 1.0,
    ) -> None:
        for setting, number in (("capacity", capacity), ("attempts", attempts)):
            if number < 1:
                raise SettingsError(setting, f"a number from 1, and not {number!r}.")
        if not 0 <= backoff_s <= _LONGEST_PAUSE_S:
            raise SettingsError("backoff_s", f"{backoff_s!r} is no number from 0 to 60.")
        self.name = name or getattr(deliver, "__name__", type(deliver).__name__)
        self.delivered = self.failed = self.dropped = 0
        self._deliver = deliver
        self._capacity = capacity
        self._attempts = attempts
        self._backoff_s = backoff_s
        self._start_over()
        _ALL.add(self)

    def _start_over(self) -> None:
        """Begin with an empty queue; the parent of a fork delivers what it had."""
        self._changes: deque[Change] = deque()
        self._bell = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._is_failing = False

    @property
    def waiting(self) -> int:
        """Return how many changes wait, without the one that is being tried."""
        return len(self._changes)

    def publish(self, change: Change) -> None:
        """Take a change to be delivered; after `close` it is dropped."""
        with self._bell:
            if self._closed.is_set():
                self.dropped += 1
                return
            if len(self._changes) >= self._capacity:
                self._changes.popleft()
                self.dropped += 1
            self._changes.append(change)
            self._bell.notify()
            if self._thread is not None:
                return
            self._thread = thread = threading.Thread(
                target=self._live, name=f"allgreen publisher {self.name}", daemon=True
            )
        try:
            thread.start()  # without the lock, for which it waits itself
        except RuntimeError as error:  # no thread to be had; the next change tries again
            self._thread = None
            logger.warning("The publisher %s could not begin: %s", self.name, error)

    def close(self, timeout_s: float = CLOSES_WITHIN_S) -> None:
        """Deliver what waits, each tried once more, and end; give up after some seconds.

        Args:
            timeout_s: Seconds after which what is not delivered is left.
        """
        with self._bell:
            self._closed.set()
            self._bell.notify()
            thread = self._thread
        is_begun = thread is not None and thread.ident is not None
        if thread is not None and is_begun and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _live(self) -> None:
        while (change := self._next()) is not None:
            self._try(change)

    def _next(self) -> Change | None:
        with self._bell:
            while not self._changes:
                if self._closed.is_set():
                    return None
                self._bell.wait()
            return self._changes.popleft()

    def _try(self, change: Change) -> None:
        for attempt in range(self._attempts):
            if attempt and not self._pause(self._backoff_s * 2 ** (attempt - 1)):
                break
            problem = self._attempt(change)
            if problem is None:
                self.delivered += 1
                return
            if isinstance(problem, DeliveryRefusedError):
                break
        self.failed += 1

    def _pause(self, seconds: float) -> bool:
        """Wait, and do not wake for each new change; tell whether to make another attempt."""
        return not self._closed.wait(min(seconds, _LONGEST_PAUSE_S))

    def _attempt(self, change: Change) -> BaseException | None:
        try:
            self._deliver(change)
        except BaseException as error:  # noqa: BLE001 - whatever it raises ends one delivery only
            self._note_failure(error)
            return error
        if self._is_failing:
            self._is_failing = False
            logger.info("The publisher %s works again", self.name)
        return None

    def _note_failure(self, error: BaseException) -> None:
        """Say once that it fails, and not for each change."""
        if not self._is_failing:
            self._is_failing = True
            logger.warning("The publisher %s fails: %s", self.name, _described(error))


def _described(error: BaseException) -> str:
    try:
        return redact(f"{type(error).__name__}: {error}")
    except BaseException:  # noqa: BLE001 - its text is made by whoever raised it
        return type(error).__name__


_ALL: Final[weakref.WeakSet[Publisher]] = weakref.WeakSet()


def _forget_threads() -> None:
    for publisher in list(_ALL):
        publisher._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
