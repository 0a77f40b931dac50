"""Flight: one report on its way, and what wakes those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import final

from allgreen.domain.report import CheckResult
from allgreen.health.execution import Cell, Execution, current_execution


@final
class Flight:
    """One report on its way.

    Attributes:
        entries: For each check its result, or the run of which it will be.
        left: How many of these runs are not settled; changed under the lock of the runner.
        home: The event loop of who asked; `None` for a thread, or when ours is to be used.
        began: On the monotonic clock.
        due: When the report is there at the latest.
        context: Context variables of who asked.
        inside: The run of a check in which it was asked.
    """

    __slots__ = ("_ring", "began", "context", "due", "entries", "home", "inside", "left")

    def __init__(
        self,
        ring: Callable[[], None],
        home: asyncio.AbstractEventLoop | None,
        began: float,
        deadline_s: float,
    ) -> None:
        self._ring = ring
        self.home = home
        self.began = began
        self.due = began + deadline_s
        self.context = copy_context()
        self.inside = current_execution()
        self.left = 0
        self.entries: dict[Cell, Execution | CheckResult] = {}

    def expect(self, execution: Execution) -> None:
        """Wait for a run too; under the lock of the runner."""
        self.entries[execution.cell] = execution
        execution.waiters.append(self)
        self.left += 1

    def wake(self) -> None:
        """Say that all runs are settled."""
        self._ring()

    def unsettled(self) -> list[Execution]:
        """Return the runs that are waited for."""
        return [
            entry
            for entry in self.entries.values()
            if isinstance(entry, Execution) and entry.result is None
        ]


@final
class ThreadBell:
    """Wakes one thread."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake it; only once."""
        self._lock.release()

    def wait(self, seconds: float) -> bool:
        """Wait; tell whether it rang."""
        return self._lock.acquire(timeout=max(0.0, seconds))


@final
class LoopBell:
    """Wakes a coroutine, from whatever thread."""

    __slots__ = ("_future", "_has_rung", "_loop", "_thread")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._future: asyncio.Future[None] | None = None
        self._has_rung = False

    def ring(self) -> None:
        """Wake it; later calls do nothing."""
        if threading.get_ident() == self._thread:
            self._set()
            return
        try:
            self._loop.call_soon_threadsafe(self._set)
        except RuntimeError:  # the loop was closed, and nobody waits any more
            return

    async def wait(self, seconds: float) -> bool:
        """Wait; tell whether it rang."""
        if self._has_rung:
            return True
        self._future = self._loop.create_future()
        timer = self._loop.call_later(max(0.0, seconds), self._go_on)
        try:
            await self._future
        finally:
            timer.cancel()
        return self._has_rung

    def _set(self) -> None:
        self._has_rung = True
        self._go_on()

    def _go_on(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)
