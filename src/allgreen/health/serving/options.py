"""Options of the endpoint: its paths, which checks answer there, and with which status code."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from allgreen.domain.status import HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.serving.access import Access

DEFAULT_STATUSES: Final[Mapping[HealthStatus, int]] = MappingProxyType(
    {HealthStatus.HEALTHY: 200, HealthStatus.DEGRADED: 200, HealthStatus.UNHEALTHY: 503}
)
"""Degraded is told by a header and in the body: it takes nobody out of rotation."""

PAGE_DEADLINE_S: Final = 8.0
"""Less than the 10 s that a watcher of Allgreen waits, and more than most checks take."""
PROBE_DEADLINE_S: Final = 0.8
"""Less than the second that Kubernetes waits unless it was told otherwise."""

LIVE, READY, STARTUP = "live", "ready", "startup"
"""Tags of the checks that answer the probes of Kubernetes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some of the checks, with a path of their own.

    Attributes:
        path: Below the mount, such as ``/healthcheck``.
        tags: Checks with one of these, or with this one; empty for all.
        statuses: The HTTP status code for each status; none may be missing.
        deadline_s: Seconds after which the answer is given, whatever still runs.

    Raises:
        SettingsError: The path, a tag, a status code or the deadline is impossible.
    """

    path: str
    tags: Collection[str] = frozenset()
    statuses: Mapping[HealthStatus, int] = field(default_factory=lambda: DEFAULT_STATUSES)
    deadline_s: float = PAGE_DEADLINE_S

    def __post_init__(self) -> None:
        refuse_path(self.path)
        _refuse_statuses(self.path, self.statuses)
        # A text is a collection too, but of letters: no check has one of these as its tag, and
        # whoever asks would be told that nothing is wrong.
        tags: frozenset[object] = frozenset(
            [self.tags] if isinstance(self.tags, str) else self.tags
        )
        if not all(isinstance(tag, str) and tag.strip() for tag in tags):
            raise SettingsError(self.path, "tags= is one word, or several of them.")
        object.__setattr__(self, "tags", tags)
        if not 0 < self.deadline_s < float("inf"):
            raise SettingsError(self.path, "deadline_s= is a number of seconds greater than 0.")


def live_group(path: str = "/livez") -> Group:
    """Return the group of liveness."""
    return Group(path=path, tags=[LIVE], deadline_s=PROBE_DEADLINE_S)


def ready_group(path: str = "/readyz") -> Group:
    """Return the group of readiness."""
    return Group(path=path, tags=[READY], deadline_s=PROBE_DEADLINE_S)


def startup_group(path: str = "/startupz") -> Group:
    """Return the group of the startup probe."""
    return Group(path=path, tags=[STARTUP], deadline_s=PROBE_DEADLINE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions:
    """What the endpoint offers. Each path can be renamed, and switched off with `None`.

    Attributes:
        healthcheck: The page, and all formats for machines.
        live: Whether the process must be started again, as said by checks tagged ``live`` only;
            see `live_group`.
        ready: Whether it should be sent requests: those tagged ``ready``, and the former.
        startup: Whether it has started: those tagged ``startup``.
        groups: More paths with some of the checks.
        metrics: For scrapers; answers with 200 whatever the status is.
        v1_health: For clients of ``/v1/health``; there only when the endpoint has components.
        access: Who may see how much.
        environment: Such as ``production``; `None` for what the environment of the process says.
        version: Of the program, for ``/v1/health``.
        drain_on_sigterm: Say that the process is not ready when it is asked to stop.
        drain_delay_s: So long the stop is held back after that, so that nobody is sent to a
            closed door.

    Raises:
        SettingsError: A path is impossible or there twice, a probe has no tags, or the delay is
            no time.
    """

    healthcheck: Group | None = field(default_factory=lambda: Group(path="/healthcheck"))
    live: Group | None = field(default_factory=live_group)
    ready: Group | None = field(default_factory=ready_group)
    startup: Group | None = field(default_factory=startup_group)
    groups: Collection[Group] = ()
    metrics: str | None = "/healthcheck/metrics"
    v1_health: str | None = "/v1/health"
    access: Access = field(default_factory=Access)
    environment: str | None = None
    version: str = ""
    drain_on_sigterm: bool = False
    drain_delay_s: float = 0.0

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for path in self.paths():
            refuse_path(path)
            if path in seen:
                raise SettingsError(path, "Two routes have this path. Rename one of them.")
            seen.add(path)
        for probe in (self.live, self.ready, self.startup):
            if probe is not None and not probe.tags:
                raise SettingsError(
                    probe.path, "A probe without tags= would depend on every check. Name some."
                )
        if not 0 <= self.drain_delay_s < float("inf"):
            raise SettingsError("drain_delay_s", "This is a number of seconds, 0 or more.")

    def paths(self) -> Iterator[str]:
        """Return every path that is not switched off."""
        groups = (self.healthcheck, self.live, self.ready, self.startup, *self.groups)
        yield from (group.path for group in groups if group is not None)
        yield from (path for path in (self.metrics, self.v1_health) if path is not None)


def refuse_path(path: str) -> None:
    """Refuse what no request could ask for.

    Raises:
        SettingsError: It is no path below a mount.
    """
    is_plain = not any(char in "?#" or char.isspace() for char in path)
    if not path.startswith("/") or path.endswith("/") or not is_plain:
        raise SettingsError(
            path, "A path begins with a slash, ends without one, and holds no ? or #."
        )


_SMALLEST, _LARGEST = 200, 599
_WITHOUT_BODY: Final = frozenset({204, 205, 304})


def _refuse_statuses(path: str, statuses: Mapping[HealthStatus, int]) -> None:
    missing = [status.value for status in HealthStatus if status not in statuses]
    if missing:
        raise SettingsError(
            path, f"statuses= says no HTTP status code for {' and '.join(missing)}. Add it."
        )
    for status, code in statuses.items():
        if status not in set(HealthStatus):
            raise SettingsError(path, f"statuses= has {status!r}, and there is no such status.")
        if not _SMALLEST <= code <= _LARGEST or code in _WITHOUT_BODY:
            raise SettingsError(path, f"{code} cannot be the HTTP status code of an answer.")
