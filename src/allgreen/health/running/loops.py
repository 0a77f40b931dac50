"""Crews: checks that are coroutines, run on an event loop, a bounded number of them at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from contextvars import Context
from typing import Any, Final, final

from allgreen.health.running.execution import Execution
from allgreen.health.running.watchdog import Watchdog

RunOnLoop = Callable[[Execution, Awaitable[Any] | None], Coroutine[Any, Any, None]]
Lose = Callable[[Execution, str], None]

GRACE_S: Final = 0.1
"""So long what was cancelled may take to clean up, where somebody waits for that."""
TURN_S: Final = 0.001
"""What takes longer together lets the loop turn before it goes on."""


def find_loop_here() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that turns in this thread; `None` when none does.

    In programs that gevent has patched many threads are one to asyncio, and the loop that it knows
    of may be that of another one.
    """
    loop = asyncio._get_running_loop()  # noqa: SLF001 - the other one raises, which takes long
    if loop is None or getattr(loop, "_thread_id", None) in (None, threading.get_ident()):
        return loop
    return None


@final
class Crew:
    """Runs executions as tasks of one event loop.

    A task runs one after the other, because to make one takes longer than most checks do. The first
    that has to wait for something keeps it, and another task goes on with the others: so a check
    that uses `asyncio.timeout` or `asyncio.current_task` finds itself. Tasks are not in the list of
    all tasks of the loop: `asyncio.run` waits for each in it before it ends, and a check that lets
    nobody cancel it would keep the program from stopping.

    Attributes:
        loop: Where they run.
        running: Those that have begun and not ended; changed on the loop only.
        left_behind: Those on which nobody counts any more, and that have not ended either.

    Args:
        loop: Where they run.
        most: How many run at once.
        run: Runs one; whatever the check does, the run ends.
        lose: Is told of one that could not be run, and why.
        watchdog: Looks after the loop meanwhile.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        most: int,
        run: RunOnLoop,
        lose: Lose,
        watchdog: Watchdog,
    ) -> None:
        self.loop = loop
        self.running: set[Execution] = set()
        self.left_behind: set[Execution] = set()
        self._most = most
        self._run = run
        self._lose = lose
        self._watchdog = watchdog
        self._waiting: deque[tuple[Execution, Awaitable[Any] | None]] = deque()
        self._busy = 0
        self._is_at_work = False
        self._is_left = False

    @property
    def is_gone(self) -> bool:
        """Tell whether the loop was closed, so that nothing on it goes on."""
        return self.loop.is_closed()

    @property
    def stuck(self) -> int:
        """Return how many have not ended, and nobody counts on them."""
        # Where the loop is blocked, those that took too long could not be put aside.
        late = [one for one in (*self.running,) if one.result is not None]
        return len(self.left_behind) + len(late)

    def submit(self, executions: Iterable[Execution]) -> None:
        """Have executions run; on the loop itself only."""
        for execution in executions:
            execution.crew = self
            self._waiting.append((execution, None))
        self._begin()

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have one run that was begun in another thread.

        Raises:
            RuntimeError: The loop is closed.
        """
        one = (execution, value)
        execution.crew = self
        self._waiting.append(one)
        try:
            self.loop.call_soon_threadsafe(self._begin)
        except RuntimeError:
            with suppress(ValueError):
                self._waiting.remove(one)
            execution.crew = None
            raise

    def ask(self, answer: Callable[[], None]) -> None:
        """Have the loop call back as soon as it turns.

        Raises:
            RuntimeError: The loop is closed.
        """
        self.loop.call_soon_threadsafe(answer)

    def find_current(self) -> asyncio.Task[Any] | None:
        """Return the task whose code is being executed at this moment; from any thread."""
        return asyncio.current_task(self.loop)

    def leave_to(self, other: Crew) -> None:
        """Give to others what has not begun, and end the loop with what has; it is blocked.

        Raises:
            RuntimeError: The loop of one of the two is closed.
        """
        self._is_left = True
        while self._waiting:
            with suppress(IndexError):  # the loop has just begun the last one
                other.hand_over(*self._waiting.popleft())
        self.loop.call_soon_threadsafe(self._end_if_idle)

    def abandon(self, execution: Execution) -> None:
        """End one that took too long, if it lets itself be ended; count on it no more."""
        self._do(self._cancel, execution)

    def release(self, execution: Execution) -> None:
        """Count no more on one that has outlived a report, and let it go on."""
        self._do(self._set_aside, execution)

    def lend(self) -> None:
        """Let another one run while one of these waits for others; on the loop itself only."""
        self._busy -= 1
        self._begin()

    def take_back(self) -> None:
        """Say that it goes on."""
        self._busy += 1

    def _do(self, what: Callable[[Execution], None], execution: Execution) -> None:
        """Do something on the loop, at once if this is where it turns."""
        if find_loop_here() is self.loop:
            what(execution)
            return
        with suppress(RuntimeError):  # the loop is closed, and nothing on it goes on
            self.loop.call_soon_threadsafe(what, execution)

    def _begin(self) -> None:
        while self._waiting and self._busy < self._most and not self._is_at_work:
            self._is_at_work = True
            problem = self._start()
            if problem is not None:
                self._is_at_work = False
                execution, _ = self._waiting.popleft()
                self._lose(execution, f"No task could be made for it: {type(problem).__name__}")

    def _start(self) -> Exception | None:
        """Make a task that begins what waits; return why that could not be done."""
        coroutine = self._live()
        try:
            # It may run at once, when the program wants it so, and end before this returns.
            task = Context().run(self.loop.create_task, coroutine)
        except Exception as error:  # noqa: BLE001 - a factory of the program may do anything
            coroutine.close()
            return error
        asyncio._unregister_task(task)  # noqa: SLF001 - as who extends asyncio may
        # Nothing is to be said of it when its loop is closed; asyncio.gather does the same.
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001
        return None

    async def _live(self) -> None:
        try:
            rest = await self._work_off()
        except GeneratorExit:  # its loop is gone, and this is not a step of it
            raise
        except BaseException:
            self._let_others_work()
            raise
        self._let_others_work()
        if rest is not None:
            await rest

    def _let_others_work(self) -> None:
        self._is_at_work = False
        self._begin()

    async def _work_off(self) -> Awaitable[None] | None:
        """Begin what waits, until one has to wait for something; return the rest of that one."""
        task = asyncio.current_task()
        assert task is not None, "only a task works anything off"
        began = time.monotonic()
        self._watchdog.watch(self)
        while self._busy < self._most:
            try:
                execution, value = self._waiting.popleft()
            except IndexError:  # nothing waits, or it was given to others meanwhile
                return None
            execution.task = task
            rest = self._begin_one(execution, value)
            # Who cancels the task in which it runs means itself, and none of the others.
            if rest is not None or task.cancelling():
                return rest
            if time.monotonic() - began > TURN_S:
                await asyncio.sleep(0)
                began = time.monotonic()
                self._watchdog.watch(self)
        return None

    def _begin_one(
        self, execution: Execution, value: Awaitable[Any] | None
    ) -> Awaitable[None] | None:
        """Run one until it ends or has to wait for something; return the rest of it."""
        self._busy += 1
        self.running.add(execution)
        context = execution.cause.context.copy()
        run = self._run(execution, value)
        try:
            awaited = context.run(run.send, None)
        except StopIteration:
            if execution not in self.running or self._is_left:
                self._leave(execution)
            else:  # as most do; who waits is begun next, by our caller
                self.running.discard(execution)
                self._busy -= 1
            return None
        except BaseException:
            self._leave(execution)
            raise
        return self._finish(execution, Rest(run, context, awaited))

    async def _finish(self, execution: Execution, rest: Rest) -> None:
        try:
            await rest
        except GeneratorExit:  # its loop is gone, and this is not a step of it
            raise
        except BaseException:
            self._leave(execution)
            raise
        self._leave(execution)

    def _cancel(self, execution: Execution) -> None:
        # What has not begun sees that nobody waits for it when it does. What has ended may have left
        # its task to others.
        is_here = execution in self.running or execution in self.left_behind
        if execution.task is None or execution.coroutine is None or not is_here:
            return
        if not execution.task.done():
            self._set_aside(execution)
            execution.task.cancel()

    def _set_aside(self, execution: Execution) -> None:
        """Let others not wait for it; it may let nobody end it."""
        if execution in self.running:
            self.left_behind.add(execution)
            self._watchdog.remember(self)
            self._count_off(execution)

    def _leave(self, execution: Execution) -> None:
        if execution in self.running:
            self._count_off(execution)
        else:
            self.left_behind.discard(execution)

    def _count_off(self, execution: Execution) -> None:
        self.running.discard(execution)
        self._busy -= 1
        if self._waiting and not self._is_at_work:
            self._begin()
        if self._is_left:
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self.running:
            return
        if self.left_behind:
            self.loop.call_later(GRACE_S, self.loop.stop)
        else:
            self.loop.stop()


