"""However the endpoint is mounted and served, it answers the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from allgreen.health.serving.exchange import NO_HEADERS, Request, Response
from tests.integration.health.mounts import TOKEN, make_endpoint
from tests.programs import Answer, Program

MOUNTS = "tests.integration.health.mounts"
UVICORN = ("-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--factory")
GUNICORN = ("-m", "gunicorn", "-b", "127.0.0.1:{port}", "--no-control-socket")
OWN = ("-m", MOUNTS)
COMMANDS = {
    "wsgi on wsgiref": (*OWN, "wsgiref", "make_wsgi", "{port}"),
    "wsgi on gunicorn": (*GUNICORN, "-w", "4", f"{MOUNTS}:make_wsgi()"),
    "wsgi on gunicorn, preloaded": (*GUNICORN, "-w", "2", "--preload", f"{MOUNTS}:make_wsgi()"),
    "wsgi on gunicorn with threads": (*GUNICORN, "--threads", "4", f"{MOUNTS}:make_wsgi()"),
    "asgi on uvicorn": (*UVICORN, f"{MOUNTS}:make_asgi"),
    "asgi on uvicorn in Python": (
        *UVICORN,
        f"{MOUNTS}:make_asgi",
        "--loop",
        "asyncio",
        "--http",
        "h11",
    ),
    "alone on uvicorn": (*UVICORN, f"{MOUNTS}:make_alone"),
    "alone on gunicorn": (*GUNICORN, f"{MOUNTS}:make_alone()"),
    "flask on werkzeug": (*OWN, "werkzeug", "make_flask", "{port}"),
    "flask on gunicorn": (*GUNICORN, "-w", "4", f"{MOUNTS}:make_flask()"),
    "flask with a blueprint": (*OWN, "werkzeug", "make_flask_blueprint", "{port}"),
    "django on its own server": (*OWN, "django", "make_django_wsgi", "{port}"),
    "django on gunicorn": (*GUNICORN, "-w", "4", f"{MOUNTS}:make_django_wsgi()"),
    "django on uvicorn": (*UVICORN, f"{MOUNTS}:make_django_asgi"),
    "django with URL patterns": (*GUNICORN, f"{MOUNTS}:make_django_urls()"),
    "django with a handler": (*GUNICORN, f"{MOUNTS}:make_django_wrapped()"),
    "fastapi": (*UVICORN, f"{MOUNTS}:make_fastapi"),
    "fastapi with a router": (*UVICORN, f"{MOUNTS}:make_fastapi_router"),
    "starlette": (*UVICORN, f"{MOUNTS}:make_starlette"),
}
INSIDE = {"flask with a blueprint", "django with URL patterns", "fastapi with a router"}
"""Here the program itself has the last word, and is asked by its own name."""

Headers = list[tuple[str, str | None]]
Relevant = tuple[int, Headers, bytes]


class Asked(NamedTuple):
    """One request of the table."""

    method: str
    target: str
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.target} {self.headers}"


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
TABLE = [
    *(Asked("GET", path) for path in make_endpoint().paths),
    *(Asked("HEAD", path) for path in make_endpoint().paths),
    *(Asked("OPTIONS", path) for path in make_endpoint().paths),
    *(
        Asked(method, path, body=b"x" * 100)
        for method in ("POST", "PUT", "PATCH", "DELETE")
        for path in ("/healthcheck", "/livez", "/v1/health")
    ),
    *(
        Asked("GET", f"/healthcheck?format={kind}", headers)
        for kind in ("json", "text", "html", "health", "prometheus", "openmetrics", "spring", "microprofile", "xml", "")
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
    ),
    Asked("GET", "/healthcheck", BROWSER),
    Asked("HEAD", "/healthcheck", BROWSER),
    Asked("GET", "/healthcheck", {"Accept": "*/*"}),
    Asked("GET", "/healthcheck", {"Accept": "text/plain"}),
    Asked("GET", "/healthcheck", {"Accept": ";q=,,\"'"}),
    Asked("GET", "/healthcheck/"),
    Asked("GET", f"/readyz?token={TOKEN}&fresh=1"),
    Asked("GET", "/healthcheck?token=wrong&format=text"),
    Asked("GET", "/healthcheck?%FF=%FF&&&"),
    Asked("GET", "/livez", {"X-Forwarded-For": "127.0.0.1", "Cookie": "session=1"}),
]  # fmt: skip


@pytest.mark.semantics(50, 51, 52, 53, 54, 56, 58, 61)
@pytest.mark.parametrize("mount", COMMANDS)
def test_every_mount_gives_the_same_answers(mount: str, tmp_path: Path) -> None:
    host = "known.example" if mount in INSIDE else "10.1.2.3:8000"
    differences = []

    with Program(COMMANDS[mount], tmp_path / "log") as program:
        for asked in TABLE:
            if mount in INSIDE and asked.target.endswith("/"):
                continue
            got = program.ask(
                asked.method, asked.target, {"Host": host, **asked.headers}, asked.body
            )
            if _relevant(got, asked) != _complete(asked):
                differences.append((str(asked), _relevant(got, asked), _complete(asked)))

        hello = program.get("/hello")

    assert differences == []
    assert hello.status == (404 if mount.startswith("alone") else 200)
    assert hello.header("X-Health") is None


def _expect(asked: Asked) -> Response:
    path, _, query = asked.target.partition("?")
    headers = {name.lower(): value for name, value in asked.headers.items()}
    endpoint = make_endpoint()
    endpoint.probes.has_started = True
    return endpoint.respond(Request(asked.method, path, query, headers, "127.0.0.1"))


def _relevant(got: Answer, asked: Asked) -> Relevant:
    expected = _expect(asked)
    names = sorted(name.lower() for name, _ in expected.headers)
    headers = [(name, got.header(name)) for name in names]
    cookie = ("set-cookie", got.header("set-cookie"))
    return got.status, [*_settled_length(headers, asked), cookie], _settled(got.body)


def _complete(asked: Asked) -> Relevant:
    expected = _expect(asked)
    headers = sorted((name.lower(), value) for name, value in expected.headers)
    return (
        expected.status,
        [*_settled_length(headers, asked), ("set-cookie", None)],
        _settled(expected.body),
    )


def _settled_length(headers: Sequence[tuple[str, str | None]], asked: Asked) -> Headers:
    """Return headers with the length of the settled body, where it is that of the body.

    Metrics name a process in each line, whose number has from 1 to 7 digits; an answer to HEAD does
    not show which.
    """
    settled = _settled(_expect(asked._replace(method="GET")).body)
    processes = settled.count(b'pid="*"')
    lengths = {len(settled) + processes * more: len(settled) for more in range(7)}
    return [
        (name, str(lengths.get(int(value), value)) if name == "content-length" and value else value)
        for name, value in headers
    ]


def _settled(body: bytes) -> bytes:
    """Return a body without what differs from process to process, and from moment to moment."""
    body = re.sub(rb'pid="\d+"', b'pid="*"', body)
    return re.sub(rb'"timestamp":"[^"]+"', b'"timestamp":"*"', body)
