"""What happened: facts in the past tense, raised by the domain and told on the bus."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from allgreen.domain.check import ParkedReason
from allgreen.domain.identity import (
    AccountId,
    CheckId,
    IncidentId,
    RecipientId,
    ServiceId,
    WorkspaceId,
)
from allgreen.domain.incident import Incident
from allgreen.domain.result import Result
from allgreen.domain.status import ServiceHealth, TimeKind
from allgreen.domain.watcher import Absence, Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSucceeded:
    """A run ended `ok` or `slow`."""

    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFailed:
    """A run ended `fail`; whether that means anything is told by other events."""

    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAccountChanged:
    """From `at` on, the time of a check counts as `kind`; what was noted after `at` is void.

    It is kept apart from health: while slots are missed a check that is down stays down, yet
    that time counts as unknown.
    """

    check_id: CheckId
    workspace_id: WorkspaceId
    at: datetime
    kind: TimeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatusChanged:
    """The health of a service turned."""

    service_id: ServiceId
    workspace_id: WorkspaceId
    before: ServiceHealth
    after: ServiceHealth
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """An outage was confirmed, or went on within minutes of its end.

    Attributes:
        is_flapping: The service turns so often that this turn is not told.
    """

    incident: Incident
    is_flapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReleased:
    """An outage that was quiet is told from now on."""

    incident: Incident
    is_flapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReminded:
    """An outage has lasted so long that people want to be reminded."""

    incident: Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """An outage ended, or its service is no longer watched as it was."""

    incident: Incident
    is_flapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFlapping:
    """A service began to turn too often to be told each time, or still does an hour later.

    Attributes:
        since: From when it counts as flapping.
        summaries: 0 at the begin, then which hourly summary it is.
    """

    service_id: ServiceId
    workspace_id: WorkspaceId
    since: datetime
    summaries: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSteady:
    """A flapping service has not turned for a while; `health` is what lasts.

    Attributes:
        incident_id: The incident that is open then.
    """

    service_id: ServiceId
    workspace_id: WorkspaceId
    health: ServiceHealth
    incident_id: IncidentId | None = None
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBlocked:
    """Our own guard refused the target often enough to say so to the admins."""

    service_id: ServiceId
    workspace_id: WorkspaceId
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """A service was registered, edited, paused, resumed or deleted by people.

    Attributes:
        change: What was done, in words for the history: ``changed the limit from 500 to 800 ms``.
        by: Who did it; `None` when somebody without an account followed a link in a mail.
        action: Stable word for the history, such as ``service.paused``.
        version: Version of the service after it.
        before: What was changed, by name, as it was, in words that hold no secret.
        after: The same as it is now.
    """

    service_id: ServiceId
    workspace_id: WorkspaceId
    change: str
    by: AccountId | None
    at: datetime
    action: str = "service.edited"
    version: int = 0
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckParked:
    """A check could not be run, or its result not be evaluated; it is unknown until that works."""

    check_id: CheckId
    service_id: ServiceId
    workspace_id: WorkspaceId
    at: datetime
    reason: ParkedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientAdded:
    """A recipient is told from `at` on, also about an incident that is open already."""

    recipient_id: RecipientId
    service_id: ServiceId
    workspace_id: WorkspaceId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherWentOffline:
    """The network of a watcher is down: nothing is checked.

    Attributes:
        workspaces: Whose services are not checked.
    """

    watcher: Watcher
    workspaces: tuple[WorkspaceId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceEnded:
    """A watcher is back after a time in which it checked nothing.

    Attributes:
        workspaces: Whose services were not checked.
    """

    absence: Absence
    workspaces: tuple[WorkspaceId, ...]


Event = (
    CheckSucceeded
    | CheckFailed
    | CheckAccountChanged
    | ServiceStatusChanged
    | IncidentOpened
    | IncidentReleased
    | IncidentReminded
    | IncidentResolved
    | ServiceFlapping
    | ServiceSteady
    | ServiceBlocked
    | ServiceChanged
    | CheckParked
    | RecipientAdded
    | WatcherWentOffline
    | AbsenceEnded
)
