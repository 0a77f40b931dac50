"""Resilience: circuit breakers of the program, of whatever library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.health.components.figures import read_figures
from allgreen.health.components.steps import CheckFunction, Steps, take

_STATES: Final = ("current_state", "state")
_FLAGS: Final = ("opened", "is_open", "open")


def resilience(breakers: Any = (), *, stats_source: Any = None) -> CheckFunction:
    """Return a check of circuit breakers.

    One that is open, or half open, makes the program degraded and never unhealthy: it keeps the
    program working while something else is out. So does one whose state cannot be read.

    Args:
        breakers: One, several, or several by name; or a function that returns them, for those that
            come and go. Known are ours, those of pybreaker, circuitbreaker, aiobreaker and
            purgatory, and anything with a ``state``.
        stats_source: What knows of them already: a function, a mapping, or an object with a method
            such as ``get_health_status``, that says ``open_circuit_breakers`` and the like.
    """

    def check() -> object:
        return take(_ask(breakers, stats_source))

    return check


def _ask(breakers: Any, stats_source: Any) -> Steps[ComponentStatus]:
    if callable(breakers) and not _has_state(breakers):
        breakers = yield breakers()
    states = {name: _read_state(breaker) for name, breaker in _named(breakers).items()}
    stats = {} if stats_source is None else (yield from read_figures(stats_source))
    if not isinstance(stats, Mapping):
        stats = {"stats": stats}
    return _judge(states, stats)


def _judge(states: Mapping[str, str], stats: Mapping[str, Any]) -> ComponentStatus:
    by_state: dict[str, list[str]] = {"open": [], "half_open": [], "unknown": [], "closed": []}
    for name, state in states.items():
        by_state[state].append(name)
    for state in ("open", "half_open"):
        by_state[state] += [str(name) for name in stats.get(f"{state}_circuit_breakers") or ()]
    problems = [
        f"{state.replace('_', ' ')}: {', '.join(names)}"
        for state, names in by_state.items()
        if names and state != "closed"
    ]
    if stats.get("healthy") is False and not problems:
        problems = ["the program says that it is not healthy"]
    total = len(states) + int(stats.get("total_circuit_breakers") or 0)
    metadata = {
        **{key: value for key, value in stats.items() if not key.endswith("_circuit_breakers")},
        "open_circuit_breakers": by_state["open"],
        "half_open_circuit_breakers": by_state["half_open"],
        "total_circuit_breakers": total,
    }
    status = HealthStatus.DEGRADED if problems else HealthStatus.HEALTHY
    message = f"Circuit breakers {'; '.join(problems)}" if problems else _all_closed(total)
    return ComponentStatus("resilience", status, message, 0.0, metadata)


def _all_closed(total: int) -> str:
    if not total:
        return "There are no circuit breakers"
    return (
        "The circuit breaker is closed"
        if total == 1
        else f"All {total} circuit breakers are closed"
    )


def _named(breakers: Any) -> dict[str, Any]:
    if isinstance(breakers, Mapping) and "state" not in breakers:
        return {str(name): breaker for name, breaker in breakers.items()}
    listed = [breakers] if _has_state(breakers) or not isinstance(breakers, Iterable) else breakers
    named: dict[str, Any] = {}
    for number, breaker in enumerate(listed, 1):
        known = _get(breaker, "name") or _get(_get(breaker, "context"), "name")
        name = str(known or f"breaker {number}")
        named[name if name not in named else f"{name} ({number})"] = breaker
    return named


def _has_state(breaker: Any) -> bool:
    return any(_get(breaker, name) is not None for name in (*_STATES, *_FLAGS, "context"))


def _read_state(breaker: Any) -> str:
    """Return ``open``, ``half_open``, ``closed`` or ``unknown``."""
    for name in _STATES:
        state = _word(_called(_get(breaker, name)))
        if state != "unknown":
            return state
    context = _get(breaker, "context")  # purgatory keeps it there
    if context is not None:
        return _word(_get(context, "state"))
    for name in _FLAGS:
        flag = _called(_get(breaker, name))
        if isinstance(flag, bool):
            return "open" if flag else "closed"
    return "unknown"


def _word(state: Any) -> str:
    """Tell a state by what all libraries have in common: half, open, or closed."""
    if isinstance(state, Enum):
        state = state.name
    elif state is not None and not isinstance(state, str):
        state = _get(state, "name") or type(state).__name__
    text = str(state).lower()
    if "half" in text:
        return "half_open"
    if "open" in text:
        return "open"
    return "closed" if "clos" in text else "unknown"


def _called(value: Any) -> Any:
    return value() if callable(value) and not isinstance(value, type) else value


def _get(breaker: Any, name: str) -> Any:
    return breaker.get(name) if isinstance(breaker, Mapping) else getattr(breaker, name, None)
