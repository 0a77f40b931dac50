"""Asking: a `HealthChecker`, which is asynchronous, from programs with and without a loop."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, final

from allgreen.domain.status import SystemHealthStatus

if TYPE_CHECKING:
    from allgreen.health.running.loops import LoopThread


class Components(Protocol):
    """Whoever knows the health of the components of a program, such as a `HealthChecker`."""

    async def check_all_components(self) -> SystemHealthStatus:
        """Return the health of all components."""


async def ask_in_time(components: Components, deadline_s: float) -> SystemHealthStatus | None:
    """Return what the components say; `None` when they say nothing within `deadline_s` seconds."""
    import asyncio  # noqa: PLC0415 - whoever awaits this has it, and others need not

    limit = asyncio.timeout(deadline_s)
    try:
        async with limit:
            return await components.check_all_components()
    except TimeoutError:
        if not limit.expired():
            raise
        return None


@final
class BlockingComponents:
    """Asks components from programs without an event loop, always on one loop of our own.

    Clients of the components belong to that loop then. Its thread is started when somebody asks
    for the first time, in each process of a server that forks.
    """

    def __init__(self, components: Components) -> None:
        self._components = components
        self._threads: dict[int, LoopThread] = {}

    def ask(self, deadline_s: float) -> SystemHealthStatus | None:
        """Return what the components say; `None` when they say nothing in time."""
        from asyncio import run_coroutine_threadsafe  # noqa: PLC0415 - few programs come here

        loop = self._thread().loop
        return run_coroutine_threadsafe(ask_in_time(self._components, deadline_s), loop).result()

    def _thread(self) -> LoopThread:
        from allgreen.health.running.loops import LoopThread  # noqa: PLC0415 - few programs come here

        process = os.getpid()
        found = self._threads.get(process)
        if found is None:
            made = LoopThread()
            # One of several threads that come at once wins; no lock could be held across a fork.
            found = self._threads.setdefault(process, made)
            if found is not made:
                made.loop.call_soon_threadsafe(made.loop.stop)
        return found
