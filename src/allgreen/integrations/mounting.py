"""Mounting: the health endpoint in whatever application there is, found out without importing any."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any, Final, final

from allgreen.errors import UnknownApplicationError
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import RunOptions
from allgreen.health.serving.asking import Components
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.asgi import AsgiApp, AsgiHealth
from allgreen.integrations.assembly import add_hooks, build_endpoint, find_root
from allgreen.integrations.wsgi import WsgiApp, WsgiHealth


def mount_healthcheck(
    app: Any,
    *,
    config_path: str | os.PathLike[str] | None = None,
    registry: CheckRegistry | None = None,
    prefix: str = "",
    options: EndpointOptions | None = None,
    runs: RunOptions | None = None,
    checker: Components | None = None,
    application: str = "",
    version: str = "",
    reload: bool | None = None,
) -> Any:
    """Mount the health page of a program, and return the application to serve.

    It answers on ``/healthcheck``, ``/livez``, ``/readyz`` and ``/startupz``; see
    `EndpointOptions` for what can be changed, and `mount_endpoint` for what is returned.

    Args:
        app: An application of Flask, Quart, FastAPI or Starlette, the settings or a handler of
            Django, or what can be called as WSGI or ASGI.
        config_path: The file in which checks are written; below the folder of the caller, or the
            ``BASE_DIR`` of Django, unless it is absolute. By default ``allgood.py``,
            ``config/allgood.py``, ``allgreen_config.py`` or ``config/allgreen_config.py`` there,
            if there is one.
        registry: Whose checks are run; by default those of ``from allgreen import check``.
        prefix: Path below which it is, such as ``/internal``.
        options: What is answered, and to whom; by default all of it, with details for whoever
            knows the token in ``ALLGREEN_HEALTH_TOKEN``, and in development for everybody.
        runs: How checks are run.
        checker: What answers on ``/v1/health``, such as a `HealthChecker`.
        application: Name of the program.
        version: Its version; shown to those who may see details.
        reload: Load the file again when it has changed; by default in development only.

    Raises:
        UnknownApplicationError: The application is none of these.
        ConfigNotFoundError: The file that was given is not there.
        SettingsError: The prefix is no path.
    """
    caller = _file_of_caller()

    @cache
    def build() -> HealthEndpoint:
        return build_endpoint(
            config_path=config_path,
            root=find_root(app, caller),
            registry=registry,
            options=options,
            runs=add_hooks(app, runs),
            checker=checker,
            application=application,
            version=version,
            reload=reload,
        )

    if _is_settings(app):  # while these are read, no model can be imported yet
        return _mount_in_settings(app, build, prefix)
    return mount_endpoint(app, build(), prefix=prefix)


def create_app(
    config_path: str | os.PathLike[str] | None = None,
    *,
    registry: CheckRegistry | None = None,
    prefix: str = "",
    options: EndpointOptions | None = None,
    runs: RunOptions | None = None,
    checker: Components | None = None,
    application: str = "",
    version: str = "",
    reload: bool | None = None,
) -> HealthApp:
    """Create a program that answers for its health and nothing else, for WSGI and ASGI alike.

    The arguments are those of `mount_healthcheck`.

    Raises:
        ConfigNotFoundError: The file that was given is not there.
        SettingsError: The prefix is no path.
    """
    endpoint = build_endpoint(
        config_path=config_path,
        root=find_root(None, _file_of_caller()),
        registry=registry,
        options=options,
        runs=runs,
        checker=checker,
        application=application,
        version=version,
        reload=reload,
    )
    return HealthApp(endpoint, prefix=prefix)


def mount_endpoint(app: Any, endpoint: HealthEndpoint, *, prefix: str = "") -> Any:
    """Put an endpoint in front of an application, and return the application to serve.

    That is the same object for Flask, Quart, FastAPI, Starlette, and for a module with the
    settings of Django; for everything else it is a new one.

    Args:
        app: An application of Flask, Quart, FastAPI or Starlette, the settings or a handler of
            Django, or what can be called as WSGI or ASGI.
        endpoint: What is answered.
        prefix: Path below which it is, such as ``/internal``.

    Raises:
        UnknownApplicationError: It is none of these.
        SettingsError: The prefix is no path.
    """
    for name in _names_of_classes(app):
        mount = _MOUNTS.get(name)
        if mount is not None:
            return mount(app, endpoint, prefix)
    if _is_settings(app):
        return _mount_in_settings(app, endpoint, prefix)
    return _wrap(app, endpoint, prefix)


@final
class HealthApp:
    """The health endpoint alone, for servers of WSGI and of ASGI alike.

    Args:
        endpoint: What is answered.
        prefix: Path below which it is.

    Raises:
        SettingsError: The prefix is no path.
    """

    def __init__(self, endpoint: HealthEndpoint, *, prefix: str = "") -> None:
        self.endpoint = endpoint
        self._wsgi = WsgiHealth(None, endpoint, prefix=prefix)
        self._asgi = AsgiHealth(None, endpoint, prefix=prefix)

    def __call__(self, *arguments: Any) -> Any:
        """Answer one request; the number of arguments tells of which protocol it is.

        Raises:
            TypeError: It is of neither.
        """
        match len(arguments):
            case 3:
                return self._asgi(*arguments)
            case 2:
                return self._wsgi(*arguments)
            case 1:  # ASGI 2, as which uvicorn sees what is no coroutine function
                return partial(self._asgi, *arguments)
            case count:
                # uvicorn tries without any, to find out whether this makes an application.
                raise TypeError(f"An application is called with 2 or 3 arguments, and not {count}.")


def _file_of_caller() -> str:
    """Return where whoever calls the caller of this is written."""
    return sys._getframe(2).f_code.co_filename  # noqa: SLF001 - `inspect` does the same


def _names_of_classes(app: object) -> list[str]:
    """Return the classes of an object as package and name, whatever module they are in."""
    return [f"{each.__module__.partition('.')[0]}.{each.__name__}" for each in type(app).__mro__]


def _mount_in_flask(app: Any, endpoint: HealthEndpoint, prefix: str) -> Any:
    app.wsgi_app = WsgiHealth(app.wsgi_app, endpoint, prefix=prefix)
    return app


def _mount_in_quart(app: Any, endpoint: HealthEndpoint, prefix: str) -> Any:
    app.asgi_app = AsgiHealth(app.asgi_app, endpoint, prefix=prefix)
    return app


def _mount_in_starlette(app: Any, endpoint: HealthEndpoint, prefix: str) -> Any:
    """Stand in front of every middleware, those that are added later among them."""
    build: Callable[[], AsgiApp] = app.build_middleware_stack

    def build_behind_health() -> AsgiHealth:
        return AsgiHealth(build(), endpoint, prefix=prefix)

    app.build_middleware_stack = build_behind_health
    if app.middleware_stack is not None:
        app.middleware_stack = AsgiHealth(app.middleware_stack, endpoint, prefix=prefix)
    return app


def _is_settings(app: object) -> bool:
    return isinstance(app, ModuleType) and hasattr(app, "MIDDLEWARE")


def _mount_in_settings(
    module: Any, endpoint: HealthEndpoint | Callable[[], HealthEndpoint], prefix: str
) -> Any:
    module.MIDDLEWARE = [_DJANGO_MIDDLEWARE, *module.MIDDLEWARE]
    module.ALLGREEN_ENDPOINT = endpoint
    module.ALLGREEN_PREFIX = prefix
    return module


def _wrap(app: Any, endpoint: HealthEndpoint, prefix: str) -> WsgiHealth | AsgiHealth:
    match _count_arguments(app):
        case 3:
            return AsgiHealth(app, endpoint, prefix=prefix)
        case 2:
            return WsgiHealth(app, endpoint, prefix=prefix)
    raise UnknownApplicationError(app)


def _wrap_wsgi(app: WsgiApp, endpoint: HealthEndpoint, prefix: str) -> WsgiHealth:
    return WsgiHealth(app, endpoint, prefix=prefix)


def _wrap_asgi(app: AsgiApp, endpoint: HealthEndpoint, prefix: str) -> AsgiHealth:
    return AsgiHealth(app, endpoint, prefix=prefix)


def _count_arguments(app: Any) -> int:
    """Return with how many arguments something is called; 0 when that cannot be told."""
    if isinstance(app, type):
        return 0
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):  # it cannot be called, or does not say how
        return 0
    return sum(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        and each.default is each.empty
        for each in parameters
    )


_DJANGO_MIDDLEWARE: Final = "allgreen.integrations.django.HealthMiddleware"
_MOUNTS: Final[dict[str, Callable[[Any, HealthEndpoint, str], Any]]] = {
    "flask.Flask": _mount_in_flask,
    "quart.Quart": _mount_in_quart,
    "starlette.Starlette": _mount_in_starlette,
    "django.WSGIHandler": _wrap_wsgi,
    "django.ASGIHandler": _wrap_asgi,
}
