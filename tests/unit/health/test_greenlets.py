"""What holds in programs that gevent or eventlet has patched, where threads are none.

Their threads take turns in one of the system, also while one is being started. Locks that were
made before the patch are real ones: who waits for such a lock keeps all others from their turn, so
nobody may hold one while another thread is started.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.domain.status import HealthStatus
from allgreen.health.checker import publishing
from allgreen.health.checker.changes import Change
from allgreen.health.checker.publishing import Publisher
from allgreen.health.registry import CheckRegistry
from allgreen.health.running import loops, watchdog, workers
from allgreen.health.running.loops import LoopThread, find_loop_here
from allgreen.health.running.runner import CheckRunner
from tests.unit.health.runners import PATIENCE_S, a_runner

pytestmark = pytest.mark.semantics(27)

Locked = Callable[[], bool]


@pytest.fixture
def watch_starts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Locked], list[bool]]:
    """Return what notes for each thread that is started whether a lock is held meanwhile."""

    def watch(is_locked: Locked) -> list[bool]:
        held: list[bool] = []

        class Thread(threading.Thread):
            def start(self) -> None:
                held.append(is_locked())
                super().start()

        fake = SimpleNamespace(**{**vars(threading), "Thread": Thread})
        for module in (workers, watchdog, loops, publishing):
            monkeypatch.setattr(module, "threading", fake)
        return held

    return watch


def locks_of(runner: CheckRunner) -> list[Any]:
    places = runner._places
    return [
        runner._lock,
        runner._dispatch._lock,
        places._lock,
        places.workers._lock,
        places._watchdog._lock,
    ]


def test_no_lock_of_a_runner_is_held_while_a_thread_is_started(
    watch_starts: Callable[[Locked], list[bool]],
) -> None:
    gate, registry = threading.Event(), CheckRegistry()

    async def works_on_loop() -> bool:
        return True

    for number in range(6):
        registry.check("It works", name=f"slow_{number}")(lambda: gate.wait(PATIENCE_S))
        registry.check("It works", name=f"on_loop_{number}")(works_on_loop)
    runner = a_runner(registry, concurrency=4)
    held = watch_starts(lambda: any(lock.locked() for lock in locks_of(runner)))
    threading.Timer(0.05, gate.set).start()

    report = runner.run(deadline_s=PATIENCE_S)

    assert report.status is HealthStatus.HEALTHY
    assert len(held) == 4 + 1 + 1, "workers, a loop and its watchdog"
    assert not any(held)


def test_no_lock_of_a_publisher_is_held_while_its_thread_is_started(
    watch_starts: Callable[[Locked], list[bool]],
) -> None:
    told = threading.Semaphore(0)
    publisher = Publisher(lambda change: told.release())
    lock: Any = publisher._bell._lock  # type: ignore[attr-defined]  # of every condition
    held = watch_starts(lock.locked)
    change = Change(
        id="1",
        name="database",
        status=HealthStatus.UNHEALTHY,
        before=HealthStatus.HEALTHY,
        message="",
        at=0.0,
        failures=1,
        outage_s=0.0,
    )

    publisher.publish(change)

    assert told.acquire(timeout=PATIENCE_S)
    publisher.close()
    assert held == [False]


@pytest.fixture
def elsewhere() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that turns in another thread, and that asyncio takes for the one of this."""
    thread, turns = LoopThread(), threading.Event()
    thread.loop.call_soon_threadsafe(turns.set)
    assert turns.wait(PATIENCE_S)
    asyncio._set_running_loop(thread.loop)
    yield thread.loop
    asyncio._set_running_loop(None)
    thread.stop()


def test_the_loop_of_another_thread_is_not_the_one_here(
    elsewhere: asyncio.AbstractEventLoop,
) -> None:
    assert asyncio.get_running_loop() is elsewhere
    assert find_loop_here() is None


async def test_the_loop_of_this_thread_is_the_one_here() -> None:
    assert find_loop_here() is asyncio.get_running_loop()


def test_who_asks_beside_a_loop_does_not_block_it(elsewhere: asyncio.AbstractEventLoop) -> None:
    async def works() -> bool:
        return True

    runner = a_runner(works)
    runner._places._own = SimpleNamespace(loop=elsewhere, is_alive=True, stop=lambda: None)  # type: ignore[assignment]

    assert runner.run().status is HealthStatus.HEALTHY
