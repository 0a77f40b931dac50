"""Assembly: an endpoint for the checks of a program, put together from its parts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from allgreen.domain.report import Detail
from allgreen.health import environment
from allgreen.health.config.loader import ConfigLoader
from allgreen.health.registry import DEFAULT, CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.access import Access
from allgreen.health.serving.asking import Components
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions

TOKEN: Final = "ALLGREEN_HEALTH_TOKEN"  # noqa: S105 - the name of a variable
"""Whoever shows what this variable holds sees everything, where no options say otherwise."""


def build_endpoint(
    *,
    config_path: str | os.PathLike[str] | None = None,
    root: Path | None = None,
    registry: CheckRegistry | None = None,
    options: EndpointOptions | None = None,
    runs: RunOptions | None = None,
    checker: Components | None = None,
    application: str = "",
    version: str = "",
    reload: bool | None = None,
) -> HealthEndpoint:
    """Build an endpoint, and load the file in which checks are written.

    Args:
        config_path: The file; below `root`, unless it is absolute. By default the first there is
            of ``allgood.py``, ``config/allgood.py``, ``allgreen_config.py`` and
            ``config/allgreen_config.py`` below `root`.
        root: Folder of the program. Without one no file is looked for: whoever starts a program
            in a folder of others must not run what lies there.
        registry: Whose checks are run; by default those of ``from allgreen import check``.
        options: What is answered, and to whom; by default all of it, with details for whoever
            knows the token in ``ALLGREEN_HEALTH_TOKEN``, and in development for everybody.
        runs: How checks are run.
        checker: What answers on ``/v1/health``, such as a `HealthChecker`.
        application: Name of the program.
        version: Its version; shown to those who may see details.
        reload: Load the file again when it has changed; by default in development only.

    Raises:
        ConfigNotFoundError: The file that was given is not there.
    """
    registry = DEFAULT if registry is None else registry
    refresh = None
    if config_path is not None or root is not None:
        loader = ConfigLoader(registry, config_path, root=root, reload=reload)
        loader.load()
        refresh = loader.refresh
    runner = CheckRunner(registry, runs, application=application, version=version)
    told = options or EndpointOptions(access=Access(tokens=_tokens()))
    told = replace(told, version=told.version or version)
    return HealthEndpoint(runner, told, components=checker, refresh=refresh)


def find_root(app: Any, caller: str) -> Path | None:
    """Return the folder of a program: what Django is told, or where the caller is written.

    Args:
        app: The application.
        caller: File of whoever mounts; of no use when it is no file, as at a prompt.
    """
    told = getattr(app, "BASE_DIR", None) or _find_base_of_django(app)
    if told is not None:
        return Path(told)
    path = Path(caller).absolute()
    return path.parent if path.is_file() else None


def add_hooks(app: Any, runs: RunOptions | None) -> RunOptions | None:
    """Have threads of checks close connections of Django, as requests do; once it is in use."""
    if not _is_of_django(app):
        return runs
    from allgreen.integrations.django import close_connections  # noqa: PLC0415 - it is there

    told = runs or RunOptions()
    return replace(
        told, before=told.before or close_connections, after=told.after or close_connections
    )


def _tokens() -> Mapping[str, Detail]:
    token = environment.read(TOKEN)
    return {token: Detail.FULL} if token else {}


def _is_of_django(app: Any) -> bool:
    if isinstance(app, ModuleType):
        return hasattr(app, "MIDDLEWARE")
    return any(each.__module__.partition(".")[0] == "django" for each in type(app).__mro__)


def _find_base_of_django(app: Any) -> Any:
    conf = sys.modules.get("django.conf")
    if conf is None or not _is_of_django(app) or not conf.settings.configured:
        return None
    return getattr(conf.settings, "BASE_DIR", None)
