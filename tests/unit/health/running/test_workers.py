"""Workers do all jobs, few at once, and hang on to nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from allgreen.health.running import workers as module
from allgreen.health.running.workers import Worker, Workers
from tests.unit.health.runners import PATIENCE_S, wait_until


class Job:
    """Something to do, and who did it."""

    def __init__(self, do: Callable[[], object] = lambda: None) -> None:
        self.do = do
        self.worker: Worker | None = None
        self.thread: threading.Thread | None = None
        self.times = 0
        self.is_done = threading.Event()

    def wait(self) -> None:
        assert self.is_done.wait(PATIENCE_S), "nobody does it"


class HangingJob(Job):
    """One that goes on until it is released."""

    def __init__(self) -> None:
        self.is_begun = threading.Event()
        self.release = threading.Event()
        super().__init__(self._hang)

    def _hang(self) -> None:
        self.is_begun.set()
        self.release.wait(PATIENCE_S)

    def wait_until_begun(self) -> None:
        assert self.is_begun.wait(PATIENCE_S), "nobody began it"


def work(job: Job) -> None:
    job.thread = threading.current_thread()
    job.do()
    job.times += 1
    job.is_done.set()


Make = Callable[..., Workers[Job]]


@pytest.fixture
def make() -> Make:
    """Return workers that end soon when they have nothing to do."""
    return lambda most=4, idle_s=0.02: Workers(work, most, idle_s=idle_s)


@pytest.fixture
def hanging() -> Iterator[Callable[[], HangingJob]]:
    """Return jobs that hang until the end of the test."""
    made: list[HangingJob] = []

    def hang() -> HangingJob:
        made.append(HangingJob())
        return made[-1]

    yield hang
    for job in made:
        job.release.set()


class NoThread(threading.Thread):
    """A thread that cannot be started."""

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


_WITHOUT_THREADS = SimpleNamespace(Thread=NoThread, Lock=threading.Lock)


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what keeps threads from being started from then on."""
    return lambda: monkeypatch.setattr(module, "threading", _WITHOUT_THREADS)


# Doing --------------------------------------------------------------------------------------------


def test_jobs_are_done_in_their_order_by_one_worker(make: Make) -> None:
    done: list[int] = []
    jobs = [Job(lambda number=number: done.append(number)) for number in range(20)]  # type: ignore[misc]

    assert not make().submit(jobs)

    jobs[-1].wait()
    assert done == list(range(20))
    assert len({job.thread for job in jobs}) == 1


@pytest.mark.semantics(20, "L1")
def test_threads_are_daemons_so_that_none_keeps_a_program_from_ending(make: Make) -> None:
    job = Job()
    make().submit([job])

    job.wait()
    assert job.thread is not None
    assert job.thread.daemon


def test_a_worker_is_used_again(make: Make) -> None:
    workers = make(idle_s=PATIENCE_S)
    first, second = Job(), Job()
    workers.submit([first])
    first.wait()
    wait_until(lambda: workers._idle)

    workers.submit([second])

    second.wait()
    assert first.thread is second.thread


def test_a_worker_that_has_nothing_to_do_ends(make: Make) -> None:
    job = Job()
    workers = make()
    workers.submit([job])
    job.wait()
    assert job.thread is not None

    job.thread.join(PATIENCE_S)

    assert not job.thread.is_alive()
    assert (workers._busy, workers._idle) == (0, [])


def test_a_worker_that_rests_holds_on_to_nothing(make: Make) -> None:
    workers = make(idle_s=PATIENCE_S)
    job = Job()
    workers.submit([job])
    job.wait()

    wait_until(lambda: workers._idle)

    assert job.worker is not None
    assert job.worker.job is None


