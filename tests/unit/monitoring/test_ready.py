"""A transaction that is open before it is needed, and in nobody's way when it is not used."""

from __future__ import annotations

import asyncio

import pytest

from allgreen.domain.identity import IncidentId
from allgreen.errors import StorageUnavailableError
from allgreen.monitoring.ready import ReadyTransaction
from allgreen.ports import UnitOfWork
from allgreen.storage.memory import MemoryStorage
from tests.contract.build import a_notice


class Counting:
    """A storage that counts its transactions, and fails when it is told to."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.begun = 0
        self.failures: list[Exception] = []

    def unit_of_work(self) -> UnitOfWork:
        if self.failures:
            raise self.failures.pop()
        self.begun += 1
        return self.storage.unit_of_work()

    async def is_free(self) -> bool:
        """Tell whether somebody else could write at once."""
        try:
            async with asyncio.timeout(0.01), self.storage.unit_of_work():
                return True
        except TimeoutError:
            return False


@pytest.fixture
def counting() -> Counting:
    return Counting()


async def owe(ready: ReadyTransaction) -> None:
    async with ready.transaction() as uow:
        await uow.outbox.add([a_notice()])
        await uow.commit()


async def owed(counting: Counting) -> int:
    async with counting.storage.unit_of_work() as uow:
        return len(await uow.outbox.about(IncidentId("incident-1")))


async def test_what_was_prepared_is_what_is_used(counting: Counting) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        await ready.prepare()
        waits = not await counting.is_free()
        await owe(ready)

        assert waits
        assert await counting.is_free()
    assert counting.begun == 1
    assert await owed(counting) == 1


async def test_without_a_preparation_it_begins_when_it_is_used(counting: Counting) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        await owe(ready)

    assert counting.begun == 1
    assert await owed(counting) == 1


async def test_what_was_given_back_lets_others_write_and_begins_anew(counting: Counting) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        await ready.prepare()
        ready.give_back()
        ready.give_back()
        is_free = await counting.is_free()
        await owe(ready)

    assert is_free
    assert counting.begun == 2
    assert await owed(counting) == 1


async def test_it_can_be_used_again_after_a_failure(counting: Counting) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        await ready.prepare()
        with pytest.raises(StorageUnavailableError):
            async with ready.transaction():
                raise StorageUnavailableError("gone")
        await owe(ready)

    assert await owed(counting) == 1


async def test_a_storage_that_is_gone_keeps_nobody_from_preparing(counting: Counting) -> None:
    counting.failures = [StorageUnavailableError("gone")]

    async with ReadyTransaction(counting.unit_of_work) as ready:
        await ready.prepare()
        await owe(ready)

    assert await owed(counting) == 1


async def test_what_was_never_used_is_given_back_at_the_end(counting: Counting) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        await ready.prepare()

    assert await counting.is_free()


async def test_what_is_being_given_back_has_ended_with_the_block(counting: Counting) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        await ready.prepare()
        ready.give_back()

    assert await counting.is_free()


@pytest.mark.parametrize("is_prepared", [True, False], ids=["prepared", "begun late"])
async def test_what_is_in_use_is_not_given_back_under_its_user(
    counting: Counting, is_prepared: bool
) -> None:
    async with ReadyTransaction(counting.unit_of_work) as ready:
        if is_prepared:
            await ready.prepare()
        async with ready.transaction() as uow:
            ready.give_back()
            is_free = await counting.is_free()
            await uow.outbox.add([a_notice()])
            await uow.commit()

    assert not is_free
    assert counting.begun == 1
    assert await owed(counting) == 1
