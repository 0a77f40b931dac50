"""What mypy must understand about the facade as a user sees it; checked, never run."""

import logging
from datetime import datetime
from typing import assert_type

import allgreen
from allgreen import (
    Access,
    Background,
    Breaker,
    ChangeDetector,
    ChangeFeed,
    Check,
    CheckDefinitionError,
    CheckRegistry,
    CheckResult,
    CheckRunner,
    ComponentStatus,
    ConfigBrokenError,
    ConfigLoader,
    ConfigNotFoundError,
    Detail,
    DuplicateCheckError,
    EndpointOptions,
    Expectation,
    ExpectationFailedError,
    ExpectationInvalidError,
    FrequencyError,
    Group,
    HealthAccessFilter,
    HealthChecker,
    HealthCheckError,
    HealthCheckService,
    HealthCheckTimeoutError,
    HealthEndpoint,
    HealthStatus,
    MissingExtraError,
    Report,
    RunOptions,
    SettingsError,
    SystemdNotifier,
    SystemHealthStatus,
    UnknownApplicationError,
    UnknownComponentError,
    UnknownOptionError,
    Webhook,
    build_endpoint,
    check,
    create_app,
    expect,
    make_sure,
    mount_endpoint,
    mount_healthcheck,
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


async def run(registry: CheckRegistry) -> HealthStatus:
    runner = CheckRunner(registry, RunOptions(concurrency=4), environment="test")
    with Background(runner, period_s=5) as background:
        assert_type(background.run(tags=["ready"]), Report)
    assert_type(runner.run(["queue"], deadline_s=2.5, fresh=True), Report)
    return (await runner.run_async()).status


async def look_at_components() -> SystemHealthStatus:
    checker = HealthChecker(per_component_timeouts_ms={"cache": 500}, retry_count=0)
    checker.register_check("cache", lambda: HealthStatus.DEGRADED)
    checker.register_check("database", queue)
    assert_type(await checker.check_component("cache"), ComponentStatus)
    return await checker.check_all_components()


def serve(application: object) -> object:
    HealthCheckService(check_interval=30, database=database).start()
    create_app("allgood.py", application="orders")
    return mount_healthcheck(application, config_path="allgood.py", prefix="/internal")


def assemble(application: object, registry: CheckRegistry) -> object:
    ConfigLoader(registry, "allgood.py").load()
    access = Access(anonymous=Detail.SUMMARY, tokens={"correct-horse": Detail.FULL})
    options = EndpointOptions(access=access, ready=Group(path="/ready", tags=["ready"]))
    endpoint = build_endpoint(registry=registry, options=options)
    assert_type(endpoint, HealthEndpoint)
    logging.getLogger("uvicorn.access").addFilter(HealthAccessFilter())
    return mount_endpoint(application, endpoint, prefix="/internal")


def stay_in_touch(breaker: Breaker) -> ChangeFeed:
    assert_type(breaker.admit(), bool)
    SystemdNotifier(lambda: True).ready("serving")
    webhook = Webhook("https://example.org/hook", secret="correct-horse", attempts=3)
    return ChangeFeed([webhook], ChangeDetector(failures=2))


def tell(error: Exception) -> str | None:
    match error:
        case DuplicateCheckError() | UnknownComponentError():
            return error.name
        case FrequencyError() | UnknownOptionError():
            return error.suggestion
        case ConfigBrokenError():
            return f"{error.file}:{error.line}"
        case ConfigNotFoundError():
            return error.path
        case ExpectationFailedError():
            return error.actual
        case SettingsError():
            return error.setting
        case CheckDefinitionError() | ExpectationInvalidError() | UnknownApplicationError():
            return str(error)
        case _:
            return None
