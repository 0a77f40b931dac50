import json
from datetime import UTC, datetime

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
from allgreen.health.serving.v1 import render_v1_health

NOW = datetime(2025, 6, 28, 0, 6, 39, 130848)  # noqa: DTZ001 - local and naive by contract
HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


def status_of(**components: HealthStatus) -> SystemHealthStatus:
    listed = [ComponentStatus(name, status) for name, status in components.items()]
    return SystemHealthStatus.of(listed, datetime(2025, 6, 28, tzinfo=UTC))


def test_the_body_is_what_clients_know_byte_by_byte() -> None:
    status = status_of(ai_model=HEALTHY, resilience=HEALTHY, cache=HEALTHY)

    assert render_v1_health(status, "1.0.0", NOW) == (
        b'{"status":"healthy","timestamp":"2025-06-28T00:06:39.130848","version":"1.0.0",'
        b'"ai_model_available":true,"resilience_healthy":true,"cache_healthy":true}'
    )


def test_what_is_not_registered_is_null_and_the_model_not_available() -> None:
    body = json.loads(render_v1_health(status_of(), "1.0.0", NOW))

    assert body["status"] == "healthy"
    assert body["ai_model_available"] is False
    assert body["resilience_healthy"] is None
    assert body["cache_healthy"] is None


@pytest.mark.parametrize("status", [DEGRADED, UNHEALTHY])
def test_unhealthy_is_never_said(status: HealthStatus) -> None:
    rendered = render_v1_health(status_of(ai_model=HEALTHY, database=status), "1", NOW)

    assert json.loads(rendered)["status"] == "degraded"
    assert b"unhealthy" not in rendered


@pytest.mark.parametrize("status", [DEGRADED, UNHEALTHY])
def test_a_component_that_is_not_healthy_is_false(status: HealthStatus) -> None:
    body = json.loads(
        render_v1_health(status_of(ai_model=status, resilience=status, cache=status), "1", NOW)
    )

    assert body["ai_model_available"] is False
    assert body["resilience_healthy"] is False
    assert body["cache_healthy"] is False


def test_nothing_known_is_degraded() -> None:
    assert render_v1_health(None, "1.0.0", NOW) == (
        b'{"status":"degraded","timestamp":"2025-06-28T00:06:39.130848","version":"1.0.0",'
        b'"ai_model_available":false,"resilience_healthy":null,"cache_healthy":null}'
    )


def test_a_whole_second_has_no_fraction() -> None:
    body = json.loads(render_v1_health(None, "1", NOW.replace(microsecond=0)))

    assert body["timestamp"] == "2025-06-28T00:06:39"


def test_an_aware_time_is_written_as_the_local_one() -> None:
    body = json.loads(render_v1_health(None, "1", datetime(2025, 6, 28, 12, tzinfo=UTC)))

    written = datetime.fromisoformat(body["timestamp"])
    assert written.tzinfo is None
    assert written.astimezone(UTC) == datetime(2025, 6, 28, 12, tzinfo=UTC)


def test_a_version_of_any_text_is_valid_json() -> None:
    rendered = render_v1_health(None, 'é"\x01\ud800', NOW)

    assert json.loads(rendered)["version"] == 'é"\x01?'
