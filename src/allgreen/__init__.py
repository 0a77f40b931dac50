"""Allgreen answers "is it healthy?"."""

from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus
from allgreen.errors import AllgreenError, MissingExtraError

__version__ = "0.1.0"

__all__ = [
    "AllgreenError",
    "ComponentStatus",
    "HealthStatus",
    "MissingExtraError",
    "SystemHealthStatus",
    "__version__",
]
