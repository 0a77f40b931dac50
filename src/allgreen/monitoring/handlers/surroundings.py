"""What lies around failing services: windows, the services they depend on, their last incidents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from allgreen.domain.events import Event, IncidentResolved
from allgreen.domain.identity import ServiceId
from allgreen.domain.incident import REOPEN_WITHIN, Incident, Quiet, Surroundings
from allgreen.domain.maintenance import Interval
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.ports import UnitOfWork

SUSPICION_LASTS = timedelta(minutes=1)
"""For so long a suspicion keeps quiet what depends on it: until its re-probes are over."""

_ANSWERS = (Outcome.OK, Outcome.SLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What lies around the services of a batch, as far as it matters.

    Attributes:
        services: Those that were surveyed; of all others nothing is known, nor asked.
        windows: When they are in maintenance, in order and apart.
        previous: Their latest incidents, where they are over; by now, also within the batch.
        upstream: What they depend on; those of the same batch as they are by now.
        again: Services whose failure was found before the reason for their quiet ended: it says
            nothing of the time since, so they are asked again.
        soon: Services that are quiet for a mere suspicion, which does not last.
    """

    services: Mapping[ServiceId, Service] = field(default_factory=dict)
    windows: Mapping[ServiceId, Sequence[Interval]] = field(default_factory=dict)
    previous: dict[ServiceId, Incident] = field(default_factory=dict)
    upstream: dict[ServiceId, Service] = field(default_factory=dict)
    again: set[ServiceId] = field(default_factory=set)
    soon: set[ServiceId] = field(default_factory=set)

    def around(self, result: Result) -> Surroundings:
        """Return what lay around the service of a result while it was run.

        What was found while a window was open, or while what it depends on was down, is no news
        of its own, also when that ended before the run did.
        """
        service = self.services.get(result.service_id)
        if service is None:
            return Surroundings()
        windows = self.windows.get(service.id, ())
        ended = [end for _, end in windows if end <= result.finished_at]
        during = [
            (begin, end)
            for begin, end in windows
            if begin <= result.finished_at and result.started_at < end
        ]
        if during and all(end in ended for _, end in during):
            self.again.add(service.id)
        return Surroundings(
            in_window=bool(during),
            window_ended_at=max(ended, default=None),
            blocked_by=self._root(service, result),
            previous=self.previous.get(service.id),
        )

    def note(self, service: Service, events: Iterable[Event]) -> None:
        """Take in what a service became, for its own next results and for what depends on it."""
        if service.id in self.upstream:
            self.upstream[service.id] = service
        for event in events:
            if isinstance(event, IncidentResolved):
                self.previous[service.id] = event.incident

    def _root(self, service: Service, result: Result) -> ServiceId | None:
        above = [self.upstream[each] for each in service.depends_on if each in self.upstream]
        for each in above:
            if each.incident is not None:
                return _root_of(each)
        for each in above:
            if _is_freshly_suspect(each, result.finished_at):
                self.soon.add(service.id)
                return each.id
        for each in above:
            if _held_again_after(each, result.started_at):
                self.again.add(service.id)
                return each.id
        return None


async def look_around(
    services: Iterable[Service], results: Collection[Result], uow: UnitOfWork
) -> Surveyed:
    """Look around those services for which a failure may be, or become, news."""
    failures = [result for result in results if result.outcome is Outcome.FAIL]
    if not failures:
        return Surveyed()
    concerned = {result.service_id for result in failures}
    answering = {result.service_id for result in results if result.outcome in _ANSWERS}
    failing = {
        each.id: each
        for each in services
        # What answers in between may end the outage of which people know: the next one is news.
        if each.id in concerned and (_may_be_news(each) or each.id in answering)
    }
    if not failing:
        return Surveyed()
    slots = [result.slot for result in failures]
    begin = min([*slots, *_quiet_since(failing.values()), *_suspect_since(failing.values())])
    end = max(result.finished_at for result in failures)
    return Surveyed(
        services=failing,
        windows=await uow.windows.of_services(failing.keys(), begin, end),
        previous=await _previous(failing.values(), begin, uow),
        upstream=await _upstream(failing.values(), uow),
    )


def _may_be_news(service: Service) -> bool:
    incident = service.incident
    return incident is None or incident.quiet is not None or service.remind_every is not None


def _quiet_since(services: Iterable[Service]) -> Iterable[datetime]:
    """Return from when windows matter: an outage may have waited for the end of a long one."""
    for service in services:
        if service.incident is not None and service.incident.quiet is Quiet.MAINTENANCE:
            yield service.incident.outage_began_at


def _suspect_since(services: Iterable[Service]) -> Iterable[datetime]:
    """Return when outages would begin that are being confirmed: perhaps some slots ago."""
    for service in services:
        for state in (check.state for check in service.checks):
            # One that is down began its outage, perhaps months ago.
            if state.first_bad_slot is not None and state.health is not ServiceHealth.DOWN:
                yield state.first_bad_slot


async def _previous(
    services: Iterable[Service], since: datetime, uow: UnitOfWork
) -> dict[ServiceId, Incident]:
    """Return the incidents that an outage beginning now could continue."""
    ids = [service.id for service in services if service.incident is None]
    if not ids:
        return {}
    # What ended exactly then was not over before.
    earliest = since - REOPEN_WITHIN - timedelta.resolution
    found = await uow.incidents.latest(ids, limit=2 * len(ids), since=earliest)
    latest = sorted(found, key=lambda incident: incident.ended_at or incident.began_at)
    return {incident.service_id: incident for incident in latest}


async def _upstream(services: Iterable[Service], uow: UnitOfWork) -> dict[ServiceId, Service]:
    dependent = [service.id for service in services if service.depends_on]
    if not dependent:
        return {}
    return {service.id: service for service in await uow.services.list_upstream(dependent)}


def _is_freshly_suspect(service: Service, at: datetime) -> bool:
    """Tell whether its failures are being confirmed, and not for ever."""
    since = [check.state.first_bad_slot for check in service.checks if check.state.is_suspect]
    return any(slot is not None and at - slot <= SUSPICION_LASTS for slot in since)


def _held_again_after(service: Service, instant: datetime) -> bool:
    is_good = service.health in (ServiceHealth.UP, ServiceHealth.DEGRADED)
    return is_good and service.since is not None and service.since >= instant


def roots_first(services: Iterable[Service]) -> list[Service]:
    """Return services so that what others depend on comes before them."""
    by_id = {service.id: service for service in services}
    ordered: dict[ServiceId, Service] = {}
    for service in by_id.values():
        _put(service, by_id, ordered, set())
    return list(ordered.values())


def _put(
    service: Service,
    by_id: Mapping[ServiceId, Service],
    ordered: dict[ServiceId, Service],
    on_the_way: set[ServiceId],
) -> None:
    on_the_way.add(service.id)
    for above in service.depends_on:
        if above in by_id and above not in ordered and above not in on_the_way:
            _put(by_id[above], by_id, ordered, on_the_way)
    ordered.setdefault(service.id, service)


def _root_of(service: Service) -> ServiceId:
    if service.incident is not None and service.incident.blocked_by is not None:
        return service.incident.blocked_by
    return service.id
