"""Logs at a terminal: read by people, and by whoever looks over their shoulder."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from allgreen.cli.logs import write_logs


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    terminal, root = Terminal(), logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", terminal)
    write_logs()
    yield terminal
    root.handlers[:], level = before
    root.setLevel(level)


def log_in(password: str) -> None:
    raise RuntimeError(f"broke after {len(password)} characters")


def test_a_traceback_shows_no_local_variables(logged: Terminal) -> None:
    try:
        log_in("canary-password")
    except RuntimeError:
        logging.getLogger("allgreen").exception("Fault")

    assert "broke after 15 characters" in logged.getvalue()
    assert "canary" not in logged.getvalue().replace('log_in("canary-password")', "")
