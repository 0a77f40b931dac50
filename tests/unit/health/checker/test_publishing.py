"""Publishers: in order, in their own threads, and nobody waits for them."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time

import pytest

from allgreen.domain.status import HealthStatus
from allgreen.errors import DeliveryRefusedError, SettingsError
from allgreen.health.checker.changes import Change
from allgreen.health.checker.publishing import Publisher

pytestmark = pytest.mark.semantics(68, "L9")
SOON_S = 10


def change(name: str = "cache") -> Change:
    return Change(
        id="1",
        name=name,
        status=HealthStatus.UNHEALTHY,
        before=HealthStatus.HEALTHY,
        message="",
        at=0.0,
        failures=1,
        outage_s=0.0,
    )


class Receiver:
    """Receives changes, fails as often as it is told to, and hangs while it is held."""

    def __init__(self, failures: list[BaseException] | None = None) -> None:
        self.failures = failures or []
        self.received: queue.Queue[str] = queue.Queue()
        self.attempts = 0
        self.is_reached = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, change: Change) -> None:
        self.attempts += 1
        self.is_reached.set()
        self.may_go_on.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.received.put(change.name)

    def names(self, count: int) -> list[str]:
        """Wait for so many names."""
        return [self.received.get(timeout=SOON_S) for _ in range(count)]


def wait_until_failed(publisher: Publisher, count: int) -> None:
    """Wait until a publisher has given up so many changes."""
    deadline = time.monotonic() + SOON_S
    while publisher.failed < count:
        assert time.monotonic() < deadline, "it was never given up"
        time.sleep(0.001)


def test_changes_are_delivered_in_their_order_in_another_thread() -> None:
    threads = set()
    receiver = Receiver()

    def deliver(change: Change) -> None:
        threads.add(threading.current_thread().name)
        receiver(change)

    publisher = Publisher(deliver, name="test")
    for name in "abc":
        publisher.publish(change(name))

    assert receiver.names(3) == ["a", "b", "c"]
    publisher.close()
    assert threads == {"allgreen publisher test"}
    assert publisher.delivered == 3


@pytest.mark.semantics("L16")
def test_without_a_change_there_is_no_thread() -> None:
    before = threading.active_count()

    publisher = Publisher(Receiver())

    assert threading.active_count() == before
    publisher.close()


def test_its_thread_ends_with_the_program() -> None:
    receiver = Receiver()
    publisher = Publisher(receiver, name="daemon")
    publisher.publish(change())
    receiver.names(1)

    assert [one.daemon for one in threading.enumerate() if one.name.endswith("daemon")] == [True]
    publisher.close()


def test_a_failure_is_tried_again_before_the_next_change() -> None:
    receiver = Receiver([OSError("no network"), SystemExit(3)])
    publisher = Publisher(receiver, backoff_s=0.0)

    publisher.publish(change("a"))
    publisher.publish(change("b"))

    assert receiver.names(2) == ["a", "b"]
    publisher.close()
    assert (receiver.attempts, publisher.failed) == (4, 0)


def test_a_change_is_given_up_after_so_many_attempts() -> None:
    receiver = Receiver([OSError() for _ in range(3)])
    publisher = Publisher(receiver, attempts=3, backoff_s=0.0)

    publisher.publish(change("a"))
    publisher.publish(change("b"))

    assert receiver.names(1) == ["b"]
    assert (receiver.attempts, publisher.failed) == (4, 1)
    publisher.close()


def test_what_is_refused_is_not_tried_again() -> None:
    receiver = Receiver([DeliveryRefusedError("no")])
    publisher = Publisher(receiver, backoff_s=0.0)

    publisher.publish(change("a"))
    publisher.publish(change("b"))

    assert receiver.names(1) == ["b"]
    assert (receiver.attempts, publisher.failed) == (2, 1)
    publisher.close()


def test_a_receiver_that_hangs_keeps_nobody_waiting() -> None:
    hanging, other = Receiver(), Receiver()
    hanging.may_go_on.clear()
    publishers = [Publisher(hanging), Publisher(other)]

    for name in "ab":
        for publisher in publishers:
            publisher.publish(change(name))

    assert other.names(2) == ["a", "b"]
    hanging.may_go_on.set()
    assert hanging.names(2) == ["a", "b"]
    for publisher in publishers:
        publisher.close()


def test_the_oldest_make_room_in_a_full_queue() -> None:
    receiver = Receiver()
    receiver.may_go_on.clear()
    publisher = Publisher(receiver)
    publisher.publish(change("first"))
    receiver.is_reached.wait()

    for number in range(1005):
        publisher.publish(change(str(number)))

    assert (publisher.waiting, publisher.dropped) == (1000, 5)
    receiver.may_go_on.set()
    assert receiver.names(2) == ["first", "5"]
    publisher.close()


def test_closing_delivers_what_waits_without_pauses() -> None:
    receiver = Receiver([OSError()])
    publisher = Publisher(receiver, backoff_s=60.0)
    publisher.publish(change("a"))
    publisher.publish(change("b"))
    receiver.is_reached.wait()

    publisher.close()

    assert receiver.names(1) == ["b"]
    assert publisher.failed == 1


def test_closing_does_not_wait_for_a_receiver_that_hangs() -> None:
    receiver = Receiver()
    receiver.may_go_on.clear()
    publisher = Publisher(receiver)
    publisher.publish(change("a"))
    receiver.is_reached.wait()

    publisher.close(timeout_s=0.01)

    assert publisher.delivered == 0
    receiver.may_go_on.set()


def test_a_publisher_may_close_itself() -> None:
    receiver = Receiver()

    def deliver(change: Change) -> None:
        publisher.close()
        receiver(change)

    publisher = Publisher(deliver)
    publisher.publish(change("a"))

    assert receiver.names(1) == ["a"]


def test_what_comes_after_the_end_is_dropped() -> None:
    publisher = Publisher(Receiver())
    publisher.close()

    publisher.publish(change())

    assert (publisher.waiting, publisher.dropped) == (0, 1)


def test_it_is_logged_once_that_it_fails_and_once_that_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = Receiver([OSError("password=hunter2"), OSError(), OSError()])
    caplog.set_level(logging.INFO)
    publisher = Publisher(receiver, name="test", backoff_s=0.0)

    publisher.publish(change("a"))
    publisher.publish(change("b"))
    receiver.names(2)
    publisher.close()

    assert [record.getMessage() for record in caplog.records] == [
        "The publisher test fails: OSError: password=***",
        "The publisher test works again",
    ]


def test_an_error_without_a_text_is_logged_by_its_type(caplog: pytest.LogCaptureFixture) -> None:
    class UnreadableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    publisher = Publisher(Receiver([UnreadableError()]), name="test", attempts=1)

    publisher.publish(change())
    wait_until_failed(publisher, 1)
    publisher.close()

    assert [record.getMessage() for record in caplog.records] == [
        "The publisher test fails: UnreadableError"
    ]


def test_without_a_thread_the_next_change_tries_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    publisher = Publisher(receiver)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        publisher.publish(change("a"))
    publisher.publish(change("b"))

    assert receiver.names(2) == ["a", "b"]
    assert "can't start new thread" in caplog.text
    publisher.close()


@pytest.mark.semantics("L13")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_after_a_fork_the_child_publishes_what_it_found_itself() -> None:
    receiver = Receiver()
    receiver.may_go_on.clear()
    publisher = Publisher(receiver)
    for name in "ab":
        publisher.publish(change(name))
    receiver.is_reached.wait()

    child = os.fork()
    if not child:
        inherited = publisher.waiting
        receiver.may_go_on = threading.Event()
        receiver.may_go_on.set()
        receiver.received = queue.Queue()
        publisher.publish(change("c"))
        os._exit(7 if (inherited, receiver.names(1)) == (0, ["c"]) else 1)
    _, status = os.waitpid(child, 0)
    receiver.may_go_on.set()

    assert os.waitstatus_to_exitcode(status) == 7
    assert receiver.names(2) == ["a", "b"]
    publisher.close()


@pytest.mark.parametrize(
    "options", [{"capacity": 0}, {"attempts": 0}, {"backoff_s": -1.0}, {"backoff_s": 61.0}], ids=str
)
def test_a_number_that_cannot_be_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        Publisher(Receiver(), **options)  # type: ignore[arg-type]  # that is the point
