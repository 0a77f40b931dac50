"""Tell who runs Allgreen, by mail, that the disk of its database is full."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.errors import StorageError
from allgreen.ports import Clock, IdFactory
from allgreen.storage.sql.database import Database

logger = logging.getLogger(__name__)

TRY_AGAIN_AFTER_S = 5.0


@asynccontextmanager
async def telling_of_a_full_disk(
    database: Database, clock: Clock, new_id: IdFactory, wake_dispatcher: Callable[[], None]
) -> AsyncIterator[None]:
    """Owe the operators a message whenever the disk becomes full, while the block lasts.

    The message, too, is written into the room that was kept back. It says so once a day at most.
    """

    async def tell() -> None:
        await tell_operators(database, clock.now(), new_id)
        wake_dispatcher()

    task = asyncio.create_task(_tell_each_time(database, tell), name="full disk")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def tell_operators(database: Database, now: datetime, new_id: IdFactory) -> None:
    """Owe each operator the message, unless they had it today.

    Raises:
        StorageError: There is no room even for that.
    """
    async with database.urgent_unit_of_work() as uow:
        await uow.outbox.add(
            Notice(
                id=OutboxId(new_id()),
                key=f"{NoticeKind.DISK_FULL}/{now:%Y-%m-%d}/{address}",
                kind=NoticeKind.DISK_FULL,
                channel=Channel.EMAIL,
                address=address,
                facts=Facts(began_at=now).to_json(),
                created_at=now,
                due_at=now,
            )
            for address in await uow.recipients.operators()
        )
        await uow.commit()


async def _tell_each_time(database: Database, tell: Callable[[], Awaitable[None]]) -> None:
    reserve = database.reserve
    while reserve is not None:
        await reserve.given_up.wait()
        is_told = False
        while reserve.is_given_up:
            is_told = is_told or await _try(tell)
            await asyncio.sleep(TRY_AGAIN_AFTER_S)


async def _try(tell: Callable[[], Awaitable[None]]) -> bool:
    try:
        await tell()
    except StorageError as error:
        logger.warning("The message about the full disk could not be kept: %s", error)
        return False
    return True
