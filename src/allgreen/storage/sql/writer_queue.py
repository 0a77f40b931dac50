"""WriterQueue: who writes next, where only one can write."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import final


@final
class WriterQueue:
    """Lets writers of one event loop in one after the other, those first who must not wait.

    While a message that was accepted waits for its mark, a kill would have it sent twice, and the
    next one is held back; hundreds of results may wait as well, and lose nothing by a moment more.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._prompt: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def place(self, *, is_prompt: bool, patience_s: float) -> AsyncIterator[None]:
        """Be the one who writes, for the time of the block.

        Args:
            is_prompt: Go before all who are not. For what is short and rare.
            patience_s: How long to wait for it, in seconds.

        Raises:
            TimeoutError: Others were writing for so long.
        """
        async with asyncio.timeout(patience_s):
            await self._enter(self._prompt if is_prompt else self._others)
        try:
            yield
        finally:
            self._let_next_in()

    async def _enter(self, line: deque[asyncio.Future[None]]) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        place = asyncio.get_running_loop().create_future()
        line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._let_next_in()  # its turn had just come
            raise

    def _let_next_in(self) -> None:
        for line in (self._prompt, self._others):
            while line:
                place = line.popleft()
                if not place.done():
                    place.set_result(None)
                    return
        self._is_taken = False
