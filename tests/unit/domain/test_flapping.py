"""A service that turns too often: told once, summed up by the hour, and ended with what lasts."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.flapping import FlapRule, Flaps
from allgreen.testing import MINUTE, NOON

RULE = FlapRule()


def turned(*minutes: float, rule: FlapRule = RULE) -> Flaps:
    flaps = Flaps()
    for minute in minutes:
        flaps = flaps.after_turn(NOON + minute * MINUTE, rule)
    return flaps


def test_four_turns_in_an_hour_are_told_each() -> None:
    assert not turned(0, 10, 20, 30).is_flapping


def test_the_fifth_turn_within_an_hour_makes_it_flap_from_then_on() -> None:
    flaps = turned(0, 10, 20, 30, 59)

    assert flaps.since == NOON + 59 * MINUTE


def test_a_turn_that_is_an_hour_old_counts_no_more() -> None:
    assert not turned(0, 10, 20, 30, 60).is_flapping


def test_while_it_flaps_the_begin_of_it_stays() -> None:
    assert turned(0, 1, 2, 3, 4, 5, 6).since == NOON + 4 * MINUTE


def test_with_the_rule_off_nothing_is_counted() -> None:
    off = FlapRule(turns=0)

    assert turned(0, 1, 2, 3, 4, 5, 6, rule=off) == Flaps()


def test_half_an_hour_without_a_turn_ends_it() -> None:
    flaps = turned(0, 1, 2, 3, 4)

    assert not flaps.is_over(NOON + 33.9 * MINUTE, RULE)
    assert flaps.is_over(NOON + 34 * MINUTE, RULE)


def test_what_contradicts_the_state_keeps_it_from_being_steady() -> None:
    flaps = turned(0, 1, 2, 3, 4).contradicted(NOON + 20 * MINUTE)

    assert not flaps.is_over(NOON + 34 * MINUTE, RULE)
    assert flaps.is_over(NOON + 50 * MINUTE, RULE)


def test_what_does_not_flap_is_never_over() -> None:
    assert not turned(0).is_over(NOON + timedelta(days=1), RULE)


def test_a_summary_is_owed_every_hour() -> None:
    flaps = turned(0, 1, 2, 3, 4)

    assert not flaps.owes_summary(NOON + 63 * MINUTE, RULE)
    assert flaps.owes_summary(NOON + 64 * MINUTE, RULE)
    assert not flaps.with_summary().owes_summary(NOON + 123 * MINUTE, RULE)
    assert flaps.with_summary().owes_summary(NOON + 124 * MINUTE, RULE)


def test_no_summary_is_owed_of_what_does_not_flap() -> None:
    assert not turned(0, 1).owes_summary(NOON + timedelta(days=1), RULE)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60), st.integers(1, 8))
def test_it_flaps_exactly_when_enough_turns_ever_fell_within_an_hour(
    gaps: list[int], needed: int
) -> None:
    rule = FlapRule(turns=needed)
    minutes = [sum(gaps[: place + 1]) for place in range(len(gaps))]

    flaps = turned(*minutes, rule=rule)

    windows = zip(minutes, minutes[needed - 1 :], strict=False)
    assert flaps.is_flapping == any(last - first < 60 for first, last in windows)
    assert len(flaps.turns) <= needed + 1


def test_a_clock_that_was_set_back_forgets_the_turns_that_lie_ahead() -> None:
    assert turned(0, 1, 2, 3, -60).turns == (NOON - 60 * MINUTE,)
