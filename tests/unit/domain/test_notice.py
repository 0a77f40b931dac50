"""Messages owed: their identity, and when they are tried again."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.notice import GIVE_UP_AFTER, Channel, NoticeKind, incident_key, retry_at
from allgreen.testing import INCIDENT, NOON, RECIPIENT, SERVICE, a_notice


def _delays(*, jitter: float = 0.0, delay_scale: float = 1.0) -> list[float]:
    found = []
    for attempt in range(1, 12):
        at = retry_at(a_notice(attempt=attempt), NOON, jitter=jitter, delay_scale=delay_scale)
        assert at is not None
        found.append((at - NOON).total_seconds())
    return found


def test_delays_grow_from_ten_seconds_to_fifteen_minutes() -> None:
    delays = _delays()

    assert (delays[0], delays[-1]) == (10, 900)
    assert all(one <= other for one, other in pairwise(delays))


def test_delays_are_scaled() -> None:
    assert _delays(delay_scale=0.01) == pytest.approx([delay / 100 for delay in _delays()])


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1), st.integers(0, 7))
def test_jitter_shortens_a_delay_by_up_to_a_quarter(jitter: float, index: int) -> None:
    plain, shaken = _delays()[index], _delays(jitter=jitter)[index]

    assert plain * 0.75 <= shaken + 1e-6 <= plain + 2e-6


def test_after_three_days_a_message_is_given_up() -> None:
    last = NOON + GIVE_UP_AFTER - timedelta(seconds=10)
    just_before = last - timedelta(microseconds=1)

    assert retry_at(a_notice(), just_before, jitter=0, delay_scale=1) is not None
    assert retry_at(a_notice(), last, jitter=0, delay_scale=1) is None


def test_the_message_id_depends_on_the_fact_and_not_on_the_attempt() -> None:
    first, again = a_notice(attempt=1), a_notice(attempt=9, fence=4)

    assert first.message_id("example.org") == again.message_id("example.org")
    assert first.message_id("example.org") != a_notice(NoticeKind.UP).message_id("example.org")
    assert first.message_id("example.org").endswith("@example.org>")


def test_a_key_names_incident_kind_repetition_recipient_and_channel() -> None:
    key = incident_key(INCIDENT, NoticeKind.DOWN, 1, RECIPIENT, Channel.EMAIL)

    assert key == f"{INCIDENT}/down/1/{RECIPIENT}/email"


@pytest.mark.parametrize(
    ("incident_id", "service_id", "begin"),
    [(INCIDENT, SERVICE, INCIDENT), (None, SERVICE, SERVICE), (None, None, a_notice().id)],
    ids=["of an incident", "of a service", "of neither"],
)
def test_the_event_of_a_message(
    incident_id: IncidentId | None, service_id: ServiceId | None, begin: str
) -> None:
    notice = replace(a_notice(), incident_id=incident_id, service_id=service_id)

    assert notice.event == f"{begin}/down"
