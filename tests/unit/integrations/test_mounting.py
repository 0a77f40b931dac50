"""Whatever an application is, it is recognised by itself and without importing anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from allgreen.errors import MissingExtraError, SettingsError, UnknownApplicationError
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.asgi import AsgiHealth
from allgreen.integrations.flask import health_blueprint
from allgreen.integrations.mounting import HealthApp, mount_endpoint
from allgreen.integrations.wsgi import WsgiHealth
from tests.scripted_runner import ScriptedRunner, passed


@pytest.fixture
def endpoint() -> HealthEndpoint:
    return HealthEndpoint(ScriptedRunner(passed()), EndpointOptions(environment="production"))


def serve_wsgi(environ: Any, start_response: Any) -> Iterable[bytes]:
    return []


async def serve_asgi(scope: Any, receive: Any, send: Any) -> None:
    return None


class WsgiProgram:
    def __call__(self, environ: Any, start_response: Any, again: bool = False) -> Iterable[bytes]:
        return []


class AsgiProgram:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        return None


class QuietAsgiProgram:
    """It returns something to await, and is no coroutine function."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return serve_asgi(scope, receive, send)


@pytest.mark.parametrize(
    "app",
    [serve_wsgi, WsgiProgram(), WsgiProgram().__call__, partial(serve_wsgi), lambda one, two: []],
)
def test_what_takes_two_arguments_is_wsgi(app: Any, endpoint: HealthEndpoint) -> None:
    mounted = mount_endpoint(app, endpoint)

    assert isinstance(mounted, WsgiHealth)
    assert mounted.app is app


@pytest.mark.parametrize(
    "app",
    [serve_asgi, AsgiProgram(), QuietAsgiProgram(), partial(serve_asgi), AsgiProgram().__call__],
)
def test_what_takes_three_arguments_is_asgi(app: Any, endpoint: HealthEndpoint) -> None:
    mounted = mount_endpoint(app, endpoint, prefix="/internal/")

    assert isinstance(mounted, AsgiHealth)
    assert (mounted.app, mounted.prefix) == (app, "/internal")


@pytest.mark.parametrize(
    "app",
    [
        None,
        "app",
        7,
        object(),
        lambda: None,
        lambda one: None,
        lambda *all: None,
        WsgiProgram,
        sys,
        int,
    ],
)
def test_everything_else_is_refused_with_what_to_do(app: Any, endpoint: HealthEndpoint) -> None:
    with pytest.raises(
        UnknownApplicationError, match=r"Wrap it in WsgiHealth or AsgiHealth"
    ) as told:
        mount_endpoint(app, endpoint)

    assert isinstance(told.value, TypeError)


@pytest.mark.parametrize("kind", [Flask, type("Shop", (Flask,), {})])
def test_an_application_of_flask_stays_the_same_object(kind: Any, endpoint: HealthEndpoint) -> None:
    app = kind("shop")

    assert mount_endpoint(app, endpoint) is app
    assert app.test_client().get("/livez").status_code == 200
    assert app.test_client().get("/nothing").status_code == 404


@pytest.mark.parametrize("kind", [Starlette, FastAPI, type("Shop", (FastAPI,), {})])
@pytest.mark.parametrize("has_begun", [False, True])
def test_an_application_of_starlette_stays_the_same_object(
    kind: Any, has_begun: bool, endpoint: HealthEndpoint
) -> None:
    app = kind()
    if has_begun:
        TestClient(app).get("/")

    assert mount_endpoint(app, endpoint, prefix="/internal") is app
    app.add_route("/late", lambda request: PlainTextResponse("late"))
    client = TestClient(app)

    assert client.get("/internal/livez").json() == {"status": "healthy"}
    assert client.get("/livez").status_code == 404
    assert client.get("/late").text == "late"


def test_an_application_of_quart_stays_the_same_object(endpoint: HealthEndpoint) -> None:
    kind = type("Quart", (), {"__module__": "quart.app", "asgi_app": staticmethod(serve_asgi)})
    app: Any = kind()

    assert mount_endpoint(app, endpoint) is app
    assert isinstance(app.asgi_app, AsgiHealth)
    assert app.asgi_app.app is serve_asgi


