"""Translation between checks, which pass or fail, and components, which have a status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from allgreen.domain.report import CheckResult, Ending
from allgreen.domain.status import CheckVerdict, ComponentStatus, HealthStatus
from allgreen.health.callables import is_coroutine_function

_RESPONSE_TIME: Final = "response_time_ms"
_OUR_ERROR: Final = "allgreen.errors.HealthCheckError: "
_TOOK_TOO_LONG: Final = (Ending.TIMED_OUT, Ending.UNFINISHED)
_IN_ITS_OWN_WORDS: Final = (Ending.STILL_RUNNING, Ending.QUEUED)


class Finding(NamedTuple):
    """What a run of a check means for its component.

    Attributes:
        is_failure: It is unhealthy, or took too long.
        may_be_better: Another attempt is worth it: it raised, or took too long.
    """

    component: ComponentStatus
    is_failure: bool
    may_be_better: bool


def translate_function(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a check that says in a dictionary what the function of a component says."""
    if is_coroutine_function(function):

        async def check_on_loop() -> object:
            return _translate_value(await function())

        return check_on_loop

    def check() -> object:
        value = function()
        return _translate_later(value) if isinstance(value, Awaitable) else _translate_value(value)

    return check


def translate_result(name: str, result: CheckResult, timeout_ms: float | None) -> Finding:
    """Return what a result means for a component.

    Args:
        name: Of the component.
        result: Of its check.
        timeout_ms: What its timeout was.
    """
    ending = result.ending
    if ending is Ending.ANSWERED and result.evidence is None:
        return _answered(name, result)
    if ending in _TOOK_TOO_LONG:
        limit = "" if timeout_ms is None else f" after {timeout_ms:g}ms"
        message = f"The check of {name!r} timed out{limit}"
        component = _component(name, HealthStatus.DEGRADED, message, result)
        return Finding(component, is_failure=True, may_be_better=ending is Ending.TIMED_OUT)
    if ending in _IN_ITS_OWN_WORDS:
        component = _component(name, HealthStatus.DEGRADED, result.message, result)
        return Finding(component, is_failure=True, may_be_better=False)
    message = f"The check of {name!r} failed: {result.message.removeprefix(_OUR_ERROR)}"
    component = _component(name, HealthStatus.UNHEALTHY, message, result)
    return Finding(component, is_failure=True, may_be_better=True)


def _answered(name: str, result: CheckResult) -> Finding:
    status, message = result.status, result.message
    if result.verdict is CheckVerdict.ERROR or status is None:
        status, message = HealthStatus.UNHEALTHY, f"The check of {name!r} failed: {message}"
    component = _component(name, status, message, result)
    return Finding(component, status is HealthStatus.UNHEALTHY, may_be_better=False)


def _component(
    name: str, status: HealthStatus, message: str, result: CheckResult
) -> ComponentStatus:
    metadata = result.metadata
    if not metadata:
        return ComponentStatus(name, status, message, result.duration_ms)
    rest = {key: value for key, value in metadata.items() if key != _RESPONSE_TIME}
    said_ms = metadata.get(_RESPONSE_TIME)
    if isinstance(said_ms, int | float) and said_ms > 0:
        return ComponentStatus(name, status, message, said_ms, rest)
    return ComponentStatus(name, status, message, result.duration_ms, rest)


async def _translate_later(value: Awaitable[Any]) -> object:
    return _translate_value(await value)


def _translate_value(value: object) -> object:
    if value is False:
        return {"status": HealthStatus.UNHEALTHY, "message": "Health check failed: returned False"}
    if not isinstance(value, ComponentStatus):
        return value
    said = {
        "status": value.status,
        "message": value.message,
        "metadata": value.metadata,
    }
    # A name beside the metadata, and not in it: that may be anything.
    return {**said, _RESPONSE_TIME: value.response_time_ms} if value.response_time_ms else said
