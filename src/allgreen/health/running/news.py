"""News: who is told of what has changed, in the order in which it did."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import final

from allgreen.domain.report import CheckResult
from allgreen.health.running.isolation import is_of_user

logger = logging.getLogger(__name__)

Listener = Callable[[CheckResult | None, CheckResult], None]
"""Is told of a result whose reported verdict is another one than before, and of the one before."""


@final
class News:
    """What has changed, and those who are told.

    Attributes:
        listeners: Are told of each change, in the thread or on the loop where it was found, or
            where somebody else is told at that moment.
        changes: Of which nobody was told yet.
    """

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.changes: deque[tuple[CheckResult | None, CheckResult]] = deque()
        self._telling = threading.Lock()

    def note(self, before: CheckResult | None, result: CheckResult) -> None:
        """Note the result of a check after another one of it; under the lock of whoever has them."""
        if self.listeners and (before is None or before.verdict is not result.verdict):
            self.changes.append((before, result))

    def tell(self) -> None:
        """Tell of changes in their order; who comes while others are told leaves it to them."""
        while self.changes and self._telling.acquire(blocking=False):
            try:
                while self.changes:
                    self._tell_of(*self.changes.popleft())
            finally:
                self._telling.release()

    def start_over(self) -> None:
        """Begin anew in the child of a fork, where nobody is being told."""
        self._telling = threading.Lock()
        self.changes.clear()

    def _tell_of(self, before: CheckResult | None, result: CheckResult) -> None:
        for listener in self.listeners:
            try:
                listener(before, result)
            except BaseException as error:
                if is_of_user(error):
                    raise
                # Who listens must not change what is reported.
                logger.exception("A listener failed on %r", result.name)
