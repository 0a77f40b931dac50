"""ReadyTransaction: one that is open before it is needed.

Between the moment at which a channel took a message and the commit of its mark, a kill has that
message sent twice. Most of this time went by waiting for the one writer, so that is done before the
message is handed over. A channel that takes its time must keep no writer waiting: then the
transaction is given back, and the mark takes its turn like all others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Self, final

from allgreen.errors import StorageError
from allgreen.ports import UnitOfWork, UnitOfWorkFactory


@final
class ReadyTransaction:
    """The transaction of one mark; leave the block to give back what was not used."""

    def __init__(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._unit_of_work = unit_of_work
        self._stack = AsyncExitStack()
        self._uow: UnitOfWork | None = None
        self._ending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def prepare(self) -> None:
        """Open it ahead of time, if the storage lets us; the mark tries again otherwise."""
        with suppress(StorageError):
            self._uow = await self._open()

    def give_back(self) -> None:
        """Let others write, because the channel takes its time."""
        if self._uow is not None:
            self._uow = None
            self._ending = asyncio.create_task(self._stack.aclose())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """Give the transaction, the open one or a new one; it ends with the block."""
        if self._ending is not None:
            await self._ending
        # In use it is nobody's to give back: who asks for it comes too late.
        prepared, self._uow = self._uow, None
        try:
            yield prepared or await self._open()
        finally:
            await self._end()

    async def _open(self) -> UnitOfWork:
        async with AsyncExitStack() as stack:
            uow = await stack.enter_async_context(self._unit_of_work())
            self._stack = stack.pop_all()
        return uow

    async def _end(self) -> None:
        self._uow = None
        if self._ending is not None:
            await self._ending
            self._ending = None
        await self._stack.aclose()
