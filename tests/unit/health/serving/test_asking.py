"""A checker that is asynchronous is asked by programs without an event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from allgreen.domain.status import SystemHealthStatus
from allgreen.health.running import loops
from allgreen.health.serving.asking import BlockingComponents, ask_in_time
from tests.scripted_runner import report_of

ANSWER = SystemHealthStatus.of([], report_of().made_at)
PATIENCE_S = 20.0


class Components:
    """Components that note on which loop they are asked."""

    def __init__(self) -> None:
        self.loops: set[asyncio.AbstractEventLoop] = set()

    async def check_all_components(self) -> SystemHealthStatus:
        self.loops.add(asyncio.get_running_loop())
        return ANSWER


class Silent:
    """Components that never answer, and note that they were told to stop."""

    def __init__(self) -> None:
        self.was_cancelled = threading.Event()

    async def check_all_components(self) -> SystemHealthStatus:
        try:
            await asyncio.Event().wait()
        finally:
            self.was_cancelled.set()
        raise AssertionError


def test_it_is_always_asked_on_the_same_loop() -> None:
    components = Components()
    blocking = BlockingComponents(components)

    answers = [blocking.ask(PATIENCE_S) for _ in range(3)]

    assert answers == [ANSWER] * 3
    assert len(components.loops) == 1


def test_threads_that_come_at_once_share_one_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=PATIENCE_S)
    made: list[loops.LoopThread] = []
    original = loops.LoopThread

    def make() -> loops.LoopThread:
        both.wait()
        made.append(original())
        return made[-1]

    monkeypatch.setattr(loops, "LoopThread", make)
    components = Components()
    blocking = BlockingComponents(components)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(blocking.ask, [PATIENCE_S, PATIENCE_S]))

    assert answers == [ANSWER] * 2
    assert len(components.loops) == 1
    (other,) = (thread for thread in made if thread.loop not in components.loops)
    other._thread.join(PATIENCE_S)
    assert not other.is_alive


def test_without_an_answer_in_time_there_is_none() -> None:
    components = Silent()

    assert BlockingComponents(components).ask(0.01) is None
    assert components.was_cancelled.wait(PATIENCE_S)


async def test_on_a_loop_there_is_no_other() -> None:
    components = Components()

    assert await ask_in_time(components, PATIENCE_S) is ANSWER
    assert components.loops == {asyncio.get_running_loop()}


async def test_a_timeout_of_the_components_is_their_own() -> None:
    class Impatient:
        async def check_all_components(self) -> SystemHealthStatus:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await ask_in_time(Impatient(), PATIENCE_S)
