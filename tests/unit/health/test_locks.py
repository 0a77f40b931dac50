import os
import threading

import pytest

from allgreen.health import locks
from allgreen.health.locks import ForkLock


def test_one_holds_it_at_a_time() -> None:
    lock = ForkLock()
    order: list[str] = []

    def enter() -> None:
        with lock:
            order.append("second")

    with lock:
        thread = threading.Thread(target=enter)
        thread.start()
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_starting_over_frees_what_is_held() -> None:
    lock = ForkLock()
    lock.__enter__()  # by a thread that is not there after the fork

    locks._free_all()

    with lock:
        pass


@pytest.mark.semantics("L13")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_it_is_free_in_the_child_of_a_fork_that_happened_while_it_was_held() -> None:
    lock = ForkLock()
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            is_held.set()
            is_over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait()

    child = os.fork()
    if not child:
        with lock:
            os._exit(7)
    _, status = os.waitpid(child, 0)
    is_over.set()
    thread.join()

    assert os.waitstatus_to_exitcode(status) == 7
