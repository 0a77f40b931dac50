"""Allgreen answers "is it healthy?".

Everything is imported when it is first used: a program that only writes down its checks pays for
nothing else.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from allgreen.domain.report import CheckResult, Report
    from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
    from allgreen.errors import (
        AllgreenError,
        HealthCheckError,
        HealthCheckTimeoutError,
        MissingExtraError,
    )
    from allgreen.health.check import Check
    from allgreen.health.expectation import Expectation, expect, make_sure
    from allgreen.health.registry import CheckRegistry, check

__all__ = [
    "AllgreenError",
    "Check",
    "CheckRegistry",
    "CheckResult",
    "ComponentStatus",
    "Expectation",
    "HealthCheckError",
    "HealthCheckTimeoutError",
    "HealthStatus",
    "MissingExtraError",
    "Report",
    "SystemHealthStatus",
    "__version__",
    "check",
    "expect",
    "make_sure",
]

_HOMES = {
    "AllgreenError": "allgreen.errors",
    "Check": "allgreen.health.check",
    "CheckRegistry": "allgreen.health.registry",
    "CheckResult": "allgreen.domain.report",
    "ComponentStatus": "allgreen.domain.status",
    "Expectation": "allgreen.health.expectation",
    "HealthCheckError": "allgreen.errors",
    "HealthCheckTimeoutError": "allgreen.errors",
    "HealthStatus": "allgreen.domain.status",
    "MissingExtraError": "allgreen.errors",
    "Report": "allgreen.domain.report",
    "SystemHealthStatus": "allgreen.domain.status",
    "check": "allgreen.health.registry",
    "expect": "allgreen.health.expectation",
    "make_sure": "allgreen.health.expectation",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'allgreen' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where something is used

    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
