"""Service: the thing people care about, with its checks and its open incident.

It is pure: it takes a result or an edit and returns a new service with the events that follow.
How a result changes a single check is decided in `evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from allgreen.domain.check import Check, CheckState, ParkedReason, Slot
from allgreen.domain.evaluation import evaluate, retry_delay, turn_account
from allgreen.domain.events import (
    CheckAccountChanged,
    CheckParked,
    Event,
    ServiceStatusChanged,
)
from allgreen.domain.flapping import FlapRule, Flaps
from allgreen.domain.identity import (
    AccountId,
    CheckId,
    IncidentId,
    RecipientId,
    ServiceId,
    WorkspaceId,
)
from allgreen.domain.incident import Incident, Resolution, Surroundings
from allgreen.domain.result import Result
from allgreen.domain.status import Mode, Outcome, ServiceHealth, Shown, TimeKind
from allgreen.domain.telling import Telling
from allgreen.domain.uptime import silent_since
from allgreen.domain.watcher import grid_of

MOST_MISSED_SLOTS = 100
"""How many missed slots of one gap are written down; the latest ones."""

MOST_TRIES = 10
"""As far as the runs of a parked check are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An address that is told about a service.

    Attributes:
        account_id: The member behind the address; `None` for a stranger.
        confirmed_at: Members are told at once; strangers from their confirmation on.
    """

    id: RecipientId
    service_id: ServiceId
    workspace_id: WorkspaceId
    address: str
    name: str = ""
    account_id: AccountId | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A watched service with its checks and its open incident.

    Attributes:
        version: Grows with every edit by people.
        revision: Grows by one with every transition of health.
        since: Instant from which `health` holds; `None` before the first result.
        depends_on: Services without which this one cannot hold. While one of them is down or
            suspect, people hear of that one and not of this.
        remind_every: How often people are reminded of an outage; `None` for never.
        flaps: How often it turned lately.
    """

    id: ServiceId
    workspace_id: WorkspaceId
    name: str
    mode: Mode = Mode.ACTIVE
    version: int = 1
    revision: int = 0
    health: ServiceHealth = ServiceHealth.UNKNOWN
    since: datetime | None = None
    checks: tuple[Check, ...] = ()
    incident: Incident | None = None
    depends_on: tuple[ServiceId, ...] = ()
    remind_every: timedelta | None = None
    flaps: Flaps = field(default_factory=Flaps)

    @property
    def is_suspect(self) -> bool:
        """Tell whether failures of a check are being confirmed right now."""
        return any(check.state.is_suspect for check in self.checks)

    @property
    def is_in_trouble(self) -> bool:
        """Tell whether it is down or may be, so that what depends on it is no news of its own."""
        return self.incident is not None or self.is_suspect

    @property
    def shown(self) -> Shown:
        """Return the one word for screens: mode before suspicion before health."""
        return Shown.of(self.mode, self.health, is_suspect=self.is_suspect)

    @property
    def reason(self) -> str:
        """Return the short reason of the worst check; empty when nothing is wrong."""
        worst = max(self.checks, key=lambda check: _RANK[check.state.health], default=None)
        return worst.state.reason if worst else ""

    def check(self, check_id: CheckId) -> Check:
        """Return one of the checks.

        Raises:
            KeyError: The service has no such check.
        """
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(check_id)

    def missed_before(self, result: Result) -> list[Result]:
        """Return the slots that passed unrun before `result`, as results, oldest first.

        Slots that passed while an earlier run lasted, or while its failure was being confirmed
        by quick re-probes, are not missed: somebody was looking.
        """
        check = self.check(result.check_id)
        state = check.state
        # After the clock was set back there is evidence without a slot.
        looked = [state.last.slot] if state.last else []
        looked += [state.last_evidence_at] if state.last_evidence_at else []
        if not looked or result.version != check.version:
            return []
        looked_until = max(looked)
        slots = check.schedule.missed_between(looked_until, result.slot, at_most=MOST_MISSED_SLOTS)
        return [_missed(check, slot) for slot in slots]

    def observe(
        self,
        result: Result,
        *,
        incident_id: IncidentId,
        around: Surroundings = Surroundings(),  # noqa: B008 - a frozen value
        rule: FlapRule = FlapRule(),  # noqa: B008 - as above
    ) -> Observed:
        """Take one result in.

        A result that is older than the last evaluated one, of another version of the check, or
        of a service that is not active changes nothing: it belongs to the history only. An
        incident that this result opens gets `incident_id`, or goes on with the one before.
        """
        check = self.check(result.check_id)
        if not self._concerns(check, result):
            return Observed(service=self)
        state, events = evaluate(self._asked_of(check, rule), result)
        service = self._with_check(replace(check, state=state))
        service, turns = service.settled(
            at=state.since or result.slot,
            now=result.finished_at,
            reason=state.reason,
            incident_id=incident_id,
            around=around,
            rule=rule,
        )
        service, news = service.lasting(self, result, around=around, rule=rule)
        return Observed(service=service, events=(*events, *turns, *news))

    def park(self, check_id: CheckId, at: datetime, reason: ParkedReason) -> Observed:
        """Know nothing of a check from `at` on, by a fault of our own, and say so once.

        One that is down stays down: our own fault must not end an incident.
        """
        check = self.check(check_id)
        is_down = check.state.health is ServiceHealth.DOWN
        was_parked = check.state.is_parked
        tries = check.state.blind if was_parked else 0
        # Nothing else is taken over: whatever cannot be evaluated may lie in the state itself.
        state = CheckState(
            health=ServiceHealth.DOWN if is_down else ServiceHealth.UNKNOWN,
            counts_as=TimeKind.UNKNOWN,
            blind=min(tries + 1, MOST_TRIES),
            since=at,
            reason=reason.value,
        )
        service, turns = self._with_check(replace(check, state=state)).settled(
            at=at, now=at, reason=reason.value
        )
        events = [turn_account(check, at, TimeKind.UNKNOWN), *turns]
        if not was_parked:
            events.append(_parked(check, at, reason))
        return Observed(service=service, events=tuple(events))

    def next_slot(self, result: Result, *, now: datetime, delay_scale: float = 1.0) -> Slot:
        """Return the run that follows `result`: a quick re-probe, or the next slot of the grid.

        `delay_scale` is a factor on the delays of quick re-probes.
        """
        check = self.check(result.check_id)
        retry = retry_delay(check, result)
        if retry is not None:
            due_at = max(now, result.finished_at) + retry * delay_scale
            return Slot(at=result.slot, attempt=result.attempt + 1, due_at=due_at)
        slot = check.schedule.due_after(result.slot, now)
        return Slot(at=slot, due_at=slot)

    def pause(self, at: datetime) -> Observed:
        """Stop to check; an open incident ends without being called recovered."""
        return self._restart(
            self.checks, mode=Mode.PAUSED, kind=TimeKind.PAUSED, at=at, why=Resolution.PAUSED
        )

    def resume(self, at: datetime) -> Observed:
        """Check again from `at` on; nothing is known until the first result."""
        checks = [_anchored(check, at) for check in self.checks]
        return self._restart(
            checks, mode=Mode.ACTIVE, kind=TimeKind.UNKNOWN, at=at, why=Resolution.PAUSED
        )

    def delete(self, at: datetime) -> Observed:
        """Stop to watch for ever."""
        return self._restart(
            self.checks, mode=Mode.DELETED, kind=TimeKind.PAUSED, at=at, why=Resolution.DELETED
        )

    def rename(self, name: str) -> Service:
        """Change the name, and nothing that is known."""
        return replace(self, name=name)

    def reschedule(self, every: timedelta, at: datetime) -> Service:
        """Change the period of all checks and begin their grids at `at`; health stays."""
        checks = tuple(
            replace(check, schedule=grid_of(check.id, every, at)) for check in self.checks
        )
        return replace(self, checks=checks)

    def reconfigure(self, checks: Iterable[Check], at: datetime) -> Observed:
        """Replace the checks.

        A check that now asks something else begins anew with a higher version; one that only
        has another confirmation keeps its state. An open incident ends when no check that was
        down is left as it was.
        """
        known = {check.id: check for check in self.checks}
        # Nobody looks at a paused service, whatever it is to be asked.
        kind = TimeKind.PAUSED if self.mode is Mode.PAUSED else TimeKind.UNKNOWN
        merged = [_merged(known.get(check.id), check, at, kind) for check in checks]
        kept = {check.id for check in merged}
        left = {check.id: check.version for check in merged}
        changed = [check for check in self.checks if left.get(check.id) != check.version]
        events: list[Event] = [*_silences(changed, at)]
        events += [
            turn_account(check, at, TimeKind.PAUSED)
            for check in self.checks
            if check.id not in kept
        ]
        events += [
            turn_account(check, at, kind)
            for check in merged
            if check.id not in known or known[check.id].version != check.version
        ]
        flaps = Flaps() if changed else self.flaps
        service, turns = replace(self, checks=tuple(merged), flaps=flaps).settled(
            at=at, now=at, reason="", resolution=Resolution.RECONFIGURED
        )
        return Observed(service=service, events=(*events, *turns))

    def _concerns(self, check: Check, result: Result) -> bool:
        is_new = check.state.last is None or result.key > check.state.last
        return self.mode is Mode.ACTIVE and result.version == check.version and is_new

    def _asked_of(self, check: Check, rule: FlapRule) -> Check:
        """Ask for more good results in a row while the service flaps."""
        if not self.flaps.is_flapping:
            return check
        up = max(check.confirmation.up, rule.confirm_up)
        return replace(check, confirmation=replace(check.confirmation, up=up))

    def _with_check(self, changed: Check) -> Service:
        checks = tuple(changed if check.id == changed.id else check for check in self.checks)
        return replace(self, checks=checks)

    def settled(
        self,
        *,
        at: datetime,
        now: datetime,
        reason: str,
        incident_id: IncidentId | None = None,
        resolution: Resolution = Resolution.HOLDS_AGAIN,
        around: Surroundings = Surroundings(),  # noqa: B008 - a frozen value
        rule: FlapRule = FlapRule(),  # noqa: B008 - as above
    ) -> tuple[Service, list[Event]]:
        """Draw health and incident of the service from its checks.

        `at` is when the turn happened, `now` when it became known.
        """
        health = ServiceHealth.worst_of(check.state.health for check in self.checks)
        events: list[Event] = []
        service = self
        if health is not self.health:
            events.append(
                ServiceStatusChanged(
                    service_id=self.id,
                    workspace_id=self.workspace_id,
                    before=self.health,
                    after=health,
                    at=at,
                    reason=reason,
                )
            )
            service = replace(self, health=health, since=at, revision=self.revision + 1)
        telling = service.telling(rule)
        if health is ServiceHealth.DOWN and service.incident is None and incident_id is not None:
            told, news = telling.begin(incident_id, at=at, now=now, reason=reason, around=around)
        elif health is not ServiceHealth.DOWN and service.incident is not None:
            told, news = telling.end(at=at, now=now, resolution=resolution)
        else:
            return service, events
        return replace(service, incident=told.incident, flaps=told.flaps), [*events, *news]

    def lasting(
        self, before: Service, result: Result, *, around: Surroundings, rule: FlapRule
    ) -> tuple[Service, list[Event]]:
        """Tell what follows from a state that lasts: the end of quiet, reminders, steadiness.

        `before` is the service as it was before `result`.
        """
        telling, now = self.telling(rule), result.finished_at
        is_same_outage = self.incident is not None and self.incident == before.incident
        is_quiet = self.incident is not None and self.incident.quiet is not None
        if self.flaps.is_flapping and not is_quiet:
            told, news = telling.go_on_flapping(
                now=now,
                health=self.health,
                is_contradicted=result.outcome in _CONTRARY.get(self.health, ()),
            )
        elif is_same_outage and result.outcome is Outcome.FAIL:
            told, news = telling.go_on_down(slot=result.slot, now=now, around=around)
        else:
            return self, []
        return replace(self, incident=told.incident, flaps=told.flaps), news

    def telling(self, rule: FlapRule) -> Telling:
        """Return what people hear of this service."""
        return Telling(
            service_id=self.id,
            workspace_id=self.workspace_id,
            incident=self.incident,
            flaps=self.flaps,
            remind_every=self.remind_every,
            rule=rule,
        )

    def _restart(
        self,
        checks: Iterable[Check],
        *,
        mode: Mode,
        kind: TimeKind,
        at: datetime,
        why: Resolution,
    ) -> Observed:
        fresh = tuple(replace(check, state=_fresh(check.state, kind)) for check in checks)
        accounts = [
            *_silences(self.checks, at),
            *(turn_account(check, at, kind) for check in fresh),
        ]
        begun_anew = replace(self, checks=fresh, mode=mode, flaps=Flaps())
        service, turns = begun_anew.settled(at=at, now=at, reason="", resolution=why)
        return Observed(service=service, events=(*accounts, *turns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What came of a result or of an edit: the new service and the facts that follow."""

    service: Service
    events: tuple[Event, ...] = ()


_EVIDENT = (TimeKind.UP, TimeKind.DEGRADED, TimeKind.DOWN)
_CONTRARY = {
    ServiceHealth.DOWN: (Outcome.OK, Outcome.SLOW),
    ServiceHealth.UP: (Outcome.FAIL,),
    ServiceHealth.DEGRADED: (Outcome.FAIL,),
}
_RANK = {
    ServiceHealth.UNKNOWN: 0,
    ServiceHealth.UP: 1,
    ServiceHealth.DEGRADED: 2,
    ServiceHealth.DOWN: 3,
}


def _missed(check: Check, slot: datetime) -> Result:
    return Result(
        check_id=check.id,
        service_id=check.service_id,
        workspace_id=check.workspace_id,
        slot=slot,
        started_at=slot,
        finished_at=slot,
        outcome=Outcome.MISSED,
        version=check.version,
        reason="not checked",
        message="Allgreen was not running, or too busy, when this check was due.",
    )


def _parked(check: Check, at: datetime, reason: ParkedReason) -> CheckParked:
    return CheckParked(
        check_id=check.id,
        service_id=check.service_id,
        workspace_id=check.workspace_id,
        at=at,
        reason=reason,
    )


def _silences(checks: Iterable[Check], at: datetime) -> Iterable[CheckAccountChanged]:
    """Say of checks that are silent at `at` since when: else that time would count as health."""
    for check in checks:
        since = silent_since(check, at)
        if since is not None and check.state.counts_as in _EVIDENT:
            yield turn_account(check, since, TimeKind.UNKNOWN)


def _fresh(state: CheckState, kind: TimeKind) -> CheckState:
    """Forget all but the order of results, so that a late one is still told as late."""
    return CheckState(last=state.last, counts_as=kind)


def _anchored(check: Check, at: datetime) -> Check:
    return replace(check, schedule=grid_of(check.id, check.schedule.every, at))


def _merged(old: Check | None, new: Check, at: datetime, kind: TimeKind) -> Check:
    if old is None:
        return new
    if _question(old) == _question(new):
        return replace(new, version=old.version, state=old.state, schedule=old.schedule)
    state = _fresh(old.state, TimeKind.UNKNOWN)
    schedule = grid_of(old.id, old.schedule.every, at)
    return replace(new, version=old.version + 1, state=state, schedule=schedule)


def _question(check: Check) -> tuple[object, ...]:
    return (
        check.kind,
        check.options,
        check.expectation,
        check.timeout,
        check.answers_within,
        check.upside_down,
    )
