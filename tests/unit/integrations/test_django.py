"""The middleware and the URL patterns of Django, with the settings that they read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]
from django.test import RequestFactory  # type: ignore[import-untyped]
from django.test.utils import override_settings  # type: ignore[import-untyped]

from allgreen.errors import SettingsError
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.django import HealthMiddleware, close_connections, health_urls
from tests.scripted_runner import ScriptedRunner, passed

ENDPOINT = HealthEndpoint(ScriptedRunner(passed()), EndpointOptions(environment="production"))

DATABASES = {
    alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    for alias in ("default", "archive")
}
if not settings.configured:
    settings.configure(DATABASES=DATABASES)


def build() -> HealthEndpoint:
    return ENDPOINT


def program(request: Any) -> str:
    return "handed on"


async def program_on_loop(request: Any) -> str:
    return "handed on"


def get(path: str) -> Any:
    return RequestFactory().get(path)


@pytest.mark.parametrize(
    "named",
    [
        ENDPOINT,
        "tests.unit.integrations.test_django.ENDPOINT",
        lambda: ENDPOINT,
        "tests.unit.integrations.test_django.build",
    ],
)
def test_the_endpoint_is_that_of_the_settings(named: Any) -> None:
    with override_settings(ALLGREEN_ENDPOINT=named):
        middleware: Any = HealthMiddleware(program)

    assert json.loads(middleware(get("/livez")).content) == {"status": "healthy"}
    assert middleware(get("/orders")) == "handed on"


def test_the_prefix_is_that_of_the_settings() -> None:
    with override_settings(ALLGREEN_ENDPOINT=ENDPOINT, ALLGREEN_PREFIX="/internal"):
        middleware: Any = HealthMiddleware(program)

    assert middleware(get("/internal/livez")).status_code == 200
    assert middleware(get("/livez")) == "handed on"


async def test_on_a_loop_it_blocks_nobody() -> None:
    with override_settings(ALLGREEN_ENDPOINT=ENDPOINT):
        middleware: Any = HealthMiddleware(program_on_loop)

    assert (await middleware(get("/livez"))).status_code == 200
    assert await middleware(get("/orders")) == "handed on"


@pytest.mark.parametrize("named", [None, 7, "json.decoder", "os.getcwd"])
def test_settings_without_an_endpoint_say_what_is_missing(named: Any) -> None:
    with (
        override_settings(ALLGREEN_ENDPOINT=named),
        pytest.raises(SettingsError, match=r"^ALLGREEN_ENDPOINT: This is the HealthEndpoint"),
    ):
        HealthMiddleware(program)


@pytest.mark.semantics(58, "L15")
def test_patterns_begin_no_transaction_in_any_database() -> None:
    pattern = next(each for each in health_urls(ENDPOINT) if each.name == "allgreen/livez")

    assert pattern.callback._non_atomic_requests == set(connections)
    assert pattern.callback(get("/livez")).status_code == 200


@pytest.mark.parametrize(
    ("path", "is_there"), [("livez", True), ("livez/", True), ("livezz", False), ("x/livez", False)]
)
def test_patterns_match_whole_paths(path: str, is_there: bool) -> None:
    found = [each for each in health_urls(ENDPOINT) if each.resolve(path)]

    assert bool(found) is is_there


def test_patterns_are_those_of_the_settings_unless_told_otherwise() -> None:
    with override_settings(ALLGREEN_ENDPOINT=ENDPOINT):
        assert len(health_urls()) == len(ENDPOINT.paths)


@pytest.mark.semantics(26)
def test_connections_can_be_closed_without_any() -> None:
    close_connections()
