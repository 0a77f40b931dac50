"""Answers: what is said on every health path, as steps.

Each answer asks for a report in the middle, and goes on when it has it. So there is one answer for
programs with an event loop and for those without.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Generator, Iterator
from datetime import datetime
from functools import lru_cache, partial
from traceback import format_exception
from typing import Any, Final, NamedTuple, final

from allgreen.domain.report import Detail, Report
from allgreen.domain.status import HealthStatus, SystemHealthStatus
from allgreen.exporters.negotiation import ALL, METRICS, Format, choose, explain
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.environment import environment_name
from allgreen.health.redaction import redact
from allgreen.health.runs import Tally
from allgreen.health.serving.exchange import Request, Response
from allgreen.health.serving.options import LIVE, PAGE_DEADLINE_S, STARTUP, EndpointOptions, Group
from allgreen.health.serving.probes import BELIEVED_FOR_S, Probes, report_of_start
from allgreen.health.serving.rendering import policy_of, render
from allgreen.health.serving.v1 import render_v1_health

logger = logging.getLogger(__name__)

METHODS: Final = ("GET", "HEAD", "OPTIONS")


class Asked(NamedTuple):
    """What is asked of whoever runs checks, in the middle of an answer."""

    tags: Collection[str]
    deadline_s: float
    fresh: bool = False


class Recalled(NamedTuple):
    """What is known already is asked for, of all checks, in the middle of an answer."""

    stale_after_s: float


class AskedOfComponents(NamedTuple):
    """What is asked of components, in the middle of an answer."""

    deadline_s: float


Step = Asked | Recalled | AskedOfComponents
Found = Report | SystemHealthStatus | None
Steps = Generator[Step, Any, Response]
Answer = Callable[[Request], Steps]
Header = tuple[str, str]


@final
class Answers:
    """What is said on the paths of an endpoint.

    Args:
        options: What is offered, and to whom.
        has_components: There is somebody who can answer on ``/v1/health``.
        tally: Says how many runs of each check ended how; for metrics.
    """

    def __init__(
        self, options: EndpointOptions, *, has_components: bool, tally: Callable[[], Tally]
    ) -> None:
        self._tally = tally
        self.probes = Probes()
        self._options = options
        self._environment = options.environment
        self._ready_tags = _tags_of(options.ready) | _tags_of(options.live) | {LIVE}
        self._startup_tags = _tags_of(options.startup) | {STARTUP}
        self.routes = dict(self._list_routes(has_components=has_components))

    def find(self, path: str) -> Answer | None:
        """Return what answers on a path; a slash at its end may be there."""
        found = self.routes.get(path)
        if found is None and path.endswith("/"):
            return self.routes.get(path[:-1])
        return found

    def take_steps(self, request: Request) -> Steps:
        """Answer a request."""
        answer = self.find(request.path)
        if answer is None:
            return say(404, "There is no such page.", request.method)
        if request.method == "OPTIONS":
            return _allow(say(200, "", request.method))
        if request.method not in METHODS:
            return _allow(say(405, "Only GET, HEAD and OPTIONS are answered here.", request.method))
        return (yield from answer(request))

    def _list_routes(self, *, has_components: bool) -> Iterator[tuple[str, Answer]]:
        options = self._options
        for group in (options.healthcheck, *options.groups):
            if group is not None:
                yield group.path, partial(self._answer_group, group)
        for probe, answer in (
            (options.live, self._answer_live),
            (options.ready, self._answer_ready),
            (options.startup, self._answer_startup),
        ):
            if probe is not None:
                yield probe.path, partial(answer, probe)
        if options.metrics is not None:
            yield options.metrics, self._answer_metrics
        if options.v1_health is not None and has_components:
            yield options.v1_health, self._answer_v1

    def confess(self, request: Request, error: Exception) -> Response:
        """Return the answer when none could be made: a 500 would say nothing of health.

        What went wrong is for the log. The reference in both joins them.
        """
        reference = secrets.token_hex(4)
        trace = redact("".join(format_exception(error)), limit=_LONGEST_TRACE)
        logger.error("The health endpoint could not answer (reference %s).\n%s", reference, trace)
        if self.find(request.path) == self._answer_v1:  # 200 by its contract
            return self._show_v1(None, request.method)
        text = f"The answer could not be made. Reference: {reference}"
        return say(503, text, request.method)

    # The page and its formats -----------------------------------------------------------------

    def _answer_group(self, group: Group, request: Request) -> Steps:
        wanted = self._want(request)
        if wanted is None:
            return say(400, explain(), request.method)
        report = yield Asked(group.tags, group.deadline_s, wanted.fresh)
        return self._show(request, wanted, report, group)

    def _answer_metrics(self, request: Request) -> Steps:
        wanted = self._want(request, METRICS)
        if wanted is None:
            return say(400, explain(METRICS), request.method)
        report = yield Asked((), PAGE_DEADLINE_S, wanted.fresh)
        return self._show(request, wanted, report, None)

    def _answer_v1(self, request: Request) -> Steps:
        status = yield AskedOfComponents(PAGE_DEADLINE_S)
        return self._show_v1(status, request.method)

    def _show_v1(self, status: SystemHealthStatus | None, method: str) -> Response:
        now = datetime.fromtimestamp(SYSTEM_CLOCK.wall())  # noqa: DTZ006 - local, as clients know it
        body = render_v1_health(status, self._options.version, now)
        return _make(method, 200, "application/json", body)

    # Probes -----------------------------------------------------------------------------------

    def _answer_live(self, group: Group, request: Request) -> Steps:
        wanted = self._want(request)
        if wanted is None:
            return say(400, explain(), request.method)
        report = yield Asked(group.tags, group.deadline_s)
        # Details never: whoever restarts a process needs none.
        hidden = wanted._replace(detail=Detail.NONE)
        return self._show(request, hidden, self.probes.judge_live(report, group.tags), group)

    def _answer_ready(self, group: Group, request: Request) -> Steps:
        wanted = self._want(request)
        if wanted is None:
            return say(400, explain(), request.method)
        report = self.probes.report_without_running()
        if report is None:
            deciding = yield from self._look(group)
            report = self.probes.judge_ready(deciding, (yield Recalled(BELIEVED_FOR_S)))
        return self._show(request, wanted, report, group)

    def _answer_startup(self, group: Group, request: Request) -> Steps:
        wanted = self._want(request)
        if wanted is None:
            return say(400, explain(), request.method)
        report = report_of_start()
        if not self.probes.has_started:
            report = self.probes.judge_start((yield from self._look(group)))
        return self._show(request, wanted, report, group)

    def _look(self, group: Group) -> Generator[Step, Any, Report]:
        """Return what readiness depends on; until the program has started, what the start does."""
        if self.probes.has_started:
            report: Report = yield Asked(self._ready_tags, group.deadline_s)
            return report
        report = yield Asked(self._ready_tags | self._startup_tags, group.deadline_s)
        if not report.results:
            return (yield from self._look_at_all(group))
        own = [result for result in report.results if result.label.tags & self._startup_tags]
        self.probes.note_start(own or report.results)
        return report

    def _look_at_all(self, group: Group) -> Generator[Step, Any, Report]:
        """Run everything once where nothing was opted in: before that, nothing is known at all."""
        report: Report = yield Asked((), group.deadline_s)
        self.probes.note_first_run(report)
        return report._replace(results=()) if self.probes.has_started else report

    def _show(
        self, request: Request, wanted: _Wanted, report: Report, group: Group | None
    ) -> Response:
        """Render a report; without a group, for a scraper, which reads nothing but a 200."""
        is_for_scraper = group is None or wanted.format.is_metrics
        status = 200 if is_for_scraper or group is None else group.statuses[report.status]
        tally = self._tally() if is_for_scraper and wanted.detail is Detail.FULL else None
        body = render(report, wanted.format, wanted.detail, http_status=status, tally=tally)
        headers = list(_list_headers(wanted.format, report.status, len(body)))
        return Response(status, headers, b"" if request.method == "HEAD" else body)

    def _want(self, request: Request, available: tuple[Format, ...] = ALL) -> _Wanted | None:
        """Return what a request asks for and may have; `None` for a format that there is not."""
        parameters = request.parameters()
        chosen = _choose(request.headers.get("accept", ""), parameters.get("format"), available)
        if chosen is None:
            return None
        detail = self._options.access.detail_for(request, environment=self._name_environment)
        is_fresh = detail is Detail.FULL and parameters.get("fresh", "").lower() in _YES
        return _Wanted(chosen, detail, is_fresh)

    def _name_environment(self) -> str:
        """Return where the program runs, as it is when somebody asks for the first time."""
        # A program may set it after its imports. To read it takes longer than all else of a probe.
        if self._environment is None:
            self._environment = environment_name()
        return self._environment


class _Wanted(NamedTuple):
    format: Format
    detail: Detail
    fresh: bool


def say(status: int, text: str, method: str) -> Response:
    """Return an answer in plain text."""
    body = f"{text.rstrip()}\n".encode() if text else b""
    return _make(method, status, "text/plain; charset=utf-8", body)


_LONGEST_KEPT: Final = 512
_LONGEST_TRACE: Final = 20_000
_YES: Final = frozenset({"1", "true", "yes", "on"})
_ALLOW: Final = ("Allow", ", ".join(METHODS))
_ALWAYS: Final = (
    ("Cache-Control", "no-store"),
    ("Vary", "Accept"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),  # the address may hold a token
)


def _choose(accept: str, named: str | None, available: tuple[Format, ...]) -> Format | None:
    """Choose a format; what probes and browsers ask for again and again costs next to nothing."""
    if len(accept) + len(named or "") > _LONGEST_KEPT:
        return choose(accept, named, available)
    return _choose_again(accept, named, available)


@lru_cache(maxsize=64)
def _choose_again(accept: str, named: str | None, available: tuple[Format, ...]) -> Format | None:
    return choose(accept, named, available)


def _tags_of(group: Group | None) -> frozenset[str]:
    return frozenset(group.tags) if group else frozenset()


@lru_cache(maxsize=64)
def _list_headers(wanted: Format, status: HealthStatus, length: int) -> tuple[Header, ...]:
    """Return the headers of a report; those of what probes ask for are made once."""
    return (
        *_begin_headers(wanted.media_type, length),
        ("X-Health", status.value),
        ("Content-Security-Policy", policy_of(wanted)),
    )


def _make(method: str, status: int, media_type: str, body: bytes) -> Response:
    headers = list(_begin_headers(media_type, len(body)))
    return Response(status, headers, b"" if method == "HEAD" else body)


def _begin_headers(media_type: str, length: int) -> tuple[Header, ...]:
    return (("Content-Type", media_type), ("Content-Length", str(length)), *_ALWAYS)


def _allow(response: Response) -> Response:
    response.headers.append(_ALLOW)
    return response
