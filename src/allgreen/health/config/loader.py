"""ConfigLoader: the checks of a file, put into a registry and kept up to date."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, final

from allgreen.errors import ConfigBrokenError, ConfigNotFoundError
from allgreen.health.check import Check, Location
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.config.file import ConfigProblem, Loaded, execute, name_module
from allgreen.health.environment import environment_name
from allgreen.health.registry import CheckRegistry

logger = logging.getLogger(__name__)

PLACES: Final = (
    "allgood.py",
    "config/allgood.py",
    "allgreen_config.py",
    "config/allgreen_config.py",
)
"""Where the file is looked for, in this order."""

CONFIG_CHECK: Final = "allgreen:config"
"""Name of the check that fails while the file cannot be loaded."""

LOOKS_EVERY_S: Final = 0.5
RETRIES_EVERY_S: Final = 2.0
"""A file that is broken is run again although it has not changed: what it imports may have."""


class _Seen(NamedTuple):
    """By what a changed file is known; a file that was put in place of another has a new number."""

    path: Path
    changed_ns: int
    size: int
    number: int


@final
class ConfigLoader:
    """Loads the file in which the checks of a program are written, and loads it again.

    A file that cannot be loaded harms nobody: the checks of its last good version stay, each with
    a note, and one more check, ``allgreen:config``, fails with file, line and reason. Where there
    is no good version that check has the tags ``ready`` and ``startup``, because nobody knows
    what else they stand for.

    Safe in threads. All checks of a file are put in place at once, so that a report that is being
    made sees the old ones or the new ones. Checks that the program registers itself are not
    touched, nor those of modules that the file imports.

    Args:
        registry: Where the checks belong.
        path: The file; by default the first there is of `PLACES`.
        root: Folder below which it is looked for; by default the current one.
        reload: Load it again when it has changed; by default in development only.
        monotonic: For tests.
    """

    def __init__(
        self,
        registry: CheckRegistry,
        path: str | os.PathLike[str] | None = None,
        *,
        root: str | os.PathLike[str] | None = None,
        reload: bool | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.problem: ConfigProblem | None = None
        self._registry = registry
        self._root = Path.cwd() if root is None else Path(root).absolute()
        self._given = None if path is None else self._root / path
        self._source = str(self._given or self._root)
        self._reloads = environment_name() == "development" if reload is None else reload
        self._monotonic = monotonic
        self._looked = self._tried = float("-inf")
        self._seen: _Seen | None = None
        self._own: tuple[Check, ...] = ()
        self._imported: tuple[Check, ...] = ()
        self._loaded_at: float | None = None
        self._is_gone = False
        self._forget_lock()
        _ALL.add(self)

    @property
    def path(self) -> Path | None:
        """Return the file that was loaded, or tried last; `None` when none was found."""
        return None if self._seen is None else self._seen.path

    def load(self) -> None:
        """Load the file; to be called once, at start-up.

        Nothing happens when no path was given and there is none of `PLACES`.

        Raises:
            ConfigNotFoundError: The file that was given is not there.
        """
        with self._lock:
            found = self._find()
            if found is not None:
                self._load(found)
            elif self._given is not None:
                raise ConfigNotFoundError(str(self._given))

    def refresh(self) -> None:
        """Load the file again if it has changed, and if that is wanted; cheap when it has not.

        It looks at most twice a second. One thread does, and the others go on with what there is.
        """
        now = self._monotonic()
        if not self._reloads or now - self._looked < LOOKS_EVERY_S:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._looked = now
            self._look(now)
        finally:
            self._lock.release()

    def _look(self, now: float) -> None:
        found = self._find()
        if found is None:
            self._note_absence()
        elif _look_at(found) != self._seen or self._is_worth_a_retry(now):
            self._load(found)
        elif self._is_gone and self.problem is None:
            self._is_gone = False
            self._mark("")
            self._registry.replace(self._source, self._checks)

    def _is_worth_a_retry(self, now: float) -> bool:
        return self.problem is not None and now - self._tried >= RETRIES_EVERY_S

    def _find(self) -> Path | None:
        places = [self._root / place for place in PLACES] if self._given is None else [self._given]
        return next((place for place in places if _is_there(place)), None)

    def _load(self, path: Path) -> None:
        self._tried, self._is_gone = self._monotonic(), False
        try:
            self._seen, source = _read(path)
        except OSError as error:
            self._seen = _look_at(path)
            loaded = _unreadable(path, error)
        else:
            name = name_module(path, self._root)
            others = self._registry.others_than(self._source)
            loaded = execute(str(path), name, source, others=others, earlier=self._imported)
        self._imported = (*self._imported, *loaded.imported)
        if loaded.problem is None:
            self._take(loaded)
        else:
            self._keep(loaded.problem)

    def _take(self, loaded: Loaded) -> None:
        """Put new checks in place of the old ones."""
        if self.problem is not None:
            logger.info("The configuration of the checks can be read again.")
        self.problem, self._loaded_at = None, SYSTEM_CLOCK.wall()
        self._own = loaded.checks
        self._mark("")
        self._registry.replace(self._source, self._checks)

    def _keep(self, problem: ConfigProblem) -> None:
        """Keep the old checks, and say why."""
        if problem != self.problem:
            logger.warning("%s", _error_of(problem))
        self.problem = problem
        note = ""
        if self._loaded_at is not None:
            self._mark(f"Of the configuration of {self._loading_time}, as the new one is broken")
            note = f"The checks of {self._loading_time} are still used."
        self._registry.replace(self._source, (*self._checks, _failing(problem, note)))

    def _note_absence(self) -> None:
        """Keep the checks of a file that was deleted; it may be about to be replaced."""
        if self._seen is None or self._is_gone:
            return
        self._is_gone = True
        logger.warning("%s is gone; what was loaded from it stays.", self._seen.path)
        if self.problem is None:
            self._mark(f"Of the configuration of {self._loading_time}, whose file is gone")
            self._registry.replace(self._source, self._checks)

    @property
    def _checks(self) -> tuple[Check, ...]:
        """Return what modules registered when they were imported, and what the file did."""
        names = {check.name for check in self._imported}
        return (*self._imported, *(check for check in self._own if check.name not in names))

    def _mark(self, note: str) -> None:
        for check in self._checks:
            check.note = note

    @property
    def _loading_time(self) -> str:
        assert self._loaded_at is not None, "asked only when there was a good version"
        return f"{datetime.fromtimestamp(self._loaded_at, UTC):%H:%M} UTC"

    def _forget_lock(self) -> None:
        """Have a lock of our own; in the child of a fork another thread may hold it for ever."""
        self._lock = threading.Lock()


def _look_at(path: Path) -> _Seen:
    try:
        return _seen(path, path.stat())
    except OSError:
        return _Seen(path, 0, 0, 0)


def _seen(path: Path, found: os.stat_result) -> _Seen:
    return _Seen(path, found.st_mtime_ns, found.st_size, found.st_ino)


def _read(path: Path) -> tuple[_Seen, bytes]:
    """Read a file at once; it may be replaced meanwhile, and that is seen next time."""
    with path.open("rb") as file:
        return _seen(path, os.fstat(file.fileno())), file.read()


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # reading it says why that is not possible
    return True


def _unreadable(path: Path, error: OSError) -> Loaded:
    problem = ConfigProblem.of(str(path), error.with_traceback(None))
    return Loaded(checks=(), imported=(), problem=problem)


def _error_of(problem: ConfigProblem, note: str = "") -> ConfigBrokenError:
    return ConfigBrokenError(
        problem.file, problem.line, problem.message, note, details=problem.traceback
    )


def _failing(problem: ConfigProblem, note: str) -> Check:
    """Return the check that stands for what is wrong."""

    def fail() -> None:
        raise _error_of(problem, note)

    return Check(
        CONFIG_CHECK,
        "Configuration of the checks can be read",
        fail,
        tags=() if note else ("ready", "startup"),
        location=Location(problem.file, problem.line or 1),
    )


_ALL: Final[weakref.WeakSet[ConfigLoader]] = weakref.WeakSet()


def _forget_locks() -> None:
    for loader in list(_ALL):
        loader._forget_lock()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)
