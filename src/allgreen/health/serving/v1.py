"""The body of ``GET /v1/health``, byte by byte as existing clients know it.

Load balancers must not look here: this answer is 200 whatever it says. They look at ``/readyz``.
"""

from __future__ import annotations

import json
from datetime import datetime

from allgreen.domain.status import ComponentStatus, HealthStatus, SystemHealthStatus


def render_v1_health(status: SystemHealthStatus | None, version: str, now_local: datetime) -> bytes:
    """Render exactly six keys in their order, without spaces, in UTF-8.

    What is worse than healthy is called ``degraded``; the word ``unhealthy`` was never in use
    here. The AI model counts as not available when no check is registered for it; the cache and
    the resilience are then `null`.

    Args:
        status: What the components said; `None` when that could not be found out.
        version: Version of the application.
        now_local: Local time, which is written without its zone. An aware time is turned into
            the local one first.
    """
    components = {component.name: component for component in status.components} if status else {}
    is_healthy = status is not None and status.overall_status is HealthStatus.HEALTHY
    body = {
        "status": "healthy" if is_healthy else "degraded",
        "timestamp": _naive(now_local).isoformat(),
        "version": version,
        "ai_model_available": bool(_is_healthy(components.get("ai_model"))),
        "resilience_healthy": _is_healthy(components.get("resilience")),
        "cache_healthy": _is_healthy(components.get("cache")),
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # half of a pair in a version has no bytes


def _is_healthy(component: ComponentStatus | None) -> bool | None:
    return None if component is None else component.status is HealthStatus.HEALTHY


def _naive(now: datetime) -> datetime:
    return now.astimezone().replace(tzinfo=None) if now.tzinfo else now
