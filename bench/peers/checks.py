"""Checks that pass at once: what is measured is the packages, and not their checks."""

from __future__ import annotations

from typing import Final

COUNTS: Final = (1, 10, 100, 1000)
PROBED: Final = 10
ON_PAGE: Final = 100
TIMEOUT_S: Final = 10.0


def pass_at_once() -> None:
    """Pass."""


async def pass_on_loop() -> None:
    """Pass, as a coroutine."""


def say_yes() -> bool:
    """Pass where only an answer that is true passes."""
    return True


async def say_yes_on_loop() -> bool:
    """Pass there, as a coroutine."""
    return True
