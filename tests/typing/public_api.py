"""What mypy must understand about the facade as a user sees it; checked, never run."""

from datetime import datetime
from typing import assert_type

import allgreen
from allgreen import (
    Check,
    CheckRegistry,
    CheckResult,
    ComponentStatus,
    Expectation,
    HealthCheckError,
    HealthCheckTimeoutError,
    HealthStatus,
    MissingExtraError,
    Report,
    SystemHealthStatus,
    check,
    expect,
    make_sure,
)


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


@check("Queue is short", only="production", run="4 times per hour", tags=["ready"])
async def queue() -> None:
    assert_type(expect(38), Expectation)
    expect(38).to_be_less_than(500)


@check("Database is accessible", timeout=5, depends_on="queue")
def database() -> bool:
    make_sure(True, "no answer")
    return True


def look(registry: CheckRegistry, report: Report) -> tuple[str, ...]:
    assert_type(database(), bool)
    assert_type(registry.checks, tuple[Check, ...])
    results: tuple[CheckResult, ...] = report.results
    return tuple(result.message for result in results)


def blame(error: HealthCheckTimeoutError) -> HealthCheckError | TimeoutError:
    return error
