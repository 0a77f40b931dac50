"""The outbox: in order for each recipient, at least once, and no mark by a late sender."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest

from allgreen.domain.identity import IncidentId, RecipientId, WorkspaceId
from allgreen.domain.incident import IncidentState, Resolution
from allgreen.domain.notice import Notice, NoticeKind, NoticeState
from tests.contract.build import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    SERVICE,
    WORKSPACE,
    a_notice,
    a_service,
    an_incident,
    due_at,
)
from tests.contract.conftest import Storage

LEASE = 120 * SECOND
INCIDENT = IncidentId("incident-1")


async def _add(storage: Storage, *notices: Notice) -> None:
    async with storage.unit_of_work() as unit:
        await unit.outbox.add(notices)
        await unit.commit()


async def _lease(storage: Storage, now: datetime = NOON, *, limit: int = 100) -> list[Notice]:
    async with storage.unit_of_work() as unit:
        leased = await unit.outbox.lease(now=now, limit=limit, lease_for=LEASE)
        await unit.commit()
    return leased


async def _send(storage: Storage, notice: Notice) -> None:
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.begin_attempt(notice, at=NOON)
        assert await unit.outbox.mark_sent(notice, at=NOON, answer="250 OK")
        await unit.commit()


async def _stored(storage: Storage) -> dict[str, Notice]:
    async with storage.unit_of_work() as unit:
        told = await unit.outbox.about(INCIDENT)
    return {notice.id: notice for notice in told}


def _ids(notices: Sequence[Notice]) -> list[str]:
    return [notice.id for notice in notices]


async def test_notice_is_handed_out_as_it_was_added(storage: Storage) -> None:
    await _add(storage, a_notice())

    [leased] = await _lease(storage)

    assert leased == replace(a_notice(), state=NoticeState.LEASED, fence=1, due_at=NOON + LEASE)


async def test_notice_with_a_known_key_is_left_out(storage: Storage) -> None:
    await _add(storage, a_notice("n-1"))

    twin = replace(a_notice("n-2"), key=a_notice("n-1").key, recipient_id=None)
    await _add(storage, twin, a_notice("n-3", recipient_id="recipient-3"))

    assert _ids(await _lease(storage)) == ["n-1", "n-3"]


async def test_notice_is_not_handed_out_before_it_is_due(storage: Storage) -> None:
    await _add(storage, due_at(a_notice(), NOON + MINUTE))

    assert await _lease(storage, NOON) == []
    assert _ids(await _lease(storage, NOON + MINUTE)) == ["notice-1"]


async def test_oldest_go_first_and_the_limit_holds(storage: Storage) -> None:
    await _add(storage, *(a_notice(f"n-{n}", recipient_id=f"recipient-{n}") for n in (3, 1, 2)))

    assert _ids(await _lease(storage, limit=2)) == ["n-3", "n-1"]
    assert _ids(await _lease(storage, limit=2)) == ["n-2"]


async def test_later_notice_of_the_same_recipient_waits_for_the_earlier(storage: Storage) -> None:
    await _add(storage, a_notice("n-down"))
    [down] = await _lease(storage)

    await _add(storage, a_notice("n-up", kind=NoticeKind.UP))
    assert await _lease(storage) == []
    await _send(storage, down)

    assert _ids(await _lease(storage)) == ["n-up"]


async def test_delayed_notice_still_holds_the_later_one_back(storage: Storage) -> None:
    await _add(storage, a_notice("n-down"), a_notice("n-next", incident_id="incident-2"))
    [down] = await _lease(storage)
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.mark_delayed(down, until=NOON + HOUR, error="421 busy")
        await unit.commit()

    assert await _lease(storage, NOON + MINUTE) == []
    assert _ids(await _lease(storage, NOON + HOUR)) == ["n-down"]


@pytest.mark.parametrize(
    "other",
    [
        a_notice("n-2", recipient_id="recipient-2"),
        a_notice("n-2", service_id="service-2"),
    ],
    ids=["recipient", "service"],
)
async def test_notices_of_others_do_not_wait(storage: Storage, other: Notice) -> None:
    await _add(storage, a_notice("n-1"), other)

    assert _ids(await _lease(storage)) == ["n-1", "n-2"]


async def test_notices_without_service_or_recipient_do_not_wait(storage: Storage) -> None:
    await _add(
        storage,
        *(a_notice(f"n-{n}", service_id=None, recipient_id=None) for n in (1, 2)),
        *(a_notice(f"n-{n}", recipient_id=None) for n in (3, 4)),
    )

    assert _ids(await _lease(storage)) == ["n-1", "n-2", "n-3", "n-4"]


async def test_concurrent_senders_never_get_the_same_notice(storage: Storage) -> None:
    await _add(storage, *(a_notice(f"n-{n:02}", recipient_id=f"r-{n}") for n in range(40)))

    batches = await asyncio.gather(*(_lease(storage, limit=5) for _ in range(12)))

    assert sorted(key for batch in batches for key in _ids(batch)) == [
        f"n-{n:02}" for n in range(40)
    ]


async def test_lease_that_ran_out_is_free_again_under_a_new_fence(storage: Storage) -> None:
    await _add(storage, a_notice())
    await _lease(storage, NOON)

    assert await _lease(storage, NOON + LEASE - SECOND) == []
    [again] = await _lease(storage, NOON + LEASE)

    assert again.fence == 2


async def test_attempt_that_was_begun_is_counted_although_it_was_lost(storage: Storage) -> None:
    await _add(storage, a_notice())
    [first] = await _lease(storage, NOON)
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.begin_attempt(first, at=NOON)
        await unit.commit()

    [second] = await _lease(storage, NOON + LEASE)

    assert (first.attempt, second.attempt) == (1, 2)
    assert first.message_id("a.example") == second.message_id("a.example")


async def test_sender_with_an_old_fence_marks_nothing(storage: Storage) -> None:
    await _add(storage, a_notice())
    [old] = await _lease(storage, NOON)
    [new] = await _lease(storage, NOON + LEASE)

    async with storage.unit_of_work() as unit:
        assert not await unit.outbox.begin_attempt(old, at=NOON)
        assert not await unit.outbox.mark_sent(old, at=NOON, answer="250")
        assert not await unit.outbox.mark_delayed(old, until=NOON, error="421")
        assert not await unit.outbox.mark_dead(old, at=NOON, error="550")
        assert await unit.outbox.begin_attempt(new, at=NOON)


async def test_sent_notice_ends(storage: Storage) -> None:
    await _add(storage, a_notice())
    [notice] = await _lease(storage)

    await _send(storage, notice)

    sent = (await _stored(storage))["notice-1"]
    assert (sent.state, sent.sent_at, sent.attempt) == (NoticeState.SENT, NOON, 2)
    assert await _lease(storage, NOON + HOUR) == []
    async with storage.unit_of_work() as unit:
        assert not await unit.outbox.mark_sent(notice, at=NOON, answer="250")


async def test_delayed_notice_comes_back_with_its_error(storage: Storage) -> None:
    await _add(storage, a_notice())
    [notice] = await _lease(storage)
    async with storage.unit_of_work() as unit:
        await unit.outbox.begin_attempt(notice, at=NOON)
        assert await unit.outbox.mark_delayed(notice, until=NOON + MINUTE, error="421 later")
        await unit.commit()

    assert await _lease(storage, NOON) == []
    [again] = await _lease(storage, NOON + MINUTE)

    assert (again.attempt, again.fence, again.last_error) == (2, 2, "421 later")


async def test_dead_notice_is_kept_with_its_error_and_lets_the_next_go(storage: Storage) -> None:
    await _add(storage, a_notice("n-1"), a_notice("n-2", incident_id="incident-2"))
    [notice] = await _lease(storage)
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.mark_dead(notice, at=NOON, error="550 no such user")
        await unit.commit()

    assert _ids(await _lease(storage)) == ["n-2"]
    dead = (await _stored(storage))["n-1"]
    assert (dead.state, dead.last_error) == (NoticeState.DEAD, "550 no such user")


async def test_who_could_not_be_told_of_the_begin_is_not_told_of_the_end(
    storage: Storage,
) -> None:
    await _add(storage, a_notice("n-1"))
    [notice] = await _lease(storage)
    await _add(
        storage,
        a_notice("n-2", kind=NoticeKind.UP),
        a_notice("n-3", kind=NoticeKind.UP, recipient_id="r-2"),
        a_notice("n-4", incident_id="incident-2"),
    )

    async with storage.unit_of_work() as unit:
        assert await unit.outbox.mark_dead(notice, at=NOON, error="550 no such user")
        await unit.commit()

    assert _ids(await _lease(storage)) == ["n-3", "n-4"]


async def test_pending_notices_of_a_service_are_cancelled(storage: Storage) -> None:
    await _add(
        storage,
        a_notice("n-1"),
        a_notice("n-2", recipient_id="r-2", kind=NoticeKind.UP),
        a_notice("n-3", service_id="service-2"),
    )

    async with storage.unit_of_work() as unit:
        assert await unit.outbox.cancel(SERVICE) == 2
        assert await unit.outbox.cancel(SERVICE) == 0
        await unit.commit()

    assert _ids(await _lease(storage)) == ["n-3"]


async def test_notice_in_the_hands_of_a_sender_is_not_cancelled(storage: Storage) -> None:
    await _add(storage, a_notice())
    [notice] = await _lease(storage)

    async with storage.unit_of_work() as unit:
        assert await unit.outbox.cancel(SERVICE) == 0
        await unit.commit()

    await _send(storage, notice)


async def test_what_was_said_about_an_incident_comes_back_in_order(storage: Storage) -> None:
    await _add(
        storage,
        a_notice("n-1"),
        a_notice("n-2", recipient_id="r-2"),
        a_notice("n-3", kind=NoticeKind.UP),
        a_notice("n-4", incident_id="incident-2"),
        a_notice("n-5", service_id="service-2", recipient_id="r-5"),
    )
    async with storage.unit_of_work() as unit:
        await unit.outbox.cancel(a_service("service-2").id)
        told = await unit.outbox.about(INCIDENT)

    assert _ids(told) == ["n-1", "n-2", "n-3"]


async def test_only_what_nobody_tried_to_send_is_withdrawn(storage: Storage) -> None:
    await _add(
        storage,
        a_notice("n-1", kind=NoticeKind.UP),
        a_notice("n-2", kind=NoticeKind.UP, recipient_id="r-2"),
        a_notice("n-3", recipient_id="r-3"),
    )
    async with storage.unit_of_work() as unit:
        [tried, *_] = await unit.outbox.lease(now=NOON, limit=1, lease_for=MINUTE)
        await unit.outbox.begin_attempt(tried, at=NOON)
        await unit.outbox.mark_delayed(tried, until=NOON + MINUTE, error="421")

        withdrawn = await unit.outbox.withdraw(INCIDENT, NoticeKind.UP)
        left = await unit.outbox.about(INCIDENT)

    assert _ids(withdrawn) == ["n-2"]
    assert _ids(left) == ["n-1", "n-3"]


async def test_voiding_frees_leases_under_new_fences(storage: Storage) -> None:
    await _add(storage, a_notice("n-1"), a_notice("n-2", recipient_id="r-2"))
    [old] = await _lease(storage, limit=1)

    async with storage.unit_of_work() as unit:
        assert await unit.outbox.void_leases() == 1
        assert not await unit.outbox.mark_sent(old, at=NOON, answer="250")
        await unit.commit()

    assert {notice.id: notice.fence for notice in await _lease(storage)} == {"n-1": 3, "n-2": 1}


# Messages that stand for several


async def _delay(storage: Storage, notice: Notice, *, is_unsure: bool = False) -> None:
    async with storage.unit_of_work() as unit:
        assert await unit.outbox.begin_attempt(notice, at=NOON)
        assert await unit.outbox.mark_delayed(
            notice, until=NOON + MINUTE, error="421 busy", is_unsure=is_unsure
        )
        await unit.commit()


def _storm(count: int, *, first: int = 0) -> list[Notice]:
    """Return messages about so many services to the same address."""
    return [
        replace(
            a_notice(f"n-{n:04}", service_id=f"service-{n}", incident_id=f"incident-{n}"),
            recipient_id=RecipientId(f"recipient-{n}"),
        )
        for n in range(first, first + count)
    ]


async def _begin_storm(storage: Storage, count: int) -> None:
    """Let the first five go, and the others wait."""
    await _add(storage, *_storm(count))
    for single in await _lease(storage):
        await _send(storage, single)


async def test_nothing_overtakes_a_message_that_is_being_marked(storage: Storage) -> None:
    await _add(storage, a_notice("n-1"), a_notice("n-other", recipient_id="r-2"))
    [first, _] = await _lease(storage)
    await _add(storage, a_notice("n-2", incident_id="incident-2"))
    later = NOON + LEASE + SECOND
    has_marked, has_leased = asyncio.Event(), asyncio.Event()

    async def mark_late() -> None:
        async with storage.unit_of_work() as unit:
            await unit.outbox.mark_delayed(first, until=later + HOUR, error="421 busy")
            has_marked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(has_leased.wait(), timeout=0.5)
            await unit.commit()

    async def lease() -> list[Notice]:
        await has_marked.wait()
        leased = await _lease(storage, later)
        has_leased.set()
        return leased

    async with asyncio.timeout(20):
        leased, _ = await asyncio.gather(lease(), mark_late())

    assert _ids(leased) == ["n-other"]


async def test_begin_and_end_that_both_wait_go_as_one(storage: Storage) -> None:
    await _add(storage, a_notice("n-down"), a_notice("n-up", kind=NoticeKind.UP))

    [message] = await _lease(storage)
    await _send(storage, message)

    assert (message.key, _ids(message.rows)) == ("key of n-up", ["n-down", "n-up"])
    stored = await _stored(storage)
    assert {one.state for one in stored.values()} == {NoticeState.SENT}
    assert {one.attempt for one in stored.values()} == {2}


async def test_what_was_turned_away_as_one_is_decided_anew(storage: Storage) -> None:
    await _add(storage, a_notice("n-down"), a_notice("n-up", kind=NoticeKind.UP))
    [message] = await _lease(storage)
    await _delay(storage, message)

    async with storage.unit_of_work() as unit:
        await unit.outbox.withdraw(INCIDENT, NoticeKind.REMINDER)
        down = (await unit.outbox.about(INCIDENT))[0]

    assert (down.batch, down.is_unsure, down.failed_at) == (None, False, NOON)
    [again] = await _lease(storage, NOON + MINUTE)
    assert _ids(again.rows) == ["n-down", "n-up"]


async def test_begin_that_may_have_arrived_goes_again_alone(storage: Storage) -> None:
    await _add(storage, a_notice("n-down"))
    [down] = await _lease(storage)
    await _delay(storage, down, is_unsure=True)
    await _add(storage, a_notice("n-up", kind=NoticeKind.UP))

    [again] = await _lease(storage, NOON + MINUTE)

    assert (again.id, again.parts, again.is_unsure) == ("n-down", (), True)


async def test_what_once_may_have_arrived_may_have_for_ever(storage: Storage) -> None:
    await _add(storage, a_notice())
    [lost] = await _lease(storage)
    await _delay(storage, lost, is_unsure=True)
    [again] = await _lease(storage, NOON + MINUTE)
    await _delay(storage, again)

    [third] = await _lease(storage, NOON + HOUR)

    assert third.is_unsure


async def test_attempt_that_a_crash_ended_may_have_arrived(storage: Storage) -> None:
    await _add(storage, a_notice())
    async with storage.unit_of_work() as unit:
        [notice] = await unit.outbox.lease(now=NOON, limit=1, lease_for=LEASE)
        await unit.outbox.begin_attempt(notice, at=NOON)
        await unit.outbox.void_leases()
        await unit.commit()

    [again] = await _lease(storage)

    assert again.is_unsure


async def test_sixth_message_to_an_address_waits_to_be_gathered(storage: Storage) -> None:
    await _add(storage, *_storm(8))

    singles = await _lease(storage)
    early = await _lease(storage, NOON + MINUTE - SECOND)
    [digest] = await _lease(storage, NOON + MINUTE)

    assert [message.parts for message in singles] == [()] * 5
    assert early == []
    assert digest.kind is NoticeKind.DIGEST
    assert _ids(digest.rows) == ["n-0005", "n-0006", "n-0007"]


async def test_workspaces_are_never_told_of_in_one_digest(storage: Storage) -> None:
    def elsewhere(notices: Iterable[Notice]) -> Iterable[Notice]:
        return (replace(one, workspace_id=WorkspaceId("workspace-2")) for one in notices)

    await _add(storage, *_storm(7), *elsewhere(_storm(7, first=7)))
    singles = await _lease(storage)
    digests = await _lease(storage, NOON + MINUTE)
    for message in (*singles, *digests):
        await _send(storage, message)
    await _add(storage, *elsewhere(_storm(1, first=14)))
    quiet = replace(a_notice("n-0015"), address=singles[0].address, workspace_id=None)
    await _add(storage, quiet)
    after = await _lease(storage, NOON + 2 * MINUTE)

    assert len(singles) == 10
    assert [_ids(one.rows) for one in digests] == [["n-0005", "n-0006"], ["n-0012", "n-0013"]]
    assert [one.workspace_id for one in digests] == [WORKSPACE, "workspace-2"]
    assert _ids(after) == ["n-0015"]


async def test_what_comes_before_the_digest_goes_joins_it(storage: Storage) -> None:
    await _begin_storm(storage, 6)
    await _add(storage, *_storm(1, first=6))
    await _lease(storage, NOON + 30 * SECOND)

    [digest] = await _lease(storage, NOON + MINUTE)

    assert _ids(digest.rows) == ["n-0005", "n-0006"]


async def test_next_digest_goes_five_minutes_after_the_last(storage: Storage) -> None:
    await _begin_storm(storage, 7)
    [digest] = await _lease(storage, NOON + MINUTE)
    await _send(storage, digest)
    await _add(storage, *_storm(2, first=7))

    assert await _lease(storage, NOON + 2 * MINUTE) == []
    assert await _lease(storage, NOON + 6 * MINUTE - SECOND) == []
    [second] = await _lease(storage, NOON + 6 * MINUTE)

    assert _ids(second.rows) == ["n-0007", "n-0008"]


async def test_five_minutes_after_a_storm_messages_go_alone_again(storage: Storage) -> None:
    await _begin_storm(storage, 6)
    [digest] = await _lease(storage, NOON + MINUTE)
    await _send(storage, digest)
    await _add(storage, *_storm(1, first=6))

    [single] = await _lease(storage, NOON + 7 * MINUTE)

    assert (single.id, single.parts) == ("n-0006", ())


async def test_digest_that_a_crash_ended_is_sent_again_as_it_was(storage: Storage) -> None:
    await _begin_storm(storage, 7)
    async with storage.unit_of_work() as unit:
        [lost] = await unit.outbox.lease(now=NOON + MINUTE, limit=1, lease_for=LEASE)
        await unit.outbox.begin_attempt(lost, at=NOON)
        await unit.commit()
    await _add(storage, *_storm(3, first=7))
    await _lease(storage, NOON + 2 * MINUTE)

    again = next(one for one in await _lease(storage, NOON + MINUTE + LEASE) if one.id == "n-0005")

    assert again.message_id("a.example") == lost.message_id("a.example")
    assert _ids(again.rows) == _ids(lost.rows) == ["n-0005", "n-0006"]
    assert (lost.attempt, again.attempt) == (1, 2)


async def test_digest_that_was_turned_away_takes_more(storage: Storage) -> None:
    await _begin_storm(storage, 6)
    [digest] = await _lease(storage, NOON + MINUTE)
    async with storage.unit_of_work() as unit:
        await unit.outbox.begin_attempt(digest, at=NOON + MINUTE)
        await unit.outbox.mark_delayed(digest, until=NOON + 2 * MINUTE, error="421")
        await unit.commit()
    await _add(storage, *_storm(1, first=6))
    await _lease(storage, NOON + MINUTE + SECOND)

    [again] = await _lease(storage, NOON + 2 * MINUTE)

    assert again.key == digest.key
    assert _ids(again.rows) == ["n-0005", "n-0006"]


async def test_what_was_turned_away_counts_for_nothing(storage: Storage) -> None:
    await _add(storage, *_storm(5))
    for notice in await _lease(storage):
        await _delay(storage, notice)

    again = await _lease(storage, NOON + MINUTE)

    assert [message.parts for message in again] == [()] * 5


async def test_one_who_leaves_is_not_told_by_a_digest_either(storage: Storage) -> None:
    await _begin_storm(storage, 7)

    async with storage.unit_of_work() as unit:
        await unit.recipients.remove(RecipientId("recipient-5"))
        await unit.commit()

    [digest] = await _lease(storage, NOON + MINUTE)
    assert _ids(digest.rows) == ["n-0006"]


async def test_digest_larger_than_one_look_goes_whole(storage: Storage) -> None:
    await _add(storage, *_storm(1205))
    while await _lease(storage):
        pass

    [digest] = await _lease(storage, NOON + MINUTE)
    await _send(storage, digest)

    assert len(digest.parts) == 1200
    assert await _lease(storage, NOON + HOUR + LEASE) != []


async def test_everybodys_first_goes_before_anybodys_second(storage: Storage) -> None:
    await _add(storage, *_storm(4), a_notice("n-other", recipient_id="other"))

    assert _ids(await _lease(storage, limit=2)) == ["n-0000", "n-other"]


@pytest.mark.parametrize("place", ["recipient-1@a.example", "@a.example"])
async def test_nothing_goes_where_it_is_asked_not_to(storage: Storage, place: str) -> None:
    elsewhere = replace(a_notice("n-2", recipient_id="recipient-2"), address="ola@b.example")
    await _add(storage, a_notice("n-1"), elsewhere)

    async with storage.unit_of_work() as unit:
        leased = await unit.outbox.lease(now=NOON, limit=9, lease_for=LEASE, avoid=[place])

    assert _ids(leased) == ["n-2"]


# The past


async def test_old_messages_that_ended_are_deleted_in_slices(storage: Storage) -> None:
    await _add(storage, *(a_notice(f"n-{n}", recipient_id=f"r-{n}") for n in range(4)))
    leased = await _lease(storage, limit=3)
    for notice in leased:
        await _send(storage, notice)

    async with storage.unit_of_work() as unit:
        assert await unit.outbox.delete_before(NOON, limit=9) == 0
        assert await unit.outbox.delete_before(NOON + SECOND, limit=2) == 2
        assert await unit.outbox.delete_before(NOON + SECOND, limit=9) == 1
        assert _ids(await unit.outbox.about(INCIDENT)) == ["n-3"]


async def test_what_people_know_of_an_incident_that_lasts_is_never_deleted(
    storage: Storage,
) -> None:
    await _add(
        storage,
        a_notice("n-down"),
        a_notice("n-steady", kind=NoticeKind.STEADY, recipient_id="r-3"),
        a_notice("n-still", kind=NoticeKind.REMINDER, recipient_id="r-2"),
    )
    for notice in await _lease(storage):
        await _send(storage, notice)

    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.incidents.save(an_incident())
        assert await unit.outbox.delete_before(NOON + HOUR, limit=9) == 1
        assert _ids(await unit.outbox.about(INCIDENT)) == ["n-down", "n-steady"]
        over = replace(an_incident(), state=IncidentState.RESOLVED, ended_at=NOON + HOUR)
        await unit.incidents.save(replace(over, resolution=Resolution.HOLDS_AGAIN))
        assert await unit.outbox.delete_before(NOON + HOUR, limit=9) == 2
