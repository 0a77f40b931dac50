"""An endpoint is put together for the checks of a program and the file in which they are written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from allgreen.errors import ConfigNotFoundError
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request, Response
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.assembly import add_hooks, build_endpoint, find_root
from allgreen.integrations.mounting import HealthApp, create_app, mount_healthcheck
from allgreen.integrations.wsgi import WsgiHealth

FILE = """
from allgreen.health.registry import check
from allgreen.health.expectation import make_sure

@check("Orders can be placed", tags=["ready"])
def orders():
    make_sure({passes})
"""
Write = Callable[..., Path]


@pytest.fixture
def registry() -> CheckRegistry:
    return CheckRegistry()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of checks that pass or fail."""

    def write_file(name: str = "allgood.py", *, passes: bool = True) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(FILE.replace("{passes}", str(passes)))
        return path

    return write_file


def get(endpoint: HealthEndpoint, path: str = "/healthcheck", query: str = "") -> Response:
    return endpoint.respond(Request("GET", path, query))


def names_in(response: Response) -> list[str]:
    return [each["name"] for each in json.loads(response.body)["checks"]]


@pytest.fixture(autouse=True)
def _in_development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", "development")


@pytest.mark.parametrize("name", ["allgood.py", "config/allgood.py", "allgreen_config.py"])
def test_the_file_is_found_below_the_folder_of_the_program(
    name: str, write: Write, tmp_path: Path, registry: CheckRegistry
) -> None:
    write(name)

    endpoint = build_endpoint(root=tmp_path, registry=registry)

    assert names_in(get(endpoint)) == ["orders"]
    assert get(endpoint, "/readyz").status == 200


def test_the_file_can_be_given(write: Write, tmp_path: Path, registry: CheckRegistry) -> None:
    write("checks.py", passes=False)

    endpoint = build_endpoint(config_path="checks.py", root=tmp_path, registry=registry)

    assert get(endpoint).status == 503


@pytest.mark.semantics(43)
def test_a_file_that_was_given_must_be_there(tmp_path: Path, registry: CheckRegistry) -> None:
    with pytest.raises(ConfigNotFoundError):
        build_endpoint(config_path="checks.py", root=tmp_path, registry=registry)


@pytest.mark.semantics("L12")
def test_without_any_file_and_check_it_is_not_healthy(
    tmp_path: Path, registry: CheckRegistry
) -> None:
    endpoint = build_endpoint(root=tmp_path, registry=registry)

    assert get(endpoint).status == 503


def test_what_lies_in_the_current_folder_is_not_run(
    write: Write, tmp_path: Path, registry: CheckRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    monkeypatch.chdir(tmp_path)

    endpoint = build_endpoint(registry=registry)

    assert names_in(get(endpoint)) == []


@pytest.mark.semantics(42, 46)
def test_in_development_a_changed_file_is_loaded_again(
    write: Write, tmp_path: Path, registry: CheckRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    monkeypatch.setattr("allgreen.health.config.loader.LOOKS_EVERY_S", 0.0)
    endpoint = build_endpoint(
        root=tmp_path, registry=registry, runs=RunOptions(keep_good_for_s=0, keep_bad_for_s=0)
    )

    before = get(endpoint).status
    write(passes=False)

    assert (before, get(endpoint).status) == (200, 503)


@pytest.mark.semantics(56)
def test_a_token_from_the_environment_shows_details_in_production(
    registry: CheckRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", "production")
    monkeypatch.setenv("ALLGREEN_HEALTH_TOKEN", "correct-horse-battery")
    endpoint = build_endpoint(registry=registry)
    own = build_endpoint(registry=registry, options=EndpointOptions(access=Access()))

    assert b"checks" not in get(endpoint).body
    assert b"checks" in get(endpoint, query="token=correct-horse-battery").body
    assert b"checks" not in get(own, query="token=correct-horse-battery").body


def test_name_and_version_reach_the_report(registry: CheckRegistry) -> None:
    endpoint = build_endpoint(registry=registry, application="orders-api", version="4.12.0")

    body = json.loads(get(endpoint).body)

    assert (body["application"], body["version"]) == ("orders-api", "4.12.0")
    assert endpoint.options.version == "4.12.0"


# Folders --------------------------------------------------------------------------------------


def test_the_folder_of_a_program_is_that_of_whoever_mounts(tmp_path: Path) -> None:
    assert find_root(None, __file__) == Path(__file__).parent
    assert find_root(None, "<stdin>") is None


def test_the_folder_of_django_is_what_its_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Any = ModuleType("settings")
    settings.BASE_DIR = tmp_path
    handler = type("WSGIHandler", (), {"__module__": "django.core.handlers.wsgi"})()
    conf: Any = ModuleType("django.conf")
    conf.settings = type("Settings", (), {"configured": True, "BASE_DIR": str(tmp_path)})
    monkeypatch.setitem(sys.modules, "django.conf", conf)

    assert find_root(settings, __file__) == tmp_path
    assert find_root(handler, __file__) == tmp_path
    conf.settings.configured = False
    assert find_root(handler, __file__) == Path(__file__).parent


# Hooks ----------------------------------------------------------------------------------------


@pytest.mark.semantics(26)
def test_threads_of_checks_close_connections_of_django_only_where_it_is() -> None:
    from allgreen.integrations.django import close_connections

    settings: Any = ModuleType("settings")
    settings.MIDDLEWARE = []
    handler = type("WSGIHandler", (), {"__module__": "django.core.handlers.wsgi"})()

    for app in (settings, handler):
        runs = add_hooks(app, None)
        assert runs is not None
        assert (runs.before, runs.after) == (close_connections, close_connections)
    assert add_hooks(object(), None) is None


def test_hooks_of_the_program_stay() -> None:
    settings: Any = ModuleType("settings")
    settings.MIDDLEWARE = []

    runs = add_hooks(settings, RunOptions(concurrency=3, before=int, after=str))

    assert runs == RunOptions(concurrency=3, before=int, after=str)


# Mounts ---------------------------------------------------------------------------------------


def test_a_mount_builds_its_endpoint(registry: CheckRegistry) -> None:
    registry.check("Orders can be placed")(lambda: True)

    mounted = mount_healthcheck(
        lambda environ, start_response: [], registry=registry, prefix="/internal"
    )

    assert isinstance(mounted, WsgiHealth)
    assert mounted.prefix == "/internal"
    assert isinstance(mounted.endpoint.runner, CheckRunner)
    assert get(mounted.endpoint).status == 200


def test_the_settings_of_django_build_theirs_when_it_is_asked_for(registry: CheckRegistry) -> None:
    settings: Any = ModuleType("settings")
    settings.MIDDLEWARE = []

    mount_healthcheck(settings, registry=registry, config_path="not there yet.py")

    with pytest.raises(ConfigNotFoundError):
        settings.ALLGREEN_ENDPOINT()


def test_the_settings_of_django_build_one_endpoint(registry: CheckRegistry) -> None:
    settings: Any = ModuleType("settings")
    settings.MIDDLEWARE = []

    mount_healthcheck(settings, registry=registry)

    assert settings.ALLGREEN_ENDPOINT() is settings.ALLGREEN_ENDPOINT()


def test_alone_it_runs_the_checks_of_a_file(write: Write, registry: CheckRegistry) -> None:
    app = create_app(write(), registry=registry)

    assert isinstance(app, HealthApp)
    assert names_in(get(app.endpoint)) == ["orders"]
