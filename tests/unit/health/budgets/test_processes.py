"""Which processes are there, and which start of the machine it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from allgreen.health.budgets import processes
from allgreen.health.budgets.processes import is_running, read_boot_id


def test_we_are_running() -> None:
    assert is_running(os.getpid())


def test_what_has_ended_is_not() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert not is_running(ended.pid)


def test_a_number_that_no_process_can_have_is_not() -> None:
    assert not is_running(2**40)


def test_what_belongs_to_somebody_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError(pid, number)

    monkeypatch.setattr(os, "kill", refuse)

    assert is_running(1)


def test_on_windows_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    # Only what this module sees: pytest itself needs the real name.
    class Windows:
        name = "nt"

    monkeypatch.setattr(processes, "os", Windows)

    assert is_running(2**40)


def test_the_start_of_the_machine_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "boot_id").write_text("11e4ab43-4a7c\n")

    assert read_boot_id(tmp_path / "boot_id") == "11e4ab43-4a7c"
    assert read_boot_id() == read_boot_id()


def test_where_it_cannot_be_told_it_is_empty(tmp_path: Path) -> None:
    assert read_boot_id(tmp_path / "boot_id") == ""
