"""Writes the heartbeat file, and says in the log what has changed; never raises."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import final

from allgreen.domain.status import LifeSign
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.files import remove_leftovers, write_atomically
from allgreen.health.heartbeat.file import (
    DatabaseState,
    Extras,
    Heartbeat,
    LifeState,
    extras_path,
)
from allgreen.health.heartbeat.version_file import UNKNOWN_VERSION

logger = logging.getLogger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@final
class HeartbeatWriter:
    """Writes one heartbeat file, by one thread at a time.

    Args:
        path: The file; its folder is made when it is missing.
        valid_s: For so long what the second file says is to be believed; `None` writes none.
    """

    def __init__(self, path: Path, *, valid_s: float | None) -> None:
        self.database = DatabaseState.DISCONNECTED
        self._path = path
        self._valid_s = valid_s
        self._version = UNKNOWN_VERSION
        self._boot_id = ""
        self._seq = 0
        self._told: DatabaseState | None = None
        self._problems: dict[Path, str] = {}

    def begin(self, version: str) -> None:
        """Clear away what earlier processes left, and say that the program starts."""
        self._version, self._seq = version, 0
        self._boot_id = _read_boot_id()
        self.database = DatabaseState.DISCONNECTED
        for path in (self._path, extras_path(self._path)):
            remove_leftovers(path)
        self.write(LifeSign.STARTING, self.database, LifeState.STARTING)

    def note_database(self, state: DatabaseState, reason: str) -> DatabaseState:
        """Keep what is known of the database, log it when that is news, and return it."""
        was, self._told = self._told, state
        self.database = state
        if state is was:
            return state
        if state is not DatabaseState.CONNECTED:
            logger.warning("The database is %s: %s.", _WORDS[state], reason.rstrip("."))
        elif was is not None:
            logger.info("The database answers again.")
        return state

    def write(self, status: LifeSign, database: DatabaseState, state: LifeState) -> None:
        """Write one heartbeat, dated now."""
        at = SYSTEM_CLOCK.wall()
        self._seq += 1
        told = Heartbeat(status=status, database=database, at=at, app_version=self._version)
        self._put(self._path, told.render())
        if self._valid_s is not None:
            extras = Extras(
                state=state,
                seq=self._seq,
                pid=os.getpid(),
                boot_id=self._boot_id,
                written_at=at,
                valid_until=at + self._valid_s,
            )
            self._put(extras_path(self._path), extras.render())

    def _put(self, path: Path, content: bytes) -> None:
        """Replace a file; say so when that fails, once for each reason."""
        try:
            _write_below_new_folder(path, content)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            if self._problems.get(path) != reason:
                logger.warning(
                    "%s cannot be written: %s. It is tried again with each heartbeat; until then "
                    "its age tells readers that it is old.", path, reason,
                )  # fmt: skip
            self._problems[path] = reason
        else:
            if self._problems.pop(path, None) is not None:
                logger.info("%s is written again.", path)


_WORDS = {
    DatabaseState.DISCONNECTED: "not connected",
    DatabaseState.TIMEOUT: "too slow",
}


def _write_below_new_folder(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except FileNotFoundError:  # the folder is missing, now or from the beginning
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)


def _read_boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
