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
from collections.abc import Callable, Iterable
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
        work: Does a job; never raises.
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

    def submit(self, jobs: Iterable[J]) -> None:
        """Have jobs done, by one worker for now.

        Raises:
            RuntimeError: There is no worker, and no thread can be started.
        """
        self._jobs.extend(jobs)
        with self._lock:
            if self._jobs and self._busy < self.most:
                self._call_one()

    def spread(self) -> None:
        """Let more workers do what still waits."""
        with self._lock:
            for _ in range(min(len(self._jobs), self.most - self._busy)):
                try:
                    self._call_one()
                except RuntimeError:  # no thread to be had; those who are there do it all
                    return

    def give_up(self, worker: Worker, job: J) -> None:
        """Count on a worker no more that hangs in a job; does nothing when it is over that."""
        with self._lock:
            # Without its lock: a worker that is just done takes one job more, and then ends.
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

    def _call_one(self) -> None:
        self._busy += 1
        if self._idle:
            self._idle.pop().bell.release()
            return
        worker = Worker()
        thread = threading.Thread(
            target=self._live, args=(worker,), name="allgreen check", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            self._busy -= 1
            if self._busy > 0:
                return
            raise

    def _live(self, worker: Worker) -> None:
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
            if worker.is_given_up:
                with self._lock:
                    self._given_up -= 1
                return

    def _rest(self, worker: Worker) -> bool:
        """Wait for the bell; tell whether there is something to do."""
        worker.job = None
        with self._lock:
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


_ALL: Final[weakref.WeakSet[Workers[Any]]] = weakref.WeakSet()


def _forget_threads() -> None:
    """Begin anew in a child process: threads do not survive a fork, and locks may be held."""
    for workers in list(_ALL):
        workers._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
