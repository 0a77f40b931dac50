"""Flight: one report on its way, and what wakes those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Final, final

from allgreen.domain.report import CheckResult
from allgreen.health.running.execution import Cell, Execution, current_execution


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
        blocks: The event loop that cannot turn before the report is there; `None` for none.

    Args:
        ring: Wakes who asked.
        home: The event loop of who asked.
        began: On the monotonic clock.
        deadline_s: When the report is there at the latest, in seconds from then; less than none
            is none.
        blocks: The event loop that who asked keeps from turning.
    """

    __slots__ = (
        "_ring",
        "began",
        "blocks",
        "context",
        "due",
        "entries",
        "home",
        "inside",
        "left",
    )

    def __init__(
        self,
        ring: Callable[[], None],
        home: asyncio.AbstractEventLoop | None,
        began: float,
        deadline_s: float,
        blocks: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._ring = ring
        self.home = home
        self.blocks = blocks
        self.began = began
        self.due = began + deadline_s if deadline_s > 0 else began  # what is no number is none
        self.context = copy_context()
        self.inside = current_execution()
        self.left = 0
        self.entries: dict[Cell, Execution | CheckResult] = {}

    def want(self, cell: Cell) -> Execution:
        """Wait for a new run of a check, and return it; under the lock of the runner."""
        self.entries[cell] = cell.execution = execution = Execution(cell, self, [self])
        self.left += 1
        return execution

    def expect(self, execution: Execution) -> None:
        """Wait for a run too; under the lock of the runner."""
        self.entries[execution.cell] = execution
        execution.waiters.append(self)
        self.left += 1

    def wake(self) -> None:
        """Say that all runs are settled."""
        self._ring()

    def replace(self, old: Execution, new: Execution) -> None:
        """Wait for another run of the same check instead; under the lock of the runner."""
        self.entries[old.cell] = new

    def unsettled(self) -> list[Execution]:
        """Return the runs that are waited for."""
        return [
            entry
            for entry in self.entries.values()
            if isinstance(entry, Execution) and entry.result is None
        ]


_LONGEST_WAIT_S: Final = 3600.0
"""Locks cannot wait for ever when they wait for a time; whoever waits looks again after it."""


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
        return self._lock.acquire(timeout=min(max(0.0, seconds), _LONGEST_WAIT_S))


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
        with suppress(RuntimeError):  # the loop was closed, and nobody waits any more
            if threading.get_ident() == self._thread:
                self._set()
            else:
                self._loop.call_soon_threadsafe(self._set)

    async def wait(self, seconds: float) -> bool:
        """Wait; tell whether it rang."""
        if self._has_rung:
            return True
        self._future = self._loop.create_future()
        timer = self._loop.call_later(min(max(0.0, seconds), _LONGEST_WAIT_S), self._go_on)
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
