"""A lock that is free again in the child of a fork, whoever held it in the parent."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final, final


@final
class ForkLock:
    """A lock to be held for moments, in a ``with`` statement.

    A process that is forked while another of its threads holds a lock has that lock held for ever
    in the child, where that thread is not.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _ALL.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _start_over(self) -> None:
        self._lock = threading.Lock()


_ALL: Final[weakref.WeakSet[ForkLock]] = weakref.WeakSet()


def _free_all() -> None:
    for lock in list(_ALL):
        lock._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all)
