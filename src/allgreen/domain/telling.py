"""Telling: when the news of a service begin, go on and end, and when they are kept quiet.

It is apart from `service` because health is what we know, and this is what people hear of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from allgreen.domain.events import (
    Event,
    IncidentOpened,
    IncidentReleased,
    IncidentReminded,
    IncidentResolved,
    ServiceFlapping,
    ServiceSteady,
)
from allgreen.domain.flapping import FlapRule, Flaps
from allgreen.domain.identity import IncidentId, ServiceId, WorkspaceId
from allgreen.domain.incident import Incident, Quiet, Resolution, Surroundings
from allgreen.domain.status import ServiceHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The incident and the flaps of one service, and what follows when they change.

    Every method returns the new telling with the facts that follow, in order.
    """

    service_id: ServiceId
    workspace_id: WorkspaceId
    incident: Incident | None
    flaps: Flaps
    remind_every: timedelta | None
    rule: FlapRule

    def begin(
        self,
        incident_id: IncidentId,
        *,
        at: datetime,
        now: datetime,
        reason: str,
        around: Surroundings,
    ) -> tuple[Telling, list[Event]]:
        """Open an incident at `at`, or let the one before go on, when it just ended."""
        if around.window_ended_at is not None:
            # Time inside a window does not count against a service.
            at = max(at, around.window_ended_at)
        confirmed_at = max(now, at)
        if around.previous is not None and around.previous.may_reopen(at):
            incident = around.previous.reopen(at, confirmed_at=confirmed_at, reason=reason)
        else:
            incident = Incident(
                id=incident_id,
                workspace_id=self.workspace_id,
                service_id=self.service_id,
                began_at=at,
                confirmed_at=confirmed_at,
                reason=reason,
            )
        incident = replace(incident, quiet=around.quiet, blocked_by=around.blocked_by)
        flaps = self._turned(incident, now)
        opened = IncidentOpened(incident=incident, is_flapping=flaps.is_flapping)
        return replace(self, incident=incident, flaps=flaps), [opened, *self._news(flaps, now)]

    def end(
        self, *, at: datetime, now: datetime, resolution: Resolution
    ) -> tuple[Telling, list[Event]]:
        """Resolve the incident."""
        assert self.incident is not None
        ended = self.incident.resolve(at, resolution)
        is_turn = resolution is Resolution.HOLDS_AGAIN
        # Whoever edits or pauses a service begins a new story.
        flaps = self._turned(ended, now) if is_turn else Flaps()
        resolved = IncidentResolved(incident=ended, is_flapping=flaps.is_flapping)
        return replace(self, incident=None, flaps=flaps), [resolved, *self._news(flaps, now)]

    def go_on_down(
        self, *, slot: datetime, now: datetime, around: Surroundings
    ) -> tuple[Telling, list[Event]]:
        """Take one more failure of an outage in: people may have to hear of it now."""
        incident = self.incident
        assert incident is not None
        if incident.quiet is not None:
            return self._perhaps_release(incident, slot, now, around)
        if self.remind_every is None or around.in_window:
            return self, []
        due = (now - incident.confirmed_at) // self.remind_every
        if due <= incident.reminded:
            return self, []
        reminded = replace(incident, reminded=due)
        return replace(self, incident=reminded), [IncidentReminded(incident=reminded)]

    def go_on_flapping(
        self, *, now: datetime, health: ServiceHealth, is_contradicted: bool
    ) -> tuple[Telling, list[Event]]:
        """Look whether flapping is over, or lasts so long that people hear of it again.

        Args:
            now: When the latest result was found.
            health: What holds after it.
            is_contradicted: That result says another thing.
        """
        assert self.flaps.since is not None
        flaps = self.flaps.contradicted(now) if is_contradicted else self.flaps
        if flaps.is_over(now, self.rule):
            steady = ServiceSteady(
                service_id=self.service_id,
                workspace_id=self.workspace_id,
                health=health,
                incident_id=None if self.incident is None else self.incident.id,
                since=self.flaps.since,
                at=now,
            )
            return replace(self, flaps=Flaps()), [steady]
        if flaps.owes_summary(now, self.rule):
            flaps = flaps.with_summary()
            return replace(self, flaps=flaps), [self._flapping(flaps, now)]
        return replace(self, flaps=flaps), []

    def _perhaps_release(
        self, incident: Incident, slot: datetime, now: datetime, around: Surroundings
    ) -> tuple[Telling, list[Event]]:
        if around.quiet is not None:
            return self, []
        began_at = None
        if incident.quiet is Quiet.MAINTENANCE:
            began_at = around.window_ended_at or slot
        told = incident.release(began_at=began_at, at=now)
        released = IncidentReleased(incident=told, is_flapping=self.flaps.is_flapping)
        return replace(self, incident=told), [released]

    def _turned(self, incident: Incident, now: datetime) -> Flaps:
        # What nobody hears of cannot be too much for anybody.
        return self.flaps if incident.quiet else self.flaps.after_turn(now, self.rule)

    def _news(self, flaps: Flaps, now: datetime) -> list[Event]:
        is_new = flaps.is_flapping and not self.flaps.is_flapping
        return [self._flapping(flaps, now)] if is_new else []

    def _flapping(self, flaps: Flaps, now: datetime) -> ServiceFlapping:
        assert flaps.since is not None
        return ServiceFlapping(
            service_id=self.service_id,
            workspace_id=self.workspace_id,
            since=flaps.since,
            summaries=flaps.summaries,
            at=now,
        )
