"""A clock that was set back: what is owed must not wait until it has caught up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from allgreen.domain.notice import Notice
from tests.contract.build import HOUR, MINUTE, NOON, SECOND, a_notice
from tests.contract.conftest import Storage

LEASE = 120 * SECOND


async def _owed_and_set_back(storage: Storage, notices: Sequence[Notice]) -> None:
    async with storage.unit_of_work() as unit:
        await unit.outbox.add(notices)
        await unit.outbox.set_back(NOON, lease_for=LEASE)
        await unit.commit()


async def _lease(storage: Storage, now: datetime) -> list[Notice]:
    async with storage.unit_of_work() as unit:
        leased = await unit.outbox.lease(now=now, limit=100, lease_for=LEASE)
        await unit.commit()
    return leased


def _notice(notice_id: str, *, created_at: datetime = NOON, due_at: datetime) -> Notice:
    notice = a_notice(notice_id, recipient_id=notice_id)
    return replace(notice, created_at=created_at, due_at=due_at)


async def test_what_lies_ahead_is_due(storage: Storage) -> None:
    ahead = _notice("ahead", created_at=NOON + HOUR, due_at=NOON + HOUR)
    waits = _notice("waits", due_at=NOON + HOUR)
    soon = _notice("soon", due_at=NOON + MINUTE)

    await _owed_and_set_back(storage, [ahead, waits, soon])

    leased = {notice.id: notice for notice in await _lease(storage, NOON)}
    assert leased.keys() == {"ahead", "waits"}
    assert {notice.created_at for notice in leased.values()} == {NOON}


async def test_no_lease_is_prolonged(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.outbox.add([_notice("leased", due_at=NOON)])
        await unit.outbox.lease(now=NOON + HOUR, limit=1, lease_for=LEASE)
        await unit.commit()

    await _owed_and_set_back(storage, [])

    assert await _lease(storage, NOON + LEASE - SECOND) == []
    assert len(await _lease(storage, NOON + LEASE)) == 1
