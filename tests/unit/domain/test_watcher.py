"""Where checks lie within a period, and how long nobody looked."""

from collections import Counter
from datetime import timedelta

import pytest

from allgreen.domain.identity import CheckId
from allgreen.domain.watcher import LONGEST_SPREAD, grid_of, share_of, spread_of
from allgreen.testing import CHECK, MINUTE, NOON, SequentialIds

SECOND = timedelta(seconds=1)
BURST = [CheckId(new_id()) for new_id in [SequentialIds()] for _ in range(1000)]


@pytest.mark.parametrize("every_s", [10, 20, 60])
def test_of_a_thousand_made_in_a_burst_no_second_holds_twice_the_mean(every_s: int) -> None:
    grids = [grid_of(check_id, every_s * SECOND, NOON) for check_id in BURST]

    starts = Counter((grid.anchor - NOON) // SECOND for grid in grids)

    assert sum(starts.values()) == 1000
    assert max(starts.values()) <= 2 * 1000 / every_s


def test_a_grid_begins_within_one_period() -> None:
    for check_id in BURST:
        assert NOON <= grid_of(check_id, MINUTE, NOON).anchor < NOON + MINUTE


def test_no_edit_moves_the_slots_of_a_check() -> None:
    first = grid_of(CHECK, MINUTE, NOON)

    later = grid_of(CHECK, MINUTE, NOON + timedelta(minutes=31, seconds=7))

    assert (later.anchor - first.anchor) % MINUTE == timedelta(0)


def test_a_grid_that_has_a_slot_right_now_begins_now() -> None:
    first = grid_of(CHECK, MINUTE, NOON)

    assert grid_of(CHECK, MINUTE, first.anchor) == first


def test_the_place_of_a_check_is_always_the_same() -> None:
    assert share_of(CheckId("0198c000-0000-7000-8000-000000000003")) == pytest.approx(
        share_of(CHECK)
    )
    assert all(0 <= share_of(check_id) < 1 for check_id in BURST)


@pytest.mark.parametrize(
    ("every", "within"),
    [(10 * SECOND, 10 * SECOND), (timedelta(days=1), LONGEST_SPREAD)],
    ids=["a short period", "a long one"],
)
def test_what_waited_is_spread_over_its_period_or_a_minute(
    every: timedelta, within: timedelta
) -> None:
    waits = [spread_of(check_id, every) for check_id in BURST]

    assert 0.9 * within < max(waits) < within
    assert min(waits) < 0.1 * within
