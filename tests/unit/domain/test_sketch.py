"""The latency sketch: its error is bounded, and merging loses nothing."""

import math

import pytest
from hypothesis import given, settings
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


def test_a_day_of_results_is_a_short_text() -> None:
    day = [40 + 30 * math.sin(n) ** 2 + (n % 7) for n in range(96)]

    assert len(LatencySketch.of(day).to_text()) <= 160
