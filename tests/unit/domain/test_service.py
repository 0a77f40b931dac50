"""The state machine: the table of transitions, row by row."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from allgreen.domain.check import Check, Confirmation, HttpOptions, ParkedReason
from allgreen.domain.events import (
    CheckAccountChanged,
    CheckFailed,
    CheckParked,
    CheckSucceeded,
    IncidentResolved,
    ServiceBlocked,
    ServiceStatusChanged,
)
from allgreen.domain.identity import CheckId
from allgreen.domain.incident import IncidentState, Resolution
from allgreen.domain.result import Result
from allgreen.domain.service import MOST_MISSED_SLOTS, MOST_TRIES, Service
from allgreen.domain.status import Mode, Outcome, ServiceHealth, Shown, TimeKind
from allgreen.domain.watcher import grid_of
from allgreen.testing import (
    CHECK,
    INCIDENT,
    MINUTE,
    NOON,
    a_check,
    a_result,
    a_service,
    outcomes,
)
from tests.unit.domain.walk import Walk, a_walk

UNKNOWN, UP = ServiceHealth.UNKNOWN, ServiceHealth.UP
DEGRADED, DOWN = ServiceHealth.DEGRADED, ServiceHealth.DOWN
SECOND = timedelta(seconds=1)
OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")

TRANSITIONS = {
    "nothing yet": ("", UNKNOWN, 0, 0),
    "unknown, ok": ("o", UP, 0, 0),
    "unknown, slow": ("s", UP, 0, 0),
    "unknown, slow for long": ("sss", DEGRADED, 0, 0),
    "unknown, one failure": ("f", UNKNOWN, 0, 0),
    "unknown, two failures": ("ff", UNKNOWN, 0, 0),
    "unknown, failures confirmed": ("fff", DOWN, 1, 0),
    "unknown, nothing but silence": ("mbpm", UNKNOWN, 0, 0),
    "up, ok": ("oo", UP, 0, 0),
    "up, one failure": ("of", UP, 0, 0),
    "up, two failures": ("off", UP, 0, 0),
    "up, failures confirmed": ("offf", DOWN, 1, 0),
    "up, failures with an ok between": ("offoffo", UP, 0, 0),
    "up, failures with silence between": ("ofbfpf", DOWN, 1, 0),
    "up, slow twice": ("oss", UP, 0, 0),
    "up, slow for long": ("osss", DEGRADED, 0, 0),
    "up, slow with an ok between": ("ossoss", UP, 0, 0),
    "up, slow with a failure between": ("ossfss", UP, 0, 0),
    "up, blocked twice": ("obb", UP, 0, 0),
    "up, blocked for long": ("obbb", UNKNOWN, 0, 0),
    "up, our fault for long": ("oppp", UNKNOWN, 0, 0),
    "up, missed for long": ("ommm", UNKNOWN, 0, 0),
    "up, all kinds of silence": ("obpm", UNKNOWN, 0, 0),
    "up, silence with an ok between": ("obbobb", UP, 0, 0),
    "degraded, slow": ("ossss", DEGRADED, 0, 0),
    "degraded, ok": ("ossso", UP, 0, 0),
    "degraded, failures confirmed": ("osssfff", DOWN, 1, 0),
    "degraded, silence": ("osssmmm", UNKNOWN, 0, 0),
    "down, fail": ("offff", DOWN, 1, 0),
    "down, ok": ("offfo", UP, 1, 1),
    "down, slow": ("offfs", DEGRADED, 1, 1),
    "down, blocked for long": ("offfbbb", DOWN, 1, 0),
    "down, our fault for long": ("offfppp", DOWN, 1, 0),
    "down, missed for long": ("offfmmmmm", DOWN, 1, 0),
    "down, silence, ok": ("offfmmmo", UP, 1, 1),
    "down, silence, fail": ("offfmmmf", DOWN, 1, 0),
    "down twice": ("offfofff", DOWN, 2, 1),
    "silence, then failures": ("obbbfff", DOWN, 1, 0),
    "silence, then ok": ("obbbo", UP, 0, 0),
    "silence forgets failures": ("offbbbff", UNKNOWN, 0, 0),
    "unknown, silence forgets failures": ("ffmmmf", UNKNOWN, 0, 0),
}


@pytest.mark.parametrize(
    ("letters", "health", "opened", "resolved"), TRANSITIONS.values(), ids=TRANSITIONS
)
def test_transition(letters: str, health: ServiceHealth, opened: int, resolved: int) -> None:
    walk = a_walk().take(outcomes(letters))

    assert walk.service.health is health
    assert (len(walk.opened), len(walk.resolved)) == (opened, resolved)
    assert (walk.service.incident is not None) == (health is DOWN)


@pytest.mark.parametrize("needed", range(1, 11))
def test_only_so_many_failures_as_were_asked_for_take_a_service_down(needed: int) -> None:
    walk = a_walk(confirmation=Confirmation(down=needed)).take(outcomes("o" + "f" * (needed - 1)))
    before = walk.service.health

    walk.take(outcomes("f"))

    assert (before, walk.service.health) == (UP, DOWN)


@pytest.mark.parametrize("needed", range(2, 5))
def test_coming_back_may_need_more_than_one_good_result(needed: int) -> None:
    walk = a_walk(confirmation=Confirmation(up=needed)).take(outcomes("offf" + "o" * (needed - 1)))
    before = walk.service.health

    walk.take(outcomes("o"))

    assert (before, walk.service.health) == (DOWN, UP)


def test_a_failure_on_the_way_back_begins_the_count_anew() -> None:
    walk = a_walk(confirmation=Confirmation(up=2)).take(outcomes("offfofo"))

    assert walk.service.health is DOWN
    assert len(walk.opened) == 1


# When it runs next ---------------------------------------------------------------------------


def _due_times(walk: Walk, letters: str) -> list[float]:
    times = []
    for outcome in outcomes(letters):
        times.append((walk.slot.due_at - NOON).total_seconds())
        walk.take([outcome])
    return times


CONFIRMING = {
    "three failures": (Confirmation(down=3), "ffff", [0, 6, 17, 60]),
    "two failures": (Confirmation(down=2), "fff", [0, 11, 60]),
    "one failure": (Confirmation(down=1), "ff", [0, 60]),
    "five failures": (Confirmation(down=5), "ffffff", [0, 6, 17, 60, 120, 180]),
    "a failure that was noise": (Confirmation(), "foo", [0, 6, 60]),
    "a re-probe that was blocked": (Confirmation(), "fbo", [0, 6, 60]),
    "all is well": (Confirmation(), "ooo", [0, 60, 120]),
}


@pytest.mark.parametrize(("confirmation", "letters", "due"), CONFIRMING.values(), ids=CONFIRMING)
def test_failures_are_confirmed_by_quick_attempts_of_the_same_slot(
    confirmation: Confirmation, letters: str, due: list[float]
) -> None:
    assert _due_times(a_walk(confirmation=confirmation), letters) == due


def test_the_delays_of_quick_attempts_are_scaled() -> None:
    walk = a_walk().take(outcomes("of"))

    slot = walk.service.next_slot(walk.results[-1], now=walk.now, delay_scale=0.1)

    assert (slot.attempt, slot.due_at - walk.now) == (2, timedelta(seconds=0.5))


def test_after_a_long_stop_one_run_stands_for_all() -> None:
    walk = a_walk().take(outcomes("o"))

    slot = walk.service.next_slot(walk.results[-1], now=NOON + 600.5 * MINUTE)

    assert slot.at == NOON + 600 * MINUTE


# Begin and end of an incident ----------------------------------------------------------------


def test_an_incident_begins_at_the_slot_of_the_first_failure() -> None:
    walk = a_walk().take(outcomes("offf"))

    incident = walk.opened[0]

    assert incident.began_at == NOON + MINUTE
    assert incident.confirmed_at == walk.now
    assert incident.reason == "503 instead of 200"


def test_an_incident_ends_with_the_begin_of_the_first_good_run() -> None:
    walk = a_walk().take(outcomes("offfo"))

    ended = walk.resolved[0]

    assert ended.ended_at == NOON + 2 * MINUTE
    assert (ended.state, ended.resolution) == (IncidentState.RESOLVED, Resolution.HOLDS_AGAIN)


def test_an_incident_does_not_begin_before_the_proof_that_all_was_well() -> None:
    walk = a_walk()
    late = NOON + 150 * SECOND
    walk.see(a_result(slot=NOON, started_at=late))

    for attempt in (1, 2, 3):
        walk.see(a_result(Outcome.FAIL, slot=NOON + 2 * MINUTE, attempt=attempt))

    assert walk.opened[0].began_at == late


def test_a_clock_set_back_gives_no_negative_duration() -> None:
    walk = a_walk().take(outcomes("offf"))

    early = NOON - timedelta(hours=2)
    walk.see(a_result(slot=NOON + 2 * MINUTE, started_at=early))

    ended = walk.resolved[0]
    assert ended.ended_at == ended.confirmed_at
    assert ended.duration(NOON) >= timedelta(0)


def test_health_carries_the_reason_of_the_worst_check() -> None:
    walk = a_walk().take(outcomes("offf"))

    assert walk.service.reason == "503 instead of 200"
    assert walk.turns[-1].reason == "503 instead of 200"


def test_a_service_that_holds_has_no_reason() -> None:
    assert a_walk().take(outcomes("offfo")).service.reason == ""
    assert replace(a_service(), checks=()).reason == ""


# Results that change nothing ------------------------------------------------------------------


STALE = {
    "the same slot again": a_result(Outcome.FAIL, slot=NOON + MINUTE),
    "an earlier slot": a_result(Outcome.FAIL, slot=NOON),
    "another version of the check": a_result(Outcome.FAIL, slot=NOON + 2 * MINUTE, version=2),
}


@pytest.mark.parametrize("stale", STALE.values(), ids=STALE)
def test_history_only(stale: Result) -> None:
    walk = a_walk().take(outcomes("oo"))
    before = walk.service

    observed = before.observe(stale, incident_id=INCIDENT)

    assert observed.service is before
    assert observed.events == ()


def test_a_paused_service_takes_nothing_in() -> None:
    paused = a_walk().take(outcomes("o")).service.pause(NOON + MINUTE).service

    observed = paused.observe(a_result(Outcome.FAIL, slot=NOON + 2 * MINUTE), incident_id=INCIDENT)

    assert observed.service is paused


def test_a_later_attempt_of_the_same_slot_counts() -> None:
    walk = a_walk().take(outcomes("o"))

    walk.see(a_result(Outcome.FAIL, slot=NOON, attempt=2))

    assert walk.service.checks[0].state.bad == 1


def test_a_check_of_another_service_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        a_service().check(OTHER)


# Slots that passed unrun ----------------------------------------------------------------------


def test_slots_between_two_runs_are_missed() -> None:
    walk = a_walk().take(outcomes("o"))

    missed = walk.service.missed_before(a_result(slot=NOON + 4 * MINUTE))

    assert [result.slot for result in missed] == [NOON + n * MINUTE for n in (1, 2, 3)]
    assert {result.outcome for result in missed} == {Outcome.MISSED}


def test_of_a_long_gap_the_latest_slots_are_written_down() -> None:
    walk = a_walk().take(outcomes("o"))

    missed = walk.service.missed_before(a_result(slot=NOON + 1000 * MINUTE))

    assert len(missed) == MOST_MISSED_SLOTS
    assert missed[-1].slot == NOON + 999 * MINUTE


UNGAPPED = {
    "the first result": (a_service(), a_result(slot=NOON + 9 * MINUTE)),
    "the next slot": (a_walk().take(outcomes("o")).service, a_result(slot=NOON + MINUTE)),
    "an older one": (a_walk().take(outcomes("oooo")).service, a_result(slot=NOON)),
    "another version": (
        a_walk().take(outcomes("o")).service,
        a_result(slot=NOON + 9 * MINUTE, version=2),
    ),
    "after a pause": (
        a_walk()
        .take(outcomes("o"))
        .service.pause(NOON + MINUTE)
        .service.resume(NOON + 90 * MINUTE)
        .service,
        a_result(slot=NOON + 90 * MINUTE),
    ),
}


@pytest.mark.parametrize(("service", "result"), UNGAPPED.values(), ids=UNGAPPED)
def test_no_slot_was_missed(service: Service, result: Result) -> None:
    assert service.missed_before(result) == []


# How time counts ------------------------------------------------------------------------------


def _kinds(walk: Walk) -> list[tuple[TimeKind, datetime]]:
    return [
        (event.kind, event.at) for event in walk.events if isinstance(event, CheckAccountChanged)
    ]


def test_time_is_down_from_the_first_bad_slot_to_the_first_good_run() -> None:
    walk = a_walk().take(outcomes("offfo"))

    assert _kinds(walk) == [
        (TimeKind.UP, NOON),
        (TimeKind.DOWN, NOON + MINUTE),
        (TimeKind.UP, NOON + 2 * MINUTE),
    ]


def test_time_without_data_is_unknown_from_the_first_blind_slot_on() -> None:
    walk = a_walk().take(outcomes("ommm"))

    assert _kinds(walk)[-1] == (TimeKind.UNKNOWN, NOON + MINUTE)


def test_a_service_that_is_down_and_without_data_counts_as_unknown_but_stays_down() -> None:
    walk = a_walk().take(outcomes("offfmmm"))

    assert walk.service.health is DOWN
    assert _kinds(walk)[-1] == (TimeKind.UNKNOWN, NOON + 2 * MINUTE)


def test_after_the_silence_down_counts_again_from_the_failing_slot() -> None:
    walk = a_walk().take(outcomes("offfmmmf"))

    assert _kinds(walk)[-1] == (TimeKind.DOWN, NOON + 5 * MINUTE)


def test_after_the_silence_a_good_run_ends_the_incident() -> None:
    walk = a_walk(confirmation=Confirmation(up=2)).take(outcomes("offfmmmo"))
    assert walk.service.health is DOWN

    walk.take(outcomes("o"))

    assert _kinds(walk)[-1][0] is TimeKind.UP
    assert walk.service.health is UP


# Blocked by our own guard ---------------------------------------------------------------------


def test_a_target_that_stays_blocked_is_told_once() -> None:
    walk = a_walk().take(outcomes("obbbbbb"))

    told = [event for event in walk.events if isinstance(event, ServiceBlocked)]

    assert len(told) == 1


def test_missed_slots_tell_nobody_that_a_target_is_blocked() -> None:
    walk = a_walk().take(outcomes("ommmmm"))

    assert not [event for event in walk.events if isinstance(event, ServiceBlocked)]


# Facts of single runs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "event"),
    [("o", CheckSucceeded), ("s", CheckSucceeded), ("f", CheckFailed)],
    ids=["ok", "slow", "fail"],
)
def test_each_run_is_told(letter: str, event: type) -> None:
    walk = a_walk().take(outcomes("o")).take(outcomes(letter))

    told = [one for one in walk.events if isinstance(one, CheckSucceeded | CheckFailed)]

    assert isinstance(told[-1], event)
    assert told[-1].result is walk.results[-1]


def test_each_transition_raises_the_revision_by_one() -> None:
    walk = a_walk().take(outcomes("offfofffsss"))

    assert walk.service.revision == len(walk.turns)


# What is shown --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letters", "shown"),
    [
        ("", Shown.UNKNOWN),
        ("o", Shown.UP),
        ("of", Shown.CHECKING),
        ("f", Shown.CHECKING),
        ("osss", Shown.DEGRADED),
        ("offf", Shown.DOWN),
        ("offff", Shown.DOWN),
        ("offfo", Shown.UP),
    ],
)
def test_shown(letters: str, shown: Shown) -> None:
    assert a_walk().take(outcomes(letters)).service.shown is shown


def test_a_paused_service_is_shown_as_paused() -> None:
    assert a_walk().take(outcomes("of")).service.pause(NOON).service.shown is Shown.PAUSED


# What people do -------------------------------------------------------------------------------


def test_pausing_ends_the_incident_without_calling_it_recovered() -> None:
    walk = a_walk().take(outcomes("offf"))

    observed = walk.service.pause(NOON + 2 * MINUTE)

    ended = [event for event in observed.events if isinstance(event, IncidentResolved)]
    assert ended[0].incident.resolution is Resolution.PAUSED
    assert (observed.service.mode, observed.service.health) == (Mode.PAUSED, UNKNOWN)
    assert observed.service.incident is None


def test_resuming_begins_anew_at_once() -> None:
    paused = a_walk().take(outcomes("off")).service.pause(NOON + 5 * MINUTE).service

    at = NOON + timedelta(minutes=90, seconds=7)
    resumed = paused.resume(at).service

    state = resumed.checks[0].state
    assert (resumed.mode, resumed.health, state.bad) == (Mode.ACTIVE, UNKNOWN, 0)
    assert resumed.checks[0].schedule == grid_of(CHECK, MINUTE, at)


def test_deleting_ends_the_incident() -> None:
    observed = a_walk().take(outcomes("offf")).service.delete(NOON + 2 * MINUTE)

    ended = [event for event in observed.events if isinstance(event, IncidentResolved)]
    assert ended[0].incident.resolution is Resolution.DELETED
    assert observed.service.mode is Mode.DELETED


def test_a_new_name_changes_nothing_that_is_known() -> None:
    service = a_walk().take(outcomes("offf")).service

    renamed = service.rename("Checkout")

    assert replace(renamed, name=service.name) == service


def test_a_new_period_moves_the_grid_and_keeps_health() -> None:
    service = a_walk().take(outcomes("offf")).service
    at = NOON + 100 * SECOND

    moved = service.reschedule(timedelta(minutes=5), at)

    assert (moved.health, moved.incident) == (service.health, service.incident)
    assert moved.checks[0].schedule == grid_of(CHECK, timedelta(minutes=5), at)


def _with_url(check: Check, url: str) -> Check:
    return replace(check, options=HttpOptions(method="GET", url=url))


def test_asking_something_else_begins_anew_with_the_next_version() -> None:
    service = a_walk().take(outcomes("off")).service
    at = NOON + 100 * SECOND

    after = service.reconfigure(
        [_with_url(service.checks[0], "http://127.0.0.1:9001/")], at
    ).service

    check = after.checks[0]
    assert (check.version, check.state.bad, after.health) == (2, 0, UNKNOWN)
    assert check.schedule == grid_of(CHECK, MINUTE, at)


def test_asking_something_else_ends_the_incident() -> None:
    service = a_walk().take(outcomes("offf")).service

    observed = service.reconfigure(
        [_with_url(service.checks[0], "http://127.0.0.1:9001/")], NOON + 2 * MINUTE
    )

    ended = [event for event in observed.events if isinstance(event, IncidentResolved)]
    assert ended[0].incident.resolution is Resolution.RECONFIGURED


def test_another_confirmation_asks_the_same() -> None:
    service = a_walk().take(outcomes("off")).service

    after = service.reconfigure(
        [replace(service.checks[0], confirmation=Confirmation(down=9))], NOON + 2 * MINUTE
    )

    assert (after.service.checks[0].version, after.service.checks[0].state.bad) == (1, 2)
    assert after.events == ()


def test_results_of_the_older_question_are_history() -> None:
    service = a_walk().take(outcomes("o")).service
    asked = _with_url(service.checks[0], "http://127.0.0.1:9001/")
    after = service.reconfigure([asked], NOON + 100 * SECOND).service

    observed = after.observe(
        a_result(Outcome.FAIL, slot=NOON + 2 * MINUTE, version=1), incident_id=INCIDENT
    )

    assert observed.service is after


def test_a_check_that_is_added_is_unknown_and_hides_nothing() -> None:
    service = a_walk().take(outcomes("offf")).service

    observed = service.reconfigure([*service.checks, a_check(id=OTHER)], NOON + 2 * MINUTE)

    assert observed.service.health is DOWN
    assert observed.service.incident == service.incident
    assert [
        event.check_id for event in observed.events if isinstance(event, CheckAccountChanged)
    ] == [OTHER]


def test_taking_the_check_that_is_down_away_ends_the_incident() -> None:
    walk = Walk(a_service(a_check(), a_check(id=OTHER)))
    walk.take(outcomes("offf"))

    observed = walk.service.reconfigure([walk.service.check(OTHER)], NOON + 2 * MINUTE)

    assert observed.service.health is UNKNOWN
    assert [type(event) for event in observed.events] == [
        CheckAccountChanged,
        ServiceStatusChanged,
        IncidentResolved,
    ]


# Several checks ------------------------------------------------------------------------------


def test_one_check_without_data_does_not_hide_one_that_is_down() -> None:
    walk = Walk(a_service(a_check(), a_check(id=OTHER)))

    walk.take(outcomes("offf"))

    assert walk.service.health is DOWN


def test_an_incident_lasts_until_no_check_is_down() -> None:
    walk = Walk(a_service(a_check(), a_check(id=OTHER)))
    walk.take(outcomes("offf"))
    for attempt in (1, 2, 3):
        walk.see(a_result(Outcome.FAIL, slot=NOON + MINUTE, attempt=attempt, check_id=OTHER))

    walk.see(a_result(slot=NOON + 2 * MINUTE))
    still_down = walk.service.health
    walk.see(a_result(slot=NOON + 2 * MINUTE, check_id=OTHER))

    assert (still_down, walk.service.health) == (DOWN, UP)
    assert (len(walk.opened), len(walk.resolved)) == (1, 1)


# Our own faults ------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ParkedReason)
def test_a_parked_check_is_unknown_and_says_why(reason: ParkedReason) -> None:
    service = a_walk().take(outcomes("off")).service

    parked = service.park(CHECK, NOON + 2 * MINUTE, reason)

    assert (parked.service.health, parked.service.reason) == (UNKNOWN, reason)
    assert parked.service.since == NOON + 2 * MINUTE
    (event,) = (each for each in parked.events if isinstance(each, CheckParked))
    assert (event.check_id, event.reason) == (CHECK, reason)


@pytest.mark.parametrize("first", ParkedReason)
@pytest.mark.parametrize("second", ParkedReason)
def test_a_check_that_stays_parked_counts_on_and_says_so_once(
    first: ParkedReason, second: ParkedReason
) -> None:
    service = a_walk().take(outcomes("omm")).service.park(CHECK, NOON, first).service

    again = service.park(CHECK, NOON + 2 * MINUTE, second)

    (check,) = again.service.checks
    assert (service.checks[0].state.blind, check.state.blind) == (1, 2)
    assert check.state.reason == second
    assert not any(isinstance(each, CheckParked) for each in again.events)


def test_the_runs_of_a_parked_check_are_not_counted_for_ever() -> None:
    service = a_service()

    for minute in range(2 * MOST_TRIES):
        service = service.park(CHECK, NOON + minute * MINUTE, ParkedReason.DAMAGED).service

    assert service.checks[0].state.blind == MOST_TRIES


def test_a_parked_check_that_is_down_stays_down() -> None:
    service = a_walk().take(outcomes("offf")).service

    parked = service.park(CHECK, NOON + 2 * MINUTE, ParkedReason.NOT_EVALUATED)

    assert parked.service.health is DOWN
    assert parked.service.incident == service.incident
    assert parked.service.checks[0].state.counts_as is TimeKind.UNKNOWN
