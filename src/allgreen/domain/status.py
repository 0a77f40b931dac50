"""The vocabularies of health, and the one place where they are mapped to one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class HealthStatus(StrEnum):
    """How a component of a program is, from best to worst."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"

    @classmethod
    def worst_of(cls, statuses: Iterable[HealthStatus]) -> HealthStatus:
        """Return the worst status; `HEALTHY` when there is none."""
        return max(statuses, key=_ORDER_OF_HEALTH.index, default=cls.HEALTHY)


class CheckVerdict(StrEnum):
    """How one run of a check of a program ended."""

    PASSED = "passed"
    FAILED = "failed"
    """It said no, or took too long."""
    ERROR = "error"
    """It could not say: an exception, or something that is no answer."""
    SKIPPED = "skipped"
    """It was not meant to run here, or what it depends on has failed."""

    @classmethod
    def of(cls, status: HealthStatus) -> CheckVerdict:
        """Return the verdict of a check that answered with a status."""
        return cls.PASSED if status is HealthStatus.HEALTHY else cls.FAILED

    def health(self, *, is_critical: bool = True) -> HealthStatus | None:
        """Return what the verdict means for the whole; `None` when it says nothing of it.

        What is not critical can make a program degraded, never unhealthy.
        """
        if self is CheckVerdict.SKIPPED:
            return None
        if self is CheckVerdict.PASSED:
            return HealthStatus.HEALTHY
        return HealthStatus.UNHEALTHY if is_critical else HealthStatus.DEGRADED


class LifeSign(StrEnum):
    """The status in a heartbeat file."""

    STARTING = "starting"
    ONLINE = "online"
    DEGRADED = "degraded"

    @classmethod
    def of(cls, status: HealthStatus | None) -> LifeSign:
        """Return the word for a status; `None` when nothing is known yet."""
        if status is None:
            return cls.STARTING
        return cls.ONLINE if status is HealthStatus.HEALTHY else cls.DEGRADED


class ServiceHealth(StrEnum):
    """What is known about a service or one of its checks."""

    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"

    @classmethod
    def worst_of(cls, healths: Iterable[ServiceHealth]) -> ServiceHealth:
        """Return the worst that is known; `UNKNOWN` only when nothing is known.

        One check without data must not hide another that is down, nor turn a service grey
        whose other checks answer.
        """
        return max(healths, key=_ORDER_OF_SERVICE_HEALTH.index, default=cls.UNKNOWN)


class Outcome(StrEnum):
    """How one run of a check ended. Only `FAIL` can take a service down."""

    OK = "ok"
    SLOW = "slow"
    FAIL = "fail"
    BLOCKED = "blocked"
    """Our guard refused the address."""
    PROBE_ERROR = "probe_error"
    """The fault is ours: no local network, no file descriptors, an exception."""
    MISSED = "missed"
    """The slot passed without being run."""


class FailureClass(StrEnum):
    """Where a failing target failed."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    STATUS = "status"
    BODY = "body"
    REDIRECT = "redirect"
    ANSWERED = "answered"
    """All was fine, of a check that is upside down: it must not be."""


class Mode(StrEnum):
    """What people want of a service."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


class Shown(StrEnum):
    """The one word that a screen shows for a service."""

    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    CHECKING = "checking"
    PAUSED = "paused"
    MAINTENANCE = "maintenance"

    @classmethod
    def of(
        cls,
        mode: Mode,
        health: ServiceHealth,
        *,
        is_suspect: bool,
        in_window: bool = False,
        is_offline: bool = False,
    ) -> Shown:
        """Return the word for a service: mode, maintenance, suspicion, health, in this order.

        While the network of the watcher is down (`is_offline`) nothing is known of any.
        """
        if mode is not Mode.ACTIVE:
            return cls.PAUSED
        if in_window:
            return cls.MAINTENANCE
        if is_offline:
            return cls.UNKNOWN
        if is_suspect and health is not ServiceHealth.DOWN:
            return cls.CHECKING
        return cls(health.value)


class TimeKind(StrEnum):
    """What a stretch of time counts as; the six add up to any window exactly."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    PAUSED = "paused"
    MAINTENANCE = "maintenance"

    @classmethod
    def of(cls, health: ServiceHealth) -> TimeKind:
        """Return the kind of time that passes while a check is in `health`."""
        return cls(health.value)


class DayGrade(StrEnum):
    """The grade of one day; the value is its letter in a strip."""

    FULL = "u"
    MINOR = "d"
    PARTIAL = "p"
    MAJOR = "x"
    MAINTENANCE = "m"
    NONE = "n"


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """The health of one component at one moment.

    Attributes:
        response_time_ms: Milliseconds that the check took.
        metadata: Measurements with names; values must be representable in JSON.
    """

    name: str
    status: HealthStatus
    message: str = ""
    response_time_ms: float = 0.0
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SystemHealthStatus:
    """The health of a whole program: the worst of its components."""

    overall_status: HealthStatus
    components: tuple[ComponentStatus, ...]
    timestamp: datetime

    @classmethod
    def of(cls, components: Iterable[ComponentStatus], timestamp: datetime) -> SystemHealthStatus:
        """Sum up `components` as seen at `timestamp`."""
        listed = tuple(components)
        worst = HealthStatus.worst_of(component.status for component in listed)
        return cls(overall_status=worst, components=listed, timestamp=timestamp)


_ORDER_OF_HEALTH = (HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)
_ORDER_OF_SERVICE_HEALTH = (
    ServiceHealth.UNKNOWN,
    ServiceHealth.UP,
    ServiceHealth.DEGRADED,
    ServiceHealth.DOWN,
)
