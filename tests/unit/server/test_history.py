"""Buckets of a graph: wide enough for the default period, and on a grid that does not move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from allgreen.domain.calendar import Calendar
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import Outcome
from allgreen.domain.uptime import RollUp
from allgreen.ports import Grain
from allgreen.server.catalog.history import Window, draw_buckets
from allgreen.server.catalog.schemas import Range

NOW = datetime(2026, 4, 14, 23, 31, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEFAULT_PERIOD = timedelta(minutes=15)
FEWEST_FOR_PERCENTILES = 5


@pytest.mark.parametrize("range_", [Range.WEEK, Range.MONTH, Range.QUARTER])
def test_a_bucket_of_days_has_enough_checks_of_the_default_period(range_: Range) -> None:
    window = Window.of(range_, NOW, Calendar())

    assert window.width / DEFAULT_PERIOD >= FEWEST_FOR_PERCENTILES


@pytest.mark.parametrize("range_", list(Range))
def test_a_bucket_is_a_whole_number_of_roll_ups(range_: Range) -> None:
    window = Window.of(range_, NOW, Calendar())

    grain = {Grain.MINUTE: timedelta(minutes=1), Grain.HOUR: HOUR}[window.grain]
    assert window.width % grain == timedelta(0)
    assert window.first <= window.begin < window.first + window.width


def test_two_hours_of_a_week_are_pooled_into_one_bucket() -> None:
    window = Window.of(Range.WEEK, NOW, Calendar())
    hour = RollUp(outcomes={Outcome.OK: 4}, latencies=LatencySketch.of([100.0] * 4))
    at = datetime(2026, 4, 14, 20, tzinfo=UTC)

    buckets = draw_buckets(window, [{at: hour, at + HOUR: hour, at + 2 * HOUR: hour}], [])

    assert [(bucket.at, bucket.checks) for bucket in buckets] == [(at, 8), (at + 2 * HOUR, 4)]
