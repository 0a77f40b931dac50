"""HealthEndpoint: the health of a program over HTTP, whatever framework the program has."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final, final

from allgreen.domain.report import Ending, Report
from allgreen.health.runs import Runs
from allgreen.health.serving.answers import (
    Answers,
    Asked,
    AskedOfComponents,
    Found,
    Recalled,
    Step,
)
from allgreen.health.serving.asking import BlockingComponents, Components, ask_in_time
from allgreen.health.serving.depth import (
    ASKER,
    HEADER,
    MOST,
    at_depth,
    current_depth,
    name_process,
    read_depth,
)
from allgreen.health.serving.draining import SigtermListener
from allgreen.health.serving.exchange import Request, Response
from allgreen.health.serving.options import PROBE_DEADLINE_S, EndpointOptions
from allgreen.health.serving.probes import Probes


@final
class HealthEndpoint:
    """Answers requests for the health of a program. One for a program, behind every mount.

    Safe in threads, on event loops and after forks. It raises nothing, and never answers 500: what
    cannot be told is a 503, because nobody may take it for health.

    Args:
        runner: Whoever runs the checks.
        options: What is offered, and to whom.
        components: What answers on ``/v1/health``; without them there is no such path.
        refresh: Called before checks are run, such as to load what has changed.
    """

    def __init__(
        self,
        runner: Runs,
        options: EndpointOptions | None = None,
        *,
        components: Components | None = None,
        refresh: Callable[[], object] | None = None,
    ) -> None:
        self.runner = runner
        self.options = options or EndpointOptions()
        self._answers = Answers(
            self.options, has_components=components is not None, tally=runner.tally
        )
        self._components = components
        self._blocking = None if components is None else BlockingComponents(components)
        self._refresh = refresh
        self._listener = SigtermListener(self.drain, self.options.drain_delay_s)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every path that is answered, below the mount."""
        return tuple(self._answers.routes)

    @property
    def probes(self) -> Probes:
        """Return whether the program has started, and is about to stop."""
        return self._answers.probes

    def answers(self, path: str) -> bool:
        """Tell whether a path below the mount is one of ours; a slash at its end may be there."""
        return self._answers.find(path) is not None

    def drain(self) -> None:
        """Say that this process is about to stop: readiness answers 503 from now on."""
        self.probes.is_draining = True

    def listen_for_sigterm(self) -> bool:
        """Drain on SIGTERM, if the options ask for that; see `SigtermListener.listen`.

        Returns:
            Whether the signal is heard.
        """
        return self.options.drain_on_sigterm and self._listener.listen()

    def respond(self, request: Request) -> Response:
        """Answer, and block until the checks have answered; for programs without an event loop."""
        steps = self._answers.take_steps(request)
        try:
            with at_depth(_depth_of(request)):
                step = next(steps)
                while True:
                    step = steps.send(self._do(step, _patience_with(request)))
        except StopIteration as end:
            return _response_of(end)
        except Exception as error:  # noqa: BLE001 - a 500 would say nothing of health
            return self._answers.confess(request, error)

    async def respond_async(
        self, request: Request, *, components: Components | None = None
    ) -> Response:
        """Answer without blocking the event loop; the same as `respond`.

        Args:
            request: What is asked.
            components: Who answers on ``/v1/health`` this time, instead of those of the endpoint.
        """
        asked = components or self._components
        steps = self._answers.take_steps(request)
        try:
            with at_depth(_depth_of(request)):
                step = next(steps)
                while True:
                    step = steps.send(await self._do_async(step, _patience_with(request), asked))
        except StopIteration as end:
            return _response_of(end)
        except Exception as error:  # noqa: BLE001 - a 500 would say nothing of health
            return self._answers.confess(request, error)

    def _do(self, step: Step, patience_s: float) -> Found:
        if isinstance(step, Recalled):
            return self.runner.recall(stale_after_s=step.stale_after_s)
        if isinstance(step, AskedOfComponents):
            return self._blocking.ask(step.deadline_s) if self._blocking else None
        self._prepare()
        known = self._recall_in_circle(step)
        if known is not None:
            return known
        deadline_s = min(step.deadline_s, patience_s)
        return self.runner.run(None, tags=step.tags, deadline_s=deadline_s, fresh=step.fresh)

    async def _do_async(
        self, step: Step, patience_s: float, components: Components | None
    ) -> Found:
        if isinstance(step, Recalled):
            return self.runner.recall(stale_after_s=step.stale_after_s)
        if isinstance(step, AskedOfComponents):
            return await ask_in_time(components, step.deadline_s) if components else None
        self._prepare()
        known = self._recall_in_circle(step)
        if known is not None:
            return known
        deadline_s = min(step.deadline_s, patience_s)
        return await self.runner.run_async(
            None, tags=step.tags, deadline_s=deadline_s, fresh=step.fresh
        )

    def _recall_in_circle(self, step: Asked) -> Report | None:
        """Return what is known, where a question has come through too many programs.

        No check asks on then. What it says instead must not be shared as what was found: anybody
        can claim that a question has come far.
        """
        if current_depth() < MOST:
            return None
        report = self.runner.recall(None, tags=step.tags, stale_after_s=_KNOWN_FOR_S)
        is_known = all(each.ending not in _UNKNOWN for each in report.results)
        return report if is_known else None

    def _prepare(self) -> None:
        if self._refresh is not None:
            self._refresh()


_KNOWN_FOR_S: Final = 30.0
_UNKNOWN: Final = (Ending.QUEUED, Ending.STALE)
_DEPTH: Final = HEADER.lower()
_ASKER: Final = ASKER.lower()


def _depth_of(request: Request) -> int:
    return read_depth(request.headers.get(_DEPTH))


def _patience_with(request: Request) -> float:
    """Return how long to wait for checks at most, in seconds.

    A check of this very process that asks for the health of all waits for itself. It is told soon
    that it has not ended, and not when its own patience is over.
    """
    asker = request.headers.get(_ASKER)
    return PROBE_DEADLINE_S if asker is not None and asker == name_process() else inf


def _response_of(end: StopIteration) -> Response:
    response: Response = end.value
    return response
