"""What stays of a service whose clock was set back, or whose failures may be our own."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from allgreen.domain.check import Check, CheckState
from allgreen.domain.events import CheckAccountChanged
from allgreen.domain.flapping import Flaps
from allgreen.domain.result import SlotKey
from allgreen.domain.rewind import forget_suspicions, is_ahead, set_clock_back
from allgreen.domain.service import Service
from allgreen.domain.status import Outcome, ServiceHealth, TimeKind
from allgreen.testing import CHECK, INCIDENT, MINUTE, NOON, a_check, a_result, a_service, outcomes
from tests.unit.domain.walk import a_walk

HOUR = timedelta(hours=1)
BACK = NOON - 2 * HOUR


def _check(**state: object) -> Check:
    return a_check(state=replace(CheckState(), **state), anchor=NOON - HOUR * 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "state",
    [
        {"last": SlotKey(NOON)},
        {"last_evidence_at": NOON},
        {"since": NOON},
        {"first_bad_slot": NOON},
    ],
    ids=lambda state: str(next(iter(state))),
)
def test_a_check_is_ahead_when_anything_of_it_is(state: dict[str, object]) -> None:
    check = _check(**state)

    assert is_ahead(check, BACK)
    assert not is_ahead(check, NOON)


def test_a_grid_may_begin_within_a_period_but_no_later() -> None:
    check = a_check(anchor=NOON)

    assert not is_ahead(check, NOON - MINUTE)
    assert is_ahead(check, NOON - MINUTE - timedelta(seconds=1))


def test_the_same_grid_goes_on_from_the_present() -> None:
    at = BACK + timedelta(seconds=20)

    (check,) = set_clock_back(a_service(a_check(anchor=NOON)), at).service.checks

    assert check.schedule.next_after(at) == BACK + MINUTE


def test_results_after_the_jump_count_again() -> None:
    service = a_walk().take(outcomes("oo")).service

    back = set_clock_back(service, BACK).service
    observed = back.observe(a_result(Outcome.FAIL, slot=BACK), incident_id=INCIDENT)

    assert observed.service.checks[0].state.bad == 1
    assert back.missed_before(a_result(Outcome.FAIL, slot=BACK)) == []


def test_neither_health_nor_the_incident_is_touched() -> None:
    service = a_walk().take(outcomes("offf")).service

    back = set_clock_back(service, BACK).service

    assert back.health is ServiceHealth.DOWN
    assert back.incident is not None
    assert service.incident is not None
    assert back.incident.id == service.incident.id
    assert back.checks[0].state.bad == 3


def test_nothing_lies_in_the_future_any_more() -> None:
    service = replace(
        a_walk().take(outcomes("offf")).service,
        flaps=Flaps(turns=(BACK - MINUTE, NOON), since=NOON),
    )

    back = set_clock_back(service, BACK).service

    assert back.incident is not None
    state = back.checks[0].state
    instants = (
        back.since,
        state.since,
        back.incident.began_at,
        back.incident.confirmed_at,
        back.flaps.since,
        *back.flaps.turns,
    )
    assert max(instant for instant in instants if instant) == BACK


def test_an_outage_after_the_jump_does_not_begin_in_the_future() -> None:
    back = set_clock_back(a_walk().take(outcomes("oo")).service, BACK).service

    for attempt in (1, 2, 3):
        result = a_result(Outcome.FAIL, slot=BACK, attempt=attempt)
        back = back.observe(result, incident_id=INCIDENT).service

    assert back.incident is not None
    assert back.incident.began_at == BACK


def test_time_that_is_lived_again_counts_as_what_is_known_now() -> None:
    service = a_walk().take(outcomes("oo")).service

    (event,) = set_clock_back(service, BACK).events

    assert isinstance(event, CheckAccountChanged)
    assert (event.at, event.kind) == (BACK, TimeKind.UP)


@pytest.mark.parametrize("at", [NOON + HOUR, NOON + HOUR * 24])
def test_a_service_that_is_not_ahead_stays_as_it_is(at: datetime) -> None:
    service = a_walk().take(outcomes("oof")).service

    observed = set_clock_back(service, at)

    assert (observed.service, observed.events) == (service, ())


def _doubted(service: Service) -> CheckState:
    return forget_suspicions(service, [CHECK]).checks[0].state


def test_failures_of_a_time_offline_are_forgotten() -> None:
    state = _doubted(a_walk().take(outcomes("off")).service)

    assert (state.bad, state.first_bad_slot, state.health) == (0, None, ServiceHealth.UP)


def test_what_was_down_before_stays_down() -> None:
    before = a_walk().take(outcomes("offf")).service

    state = _doubted(before)

    assert (state.health, state.bad) == (ServiceHealth.DOWN, 3)


def test_other_checks_keep_their_suspicion() -> None:
    service = a_walk().take(outcomes("off")).service

    assert forget_suspicions(service, []) == service
