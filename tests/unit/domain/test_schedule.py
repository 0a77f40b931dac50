"""Slots on a grid of elapsed time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.schedule import Schedule
from allgreen.testing import MINUTE, NOON, a_schedule

thoroughly = settings(max_examples=200, deadline=None)
instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
schedules = st.builds(
    Schedule,
    every=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(weeks=52)),
    anchor=instants,
)


def test_a_period_is_longer_than_nothing() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        a_schedule(every=timedelta(0))


def test_a_day_is_86400_seconds_whatever_the_clocks_do() -> None:
    before_summer_time = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    schedule = a_schedule(every=timedelta(days=1), anchor=before_summer_time)

    assert schedule.next_after(before_summer_time) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "slot"),
    [(-0.1, None), (0, 0), (0.9, 0), (1, 1), (59.99, 59), (60, 60)],
)
def test_the_slot_of_an_instant(minutes: float, slot: int | None) -> None:
    found = a_schedule().slot_at(NOON + minutes * MINUTE)

    assert found == (None if slot is None else NOON + slot * MINUTE)


def test_nothing_is_missed_between_neighbours() -> None:
    assert a_schedule().missed_between(NOON, NOON + MINUTE, at_most=100) == []


def test_slots_before_the_anchor_do_not_exist() -> None:
    schedule = a_schedule(anchor=NOON + 10 * MINUTE)

    assert schedule.missed_between(NOON, NOON + 10 * MINUTE, at_most=100) == []
    assert schedule.next_after(NOON) == NOON + 10 * MINUTE


def test_a_run_outside_of_the_grid_counts_the_slots_around_it() -> None:
    schedule = a_schedule()

    missed = schedule.missed_between(NOON + 0.5 * MINUTE, NOON + 2.5 * MINUTE, at_most=100)

    assert missed == [NOON + MINUTE, NOON + 2 * MINUTE]


@thoroughly
@given(schedules, instants)
def test_the_slot_of_an_instant_is_on_the_grid_and_not_after_it(
    schedule: Schedule, instant: datetime
) -> None:
    slot = schedule.slot_at(instant)

    if slot is None:
        assert instant < schedule.anchor
    else:
        assert slot <= instant < slot + schedule.every
        assert (slot - schedule.anchor) % schedule.every == timedelta(0)


@thoroughly
@given(schedules, instants)
def test_the_next_slot_is_the_first_one_later(schedule: Schedule, instant: datetime) -> None:
    following = schedule.next_after(instant)

    assert following > instant
    assert following == schedule.anchor or following - schedule.every <= instant


@thoroughly
@given(schedules, instants, instants)
def test_what_is_due_lies_after_the_slot_that_is_done(
    schedule: Schedule, done: datetime, now: datetime
) -> None:
    due = schedule.due_after(done, now)

    assert due > done
    assert due == schedule.next_after(done) or due <= now


@thoroughly
@given(schedules, instants, instants, st.integers(0, 120))
def test_missed_slots_lie_strictly_between_and_are_the_latest(
    schedule: Schedule, done: datetime, slot: datetime, at_most: int
) -> None:
    missed = schedule.missed_between(done, slot, at_most=at_most)

    count = schedule.count_between(done, slot)
    assert len(missed) == min(count, at_most)
    assert all(done < each < slot for each in missed)
    assert missed == sorted(set(missed))
    if missed:
        assert schedule.next_after(missed[-1]) >= slot


@thoroughly
@given(schedules, st.integers(0, 500))
def test_a_gap_of_so_many_slots_is_counted_exactly(schedule: Schedule, gap: int) -> None:
    done = schedule.anchor

    assert schedule.count_between(done, done + (gap + 1) * schedule.every) == gap
