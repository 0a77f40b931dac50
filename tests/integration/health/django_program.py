"""A program of Django that is asked for its health in the middle of its transactions.

It prints one line of JSON with what it found.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]

database = Path(sys.argv[1])
max_age_s = int(sys.argv[2]) if sys.argv[2] else None
settings.configure(
    SECRET_KEY="not a secret",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(database),
            "ATOMIC_REQUESTS": True,
            "CONN_MAX_AGE": max_age_s,
        }
    },
    MIDDLEWARE=["allgreen.integrations.django.HealthMiddleware"],
    ALLGREEN_ENDPOINT=f"{__name__}.endpoint",
)
django.setup()

from django.db import close_old_connections, connection  # type: ignore[import-untyped]  # noqa: E402
from django.http import HttpResponse  # type: ignore[import-untyped]  # noqa: E402
from django.test import Client  # type: ignore[import-untyped]  # noqa: E402
from django.urls import path  # type: ignore[import-untyped]  # noqa: E402

from allgreen.health.registry import CheckRegistry  # noqa: E402
from allgreen.health.running.runner import RunOptions  # noqa: E402
from allgreen.health.serving.exchange import Request  # noqa: E402
from allgreen.integrations.assembly import add_hooks, build_endpoint  # noqa: E402

registry = CheckRegistry()


@registry.check("Database is accessible", tags=["ready"])
def is_accessible() -> None:
    """Ask the database, in a thread that no request has."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from orders")


handler = type("WSGIHandler", (), {"__module__": "django.core.handlers.wsgi"})()
endpoint = build_endpoint(
    registry=registry,
    runs=add_hooks(handler, RunOptions(keep_good_for_s=0, keep_bad_for_s=0)),
)


def place_order(request: Any) -> HttpResponse:
    """Write, ask for the health, and perhaps fail."""
    with connection.cursor() as cursor:
        cursor.execute("insert into orders default values")
    status = endpoint.respond(Request("GET", "/healthcheck")).status
    if "fail" in request.GET:
        raise RuntimeError
    return HttpResponse(f"{status}", content_type="text/plain")


urlpatterns = [path("order", place_order)]


def _count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from orders")
        return int(cursor.fetchone()[0])


def _count_open() -> int:
    """Return how often this process has the database open."""
    opened = (entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return sum(Path(target) == database for target in opened)


def main() -> None:
    """Do all of it, and say what came of it."""
    with connection.cursor() as cursor:
        cursor.execute("create table orders (id integer primary key)")
    client = Client(raise_request_exception=False)
    found: dict[str, Any] = {"health in a transaction": int(client.get("/order").content)}
    found["orders after success"] = _count()
    client.get("/order?fail=1")
    found["orders after failure"] = _count()
    statuses = [client.get("/healthcheck").status_code for _ in range(1000)]
    found["health"] = sorted(set(statuses))
    connection.close()
    found["left open"] = _count_open()
    if max_age_s == 0:
        found |= _lose_database(client)
    sys.stdout.write(json.dumps(found))


def _lose_database(client: Client) -> dict[str, int]:
    """Say what is found while there is a folder where the database was, and after that."""
    database.rename(database.with_suffix(".gone"))
    database.mkdir()
    close_old_connections()
    without = client.get("/readyz").status_code
    database.rmdir()
    database.with_suffix(".gone").rename(database)
    return {"without a database": without, "with it again": client.get("/readyz").status_code}


if __name__ == "__main__":
    sys.modules["tests.integration.health.django_program"] = sys.modules[__name__]
    main()
