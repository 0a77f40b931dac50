"""What people say is watched, and how."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from allgreen.domain.check import Check, Confirmation, HttpOptions
from allgreen.domain.commands import (
    Command,
    ConfirmRecipient,
    DeleteCheck,
    DeleteService,
    EditService,
    ExecuteChecks,
    PauseService,
    RegisterCheck,
    RemoveRecipient,
    ResumeService,
)
from allgreen.domain.identity import AccountId, CheckId, RecipientId
from allgreen.domain.incident import Resolution
from allgreen.domain.notice import NoticeKind
from allgreen.domain.service import Recipient
from allgreen.domain.status import Mode, Outcome, ServiceHealth, TimeKind
from allgreen.domain.watcher import grid_of
from allgreen.errors import InvalidInputError, NotFoundError, VersionConflictError
from allgreen.testing import (
    ACCOUNT,
    CHECK,
    MINUTE,
    NOON,
    SERVICE,
    a_check,
    a_recipient,
    outcomes,
)
from tests.unit.monitoring.scene import Scene, hints

OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")
ELSA = RecipientId("0198c000-0000-7000-8000-0000000000bb")


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.watch()
    return scene


async def _edit(
    scene: Scene,
    *,
    name: str | None = None,
    checks: tuple[Check, ...] | None = None,
    every: timedelta | None = None,
    recipients: tuple[Recipient, ...] | None = None,
) -> None:
    version = (await scene.service()).version
    await scene.handle(
        EditService(
            service_id=SERVICE,
            expected_version=version,
            name=name,
            checks=checks,
            every=every,
            recipients=recipients,
            by=ACCOUNT,
            at=scene.now,
        )
    )


async def _summary(scene: Scene) -> str:
    return (await scene.audit())[-1].summary


async def _pause(scene: Scene) -> None:
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def _resume(scene: Scene) -> None:
    await scene.handle(ResumeService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


def _asking(url: str, *, version: int = 1) -> Check:
    return a_check(url=url, version=version)


# Register ---------------------------------------------------------------------------------------


async def test_a_registered_service_is_due_at_once(scene: Scene) -> None:
    service = await scene.service()

    assert (service.name, service.health, service.version) == (
        "Payments webhook",
        ServiceHealth.UNKNOWN,
        1,
    )
    assert [leased.slot.at for leased in await scene.lease()] == [NOON]
    assert await scene.spans() == [(TimeKind.UNKNOWN, NOON)]


async def test_registering_is_in_the_history_with_who_did_it(scene: Scene) -> None:
    rows = await scene.audit()

    assert [(row.action, row.by) for row in rows] == [
        ("service.registered", ACCOUNT),
        ("check.registered", ACCOUNT),
    ]


async def test_a_second_check_is_an_edit(scene: Scene) -> None:
    scene.clock.advance(timedelta(seconds=90))

    await scene.handle(
        RegisterCheck(check=a_check(id=OTHER, anchor=scene.now), by=ACCOUNT, at=scene.now)
    )

    assert (await scene.service()).version == 2
    slot = await scene.planned(OTHER)
    assert slot is not None
    assert slot.due_at == scene.now


async def test_a_check_is_run_at_once_and_then_on_its_grid() -> None:
    scene = Scene()

    await scene.watch(a_check(anchor=NOON + timedelta(seconds=20)))
    await scene.run(Outcome.OK)

    first, second = (await scene.results())[0], await scene.planned()
    assert second is not None
    assert (first.slot, second.at) == (NOON, NOON + timedelta(seconds=20))


# Edit -------------------------------------------------------------------------------------------


async def test_an_edit_of_an_older_version_overwrites_nothing(scene: Scene) -> None:
    command = EditService(
        service_id=SERVICE, expected_version=7, name="Checkout", by=ACCOUNT, at=scene.now
    )

    with pytest.raises(VersionConflictError):
        await scene.handle(command)

    assert (await scene.service()).name == "Payments webhook"


async def test_a_new_name_keeps_what_is_known_and_planned(scene: Scene) -> None:
    await scene.runs(outcomes("of"))
    before, slot = await scene.service(), await scene.planned()

    await _edit(scene, name="Checkout")

    after = await scene.service()
    assert after == replace(before, name="Checkout", version=2)
    assert await scene.planned() == slot
    assert await _summary(scene) == "changed the name from Payments webhook to Checkout"


async def test_asking_something_else_runs_at_once(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.jump(NOON + timedelta(seconds=30))

    await _edit(scene, checks=(_asking("http://127.0.0.1:9000/other"),))

    (leased,) = await scene.lease()
    assert (leased.slot.at, leased.check.version) == (scene.now, 2)
    assert (await scene.service()).health is ServiceHealth.UNKNOWN


async def test_a_run_under_way_does_not_answer_the_new_question(scene: Scene) -> None:
    (leased,) = await scene.lease()
    await _edit(scene, checks=(_asking("http://127.0.0.1:9000/other"),))
    planned = await scene.planned()

    await scene.found(leased, Outcome.FAIL)

    assert (await scene.service()).checks[0].state.bad == 0
    assert await scene.planned() == planned


async def test_asking_something_else_ends_the_incident_and_tells_those_who_know(
    scene: Scene,
) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await _edit(scene, checks=(_asking("http://127.0.0.1:9000/other"),))

    assert (await scene.incidents())[0].resolution is Resolution.RECONFIGURED
    assert await scene.kinds() == [NoticeKind.DOWN, NoticeKind.RECONFIGURED]


async def test_a_new_period_begins_now(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.jump(NOON + timedelta(seconds=30))

    await _edit(scene, every=timedelta(minutes=5))
    await scene.run(Outcome.OK)

    slot = await scene.planned()
    assert slot is not None
    assert slot.at == grid_of(CHECK, timedelta(minutes=5), NOON + timedelta(seconds=30)).anchor
    assert await _summary_of_edit(scene) == (
        "changed the period from every minute to every 5 minutes"
    )


async def _summary_of_edit(scene: Scene) -> str:
    return next(row.summary for row in await scene.audit() if row.action == "service.edited")


async def test_a_new_period_leaves_no_slot_missed(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.jump(NOON + timedelta(seconds=30))
    await _edit(scene, every=timedelta(minutes=5))

    await scene.runs(outcomes("oo"))

    assert {result.outcome for result in await scene.results()} == {Outcome.OK}


async def test_a_new_period_lets_a_confirmation_go_on(scene: Scene) -> None:
    await scene.runs(outcomes("of"))
    reprobe = await scene.planned()

    await _edit(scene, every=timedelta(minutes=5))

    assert await scene.planned() == reprobe


async def test_the_same_period_again_changes_nothing(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    planned = await scene.planned()

    await _edit(scene, every=MINUTE)

    assert await scene.planned() == planned
    assert await _summary(scene) == "saved it without a change"


async def test_a_check_that_is_left_out_is_deleted(scene: Scene) -> None:
    (leased,) = await scene.lease()

    await _edit(scene, checks=(a_check(id=OTHER),))
    await scene.found(leased, Outcome.OK)

    assert [check.id for check in (await scene.service()).checks] == [OTHER]
    assert await scene.results() == []


EDITS: dict[str, tuple[Callable[[Check], Check], str]] = {
    "the limit": (
        lambda check: replace(check, answers_within=timedelta(milliseconds=800)),
        "changed the limit from none to 800 ms",
    ),
    "the timeout": (
        lambda check: replace(check, timeout=timedelta(seconds=3)),
        "changed the timeout from 10000 ms to 3000 ms",
    ),
    "the confirmation": (
        lambda check: replace(check, confirmation=Confirmation(down=5)),
        "changed the failures that make it down from 3 to 5",
    ),
    "the recovery": (
        lambda check: replace(check, confirmation=Confirmation(up=2)),
        "changed the good results that make it up from 1 to 2",
    ),
    "what is good": (lambda check: replace(check, upside_down=True), "turned it upside down"),
    "the address": (
        lambda check: replace(
            check, options=HttpOptions(method="POST", url="http://u:secret@127.0.0.1/x?key=secret")
        ),
        "changed the request from GET http://127.0.0.1:9000/health to POST http://127.0.0.1/x",
    ),
    "a secret": (
        lambda check: replace(check, options=a_check(headers={"Authorization": "secret"}).options),
        "changed the request",
    ),
}


@pytest.mark.parametrize(("change", "summary"), EDITS.values(), ids=EDITS)
async def test_the_history_says_what_an_edit_changed(
    scene: Scene, change: Callable[[Check], Check], summary: str
) -> None:
    check = (await scene.service()).checks[0]

    await _edit(scene, checks=(change(check),))

    assert await _summary_of_edit(scene) == summary


# Recipients -------------------------------------------------------------------------------------


async def test_a_new_recipient_of_an_open_incident_is_told_late(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()
    elsa = a_recipient("elsa@example.org", id=ELSA)

    await _edit(scene, recipients=(a_recipient(), elsa))

    down, late = await scene.owed()
    assert (late.address, late.facts["late"], down.facts["late"]) == (
        "elsa@example.org",
        True,
        False,
    )
    assert "outbox" in scene.rings


async def test_one_who_was_told_late_hears_of_the_end_as_well(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await _edit(scene, recipients=(a_recipient(), a_recipient("elsa@example.org", id=ELSA)))

    await scene.run(Outcome.OK)

    ends = [notice for notice in await scene.owed() if notice.kind is NoticeKind.UP]
    assert [(notice.address, notice.facts["late"]) for notice in ends] == [
        ("mara@example.org", False),
        ("elsa@example.org", False),
    ]


async def test_a_stranger_is_told_from_the_confirmation_on(scene: Scene) -> None:
    stranger = a_recipient("elsa@example.org", id=ELSA, confirmed_at=None)
    await _edit(scene, recipients=(a_recipient(), stranger))
    await scene.runs(outcomes("offf"))
    before = len(await scene.owed())

    await scene.handle(ConfirmRecipient(recipient_id=ELSA, at=scene.now))

    assert (before, len(await scene.owed())) == (1, 2)
    assert await _summary(scene) == "elsa@example.org confirmed to be told"


async def test_confirming_twice_changes_nothing(scene: Scene) -> None:
    events = await scene.handle(
        ConfirmRecipient(recipient_id=a_recipient().id, at=scene.now + MINUTE)
    )

    assert events == ()


async def test_a_recipient_who_is_taken_off_is_told_nothing_that_waits(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))

    await _edit(scene, recipients=())

    assert await scene.owed() == []
    assert await _summary(scene) == "changed who is told"


async def test_one_who_leaves_is_told_nothing_that_waits(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))

    await scene.handle(RemoveRecipient(recipient_id=a_recipient().id, at=scene.now))

    assert await scene.owed() == []
    assert await _summary(scene) == "mara@example.org left the list"


@pytest.mark.parametrize(("name", "who"), [("Mara Lind", "Mara Lind"), ("", "a member")])
async def test_the_address_of_a_member_who_leaves_is_not_in_the_history(
    scene: Scene, name: str, who: str
) -> None:
    member = replace(a_recipient(account_id=AccountId("mara")), name=name)
    await scene.watch(recipients=[member])

    await scene.handle(RemoveRecipient(recipient_id=member.id, at=scene.now))

    assert await _summary(scene) == f"{who} left the list"


async def test_without_an_open_incident_a_new_recipient_is_told_nothing(scene: Scene) -> None:
    await _edit(scene, recipients=(a_recipient("elsa@example.org", id=ELSA),))

    assert await scene.owed() == []


# Pause, resume, delete ----------------------------------------------------------------------------


async def test_a_paused_service_is_not_due(scene: Scene) -> None:
    await _pause(scene)
    scene.clock.advance(timedelta(days=1))

    assert await scene.lease() == []
    assert (await scene.service()).mode is Mode.PAUSED


async def test_pausing_tells_those_who_know_and_says_nothing_of_recovery(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await _pause(scene)

    assert await scene.kinds() == [NoticeKind.DOWN, NoticeKind.PAUSED]


async def test_a_resumed_service_is_due_at_once_and_its_pause_is_no_gap(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await _pause(scene)
    scene.clock.advance(timedelta(days=1))

    await _resume(scene)
    await scene.run(Outcome.OK)

    assert [result.outcome for result in await scene.results()] == [Outcome.OK, Outcome.OK]
    assert [kind for kind, _ in await scene.spans()] == [
        TimeKind.UP,
        TimeKind.PAUSED,
        TimeKind.UP,
    ]


@pytest.mark.parametrize("again", [_pause, _resume], ids=["pause", "resume"])
async def test_twice_is_once(scene: Scene, again: Callable[[Scene], object]) -> None:
    await _pause(scene)
    if again is _resume:
        await _resume(scene)
    before, history = await scene.service(), await scene.audit()

    await (_pause(scene) if again is _pause else _resume(scene))

    assert (await scene.service(), await scene.audit()) == (before, history)


async def test_a_deleted_service_is_gone_and_those_who_know_are_told(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await scene.handle(DeleteService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    with pytest.raises(NotFoundError):
        await scene.service()
    assert (await scene.incidents())[0].resolution is Resolution.DELETED
    assert await scene.kinds() == [NoticeKind.DOWN, NoticeKind.DELETED]
    scene.clock.advance(timedelta(days=1))
    assert await scene.lease() == []


async def test_what_waits_about_a_deleted_service_is_told_to_nobody(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))

    await scene.handle(DeleteService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    assert await scene.owed() == []


async def test_the_last_check_stays(scene: Scene) -> None:
    command = DeleteCheck(check_id=CHECK, service_id=SERVICE, by=ACCOUNT, at=scene.now)

    with pytest.raises(InvalidInputError, match="Delete the service instead"):
        await scene.handle(command)


async def test_a_check_that_is_not_there_cannot_be_deleted(scene: Scene) -> None:
    command = DeleteCheck(check_id=OTHER, service_id=SERVICE, by=ACCOUNT, at=scene.now)

    with pytest.raises(NotFoundError):
        await scene.handle(command)


async def test_deleting_the_check_that_is_down_ends_the_incident() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await scene.runs(outcomes("fff"))

    await scene.handle(DeleteCheck(check_id=CHECK, service_id=SERVICE, by=ACCOUNT, at=scene.now))

    assert (await scene.incidents())[0].resolution is Resolution.RECONFIGURED
    assert await _summary(scene) == "removed GET http://127.0.0.1:9000/health"


# Check now ----------------------------------------------------------------------------------------


async def _check_now(scene: Scene) -> None:
    await scene.handle(ExecuteChecks(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def test_check_now_is_due_now_and_leaves_the_grid_as_it_is(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.jump(NOON + timedelta(seconds=30))

    await _check_now(scene)
    await scene.run(Outcome.OK)

    slot = await scene.planned()
    assert slot is not None
    assert slot.at == NOON + MINUTE
    assert (await scene.results())[0].slot == NOON + timedelta(seconds=30)
    assert "schedule" in scene.rings


async def test_check_now_lets_a_confirmation_go_on(scene: Scene) -> None:
    await scene.runs(outcomes("of"))
    reprobe = await scene.planned()

    await _check_now(scene)

    assert await scene.planned() == reprobe


async def test_a_run_under_way_is_what_check_now_asks_for(scene: Scene) -> None:
    (under_way,) = await scene.lease()
    scene.clock.advance(timedelta(seconds=5))

    await _check_now(scene)
    assert await scene.lease() == []
    await scene.found(under_way, Outcome.OK)

    assert (await scene.service()).health is ServiceHealth.UP


async def test_an_outage_is_found_however_impatient_people_are(scene: Scene) -> None:
    for _ in range(3):
        slot = await scene.planned()
        assert slot is not None
        scene.clock.jump(max(slot.due_at, scene.now))
        (under_way,) = await scene.lease()
        scene.clock.advance(timedelta(seconds=8))
        await _check_now(scene)
        await scene.found(under_way, Outcome.FAIL)

    assert (await scene.service()).health is ServiceHealth.DOWN


async def test_a_thousand_times_check_now_is_one_run(scene: Scene) -> None:
    for _ in range(1000):
        await _check_now(scene)

    assert len(await scene.lease()) == 1
    assert await scene.lease() == []


async def test_a_paused_service_is_not_checked_now(scene: Scene) -> None:
    await _pause(scene)

    with pytest.raises(InvalidInputError, match="Resume it"):
        await _check_now(scene)


# Hints --------------------------------------------------------------------------------------------

COMMANDS: dict[str, Callable[[Scene], Command]] = {
    "pause": lambda scene: PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now),
    "check now": lambda scene: ExecuteChecks(service_id=SERVICE, by=ACCOUNT, at=scene.now),
    "delete": lambda scene: DeleteService(service_id=SERVICE, by=ACCOUNT, at=scene.now),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
async def test_screens_hear_of_what_people_do(
    scene: Scene, command: Callable[[Scene], Command]
) -> None:
    heard = await hints(scene.broker, lambda: scene.handle(command(scene)))

    assert [(hint.kind, hint.id) for hint in heard] == [("service", SERVICE)]
    assert heard[0].version >= 1


# Asked too often ----------------------------------------------------------------------------------


async def test_what_is_asked_again_in_the_same_second_waits_for_the_next(scene: Scene) -> None:
    await scene.run(Outcome.OK)

    await _check_now(scene)

    slot = await scene.planned()
    assert slot is not None
    assert slot.due_at == NOON + timedelta(seconds=1)


async def test_many_edits_leave_one_run_a_second_and_one_chain(scene: Scene) -> None:
    asked: list[datetime] = []

    for number in range(500):
        scene.clock.advance(timedelta(milliseconds=20))
        await _edit(scene, checks=(a_check(url=f"http://127.0.0.1:9000/{number}"),))
        for leased in await scene.lease():
            asked.append(scene.now)
            scene.held[leased.check.id] = leased

    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert len(asked) == 10
    assert min(gaps) >= timedelta(seconds=1)
    assert len(await scene.ask(lambda uow: uow.checks.plans([CHECK]))) == 1


async def test_an_edit_does_not_wait_for_a_run_that_is_long_over(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.advance(timedelta(seconds=30))

    await _edit(scene, checks=(a_check(url="http://127.0.0.1:9000/other"),))

    slot = await scene.planned()
    assert slot is not None
    assert slot.due_at == scene.now
