"""Whatever comes in, the answer is a problem with the usual headers, and never a fault."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from allgreen.server.app import create_app
from allgreen.server.operation import routes as operation
from allgreen.server.platform import Platform
from tests.api import Person, fields, person_of

JSON = {"content-type": "application/json"}
PROBLEM = "application/problem+json"


@pytest.fixture
def app(platform: Platform, tmp_path: Path) -> FastAPI:
    """With a small front end, and a route that breaks."""
    bundle = tmp_path / "bundle"
    (bundle / "assets").mkdir(parents=True)
    (bundle / "index.html").write_text("<!doctype html><title>Allgreen</title>" + " " * 999)
    (bundle / "assets" / "app-1a2b.js").write_text("export {}")
    app = create_app(platform, bundle=bundle)

    async def fault() -> None:
        raise RuntimeError("postgres://u:SECRET@db/x")

    app.router.routes.insert(0, app.router.route_class("/fault", fault))
    return app


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/login", 200),
        ("HEAD", "/login", 200),
        ("GET", "/assets/app-1a2b.js", 200),
        ("GET", "/assets/gone.js", 404),
        ("GET", "/assets/..%2f..%2fsettings.py", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/me", 401),
        ("PUT", "/api/v1/me", 405),
        ("GET", "/healthz", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/pages.css", 200),
        ("GET", "/verify/abc", 200),
        ("GET", "/leave/abc", 404),
        ("POST", "/leave/abc", 404),
        ("GET", "/fault", 500),
    ],
)
async def test_every_answer_has_the_security_headers(
    anonymous: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await anonymous.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/verify/abc", "/leave/abc", "/healthz", "/api/v1/me"])
async def test_nothing_but_the_front_end_stays_in_a_cache(
    anonymous: httpx2.AsyncClient, path: str
) -> None:
    answer = await anonymous.get(path)

    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_fault_tells_a_reference_and_nothing_of_its_cause(
    anonymous: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await anonymous.get("/fault")

    reference = answer.json()["detail"].split()[4].rstrip(".")
    assert "SECRET" not in answer.text
    assert "RuntimeError" not in answer.text
    assert len(answer.content) <= 200
    assert f"Fault {reference}" in caplog.text


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_there_is_no_interactive_document(anonymous: httpx2.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)

    assert "swagger" not in answer.text.lower()


async def test_assets_are_kept_for_ever_and_pages_asked_for_again(
    anonymous: httpx2.AsyncClient,
) -> None:
    asset = await anonymous.get("/assets/app-1a2b.js")
    page = await anonymous.get("/somewhere/else", headers={"accept-encoding": "gzip"})
    again = await anonymous.get("/", headers={"if-none-match": page.headers["etag"]})

    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-encoding"] == "gzip"
    assert page.text.startswith("<!doctype html>")
    assert (again.status_code, again.content) == (304, b"")


async def test_without_a_built_front_end_the_page_says_what_to_do(
    platform: Platform, tmp_path: Path
) -> None:
    async with person_of(create_app(platform, bundle=tmp_path / "nothing")) as client:
        answer = await client.get("/login")

    assert answer.status_code == 503
    assert "./dev up" in answer.text


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536):
        yield b" " * 65_536


@pytest.mark.parametrize("told", [True, False], ids=["told", "in chunks"])
async def test_a_body_over_one_mebibyte_is_refused(
    anonymous: httpx2.AsyncClient, *, told: bool
) -> None:
    size = 2 * 1024 * 1024
    content = b" " * size if told else chunks(size)

    answer = await anonymous.post("/api/v1/session", content=content, headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"NaN", 422),
        (b"\xff\xfe", 422),
        (b'{"email": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b'{"email": NaN, "password": Infinity}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"email": "\\ud800", "password": "\\udfff"}', 422),
        (b'{"email": "\\u0000", "password": "\\u0000"}', 422),
        (b'{"email": {"$ne": null}, "password": []}', 422),
        (b'{"email": 1e400, "password": ' + b"9" * 5000 + b"}", 400),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_no_body_is_a_fault(
    anonymous: httpx2.AsyncClient, content: bytes, status: int
) -> None:
    answer = await anonymous.post("/api/v1/session", content=content, headers=JSON)

    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "changes",
    [
        {f"field {number}": 1 for number in range(100_000 // 2)},
        {"email": "a" * 500_000 + "@example.org"},
        {"email": "(" * 500_000},
        {"name": "x" * 900_000},
        {"password": "x" * 900_000},
    ],
    ids=["fields", "local part", "brackets", "name", "password"],
)
async def test_much_of_anything_is_refused_in_few_words_and_at_once(
    anonymous: httpx2.AsyncClient, changes: dict[str, object]
) -> None:
    form = {"name": "Eve", "email": "eve@example.net", "password": "nine quiet otters"} | changes

    gc.disable()  # Else this is the time to look through what all earlier tests left behind.
    began = time.thread_time()
    try:
        answer = await anonymous.post("/api/v1/accounts", json=form)
        spent_s = time.thread_time() - began
    finally:
        gc.enable()

    assert answer.status_code == 422
    assert len(answer.content) < 1000
    assert spent_s < 0.5


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=NaN", f"cursor={'x' * 600}"],
)
async def test_a_query_that_cannot_be_used_is_refused(owner: Person, query: str) -> None:
    answer = await owner.client.get(f"{owner.workspace}/services?{query}")

    assert answer.status_code == 422
    assert fields(answer).keys() == {query.partition("=")[0]}


async def test_metrics_are_for_this_machine_and_not_for_those_behind_a_proxy(
    anonymous: httpx2.AsyncClient,
) -> None:
    here = await anonymous.get("/metrics")
    proxied = await anonymous.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})

    assert "allgreen_results_dropped_total" in here.text
    assert "allgreen_check_lateness_seconds" in here.text
    assert proxied.status_code == 404


async def test_a_schedule_that_stands_still_is_not_healthy(
    anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operation, "LONGEST_IDLE_S", -1.0)

    answer = await anonymous.get("/healthz")

    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


async def test_health_tells_the_status_alone(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/healthz")

    assert answer.json() == {"status": "ok"}
