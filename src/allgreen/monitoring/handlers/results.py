"""What was found becomes what is known: results, states, incidents and next runs, all or nothing."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from allgreen.domain.check import ParkedReason, Slot
from allgreen.domain.commands import RecordResults
from allgreen.domain.events import (
    CheckAccountChanged,
    CheckFailed,
    CheckSucceeded,
    Event,
    ServiceStatusChanged,
)
from allgreen.domain.flapping import FlapRule
from allgreen.domain.identity import CheckId, IncidentId
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.status import Mode
from allgreen.errors import StorageError
from allgreen.failpoints import Seam, failpoint
from allgreen.monitoring.bus import Turn
from allgreen.monitoring.handlers.asking import ask_by, ask_downstream, ask_now, ask_upstream
from allgreen.monitoring.handlers.parking import park
from allgreen.monitoring.handlers.surroundings import (
    SUSPICION_LASTS,
    Surveyed,
    look_around,
    roots_first,
)
from allgreen.ports import DirtyBucket, IdFactory, UnitOfWork

logger = logging.getLogger(__name__)

_CALM = CheckSucceeded | CheckFailed | CheckAccountChanged | ServiceStatusChanged

HOUR = timedelta(hours=1)
MOST_DIRTY_HOURS = 100 * 24
"""Sums by the hour are not kept for longer than these."""


@dataclass(slots=True)
class Taken:
    """What a batch means for one service; nothing of it is stored yet.

    Attributes:
        was_in_trouble: It was down or suspect before, or in between.
    """

    service: Service
    was_in_trouble: bool = False
    is_in_trouble: bool = False
    results: list[Result] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    slots: dict[CheckId, Slot] = field(default_factory=dict)
    dirty: set[DirtyBucket] = field(default_factory=set)

    @property
    def is_calm(self) -> bool:
        """Tell whether nothing follows from it but counters, and rows that are written together."""
        return all(isinstance(event, _CALM) for event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecorder:
    """Handles `RecordResults`.

    Attributes:
        ids: Where the identities of new incidents come from.
        delay_scale: Factor on the delays of quick re-probes.
        flap_rule: When a service turns too often to be told each time.
    """

    ids: IdFactory
    delay_scale: float = 1.0
    flap_rule: FlapRule = field(default_factory=FlapRule)

    async def record(self, command: RecordResults, turn: Turn) -> None:
        """Take a batch in, in the order of slots and attempts.

        Results of checks that are gone are dropped. A service whose evaluation raises is parked
        and hurts no other one.
        """
        uow = turn.uow
        check_ids = {result.check_id for result in command.results}
        services = await uow.services.list_of_checks(check_ids)
        fences = await uow.checks.fences(check_ids)
        by_check = _by_check(command.results)
        surveyed = await look_around(services, command.results, uow)
        taken = [
            self._take(each, by_check, fences, surveyed, command.at)
            for each in roots_first(services)
        ]
        await uow.results.add([result for each in taken for result in each.results])
        if not await _keep_all(taken, turn):
            for each in taken:
                await self._turn_service(each, command.at, turn)
        await uow.checks.plan_many(
            {check_id: slot for each in taken for check_id, slot in each.slots.items()}
        )
        await _ask_around(taken, command.at, uow)
        await _ask_the_quiet(taken, surveyed, command.at, uow)
        turn.mark(bucket for each in taken for bucket in each.dirty)
        failpoint(Seam.BEFORE_COMMIT_OF_RESULTS)

    def _take(
        self,
        service: Service,
        by_check: Mapping[CheckId, list[Result]],
        fences: Mapping[CheckId, int],
        surveyed: Surveyed,
        now: datetime,
    ) -> Taken:
        taken = Taken(service)
        for check in service.checks:
            for result in by_check.get(check.id, ()):
                taken.results.append(result)
                taken.dirty.add(DirtyBucket.at(check.id, result.slot))
                if result.fence >= fences.get(check.id, 0):
                    self._evaluate(taken, result, surveyed, now)
        return taken

    def _evaluate(self, taken: Taken, result: Result, surveyed: Surveyed, now: datetime) -> None:
        """Let one result change the service; when that raises, park the check instead."""
        try:
            failpoint(Seam.EVALUATE, taken.service.id)
            self._observe(taken, result, surveyed)
            if _is_current(taken.service, result):
                taken.slots[result.check_id] = taken.service.next_slot(
                    result, now=now, delay_scale=self.delay_scale
                )
        except Exception:  # one poisoned check must not stop the others
            logger.exception("The result of check %s could not be evaluated", result.check_id)
            _park(taken, result.check_id, now)

    def _observe(self, taken: Taken, result: Result, surveyed: Surveyed) -> None:
        missed = taken.service.missed_before(result) if _is_current(taken.service, result) else []
        before = taken.service.check(result.check_id).state.last
        service, events = taken.service, list[Event]()
        was_in_trouble = service.is_in_trouble
        for each in (*missed, result):
            observed = service.observe(
                each,
                incident_id=IncidentId(self.ids()),
                around=surveyed.around(each),
                rule=self.flap_rule,
            )
            service = observed.service
            events.extend(observed.events)
        since = [event.at for event in events if isinstance(event, CheckAccountChanged)]
        since += [before.slot] if before else []
        taken.was_in_trouble |= was_in_trouble
        taken.is_in_trouble = service.is_in_trouble
        taken.service = service
        taken.events.extend(events)
        taken.results.extend(missed)
        taken.dirty.update(_hours(result.check_id, min([*since, result.slot]), result.slot))
        surveyed.note(service, events)

    async def _turn_service(self, taken: Taken, now: datetime, turn: Turn) -> None:
        """Store a turn with all that follows from it, or park the service with nothing of it."""
        try:
            await _keep(taken, turn)
        except StorageError:
            raise
        except Exception:  # nor one poisoned service
            logger.exception("A turn of service %s could not be kept", taken.service.id)
            taken.service = await turn.uow.services.get(taken.service.id)
            taken.events.clear()
            for check_id in list(taken.slots):
                _park(taken, check_id, now)
            await _keep(taken, turn)


async def _ask_around(taken: Iterable[Taken], now: datetime, uow: UnitOfWork) -> None:
    """Ask at once what depends on a service whose trouble began or ended, and the other way."""
    over = [each.service.id for each in taken if each.was_in_trouble and not each.is_in_trouble]
    began = [each.service for each in taken if each.is_in_trouble and not each.was_in_trouble]
    if dependent := [service.id for service in began if service.depends_on]:
        await ask_upstream(dependent, now, uow)
    if over:
        await ask_downstream(over, now, uow)


async def _ask_the_quiet(
    taken: Iterable[Taken], surveyed: Surveyed, now: datetime, uow: UnitOfWork
) -> None:
    """Ask again those whose quiet may be over before their next slot."""
    services = [each.service for each in taken]
    quiet = [each for each in services if each.incident is not None and each.incident.quiet]
    again = [check for each in quiet if each.id in surveyed.again for check in each.checks]
    soon = [check for each in quiet if each.id in surveyed.soon for check in each.checks]
    if again:
        await ask_now(again, now, uow)
    if soon:
        await ask_by(soon, now + SUSPICION_LASTS, uow)


async def _keep_all(taken: Sequence[Taken], turn: Turn) -> bool:
    """Store all of them at once, or none; one by one they would take several times as long."""
    turned = [each for each in taken if not each.is_calm]
    try:
        async with turn.part():
            await turn.uow.services.save_states([each.service for each in taken])
            turn.know(*[each.service for each in turned])
            events = [event for each in taken if each.is_calm for event in each.events]
            events += [event for each in turned for event in each.events]
            # First how time counts for all of them: mails tell of that, and it is read once.
            events.sort(key=lambda event: not isinstance(event, CheckAccountChanged))
            await turn.tell(*events)
    except StorageError:
        raise
    except Exception:  # one of them is poisoned; nobody knows which
        logger.exception("%d services could not be kept at once", len(taken))
        return False
    return True


async def _keep(taken: Taken, turn: Turn) -> None:
    async with turn.part():
        await turn.uow.services.save_states([taken.service])
        turn.know(taken.service)
        await turn.tell(*taken.events)


def _park(taken: Taken, check_id: CheckId, now: datetime) -> None:
    reason = ParkedReason.NOT_EVALUATED
    observed, taken.slots[check_id] = park(taken.service, check_id, now, reason)
    taken.service = observed.service
    taken.events.extend(observed.events)


def _is_current(service: Service, result: Result) -> bool:
    """Tell whether the result answers what is asked now, so that the next run follows from it."""
    return service.mode is Mode.ACTIVE and service.check(result.check_id).version == result.version


def _by_check(results: Iterable[Result]) -> dict[CheckId, list[Result]]:
    by_check: dict[CheckId, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda each: each.key):
        by_check[result.check_id].append(result)
    return by_check


def _hours(check_id: CheckId, begin: datetime, end: datetime) -> Iterable[DirtyBucket]:
    """Return the marks of all hours from `begin` to `end`, the latest ones when there are many.

    With the hour of the result before, whose sums were made while it lasted.
    """
    first, last = DirtyBucket.at(check_id, begin), DirtyBucket.at(check_id, end)
    count = min((last.hour - first.hour) // HOUR + 1, MOST_DIRTY_HOURS)
    return [replace(last, hour=last.hour - HOUR * ago) for ago in range(count)]
