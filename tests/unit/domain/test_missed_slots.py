"""Which slots are missed, and what that does to the time that counts."""

from __future__ import annotations

from datetime import timedelta

from allgreen.domain.service import MOST_MISSED_SLOTS
from allgreen.domain.status import Outcome, TimeKind
from allgreen.testing import MINUTE, NOON, a_check, a_result, a_service, outcomes
from tests.unit.domain.walk import Walk

SECOND = timedelta(seconds=1)


def test_slots_that_pass_while_a_failure_is_confirmed_are_not_missed() -> None:
    walk = Walk(a_service(a_check(every=2 * SECOND)))

    walk.take(outcomes("offf"))
    following = a_result(Outcome.FAIL, slot=walk.slot.at)

    assert walk.slot.at - NOON > 10 * SECOND
    assert walk.service.missed_before(following) == []
    assert walk.service.checks[0].state.counts_as is TimeKind.DOWN


def test_slots_that_pass_while_a_run_lasts_are_not_missed() -> None:
    walk = Walk(a_service(a_check(every=SECOND)))
    walk.see(a_result(Outcome.OK, slot=NOON, latency_ms=9_500.0))

    following = a_result(Outcome.OK, slot=NOON + 10 * SECOND)

    assert walk.service.missed_before(following) == []


def test_slots_after_the_last_run_are_missed() -> None:
    walk = Walk(a_service(a_check(every=SECOND)))
    walk.see(a_result(Outcome.OK, slot=NOON, latency_ms=100.0))

    missed = walk.service.missed_before(a_result(Outcome.OK, slot=NOON + 4 * SECOND))

    assert [result.slot - NOON for result in missed] == [SECOND, 2 * SECOND, 3 * SECOND]


def test_slots_that_pass_while_the_machine_sleeps_in_the_middle_of_a_run_are_missed() -> None:
    walk = Walk(a_service(a_check(every=MINUTE, timeout=10 * SECOND)))
    hours_ms = timedelta(hours=9) / timedelta(milliseconds=1)
    walk.see(a_result(Outcome.OK, slot=NOON, latency_ms=hours_ms))

    missed = walk.service.missed_before(a_result(Outcome.OK, slot=NOON + timedelta(hours=9)))

    assert len(missed) == MOST_MISSED_SLOTS
