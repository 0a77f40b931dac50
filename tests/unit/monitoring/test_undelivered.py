"""Who looks after a workspace hears of a message that was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from allgreen.domain.facts import Facts
from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, WorkspaceId
from allgreen.domain.notice import Notice, NoticeKind, NoticeState
from allgreen.errors import DeliveryRefusedError
from allgreen.monitoring.dispatch import Dispatcher
from allgreen.monitoring.undelivered import DeadLetterWriter
from allgreen.ports import UnitOfWork
from allgreen.testing import (
    ACCOUNT,
    INCIDENT,
    MINUTE,
    NOON,
    WORKSPACE,
    RecordingNotifier,
    SequentialIds,
    a_notice,
    a_recipient,
    outcomes,
)
from tests.unit.monitoring.scene import Scene

OTHER = WorkspaceId("0198c000-0000-7000-8000-0000000000aa")


async def tell(scene: Scene, *dead: Notice, error: str = "550 no such mailbox") -> list[Notice]:
    """Give messages up, and return what is owed about that."""

    async def write(uow: UnitOfWork) -> None:
        await DeadLetterWriter(ids=scene.ids).tell(dead, error, scene.now, uow)

    await scene.ask(write)
    return await scene.ask(lambda uow: uow.outbox.lease(now=scene.now, limit=99, lease_for=MINUTE))


async def test_admins_hear_who_could_not_be_told_and_why() -> None:
    scene = Scene()
    await scene.watch()

    [notice] = await tell(scene, a_notice(facts=Facts(service_name="Payments").to_json()))

    facts = Facts.from_json(notice.facts)
    assert (notice.kind, notice.address) == (NoticeKind.UNDELIVERED, "admin@example.org")
    assert notice.event == f"{INCIDENT}/undelivered"
    assert (facts.service_name, facts.address) == ("Payments", "mara@example.org")
    assert (facts.reason, facts.incidents) == ("550 no such mailbox", 1)


async def test_they_hear_once_of_an_incident_and_an_address() -> None:
    scene = Scene()
    await scene.watch()
    reminder = a_notice(NoticeKind.REMINDER)

    told = [*await tell(scene, a_notice()), *await tell(scene, reminder)]

    assert len(told) == 1


async def test_without_an_incident_they_hear_once_of_each_occasion() -> None:
    scene = Scene()
    await scene.watch()

    def flapping(since: datetime, number: int) -> Notice:
        facts = Facts(service_name="Payments", began_at=since).to_json()
        row = replace(a_notice(NoticeKind.FLAPPING), id=OutboxId(f"n-{number}"), facts=facts)
        return replace(row, incident_id=None)

    first = await tell(scene, flapping(NOON, 1))
    summary = await tell(scene, flapping(NOON, 2))
    next_day = await tell(scene, flapping(NOON + timedelta(days=1), 3))

    assert [len(told) for told in (first, summary, next_day)] == [1, 0, 1]


async def test_of_what_has_no_begin_they_hear_each_time() -> None:
    scene = Scene()
    await scene.watch()
    blank = replace(a_notice(NoticeKind.BLOCKED), facts={}, incident_id=None)

    told = [await tell(scene, replace(blank, id=OutboxId(f"n-{n}"))) for n in range(2)]

    assert [len(one) for one in told] == [1, 1]


@pytest.mark.parametrize(
    "dead",
    [
        a_notice(NoticeKind.UNDELIVERED),
        replace(a_notice(NoticeKind.VERIFY_EMAIL), workspace_id=None),
        replace(a_notice(), address="admin@example.org"),
    ],
    ids=["of such news", "without a workspace", "to the only admin"],
)
async def test_of_some_nobody_hears(dead: Notice) -> None:
    assert await tell(Scene(), dead) == []


async def test_of_a_digest_they_hear_once_in_each_workspace() -> None:
    scene = Scene()
    scene.storage.add_workspace(OTHER, admins=["boss@example.net"])
    rows = [
        replace(
            a_notice(), id=OutboxId(f"n-{n}"), incident_id=IncidentId(f"i-{n}"), workspace_id=of
        )
        for n, of in enumerate([WORKSPACE, WORKSPACE, OTHER])
    ]

    told = await tell(scene, *rows)

    assert {one.address: one.facts["incidents"] for one in told} == {
        "admin@example.org": 2,
        "boss@example.net": 1,
    }


@pytest.mark.parametrize(
    ("name", "shown"), [("Mara", "Mara"), ("", "m…@example.org")], ids=["named", "nameless"]
)
async def test_the_address_of_a_member_is_not_told(name: str, shown: str) -> None:
    scene = Scene()
    member = replace(a_recipient(account_id=ACCOUNT), name=name)
    await scene.watch(recipients=[member])

    [notice] = await tell(scene, a_notice())

    assert notice.facts["address"] == shown


@pytest.mark.parametrize("recipient_id", [None, RecipientId("gone")])
async def test_an_address_that_may_be_of_a_member_is_not_told(
    recipient_id: RecipientId | None,
) -> None:
    [notice] = await tell(Scene(), replace(a_notice(), recipient_id=recipient_id))

    assert notice.facts["address"] == "m…@example.org"


async def test_the_dispatcher_tells_them_when_it_gives_up() -> None:
    scene = Scene()
    await scene.watch()
    await scene.runs(outcomes("offf"))
    notifier = RecordingNotifier(DeliveryRefusedError("550 no such mailbox"))
    dispatcher = _dispatcher(scene, notifier)

    await _deliver(dispatcher, await dispatcher.lease())
    await _deliver(dispatcher, await dispatcher.lease())

    assert [(one.kind, one.address) for one in notifier.sent] == [
        (NoticeKind.UNDELIVERED, "admin@example.org")
    ]
    states = {one.kind: one.state for one in await scene.owed()}
    assert states[NoticeKind.DOWN] is NoticeState.DEAD


def _dispatcher(scene: Scene, notifier: RecordingNotifier) -> Dispatcher:
    return Dispatcher(
        unit_of_work=scene.storage.unit_of_work,
        notifiers={a_notice().channel: notifier},
        clock=scene.clock,
        broker=scene.broker,
        jitter=lambda: 0.0,
        undelivered=DeadLetterWriter(ids=SequentialIds(0xA)),
    )


async def _deliver(dispatcher: Dispatcher, notices: Sequence[Notice]) -> None:
    for notice in notices:
        await dispatcher.deliver(notice)