@final
class Rest:
    """What a coroutine that has begun still has to do, each step of it in the context of its own.

    Args:
        coroutine: It.
        context: Where its first step was run.
        awaited: What it waits for since then.
    """

    __slots__ = ("_awaited", "_context", "_coroutine")

    def __init__(
        self, coroutine: Coroutine[Any, Any, None], context: Context, awaited: object
    ) -> None:
        self._coroutine = coroutine
        self._context = context
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        """Relay what it waits for, and what comes of that."""
        step, awaited = self._context.run, self._awaited
        send, throw = self._coroutine.send, self._coroutine.throw
        try:
            while True:
                try:
                    value = yield awaited
                except GeneratorExit:  # whoever throws it away may be in any context
                    self._coroutine.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - it is passed on
                    awaited = step(throw, error)
                else:
                    awaited = step(send, value)
        except StopIteration:
            return


@final
class LoopThread:
    """An event loop of our own in a daemon thread, for programs that have none.

    Raises:
        RuntimeError: No thread can be started.
        OSError: No loop can be made, as there are too many open files.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="allgreen loop", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self.loop.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Tell whether it turns, or at least could."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it, after what it is about to do."""
        with suppress(RuntimeError):  # it is closed already
            self.loop.call_soon_threadsafe(self.loop.stop)

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        is_wanted = True
        try:
            while is_wanted:
                # What ends a thread, raised in a task that a check has made, ends no other check.
                with suppress(SystemExit, KeyboardInterrupt):
                    self.loop.run_forever()
                    is_wanted = False
        finally:
            self.loop.close()
