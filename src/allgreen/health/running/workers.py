"""Workers: daemon threads of our own in which checks are run that are no coroutines.

One worker is woken for a whole report, because handing over from thread to thread costs more than
most checks. Only what is not done at once is spread over more of them. A worker whose check hangs
is given up: it stays behind with that check, and another one takes its place.

Never `concurrent.futures`: the interpreter waits for its threads when it ends, so that one hung
check would keep a program from stopping.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, Protocol, TypeVar, final

IDLE_S: Final = 30.0
"""A worker that had nothing to do for so long ends."""


class Job(Protocol):
    """Something to be done in a thread.

    Attributes:
        worker: Who does it.
    """

    worker: Worker | None


J = TypeVar("J", bound=Job)


@final
class Worker:
    """One thread.

    Attributes:
        job: What it does, or did last.
        is_given_up: It hangs in its job, and ends with it.
    """

    __slots__ = ("bell", "is_given_up", "job")

    def __init__(self) -> None:
        self.bell = threading.Lock()
        self.bell.acquire()
        self.job: Job | None = None
        self.is_given_up = False


@final
class Workers(Generic[J]):
    """A bounded number of workers, started when they are needed.

    Safe to be used from any thread, and after a fork in the child, where none of them lives on.

    Attributes:
        most: How many work at once, without those that were given up.
        idle_s: How long one stays without work.

    Args:
        work: Does a job; raises only what ends the thread from outside.
    """

    def __init__(self, work: Callable[[J], None], most: int, *, idle_s: float = IDLE_S) -> None:
        self._work = work
        self.most = most
        self.idle_s = idle_s
        self._start_over()
        _ALL.add(self)

    def _start_over(self) -> None:
        self._lock = threading.Lock()
        self._jobs: deque[J] = deque()
        self._idle: list[Worker] = []
        self._busy = 0
        self._given_up = 0

    @property
    def given_up(self) -> int:
        """Return how many hang."""
        return self._given_up

    @property
    def waiting(self) -> int:
        """Return how many jobs nobody has begun."""
        return len(self._jobs)

    def submit(self, jobs: Sequence[J]) -> Sequence[J]:
        """Have jobs done, by one worker for now.

        Returns:
            Those that nobody will do: there is no worker, and no thread can be started.
        """
        self._jobs.extend(jobs)
        with self._lock:
            if not self._jobs or self._busy >= self.most:
                return ()
            is_called = self._call_one()
        if is_called or self._start_one() or self._busy:
            return ()
        return self._withdraw(jobs)

    def spread(self) -> None:
        """Let more workers do what still waits."""
        with self._lock:
            wanted = range(min(len(self._jobs), self.most - self._busy))
            missing = sum(not self._call_one() for _ in wanted)
        for started in range(missing):
            if not self._start_one():  # those who are there do it all
                with self._lock:
                    self._busy -= missing - started - 1
                return

    def give_up(self, worker: Worker, job: J) -> None:
        """Count on a worker no more that hangs in a job; does nothing when it is over that."""
        with self._lock:
            # The worker goes on without this lock: one that is just done takes one job more, or
            # finds that there is none, and then ends.
            if worker.job is not job or worker.is_given_up:
                return
            worker.is_given_up = True
            self._busy -= 1
            self._given_up += 1
        self.spread()

    def lend(self) -> None:
        """Let another one work while the caller, who is a worker, waits for others."""
        with self._lock:
            self._busy -= 1
        self.spread()

    def take_back(self) -> None:
        """Say that the caller works again."""
        with self._lock:
            self._busy += 1

    def _call_one(self) -> bool:
        """Wake one worker; tell whether there was one, or one is to be started. With the lock."""
        self._busy += 1
        if not self._idle:
            return False
        self._idle.pop().bell.release()
        return True

    def _start_one(self) -> bool:
        """Start a worker that counts as busy already; tell whether that could be done.

        Without the lock: where gevent has patched a program, others go on while this one waits for
        the start, and would wait for the lock for ever.
        """
        try:
            threading.Thread(
                target=self._live, args=(Worker(),), name="allgreen check", daemon=True
            ).start()
        except (RuntimeError, MemoryError):  # no thread to be had, or no daemon in this interpreter
            with self._lock:
                self._busy -= 1
            return False
        return True

    def _withdraw(self, jobs: Sequence[J]) -> Sequence[J]:
        """Take back what nobody has begun."""
        withdrawn = []
        for job in jobs:
            with suppress(ValueError):
                self._jobs.remove(job)
                withdrawn.append(job)
        return withdrawn

    def _live(self, worker: Worker) -> None:
        try:
            self._do_jobs(worker)
        except BaseException:  # there is no memory left, or somebody ends threads
            self._bury(worker)
            raise

    def _bury(self, worker: Worker) -> None:
        """Count on a worker no more that was ended from outside, and let others do what waits."""
        worker.job = None
        with self._lock:
            if worker.is_given_up:
                self._given_up -= 1
            elif worker in self._idle:
                self._idle.remove(worker)
            else:
                self._busy -= 1
        self.spread()

    def _do_jobs(self, worker: Worker) -> None:
        jobs, work = self._jobs, self._work
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                if self._rest(worker):
                    continue
                return
            worker.job = job
            job.worker = worker
            work(job)
            del job  # while it has nothing to do it holds on to nothing
            if worker.is_given_up:
                self._end(worker)
                return

    def _rest(self, worker: Worker) -> bool:
        """Wait for the bell; tell whether there is something to do."""
        worker.job = None
        with self._lock:
            if worker.is_given_up:
                self._given_up -= 1
                return False
            if self._jobs:
                return True
            self._busy -= 1
            self._idle.append(worker)
        if worker.bell.acquire(timeout=self.idle_s):
            return True
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
                return False
        worker.bell.acquire()  # it rang in the last moment
        return True

    def _end(self, worker: Worker) -> None:
        worker.job = None
        with self._lock:
            self._given_up -= 1


_ALL: Final[weakref.WeakSet[Workers[Any]]] = weakref.WeakSet()


def _forget_threads() -> None:
    """Begin anew in a child process: threads do not survive a fork, and locks may be held."""
    for workers in list(_ALL):
        workers._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
