"""Locking: one process at a time, by a file that all of them can see."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from allgreen.errors import StateBusyError

_TO_OPEN: Final = (
    os.O_RDWR | os.O_CREAT
    | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_NOFOLLOW", 0)
)  # fmt: skip
_FIRST_PAUSE_S: Final = 0.001
_LONGEST_PAUSE_S: Final = 0.02


@contextmanager
def hold_file(path: Path, patience_s: float) -> Iterator[None]:
    """Hold a file that nobody else holds, in this process or another, during a block.

    The file is made when it is missing, and stays: who waits for it may have it open. The system
    lets go of it when the process dies. Blocks the thread.

    Args:
        path: The file; nothing is written into it.
        patience_s: Seconds to wait for others.

    Raises:
        StateBusyError: Somebody else has held it all this time.
        OSError: It cannot be made, or files cannot be held on this disk.
    """
    handle = os.open(path, _TO_OPEN, 0o600)
    try:
        _hold(handle, path, time.monotonic() + patience_s)
        try:
            yield
        finally:
            # Said, and not left to closing: a child that was forked meanwhile has it open too.
            _release(handle)
    finally:
        os.close(handle)


def _hold(handle: int, path: Path, deadline: float) -> None:
    pause_s = _FIRST_PAUSE_S
    while not _try_to_hold(handle):
        if time.monotonic() >= deadline:
            raise StateBusyError(str(path))
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


if sys.platform == "win32":  # pragma: no cover - the tests run on Linux and macOS
    import msvcrt

    def _try_to_hold(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:  # it gives no other reason than that it is held
            return False
        return True

    def _release(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_to_hold(handle: int) -> bool:
        # flock belongs to what was opened, so that threads exclude one another too.
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
