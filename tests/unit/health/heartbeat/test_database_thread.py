"""One thread that asks, and hangs alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from allgreen.health.heartbeat.database_thread import DatabaseThread, Question
from allgreen.health.heartbeat.file import DatabaseState

WITHIN_S = 10.0


class Asking:
    """Asks, and waits for answers."""

    def __init__(self, target: object, home: asyncio.AbstractEventLoop | None = None) -> None:
        self.thread = DatabaseThread(target, home)

    def ask(self) -> Question:
        """Ask, and wait for the answer."""
        bell = threading.Event()
        question = self.thread.begin(bell.set)
        assert question is not None
        assert bell.wait(WITHIN_S)
        return question


@pytest.fixture
def asking() -> Iterator[Callable[..., Asking]]:
    made: list[Asking] = []

    def make(*args: Any) -> Asking:
        made.append(Asking(*args))
        return made[-1]

    yield make
    for each in made:
        each.thread.stop()


def test_all_questions_are_asked_in_one_daemon_thread(asking: Callable[..., Asking]) -> None:
    threads: list[threading.Thread] = []
    one = asking(lambda: threads.append(threading.current_thread()))

    answers = [one.ask().state for _ in range(3)]

    assert answers == [DatabaseState.CONNECTED] * 3
    assert len(set(threads)) == 1
    assert threads[0].daemon
    assert threads[0].name == "allgreen database"


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.semantics(10, 11, 12, 15, "L5")
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError("no"), "ConnectionRefusedError: no"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (MemoryError(), "MemoryError"),
        (UnspeakableError(), "UnspeakableError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_is_raised_is_no_connection_and_the_thread_lives(
    error: BaseException, reason: str, asking: Callable[..., Asking]
) -> None:
    errors = [error]

    def fail_once() -> None:
        if errors:
            raise errors.pop()

    one = asking(fail_once)

    first, second = one.ask(), one.ask()

    assert (first.state, first.reason) == (DatabaseState.DISCONNECTED, reason)
    assert (second.state, second.reason) == (DatabaseState.CONNECTED, "")


@pytest.mark.semantics("L11")
def test_a_password_in_an_error_is_not_told(asking: Callable[..., Asking]) -> None:
    def fail() -> None:
        raise OSError("cannot reach postgresql://shop:hunter2@db/shop")

    assert "hunter2" not in asking(fail).ask().reason


def test_a_function_that_says_no_is_no_connection(asking: Callable[..., Asking]) -> None:
    question = asking(lambda: False).ask()

    assert (question.state, question.reason) == (DatabaseState.DISCONNECTED, "it said so")


@pytest.mark.semantics(19, 66)
def test_while_a_question_hangs_no_other_is_asked(asking: Callable[..., Asking]) -> None:
    entered, release, bell = threading.Event(), threading.Event(), threading.Event()
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        entered.set()
        release.wait(WITHIN_S)

    one = asking(hang)
    question = one.thread.begin(bell.set)
    assert question is not None
    assert entered.wait(WITHIN_S)

    assert one.thread.begin(bell.set) is None
    one.thread.stop()
    assert one.thread.begin(bell.set) is None

    release.set()
    assert bell.wait(WITHIN_S)
    assert one.ask().state is DatabaseState.CONNECTED
    assert len(begun) == 2


def test_after_a_stop_another_thread_goes_on(asking: Callable[..., Asking]) -> None:
    threads: list[threading.Thread] = []
    one = asking(lambda: threads.append(threading.current_thread()))

    one.ask()
    one.thread.stop()
    one.ask()
    threads[0].join(WITHIN_S)

    assert len(set(threads)) == 2
    assert not threads[0].is_alive()


@pytest.mark.semantics(3)
def test_what_is_to_be_awaited_runs_on_one_loop_of_our_own(asking: Callable[..., Asking]) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def ask() -> None:
        loops.append(asyncio.get_running_loop())

    one = asking(ask)

    answers = [one.ask().state for _ in range(2)]

    assert answers == [DatabaseState.CONNECTED] * 2
    assert len(set(loops)) == 1


@pytest.mark.semantics(23)
def test_what_is_given_up_is_cancelled(asking: Callable[..., Asking]) -> None:
    entered, bell = threading.Event(), threading.Event()

    async def hang() -> None:
        entered.set()
        await asyncio.Event().wait()

    one = asking(hang)
    question = one.thread.begin(bell.set)
    assert question is not None
    assert entered.wait(WITHIN_S)
    question.give_up()

    assert bell.wait(WITHIN_S)
    assert question.has_ended
    assert not one.thread.is_hanging


async def test_in_a_program_with_a_loop_it_is_awaited_there(asking: Callable[..., Asking]) -> None:
    home = asyncio.get_running_loop()
    loops: list[asyncio.AbstractEventLoop] = []

    async def ask() -> None:
        loops.append(asyncio.get_running_loop())

    answered = asyncio.Event()
    question = asking(ask, home).thread.begin(lambda: _set_on(home, answered))
    await asyncio.wait_for(answered.wait(), WITHIN_S)

    assert question is not None
    assert question.state is DatabaseState.CONNECTED
    assert loops == [home]


async def test_on_the_loop_of_the_program_too_it_can_be_given_up(
    asking: Callable[..., Asking],
) -> None:
    home = asyncio.get_running_loop()
    entered, answered = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        entered.set()
        await asyncio.Event().wait()

    question = asking(hang, home).thread.begin(lambda: _set_on(home, answered))
    assert question is not None
    await asyncio.wait_for(entered.wait(), WITHIN_S)
    question.give_up()
    await asyncio.wait_for(answered.wait(), WITHIN_S)

    assert question.state is DatabaseState.DISCONNECTED


def test_when_the_loop_of_the_program_is_closed_there_is_no_connection(
    asking: Callable[..., Asking],
) -> None:
    home = asyncio.new_event_loop()
    home.close()

    async def ask() -> None: ...

    question = asking(ask, home).ask()

    assert question.state is DatabaseState.DISCONNECTED
    assert "closed" in question.reason


def test_a_loop_that_is_closed_meanwhile_strands_nobody(
    asking: Callable[..., Asking], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = asyncio.new_event_loop()
    bell = threading.Event()

    async def ask() -> None: ...

    one = asking(ask, home)
    scheduled = _when_something_is_scheduled(home, monkeypatch)
    question = one.thread.begin(bell.set)
    assert question is not None
    assert scheduled.wait(WITHIN_S)
    home.close()

    assert bell.wait(WITHIN_S)
    assert question.state is DatabaseState.DISCONNECTED


def test_what_was_given_up_before_it_began_is_cancelled_at_once() -> None:
    async def ask() -> None:
        question = Question(lambda: None)
        question.give_up()
        task = asyncio.ensure_future(asyncio.Event().wait())
        question.runs_as(task, asyncio.get_running_loop())
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ask())


def test_giving_up_after_the_loop_has_ended_is_no_fault() -> None:
    question = Question(lambda: None)

    async def ask() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        question.runs_as(task, asyncio.get_running_loop())

    asyncio.run(ask())

    question.give_up()


def _set_on(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


def _when_something_is_scheduled(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> threading.Event:
    scheduled = threading.Event()
    call_soon = loop.call_soon_threadsafe

    def schedule(*args: Any) -> asyncio.Handle:
        handle = call_soon(*args)
        scheduled.set()
        return handle

    monkeypatch.setattr(loop, "call_soon_threadsafe", schedule)
    return scheduled
