"""Checks that misbehave on purpose, and a clock that can be put forward: for tests.

What a program does while a check hangs is best seen with one that really hangs. Each of these can
be released; after that it passes, and gives back what it held.
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar, final

from allgreen.errors import SettingsError
from allgreen.health.clock import SYSTEM_CLOCK

PASSES, FAILS, RAISES = "+", "-", "!"
"""Signs of the pattern of a check that flaps."""

_PATIENCE_S: Final = 5.0
_LOOKS_EVERY_S: Final = 0.02


class FakeCheck:
    """What all fake checks have. Register one like any function.

    Attributes:
        runs: How often it was begun.
    """

    def __init__(self) -> None:
        self.runs = 0
        self._begun = threading.Event()
        self._released = threading.Event()

    @property
    def is_released(self) -> bool:
        """Tell whether it behaves."""
        return self._released.is_set()

    def release(self) -> None:
        """Behave from now on; what hangs goes on, and what is held is given back."""
        self._released.set()

    def wait_until_run(self, timeout_s: float = _PATIENCE_S) -> bool:
        """Wait until it was begun for the first time.

        Args:
            timeout_s: Seconds after which to give up.

        Returns:
            Whether it was.
        """
        return self._begun.wait(timeout_s)

    def _begin(self) -> None:
        self.runs += 1
        self._begun.set()


@final
class HangingCheck(FakeCheck):
    """Never answers, and holds the thread that it is run in."""

    def __call__(self) -> bool:
        """Wait until it is released."""
        self._begin()
        return self._released.wait()


@final
class HangingCoroutine(FakeCheck):
    """Never answers, while the event loop that it is run on turns."""

    async def __call__(self) -> bool:
        """Wait until it is released."""
        self._begin()
        while not self._released.is_set():  # noqa: ASYNC110 - it may be released in any thread
            await asyncio.sleep(_LOOKS_EVERY_S)
        return True


@final
class BlockingCheck(FakeCheck):
    """Keeps the event loop that it is run on from turning.

    Args:
        seconds: For so long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def __call__(self) -> bool:
        """Block until the time is over, or it is released by another thread."""
        self._begin()
        self._released.wait(self.seconds)
        return True


@final
class LeakingCheck(FakeCheck):
    """Passes, and each time leaves something open.

    Args:
        take: Returns what is left open.

    Attributes:
        held: What is open.
    """

    def __init__(self, take: Callable[[], io.IOBase]) -> None:
        super().__init__()
        self.held: list[io.IOBase] = []
        self._take = take

    def __call__(self) -> bool:
        """Take one more, unless it was released."""
        self._begin()
        if not self.is_released:
            self.held.append(self._take())
        return True

    def release(self) -> None:
        """Close all that is held, and take no more."""
        super().release()
        while self.held:
            self.held.pop().close()


@final
class FlappingCheck(FakeCheck):
    """Passes, fails and raises by a pattern, which begins anew at its end.

    Args:
        pattern: ``+`` passes, ``-`` fails, ``!`` raises.

    Raises:
        SettingsError: The pattern is empty, or has another sign.
    """

    def __init__(self, pattern: Sequence[str]) -> None:
        super().__init__()
        if not pattern or set(pattern) - {PASSES, FAILS, RAISES}:
            raise SettingsError("pattern", f"it is made of +, - and !, and not {pattern!r}.")
        self.pattern = pattern

    def __call__(self) -> bool:
        """Do what the next sign says."""
        sign = PASSES if self.is_released else self.pattern[self.runs % len(self.pattern)]
        self._begin()
        if sign == RAISES:
            raise RuntimeError(f"Run {self.runs} was meant to raise")
        return sign == PASSES


def hanging_check() -> HangingCheck:
    """Return a function that never answers."""
    return HangingCheck()


def hanging_coroutine() -> HangingCoroutine:
    """Return a coroutine function that never answers, and blocks nobody."""
    return HangingCoroutine()


def blocking_check(seconds: float) -> BlockingCheck:
    """Return a coroutine function that keeps the event loop from turning for so many seconds."""
    return BlockingCheck(seconds)


def leaking_check(take: Callable[[], io.IOBase] | None = None) -> LeakingCheck:
    """Return a check that passes, and leaves something open each time.

    Args:
        take: Returns what is left open; by default a file.
    """
    return LeakingCheck(_open_a_file if take is None else take)


def flapping_check(pattern: Sequence[str] = "+-") -> FlappingCheck:
    """Return a check that passes (``+``), fails (``-``) and raises (``!``) by turns.

    Raises:
        SettingsError: The pattern is empty, or has another sign.
    """
    return FlappingCheck(pattern)


_Fake = TypeVar("_Fake", bound=FakeCheck)


@final
class FakeChecks:
    """Makes fake checks, and releases all of them together: none may outlive its test."""

    def __init__(self) -> None:
        self._made: list[FakeCheck] = []

    def hang(self) -> HangingCheck:
        """Return a function that never answers; see `hanging_check`."""
        return self._keep(hanging_check())

    def hang_on_loop(self) -> HangingCoroutine:
        """Return a coroutine function that never answers; see `hanging_coroutine`."""
        return self._keep(hanging_coroutine())

    def block(self, seconds: float) -> BlockingCheck:
        """Return a check that blocks its event loop; see `blocking_check`."""
        return self._keep(blocking_check(seconds))

    def leak(self, take: Callable[[], io.IOBase] | None = None) -> LeakingCheck:
        """Return a check that leaves things open; see `leaking_check`."""
        return self._keep(leaking_check(take))

    def flap(self, pattern: Sequence[str] = "+-") -> FlappingCheck:
        """Return a check that passes and fails by turns; see `flapping_check`."""
        return self._keep(flapping_check(pattern))

    def release(self) -> None:
        """Release all that were made."""
        for check in self._made:
            check.release()

    def _keep(self, check: _Fake) -> _Fake:
        self._made.append(check)
        return check


@final
class TrialClock:
    """The clock of the machine, put forward as a test likes. It never stands still."""

    def __init__(self) -> None:
        self._passed_s = 0.0
        self._jumped_s = 0.0

    def wall(self) -> float:
        """Return seconds since 1970."""
        return SYSTEM_CLOCK.wall() + self._passed_s + self._jumped_s

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return SYSTEM_CLOCK.monotonic() + self._passed_s

    def advance(self, seconds: float) -> None:
        """Let time pass at once; who waits already notices when it looks again.

        Args:
            seconds: 0 or more.
        """
        self._passed_s += max(0.0, seconds)

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock to seconds since 1970, as an administrator may; no time passes."""
        self._jumped_s += seconds - self.wall()


def _open_a_file() -> io.IOBase:
    return Path(os.devnull).open("rb")
