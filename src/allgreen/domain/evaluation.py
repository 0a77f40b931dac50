"""The state machine: how one result changes what is known of a check.

Only `Outcome.FAIL` can take a check down, and only as often in a row as its confirmation asks.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from allgreen.domain.check import Check, CheckState
from allgreen.domain.events import (
    CheckAccountChanged,
    CheckFailed,
    CheckSucceeded,
    Event,
    ServiceBlocked,
)
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome, ServiceHealth, TimeKind


def evaluate(check: Check, result: Result) -> tuple[CheckState, list[Event]]:
    """Return the state of a check after a result, with the facts that follow for the check."""
    match result.outcome:
        case Outcome.OK | Outcome.SLOW:
            state = _after_answer(check, result)
            events: list[Event] = [CheckSucceeded(result=result)]
        case Outcome.FAIL:
            state = _after_failure(check, result)
            events = [CheckFailed(result=result)]
        case _:
            state, events = _told_of_block(check, _after_silence(check, result), result)
    if state.counts_as is not check.state.counts_as:
        at = _accounted_from(check, state, result)
        events.append(turn_account(check, at, state.counts_as))
    return state, events


def retry_delay(check: Check, result: Result) -> timedelta | None:
    """Return the wait before the quick re-probe that follows `result`; `None` without one."""
    state, delays = check.state, check.confirmation.retry_delays()
    is_confirming = (
        result.outcome is Outcome.FAIL
        and state.is_suspect
        and state.first_bad_slot == result.slot
        and result.attempt <= len(delays)
    )
    return delays[result.attempt - 1] if is_confirming else None


def turn_account(check: Check, at: datetime, kind: TimeKind) -> CheckAccountChanged:
    """Say that time of a check counts as `kind` from `at` on."""
    return CheckAccountChanged(check_id=check.id, workspace_id=check.workspace_id, at=at, kind=kind)


def _after_answer(check: Check, result: Result) -> CheckState:
    state, slow = check.state, result.outcome is Outcome.SLOW
    answered = replace(
        state,
        bad=0,
        blind=0,
        first_bad_slot=None,
        slow=state.slow + 1 if slow else 0,
        last=result.key,
        last_evidence_at=_looked_until(check, result),
        blocked_told=False,
        reason=result.reason if slow else "",
    )
    # Whoever holds again holds since the first good run, however many are asked for.
    held_at = result.started_at if not state.good else state.first_good_at or result.started_at
    if state.health is ServiceHealth.DOWN and state.good + 1 < check.confirmation.up:
        return replace(answered, good=state.good + 1, first_good_at=held_at, reason=state.reason)
    health = _health_of_answer(check, answered, slow=slow)
    if health is not state.health:
        answered = replace(answered, since=_not_before(state.since, held_at))
    counts_as = TimeKind.of(health)
    return replace(answered, health=health, good=0, first_good_at=None, counts_as=counts_as)


def _health_of_answer(check: Check, answered: CheckState, *, slow: bool) -> ServiceHealth:
    """Slowness is confirmed like failure, but for a service that comes back slow from down."""
    came_back = answered.health is ServiceHealth.DOWN
    is_degraded = answered.health is ServiceHealth.DEGRADED
    if slow and (came_back or is_degraded or answered.slow >= check.confirmation.slow):
        return ServiceHealth.DEGRADED
    return ServiceHealth.UP


def _after_failure(check: Check, result: Result) -> CheckState:
    state = check.state
    failed = replace(
        state,
        good=0,
        first_good_at=None,
        slow=0,
        blind=0,
        bad=state.bad + 1,
        first_bad_slot=state.first_bad_slot or result.slot,
        last=result.key,
        last_evidence_at=_looked_until(check, result),
        blocked_told=False,
        reason=result.reason,
    )
    if state.health is ServiceHealth.DOWN:
        return replace(failed, counts_as=TimeKind.DOWN)
    if failed.bad < check.confirmation.down:
        return failed
    began_at = _not_before(state.since, failed.first_bad_slot or result.slot)
    return replace(failed, health=ServiceHealth.DOWN, counts_as=TimeKind.DOWN, since=began_at)


def _after_silence(check: Check, result: Result) -> CheckState:
    """Without evidence nothing turns, until there was none for too long: then it is unknown."""
    state = check.state
    blind = replace(state, blind=state.blind + 1, last=result.key)
    if blind.blind < check.confirmation.blind:
        return blind
    blind = replace(blind, counts_as=TimeKind.UNKNOWN)
    if state.health is ServiceHealth.DOWN:
        return replace(blind, reason=state.reason or result.reason)
    # Failures before and after a time without evidence are not failures in a row.
    forgetful = replace(blind, bad=0, good=0, slow=0, first_bad_slot=None, first_good_at=None)
    if state.health is ServiceHealth.UNKNOWN:
        return replace(forgetful, reason=state.reason or result.reason)
    return replace(
        forgetful,
        health=ServiceHealth.UNKNOWN,
        reason=result.reason,
        since=_first_blind_slot(check, result),
    )


def _told_of_block(
    check: Check, state: CheckState, result: Result
) -> tuple[CheckState, list[Event]]:
    is_blocked = result.outcome is Outcome.BLOCKED and state.blind >= check.confirmation.blind
    if not is_blocked or state.blocked_told:
        return state, []
    event = ServiceBlocked(
        service_id=check.service_id,
        workspace_id=check.workspace_id,
        at=result.finished_at,
        reason=result.message,
    )
    return replace(state, blocked_told=True), [event]


def _accounted_from(check: Check, state: CheckState, result: Result) -> datetime:
    """Return the instant from which time counts differently."""
    if state.counts_as is TimeKind.UNKNOWN:
        return _first_blind_slot(check, result)
    if state.health is check.state.health:
        # Down before a gap and still down after it: down counts again from this slot.
        return result.slot if result.outcome is Outcome.FAIL else result.started_at
    return state.since or result.slot


def _first_blind_slot(check: Check, result: Result) -> datetime:
    last = check.state.last_evidence_at
    return result.slot if last is None else min(check.schedule.next_after(last), result.slot)


def _looked_until(check: Check, result: Result) -> datetime:
    """Return the end of a run; what lasted longer than its timeout was a machine that slept."""
    return max(min(result.finished_at, result.started_at + check.timeout), result.slot)


def _not_before(since: datetime | None, instant: datetime) -> datetime:
    """An outage cannot begin before the proof that all was well, nor end before it began."""
    return instant if since is None else max(since, instant)
