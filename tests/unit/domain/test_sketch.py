"""The latency sketch: its error is bounded, and merging loses nothing."""

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from allgreen.domain.sketch import LatencySketch

thoroughly = settings(max_examples=200, deadline=None)
latencies = st.lists(st.floats(min_value=0.01, max_value=600_000), max_size=200)


@thoroughly
@given(latencies.filter(bool), st.floats(0, 1))
def test_a_quantile_is_off_by_at_most_one_percent(values: list[float], q: float) -> None:
    exact = sorted(values)[max(1, math.ceil(q * len(values))) - 1]

    found = LatencySketch.of(values).quantile_ms(q)

    assert found is not None
    assert abs(found - exact) <= 0.01 * exact


@thoroughly
@given(latencies, latencies)
def test_merging_loses_nothing(one: list[float], other: list[float]) -> None:
    merged = LatencySketch.merged([LatencySketch.of(one), LatencySketch.of(other)])

    assert merged == LatencySketch.of([*one, *other])
    assert merged.count == len(one) + len(other)


@thoroughly
@given(latencies)
def test_a_sketch_comes_back_from_its_text(values: list[float]) -> None:
    sketch = LatencySketch.of(values)

    assert LatencySketch.from_text(sketch.to_text()) == sketch


@pytest.mark.parametrize("q", [0, 0.5, 0.99, 1])
def test_nothing_has_no_quantile(q: float) -> None:
    assert LatencySketch().quantile_ms(q) is None


@pytest.mark.parametrize("latency_ms", [0.0, -3.0, 1e-9])
def test_what_a_clock_cannot_tell_counts_as_the_smallest(latency_ms: float) -> None:
    assert LatencySketch.of([latency_ms]) == LatencySketch.of([0.01])


days_of_results = st.lists(st.floats(min_value=0.01, max_value=600_000), min_size=96, max_size=96)


@settings(max_examples=50, deadline=None)
@given(days_of_results)
@example([0.01 * 1.2**n for n in range(96)])
@example([12.0] * 96)
def test_a_day_of_results_is_a_short_text(values: list[float]) -> None:
    assert len(LatencySketch.of(values).to_text().encode()) <= 120


@pytest.mark.parametrize("count", [1, 2, 3, 30, 31, 32, 33, 86_400, 10**9])
def test_any_count_comes_back(count: int) -> None:
    sketch = LatencySketch(Counter({_BUCKET_OF_12_MS: count}))

    assert LatencySketch.from_text(sketch.to_text()) == sketch


@thoroughly
@given(st.lists(latencies, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_whatever_is_merged_first_the_quantiles_are_right(
    parts: list[list[float]], dice: random.Random
) -> None:
    values = sorted(value for part in parts for value in part)
    sketches = [LatencySketch.of(part) for part in parts]

    while len(sketches) > 1:
        dice.shuffle(sketches)
        one, other = sketches.pop(), sketches.pop()
        sketches.append(LatencySketch.from_text(LatencySketch.merged([one, other]).to_text()))

    assert sketches == [LatencySketch.of(values)]
    for q in (0.5, 0.95, 0.99):
        found = sketches[0].quantile_ms(q)
        exact = values[max(1, math.ceil(q * len(values))) - 1] if values else None
        assert (found is None) == (exact is None)
        if found is not None and exact is not None:
            assert abs(found - exact) <= 0.01 * exact


@pytest.mark.parametrize("shape", ["even", "two humps", "long tail", "one value"])
def test_percentiles_of_a_long_range_are_right_to_one_percent(shape: str) -> None:
    dice = random.Random(shape)
    draw: Callable[[], float] = {
        "even": lambda: dice.uniform(5, 900),
        "two humps": lambda: abs(dice.choice([dice.gauss(40, 5), dice.gauss(700, 60)])),
        "long tail": lambda: min(dice.lognormvariate(4, 1.2), 60_000),
        "one value": lambda: 183.0,
    }[shape]
    hours = [[draw() for _ in range(dice.randint(1, 240))] for _ in range(100)]

    merged = LatencySketch.merged(LatencySketch.of(hour) for hour in hours)

    values = sorted(value for hour in hours for value in hour)
    for q in (0.5, 0.95, 0.99):
        exact, found = values[math.ceil(q * len(values)) - 1], merged.quantile_ms(q)
        assert found is not None
        assert abs(found - exact) <= 0.01 * exact


_BUCKET_OF_12_MS = next(iter(LatencySketch.of([12.0]).buckets))
