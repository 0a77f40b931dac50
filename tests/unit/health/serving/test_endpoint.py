"""What the endpoint answers, without any server around it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from allgreen.domain.report import Detail, Ending, Report
from allgreen.domain.status import (
    CheckVerdict,
    ComponentStatus,
    HealthStatus,
    SystemHealthStatus,
)
from allgreen.errors import AllgreenError
from allgreen.exporters.json import render_json
from allgreen.exporters.negotiation import Format
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.background import Background
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.access import Access
from allgreen.health.serving.depth import current_depth, name_process
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request, Response
from allgreen.health.serving.options import DEFAULT_STATUSES, EndpointOptions, Group
from allgreen.health.serving.rendering import render
from tests.scripted_runner import ScriptedRunner, failed, passed, report_of, result

Respond = Callable[[HealthEndpoint, Request], Response]
TOKEN = "correct-horse-battery"
OPEN = Access(networks={"192.0.2.0/24": Detail.FULL})
FORMATS = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "health": "application/health+json",
    "prometheus": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "spring": "application/vnd.spring-boot.actuator.v3+json",
    "microprofile": "application/json",
}


def respond_on_loop(endpoint: HealthEndpoint, request: Request) -> Response:
    return asyncio.run(endpoint.respond_async(request))


@pytest.fixture(params=[HealthEndpoint.respond, respond_on_loop], ids=["sync", "async"])
def respond(request: pytest.FixtureRequest) -> Respond:
    """Both ways in which a program can ask."""
    way: Respond = request.param
    return way


def endpoint_of(runner: ScriptedRunner, **options: Any) -> HealthEndpoint:
    return HealthEndpoint(runner, EndpointOptions(environment="production", **options))


def get(path: str, query: str = "", **headers: str) -> Request:
    return Request("GET", path, query, headers, "192.0.2.7")


def header(response: Response, name: str) -> str | None:
    found = [value for key, value in response.headers if key == name]
    assert len(found) <= 1, f"{name} is there {len(found)} times"
    return found[0] if found else None


def started(*results: Any, **options: Any) -> HealthEndpoint:
    endpoint = endpoint_of(ScriptedRunner(*results), **options)
    endpoint.probes.has_started = True
    return endpoint


class Components:
    """Components that say what they were told to say."""

    def __init__(self, answer: SystemHealthStatus | Exception | None) -> None:
        self._answer = answer

    async def check_all_components(self) -> SystemHealthStatus:
        if self._answer is None:
            await asyncio.Event().wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        assert self._answer is not None
        return self._answer


# Status codes ---------------------------------------------------------------------------------


@pytest.mark.semantics(51)
@pytest.mark.parametrize(
    ("results", "status", "word"),
    [
        ([passed()], 200, "healthy"),
        ([passed("a"), failed("b", critical=False)], 200, "degraded"),
        ([passed("a"), failed("b")], 503, "unhealthy"),
        ([], 503, "unhealthy"),
        ([result("a", CheckVerdict.SKIPPED, ending=Ending.NOT_MEANT)], 503, "unhealthy"),
    ],
)
def test_the_status_code_and_a_header_say_how_it_is(
    respond: Respond, results: list[Any], status: int, word: str
) -> None:
    response = respond(endpoint_of(ScriptedRunner(*results)), get("/healthcheck"))

    assert (response.status, header(response, "X-Health")) == (status, word)
    assert json.loads(response.body) == {"status": word}


@pytest.mark.semantics(51)
def test_a_group_has_status_codes_checks_and_a_deadline_of_its_own(respond: Respond) -> None:
    runner = ScriptedRunner(failed("a", critical=False, tags=["shop"]), failed("b"))
    shop = Group(
        path="/healthcheck/shop",
        tags=["shop"],
        statuses={**DEFAULT_STATUSES, HealthStatus.DEGRADED: 599},
        deadline_s=2.5,
    )

    response = respond(endpoint_of(runner, groups=[shop]), get("/healthcheck/shop"))

    assert response.status == 599
    assert runner.asked == [(frozenset({"shop"}), 2.5, False)]


@pytest.mark.semantics(51)
@pytest.mark.parametrize("kind", ["prometheus", "openmetrics"])
def test_a_scraper_is_always_answered_with_200(respond: Respond, kind: str) -> None:
    endpoint = endpoint_of(ScriptedRunner(failed()))

    for path in ("/healthcheck", "/healthcheck/metrics"):
        response = respond(endpoint, get(path, f"format={kind}"))

        assert (response.status, header(response, "X-Health")) == (200, "unhealthy")
        assert header(response, "Content-Type") == FORMATS[kind]


@pytest.mark.semantics(51)
def test_a_scraper_gets_the_format_that_it_accepts(respond: Respond) -> None:
    endpoint = endpoint_of(ScriptedRunner(passed()))

    old = respond(endpoint, get("/healthcheck/metrics"))
    new = respond(
        endpoint, get("/healthcheck/metrics", accept="application/openmetrics-text;version=1.0.0")
    )

    assert header(old, "Content-Type") == FORMATS["prometheus"]
    assert header(new, "Content-Type") == FORMATS["openmetrics"]


@pytest.mark.semantics(67)
@pytest.mark.parametrize("path", ["/healthcheck/metrics", "/healthcheck"])
def test_metrics_count_the_runs_for_who_may_see_them(respond: Respond, path: str) -> None:
    registry = CheckRegistry()
    registry.check("It works", name="works")(lambda: False)
    runner = CheckRunner(registry, RunOptions(keep_bad_for_s=0.0))
    endpoint = HealthEndpoint(
        Background(runner), EndpointOptions(environment="production", access=OPEN)
    )
    for _ in range(3):
        runner.run()

    seen = respond(endpoint, get(path, "format=openmetrics"))
    hidden = respond(endpoint, Request("GET", path, "format=openmetrics"))

    pid = os.getpid()
    for verdict, count in (("passed", 0), ("failed", 3), ("error", 0)):
        line = (
            f'allgreen_check_runs_total{{check="works",verdict="{verdict}",pid="{pid}"}} {count}\n'
        )
        assert line in seen.body.decode()
    assert b"allgreen_check_runs" not in hidden.body


@pytest.mark.semantics(70)
def test_metrics_say_of_which_process_they_are(respond: Respond) -> None:
    response = respond(endpoint_of(ScriptedRunner(passed())), get("/healthcheck/metrics"))

    series = [line for line in response.body.splitlines() if not line.startswith(b"#")]
    assert series
    assert all(b'pid="%d"' % os.getpid() in line for line in series)


@pytest.mark.semantics(51, 57)
@pytest.mark.parametrize(
    "raising",
    [RuntimeError("postgres://u:s3cret@h"), AllgreenError("password=s3cret"), OSError()],
)
def test_what_cannot_be_told_is_503_with_a_reference_for_the_log(
    respond: Respond, raising: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = endpoint_of(ScriptedRunner(raising=raising))

    with caplog.at_level(logging.ERROR):
        response = respond(endpoint, get("/healthcheck"))

    assert response.status == 503
    assert header(response, "Content-Type") == "text/plain; charset=utf-8"
    assert header(response, "Cache-Control") == "no-store"
    assert b"s3cret" not in response.body
    reference = response.body.decode().split("Reference: ")[1].strip()
    assert reference in caplog.text
    assert type(raising).__name__ in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.semantics(51)
def test_a_renderer_that_raises_makes_no_500(
    respond: Respond, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise ValueError

    monkeypatch.setattr("allgreen.health.serving.answers.render", fail)

    response = respond(endpoint_of(ScriptedRunner(passed())), get("/healthcheck"))

    assert response.status == 503
    assert b"Reference: " in response.body


@pytest.mark.semantics(13)
async def test_when_the_host_cancels_a_request_it_is_cancelled() -> None:
    class Slow(ScriptedRunner):
        async def run_async(self, *_: Any, **__: Any) -> Report:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    begun = asyncio.Event()
    task = asyncio.create_task(endpoint_of(Slow()).respond_async(get("/healthcheck")))
    await begun.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


# Methods, paths, headers ----------------------------------------------------------------------


@pytest.mark.semantics(50)
@pytest.mark.parametrize("path", ["/healthcheck", "/healthcheck/metrics", "/livez", "/readyz", "/startupz", "/v1/health"])  # fmt: skip
def test_head_is_get_without_its_body(respond: Respond, path: str) -> None:
    answer = SystemHealthStatus.of([], report_of().made_at)
    endpoint = HealthEndpoint(
        ScriptedRunner(passed()),
        EndpointOptions(environment="production", version="1"),
        components=Components(answer),
    )
    endpoint.probes.has_started = True

    whole = respond(endpoint, get(path))
    head = respond(endpoint, get(path)._replace(method="HEAD"))

    assert (head.status, head.body) == (whole.status, b"")
    assert header(whole, "Content-Length") == str(len(whole.body))
    if path != "/v1/health":  # its time has as many digits as it likes
        assert head.headers == whole.headers


@pytest.mark.semantics(50)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "get", ""])  # fmt: skip
@pytest.mark.parametrize("path", ["/healthcheck", "/livez", "/readyz", "/healthcheck/metrics"])
def test_other_methods_are_refused_and_run_nothing(
    respond: Respond, path: str, method: str
) -> None:
    runner = ScriptedRunner(passed())

    response = respond(endpoint_of(runner), get(path)._replace(method=method))

    assert (response.status, header(response, "Allow")) == (405, "GET, HEAD, OPTIONS")
    assert runner.asked == []


@pytest.mark.semantics(50)
def test_options_says_what_is_allowed_and_runs_nothing(respond: Respond) -> None:
    runner = ScriptedRunner(passed())

    response = respond(endpoint_of(runner), get("/healthcheck")._replace(method="OPTIONS"))

    assert (response.status, response.body) == (200, b"")
    assert header(response, "Allow") == "GET, HEAD, OPTIONS"
    assert header(response, "Content-Length") == "0"
    assert runner.asked == []


@pytest.mark.parametrize("path", ["", "/", "/healthchecks", "/healthcheck//", "/livez/x", "/v1/health"])  # fmt: skip
def test_what_is_not_ours_is_not_found(respond: Respond, path: str) -> None:
    endpoint = endpoint_of(ScriptedRunner(passed()))

    assert not endpoint.answers(path)
    assert respond(endpoint, get(path)).status == 404


def test_a_slash_at_the_end_makes_no_difference(respond: Respond) -> None:
    endpoint = endpoint_of(ScriptedRunner(passed()))

    assert endpoint.answers("/healthcheck/")
    assert respond(endpoint, get("/healthcheck/")).status == 200


def test_routes_can_be_switched_off(respond: Respond) -> None:
    endpoint = endpoint_of(
        ScriptedRunner(passed()),
        healthcheck=None,
        live=None,
        ready=None,
        startup=None,
        metrics=None,
    )

    assert endpoint.paths == ()
    assert respond(endpoint, get("/livez")).status == 404


@pytest.mark.semantics(52)
@pytest.mark.parametrize(
    "request_",
    [
        get("/healthcheck"),
        get("/healthcheck", "format=html"),
        get("/healthcheck", "format=nothing"),
        get("/livez"),
        get("/readyz"),
        get("/healthcheck/metrics"),
        get("/nowhere"),
        get("/livez")._replace(method="POST"),
        get("/livez")._replace(method="OPTIONS"),
    ],
    ids=lambda request: f"{request.method} {request.path}?{request.query}",
)
def test_nothing_is_stored_guessed_or_remembered(respond: Respond, request_: Request) -> None:
    response = respond(endpoint_of(ScriptedRunner(passed())), request_)

    assert header(response, "Cache-Control") == "no-store"
    assert header(response, "Vary") == "Accept"
    assert header(response, "X-Content-Type-Options") == "nosniff"
    assert header(response, "Referrer-Policy") == "no-referrer"
    assert header(response, "Content-Type") is not None
    assert header(response, "Set-Cookie") is None


# Formats --------------------------------------------------------------------------------------


@pytest.mark.semantics(53)
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_can_be_asked_for(respond: Respond, kind: str) -> None:
    endpoint = endpoint_of(ScriptedRunner(passed()), access=OPEN)

    response = respond(endpoint, get("/healthcheck", f"format={kind}"))

    assert (response.status, header(response, "Content-Type")) == (200, FORMATS[kind])
    assert b"database" in response.body.lower()


@pytest.mark.semantics(53, 54)
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("text/plain", "text"),
        ("application/health+json", "health"),
        (";;;,,,q=", "json"),
    ],
)
def test_the_header_chooses_the_format(respond: Respond, accept: str, kind: str) -> None:
    response = respond(endpoint_of(ScriptedRunner(passed())), get("/healthcheck", accept=accept))

    assert header(response, "Content-Type") == FORMATS[kind]


@pytest.mark.semantics(53)
@pytest.mark.parametrize("path", ["/healthcheck", "/livez", "/readyz", "/startupz", "/healthcheck/metrics"])  # fmt: skip
def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(
    respond: Respond, path: str
) -> None:
    runner = ScriptedRunner(passed())

    response = respond(endpoint_of(runner), get(path, "format=xml"))

    assert response.status == 400
    assert b"openmetrics" in response.body
    assert runner.asked == []


@pytest.mark.semantics(53)
def test_a_long_header_is_read_too(respond: Respond) -> None:
    accept = ", ".join(f"image/{number}" for number in range(100)) + ", text/plain"

    response = respond(endpoint_of(ScriptedRunner(passed())), get("/healthcheck", accept=accept))

    assert header(response, "Content-Type") == "application/json"


@pytest.mark.semantics(56)
@pytest.mark.parametrize("status", HealthStatus)
def test_the_status_alone_is_what_the_exporter_says(status: HealthStatus) -> None:
    report = report_of(passed())._replace(status=status)

    bare = render(report, Format.JSON, Detail.NONE, http_status=200)

    assert bare == render_json(report, Detail.NONE)


@pytest.mark.semantics(55)
def test_the_page_may_load_nothing_and_run_nothing(respond: Respond) -> None:
    from allgreen.exporters.html import STYLE_SHA256

    endpoint = endpoint_of(ScriptedRunner(passed()))

    page = respond(endpoint, get("/healthcheck", "format=html"))
    other = respond(endpoint, get("/healthcheck"))

    assert header(page, "Content-Security-Policy") == (
        f"default-src 'none'; style-src 'sha256-{STYLE_SHA256}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert header(other, "Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'"


# Detail ---------------------------------------------------------------------------------------


@pytest.mark.semantics(56, 57, "L11")
@pytest.mark.parametrize("kind", FORMATS)
def test_anonymous_people_see_the_status_alone(respond: Respond, kind: str) -> None:
    secret = result("vault", CheckVerdict.ERROR, message="postgres://u:s3cret@h")
    endpoint = endpoint_of(ScriptedRunner(secret))

    response = respond(endpoint, get("/healthcheck", f"format={kind}"))

    for hidden in (b"s3cret", b"vault", b"Vault", b"4.12.0"):
        assert hidden not in response.body


@pytest.mark.semantics(56)
def test_a_token_shows_details(respond: Respond) -> None:
    endpoint = endpoint_of(ScriptedRunner(failed()), access=Access(tokens={TOKEN: Detail.FULL}))

    by_header = respond(endpoint, get("/healthcheck", authorization=f"Bearer {TOKEN}"))
    by_query = respond(endpoint, get("/healthcheck", f"token={TOKEN}"))

    for response in (by_header, by_query):
        assert json.loads(response.body)["checks"][0]["message"] == "Database gave no answer"


@pytest.mark.semantics(56)
@pytest.mark.parametrize(
    ("environment", "is_shown"), [("development", True), ("production", False)]
)
def test_in_development_everybody_sees_details(
    respond: Respond, environment: str, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", environment)
    endpoint = HealthEndpoint(ScriptedRunner(passed()))

    response = respond(endpoint, get("/healthcheck"))

    assert ("checks" in json.loads(response.body)) is is_shown


@pytest.mark.semantics(56)
def test_a_program_cannot_slip_into_development_later(
    respond: Respond, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", "production")
    endpoint = HealthEndpoint(ScriptedRunner(passed()))
    respond(endpoint, get("/healthcheck"))
    monkeypatch.setenv("ALLGREEN_ENV", "development")

    response = respond(endpoint, get("/healthcheck"))

    assert "checks" not in json.loads(response.body)


@pytest.mark.semantics(56)
@pytest.mark.parametrize("kind", FORMATS)
def test_liveness_never_tells_details(respond: Respond, kind: str) -> None:
    live = result("vault", CheckVerdict.FAILED, tags=["live"], message="s3cret")
    endpoint = endpoint_of(ScriptedRunner(live), access=OPEN)

    response = respond(endpoint, get("/livez", f"format={kind}"))

    assert b"s3cret" not in response.body
    assert b"vault" not in response.body.lower()


@pytest.mark.semantics(30)
@pytest.mark.parametrize(
    ("query", "access", "is_fresh"),
    [
        ("fresh=1", OPEN, True),
        ("fresh=true", OPEN, True),
        ("fresh=0", OPEN, False),
        ("fresh", OPEN, False),
        ("", OPEN, False),
        ("fresh=1", Access(), False),
        ("fresh=1", Access(anonymous=Detail.SUMMARY), False),
    ],
)
def test_who_may_see_everything_may_ask_for_a_fresh_run(
    respond: Respond, query: str, access: Access, is_fresh: bool
) -> None:
    runner = ScriptedRunner(passed())

    respond(endpoint_of(runner, access=access), get("/healthcheck", query))

    assert [asked.fresh for asked in runner.asked] == [is_fresh]


@pytest.mark.semantics(30)
def test_probes_cannot_ask_for_a_fresh_run(respond: Respond) -> None:
    endpoint = started(passed(tags=["ready", "live"]), access=OPEN)

    for path in ("/livez", "/readyz"):
        respond(endpoint, get(path, "fresh=1"))

    runner = endpoint.runner
    assert isinstance(runner, ScriptedRunner)
    assert [asked.fresh for asked in runner.asked] == [False, False]


# Probes ---------------------------------------------------------------------------------------


@pytest.mark.semantics(61)
def test_liveness_asks_for_checks_tagged_live_only(respond: Respond) -> None:
    runner = ScriptedRunner(failed("shared"), failed("pool", tags=["ready"]))

    response = respond(endpoint_of(runner), get("/livez"))

    assert (response.status, json.loads(response.body)) == (200, {"status": "healthy"})
    assert runner.asked == [(frozenset({"live"}), 0.8, False)]


@pytest.mark.semantics(61)
def test_a_live_check_that_fails_ends_liveness_and_readiness(respond: Respond) -> None:
    endpoint = started(failed("deadlock", tags=["live"]), passed("pool", tags=["ready"]))

    assert respond(endpoint, get("/livez")).status == 503
    assert respond(endpoint, get("/readyz")).status == 503


@pytest.mark.semantics(61)
@pytest.mark.parametrize("options", [{}, {"live": None}])
def test_every_live_check_is_in_readiness(respond: Respond, options: dict[str, Any]) -> None:
    endpoint = started(failed("deadlock", tags=["live"]), **options)

    assert respond(endpoint, get("/readyz")).status == 503


@pytest.mark.semantics(61)
def test_readiness_asks_for_what_was_opted_in(respond: Respond) -> None:
    endpoint = started(passed("pool", tags=["ready"]), failed("shared"))

    assert respond(endpoint, get("/readyz")).status == 200
    runner = endpoint.runner
    assert isinstance(runner, ScriptedRunner)
    assert runner.asked == [(frozenset({"live", "ready"}), 0.8, False)]


@pytest.mark.semantics(61)
def test_a_shared_failure_is_seen_and_takes_nobody_out_of_rotation(respond: Respond) -> None:
    endpoint = started(passed("pool", tags=["ready"]), failed("shared"), access=OPEN)
    runner = endpoint.runner
    assert isinstance(runner, ScriptedRunner)
    runner.known = [failed("shared")]

    response = respond(endpoint, get("/readyz"))

    assert (response.status, header(response, "X-Health")) == (200, "degraded")
    checks = {each["name"]: each for each in json.loads(response.body)["checks"]}
    assert (checks["shared"]["status"], checks["shared"]["stale"]) == ("degraded", True)


@pytest.mark.semantics(61)
def test_the_start_is_over_once_its_checks_have_passed(respond: Respond) -> None:
    runner = ScriptedRunner(failed("warm", tags=["startup"]), passed("pool", tags=["ready"]))
    endpoint = endpoint_of(runner, access=OPEN)

    before = [respond(endpoint, get(path)).status for path in ("/startupz", "/readyz", "/livez")]
    runner.results[0] = passed("warm", tags=["startup"])
    meanwhile = respond(endpoint, get("/startupz"))
    runner.results[0] = failed("warm", tags=["startup"])
    runner.asked.clear()
    after = [respond(endpoint, get(path)).status for path in ("/startupz", "/readyz", "/livez")]

    assert (before, meanwhile.status, after) == ([503, 503, 200], 200, [200, 200, 200])
    assert [asked.tags for asked in runner.asked] == [{"ready", "live"}, {"live"}]


@pytest.mark.semantics(61)
def test_readiness_ends_the_start_without_anybody_asking_for_it(respond: Respond) -> None:
    runner = ScriptedRunner(passed("warm", tags=["startup"]), failed("pool", tags=["ready"]))
    endpoint = endpoint_of(runner)

    assert respond(endpoint, get("/readyz")).status == 503
    assert respond(endpoint, get("/startupz")).status == 200


@pytest.mark.semantics(61)
def test_without_checks_of_the_start_those_of_readiness_are_its_checks(respond: Respond) -> None:
    runner = ScriptedRunner(failed("pool", tags=["ready"]))
    endpoint = endpoint_of(runner)

    before = respond(endpoint, get("/startupz")).status
    runner.results[:] = [passed("pool", tags=["ready"])]

    assert (before, respond(endpoint, get("/startupz")).status) == (503, 200)


@pytest.mark.semantics(9, 61)
def test_a_program_without_checks_never_becomes_ready_and_says_why(respond: Respond) -> None:
    endpoint = endpoint_of(ScriptedRunner(), access=OPEN)

    for path in ("/readyz", "/startupz"):
        response = respond(endpoint, get(path, "format=text"))

        assert response.status == 503
        assert b"No checks are registered" in response.body
    assert respond(endpoint, get("/livez")).status == 200


@pytest.mark.semantics(61)
def test_where_nothing_was_opted_in_all_run_once_before_readiness(respond: Respond) -> None:
    runner = ScriptedRunner(failed("shared"))
    runner.known = [failed("shared")]
    endpoint = endpoint_of(runner)

    first = respond(endpoint, get("/readyz"))
    runner.asked.clear()
    second = respond(endpoint, get("/readyz"))

    assert [first.status, second.status] == [200, 200]
    assert header(first, "X-Health") == header(second, "X-Health") == "degraded"
    assert [asked.tags for asked in runner.asked] == [{"ready", "live"}]


@pytest.mark.semantics(62)
def test_a_process_that_stops_is_alive_and_not_ready(respond: Respond) -> None:
    runner = ScriptedRunner(passed("pool", tags=["ready"]))
    endpoint = endpoint_of(runner, access=OPEN)
    respond(endpoint, get("/readyz"))
    runner.asked.clear()

    endpoint.drain()
    ready = respond(endpoint, get("/readyz", "format=text"))

    assert ready.status == 503
    assert b"This process is about to stop" in ready.body
    assert runner.asked == []
    assert [respond(endpoint, get(path)).status for path in ("/livez", "/startupz", "/healthcheck")] == [200, 200, 200]  # fmt: skip


@pytest.fixture
def _handler_of_the_test_run() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.semantics(62)
@pytest.mark.usefixtures("_handler_of_the_test_run")
def test_sigterm_is_heard_only_when_that_was_asked_for() -> None:
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    deaf, listening = endpoint_of(ScriptedRunner()), started(drain_on_sigterm=True)

    assert (deaf.listen_for_sigterm(), listening.listen_for_sigterm()) == (False, True)
    signal.raise_signal(signal.SIGTERM)

    assert (deaf.probes.is_draining, listening.probes.is_draining) == (False, True)
    assert told == [signal.SIGTERM]


# Other parts ----------------------------------------------------------------------------------


def test_what_has_changed_is_loaded_before_checks_run(respond: Respond) -> None:
    runner = ScriptedRunner()
    endpoint = HealthEndpoint(runner, refresh=lambda: runner.results.append(passed()))

    assert respond(endpoint, get("/healthcheck")).status == 200


@pytest.mark.semantics(25)
@pytest.mark.parametrize(("header", "depth"), [({}, 0), ({"x-allgreen-depth": "2"}, 2)])
def test_checks_know_through_how_many_programs_the_question_came(
    respond: Respond, header: dict[str, str], depth: int
) -> None:
    class Deep(ScriptedRunner):
        def run(self, *arguments: Any, **named: Any) -> Report:
            depths.append(current_depth())
            return super().run(*arguments, **named)

    depths: list[int] = []

    respond(endpoint_of(Deep(passed())), get("/healthcheck", **header))

    assert (depths, current_depth()) == ([depth], 0)


@pytest.mark.semantics(25)
@pytest.mark.parametrize(
    ("asker", "deadline_s"),
    [(name_process(), 0.8), ("another", 8.0), ("", 8.0)],
    ids=["itself", "another", "nobody"],
)
def test_a_check_that_asks_its_own_process_is_told_soon(
    respond: Respond, asker: str, deadline_s: float
) -> None:
    runner = ScriptedRunner(passed())

    respond(endpoint_of(runner), get("/healthcheck", **{"x-allgreen-asker": asker}))

    assert [asked.deadline_s for asked in runner.asked] == [deadline_s]


def _system(*components: ComponentStatus) -> SystemHealthStatus:
    return SystemHealthStatus.of(components, report_of().made_at)


@pytest.mark.semantics(53)
def test_v1_health_keeps_its_body(respond: Respond, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(SYSTEM_CLOCK), "wall", staticmethod(lambda: 1_776_211_092.25))
    components = Components(_system(ComponentStatus("cache", HealthStatus.UNHEALTHY)))
    endpoint = HealthEndpoint(
        ScriptedRunner(), EndpointOptions(version="4.12.0"), components=components
    )

    response = respond(endpoint, get("/v1/health"))

    assert (response.status, header(response, "Content-Type")) == (200, "application/json")
    body = json.loads(response.body)
    assert body.pop("timestamp").endswith(":12.250000")
    assert body == {
        "status": "degraded",
        "version": "4.12.0",
        "ai_model_available": False,
        "resilience_healthy": None,
        "cache_healthy": False,
    }


@pytest.mark.parametrize("answer", [RuntimeError("gone"), TimeoutError("its own")])
def test_v1_health_is_200_by_contract_whatever_is_raised(
    respond: Respond, answer: Exception
) -> None:
    endpoint = HealthEndpoint(ScriptedRunner(), components=Components(answer))

    response = respond(endpoint, get("/v1/health"))

    assert (response.status, json.loads(response.body)["status"]) == (200, "degraded")


def test_v1_health_does_not_wait_for_ever(
    respond: Respond, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allgreen.health.serving.answers.PAGE_DEADLINE_S", 0.01)
    endpoint = HealthEndpoint(ScriptedRunner(), components=Components(None))

    response = respond(endpoint, get("/v1/health"))

    assert (response.status, json.loads(response.body)["status"]) == (200, "degraded")
