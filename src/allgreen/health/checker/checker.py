"""HealthChecker: the health of the components of a program, for programs on an event loop.

A thin face of `CheckRunner`, with the rules of components: what takes too long is degraded, what
raises is unhealthy, and both are tried again before anybody is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self, final

from allgreen.domain.report import CheckResult, Ending
from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
from allgreen.errors import CheckDefinitionError, UnknownComponentError
from allgreen.health.callables import refuse_what_does_nothing
from allgreen.health.check import Check
from allgreen.health.checker.breaker import Breaker
from allgreen.health.checker.changes import Change, ChangeDetector, ChangeFeed, Publishes, close_all
from allgreen.health.checker.publishing import CLOSES_WITHIN_S, Publisher
from allgreen.health.checker.retries import Retry
from allgreen.health.checker.statistics import ComponentStatistics, Statistics
from allgreen.health.checker.translation import Finding, translate_function, translate_result
from allgreen.health.clock import SYSTEM_CLOCK, SystemClock
from allgreen.health.config.settings import HealthSettings
from allgreen.health.locks import ForkLock
from allgreen.health.registry import CheckRegistry, suggest
from allgreen.health.running.runner import CheckRunner, RunOptions

CONCURRENCY: Final = 64
DEADLINE_S: Final = 30.0
"""One attempt has ended by then, also at components without a timeout."""

UNKNOWN: Final = "allgreen:components"
"""Name of the component that says that others are enabled which nobody has registered."""

_TO_BEGIN_S: Final = 1.0
"""Longer than the longest timeout, so that what waits for its turn has its whole time too."""
_SOURCE: Final = "components"
_OPTIONS: Final = RunOptions(
    concurrency=CONCURRENCY,
    keep_good_for_s=0.0,
    keep_bad_for_s=0.0,
    snapshot_for_s=0.0,
    empty=HealthStatus.HEALTHY,
    keep_tracebacks=False,
)


class _Part(NamedTuple):
    """One component."""

    check: Check
    breaker: Breaker | None


@final
class HealthChecker:
    """Checks components, all at once, each with a timeout and some more attempts.

    Whoever asks while a component is being checked shares what comes of it. Checks that are no
    coroutines run in daemon threads. While a check hangs it is not begun a second time. Safe in
    threads and on several event loops.

    Args:
        default_timeout_ms: Milliseconds after which an attempt has taken too long; 0 or `None` for
            no limit of its own.
        per_component_timeouts_ms: The same for some components, by name.
        retry_count: How many more attempts follow one that raised or took too long.
        backoff_base_seconds: Pause before the first of them; it doubles with each.
        components: The only ones that `check_all_components` checks; `None` for all.
        publishers: Who is told of changes, see `add_publisher`.
        detector: What counts as a change; by default each.
        clock: For tests.

    Attributes:
        statistics: What is known of the past of the components.

    Raises:
        SettingsError: A number cannot be used.
    """

    def __init__(
        self,
        default_timeout_ms: float | None = 2000,
        per_component_timeouts_ms: Mapping[str, float | None] | None = None,
        retry_count: int = 1,
        backoff_base_seconds: float = 0.1,
        *,
        components: Iterable[str] | None = None,
        publishers: Iterable[Publishes | Callable[[Change], object]] = (),
        detector: ChangeDetector | None = None,
        clock: SystemClock = SYSTEM_CLOCK,
    ) -> None:
        self._settings = HealthSettings(
            default_timeout_ms=default_timeout_ms,
            per_component_timeouts_ms=per_component_timeouts_ms or {},
            retry_count=retry_count,
            backoff_base_seconds=backoff_base_seconds,
            components=components,  # type: ignore[arg-type]  # the settings make a set of it
        )
        self.statistics = Statistics()
        self._clock = clock
        self._lock = ForkLock()
        self._parts: Mapping[str, _Part] = {}
        self._registry = CheckRegistry()
        self._runner = CheckRunner(self._registry, _OPTIONS, clock=clock)
        self._retries: dict[str, Retry] = {}
        self._concluded: dict[str, CheckResult] = {}
        self._feed = ChangeFeed(detector=detector)
        for publisher in publishers:
            self.add_publisher(publisher)

    @classmethod
    def of(cls, settings: HealthSettings, **options: Any) -> Self:
        """Build one from settings, such as those of the environment.

        Args:
            settings: See `HealthSettings.from_environment`.
            options: What else the constructor takes by name.
        """
        return cls(
            settings.default_timeout_ms,
            settings.per_component_timeouts_ms,
            settings.retry_count,
            settings.backoff_base_seconds,
            components=settings.components,
            **options,
        )

    # What is checked, and how -----------------------------------------------------------------

    @property
    def settings(self) -> HealthSettings:
        """Return how components are checked at this moment."""
        return self._settings

    def update_settings(self, **changes: Any) -> HealthSettings:
        """Change settings, all at once or none, from the next attempt on.

        Args:
            changes: Names and values of `HealthSettings`.

        Returns:
            All settings, as they are now.

        Raises:
            SettingsError: One cannot be used, or there is none of that name.
        """
        with self._lock:
            self._settings = settings = self._settings.changed(**changes)
            for name, part in self._parts.items():
                part.check.timeout_s = _timeout_s(settings, name)
        return settings

    @property
    def component_names(self) -> tuple[str, ...]:
        """Return the components that are registered, in their order."""
        return tuple(self._parts)

    def register_check(
        self, name: str, fn: Callable[[], Any], *, breaker: Breaker | None = None
    ) -> None:
        """Register the check of a component, or put it in place of the one that it had.

        Args:
            name: Of the component, such as ``database``; what `fn` calls itself does not matter.
            fn: A coroutine function, or one that blocks. It returns a `ComponentStatus`, a
                `HealthStatus`, a bool, `None` for healthy, ``(status, message, metadata)``, or
                these by name.
            breaker: Stops asking a component that keeps failing.

        Raises:
            CheckDefinitionError: The name is empty, or the function is a generator.
            TypeError: `fn` is no function.
        """
        given: object = name
        if not isinstance(given, str) or not given.strip():
            raise CheckDefinitionError("The name of a component is text, and not empty.")
        if not callable(fn):
            raise TypeError(f"The check of {name!r} is {fn!r}, and no function.")
        refuse_what_does_nothing(fn)
        with self._lock:
            timeout_s = _timeout_s(self._settings, name)
            check = Check(name, name, translate_function(fn), timeout_s=timeout_s)
            self._put({**self._parts, name: _Part(check, breaker)})

    def remove_check(self, name: str) -> None:
        """Forget a component and its past; does nothing when it is not registered."""
        with self._lock:
            self._put({known: part for known, part in self._parts.items() if known != name})
            self._concluded.pop(name, None)
        self.statistics.forget(name)
        self._feed.forget(name)

    def _put(self, parts: Mapping[str, _Part]) -> None:
        self._parts = parts
        self._registry.replace(_SOURCE, [part.check for part in parts.values()])

    # Who is told ------------------------------------------------------------------------------

    def add_publisher(self, publisher: Publishes | Callable[[Change], object]) -> None:
        """Tell somebody of each change from now on.

        Args:
            publisher: Such as a `Webhook`; or a function, which is called with each change in a
                thread of its own and may raise and hang as it likes.
        """
        if not isinstance(publisher, Publishes):
            publisher = Publisher(publisher)
        self._feed.add(publisher)

    def close(self, timeout_s: float = CLOSES_WITHIN_S) -> None:
        """Let all publishers pass on what waits, and end their threads.

        Args:
            timeout_s: Seconds that are waited for all of them together.
        """
        close_all(self._feed.publishers, timeout_s)

    def find_statistics(self, name: str) -> ComponentStatistics | None:
        """Return what is known of the past of a component; `None` when it was never checked."""
        return self.statistics.of(name, self._clock.monotonic())

    # Checking ---------------------------------------------------------------------------------

    async def check_component(self, name: str) -> ComponentStatus:
        """Check one component, also one that is not enabled.

        Raises:
            UnknownComponentError: It is not registered.
        """
        if name not in self._parts:
            raise UnknownComponentError(name, suggest(name, self._parts))
        (component,) = await self._check([name], self._parts)
        return component

    async def check_all_components(self) -> SystemHealthStatus:
        """Check all components that are enabled, at the same time; healthy when there are none.

        One that is enabled and that nobody has registered makes the whole degraded: its name may
        be misspelt, and then nobody looks at what was meant.
        """
        settings, parts = self._settings, self._parts
        names = [name for name in parts if settings.is_enabled(name)]
        components = await self._check(names, parts)
        now = datetime.fromtimestamp(self._clock.wall(), UTC)
        return SystemHealthStatus.of([*components, *_find_unknown(settings, parts)], now)

    async def _check(
        self, names: Collection[str], parts: Mapping[str, _Part]
    ) -> list[ComponentStatus]:
        loop = asyncio.get_running_loop()
        found: dict[str, ComponentStatus] = {}
        retries: dict[str, Retry] = {}
        try:
            self._join_retries(names, loop, retries)
            admitted = self._admit([name for name in names if name not in retries], parts, found)
            results = await self._attempt_admitted(admitted, parts)
            for name, result in results.items():
                finding = self._translate(name, result)
                if finding.may_be_better and self._settings.retry_count:
                    retries[name] = self._begin_retry(parts[name], result, loop)
                else:
                    found[name] = self._conclude(parts[name], result, finding)
            for name, retry in retries.items():
                found[name] = await retry.wait()
        finally:
            for retry in retries.values():
                retry.leave()
        return [found[name] for name in names if name in found]

    def _join_retries(
        self, names: Iterable[str], loop: asyncio.AbstractEventLoop, retries: dict[str, Retry]
    ) -> None:
        """Share what others wait for already."""
        for name in names:
            retry = self._retries.get(name)
            if retry is not None and retry.can_be_joined(loop):
                retry.enter()
                retries[name] = retry

    def _admit(
        self,
        names: Iterable[str],
        parts: Mapping[str, _Part],
        told: dict[str, ComponentStatus],
    ) -> list[str]:
        """Return the components that are to be asked; of the others note what is told."""
        admitted = []
        for name in names:
            breaker = parts[name].breaker
            if breaker is None or breaker.admit():
                admitted.append(name)
            else:
                told[name] = breaker.describe(name)
        return admitted

    async def _attempt_admitted(
        self, names: Collection[str], parts: Mapping[str, _Part]
    ) -> Mapping[str, CheckResult]:
        try:
            return await self._attempt(names)
        except asyncio.CancelledError:
            for name in names:
                _release(parts[name])
            raise

    async def _attempt(self, names: Collection[str]) -> Mapping[str, CheckResult]:
        """Run checks once; what was removed meanwhile is left out."""
        if not names:
            return {}
        limits = [_timeout_s(self._settings, name) or DEADLINE_S for name in names]
        report = await self._runner.run_async(
            None if len(names) == len(self._parts) else frozenset(names),
            deadline_s=max(limits) + _TO_BEGIN_S,
        )
        results = {result.label.name: result for result in report.results}
        return {name: results[name] for name in names if name in results}

    def _begin_retry(
        self, part: _Part, first: CheckResult, loop: asyncio.AbstractEventLoop
    ) -> Retry:
        """Make further attempts, unless somebody with the same result does already."""
        name = part.check.name
        retry = self._retries.get(name)
        if retry is None or not retry.is_of(first, loop):
            retry = self._retries[name] = Retry(first, self._retry(part, first), loop)
        retry.enter()
        return retry

    async def _retry(self, part: _Part, result: CheckResult) -> ComponentStatus:
        name, settings = part.check.name, self._settings
        began = result.finished - result.duration_ms / 1000
        finding = self._translate(name, result)
        try:
            for attempt in range(settings.retry_count):
                await asyncio.sleep(settings.backoff_base_seconds * 2**attempt)
                again = (await self._attempt([name])).get(name)
                if again is None or again.ending is Ending.STILL_RUNNING:
                    break  # it hangs, and is not begun a second time
                result, finding = again, self._translate(name, again)
                if not finding.may_be_better:
                    break
        except asyncio.CancelledError:
            _release(part)
            raise
        took_ms = (self._clock.monotonic() - began) * 1000
        component = finding.component
        whole = replace(component, response_time_ms=max(component.response_time_ms, took_ms))
        return self._conclude(part, result, finding._replace(component=whole))

    def _translate(self, name: str, result: CheckResult) -> Finding:
        return translate_result(name, result, self._settings.timeout_ms(name))

    def _conclude(self, part: _Part, result: CheckResult, finding: Finding) -> ComponentStatus:
        """Take in what came of a component, once for all who waited for it."""
        name, component = part.check.name, finding.component
        with self._lock:
            is_news = self._parts.get(name) is part and self._concluded.get(name) is not result
            if is_news:
                self._concluded[name] = result
        if is_news:
            self.statistics.record(
                name, component.status, component.response_time_ms, self._clock.monotonic()
            )
            if part.breaker is not None:
                part.breaker.record(component, is_failure=finding.is_failure)
            self._feed.observe(component)
        return component


def _find_unknown(settings: HealthSettings, parts: Collection[str]) -> list[ComponentStatus]:
    """Return a component that says which are enabled and not registered: nobody looks at them."""
    unknown = sorted((settings.components or frozenset()).difference(parts))
    if not unknown:
        return []
    message = f"Enabled and not registered, so that nobody looks at it: {', '.join(unknown)}"
    close = suggest(unknown[0], parts)
    hint = f". Did you mean {close!r}?" if close else ""
    return [ComponentStatus(UNKNOWN, HealthStatus.DEGRADED, message + hint)]


def _release(part: _Part) -> None:
    if part.breaker is not None:
        part.breaker.release()


def _timeout_s(settings: HealthSettings, name: str) -> float | None:
    timeout_ms = settings.timeout_ms(name)
    return None if timeout_ms is None else timeout_ms / 1000
