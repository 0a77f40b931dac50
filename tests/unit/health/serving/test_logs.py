"""What probes ask is kept out of access logs and traces; failures and tokens are treated with care."""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import pytest

from allgreen.health.serving.logs import HealthAccessFilter, excluded_urls

pytestmark = pytest.mark.semantics(59)


class Atoms(dict[str, Any]):
    """As gunicorn has them: what is missing is a dash."""

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name) if name in self else "-"


def uvicorn(target: str, status: int) -> logging.LogRecord:
    return record('%s - "%s %s HTTP/%s" %d', ("127.0.0.1:4711", "GET", target, "1.1", status))


def gunicorn(target: str, status: int) -> logging.LogRecord:
    path, _, query = target.partition("?")
    atoms = Atoms(r=f"GET {target} HTTP/1.1", U=path, q=query, s=str(status), B=12, D=3)
    return record("%(x)s %(r)s %(q)s %(s)s %(B)d", (atoms,))


def werkzeug(target: str, status: int) -> logging.LogRecord:
    styled = f"\x1b[31mGET {target} HTTP/1.1\x1b[0m"
    return record('127.0.0.1 - - [14/Apr/2026 23:58:12] "%s" %s %s', (styled, str(status), "-"))


def django(target: str, status: int) -> logging.LogRecord:
    return record('"%s" %s %s', (f"GET {target} HTTP/1.1", str(status), "12"))


SERVERS = [uvicorn, gunicorn, werkzeug, django]


def record(message: str, arguments: Any) -> logging.LogRecord:
    return logging.LogRecord("access", logging.INFO, __file__, 1, message, arguments, None)


@pytest.mark.parametrize("access", SERVERS)
@pytest.mark.parametrize(
    "target", ["/livez", "/healthcheck", "/healthcheck/", "/healthcheck?format=json", "/v1/health"]
)
def test_what_probes_ask_is_dropped(access: Any, target: str) -> None:
    assert not HealthAccessFilter().filter(access(target, 200))


@pytest.mark.parametrize("access", SERVERS)
@pytest.mark.parametrize("target", ["/", "/livez/more", "/orders?next=/livez", "/healthchecks"])
def test_everything_else_is_kept(access: Any, target: str) -> None:
    assert HealthAccessFilter().filter(access(target, 200))


@pytest.mark.parametrize("access", SERVERS)
def test_failures_are_kept_unless_they_are_not_wanted(access: Any) -> None:
    assert HealthAccessFilter().filter(access("/readyz", 503))
    assert not HealthAccessFilter(keeps_failures=False).filter(access("/readyz", 503))


@pytest.mark.parametrize("access", SERVERS)
def test_paths_of_a_mount_are_given_as_they_are_asked_for(access: Any) -> None:
    kept = HealthAccessFilter(["/internal/livez/"])

    assert not kept.filter(access("/internal/livez", 200))
    assert kept.filter(access("/livez", 200))


@pytest.mark.semantics(57)
@pytest.mark.parametrize("access", SERVERS)
@pytest.mark.parametrize("query", ["token=s3cret", "format=json&token=s3cret&fresh=1"])
def test_a_token_is_made_unreadable_in_what_is_kept(access: Any, query: str) -> None:
    kept = access(f"/healthcheck?{query}", 503)

    assert HealthAccessFilter().filter(kept)
    assert "s3cret" not in kept.getMessage()
    assert "token=***" in kept.getMessage()
    assert "503" in kept.getMessage()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        None,
        ("one",),
        ("GET /livez HTTP/1.1", "not a number"),
        ("nothing of the kind", 200),
        (1, 2, 3, 4, "five"),
        ({},),
        (object(), object()),
    ],
)
def test_other_records_are_kept_as_they_are(arguments: Any) -> None:
    other = record("message", arguments)
    before = other.args

    assert HealthAccessFilter().filter(other)
    assert other.args is before


def test_it_can_be_named_in_a_configuration_of_logging() -> None:
    configured = logging.config.DictConfigurator({}).configure_filter(
        {"()": "allgreen.health.serving.logs.HealthAccessFilter", "paths": ["/livez"]}
    )

    assert isinstance(configured, HealthAccessFilter)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7:8000/livez",
        "https://example.com/livez/",
        "http://example.com/healthcheck?format=json",
        "http://[::1]:8000/healthcheck/metrics",
    ],
)
def test_traces_exclude_what_probes_ask(url: str) -> None:
    # As `opentelemetry.util.http.ExcludeList` does it.
    assert re.search("|".join(excluded_urls().split(",")), url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://example.com/orders/livez",
        "http://example.com/livez/orders",
        "http://example.com/orders?next=/livez",
        "http://livez/",
    ],
)
def test_traces_keep_everything_else(url: str) -> None:
    assert not re.search("|".join(excluded_urls().split(",")), url)


def test_traces_exclude_the_paths_of_a_mount() -> None:
    assert re.search(excluded_urls(["/internal/livez"]), "http://example.com/internal/livez")
    assert not re.search(excluded_urls(["/a.b"]), "http://example.com/axb")
