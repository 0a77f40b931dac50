"""Statistics of components: right, bounded, and about the last hour and day only."""

from __future__ import annotations

import gc
import math
import random
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.status import HealthStatus
from allgreen.health.checker.statistics import (
    ComponentStatistics,
    Figures,
    Statistics,
    Trend,
    compare,
)

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus
MINUTE_S, HOUR_S = 60, 3600
NOON = 500_000.0


def known(statistics: Statistics, at: float = NOON, name: str = "cache") -> ComponentStatistics:
    found = statistics.of(name, at)
    assert found is not None
    return found


def recorded(*times_ms: float, at: float = NOON) -> Statistics:
    statistics = Statistics()
    for time_ms in times_ms:
        statistics.record("cache", HEALTHY, time_ms, at)
    return statistics


def test_what_was_never_recorded_is_unknown() -> None:
    assert Statistics().of("cache", NOON) is None


def test_figures_of_an_hour() -> None:
    found = known(recorded(*range(1, 101))).hour

    assert (found.runs, found.min_ms, found.max_ms, found.mean_ms) == (100, 1, 100, 50.5)
    assert found.p50_ms == pytest.approx(50, rel=0.1)
    assert found.p95_ms == pytest.approx(95, rel=0.1)
    assert found.p99_ms == pytest.approx(99, rel=0.1)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=300))
@pytest.mark.semantics(69)
def test_percentiles_are_monotone_and_within_what_was_measured(times_ms: list[float]) -> None:
    found = known(recorded(*times_ms)).day

    order = [found.min_ms, found.p50_ms, found.p95_ms, found.p99_ms, found.max_ms]
    assert order == sorted(one for one in order if one is not None)


@pytest.mark.parametrize("time_ms", [-1.0, math.nan, -math.inf])
def test_what_is_no_time_counts_as_none(time_ms: float) -> None:
    assert known(recorded(time_ms)).hour.max_ms == 0


def test_a_time_without_end_counts_as_a_day() -> None:
    assert known(recorded(math.inf)).hour.max_ms == 86_400_000


def test_availability_is_floored_and_degraded_is_available() -> None:
    statistics = recorded(*[1.0] * 29_998)
    statistics.record("cache", DEGRADED, 1, NOON)
    statistics.record("cache", UNHEALTHY, 1, NOON)

    assert known(statistics).day.availability_pct == 99.99


def test_nothing_measured_gives_no_figures() -> None:
    assert known(recorded(5.0), at=NOON + 2 * 24 * HOUR_S).day == Figures()


def test_the_hour_forgets_what_the_day_remembers() -> None:
    statistics = recorded(5.0)

    found = known(statistics, at=NOON + 2 * HOUR_S)

    assert (found.hour.runs, found.day.runs, found.runs) == (0, 1, 1)


@given(st.floats(0, 1e6), st.integers(1, 30))
def test_every_result_of_the_last_hour_and_day_is_counted_once(begin: float, step: int) -> None:
    statistics = Statistics()
    at = begin
    for number in range(200):
        at = begin + number * step * MINUTE_S
        statistics.record("cache", HEALTHY, number, at)

    found = known(statistics, at)
    ages_s = [at - (begin + number * step * MINUTE_S) for number in range(200)]
    assert sum(age <= 50 * MINUTE_S for age in ages_s) <= found.hour.runs
    assert found.hour.runs <= sum(age < HOUR_S for age in ages_s)
    assert sum(age <= 21 * HOUR_S for age in ages_s) <= found.day.runs
    assert found.day.runs <= sum(age < 24 * HOUR_S for age in ages_s)


def test_a_result_of_a_moment_ago_counts_in_the_slot_that_is_open() -> None:
    statistics = recorded(5.0)
    statistics.record("cache", HEALTHY, 7.0, NOON - 700)

    assert known(statistics).hour.runs == 2


def test_failures_in_a_row_are_counted_and_end_with_a_healthy_one() -> None:
    statistics = recorded(1.0)
    statistics.record("cache", DEGRADED, 1, NOON)
    statistics.record("cache", UNHEALTHY, 1, NOON)
    assert known(statistics).consecutive_failures == 2

    statistics.record("cache", HEALTHY, 1, NOON)

    assert known(statistics).consecutive_failures == 0


def test_the_last_change_is_remembered() -> None:
    statistics = recorded(1.0)
    assert known(statistics).changed_s_ago is None

    statistics.record("cache", UNHEALTHY, 1, NOON + 10)
    statistics.record("cache", UNHEALTHY, 1, NOON + 20)

    found = known(statistics, at=NOON + 30)
    assert (found.status, found.changed_s_ago) == (UNHEALTHY, 20)


