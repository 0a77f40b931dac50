"""Probes of a program whose checks really run, and one of them hangs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from allgreen.domain.report import Detail
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.background import Background
from allgreen.health.running.runner import CheckRunner
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request, Response
from allgreen.health.serving.options import EndpointOptions, Group

TOKEN = "correct-horse-battery"


@pytest.fixture
def shared() -> Iterator[threading.Event]:
    """What every process of the program depends on, and hangs."""
    answers = threading.Event()
    yield answers
    answers.set()


@pytest.fixture
def endpoint(shared: threading.Event) -> HealthEndpoint:
    registry = CheckRegistry()
    registry.check("Shared database answers", timeout=0.1, name="shared")(shared.wait)
    registry.check("Pool has connections", tags=["ready"], name="pool")(lambda: True)
    registry.check("Queue is not stuck", tags=["live"], name="queue")(lambda: True)
    options = EndpointOptions(
        environment="production",
        healthcheck=Group(path="/healthcheck", deadline_s=0.2),
        access=Access(tokens={TOKEN: Detail.FULL}),
    )
    return HealthEndpoint(CheckRunner(registry, environment="production"), options)


def get(endpoint: HealthEndpoint, path: str) -> Response:
    return endpoint.respond(Request("GET", path, headers={"authorization": f"Bearer {TOKEN}"}))


@pytest.mark.semantics(22, 61)
def test_a_shared_dependency_that_hangs_takes_nobody_out_of_rotation(
    endpoint: HealthEndpoint,
) -> None:
    whole = get(endpoint, "/healthcheck")
    ready = get(endpoint, "/readyz")
    live = get(endpoint, "/livez")

    assert [whole.status, ready.status, live.status] == [503, 200, 200]
    assert json.loads(live.body) == {"status": "healthy"}
    checks = json.loads(ready.body)["checks"]
    assert [(each["name"], each["status"]) for each in checks] == [
        ("pool", "healthy"),
        ("queue", "healthy"),
        ("shared", "degraded"),
    ]


@pytest.mark.semantics(61)
def test_probes_do_not_run_what_they_do_not_ask_for(
    endpoint: HealthEndpoint, shared: threading.Event
) -> None:
    started: list[str] = []
    runner = endpoint.runner
    assert isinstance(runner, CheckRunner)
    runner.registry.check("Somebody was asked", name="noted")(lambda: started.append("noted"))

    for path in ("/startupz", "/readyz", "/livez", "/readyz"):
        assert get(endpoint, path).status == 200

    assert started == []


@pytest.mark.semantics(61)
def test_a_misspelt_need_restarts_nobody(
    endpoint: HealthEndpoint,
) -> None:
    runner = endpoint.runner
    assert isinstance(runner, CheckRunner)
    runner.registry.check("Its need is misspelt", depends_on="sharde", name="lost")(lambda: True)

    assert get(endpoint, "/livez").status == 200
    assert get(endpoint, "/healthcheck").status == 503


@pytest.mark.semantics(9, 31, 61)
def test_in_the_background_a_program_is_not_ready_before_the_first_round() -> None:
    registry = CheckRegistry()
    registry.check("Pool has connections", tags=["ready"], name="pool")(lambda: True)
    registry.check("Shared database answers", name="shared")(lambda: False)
    runner = CheckRunner(registry, environment="production")
    endpoint = HealthEndpoint(Background(runner), EndpointOptions(environment="production"))

    before = [get(endpoint, path).status for path in ("/readyz", "/startupz", "/livez")]
    runner.run(deadline_s=20.0)
    after = get(endpoint, "/readyz")

    assert before == [503, 503, 200]
    assert (after.status, dict(after.headers)["X-Health"]) == (200, "degraded")
