"""Disk: there is room left, and there are files left."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import Final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.steps import CheckFunction

MIN_FREE_PCT: Final = 10.0
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB")


def disk(
    path: str | os.PathLike[str] = ".",
    *,
    min_free_bytes: int | None = None,
    min_free_pct: float | None = None,
) -> CheckFunction:
    """Return a check of the file system that a path lies on.

    With less than is asked for it is unhealthy. What is kept back for the administrator does not
    count as free. Of file systems that have a fixed number of files, the share of them counts as
    well, because without any left nothing can be written either.

    Args:
        path: Any file or folder there.
        min_free_bytes: So many must be free.
        min_free_pct: Such a share must be free; 10 when nothing is asked for.

    Raises:
        SettingsError: A number cannot be used.
    """
    if min_free_bytes is None and min_free_pct is None:
        min_free_pct = MIN_FREE_PCT
    if min_free_bytes is not None and min_free_bytes < 0:
        raise SettingsError("min_free_bytes", f"{min_free_bytes!r} is less than nothing.")
    if min_free_pct is not None and not 0 <= min_free_pct <= 100:
        raise SettingsError("min_free_pct", f"{min_free_pct!r} is no number from 0 to 100.")

    def check() -> ComponentStatus:
        usage = shutil.disk_usage(path)
        # As df does: of what this program could use.
        free_pct = _share_pct(usage.free, usage.used + usage.free)
        files_pct = _free_files_pct(path)
        problems = []
        if min_free_bytes is not None and usage.free < min_free_bytes:
            problems.append(f"{_size(usage.free)} are free, and {_size(min_free_bytes)} are needed")
        if min_free_pct is not None and free_pct < min_free_pct:
            problems.append(f"{free_pct:.1f} % are free, and {min_free_pct:g} % are needed")
        if files_pct is not None and files_pct < (1.0 if min_free_pct is None else min_free_pct):
            problems.append(f"{files_pct:.1f} % of the files that it can hold are left")
        metadata = {
            "path": str(Path(path)),
            "free_bytes": usage.free,
            "free_pct": round(free_pct, 2),
            "total_bytes": usage.total,
        }
        status = HealthStatus.UNHEALTHY if problems else HealthStatus.HEALTHY
        message = "; ".join(problems) or f"{_size(usage.free)} are free ({free_pct:.0f} %)"
        return ComponentStatus("disk", status, message, 0.0, metadata)

    return check


def _share_pct(part: int, whole: int) -> float:
    return part / whole * 100 if whole else 0.0


def _free_files_pct(path: str | os.PathLike[str]) -> float | None:
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(path)
    if not found.f_files:  # made as they are needed, as btrfs does
        return None
    return _share_pct(found.f_favail, found.f_files - found.f_ffree + found.f_favail)


def _size(count: float) -> str:
    if count < 1024:
        return f"{count:.0f} B"
    power = min(int(math.log2(count)) // 10, len(_UNITS))
    return f"{count / 1024**power:.1f} {_UNITS[power - 1]}"
