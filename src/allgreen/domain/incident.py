"""Incident: one outage of one service, from its first bad slot to its first good result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from allgreen.domain.identity import IncidentId, ServiceId, WorkspaceId


class IncidentState(StrEnum):
    """Life of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """Why an incident ended."""

    HOLDS_AGAIN = "holds again"
    PAUSED = "paused"
    RECONFIGURED = "configuration changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of one service.

    Attributes:
        began_at: Scheduled time of the first bad slot.
        confirmed_at: When the evidence was enough; never before `began_at`.
        ended_at: Begin of the first good run; never before `confirmed_at`.
        reason: Short text of the failure that confirmed it.
    """

    id: IncidentId
    workspace_id: WorkspaceId
    service_id: ServiceId
    state: IncidentState = IncidentState.OPEN
    began_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None = None
    reason: str = ""
    resolution: Resolution | None = None

    def resolve(self, at: datetime, resolution: Resolution) -> Incident:
        """End the incident; an end before its confirmation (a clock set back) is moved to it."""
        return replace(
            self,
            state=IncidentState.RESOLVED,
            ended_at=max(at, self.confirmed_at),
            resolution=resolution,
        )

    def acknowledge(self) -> Incident:
        """Note that somebody looks after it."""
        return replace(self, state=IncidentState.ACKNOWLEDGED)

    def duration(self, now: datetime) -> timedelta:
        """Return how long it lasted, or has lasted by `now`."""
        return max((self.ended_at or now) - self.began_at, timedelta(0))
