"""What was found becomes what is known, in one transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.check import Confirmation
from allgreen.domain.commands import PauseService, RecordResults
from allgreen.domain.events import IncidentOpened
from allgreen.domain.identity import CheckId
from allgreen.domain.incident import IncidentState
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.result import SlotKey
from allgreen.domain.status import Outcome, ServiceHealth, TimeKind
from allgreen.errors import StorageFullError
from allgreen.monitoring.bus import Turn
from allgreen.monitoring.handlers.parking import PARKED_FOR
from allgreen.ports import UnitOfWork
from allgreen.testing import (
    ACCOUNT,
    CHECK,
    MINUTE,
    NOON,
    SERVICE,
    WORKSPACE,
    a_check,
    a_recipient,
    a_result,
    outcomes,
)
from tests.unit.monitoring.scene import Scene, hints

OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.watch()
    return scene


async def test_a_good_result_makes_a_service_up(scene: Scene) -> None:
    await scene.run(Outcome.OK)

    service = await scene.service()
    assert service.health is ServiceHealth.UP
    assert [result.outcome for result in await scene.results()] == [Outcome.OK]
    assert await scene.owed() == []


async def test_the_next_run_is_the_next_slot_of_the_grid(scene: Scene) -> None:
    await scene.run(Outcome.OK)

    slot = await scene.planned()
    assert slot is not None
    assert (slot.at, slot.attempt, slot.due_at) == (NOON + MINUTE, 1, NOON + MINUTE)


async def test_a_failure_is_confirmed_five_and_ten_seconds_later(scene: Scene) -> None:
    due = []
    for outcome in outcomes("off"):
        await scene.run(outcome)
        slot = await scene.planned()
        assert slot is not None
        due.append((slot.attempt, (slot.due_at - scene.now).total_seconds()))

    assert due[1:] == [(2, 5), (3, 10)]


async def test_third_failure_opens_an_incident(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))

    service = await scene.service()
    incidents = await scene.incidents()
    assert service.health is ServiceHealth.DOWN
    assert [incident.state for incident in incidents] == [IncidentState.OPEN]
    assert incidents[0].began_at == NOON + MINUTE
    assert service.incident == incidents[0]


async def test_state_incident_history_and_messages_are_kept_together(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))

    rows = [row for row in await scene.audit() if row.action == "service.health"]
    assert [dict(row.after) for row in rows] == [{"health": "up"}, {"health": "down"}]
    assert await scene.spans() == [(TimeKind.UP, NOON), (TimeKind.DOWN, NOON + MINUTE)]
    assert await scene.kinds() == [NoticeKind.DOWN]


async def test_nothing_is_kept_when_one_part_fails(scene: Scene) -> None:
    await scene.runs(outcomes("off"))
    command = RecordResults(
        results=(a_result(Outcome.FAIL, slot=NOON + MINUTE, attempt=3, fence=9),), at=scene.now
    )

    async with scene.storage.unit_of_work() as uow:
        await scene.bus.handle(command, uow)

    assert (await scene.service()).health is ServiceHealth.UP
    assert await scene.incidents() == []
    assert len(await scene.results()) == 3


async def test_a_good_result_ends_the_incident_and_tells(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await scene.run(Outcome.OK)

    ended = (await scene.incidents())[0]
    assert ended.state is IncidentState.RESOLVED
    assert ended.ended_at == NOON + 2 * MINUTE
    assert await scene.kinds() == [NoticeKind.DOWN, NoticeKind.UP]


async def test_both_messages_stay_in_order_while_the_first_still_waits(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))

    sent = await scene.send_all()

    assert [notice.kind for notice in sent] == [NoticeKind.DOWN, NoticeKind.UP]


async def test_each_transition_is_one_row_of_the_history(scene: Scene) -> None:
    await scene.runs(outcomes("offfosss"))

    rows = [row for row in await scene.audit() if row.action == "service.health"]
    assert [row.after["health"] for row in rows] == ["up", "down", "up", "degraded"]
    assert len(rows) == (await scene.service()).revision


# What belongs to the history only ---------------------------------------------------------------


async def test_a_result_of_an_old_lease_is_history_only(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.jump(NOON + MINUTE)
    (lost,) = await scene.lease()
    scene.clock.advance(timedelta(minutes=3))
    (again,) = await scene.lease()

    await scene.found(lost, Outcome.FAIL)

    assert (await scene.service()).checks[0].state.bad == 0
    assert len(await scene.results()) == 2
    await scene.found(again, Outcome.OK)
    assert (await scene.service()).health is ServiceHealth.UP


async def test_a_result_of_an_old_lease_plans_nothing(scene: Scene) -> None:
    (lost,) = await scene.lease()
    scene.clock.advance(timedelta(minutes=3))
    await scene.lease()
    before = await scene.planned()

    await scene.found(lost, Outcome.OK)

    assert await scene.planned() == before


async def test_the_same_result_twice_is_stored_and_evaluated_once(scene: Scene) -> None:
    result = await scene.run(Outcome.FAIL)

    await scene.record(result, result)

    assert len(await scene.results()) == 1
    assert (await scene.service()).checks[0].state.bad == 1


async def test_results_of_a_paused_service_are_history_only(scene: Scene) -> None:
    (leased,) = await scene.lease()
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    await scene.found(leased, Outcome.FAIL)

    assert (await scene.service()).checks[0].state.bad == 0
    assert len(await scene.results()) == 1


async def test_a_result_of_an_unknown_version_is_history_only(scene: Scene) -> None:
    before = await scene.planned()

    await scene.record(a_result(Outcome.FAIL, version=9, fence=99))

    assert (await scene.service()).checks[0].state.bad == 0
    assert await scene.planned() == before
    assert len(await scene.results()) == 1


async def test_results_of_checks_that_are_gone_are_dropped(scene: Scene) -> None:
    await scene.record(a_result(check_id=OTHER))

    assert await scene.results(OTHER) == []


async def test_results_are_evaluated_in_the_order_of_slots(scene: Scene) -> None:
    late_first = [
        a_result(Outcome.FAIL, slot=NOON, attempt=attempt, fence=1) for attempt in (3, 1, 2)
    ]

    await scene.record(*late_first)

    assert (await scene.service()).health is ServiceHealth.DOWN
    assert (await scene.incidents())[0].began_at == NOON


# Gaps ---------------------------------------------------------------------------------------------


async def test_slots_that_passed_unrun_are_written_down(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.advance(timedelta(minutes=5))

    await scene.run(Outcome.OK)

    stored = [result.outcome for result in reversed(await scene.results())]
    assert stored == [Outcome.OK, *[Outcome.MISSED] * 4, Outcome.OK]


async def test_a_gap_counts_as_unknown_and_opens_no_incident(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.advance(timedelta(hours=10))

    await scene.run(Outcome.OK)

    assert await scene.incidents() == []
    assert [kind for kind, _ in await scene.spans()] == [
        TimeKind.UP,
        TimeKind.UNKNOWN,
        TimeKind.UP,
    ]


async def test_a_gap_of_forty_days_is_one_run_and_a_hundred_rows(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    scene.clock.advance(timedelta(days=40))

    await scene.run(Outcome.OK)

    assert len(await scene.results()) == 102
    assert (await scene.service()).health is ServiceHealth.UP


async def test_sums_of_a_gap_are_made_anew(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await scene.ask(lambda uow: uow.roll_ups.take_dirty(limit=100))
    scene.clock.advance(timedelta(hours=3))

    await scene.run(Outcome.OK)

    marks = await scene.ask(lambda uow: uow.roll_ups.take_dirty(limit=100))
    assert [mark.hour for mark in marks] == [NOON + timedelta(hours=n) for n in range(4)]


async def test_a_result_marks_only_its_own_hour(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await scene.ask(lambda uow: uow.roll_ups.take_dirty(limit=100))

    await scene.run(Outcome.OK)

    marks = await scene.ask(lambda uow: uow.roll_ups.take_dirty(limit=100))
    assert [mark.hour for mark in marks] == [NOON]


# Who is told --------------------------------------------------------------------------------------


async def test_unconfirmed_recipients_are_told_nothing() -> None:
    scene = Scene()
    await scene.watch(recipients=[a_recipient(confirmed_at=None)])

    await scene.runs(outcomes("offfo"))

    assert await scene.owed() == []


async def test_the_facts_of_an_outage_are_frozen(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))

    facts = (await scene.owed())[0].facts
    expected = {
        "service_name": "Payments webhook",
        "workspace_name": "Nordlys",
        "reason": "503 instead of 200",
        "message": "It answered 503.",
        "expected": "200",
        "got": "503, after 12 ms",
        "request": "GET http://127.0.0.1:9000/health",
        "attempts": 3,
        "period": "every minute",
        "began_at": (NOON + MINUTE).isoformat(),
        "ended_at": None,
        "told_others": 0,
        "strip14": "n" * 13 + "p",
        "zone": "UTC",
        "late": False,
    }
    assert {name: facts[name] for name in expected} == expected


async def test_the_end_tells_how_long_it_lasted(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))

    facts = (await scene.owed())[1].facts
    assert (facts["duration_s"], facts["health"]) == (60.0, "up")
    assert facts["ended_at"] == (NOON + 2 * MINUTE).isoformat()


async def test_those_whose_message_was_refused_hear_of_no_end(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    (leased,) = await scene.ask(
        lambda uow: uow.outbox.lease(now=scene.now, limit=1, lease_for=MINUTE)
    )
    await scene.ask(lambda uow: uow.outbox.mark_dead(leased, at=scene.now, error="550"))

    await scene.run(Outcome.OK)

    assert [notice.state for notice in await scene.owed()] == [NoticeState.DEAD]


async def test_those_who_left_meanwhile_hear_of_no_end(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()
    await scene.ask(lambda uow: uow.recipients.remove(a_recipient().id))

    await scene.run(Outcome.OK)

    assert await scene.kinds() == [NoticeKind.DOWN]


async def test_a_target_that_stays_blocked_is_told_to_the_admins_once(scene: Scene) -> None:
    await scene.runs(outcomes("obbbbbb"))

    sent = await scene.send_all()

    assert [(notice.kind, notice.address) for notice in sent] == [
        (NoticeKind.BLOCKED, "admin@example.org")
    ]
    assert [row.action for row in await scene.audit()].count("service.blocked") == 1


async def test_admins_are_told_which_check_is_blocked() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER, url="http://127.0.0.2/"))
    await scene.runs(outcomes("o"))

    await scene.runs(outcomes("bbb"), OTHER)

    (told,) = await scene.send_all()
    assert told.facts["request"] == "GET http://127.0.0.2/"


# Several checks, several services -----------------------------------------------------------------


async def test_one_incident_covers_all_checks_of_a_service() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))

    await scene.runs(outcomes("fff"))
    await scene.runs(outcomes("fff"), OTHER)
    await scene.run(Outcome.OK)
    still_open = (await scene.service()).incident
    await scene.run(Outcome.OK, OTHER)

    assert still_open is not None
    assert len(await scene.incidents()) == 1
    assert await scene.kinds() == [NoticeKind.DOWN, NoticeKind.UP]


async def test_slow_for_long_is_degraded_and_tells_nobody() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(slow=2)))

    await scene.runs(outcomes("oss"))

    assert (await scene.service()).health is ServiceHealth.DEGRADED
    assert await scene.owed() == []


# Hints --------------------------------------------------------------------------------------------


async def test_screens_hear_of_results_and_turns(scene: Scene) -> None:
    await scene.runs(outcomes("off"))

    heard = await hints(scene.broker, lambda: scene.run(Outcome.FAIL))

    incident = (await scene.incidents())[0]
    assert [(hint.kind, hint.id) for hint in heard] == [
        ("result", SERVICE),
        ("service", SERVICE),
        ("incident", incident.id),
    ]
    assert {hint.workspace_id for hint in heard} == {WORKSPACE}


async def test_the_dispatcher_is_woken_only_when_something_is_owed(scene: Scene) -> None:
    scene.rings.clear()

    await scene.runs(outcomes("off"))
    before = list(scene.rings)
    await scene.run(Outcome.FAIL)

    assert (before, scene.rings) == ([], ["outbox"])


# A poisoned service -------------------------------------------------------------------------------


async def test_a_result_that_cannot_be_evaluated_parks_its_check_and_no_other() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await scene.runs(outcomes("o"))
    await scene.runs(outcomes("o"), OTHER)
    scene.clock.jump(NOON + MINUTE)
    poisoned, healthy = sorted(await scene.lease(), key=lambda leased: leased.check.id)

    odd = a_result(Outcome.FAIL, slot=poisoned.slot.at, fence=poisoned.fence)
    fine = a_result(slot=healthy.slot.at, fence=healthy.fence, check_id=OTHER)
    await _poison(scene)
    await scene.record(odd, fine)

    service = await scene.service()
    assert service.check(CHECK).state.health is ServiceHealth.UNKNOWN
    assert service.check(OTHER).state.last == fine.key
    assert [row.action for row in await scene.audit()].count("check.parked") == 1


async def test_a_parked_check_is_run_again_after_a_while_and_told_once() -> None:
    scene = Scene()
    await scene.watch()
    await scene.run(Outcome.OK)
    await _poison(scene)
    await scene.run(Outcome.FAIL)
    slot = await scene.planned()
    await _poison(scene)

    await scene.run(Outcome.FAIL)

    assert slot is not None
    assert slot.due_at - NOON > PARKED_FOR
    assert [row.action for row in await scene.audit()].count("check.parked") == 1


async def test_a_parked_check_comes_back_with_its_first_good_result(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await _poison(scene)
    await scene.run(Outcome.FAIL)

    await scene.run(Outcome.OK)

    assert (await scene.service()).health is ServiceHealth.UP


async def test_a_turn_that_cannot_be_kept_parks_its_service_and_keeps_the_results(
    scene: Scene,
) -> None:
    async def fail(_event: IncidentOpened, _turn: Turn) -> None:
        raise RuntimeError("a message that cannot be made")

    scene.bus.within(IncidentOpened, fail)

    await scene.runs(outcomes("offf"))

    assert (await scene.service()).health is ServiceHealth.UNKNOWN
    assert (await scene.incidents(), await scene.owed()) == ([], [])
    assert len(await scene.results()) == 4


async def test_a_storage_that_fails_parks_nothing(scene: Scene) -> None:
    async def fail(_event: IncidentOpened, _turn: Turn) -> None:
        raise StorageFullError("The disk is full.")

    scene.bus.within(IncidentOpened, fail)
    await scene.runs(outcomes("off"))

    with pytest.raises(StorageFullError):
        await scene.run(Outcome.FAIL)

    assert (await scene.service()).checks[0].state.bad == 2
    assert len(await scene.results()) == 3


async def test_a_storage_that_fails_while_one_is_poisoned_parks_nothing(scene: Scene) -> None:
    told = 0

    async def fail(_event: IncidentOpened, _turn: Turn) -> None:
        nonlocal told
        told += 1
        if told == 1:  # all at once; then one by one
            raise RuntimeError("a message that cannot be made")
        raise StorageFullError("The disk is full.")

    scene.bus.within(IncidentOpened, fail)
    await scene.runs(outcomes("off"))

    with pytest.raises(StorageFullError):
        await scene.run(Outcome.FAIL)

    assert (await scene.service()).checks[0].state.bad == 2
    assert len(await scene.results()) == 3


async def _poison(scene: Scene) -> None:
    """Store a state that no evaluation can go on from: a time without a zone is not comparable."""

    async def change(uow: UnitOfWork) -> None:
        service = await uow.services.get(SERVICE)
        check = service.check(CHECK)
        state = replace(check.state, last=SlotKey(NOON.replace(tzinfo=None)))
        checks = [replace(one, state=state) if one.id == CHECK else one for one in service.checks]
        await uow.services.save_states([replace(service, checks=tuple(checks))])

    await scene.ask(change)
