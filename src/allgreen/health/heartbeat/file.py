"""The heartbeat file: what is written into it, and how it is read.

It holds exactly five texts and is smaller than 1 KB; ``docs/reference/health-status.schema.json``
describes it. What else a reader may want lies in a second file beside it, on request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from allgreen.domain.status import LifeSign
from allgreen.errors import HeartbeatUnreadableError

API_VERSION: Final = "v1"
INTERVAL_S: Final = 30.0
INTERVALS_VALID: Final = 2.5
"""One heartbeat may be missed, and the next be late."""
LARGEST_FILE: Final = 1024


class DatabaseState(StrEnum):
    """What a heartbeat file says of the database."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    TIMEOUT = "timeout"


class LifeState(StrEnum):
    """What the second file says of the writer; the first one has no word for its end."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What one heartbeat file says.

    Attributes:
        at: When it was written, in seconds since 1970.
        app_version: Of the program; ``unknown`` when nobody knows it.
    """

    status: LifeSign
    database: DatabaseState
    at: float
    app_version: str
    api_version: str = API_VERSION

    def render(self) -> bytes:
        """Return the content of the file: one object of JSON with five texts, in this order."""
        told = {
            "status": self.status.value,
            "database": self.database.value,
            "timestamp": as_timestamp(self.at),
            "app_version": self.app_version,
            "api_version": self.api_version,
        }
        return (json.dumps(told) + "\n").encode()

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read what `render` has written.

        Raises:
            HeartbeatUnreadableError: It is something else.
        """
        told = _parse_object(content)
        try:
            return cls(
                status=LifeSign(told["status"]),
                database=DatabaseState(told["database"]),
                at=parse_timestamp(told["timestamp"]),
                app_version=str(told["app_version"]),
                api_version=str(told["api_version"]),
            )
        except KeyError as error:
            raise HeartbeatUnreadableError(f"it has no {error}") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise HeartbeatUnreadableError(str(error)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the second file says: by it a reader can tell who wrote, and until when that counts.

    Attributes:
        seq: Counts the heartbeats of one start, from 1.
        pid: Process of the writer.
        boot_id: Of the machine since it was started; empty where there is no such thing.
        written_at: When the heartbeat was written, in seconds since 1970.
        valid_until: When it is too old to be believed.
    """

    state: LifeState
    seq: int
    pid: int
    boot_id: str
    written_at: float
    valid_until: float

    def render(self) -> bytes:
        """Return the content of the file."""
        told = {
            "state": self.state.value,
            "seq": self.seq,
            "pid": self.pid,
            "boot_id": self.boot_id,
            "written_at": as_timestamp(self.written_at),
            "valid_until": as_timestamp(self.valid_until),
        }
        return (json.dumps(told) + "\n").encode()

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read what `render` has written.

        Raises:
            HeartbeatUnreadableError: It is something else.
        """
        told = _parse_object(content)
        try:
            return cls(
                state=LifeState(told["state"]),
                seq=int(told["seq"]),
                pid=int(told["pid"]),
                boot_id=str(told["boot_id"]),
                written_at=parse_timestamp(told["written_at"]),
                valid_until=parse_timestamp(told["valid_until"]),
            )
        except KeyError as error:
            raise HeartbeatUnreadableError(f"it has no {error}") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise HeartbeatUnreadableError(str(error)) from None


def extras_path(path: Path) -> Path:
    """Return where the second file of a heartbeat file lies: ``health.extra.json`` beside it."""
    return path.with_name(f"{path.name.removesuffix('.json')}.extra.json")


def as_timestamp(at: float) -> str:
    """Return an instant as ``2025-11-08T12:34:56Z``, its second cut off and not rounded."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timestamp(text: object) -> float:
    """Return the instant that `as_timestamp` wrote, in seconds since 1970.

    Raises:
        ValueError: It is no such text.
    """
    if not isinstance(text, str) or not text.endswith("Z"):
        raise ValueError(f"{text!r} is no time like 2025-11-08T12:34:56Z")
    return datetime.fromisoformat(text).timestamp()


def _parse_object(content: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise HeartbeatUnreadableError("it is no JSON") from None
    if not isinstance(told, dict):
        raise HeartbeatUnreadableError("it is no JSON object")
    return told
