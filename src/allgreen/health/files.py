"""Files that are replaced whole: whoever reads one finds the old content or the new one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
import time
from pathlib import Path
from typing import Final

_FOREIGN_HANDLE_PAUSES_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1) if os.name == "nt" else ()
"""Windows refuses to replace a file that somebody holds open, mostly a reader who is done soon."""

_TO_CREATE: Final = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_BINARY", 0)
)  # fmt: skip
_NO_SYNC_OF_FOLDERS: Final = frozenset(
    {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EBADF}
)


def write_atomically(path: Path, data: bytes, mode: int = 0o644, *, is_synced: bool = True) -> None:
    """Replace the content of a file, or leave it as it was.

    What is written first is a file of this thread beside it, named ``.<name>.<pid>.<thread>.tmp``;
    it is renamed once it is on the disk, and removed when that fails. A symbolic link at `path` is
    replaced, and not followed. The folder must exist.

    Args:
        path: The file.
        data: All of its new content.
        mode: Its permissions, whatever the umask.
        is_synced: Survive a power cut too: file and folder are on the disk on return.

    Raises:
        OSError: It has the old content, or the new one that a power cut may undo.
    """
    folder, name = os.path.split(path)
    temporary = f"{folder or '.'}/.{name}.{os.getpid()}.{threading.get_native_id()}.tmp"
    try:
        _write(temporary, data, mode, is_synced=is_synced)
        _replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    if is_synced:
        _sync_folder(folder or ".")


def remove_leftovers(path: Path) -> None:
    """Remove what writers of a file left beside it when they died; never raises.

    Process ids mean something on one machine only: writers on others, who share the folder, may
    have to write once more.
    """
    try:
        names = os.listdir(path.parent)  # noqa: PTH208 - names are enough
    except OSError:
        return
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.(\d+)\.tmp")
    for name in names:
        found = pattern.fullmatch(name)
        if found and not _is_being_written(int(found[1]), int(found[2])):
            with contextlib.suppress(OSError):
                path.with_name(name).unlink()


# Plain text and `os` from here on: `pathlib` would take as long as all the rest.


def _write(path: str, data: bytes, mode: int, *, is_synced: bool) -> None:
    handle = _create(path, mode)
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, mode)
        written = os.write(handle, data)
        while written < len(data):
            written += os.write(handle, data[written:])
        if is_synced:
            os.fsync(handle)
    finally:
        os.close(handle)


def _create(path: str, mode: int) -> int:
    """Create a file that was not there: what was may be a link to somewhere else."""
    try:
        return os.open(path, _TO_CREATE, mode)
    except FileExistsError:
        # Of a process that had our numbers, as the first one of a container always has.
        Path(path).unlink()
        return os.open(path, _TO_CREATE, mode)


def _replace(source: str, target: Path) -> None:
    for pause_s in _FOREIGN_HANDLE_PAUSES_S:
        try:
            os.replace(source, target)  # noqa: PTH105 - see above
        except PermissionError:
            time.sleep(pause_s)
        else:
            return
    os.replace(source, target)  # noqa: PTH105 - see above


def _sync_folder(folder: str) -> None:
    """Put the new name on the disk, where folders can be synced."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC_OF_FOLDERS:
            raise


def _is_being_written(process: int, thread: int) -> bool:
    if process == os.getpid():
        return any(each.native_id == thread for each in threading.enumerate())
    if os.name == "nt":
        return True  # signal 0 would end the process there
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's
        return True
    return True
