"""The contestants: how each package runs checks, answers a probe and renders a page.

Packages are imported where they are used, since each environment holds one of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from typing import Any

from bench.peers.checks import (
    ON_PAGE,
    PROBED,
    TIMEOUT_S,
    pass_at_once,
    pass_on_loop,
    say_yes,
    say_yes_on_loop,
)
from bench.peers.ourselves import make_report, make_runner

Run = Callable[[], object]
RunAsync = Callable[[], Awaitable[object]]
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


# Checks that are no coroutines, one run of all of them -----------------------------------------


def ours(count: int) -> Run:
    """Run checks as a program does that asks for a report, and keeps none."""
    run: Run = make_runner(count, pass_at_once).run
    return run


def allgreen(count: int) -> Run:
    """Run checks in the thread pools of the package."""
    run: Run = _their_registry(count, pass_at_once).run_all
    return run


def dockerflow(count: int) -> Run:
    """Run checks one after the other; there is no timeout."""
    registry = import_module("dockerflow.checks.registry")
    checks = [(f"check_{number}", list) for number in range(count)]
    return lambda: registry.run_checks(checks)


def bare(count: int) -> Run:
    """Call the functions and nothing else."""
    functions = [pass_at_once] * count

    def run() -> None:
        for function in functions:
            function()

    return run


# Checks that run on an event loop --------------------------------------------------------------


def ours_async(count: int) -> RunAsync:
    """Run checks as a program on an event loop does."""
    run: RunAsync = make_runner(count, pass_on_loop).run_async
    return run


def allgreen_async(count: int) -> RunAsync:
    """Run checks on the event loop, each with a timeout of its own."""
    run: RunAsync = _their_registry(count, pass_on_loop).run_all_async
    return run


def starter_async(count: int) -> RunAsync:
    """Run checks as the starters of FastAPI do: a time limit and a stopwatch for each."""
    limit_ms = TIMEOUT_S * 1000

    async def look(name: str) -> dict[str, object]:
        began = time.perf_counter()
        try:
            await asyncio.wait_for(pass_on_loop(), timeout=limit_ms / 1000)
            status, message = "healthy", ""
        except TimeoutError:
            status, message = "degraded", "timed out"
        except Exception as error:  # noqa: BLE001 - as they do
            status, message = "unhealthy", str(error)
        took_ms = (time.perf_counter() - began) * 1000
        return {"name": name, "status": status, "message": message, "response_time_ms": took_ms}

    async def run() -> dict[str, object]:
        names = (f"component {number}" for number in range(count))
        found = await asyncio.gather(*(look(name) for name in names))
        worst = any(one["status"] != "healthy" for one in found)
        return {"status": "degraded" if worst else "healthy", "components": found}

    return run


def django_health_check(count: int) -> RunAsync:
    """Run checks in the default executor of the loop, each with a timeout."""
    return _django_checks(count, pass_at_once)


def django_health_check_async(count: int) -> RunAsync:
    """Run checks on the event loop, each with a timeout."""
    return _django_checks(count, pass_on_loop)


def dockerflow_async(count: int) -> RunAsync:
    """Run checks on the event loop; there is no timeout."""
    registry = import_module("dockerflow.checks.registry")

    async def check() -> list[object]:
        return []

    checks = [(f"check_{number}", check) for number in range(count)]
    run: RunAsync = partial(registry.run_checks_async, checks)
    return run


def fastapi_health(count: int) -> RunAsync:
    """Answer a request whose dependencies are the checks, in threads; there is no timeout."""
    return _ask(_fastapi_app(count, say_yes))


def fastapi_health_async(count: int) -> RunAsync:
    """Answer a request whose dependencies are the checks, on the loop; there is no timeout."""
    return _ask(_fastapi_app(count, say_yes_on_loop))


def bare_async(count: int) -> RunAsync:
    """Await the coroutines and nothing else."""
    functions = [pass_on_loop] * count

    async def run() -> None:
        for function in functions:
            await function()

    return run


# Answers to a probe, of ten checks -------------------------------------------------------------


def ours_probed() -> RunAsync:
    """Answer from results that are less than a second old."""
    endpoint = import_module("allgreen.health.serving.endpoint")
    asgi = import_module("allgreen.integrations.asgi")
    runner = make_runner(PROBED, pass_at_once, is_kept=True)
    return _ask(asgi.AsgiHealth(None, endpoint.HealthEndpoint(runner)))


def allgreen_probed() -> RunAsync:
    """Answer with the router of the package, which runs all checks each time."""
    _their_registry(PROBED, pass_on_loop)
    integration = import_module("allgreen.integrations.fastapi_integration")
    app = import_module("fastapi").FastAPI()
    app.include_router(integration.create_router(environment="production", metrics_path=None))
    return _ask(app, accept=b"application/json")


def fastapi_health_probed() -> RunAsync:
    """Answer with ten dependencies."""
    return fastapi_health_async(PROBED)


# Pages of a hundred checks ---------------------------------------------------------------------


def ours_page() -> Run:
    """Render the page of a report in which some checks failed."""
    html, report = import_module("allgreen.exporters.html"), make_report()
    return lambda: html.render_html(report)


def allgreen_page() -> Run:
    """Render the template of the package."""
    core = import_module("allgreen.core")
    reporting = import_module("allgreen.reporting")
    integration = import_module("allgreen.integrations.fastapi_integration")
    failed = core.CheckResult(core.CheckStatus.FAILED, message="Expected 503 to equal 200")
    passed = core.CheckResult(core.CheckStatus.PASSED, message="Check passed", duration_ms=1.2)
    results = [
        (core.Check(f"Part {number} works", pass_at_once), failed if number % 20 == 0 else passed)
        for number in range(ON_PAGE)
    ]
    stats = reporting.calculate_stats(results)
    context = {
        "results": results,
        "stats": stats,
        "overall_status": reporting.get_overall_status(stats),
        "app_name": "Nordlys",
        "environment": "production",
        "timestamp": "2026-04-14 21:04:00",
        "show_tracebacks": False,
    }
    return lambda: integration._render_html_template(context)  # noqa: SLF001 - there is no other way


SYNC: dict[str, Callable[[int], Run]] = {
    "ours": ours,
    "allgreen": allgreen,
    "dockerflow": dockerflow,
    "bare": bare,
}
IN_THREADS: dict[str, Callable[[int], RunAsync]] = {
    "django-health-check": django_health_check,
    "fastapi-health": fastapi_health,
}
ASYNC: dict[str, Callable[[int], RunAsync]] = {
    "ours": ours_async,
    "allgreen": allgreen_async,
    "starter": starter_async,
    "django-health-check": django_health_check_async,
    "dockerflow": dockerflow_async,
    "fastapi-health": fastapi_health_async,
    "bare": bare_async,
}
PROBES: dict[str, Callable[[], RunAsync]] = {
    "ours": ours_probed,
    "allgreen-fastapi": allgreen_probed,
    "fastapi-health": fastapi_health_probed,
}
PAGES: dict[str, Callable[[], Run]] = {"ours": ours_page, "allgreen-fastapi": allgreen_page}


def _their_registry(count: int, function: Callable[[], object]) -> Any:
    core = import_module("allgreen.core")
    registry = core.get_registry()
    registry.clear()
    for number in range(count):
        name = f"part_{number}"
        registry.register(core.Check(f"Part {number} works", function, TIMEOUT_S, name=name))
    return registry


def _django_checks(count: int, function: Callable[[], object]) -> RunAsync:
    base = import_module("health_check.base")
    part: Any = type("Part", (base.HealthCheck,), {"run": staticmethod(function)})
    checks = [part() for _ in range(count)]

    async def run() -> None:
        await asyncio.gather(*(check.get_result(None) for check in checks))

    return run


def _fastapi_app(count: int, function: Callable[[], object]) -> Asgi:
    conditions = []
    for number in range(count):
        condition = _copy(function)
        condition.__name__ = f"part_{number}"
        conditions.append(condition)
    app: Any = import_module("fastapi").FastAPI()
    app.add_api_route("/healthcheck", import_module("fastapi_health").health(conditions))
    found: Asgi = app
    return found


def _copy(function: Any) -> Any:
    return type(function)(function.__code__, function.__globals__, function.__name__)


def _ask(app: Asgi, accept: bytes = b"*/*") -> RunAsync:
    """Return what asks an application of ASGI without a server, as a probe does."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(f"it answered with {message['status']}")

    async def ask() -> None:
        headers = [(b"host", b"10.1.2.3:8000"), (b"user-agent", b"kube-probe/1.33")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/healthcheck",
            "raw_path": b"/healthcheck",
            "query_string": b"",
            "root_path": "",
            "headers": [*headers, (b"accept", accept), (b"connection", b"close")],
            "client": ("10.1.2.1", 40000),
            "server": ("10.1.2.3", 8000),
        }
        await app(scope, receive, send)

    return ask
