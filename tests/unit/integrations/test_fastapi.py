"""The router of FastAPI, and the checker as a dependency."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.health.checker.checker import HealthChecker
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.fastapi import get_health_checker, health_router
from tests.scripted_runner import ScriptedRunner, passed


def cache_is(status: HealthStatus) -> HealthChecker:
    """Make a checker of one component."""
    checker = HealthChecker()

    async def check() -> ComponentStatus:
        return ComponentStatus("cache", status)

    checker.register_check("cache", check)
    return checker


@pytest.fixture
def app() -> FastAPI:
    endpoint = HealthEndpoint(
        ScriptedRunner(passed()),
        EndpointOptions(environment="production", version="4.12.0"),
        components=cache_is(HealthStatus.HEALTHY),
    )
    made = FastAPI()
    made.include_router(health_router(endpoint, prefix="/internal/"))
    return made


def test_a_router_is_below_its_prefix_and_out_of_the_document(app: FastAPI) -> None:
    client = TestClient(app)

    assert client.get("/internal/livez").json() == {"status": "healthy"}
    assert client.post("/internal/livez").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.get("/openapi.json").json()["paths"] == {}


def test_the_components_answer_to_existing_clients(app: FastAPI) -> None:
    body = TestClient(app).get("/internal/v1/health").json()

    assert (body["status"], body["version"], body["cache_healthy"]) == ("healthy", "4.12.0", True)


async def override_on_loop() -> HealthChecker:
    return cache_is(HealthStatus.UNHEALTHY)


@pytest.mark.parametrize(
    "override", [lambda: cache_is(HealthStatus.UNHEALTHY), override_on_loop], ids=["sync", "async"]
)
def test_the_dependency_can_be_overridden(app: FastAPI, override: Any) -> None:
    app.dependency_overrides[get_health_checker] = override

    body = TestClient(app).get("/internal/v1/health").json()

    assert (body["status"], body["cache_healthy"]) == ("degraded", False)


def test_the_checker_is_one_and_has_the_settings_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLGREEN_HEALTH_TIMEOUT_MS", "250")
    get_health_checker.cache_clear()
    app = FastAPI()

    @app.get("/timeout")
    async def tell(checker: Annotated[HealthChecker, Depends(get_health_checker)]) -> float | None:
        return checker.settings.default_timeout_ms

    assert TestClient(app).get("/timeout").json() == 250
    assert get_health_checker() is get_health_checker()
    get_health_checker.cache_clear()
