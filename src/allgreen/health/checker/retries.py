"""Retry: further attempts at a component, shared by all who wait for it on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, final

from allgreen.domain.report import CheckResult
from allgreen.domain.status import ComponentStatus


@final
class Retry:
    """Attempts that go on as long as somebody waits for what comes of them.

    Each `enter` needs a `leave`. All of it happens on one event loop.

    Args:
        first: What the first attempt gave.
        attempts: The others.
        loop: Where they are made.

    Attributes:
        first: The same; who found it too shares these attempts.
    """

    __slots__ = ("_is_left", "_loop", "_task", "_waiters", "first")

    def __init__(
        self,
        first: CheckResult,
        attempts: Coroutine[Any, Any, ComponentStatus],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.first = first
        self._loop = loop
        self._task = loop.create_task(attempts)
        self._waiters = 0
        self._is_left = False

    def can_be_joined(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether the attempts go on, on this very loop."""
        return self._loop is loop and not self._is_left and not self._task.done()

    def is_of(self, first: CheckResult, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether these are the attempts that followed a result, made or still to be made."""
        return self.first is first and self._loop is loop and not self._is_left

    def enter(self) -> None:
        """Wait for the attempts from now on."""
        self._waiters += 1

    def leave(self) -> None:
        """Wait no more; the last one who does ends the attempts."""
        self._waiters -= 1
        if not self._waiters and not self._task.done():
            self._is_left = True
            self._task.cancel()

    async def wait(self) -> ComponentStatus:
        """Return what came of the attempts; a cancellation of the caller does not end them."""
        return await asyncio.shield(self._task)
