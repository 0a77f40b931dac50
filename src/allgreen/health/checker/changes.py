"""Changes: what people and machines are told of a component, which is far less than its results.

A change is told once, after enough results in a row, and its end is told too, with how long it
lasted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Protocol, final, runtime_checkable
from uuid import uuid4

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.locks import ForkLock

_HEALTHY: Final = HealthStatus.HEALTHY


class _Clock(Protocol):
    def wall(self) -> float: ...

    def monotonic(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A component is told to be otherwise than it was told to be.

    Attributes:
        id: The same in each attempt to deliver it, and of no other change.
        name: Of the component.
        status: What it is.
        before: What it was told to be; healthy when nothing was told of it.
        message: Why.
        at: When this was found, in seconds since 1970.
        failures: How many results in a row were not healthy; at a recovery, of the whole outage.
        outage_s: For how long it was not healthy, in seconds.
    """

    id: str
    name: str
    status: HealthStatus
    before: HealthStatus
    message: str
    at: float
    failures: int
    outage_s: float

    @property
    def is_recovery(self) -> bool:
        """Tell whether it is healthy again."""
        return self.status is _HEALTHY

    @property
    def event(self) -> str:
        """Return what happened, in a word: ``degraded``, ``unhealthy`` or ``recovered``."""
        return "recovered" if self.is_recovery else self.status.value

    def to_json(self) -> dict[str, Any]:
        """Return what a receiver is sent; the names are kept."""
        at = datetime.fromtimestamp(self.at, UTC).replace(tzinfo=None)
        return {
            "id": self.id,
            "event": self.event,
            "component": self.name,
            "status": self.status.value,
            "before": self.before.value,
            "message": self.message,
            "at": f"{at.isoformat(timespec='milliseconds')}Z",
            "failures": self.failures,
            "outage_s": round(self.outage_s, 3),
        }


@dataclass(slots=True)
class _Story:
    """What was told of one component, and what speaks against it since.

    Attributes:
        told: What it was told to be last.
        failures: Results that were not healthy, since it was last healthy for good.
        bad_since: When the first of them was.
        good_since: When it was healthy again, while that is not told yet.
        goods: Healthy results in a row.
        bads: Results in a row that speak for what would be told next.
        differs_since: When the first of these was.
        next: What would be told.
    """

    told: HealthStatus = _HEALTHY
    failures: int = 0
    bad_since: float = 0.0
    good_since: float = 0.0
    goods: int = 0
    bads: int = 0
    differs_since: float = 0.0
    next: HealthStatus = _HEALTHY


@final
class ChangeDetector:
    """Tells changes from results. Not safe in threads: a `ChangeFeed` is.

    Args:
        failures: So many results in a row that are not healthy are needed.
        seconds: And for so long they must have been, in seconds.
        recoveries: So many healthy results in a row end an outage that was told.
        clock: For tests.

    Raises:
        SettingsError: A threshold cannot be used.
    """

    def __init__(
        self,
        failures: int = 1,
        seconds: float = 0.0,
        *,
        recoveries: int = 1,
        clock: _Clock = SYSTEM_CLOCK,
    ) -> None:
        for name, value in (("failures", failures), ("recoveries", recoveries)):
            if value < 1:
                raise SettingsError(name, f"a number from 1, and not {value!r}.")
        if not 0 <= seconds < float("inf"):
            raise SettingsError("seconds", f"{seconds!r} is no number of seconds.")
        self._failures = failures
        self._seconds = seconds
        self._recoveries = recoveries
        self._clock = clock
        self._stories: dict[str, _Story] = {}

    def observe(self, component: ComponentStatus) -> Change | None:
        """Take in a result; return what is to be told because of it, if anything is.

        That a component is healthy is told only after it was told that it is not.
        """
        story = self._stories.setdefault(component.name, _Story())
        now = self._clock.monotonic()
        if component.status is _HEALTHY:
            is_news = self._take_good(story, now)
        else:
            is_news = self._take_bad(story, component.status, now)
        return self._tell(story, component, now) if is_news else None

    def forget(self, name: str) -> None:
        """Begin anew with a component."""
        self._stories.pop(name, None)

    def _take_good(self, story: _Story, now: float) -> bool:
        story.bads = 0
        if story.told is _HEALTHY:
            story.failures = 0
            return False
        if not story.goods:
            story.good_since = now
        story.goods += 1
        return story.goods >= self._recoveries

    def _take_bad(self, story: _Story, status: HealthStatus, now: float) -> bool:
        story.goods = 0
        if not story.failures:
            story.bad_since = now
        story.failures += 1
        if status is story.told:
            story.bads = 0
            return False
        # From healthy, all that is bad speaks for an outage, whatever it is called.
        if not story.bads or (story.told is not _HEALTHY and status is not story.next):
            story.bads, story.differs_since = 0, now
        story.bads += 1
        story.next = status
        return story.bads >= self._failures and now - story.differs_since >= self._seconds

    def _tell(self, story: _Story, component: ComponentStatus, now: float) -> Change:
        is_recovery = component.status is _HEALTHY
        change = Change(
            id=uuid4().hex,
            name=component.name,
            status=component.status,
            before=story.told,
            message=component.message,
            at=self._clock.wall(),
            failures=story.failures,
            outage_s=(story.good_since if is_recovery else now) - story.bad_since,
        )
        story.told, story.bads = component.status, 0
        if is_recovery:
            story.failures = story.goods = 0
        return change


@runtime_checkable
class Publishes(Protocol):
    """Whoever passes changes on."""

    def publish(self, change: Change) -> None:
        """Take a change; at once, and without raising."""


@runtime_checkable
class Closes(Publishes, Protocol):
    """Whoever passes changes on in a thread of its own, which can be ended."""

    def close(self, timeout_s: float) -> None:
        """Pass on what waits, and end; wait for that no longer than some seconds."""


def close_all(publishers: Iterable[Publishes], timeout_s: float) -> None:
    """End those publishers that can be ended, all at the same time.

    Args:
        publishers: Any.
        timeout_s: Seconds that are waited for all of them together.
    """
    closing = [publisher for publisher in publishers if isinstance(publisher, Closes)]
    deadline = monotonic() + timeout_s
    for publisher in closing:
        publisher.close(0)
    for publisher in closing:
        publisher.close(max(0.0, deadline - monotonic()))


@final
class ChangeFeed:
    """Finds changes in results and hands them to all publishers, in their order; safe in threads.

    Args:
        publishers: Who is told. More can be added.
        detector: What counts as a change; by default each.
    """

    def __init__(
        self, publishers: Iterable[Publishes] = (), detector: ChangeDetector | None = None
    ) -> None:
        self._publishers = tuple(publishers)
        self._detector = detector or ChangeDetector()
        self._lock = ForkLock()

    @property
    def publishers(self) -> tuple[Publishes, ...]:
        """Return who is told."""
        return self._publishers

    def add(self, publisher: Publishes) -> None:
        """Tell one more from now on."""
        with self._lock:
            self._publishers = (*self._publishers, publisher)

    def forget(self, name: str) -> None:
        """Begin anew with a component."""
        with self._lock:
            self._detector.forget(name)

    def observe(self, component: ComponentStatus) -> Change | None:
        """Take in a result of a run, once; return the change that was passed on, if any was."""
        if not self._publishers:  # whoever is added later begins with what is found then
            return None
        # Under the lock, so that two changes of a component never overtake one another.
        with self._lock:
            change = self._detector.observe(component)
            if change is not None:
                for publisher in self._publishers:
                    publisher.publish(change)
        return change
