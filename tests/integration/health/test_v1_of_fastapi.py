"""The reference: the same answer from FastAPI and a model of pydantic."""

from datetime import datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
from allgreen.health.serving.v1 import render_v1_health

NOW = datetime(2025, 6, 28, 0, 6, 39, 130848)  # noqa: DTZ001 - local and naive by contract


class HealthResponse(BaseModel):
    status: str
    timestamp: datetime
    version: str
    ai_model_available: bool
    resilience_healthy: bool | None
    cache_healthy: bool | None


@pytest.mark.parametrize(
    "version", ["1.0.0", "", 'é "quoted" \\ / <b>', "\x00\x08\x0c\n\x1f\x7f\u2028 🟢"]
)
@pytest.mark.parametrize("now", [NOW, NOW.replace(microsecond=0), NOW.replace(microsecond=120)])
def test_the_bytes_are_those_of_fastapi(version: str, now: datetime) -> None:
    app = FastAPI()

    @app.get("/v1/health", response_model=HealthResponse)
    def read_health() -> HealthResponse:
        return HealthResponse(
            status="degraded",
            timestamp=now,
            version=version,
            ai_model_available=True,
            resilience_healthy=None,
            cache_healthy=False,
        )

    theirs = TestClient(app).get("/v1/health").content

    components = [
        ComponentStatus("ai_model", HealthStatus.HEALTHY),
        ComponentStatus("cache", HealthStatus.UNHEALTHY),
    ]
    assert render_v1_health(SystemHealthStatus.of(components, now), version, now) == theirs
