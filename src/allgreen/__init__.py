"""Allgreen answers "is it healthy?".

Everything is imported when it is first used: a program that only writes down its checks pays for
nothing else.
"""

from __future__ import annotations

import sys

__version__ = "0.1.0"

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from allgreen.domain.report import CheckResult, Report
    from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
    from allgreen.errors import (
        AllgreenError,
        CheckDefinitionError,
        ConfigBrokenError,
        ConfigNotFoundError,
        DuplicateCheckError,
        ExpectationFailedError,
        ExpectationInvalidError,
        FrequencyError,
        HealthCheckError,
        HealthCheckTimeoutError,
        MissingExtraError,
        SettingsError,
        UnknownApplicationError,
        UnknownComponentError,
        UnknownOptionError,
    )
    from allgreen.health.background import Background
    from allgreen.health.check import Check
    from allgreen.health.checker import HealthChecker
    from allgreen.health.expectation import Expectation, expect, make_sure
    from allgreen.health.heartbeat import HealthCheckService
    from allgreen.health.registry import CheckRegistry, check
    from allgreen.health.runner import CheckRunner, RunOptions
    from allgreen.integrations.mounting import create_app, mount_healthcheck

__all__ = [
    "AllgreenError",
    "Background",
    "Check",
    "CheckDefinitionError",
    "CheckRegistry",
    "CheckResult",
    "CheckRunner",
    "ComponentStatus",
    "ConfigBrokenError",
    "ConfigNotFoundError",
    "DuplicateCheckError",
    "Expectation",
    "ExpectationFailedError",
    "ExpectationInvalidError",
    "FrequencyError",
    "HealthCheckError",
    "HealthCheckService",
    "HealthCheckTimeoutError",
    "HealthChecker",
    "HealthStatus",
    "MissingExtraError",
    "Report",
    "RunOptions",
    "SettingsError",
    "SystemHealthStatus",
    "UnknownApplicationError",
    "UnknownComponentError",
    "UnknownOptionError",
    "__version__",
    "check",
    "create_app",
    "expect",
    "make_sure",
    "mount_healthcheck",
]

_HOMES = {
    "AllgreenError": "allgreen.errors",
    "Background": "allgreen.health.background",
    "Check": "allgreen.health.check",
    "CheckDefinitionError": "allgreen.errors",
    "CheckRegistry": "allgreen.health.registry",
    "CheckResult": "allgreen.domain.report",
    "CheckRunner": "allgreen.health.runner",
    "ComponentStatus": "allgreen.domain.status",
    "ConfigBrokenError": "allgreen.errors",
    "ConfigNotFoundError": "allgreen.errors",
    "DuplicateCheckError": "allgreen.errors",
    "Expectation": "allgreen.health.expectation",
    "ExpectationFailedError": "allgreen.errors",
    "ExpectationInvalidError": "allgreen.errors",
    "FrequencyError": "allgreen.errors",
    "HealthCheckError": "allgreen.errors",
    "HealthCheckService": "allgreen.health.heartbeat",
    "HealthCheckTimeoutError": "allgreen.errors",
    "HealthChecker": "allgreen.health.checker",
    "HealthStatus": "allgreen.domain.status",
    "MissingExtraError": "allgreen.errors",
    "Report": "allgreen.domain.report",
    "RunOptions": "allgreen.health.runner",
    "SettingsError": "allgreen.errors",
    "SystemHealthStatus": "allgreen.domain.status",
    "UnknownApplicationError": "allgreen.errors",
    "UnknownComponentError": "allgreen.errors",
    "UnknownOptionError": "allgreen.errors",
    "check": "allgreen.health.registry",
    "create_app": "allgreen.integrations.mounting",
    "expect": "allgreen.health.expectation",
    "make_sure": "allgreen.health.expectation",
    "mount_healthcheck": "allgreen.integrations.mounting",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'allgreen' has no attribute {name!r}")
    # As `importlib.import_module` does, which takes longer to import than most of what is here.
    __import__(home)
    found = getattr(sys.modules[home], name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
