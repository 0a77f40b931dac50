"""Breaker: stops asking a component that keeps failing, and asks again after a while.

For components that are slow to fail: an upstream that answers after thirty seconds would otherwise
be waited for by every report. What is not asked keeps its last bad status; a breaker never makes
an outage look like health.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol, final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.locks import ForkLock

COOL_DOWN_S: Final = 30.0


class BreakerState(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    """Let it through."""
    OPEN = "open"
    """Refuse it."""
    HALF_OPEN = "half_open"
    """Let one through, to see whether it works again."""


class _Clock(Protocol):
    def wall(self) -> float: ...

    def monotonic(self) -> float: ...


@dataclass(slots=True)
class _Outage:
    """What is known since the first failure of a row.

    Attributes:
        failures: How many in a row.
        again_at: When the next call is let through, on the monotonic clock; `None` while all are.
        is_trying: The one call of a half-open breaker is on its way.
    """

    failures: int = 0
    again_at: float | None = None
    is_trying: bool = False


@final
class Breaker:
    """Counts failures in a row of one component; safe in threads.

    Args:
        failures: So many in a row open it.
        cool_down_s: For so long it stays open, in seconds. Also how long the one call of a
            half-open breaker may take before another one is let through.
        name: For people; such as the name of the component.
        clock: For tests.
    """

    def __init__(
        self,
        failures: int = 3,
        cool_down_s: float = COOL_DOWN_S,
        *,
        name: str = "",
        clock: _Clock = SYSTEM_CLOCK,
    ) -> None:
        if failures < 1:
            raise SettingsError(
                "failures", f"a breaker opens after 1 or more, and not {failures!r}."
            )
        if not 0 < cool_down_s < float("inf"):
            raise SettingsError("cool_down_s", f"{cool_down_s!r} is no number of seconds.")
        self.name = name
        self._failures = failures
        self._cool_down_s = cool_down_s
        self._clock = clock
        self._lock = ForkLock()
        self._outage = _Outage()
        self._last: ComponentStatus | None = None

    @property
    def state(self) -> BreakerState:
        """Return what would become of a call now."""
        with self._lock:
            return self._state(self._clock.monotonic())

    def admit(self) -> bool:
        """Tell whether to make a call now; who is told so must `record` what came of it."""
        with self._lock:
            now = self._clock.monotonic()
            state, outage = self._state(now), self._outage
            if state is BreakerState.HALF_OPEN:
                outage.is_trying = True
                outage.again_at = now + self._cool_down_s
            return state is not BreakerState.OPEN

    def record(self, status: ComponentStatus, *, is_failure: bool | None = None) -> None:
        """Count what came of a call.

        Args:
            status: What the component said.
            is_failure: It failed or took too long; by default, whether it is unhealthy.
        """
        if is_failure is None:
            is_failure = status.status is HealthStatus.UNHEALTHY
        with self._lock:
            if not is_failure:
                self._outage, self._last = _Outage(), None
                return
            outage = self._outage
            outage.failures += 1
            worst = HealthStatus.worst_of((status.status, HealthStatus.DEGRADED))
            self._last = replace(status, status=worst)
            if outage.failures >= self._failures or outage.is_trying:
                outage.again_at = self._clock.monotonic() + self._cool_down_s
            outage.is_trying = False

    def release(self) -> None:
        """Say that nothing came of a call, as when it was cancelled; the next one may try."""
        with self._lock:
            if self._outage.is_trying:
                self._outage.is_trying = False
                self._outage.again_at = self._clock.monotonic()

    def describe(self, name: str) -> ComponentStatus:
        """Return what to say of a component that was not asked: its last failure, never health.

        Args:
            name: Of the component.
        """
        with self._lock:
            last, again_at = self._last, self._outage.again_at
            wait_s = 0.0 if again_at is None else max(0.0, again_at - self._clock.monotonic())
        again = datetime.fromtimestamp(self._clock.wall() + wait_s, UTC)
        told = last or ComponentStatus(name, HealthStatus.DEGRADED, "Nothing is known")
        message = f"{told.message}; not asked again until {again:%H:%M:%S} UTC"
        return replace(told, name=name, message=message.removeprefix("; "))

    def _state(self, now: float) -> BreakerState:
        again_at = self._outage.again_at
        if again_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < again_at else BreakerState.HALF_OPEN
