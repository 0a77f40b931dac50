"""HealthCheckService: a file that says every thirty seconds that the program is alive."""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from allgreen.domain.status import HealthStatus, LifeSign
from allgreen.errors import SettingsError
from allgreen.health.heartbeat.database import refuse_what_cannot_be_asked
from allgreen.health.heartbeat.database_thread import DatabaseThread
from allgreen.health.heartbeat.file import (
    INTERVAL_S,
    INTERVALS_VALID,
    DatabaseState,
    LifeState,
)
from allgreen.health.heartbeat.version_file import read_version
from allgreen.health.heartbeat.writer import HeartbeatWriter

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

logger = logging.getLogger(__name__)

DATABASE_TIMEOUT_S: Final = 3.0
STOPS_WITHIN_S: Final = 2.0
"""So long `stop` waits for a disk that hangs."""

_LONGEST_WAIT_S: Final = 3600.0
_NOBODY: Final = LifeSign.DEGRADED
"""What a reader finds after `stop`: the program is neither online nor about to be."""


@final
class HealthCheckService:
    """Writes the heartbeat file, in one daemon thread, from `start` until `stop`.

    The file holds exactly five texts: ``status`` (``online``, ``degraded``, ``starting``),
    ``database`` (``connected``, ``disconnected``, ``timeout``), ``timestamp``, ``app_version``,
    ``api_version``. It is replaced whole, so that no reader finds half of one, and its folder is
    made when it is missing. What cannot be written is logged once and tried again; nothing is
    ever raised for it.

    The status is ``starting`` until the database was asked for the first time (and ``database`` is
    ``disconnected`` until then), then ``online`` while it answers and ``degraded`` while it does not. After `stop` it is ``degraded`` too,
    because a program that has stopped is not online and there is no word for that; ``database``
    says what was known last. A program that is killed leaves the file as it was: readers look at
    its age.

    The thread lives in the process that called `start`, and in no other. With gunicorn and other
    servers that fork, call it once: in the parent, or in a hook of one worker. A child may call it
    too, and has a thread of its own then.

    Args:
        check_interval: Seconds from one heartbeat to the next, on a grid that does not drift.
        health_file: Path of the file, from the current directory when it is relative.
        database: An engine, session or factory of sessions of SQLAlchemy, a pool, a connection of
            the DB-API that may be used in another thread, or a function, sync or async, that
            raises or returns `False` when the database does not answer. What is to be awaited
            runs on the event loop in which `start` was called, or else on one of our own. Without
            one the file says ``disconnected``, which is true, and that is no reason to be
            degraded.
        version_file: Where the version of the program stands: a ``pyproject.toml``, a
            ``package.json``, or a text file that holds nothing else. Read once, at `start`.
        extras: Write a second file too, ``health.extra.json`` beside ``health.json``: with
            ``state`` (``starting``, ``running``, ``stopped``), ``seq``, ``pid``, ``boot_id``,
            ``written_at`` and ``valid_until``.
        database_timeout_s: So long the database may take.

    Raises:
        SettingsError: One of these cannot be meant.
    """

    def __init__(
        self,
        check_interval: float = INTERVAL_S,
        health_file: str | os.PathLike[str] = "data/health.json",
        database: object = None,
        version_file: str | os.PathLike[str] | None = "pyproject.toml",
        *,
        extras: bool = False,
        database_timeout_s: float = DATABASE_TIMEOUT_S,
    ) -> None:
        refuse_what_cannot_be_asked(database)
        self._interval_s = _seconds("check_interval", check_interval)
        self._timeout_s = _seconds("database_timeout_s", database_timeout_s)
        self._database = database
        self._version_file = None if version_file is None else Path(version_file).absolute()
        self._writer = HeartbeatWriter(
            _path(health_file),
            valid_s=INTERVALS_VALID * self._interval_s + self._timeout_s if extras else None,
        )
        self._start_over()
        _ALL.add(self)

    def _start_over(self) -> None:
        """Begin anew; also in the child of a fork, which has no thread and may not stop ours."""
        self._lock = threading.RLock()  # a handler of a signal may stop us in the middle of this
        self._life: _Life | None = None
        self._asker: DatabaseThread | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether this process writes the file."""
        life = self._life
        return life is not None and life.thread.is_alive()

    def start(self) -> None:
        """Write ``starting``, then go on in a thread; does nothing when that is running."""
        with self._lock:
            if self.is_running:
                return
            self._writer.begin(read_version(self._version_file))
            if self._asker is None and self._database is not None:
                self._asker = DatabaseThread(self._database, _running_loop())
            life = _Life(self._live)
            try:
                life.thread.start()
            except RuntimeError as error:  # the system has none left
                logger.error("No heartbeat is written from now on: %s.", error)
                return
            self._life = life

    def stop(self) -> None:
        """Write the last heartbeat, and end the thread; waits two seconds at the most.

        Does nothing when this process is not running it.
        """
        with self._lock:
            life, self._life = self._life, None
            if life is None:
                return
            life.end()
            self._dismiss_asker()
            life.thread.join(STOPS_WITHIN_S)
            if life.thread.is_alive():
                logger.warning("The last heartbeat is not written: the disk hangs.")
                return
            self._writer.write(_NOBODY, self._writer.database, LifeState.STOPPED)

    def _dismiss_asker(self) -> None:
        if self._asker is not None:
            self._asker.stop()
            if not self._asker.is_hanging:  # else the next start must know of it
                self._asker = None

    def _live(self, life: _Life) -> None:
        """Write one heartbeat after the other."""
        began, asker = time.monotonic(), self._asker
        while not life.is_over():
            state = DatabaseState.DISCONNECTED if asker is None else self._ask(asker, life)
            if life.is_over():
                return
            is_well = asker is None or state is DatabaseState.CONNECTED
            health = HealthStatus.HEALTHY if is_well else HealthStatus.DEGRADED
            self._writer.write(LifeSign.of(health), state, LifeState.RUNNING)
            life.wait_until(next_slot(began, self._interval_s, time.monotonic()))

    def _ask(self, asker: DatabaseThread, life: _Life) -> DatabaseState:
        try:
            question = asker.begin(life.bell.set)
        except RuntimeError as error:
            return self._writer.note_database(DatabaseState.DISCONNECTED, str(error))
        if question is None:
            return self._writer.note_database(DatabaseState.TIMEOUT, "it still hangs")
        if life.wait_until(
            time.monotonic() + self._timeout_s, unless=lambda: question.state is not None
        ):
            return self._writer.database  # it is over
        if question.state is not None:
            return self._writer.note_database(question.state, question.reason)
        question.give_up()
        reason = f"no answer within {self._timeout_s:g} s"
        return self._writer.note_database(DatabaseState.TIMEOUT, reason)


def next_slot(began: float, interval_s: float, now: float) -> float:
    """Return the next instant of the grid after `now`; what was slept through is left out."""
    slot = began + interval_s * (math.floor((now - began) / interval_s) + 1)
    return slot if slot > now else slot + interval_s  # rounded to the one that is just over


@final
class _Life:
    """From one start to its end.

    Attributes:
        bell: Wakes the thread: its end has come, or the database has answered.
    """

    def __init__(self, live: Callable[[_Life], None]) -> None:
        self._is_over = False
        self.bell = threading.Event()
        self.thread = threading.Thread(
            target=live, args=(self,), name="allgreen heartbeat", daemon=True
        )

    def is_over(self) -> bool:
        """Tell whether the thread is to end."""
        return self._is_over

    def end(self) -> None:
        """Have the thread end."""
        self._is_over = True
        self.bell.set()

    def wait_until(self, instant: float, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait for an instant of the monotonic clock, or for something; tell whether it is over."""
        while True:
            self.bell.clear()
            left = instant - time.monotonic()
            if self._is_over or left <= 0 or unless():
                return self._is_over
            self.bell.wait(min(left, _LONGEST_WAIT_S))


def _seconds(setting: str, given: object) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < math.inf:
        return float(given)
    raise SettingsError(setting, f"is a number of seconds above 0, and not {given!r}")


def _path(given: str | os.PathLike[str]) -> Path:
    path = Path(given).absolute()
    try:
        is_possible = path.name != "" and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        raise SettingsError("health_file", f"is the path of a file, and not {given!r}")
    return path


def _running_loop() -> AbstractEventLoop | None:
    """Return the event loop of the caller, without loading `asyncio` where nobody has."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        loop: AbstractEventLoop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loop


_ALL: Final[weakref.WeakSet[HealthCheckService]] = weakref.WeakSet()


def _forget_threads() -> None:
    for service in list(_ALL):
        service._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
