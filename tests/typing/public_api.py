"""What mypy must understand about the facade as a user sees it; checked, never run."""

from datetime import datetime
from typing import assert_type

import allgreen
from allgreen import ComponentStatus, HealthStatus, MissingExtraError, SystemHealthStatus


def sum_up(now: datetime) -> SystemHealthStatus:
    database = ComponentStatus("database", HealthStatus.HEALTHY, response_time_ms=3.2)
    cache = ComponentStatus(name="cache", status=HealthStatus.DEGRADED, metadata={"hits": 0.4})
    whole = SystemHealthStatus.of([database, cache], now)
    assert_type(whole.overall_status, HealthStatus)
    assert_type(whole.components, tuple[ComponentStatus, ...])
    assert_type(database.response_time_ms, float)
    return whole


def explain(error: MissingExtraError) -> str:
    assert_type(error.extra, str)
    assert isinstance(error, allgreen.AllgreenError | ImportError)
    return f"{allgreen.__version__}: {error}"
