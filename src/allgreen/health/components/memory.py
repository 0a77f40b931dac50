"""Memory: of the machine, and of the container that the program runs in."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.steps import CheckFunction

MAX_USED_PCT: Final = 90.0
_ROOT: Final = Path("/")


class _Version(NamedTuple):
    """Where a version of control groups keeps what it counts.

    Attributes:
        idle: Field of the statistics: files that nobody has read for a while, which are given back
            before anything is killed.
    """

    folder: str
    limit: str
    used: str
    idle: str


_SECOND: Final = _Version("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
_FIRST: Final = _Version(
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
)


class _Usage(NamedTuple):
    used: int
    limit: int

    @property
    def pct(self) -> float:
        return self.used / self.limit * 100


def memory(max_used_pct: float = MAX_USED_PCT, *, root: Path = _ROOT) -> CheckFunction:
    """Return a check of memory; with more in use than it may be it is unhealthy.

    Of the machine, what can be taken back at once does not count as used. Of a container, the
    limit that is nearest counts. Where nothing can be read it is degraded.

    Args:
        max_used_pct: Share that may be in use.
        root: Where the files of the system are; for tests.

    Raises:
        SettingsError: The number cannot be used.
    """
    if not 0 < max_used_pct <= 100:
        raise SettingsError("max_used_pct", f"{max_used_pct!r} is no number up to 100.")

    def check() -> ComponentStatus:
        known = {"machine": _of_machine(root), "container": _of_container(root)}
        found = {name: usage for name, usage in known.items() if usage is not None}
        if "machine" not in found:
            message = "How much memory is in use cannot be read here; install psutil"
            return ComponentStatus("memory", HealthStatus.DEGRADED, message)
        return _judge(found, max_used_pct)

    return check


def _judge(found: dict[str, _Usage], max_used_pct: float) -> ComponentStatus:
    name, worst = max(found.items(), key=lambda one: one[1].pct)
    metadata = {f"{of}_used_pct": round(usage.pct, 2) for of, usage in found.items()}
    metadata["limit_bytes"] = worst.limit
    said = f"{worst.pct:.1f} % of the memory of the {name} is in use"
    if worst.pct > max_used_pct:
        message = f"{said}, and {max_used_pct:g} % may be"
        return ComponentStatus("memory", HealthStatus.UNHEALTHY, message, 0.0, metadata)
    return ComponentStatus("memory", HealthStatus.HEALTHY, said, 0.0, metadata)


def _of_machine(root: Path) -> _Usage | None:
    try:
        text = (root / "proc/meminfo").read_text()
        numbers = {name: int(rest.split()[0]) for name, _, rest in _lines(text) if rest.strip()}
        total, available = numbers["MemTotal"], numbers["MemAvailable"]
    except (OSError, KeyError, ValueError):
        return _of_psutil() if root == _ROOT else None
    return _Usage(total - available, total) if total else None


def _lines(text: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in text.splitlines()]


def _of_psutil() -> _Usage | None:
    """Ask psutil, where there is no ``/proc/meminfo``; imported by name, as few need it."""
    try:
        found = import_module("psutil").virtual_memory()
    except ImportError:
        return None
    return _Usage(found.total - found.available, found.total)


def _of_container(root: Path) -> _Usage | None:
    """Return the use of the control group that is nearest to its limit; `None` without any."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    found = [usage for line in lines for usage in _of_hierarchy(root, line)]
    return max(found, key=lambda usage: usage.pct, default=None)


def _of_hierarchy(root: Path, line: str) -> list[_Usage]:
    """Read the groups of a line of ``/proc/self/cgroup``, see cgroups(7), from ours to the root."""
    number, _, rest = line.partition(":")
    controllers, _, own = rest.partition(":")
    if number == "0":
        version = _SECOND
    elif "memory" in controllers.split(","):
        version = _FIRST
    else:
        return []
    folder = root / version.folder
    # A container without a namespace of its own sees the path of its host, and only the root.
    groups = [PurePosixPath(own), *PurePosixPath(own).parents]
    found = (_of_group(folder / str(group).lstrip("/"), version) for group in groups)
    return [usage for usage in found if usage is not None]


def _of_group(folder: Path, version: _Version) -> _Usage | None:
    try:
        limit = int((folder / version.limit).read_text())  # the word "max" is no limit
        used = int((folder / version.used).read_text())
        idle = _field((folder / "memory.stat").read_text(), version.idle)
    except (OSError, ValueError):
        return None
    return _Usage(max(0, used - idle), limit) if limit > 0 else None


def _field(statistics: str, name: str) -> int:
    words = (line.split() for line in statistics.splitlines())
    return next((int(found[1]) for found in words if found and found[0] == name), 0)
