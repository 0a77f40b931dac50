"""Figures: what a pool, a breaker or a cache counts about itself, to be shown beside its health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from allgreen.health.components.steps import Steps

_METHODS: Final = ("get_health_status", "get_cache_stats", "get_stats", "stats", "status")


def read_figures(source: Any) -> Steps[Any]:
    """Read what a source says of itself.

    Args:
        source: A mapping, a function, or an object with a method such as ``get_stats``; what it
            returns may have to be awaited. A pool of SQLAlchemy or asyncpg is known by its own
            methods.

    Raises:
        TypeError: It says nothing that could be read.
    """
    if isinstance(source, Mapping):
        return source
    counted = _count(source)
    if counted is not None:
        return counted
    method = next((getattr(source, name) for name in _METHODS if _can(source, name)), None)
    if method is None:
        method = source if callable(source) else None
    if method is None:
        raise TypeError(f"{type(source).__name__} has no statistics that could be read")
    return (yield method())


def _count(pool: Any) -> dict[str, int] | None:
    if _can(pool, "checkedout") and _can(pool, "checkedin") and _can(pool, "size"):
        return {
            "size": pool.size(),
            "idle": pool.checkedin(),
            "in_use": pool.checkedout(),
            # Below zero as long as the pool is not full.
            "overflow": max(0, pool.overflow()) if _can(pool, "overflow") else 0,
        }
    if _can(pool, "get_size") and _can(pool, "get_idle_size") and _can(pool, "get_max_size"):
        size, idle = pool.get_size(), pool.get_idle_size()
        return {"size": pool.get_max_size(), "idle": idle, "in_use": size - idle}
    return None


def _can(source: Any, method: str) -> bool:
    return callable(getattr(source, method, None))
