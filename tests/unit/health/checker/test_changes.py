"""Changes: told once, after enough results, and with how long it lasted when it is over."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.checker.changes import Change, ChangeDetector, ChangeFeed, close_all
from tests.unit.health.clocks import StillClock

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus
STATUSES = {"h": HEALTHY, "d": DEGRADED, "u": UNHEALTHY}

pytestmark = pytest.mark.semantics(68)


def observe(detector: ChangeDetector, clock: StillClock, letters: str) -> list[Change]:
    """Return the changes of results that come ten seconds after one another."""
    changes = []
    for letter in letters:
        clock.advance(10)
        status = STATUSES[letter]
        changes.append(detector.observe(ComponentStatus("cache", status, f"It is {letter}")))
    return [change for change in changes if change is not None]


def told(letters: str, **thresholds: float) -> str:
    """Return the first letters of what is told."""
    clock = StillClock()
    detector = ChangeDetector(clock=clock, **thresholds)  # type: ignore[arg-type]  # see its callers
    return "".join(change.event[0] for change in observe(detector, clock, letters))


@pytest.mark.parametrize(
    ("results", "changes"),
    [
        ("hhhh", ""),
        ("hhuuuu", "u"),
        ("uuu", "u"),
        ("huh", "ur"),
        ("huhu", "uru"),
        ("hdu", "du"),
        ("hud", "ud"),
        ("hduh", "dur"),
        ("hdduuddhh", "dudr"),
    ],
)
def test_a_change_is_told_once(results: str, changes: str) -> None:
    assert told(results) == changes


@pytest.mark.parametrize(
    ("results", "changes"),
    [
        ("huu", ""),
        ("huuu", "u"),
        ("huuhuu", ""),
        ("hdud", "d"),
        ("huuuddh", "ur"),
        ("huuuddd", "ud"),
        ("huuududud", "u"),
        ("hdddudud", "d"),
        ("hddduuu", "du"),
    ],
)
def test_three_failures_in_a_row_are_needed(results: str, changes: str) -> None:
    assert told(results, failures=3) == changes


@pytest.mark.parametrize(("results", "changes"), [("huuu", ""), ("huuuu", "u"), ("huuuhuu", "")])
def test_it_must_have_failed_for_long_enough(results: str, changes: str) -> None:
    assert told(results, seconds=30) == changes


def test_both_thresholds_are_needed() -> None:
    assert told("huuuuu", failures=5, seconds=5) == "u"
    assert told("huuuu", failures=5, seconds=5) == ""
    assert told("huuuuu", failures=2, seconds=45) == ""


@pytest.mark.parametrize(
    ("results", "changes"), [("huh", "u"), ("huhh", "ur"), ("huhuh", "u"), ("huhuhh", "ur")]
)
def test_an_outage_ends_after_enough_healthy_results(results: str, changes: str) -> None:
    assert told(results, recoveries=2) == changes


def test_a_recovery_says_how_often_and_how_long_it_failed() -> None:
    clock = StillClock()
    detector = ChangeDetector(clock=clock, recoveries=2)

    outage, recovery = observe(detector, clock, "huuuhuhh")

    assert (outage.before, outage.status, outage.message) == (HEALTHY, UNHEALTHY, "It is u")
    assert (outage.failures, outage.outage_s) == (1, 0)
    assert (recovery.before, recovery.status) == (UNHEALTHY, HEALTHY)
    # From the first failure to the first of the healthy results that ended it.
    assert (recovery.failures, recovery.outage_s) == (4, 50)
    assert recovery.is_recovery
    assert outage.id != recovery.id


def test_the_next_outage_begins_anew() -> None:
    clock = StillClock()

    *_, second, recovery = observe(ChangeDetector(clock=clock), clock, "huuuhhuuh")

    assert (second.failures, second.outage_s) == (1, 0)
    assert (recovery.failures, recovery.outage_s) == (2, 20)


@pytest.mark.semantics(32)
def test_a_clock_that_is_set_does_not_lengthen_an_outage() -> None:
    clock = StillClock()
    detector = ChangeDetector(clock=clock)
    observe(detector, clock, "hu")

    clock.jump(-7200)

    (recovery,) = observe(detector, clock, "h")
    assert recovery.outage_s == 10


@given(st.text("hdu", max_size=60), st.integers(1, 4), st.integers(1, 3))
def test_what_was_told_is_always_something_else_than_before(
    results: str, failures: int, recoveries: int
) -> None:
    clock = StillClock()
    detector = ChangeDetector(failures, recoveries=recoveries, clock=clock)

    changes = observe(detector, clock, results)

    statuses = [HEALTHY, *(change.status for change in changes)]
    assert [change.before for change in changes] == statuses[:-1]
    assert all(change.status is not change.before for change in changes)


def test_components_do_not_mix() -> None:
    detector = ChangeDetector(failures=2, clock=StillClock())

    detector.observe(ComponentStatus("cache", UNHEALTHY))

    assert detector.observe(ComponentStatus("database", UNHEALTHY)) is None


def test_what_is_forgotten_begins_anew() -> None:
    detector = ChangeDetector(failures=2, clock=StillClock())
    detector.observe(ComponentStatus("cache", UNHEALTHY))

    detector.forget("cache")
    detector.forget("never seen")

    assert detector.observe(ComponentStatus("cache", UNHEALTHY)) is None


@pytest.mark.parametrize(
    "thresholds",
    [{"failures": 0}, {"recoveries": 0}, {"seconds": -1.0}, {"seconds": float("nan")}],
    ids=str,
)
def test_a_threshold_that_cannot_be_is_refused(thresholds: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(thresholds))):
        ChangeDetector(**thresholds)  # type: ignore[arg-type]  # that is the point


def test_a_change_as_receivers_know_it() -> None:
    clock = StillClock()

    (change,) = observe(ChangeDetector(clock=clock), clock, "u")

    assert change.to_json() == {
        "id": change.id,
        "event": "unhealthy",
        "component": "cache",
        "status": "unhealthy",
        "before": "healthy",
        "message": "It is u",
        "at": "2026-03-02T12:00:10.000Z",
        "failures": 1,
        "outage_s": 0.0,
    }


class Recorder:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def publish(self, change: Change) -> None:
        """Keep it."""
        self.changes.append(change)


def test_a_feed_hands_each_change_to_all_publishers() -> None:
    first, second = Recorder(), Recorder()
    feed = ChangeFeed([first])
    feed.observe(ComponentStatus("cache", UNHEALTHY))
    feed.add(second)

    change = feed.observe(ComponentStatus("cache", HEALTHY))

    assert [one.event for one in first.changes] == ["unhealthy", "recovered"]
    assert second.changes == [change]


def test_whoever_is_added_during_an_outage_is_told_of_it() -> None:
    feed = ChangeFeed()
    assert feed.observe(ComponentStatus("cache", UNHEALTHY)) is None
    recorder = Recorder()

    feed.add(recorder)
    feed.observe(ComponentStatus("cache", UNHEALTHY))

    assert [one.event for one in recorder.changes] == ["unhealthy"]


def test_publishers_are_closed_at_the_same_time() -> None:
    class Slow(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.closed: list[float] = []

        def close(self, timeout_s: float) -> None:
            self.closed.append(timeout_s)

    slow = [Slow(), Slow()]
    feed = ChangeFeed([*slow, Recorder()])

    close_all(feed.publishers, 2.0)

    for one in slow:
        first, second = one.closed
        assert first == 0
        assert 0 < second <= 2


def test_a_feed_that_is_asked_by_many_threads_keeps_the_order_of_each_component() -> None:
    recorder = Recorder()
    feed = ChangeFeed([recorder])

    def observe_many() -> None:
        for _ in range(300):
            feed.observe(ComponentStatus("cache", UNHEALTHY))
            feed.observe(ComponentStatus("cache", HEALTHY))

    threads = [threading.Thread(target=observe_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    statuses = [HEALTHY, *(change.status for change in recorder.changes)]
    assert [change.before for change in recorder.changes] == statuses[:-1]
