"""Answers at a fixed time, so that how long the work takes tells nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

REGISTERED_AFTER_S: Final = 0.25
"""Making an account takes longer than finding one; all are answered at the same time."""


def fixed_time() -> Callable[[], Awaitable[None]]:
    """Return what waits until the time of the answer, counted from now.

    Call it before what differs from address to address. Errors need not wait: none of them hangs
    on whether an address is known.
    """
    loop = asyncio.get_running_loop()
    answer_at = loop.time() + REGISTERED_AFTER_S

    async def wait() -> None:
        await asyncio.sleep(answer_at - loop.time())

    return wait
