"""Looks at a heartbeat file: what it says, and how old that is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from allgreen.cli.finding import Finding, Standing
from allgreen.domain.status import LifeSign
from allgreen.errors import HeartbeatUnreadableError
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.heartbeat.file import (
    INTERVAL_S,
    INTERVALS_VALID,
    Extras,
    Heartbeat,
    LifeState,
    as_timestamp,
    extras_path,
)

MAX_AGE_S: Final = INTERVALS_VALID * INTERVAL_S

_MOST_BYTES: Final = 64 * 1024
_STANDINGS: Final = {
    LifeSign.ONLINE: Standing.HEALTHY,
    # The only word that the file has for everything that is wrong.
    LifeSign.DEGRADED: Standing.UNHEALTHY,
    LifeSign.STARTING: Standing.UNKNOWN,
}


def look_at_heartbeat(path: Path, max_age_s: float | None = None) -> Finding:
    """Return what a heartbeat file says; nothing, when it is too old or no such file.

    Args:
        path: The file.
        max_age_s: How old it may be; by default what the second file beside it says, or else
            two and a half times the usual interval.
    """
    try:
        heartbeat = Heartbeat.parse(_read(path))
    except OSError as error:
        return _unknown(path, f"cannot be read: {error.strerror or type(error).__name__}")
    except HeartbeatUnreadableError as error:
        return _unknown(path, f"is no heartbeat file: {error.reason}")
    extras = _find_extras(path)
    if max_age_s is None:
        max_age_s = MAX_AGE_S if extras is None else extras.valid_until - extras.written_at
    age_s = SYSTEM_CLOCK.wall() - heartbeat.at
    facts = {"age_s": round(age_s, 1), "max_age_s": max_age_s, "heartbeat": _shown(heartbeat)}
    if abs(age_s) > max_age_s:
        return _unknown(path, _describe_age(heartbeat, age_s, max_age_s), facts)
    return Finding(
        standing=_STANDINGS[heartbeat.status],
        source=str(path),
        message=_describe(heartbeat, age_s, extras),
        facts=facts,
    )


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES)


def _find_extras(path: Path) -> Extras | None:
    try:
        return Extras.parse(_read(extras_path(path)))
    except (OSError, HeartbeatUnreadableError):
        return None


def _unknown(path: Path, message: str, facts: dict[str, Any] | None = None) -> Finding:
    return Finding(standing=Standing.UNKNOWN, source=str(path), message=message, facts=facts or {})


def _describe(heartbeat: Heartbeat, age_s: float, extras: Extras | None) -> str:
    # Both files are replaced one after the other: the second one may be of another heartbeat.
    if extras and extras.state is LifeState.STOPPED and extras.written_at == heartbeat.at:
        return f"says that the program was stopped at {as_timestamp(heartbeat.at)}"
    said = f"says {heartbeat.status}, with the database {heartbeat.database}"
    return f"{said}, {max(age_s, 0):.0f} s ago"


def _describe_age(heartbeat: Heartbeat, age_s: float, max_age_s: float) -> str:
    if age_s < 0:
        return f"is dated {-age_s:.0f} s ahead of the clock, so nobody knows how old it is"
    return (
        f"is {age_s:.0f} s old, and counts for {max_age_s:g} s; the last thing that it said is "
        f"{heartbeat.status}"
    )


def _shown(heartbeat: Heartbeat) -> dict[str, str]:
    told = asdict(heartbeat)
    told["timestamp"] = as_timestamp(told.pop("at"))
    return told
