"""Files that are replaced whole."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from allgreen.health import files
from allgreen.health.files import remove_leftovers, write_atomically


def test_the_new_content_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    path.write_bytes(b"old and longer")

    write_atomically(path, b"new")

    assert path.read_bytes() == b"new"


def test_a_path_without_a_folder_is_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    write_atomically(Path("health.json"), b"new")

    assert (tmp_path / "health.json").read_bytes() == b"new"


@pytest.mark.semantics("L10")
def test_permissions_are_what_was_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    before = os.umask(0o077)
    try:
        write_atomically(path, b"new")
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.semantics("L10")
def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"untouched")
    path = tmp_path / "health.json"
    path.symlink_to(elsewhere)

    write_atomically(path, b"new")

    assert elsewhere.read_bytes() == b"untouched"
    assert not path.is_symlink()
    assert path.read_bytes() == b"new"


@pytest.mark.semantics("L10")
def test_a_link_in_place_of_our_temporary_file_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"untouched")
    path = tmp_path / "health.json"
    _temporary(path).symlink_to(elsewhere)

    write_atomically(path, b"new")

    assert elsewhere.read_bytes() == b"untouched"
    assert _names(tmp_path) == {"elsewhere", "health.json"}


@pytest.mark.semantics(66, "L10")
def test_what_cannot_be_written_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (path / "inside").mkdir(parents=True)  # a folder that is not empty is replaced by nobody

    with pytest.raises(OSError, match="folder"):
        write_atomically(path, b"new")

    assert _names(tmp_path) == {"folder"}


@pytest.mark.semantics("L10")
def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing/health.json", b"new")


@pytest.mark.semantics(66)
def test_a_reader_on_windows_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [PermissionError(errno.EACCES, "held open")] * 3
    replace = os.replace

    def replace_later(source: str, target: Path) -> None:
        if refusals:
            raise refusals.pop()
        replace(source, target)

    monkeypatch.setattr(files, "_FOREIGN_HANDLE_PAUSES_S", (0.0,) * 5)
    monkeypatch.setattr(os, "replace", replace_later)

    write_atomically(tmp_path / "health.json", b"new")

    assert (tmp_path / "health.json").read_bytes() == b"new"


@pytest.mark.semantics(66)
def test_a_reader_on_windows_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: Path) -> None:
        raise PermissionError(errno.EACCES, "held open")

    monkeypatch.setattr(files, "_FOREIGN_HANDLE_PAUSES_S", (0.0,) * 5)
    monkeypatch.setattr(os, "replace", refuse)

    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "health.json", b"new")

    assert _names(tmp_path) == set()


def test_a_folder_that_cannot_be_synced_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _let_folders_not_be_synced(monkeypatch, OSError(errno.EINVAL, "not supported"))

    write_atomically(tmp_path / "health.json", b"new")

    assert (tmp_path / "health.json").read_bytes() == b"new"


def test_a_disk_that_fails_while_the_folder_is_synced_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _let_folders_not_be_synced(monkeypatch, OSError(errno.EIO, "broken"))

    with pytest.raises(OSError, match="broken"):
        write_atomically(tmp_path / "health.json", b"new")


@pytest.mark.semantics("L10")
def test_file_and_folder_are_synced_unless_that_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
    )

    write_atomically(tmp_path / "health.json", b"new", is_synced=False)
    write_atomically(tmp_path / "health.json", b"new")

    assert synced == [False, True]


def test_what_the_system_takes_in_parts_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:2]))

    write_atomically(tmp_path / "health.json", b"seven b")

    assert (tmp_path / "health.json").read_bytes() == b"seven b"


@pytest.mark.semantics("L10")
def test_what_dead_writers_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "health.json"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    living_thread = threading.get_native_id()
    ours = tmp_path / f".health.json.{os.getpid()}.{living_thread}.tmp"
    other = tmp_path / f".health.json.{os.getppid()}.7.tmp"
    unrelated = tmp_path / f".other.json.{dead.pid}.7.tmp"
    for name in (ours, other, unrelated):
        name.touch()
    (tmp_path / f".health.json.{dead.pid}.7.tmp").touch()
    (tmp_path / f".health.json.{os.getpid()}.999999999.tmp").touch()
    (tmp_path / f".health.json.{10**30}.7.tmp").touch()

    remove_leftovers(path)

    assert set(tmp_path.iterdir()) == {ours, other, unrelated}


def test_a_missing_folder_holds_no_leftovers(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "missing/health.json")


def test_another_users_process_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leftover = tmp_path / ".health.json.1.1.tmp"
    leftover.touch()

    def refuse(process: int, number: int) -> None:
        raise PermissionError(errno.EPERM, "not yours")

    monkeypatch.setattr(os, "kill", refuse)

    remove_leftovers(tmp_path / "health.json")

    assert leftover.exists()


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}.tmp")


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _let_folders_not_be_synced(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    sync = os.fsync

    def sync_files_only(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise error
        sync(handle)

    monkeypatch.setattr(os, "fsync", sync_files_only)