@pytest.mark.semantics(25)
def test_what_is_not_done_at_once_is_spread_over_as_many_as_may_work(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make(most=3)
    jobs = [hanging() for _ in range(5)]
    workers.submit(jobs)
    jobs[0].wait_until_begun()
    assert not jobs[1].is_begun.is_set()

    workers.spread()
    workers.spread()

    for job in jobs[:3]:
        job.wait_until_begun()
    assert workers.waiting == 2
    jobs[0].release.set()
    jobs[3].wait_until_begun()
    assert workers.waiting == 1


def test_more_work_calls_more_workers(make: Make, hanging: Callable[[], HangingJob]) -> None:
    workers = make(most=2)
    first, second, third = hanging(), hanging(), hanging()
    for job in (first, second, third):
        workers.submit([job])

    first.wait_until_begun()
    second.wait_until_begun()
    assert not third.is_begun.is_set()


def test_all_that_many_threads_submit_at_once_is_done_once(make: Make) -> None:
    workers = make(most=4, idle_s=0.001)
    jobs = [[Job() for _ in range(200)] for _ in range(8)]

    def submit(mine: list[Job]) -> None:
        for job in mine:
            workers.submit([job])
        workers.spread()

    threads = [threading.Thread(target=submit, args=(mine,)) for mine in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for mine in jobs:
        for job in mine:
            job.wait()
    wait_until(lambda: workers._busy == 0)
    assert {job.times for mine in jobs for job in mine} == {1}


def test_the_bell_may_ring_in_the_last_moment(make: Make) -> None:
    workers = make(idle_s=0.0)
    worker = Worker()
    workers._busy = 1

    class LateBell:
        """Is released when the time is just over."""

        def acquire(self, timeout: float = -1) -> bool:
            if timeout >= 0:
                workers._idle.remove(worker)  # as who calls it does
                return False
            return True

    worker.bell = LateBell()  # type: ignore[assignment]

    assert workers._rest(worker)


# Hanging ------------------------------------------------------------------------------------------


@pytest.mark.semantics(19, "L2")
def test_another_worker_takes_the_place_of_one_that_hangs(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make(most=1)
    stuck, other = hanging(), Job()
    workers.submit([stuck, other])
    stuck.wait_until_begun()
    assert stuck.worker is not None

    workers.give_up(stuck.worker, stuck)

    other.wait()
    assert workers.given_up == 1


@pytest.mark.semantics(19)
def test_a_worker_that_was_given_up_ends_with_its_job(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make(idle_s=PATIENCE_S)
    stuck = hanging()
    workers.submit([stuck])
    stuck.wait_until_begun()
    assert stuck.worker is not None
    workers.give_up(stuck.worker, stuck)
    workers.give_up(stuck.worker, stuck)

    stuck.release.set()

    stuck.wait()
    assert stuck.thread is not None
    stuck.thread.join(PATIENCE_S)
    assert not stuck.thread.is_alive()
    assert (workers.given_up, workers._busy) == (0, 0)


def test_a_worker_that_is_over_the_job_is_not_given_up(make: Make) -> None:
    workers = make(idle_s=PATIENCE_S)
    job = Job()
    workers.submit([job])
    job.wait()
    wait_until(lambda: workers._idle)
    assert job.worker is not None

    workers.give_up(job.worker, job)

    assert workers.given_up == 0


def test_a_worker_that_is_given_up_when_it_is_just_done_ends(make: Make) -> None:
    workers = make()
    worker, job = Worker(), Job()
    worker.job, workers._busy = job, 1

    workers.give_up(worker, job)  # while it looks for the next job, and finds none

    assert not workers._rest(worker)
    assert (workers.given_up, workers._busy, workers._idle) == (0, 0, [])


def test_a_worker_that_is_given_up_when_it_is_just_done_may_do_one_job_more(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make(most=2)
    stuck = hanging()
    worker, done = Worker(), Job()
    worker.job, workers._busy = done, 1
    workers._jobs.append(stuck)
    thread = threading.Thread(target=workers._live, args=(worker,), daemon=True)
    worker.is_given_up, workers._given_up, workers._busy = True, 1, 0

    thread.start()
    stuck.wait_until_begun()
    workers.give_up(worker, stuck)
    stuck.release.set()

    thread.join(PATIENCE_S)
    assert (workers.given_up, workers._busy) == (0, 0)


@pytest.mark.semantics("L2")
def test_many_that_hang_and_come_back_leave_the_pool_as_it_was(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make(most=2)
    for _ in range(50):
        stuck = hanging()
        workers.submit([stuck])
        stuck.wait_until_begun()
        assert stuck.worker is not None
        workers.give_up(stuck.worker, stuck)
        stuck.release.set()

    wait_until(lambda: workers.given_up == 0)
    assert workers._busy == 0


# Waiting for others -------------------------------------------------------------------------------


@pytest.mark.semantics(25)
def test_a_worker_that_waits_for_others_lends_its_place(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make(most=1)
    outer, inner = hanging(), Job()
    workers.submit([outer])
    outer.wait_until_begun()
    workers.submit([inner])

    workers.lend()

    inner.wait()
    wait_until(lambda: workers._busy == 0)
    workers.take_back()
    assert workers._busy == 1


# Without threads ----------------------------------------------------------------------------------


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Keep what ended threads; each is to be waited for."""
    ended: list[object] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    return ended


def test_workers_that_are_ended_from_outside_are_replaced(make: Make, ends: list[object]) -> None:
    def end() -> None:
        raise MemoryError

    pool, last = make(most=2), Job()
    for count in range(1, 6):
        pool.submit([Job(end)])
        wait_until(lambda count=count: len(ends) == count)  # type: ignore[misc]

    pool.submit([Job(end), Job(end), last])

    last.wait()
    wait_until(lambda: pool._busy == 0 and len(ends) == 7)
    assert (pool.given_up, pool.waiting) == (0, 0)


def test_a_worker_that_was_given_up_may_be_ended_from_outside(
    make: Make, ends: list[object]
) -> None:
    pool, hanging = make(most=1), HangingJob()

    def hang_and_end() -> None:
        hanging._hang()
        raise SystemExit

    job = Job(hang_and_end)
    pool.submit([job])
    hanging.wait_until_begun()
    assert job.worker is not None
    pool.give_up(job.worker, job)
    hanging.release.set()

    wait_until(lambda: pool.given_up == 0 and ends)
    again = Job()
    pool.submit([again])
    again.wait()


def test_what_nobody_will_do_is_given_back(make: Make, no_threads: Callable[[], None]) -> None:
    no_threads()
    workers = make()
    jobs = [Job(), Job()]

    assert list(workers.submit(jobs)) == jobs

    assert (workers.waiting, workers._busy) == (0, 0)


def test_those_who_are_there_do_it_all(
    make: Make, hanging: Callable[[], HangingJob], no_threads: Callable[[], None]
) -> None:
    workers = make()
    first, second = hanging(), Job()
    workers.submit([first])
    first.wait_until_begun()

    no_threads()
    assert not workers.submit([second])
    workers.spread()

    first.release.set()
    second.wait()
    assert first.thread is second.thread


def test_what_waits_is_done_when_threads_can_be_had_again(
    make: Make, hanging: Callable[[], HangingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = make()
    stuck, other = hanging(), Job()
    workers.submit([stuck])
    stuck.wait_until_begun()
    assert stuck.worker is not None
    with monkeypatch.context() as patch:
        patch.setattr(module, "threading", _WITHOUT_THREADS)
        workers.submit([other])
        workers.give_up(stuck.worker, stuck)
    assert not other.is_done.is_set()

    workers.spread()

    other.wait()


def test_only_what_nobody_has_begun_is_taken_back(make: Make) -> None:
    workers = make()
    taken, waiting = Job(), Job()
    workers._jobs.append(waiting)

    assert workers._withdraw([taken, waiting]) == [waiting]


# In the child of a fork ---------------------------------------------------------------------------


@pytest.mark.semantics(27)
def test_in_a_child_none_of_them_lives_on_and_no_lock_is_held(
    make: Make, hanging: Callable[[], HangingJob]
) -> None:
    workers = make()
    stuck, other = hanging(), Job()
    workers.submit([stuck])
    stuck.wait_until_begun()
    assert stuck.worker is not None
    workers.give_up(stuck.worker, stuck)
    with workers._lock:
        workers._start_over()  # as after a fork
        assert (workers.given_up, workers.waiting) == (0, 0)

        workers.submit([other])

    other.wait()
