"""Depth: through how many health endpoints a question has come.

A program whose check asks another one, whose check asks the first, would never end asking. Each
question therefore says how deep it is, and past a few nobody asks on.
"""

from __future__ import annotations

import os
import secrets
from contextvars import ContextVar, Token
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


class at_depth:  # noqa: N801 - used as a context manager, like those of `contextlib`
    """Answer a question of this depth inside the block.

    A class, because one is made for every probe, and a generator takes five times as long.
    """

    __slots__ = ("_depth", "_token")

    def __init__(self, depth: int) -> None:
        self._depth = depth

    def __enter__(self) -> None:
        self._token: Token[int] = _DEPTH.set(self._depth)

    def __exit__(self, *_: object) -> None:
        _DEPTH.reset(self._token)
