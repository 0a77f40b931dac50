"""What lies around failing services: windows, the services they depend on, their last incidents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from allgreen.domain.identity import ServiceId
from allgreen.domain.incident import REOPEN_WITHIN, Incident, Quiet, Surroundings
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.status import Outcome
from allgreen.ports import UnitOfWork

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What lies around one service, for every instant of a batch.

    Attributes:
        windows: Maintenance windows, in order and apart.
    """

    windows: Sequence[Interval] = ()
    blocked_by: ServiceId | None = None
    previous: Incident | None = None

    def at(self, instant: datetime) -> Surroundings:
        """Return what decides for a failure at `instant`."""
        return Surroundings(
            in_window=any(begin <= instant < end for begin, end in self.windows),
            window_ended_at=max((end for _, end in self.windows if end <= instant), default=None),
            blocked_by=self.blocked_by,
            previous=self.previous,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The neighbourhoods of some services; of all others nothing is known, nor asked."""

    places: Mapping[ServiceId, Neighbourhood] = field(default_factory=dict)

    def around(self, result: Result) -> Surroundings:
        """Return what lies around the service of a result when its run ended."""
        place = self.places.get(result.service_id)
        return Surroundings() if place is None else place.at(result.finished_at)


async def look_around(
    services: Iterable[Service], results: Iterable[Result], uow: UnitOfWork
) -> Map:
    """Look around those services of which a result is a failure; for the others it is no matter."""
    failures = [result for result in results if result.outcome is Outcome.FAIL]
    concerned = {result.service_id for result in failures}
    failing = [service for service in services if service.id in concerned]
    if not failing:
        return Map()
    ids = [service.id for service in failing]
    begin = min([result.slot for result in failures] + list(_quiet_since(failing)))
    end = max(result.finished_at for result in failures)
    windows = await uow.windows.of_services(ids, begin, end)
    previous = await _previous(failing, begin, uow)
    roots = await _roots(failing, uow)
    return Map(
        places={
            service.id: Neighbourhood(
                windows=windows.get(service.id, ()),
                blocked_by=roots.get(service.id),
                previous=previous.get(service.id),
            )
            for service in failing
        }
    )


def _quiet_since(services: Iterable[Service]) -> Iterable[datetime]:
    """Return from when windows matter: an outage may have waited for the end of a long one."""
    for service in services:
        if service.incident is not None and service.incident.quiet is Quiet.MAINTENANCE:
            yield service.incident.outage_began_at


async def _previous(
    services: Iterable[Service], since: datetime, uow: UnitOfWork
) -> dict[ServiceId, Incident]:
    """Return the incidents that an outage beginning now could continue."""
    ids = [service.id for service in services if service.incident is None]
    if not ids:
        return {}
    found = await uow.incidents.latest(ids, limit=2 * len(ids), since=since - REOPEN_WITHIN)
    latest = sorted(found, key=lambda incident: incident.ended_at or incident.began_at)
    return {incident.service_id: incident for incident in latest}


async def _roots(services: Iterable[Service], uow: UnitOfWork) -> dict[ServiceId, ServiceId]:
    """Return for each service the one at the root of its trouble, if it is another one."""
    dependent = [service for service in services if service.depends_on]
    if not dependent:
        return {}
    upstream = await uow.services.list_upstream([service.id for service in dependent])
    troubled = {service.id: _root_of(service) for service in upstream if service.is_in_trouble}
    return {
        service.id: troubled[above]
        for service in dependent
        for above in reversed(service.depends_on)
        if above in troubled
    }


def _root_of(service: Service) -> ServiceId:
    if service.incident is not None and service.incident.blocked_by is not None:
        return service.incident.blocked_by
    return service.id
