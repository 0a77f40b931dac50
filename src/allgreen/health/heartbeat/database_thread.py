"""One daemon thread that asks the database, so that one that hangs keeps nobody else waiting.

Always the same thread: what drivers keep for each thread is then kept once. While it hangs nothing
else is asked, and no second thread is begun.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, final

from allgreen.health.heartbeat.database import LaterAnswer, ask, read_answer
from allgreen.health.heartbeat.file import DatabaseState
from allgreen.health.redaction import redact

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

_LOOK_AGAIN_S: Final = 1.0
"""How often to look whether the event loop of the program is closed, which wakes nobody."""


@final
class Question:
    """One time of asking.

    Attributes:
        state: The answer; `None` until it is there.
        reason: Why it is not a good one.
        has_ended: Nothing of it runs any more.
    """

    __slots__ = ("_cancel", "_is_given_up", "_lock", "_wake", "has_ended", "reason", "state")

    def __init__(self, wake: Callable[[], None]) -> None:
        self.state: DatabaseState | None = None
        self.reason = ""
        self.has_ended = False
        self._wake = wake
        self._lock = threading.Lock()
        self._is_given_up = False
        self._cancel: Callable[[], None] | None = None

    def settle(self, state: DatabaseState, reason: str = "") -> None:
        """Take the answer, and wake whoever waits for it."""
        self.reason, self.state, self.has_ended = reason, state, True
        self._wake()

    def give_up(self) -> None:
        """Wait for it no more; what can be cancelled is."""
        with self._lock:
            self._is_given_up = True
            cancel = self._cancel
        if cancel is not None:
            cancel()

    def runs_as(self, task: Task[Any], loop: AbstractEventLoop) -> None:
        """Say which task it is, to be called on its loop."""

        def cancel() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)

        with self._lock:
            self._cancel = cancel
            is_given_up = self._is_given_up
        if is_given_up:
            task.cancel()


@final
class DatabaseThread:
    """Asks one database, one question at a time.

    Args:
        target: See `ask`.
        home: The event loop on which what is to be awaited runs; without it one of our own.
    """

    def __init__(self, target: object, home: AbstractEventLoop | None = None) -> None:
        self._target = target
        self._home = home
        self._last: Question | None = None
        self._questions: SimpleQueue[Question | None] | None = None

    @property
    def is_hanging(self) -> bool:
        """Tell whether a question has not ended."""
        return self._last is not None and not self._last.has_ended

    def begin(self, wake: Callable[[], None]) -> Question | None:
        """Begin to ask; `None` while an earlier question hangs.

        Args:
            wake: Called once the answer is there, from any thread.

        Raises:
            RuntimeError: No thread can be started.
        """
        if self.is_hanging:
            return None
        if self._questions is None:
            self._questions = self._start()
        self._last = Question(wake)
        self._questions.put(self._last)
        return self._last

    def stop(self) -> None:
        """Let the thread end, once it does not hang any more; waits for nothing."""
        if self._questions is not None:
            self._questions.put(None)
            self._questions = None  # the next thread has its own

    def _start(self) -> SimpleQueue[Question | None]:
        questions: SimpleQueue[Question | None] = SimpleQueue()
        thread = threading.Thread(
            target=self._live, args=(questions,), name="allgreen database", daemon=True
        )
        thread.start()
        return questions

    def _live(self, questions: SimpleQueue[Question | None]) -> None:
        own_loop = _OwnLoop()
        try:
            for question in iter(questions.get, None):
                self._answer(question, own_loop)
        finally:
            own_loop.close()

    def _answer(self, question: Question, own_loop: _OwnLoop) -> None:
        try:
            value = ask(self._target)
            if hasattr(type(value), "__await__"):
                there = self._home
                value = (
                    own_loop.run(value, question)
                    if there is None
                    else _run_there(there, value, question)
                )
            state = read_answer(value)
        except BaseException as error:  # noqa: BLE001 - whatever a driver does, it is no connection
            question.settle(DatabaseState.DISCONNECTED, _described(error))
        else:
            question.settle(state, "" if state is DatabaseState.CONNECTED else "it said so")


@final
class _OwnLoop:
    """An event loop for what is to be awaited, where the program has none. Begun when needed."""

    def __init__(self) -> None:
        self._loop: AbstractEventLoop | None = None

    def run(self, value: Any, question: Question) -> Any:
        if self._loop is None:
            import asyncio  # noqa: PLC0415 - only where something is awaited

            self._loop = asyncio.new_event_loop()
        task = self._loop.create_task(_settle(value))
        question.runs_as(task, self._loop)
        try:
            return self._loop.run_until_complete(task)
        finally:
            _close(value)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.close()


def _run_there(home: AbstractEventLoop, value: Any, question: Question) -> Any:
    """Await on the loop of the program, to which its pool belongs."""
    ended = threading.Event()
    tasks: list[Task[Any]] = []

    def begin() -> None:
        task = home.create_task(_settle(value))
        tasks.append(task)
        question.runs_as(task, home)
        task.add_done_callback(lambda _: ended.set())

    try:
        home.call_soon_threadsafe(begin)
        while not ended.wait(_LOOK_AGAIN_S):
            if home.is_closed():
                raise RuntimeError("the event loop of the program is closed")
    finally:
        _close(value)
    return tasks[0].result()


def _close(value: Any) -> None:
    """End what may never have been begun; does nothing to what has ended."""
    if isinstance(value, CoroutineType | LaterAnswer):
        value.close()


async def _settle(value: Any) -> Any:
    return await value


def _described(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - whatever __str__ does
        text = ""
    name = type(error).__name__
    return redact(f"{name}: {text}" if text else name)
