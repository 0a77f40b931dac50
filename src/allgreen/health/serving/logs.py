"""Logs: keep what probes ask every few seconds out of access logs and traces."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, MutableMapping
from typing import Any, Final, NamedTuple, final

from allgreen.health.serving.options import EndpointOptions

DEFAULT_PATHS: Final = tuple(EndpointOptions().paths())


@final
class HealthAccessFilter(logging.Filter):
    """Drops what was asked of the health endpoint from the access log of a server.

    Add it to the logger of the server, or name it in a `logging.config.dictConfig`. It knows the
    records of uvicorn (``uvicorn.access``), gunicorn (``gunicorn.access``) and hypercorn, with
    whatever format, of werkzeug (``werkzeug``), and of the development server of Django
    (``django.server``).

    A token in a query is made unreadable in what is kept.

    Args:
        paths: As requests name them, with the prefix of a mount; a slash at the end is ignored.
        keeps_failures: Keep what was answered with a status code from 400 on.
    """

    def __init__(
        self, paths: Iterable[str] = DEFAULT_PATHS, *, keeps_failures: bool = True
    ) -> None:
        super().__init__()
        self._paths = frozenset(path.rstrip("/") for path in paths)
        self._keeps_failures = keeps_failures

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is kept."""
        access = _read(record)
        if access is None or access.path.rstrip("/") not in self._paths:
            return True
        if not (self._keeps_failures and access.status >= _FIRST_FAILURE):
            return False
        _hide_tokens(record)
        return True


def excluded_urls(paths: Iterable[str] = DEFAULT_PATHS) -> str:
    """Return what excludes the endpoint from traces and from metrics of OpenTelemetry.

    That is a value for ``OTEL_PYTHON_EXCLUDED_URLS``, or for the argument ``excluded_urls`` of
    an instrumentation: regular expressions joined by commas, searched for in a whole URL.

    Args:
        paths: As requests name them, with the prefix of a mount.
    """
    return ",".join(rf"^[a-z]+://[^/]+{re.escape(path)}/?(\?.*)?$" for path in paths)


class _Access(NamedTuple):
    path: str
    status: int


_FIRST_FAILURE: Final = 400
_REQUEST_LINE: Final = re.compile(r"[A-Z]+ (\S+)")  # werkzeug puts colours in front of it
_TOKEN: Final = re.compile(r"((?:^|[?&])token=)[^&\s\"]*")
_HIDDEN: Final = r"\1***"
_UVICORN_FIELDS: Final = 5


def _read(record: logging.LogRecord) -> _Access | None:
    """Return what a record of an access log is about; `None` for every other record."""
    arguments = record.args
    if isinstance(arguments, MutableMapping):
        return _of_atoms(arguments)
    if not isinstance(arguments, tuple):
        return None
    if len(arguments) == _UVICORN_FIELDS:
        return _access(arguments[2], arguments[4])
    return _of_request_line(arguments)


def _of_atoms(atoms: MutableMapping[str, Any]) -> _Access | None:
    """Read what gunicorn and hypercorn pass to their format, whatever that is."""
    return _access(atoms.get("U"), atoms.get("s"))


def _of_request_line(arguments: tuple[object, ...]) -> _Access | None:
    """Read what is logged as ``"%s" %s %s`` by those who descend from `http.server`."""
    if len(arguments) < 2:
        return None
    found = _REQUEST_LINE.search(str(arguments[0]))
    return _access(found.group(1), arguments[1]) if found else None


def _access(target: object, status: object) -> _Access | None:
    try:
        return _Access(str(target).partition("?")[0], int(str(status)))
    except ValueError:
        return None


def _hide_tokens(record: logging.LogRecord) -> None:
    arguments = record.args
    if isinstance(arguments, MutableMapping):
        # In place: what is missing is a dash to gunicorn, and only its own class knows that.
        for name, value in arguments.items():
            if isinstance(value, str):
                arguments[name] = _TOKEN.sub(_HIDDEN, value)
    else:
        assert arguments is not None, "there was an address in them"
        record.args = tuple(
            _TOKEN.sub(_HIDDEN, value) if isinstance(value, str) else value for value in arguments
        )
