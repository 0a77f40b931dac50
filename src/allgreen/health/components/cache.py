"""Cache: Redis, memory, or memory behind Redis."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, MutableMapping
from secrets import token_hex
from typing import Any, Final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.figures import read_figures
from allgreen.health.components.steps import Attempt, CheckFunction, Steps, attempt, take

_TTL_S: Final = 10
_TTL_NAMES: Final = ("timeout", "ttl", "ex", "expire", "expires", "expiry", "time")
_VALUE: Final = "allgreen"


def cache(client: Any = None, *, memory: Any = None, stats_source: Any = None) -> CheckFunction:
    """Return a check of a cache.

    Where there are both, one that fails makes the cache degraded, and both make it unhealthy.

    Args:
        client: What answers to ``ping()``, such as a client of Redis or Valkey, blocking or async;
            or, where the cache is in memory only, the same as `memory`.
        memory: A cache in this process or near it. One that has ``get`` and ``set`` is written to
            and read, under a key of its own that lives for seconds. So is a mapping, but for a
            plain `dict`, which is only looked into: writing there would disturb whoever goes
            through it.
        stats_source: What knows more, to be shown. One that says ``{"redis": {"status": "error"}}``,
            names an ``error``, says ``healthy: False`` or nothing at all makes the cache degraded.

    Raises:
        SettingsError: There is nothing that could be asked.
    """
    if client is not None and not _can(client, "ping"):
        client, memory = None, client if memory is None else memory
    if client is None and memory is None and stats_source is None:
        raise SettingsError("cache", "there is nothing to ask; give a client, a mapping, …")
    if memory is not None and not _is_store(memory):
        raise SettingsError("cache", f"{type(memory).__name__} has neither ping nor get and set.")

    def check() -> object:
        return take(_ask(client, memory, stats_source))

    return check


def _ask(client: Any, memory: Any, stats_source: Any) -> Steps[ComponentStatus]:
    found: dict[str, Attempt] = {}
    if client is not None:
        found["redis"] = yield from attempt(_ping(client))
    if memory is not None:
        found["memory"] = yield from attempt(_make_round_trip(memory))
    metadata: dict[str, Any] = {
        part: "error" if tried.problem else "ok" for part, tried in found.items()
    }
    problems = [f"{part}: {tried.problem}" for part, tried in found.items() if tried.problem]
    is_out = bool(found) and len(problems) == len(found)
    if stats_source is not None:
        said = yield from attempt(read_figures(stats_source))
        metadata["stats"] = said.problem or said.value
        problems += _problems_in(said)
    return _judge(problems, metadata, is_out=is_out)


def _judge(problems: list[str], metadata: Mapping[str, Any], *, is_out: bool) -> ComponentStatus:
    if not problems:
        return ComponentStatus("cache", HealthStatus.HEALTHY, "Cache works", 0.0, metadata)
    status = HealthStatus.UNHEALTHY if is_out else HealthStatus.DEGRADED
    word = "Cache check failed" if is_out else "Cache works in part"
    return ComponentStatus("cache", status, f"{word}: {'; '.join(problems)}", 0.0, metadata)


def _ping(client: Any) -> Steps[None]:
    answer = yield client.ping()
    # A cluster answers for each of its nodes.
    answers = answer.values() if isinstance(answer, Mapping) else (answer,)
    if not all(answers):
        raise ConnectionError(f"the answer to PING was {answer!r}")


def _make_round_trip(memory: Any) -> Steps[None]:
    key = f"allgreen:{token_hex(8)}"
    if isinstance(memory, dict):
        memory.get(key)
    elif isinstance(memory, MutableMapping):
        memory[key] = _VALUE
        _refuse_other(memory[key])
        del memory[key]
    else:
        yield _set(memory, key)
        _refuse_other((yield memory.get(key)))
        if _can(memory, "delete"):
            yield memory.delete(key)


def _refuse_other(value: Any) -> None:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if text != _VALUE:
        raise ValueError(f"what was written came back as {text!r}")


def _set(memory: Any, key: str) -> Any:
    name = _ttl_name(memory.set)
    return memory.set(key, _VALUE, **({name: _TTL_S} if name else {}))


def _ttl_name(function: Any) -> str | None:
    """Return what a cache calls the seconds that something lives."""
    try:
        known = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return None
    return next((name for name in _TTL_NAMES if name in known), None)


def _problems_in(said: Attempt) -> list[str]:
    if said.problem:
        return [said.problem]
    if said.value is None or said.value is False:
        return [f"its statistics are {said.value}"]
    if not isinstance(said.value, Mapping):
        return []
    problems = [f"the cache says: {said.value['error']}"] if said.value.get("error") else []
    if said.value.get("healthy") is False:
        problems.append("the cache says that it is not healthy")
    for part in ("redis", "memory"):
        told = said.value.get(part)
        if isinstance(told, Mapping) and told.get("status") in ("error", "unavailable"):
            problems.append(f"{part}: {told['status']}")
    return problems


def _is_store(memory: Any) -> bool:
    return isinstance(memory, MutableMapping) or (_can(memory, "get") and _can(memory, "set"))


def _can(client: Any, method: str) -> bool:
    return callable(getattr(client, method, None))
