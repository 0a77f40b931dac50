"""One at a time, among threads too."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from allgreen.errors import StateBusyError
from allgreen.health.budgets.locking import hold_file


def test_what_one_holds_nobody_else_gets(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with (
        hold_file(path, 0),
        pytest.raises(StateBusyError, match="does not let go"),
        hold_file(path, 0.005),
    ):
        pass


def test_after_that_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(LookupError), hold_file(path, 0):
        raise LookupError

    with hold_file(path, 0):
        assert path.stat().st_mode & 0o777 == 0o600


def test_who_waits_gets_it_when_the_other_is_done(tmp_path: Path) -> None:
    path, order, is_waiting = tmp_path / "lock", list[str](), threading.Event()

    def wait() -> None:
        is_waiting.set()
        with hold_file(path, 30):
            order.append("second")

    thread = threading.Thread(target=wait)
    with hold_file(path, 0):
        thread.start()
        is_waiting.wait(10)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "lock"
    link.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic"), hold_file(link, 0):
        pass

    assert not (tmp_path / "elsewhere").exists()


def test_no_handle_is_left(tmp_path: Path) -> None:
    before = os.open(tmp_path, os.O_RDONLY)
    os.close(before)

    with (
        hold_file(tmp_path / "lock", 0),
        pytest.raises(StateBusyError),
        hold_file(tmp_path / "lock", 0),
    ):
        pass

    after = os.open(tmp_path, os.O_RDONLY)
    os.close(after)
    assert after == before
