"""Runs the check of a component, whether or not it has to be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from allgreen.domain.status import ComponentStatus


def take_check(check: Callable[[], object]) -> ComponentStatus:
    """Return what a check says."""
    value = check()
    if isinstance(value, Awaitable):
        value = asyncio.run(_settle(value))
    assert isinstance(value, ComponentStatus)
    return value


async def _settle(value: Awaitable[object]) -> object:
    return await value
