"""Allgreen answers "is it healthy?".

Everything is imported when it is first used: a program that only writes down its checks pays for
nothing else.
"""

from __future__ import annotations

import sys

__version__ = "0.1.0"

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from allgreen.domain.report import CheckResult, Detail, Report
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
    from allgreen.health.check import Check
    from allgreen.health.checker.breaker import Breaker
    from allgreen.health.checker.changes import ChangeDetector, ChangeFeed
    from allgreen.health.checker.checker import HealthChecker
    from allgreen.health.checker.webhooks import Webhook
    from allgreen.health.config.loader import ConfigLoader
    from allgreen.health.expectation import Expectation, expect, make_sure
    from allgreen.health.heartbeat.notify import SystemdNotifier
    from allgreen.health.heartbeat.service import HealthCheckService
    from allgreen.health.registry import CheckRegistry, check
    from allgreen.health.running.background import Background
    from allgreen.health.running.runner import CheckRunner, RunOptions
    from allgreen.health.serving.access import Access
    from allgreen.health.serving.endpoint import HealthEndpoint
    from allgreen.health.serving.logs import HealthAccessFilter
    from allgreen.health.serving.options import EndpointOptions, Group
    from allgreen.integrations.assembly import build_endpoint
    from allgreen.integrations.mounting import create_app, mount_endpoint, mount_healthcheck

__all__ = [
    "Access",
    "AllgreenError",
    "Background",
    "Breaker",
    "ChangeDetector",
    "ChangeFeed",
    "Check",
    "CheckDefinitionError",
    "CheckRegistry",
    "CheckResult",
    "CheckRunner",
    "ComponentStatus",
    "ConfigBrokenError",
    "ConfigLoader",
    "ConfigNotFoundError",
    "Detail",
    "DuplicateCheckError",
    "EndpointOptions",
    "Expectation",
    "ExpectationFailedError",
    "ExpectationInvalidError",
    "FrequencyError",
    "Group",
    "HealthAccessFilter",
    "HealthCheckError",
    "HealthCheckService",
    "HealthCheckTimeoutError",
    "HealthChecker",
    "HealthEndpoint",
    "HealthStatus",
    "MissingExtraError",
    "Report",
    "RunOptions",
    "SettingsError",
    "SystemHealthStatus",
    "SystemdNotifier",
    "UnknownApplicationError",
    "UnknownComponentError",
    "UnknownOptionError",
    "Webhook",
    "__version__",
    "build_endpoint",
    "check",
    "create_app",
    "expect",
    "make_sure",
    "mount_endpoint",
    "mount_healthcheck",
]

_HOMES = {
    "Access": "allgreen.health.serving.access",
    "AllgreenError": "allgreen.errors",
    "Background": "allgreen.health.running.background",
    "Breaker": "allgreen.health.checker.breaker",
    "ChangeDetector": "allgreen.health.checker.changes",
    "ChangeFeed": "allgreen.health.checker.changes",
    "Check": "allgreen.health.check",
    "CheckDefinitionError": "allgreen.errors",
    "CheckRegistry": "allgreen.health.registry",
    "CheckResult": "allgreen.domain.report",
    "CheckRunner": "allgreen.health.running.runner",
    "ComponentStatus": "allgreen.domain.status",
    "ConfigBrokenError": "allgreen.errors",
    "ConfigLoader": "allgreen.health.config.loader",
    "ConfigNotFoundError": "allgreen.errors",
    "Detail": "allgreen.domain.report",
    "DuplicateCheckError": "allgreen.errors",
    "EndpointOptions": "allgreen.health.serving.options",
    "Expectation": "allgreen.health.expectation",
    "ExpectationFailedError": "allgreen.errors",
    "ExpectationInvalidError": "allgreen.errors",
    "FrequencyError": "allgreen.errors",
    "Group": "allgreen.health.serving.options",
    "HealthAccessFilter": "allgreen.health.serving.logs",
    "HealthCheckError": "allgreen.errors",
    "HealthCheckService": "allgreen.health.heartbeat.service",
    "HealthCheckTimeoutError": "allgreen.errors",
    "HealthChecker": "allgreen.health.checker.checker",
    "HealthEndpoint": "allgreen.health.serving.endpoint",
    "HealthStatus": "allgreen.domain.status",
    "MissingExtraError": "allgreen.errors",
    "Report": "allgreen.domain.report",
    "RunOptions": "allgreen.health.running.runner",
    "SettingsError": "allgreen.errors",
    "SystemHealthStatus": "allgreen.domain.status",
    "SystemdNotifier": "allgreen.health.heartbeat.notify",
    "UnknownApplicationError": "allgreen.errors",
    "UnknownComponentError": "allgreen.errors",
    "UnknownOptionError": "allgreen.errors",
    "Webhook": "allgreen.health.checker.webhooks",
    "build_endpoint": "allgreen.integrations.assembly",
    "check": "allgreen.health.registry",
    "create_app": "allgreen.integrations.mounting",
    "expect": "allgreen.health.expectation",
    "make_sure": "allgreen.health.expectation",
    "mount_endpoint": "allgreen.integrations.mounting",
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
