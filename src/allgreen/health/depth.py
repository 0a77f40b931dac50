"""Depth: through how many health endpoints a question has come.

A program whose check asks another one, whose check asks the first, would never end asking. Each
question therefore says how deep it is, and past a few nobody asks on.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

HEADER: Final = "X-Allgreen-Depth"
ASKER: Final = "X-Allgreen-Asker"
"""Names the process whose check asks, so that it knows itself again."""
MOST: Final = 3

_NAMES: Final[dict[int, str]] = {}
_DEPTH: Final[ContextVar[int]] = ContextVar("allgreen depth", default=0)


def current_depth() -> int:
    """Return through how many endpoints the question came that is being answered."""
    return _DEPTH.get()


def name_process() -> str:
    """Return a name that no other process has, the children of this one included."""
    return _NAMES.setdefault(os.getpid(), secrets.token_hex(8))


def read_depth(text: str | None) -> int:
    """Return what a header says, 0 when it is absent; nonsense counts as too deep."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else MOST


@contextmanager
def at_depth(depth: int) -> Iterator[None]:
    """Answer a question of this depth inside the block."""
    token = _DEPTH.set(depth)
    try:
        yield
    finally:
        _DEPTH.reset(token)
