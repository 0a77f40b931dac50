"""Rewind: what is known, after it turned out that part of it must not count.

Either the clock was set back, so that known instants lie ahead of now; or failures were counted
while our own network was down. Health and the open incident stay: neither says that a target came
back, or went down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from allgreen.domain.check import Check, CheckState
from allgreen.domain.evaluation import turn_account
from allgreen.domain.flapping import Flaps
from allgreen.domain.identity import CheckId
from allgreen.domain.incident import Incident
from allgreen.domain.schedule import Schedule
from allgreen.domain.service import Observed, Service
from allgreen.domain.status import ServiceHealth


def set_clock_back(service: Service, at: datetime) -> Observed:
    """Bring into the present what lies ahead of `at`.

    Results from ahead would make all later ones look old, an outage would begin in the future, and
    time that is lived through again would count as it did before.
    """
    ahead = [check for check in service.checks if is_ahead(check, at)]
    rewound = {check.id: _rewound(check, at) for check in ahead}
    incident = service.incident
    return Observed(
        service=replace(
            service,
            checks=tuple(rewound.get(check.id, check) for check in service.checks),
            since=_not_after(service.since, at),
            incident=None if incident is None else _incident_until(incident, at),
            flaps=_flaps_until(service.flaps, at),
        ),
        events=tuple(turn_account(check, at, check.state.counts_as) for check in ahead),
    )


def forget_suspicions(service: Service, check_ids: Iterable[CheckId]) -> Service:
    """Count the failures and good results of some checks from nothing again."""
    doubted = set(check_ids)
    checks = tuple(
        replace(check, state=_unsuspicious(check.state)) if check.id in doubted else check
        for check in service.checks
    )
    return replace(service, checks=checks)


def is_ahead(check: Check, at: datetime) -> bool:
    """Tell whether anything that is known of a check lies ahead of `at`."""
    state = check.state
    slot = None if state.last is None else state.last.slot
    first = check.schedule.anchor - check.schedule.every
    known = (slot, state.last_evidence_at, state.since, state.first_bad_slot, first)
    return any(instant is not None and instant > at for instant in known)


def _rewound(check: Check, at: datetime) -> Check:
    state = replace(
        check.state,
        bad=check.state.bad if check.state.health is ServiceHealth.DOWN else 0,
        good=0,
        slow=0,
        blind=0,
        first_bad_slot=None,
        first_good_at=None,
        last=None,
        last_evidence_at=_not_after(check.state.last_evidence_at, at),
        since=_not_after(check.state.since, at),
    )
    return replace(check, state=state, schedule=_begun(check.schedule, at))


def _begun(schedule: Schedule, at: datetime) -> Schedule:
    """Return the same grid with an anchor that is at most a period ahead."""
    ahead = schedule.anchor - schedule.every - at
    slots = max(-(-ahead // schedule.every), 0)
    return replace(schedule, anchor=schedule.anchor - slots * schedule.every)


def _unsuspicious(state: CheckState) -> CheckState:
    if state.health is ServiceHealth.DOWN:
        return replace(state, good=0, first_good_at=None)
    return replace(state, bad=0, good=0, slow=0, first_bad_slot=None, first_good_at=None)


def _incident_until(incident: Incident, at: datetime) -> Incident:
    return replace(
        incident,
        began_at=min(incident.began_at, at),
        confirmed_at=min(incident.confirmed_at, at),
        reopened_at=_not_after(incident.reopened_at, at),
        ended_at=_not_after(incident.ended_at, at),
    )


def _flaps_until(flaps: Flaps, at: datetime) -> Flaps:
    turns = tuple(min(turn, at) for turn in flaps.turns)
    return replace(flaps, turns=turns, since=_not_after(flaps.since, at))


def _not_after(instant: datetime | None, at: datetime) -> datetime | None:
    return None if instant is None else min(instant, at)