def figures(*, runs: int = 100, pct: float = 100.0, p50_ms: float = 10.0) -> Figures:
    return Figures(runs=runs, availability_pct=pct, p50_ms=p50_ms)


@pytest.mark.parametrize(
    ("hour", "trend"),
    [
        (figures(), Trend.SAME),
        (figures(p50_ms=12), Trend.SAME),
        (figures(p50_ms=14), Trend.WORSE),
        (figures(p50_ms=7), Trend.BETTER),
        (figures(pct=98), Trend.WORSE),
        (figures(pct=98, p50_ms=5), Trend.WORSE),
        (figures(runs=4), None),
        (figures(runs=998), None),
    ],
    ids=["same", "noise", "slower", "faster", "less-available", "fast-but-failing", "few", "new"],
)
def test_the_hour_is_compared_with_the_day(hour: Figures, trend: Trend | None) -> None:
    assert compare(hour, figures(runs=1000)) is trend


def test_a_microsecond_is_no_trend() -> None:
    assert compare(figures(p50_ms=0.9), figures(runs=1000, p50_ms=0.1)) is Trend.SAME


def test_more_available_is_better() -> None:
    assert compare(figures(), figures(runs=1000, pct=80.0)) is Trend.BETTER


def test_the_trend_comes_with_both_figures() -> None:
    statistics = Statistics()
    for number in range(100):
        statistics.record("cache", HEALTHY, 10, NOON - 5 * HOUR_S + number)
    for _ in range(50):
        statistics.record("cache", HEALTHY, 90, NOON - 10)

    found = known(statistics)

    assert found.trend is Trend.WORSE
    assert found.hour.p50_ms == pytest.approx(90, rel=0.1)
    assert found.day.p50_ms == pytest.approx(10, rel=0.1)


def test_all_are_listed_by_name_and_one_can_be_forgotten() -> None:
    statistics = Statistics()
    for name in ("b", "a", "c"):
        statistics.record(name, HEALTHY, 1, NOON)

    statistics.forget("c")
    statistics.forget("never seen")

    assert [one.name for one in statistics.list_all(NOON)] == ["a", "b"]


@pytest.mark.semantics(69)
def test_of_too_many_components_the_one_unseen_for_longest_is_forgotten() -> None:
    statistics = Statistics()
    for number in range(1000):
        statistics.record(str(number), HEALTHY, 1, NOON + number)
    statistics.record("0", HEALTHY, 1, NOON + 2000)

    statistics.record("new", HEALTHY, 1, NOON + 2001)

    assert statistics.of("1", NOON) is None
    assert len(statistics.list_all(NOON)) == 1000


def recorded_days(components: int, days: int, rng: random.Random) -> Statistics:
    """Record response times from ten microseconds to a minute and a half, which is the worst."""
    statistics = Statistics()
    for slot in range(days * 24 * 6):
        for number in range(components):
            for second in range(0, 600, 15):
                at = slot * 600 + second
                statistics.record(str(number), HEALTHY, 10 ** rng.uniform(-2, 5), at)
    return statistics


@pytest.mark.semantics(69)
def test_a_thousand_components_take_less_than_10_mb() -> None:
    # More than once only where threads of other tests took something meanwhile.
    assert any(_memory_of_three() / 3 * 1000 < 10_000_000 for _ in range(5))


def _memory_of_three() -> int:
    gc.collect()
    tracemalloc.start()
    statistics = recorded_days(3, 1, random.Random(1))
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(statistics.list_all(0)) == 3
    return took


@pytest.mark.semantics(69)
def test_nothing_grows_with_the_number_of_records() -> None:
    statistics = Statistics()
    at = NOON

    def record(times: int) -> None:
        nonlocal at
        for _ in range(times):
            at += 10
            statistics.record("cache", HEALTHY, at % 97, at)

    record(9000)  # more than a day: all slots are in use
    gc.collect()
    tracemalloc.start()
    record(1000)
    before, _ = tracemalloc.get_traced_memory()
    record(20_000)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after - before < 10_000
    assert known(statistics, at).runs == 30_000


def test_threads_lose_nothing() -> None:
    statistics = Statistics()

    def record() -> None:
        for _ in range(2000):
            statistics.record("cache", HEALTHY, 1, NOON)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert known(statistics).hour.runs == 8000
