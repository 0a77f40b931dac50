"""Draining: tell the load balancer that a process is about to stop, before its door is closed.

On SIGTERM readiness answers 503 at once, while liveness stays as it is. The signal is handed on to
whoever listened before, after a delay in which the load balancer can take notice. A second signal
is handed on at once.

Nothing of this happens unless the program asks for it.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, final

Handler = Callable[[int, FrameType | None], object]

SIGNAL: Final = signal.SIGTERM

# These event loops hear a signal by their wakeup descriptor, whoever handles it besides; what they
# leave as its handler does nothing, or queues it a second time.
_LOOPS: Final = ("asyncio.", "uvloop.")


@final
class SigtermListener:
    """Hears SIGTERM, says so, and hands it on.

    A program that listens with ``loop.add_signal_handler`` is told by its loop at once, and the
    delay cannot hold that back: it is for the program to wait then.

    Args:
        begin: Called at the first signal, in the main thread, between any two of its
            instructions: it takes no lock, and does next to nothing.
        delay_s: Seconds from the first signal until it is handed on.
    """

    def __init__(self, begin: Callable[[], object], delay_s: float = 0.0) -> None:
        self._begin = begin
        self._delay_s = delay_s
        self._has_begun = False
        self._is_handed_on = False

    def listen(self) -> bool:
        """Listen from now on, in front of whoever listens now; idempotent.

        Servers replace the handlers of a program when they start. This can therefore be called
        again later, and does nothing as long as it is not needed.

        Returns:
            Whether signals are heard. They are not in any thread but the main one, and not where a
            handler was installed that is not Python's and could not be called.
        """
        if threading.current_thread() is not threading.main_thread():
            return False
        before = signal.getsignal(SIGNAL)
        if isinstance(before, _Link) and before.listener is self:
            return True
        if before is None:
            return False
        signal.signal(SIGNAL, _Link(self, before))
        return True

    def hear(self, before: Handler | int, number: int, frame: FrameType | None) -> None:
        """Do what a signal asks for, as the handler in front of another one."""
        is_first = not self._has_begun
        self._has_begun = True
        if is_first:
            self._begin()
            if self._delay_s > 0 and not _is_heard_by_loop(before):
                # `threading.Thread` takes a lock that the interrupted code may hold.
                _thread.start_new_thread(self._repeat_later, ())
                return
        self._is_handed_on = True
        _hand_on(before, number, frame)

    def _repeat_later(self) -> None:
        """Send the signal again: what handles it expects the main thread."""
        time.sleep(self._delay_s)
        if not self._is_handed_on:
            _send_to_main_thread()


@final
class _Link:
    """A handler in front of another one. A program may hold several of one listener."""

    def __init__(self, listener: SigtermListener, before: Handler | int) -> None:
        self.listener = listener
        self._before = before

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.listener.hear(self._before, number, frame)


def _hand_on(before: Handler | int, number: int, frame: FrameType | None) -> None:
    if before is signal.SIG_DFL:
        signal.signal(SIGNAL, signal.SIG_DFL)
        signal.raise_signal(number)
    elif callable(before) and not _is_heard_by_loop(before):
        before(number, frame)


def _is_heard_by_loop(before: Handler | int) -> bool:
    return str(getattr(before, "__module__", "")).startswith(_LOOPS)


def _send_to_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):  # wakes it from what it waits for, too
        ident = threading.main_thread().ident
        assert ident is not None, "the main thread has been started"
        signal.pthread_kill(ident, SIGNAL)
    else:
        signal.raise_signal(SIGNAL)
