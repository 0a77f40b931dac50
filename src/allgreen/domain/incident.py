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


class Quiet(StrEnum):
    """Why nobody is told of an outage."""

    MAINTENANCE = "maintenance"
    BLOCKED_BY = "blocked by"
    """A service that it depends on is down, and people hear of that one."""


REOPEN_WITHIN = timedelta(minutes=5)
"""A service that is down again so soon continues its last incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of one service, with those that followed so closely that they are one story.

    Attributes:
        began_at: Scheduled time of the first bad slot; for one that outlasted a maintenance
            window in which it began, the end of that window.
        confirmed_at: When the evidence was enough; never before `began_at`.
        ended_at: Begin of the first good run; never before `confirmed_at`.
        reason: Short text of the failure that confirmed it.
        reopened: How often the service went down again within `REOPEN_WITHIN` of its end.
        reopened_at: Begin of the latest of these outages.
        quiet: Why nobody has been told; `None` once they are.
        blocked_by: The service at the root of an outage that is quiet for it.
        reminded: How many reminders were owed since it was confirmed.
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
    reopened: int = 0
    reopened_at: datetime | None = None
    quiet: Quiet | None = None
    blocked_by: ServiceId | None = None
    reminded: int = 0

    @property
    def seq(self) -> int:
        """Return which outage of this incident it is now, from 1; messages are numbered by it."""
        return self.reopened + 1

    @property
    def outage_began_at(self) -> datetime:
        """Return the begin of the outage that lasts, or was the last one."""
        return self.reopened_at or self.began_at

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

    def may_reopen(self, at: datetime) -> bool:
        """Tell whether an outage that begins at `at` belongs to this one, which is over."""
        if self.ended_at is None or self.resolution is not Resolution.HOLDS_AGAIN:
            return False
        # One that lies ahead is of a time before the clock was set back.
        return at >= self.began_at and abs(at - self.ended_at) <= REOPEN_WITHIN

    def reopen(self, at: datetime, *, confirmed_at: datetime, reason: str) -> Incident:
        """Let the same outage go on from `at`."""
        return replace(
            self,
            state=IncidentState.OPEN,
            confirmed_at=max(confirmed_at, self.began_at),
            ended_at=None,
            reason=reason,
            resolution=None,
            reopened=self.reopened + 1,
            reopened_at=max(at, self.began_at),
            quiet=None,
            blocked_by=None,
            reminded=0,
        )

    def release(self, *, began_at: datetime | None, at: datetime) -> Incident:
        """End the quiet: people are told from `at` on.

        Args:
            began_at: A later begin, where the time before does not count; `None` for none.
            at: When that was found.
        """
        begin = self.outage_began_at if began_at is None else max(began_at, self.outage_began_at)
        return replace(
            self,
            began_at=self.began_at if self.reopened else begin,
            reopened_at=begin if self.reopened else None,
            confirmed_at=max(at, begin, self.confirmed_at),
            quiet=None,
            blocked_by=None,
        )

    def duration(self, now: datetime) -> timedelta:
        """Return how long the last outage of it lasted, or has lasted by `now`."""
        return max((self.ended_at or now) - self.outage_began_at, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lies around a failing service and decides whether and how people are told.

    Attributes:
        in_window: A maintenance window is open for it.
        window_ended_at: End of the latest window that is over; `None` when there was none lately.
        blocked_by: The service at the root of its trouble, of those that it depends on.
        previous: Its latest incident, when that is over.
    """

    in_window: bool = False
    window_ended_at: datetime | None = None
    blocked_by: ServiceId | None = None
    previous: Incident | None = None

    @property
    def quiet(self) -> Quiet | None:
        """Return why an outage is not told now; `None` when it is."""
        if self.in_window:
            return Quiet.MAINTENANCE
        return Quiet.BLOCKED_BY if self.blocked_by is not None else None
