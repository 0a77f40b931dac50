"""Recipients: in the order they were added, and nothing is owed to one that went."""

from dataclasses import replace

import pytest

from allgreen.domain.identity import AccountId, RecipientId, WorkspaceId
from allgreen.domain.notice import NoticeState
from allgreen.errors import NotFoundError
from tests.contract.build import (
    HOUR,
    NOON,
    SECOND,
    SERVICE,
    WORKSPACE,
    a_notice,
    a_recipient,
    a_service,
    an_incident,
)
from tests.contract.conftest import Storage

MEMBER = AccountId("ola@a.example")


@pytest.fixture(autouse=True)
async def _service(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.commit()


async def test_recipient_comes_back_with_every_field(storage: Storage) -> None:
    member = replace(a_recipient(), account_id=MEMBER, name="Ola Ø", confirmed_at=NOON)

    async with storage.unit_of_work() as unit:
        await unit.recipients.save(member)
        assert await unit.recipients.get(member.id) == member
        assert await unit.recipients.of_service(SERVICE) == [member]


async def test_unknown_recipient_is_not_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        with pytest.raises(NotFoundError):
            await unit.recipients.get(RecipientId("nobody"))


async def test_saved_one_by_one_they_keep_their_order(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        for name in ("recipient-2", "recipient-3", "recipient-1"):
            await unit.recipients.save(a_recipient(name))
        confirmed = replace(a_recipient("recipient-2"), confirmed_at=NOON)
        await unit.recipients.save(confirmed)

        assert await unit.recipients.of_service(SERVICE) == [
            confirmed,
            a_recipient("recipient-3"),
            a_recipient("recipient-1"),
        ]


async def test_replacing_stores_exactly_the_list(storage: Storage) -> None:
    one, two, three = (a_recipient(f"recipient-{n}") for n in (1, 2, 3))
    async with storage.unit_of_work() as unit:
        await unit.recipients.replace(SERVICE, [one, two])
        await unit.recipients.replace(SERVICE, [three, two])

        assert await unit.recipients.of_service(SERVICE) == [three, two]


async def test_replacing_keeps_the_confirmation_of_known_ones(storage: Storage) -> None:
    confirmed = replace(a_recipient(), confirmed_at=NOON)
    async with storage.unit_of_work() as unit:
        await unit.recipients.save(confirmed)
        await unit.recipients.replace(SERVICE, [replace(a_recipient(), name="Kari")])

        assert await unit.recipients.of_service(SERVICE) == [replace(confirmed, name="Kari")]


async def test_removed_recipient_is_owed_nothing(storage: Storage) -> None:
    one, two = a_recipient("recipient-1"), a_recipient("recipient-2")
    async with storage.unit_of_work() as unit:
        await unit.recipients.replace(SERVICE, [one, two])
        await unit.outbox.add(
            [a_notice("n-1", recipient_id=one.id), a_notice("n-2", recipient_id=two.id)]
        )
        await unit.recipients.remove(one.id)

        assert await unit.recipients.of_service(SERVICE) == [two]
        [owed] = await unit.outbox.lease(now=NOON, limit=9, lease_for=SECOND)
        assert owed.id == "n-2"


async def test_recipient_left_out_of_the_new_list_is_owed_nothing(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.recipients.replace(SERVICE, [a_recipient()])
        await unit.outbox.add([a_notice()])
        await unit.recipients.replace(SERVICE, [])

        assert await unit.recipients.of_service(SERVICE) == []
        assert await unit.outbox.lease(now=NOON + HOUR, limit=9, lease_for=SECOND) == []


async def test_message_that_is_being_sent_to_one_who_leaves_is_not_tried_again(
    storage: Storage,
) -> None:
    async with storage.unit_of_work() as unit:
        await unit.recipients.replace(SERVICE, [a_recipient()])
        await unit.outbox.add([a_notice()])
        [notice] = await unit.outbox.lease(now=NOON, limit=9, lease_for=SECOND)
        assert await unit.outbox.begin_attempt(notice, at=NOON)
        await unit.recipients.remove(a_recipient().id)

        assert not await unit.outbox.mark_delayed(notice, until=NOON + SECOND, error="421 later")
        assert await unit.outbox.lease(now=NOON + HOUR, limit=9, lease_for=SECOND) == []


async def test_message_that_was_accepted_after_its_recipient_left_is_marked_as_sent(
    storage: Storage,
) -> None:
    async with storage.unit_of_work() as unit:
        await unit.recipients.replace(SERVICE, [a_recipient()])
        await unit.outbox.add([a_notice()])
        [notice] = await unit.outbox.lease(now=NOON, limit=9, lease_for=SECOND)
        await unit.recipients.remove(a_recipient().id)

        assert await unit.outbox.mark_sent(notice, at=NOON, answer="250 OK")
        [told] = await unit.outbox.about(an_incident().id)
        assert told.state is NoticeState.SENT


async def test_operators_are_known_by_address(storage: Storage) -> None:
    await storage.add_operator("ops@a.example")

    async with storage.unit_of_work() as unit:
        assert await unit.recipients.operators() == ["ops@a.example"]


async def test_admins_are_known_by_address(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        assert await unit.recipients.admins_of(WORKSPACE) == [MEMBER]
        assert await unit.recipients.admins_of(WorkspaceId("unknown")) == []


async def test_one_who_is_gone_can_be_removed_again(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.recipients.save(a_recipient())
        await unit.recipients.remove(a_recipient().id)
        await unit.recipients.remove(a_recipient().id)

        with pytest.raises(NotFoundError):
            await unit.recipients.get(a_recipient().id)