@pytest.mark.parametrize(
    ("kind", "wrapper"), [("WSGIHandler", WsgiHealth), ("ASGIHandler", AsgiHealth)]
)
def test_a_handler_of_django_is_wrapped(kind: str, wrapper: type, endpoint: HealthEndpoint) -> None:
    app = type(kind, (), {"__module__": "django.core.handlers"})()

    assert isinstance(mount_endpoint(app, endpoint), wrapper)


@pytest.mark.parametrize("middleware", [["first", "second"], ("first", "second")])
def test_settings_of_django_get_the_middleware_in_front(
    middleware: Any, endpoint: HealthEndpoint
) -> None:
    settings: Any = ModuleType("settings")
    settings.MIDDLEWARE = middleware

    assert mount_endpoint(settings, endpoint, prefix="/internal") is settings
    assert settings.MIDDLEWARE == [
        "allgreen.integrations.django.HealthMiddleware",
        "first",
        "second",
    ]
    assert settings.ALLGREEN_ENDPOINT is endpoint
    assert settings.ALLGREEN_PREFIX == "/internal"


def test_a_prefix_that_is_no_path_is_refused(endpoint: HealthEndpoint) -> None:
    with pytest.raises(SettingsError):
        mount_endpoint(serve_wsgi, endpoint, prefix="internal")


def test_alone_it_answers_servers_of_wsgi(endpoint: HealthEndpoint) -> None:
    begun: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/livez"}

    body = HealthApp(endpoint)(environ, lambda *start: begun.append(start))

    assert (begun[0][0], body) == ("200 OK", [b'{"status":"healthy"}'])


@pytest.mark.parametrize("version", [2, 3])
async def test_alone_it_answers_servers_of_asgi(version: int, endpoint: HealthEndpoint) -> None:
    app = HealthApp(endpoint)
    scope = {"type": "http", "method": "GET", "path": "/livez", "headers": []}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await (app(scope)(None, send) if version == 2 else app(scope, None, send))

    assert sent[1]["body"] == b'{"status":"healthy"}'


def test_alone_it_makes_no_application(endpoint: HealthEndpoint) -> None:
    with pytest.raises(TypeError, match="2 or 3 arguments, and not 0"):
        HealthApp(endpoint)()


def test_a_blueprint_can_be_there_twice(endpoint: HealthEndpoint) -> None:
    app = Flask("shop")
    app.register_blueprint(health_blueprint(endpoint))
    app.register_blueprint(health_blueprint(endpoint, name="internal", prefix="/internal"))

    answers = [app.test_client().get(path) for path in ("/livez", "/internal/livez")]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.semantics("L16")
@pytest.mark.parametrize(
    ("extra", "package"), [("flask", "flask"), ("fastapi", "fastapi"), ("django", "django")]
)
def test_without_the_framework_its_extra_is_named(
    extra: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"allgreen.integrations.{extra}", raising=False)
    for name in [package, *sys.modules]:
        if name == package or name.startswith(f"{package}."):
            monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(MissingExtraError, match=rf"allgreen\[{extra}\]") as told:
        import_module(f"allgreen.integrations.{extra}")

    assert (told.value.extra, told.value.package) == (extra, package)
    assert isinstance(told.value, ImportError)


@pytest.mark.semantics("L16")
def test_mounting_imports_no_framework() -> None:
    program = (
        "import sys\n"
        "import allgreen.integrations.mounting\n"
        "print({name.partition('.')[0] for name in sys.modules}"
        " & {'flask', 'django', 'fastapi', 'starlette', 'werkzeug', 'pydantic'})\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "set()"


def test_a_namespace_with_the_right_words_is_no_application(endpoint: HealthEndpoint) -> None:
    with pytest.raises(UnknownApplicationError):
        mount_endpoint(SimpleNamespace(MIDDLEWARE=[]), endpoint)
