"""A program whose check asks the program itself for its health ends asking."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.simple_server import make_server

import pytest

from allgreen.domain.report import CheckResult
from allgreen.health.components.http import http
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.wsgi import WsgiHealth
from tests.integration.health.mounts import QuietHandler, ThreadedServer

pytestmark = pytest.mark.semantics(25)


@contextmanager
def serving(registry: CheckRegistry) -> Iterator[tuple[str, CheckRunner]]:
    """Serve the health of a program that has these checks."""
    runner = CheckRunner(registry)
    app = WsgiHealth(None, HealthEndpoint(runner, EndpointOptions(environment="production")))
    with make_server("127.0.0.1", 0, app, ThreadedServer, QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", runner
        server.shutdown()
        thread.join()


def ask_itself(path: str) -> tuple[CheckResult, int]:
    """Return what a check says that asks for a path of its own program, and how often it ran."""
    registry = CheckRegistry()
    runs = 0
    with serving(registry) as (address, runner):
        upstream = http(address + path)

        @registry.check("The program answers")
        def answers() -> object:
            nonlocal runs
            runs += 1
            return upstream()

        report = runner.run(deadline_s=20.0)
    return report.results[0], runs


def test_a_check_that_waits_for_itself_is_told_so_soon() -> None:
    result, runs = ask_itself("/healthcheck")

    assert (result.is_bad, runs) == (True, 1)
    assert "503" in result.message
    assert result.duration_ms < 4000, "it did not wait until its patience was over"


def test_a_check_may_ask_its_own_program_whether_it_lives() -> None:
    result, runs = ask_itself("/livez")

    assert (result.is_bad, runs) == (False, 1)
