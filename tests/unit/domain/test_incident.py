"""One outage of one service."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.incident import IncidentState, Resolution
from allgreen.testing import MINUTE, NOON, an_incident

offsets = st.timedeltas(min_value=-timedelta(days=1), max_value=timedelta(days=1))


def test_an_open_incident_lasts_until_now() -> None:
    assert an_incident().duration(NOON + MINUTE) == MINUTE


def test_a_resolved_incident_lasted_until_its_end() -> None:
    ended = an_incident().resolve(NOON + 5 * MINUTE, Resolution.HOLDS_AGAIN)

    assert ended.duration(NOON + 90 * MINUTE) == 5 * MINUTE


def test_an_acknowledged_incident_is_not_resolved() -> None:
    acknowledged = an_incident().acknowledge()

    assert acknowledged.state is IncidentState.ACKNOWLEDGED
    assert acknowledged.ended_at is None


@settings(max_examples=200, deadline=None)
@given(offsets, offsets)
def test_begin_confirmation_and_end_are_in_order_whatever_the_clock_does(
    end: timedelta, now: timedelta
) -> None:
    ended = an_incident().resolve(NOON + end, Resolution.PAUSED)

    assert ended.ended_at is not None
    assert ended.began_at <= ended.confirmed_at <= ended.ended_at
    assert an_incident().duration(NOON + now) >= timedelta(0)
