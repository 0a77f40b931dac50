"""Who hears what, and when nobody does: re-opened, flapping, quiet and long outages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from allgreen.domain.check import Confirmation, Slot
from allgreen.domain.commands import PauseService
from allgreen.domain.facts import Facts
from allgreen.domain.identity import CheckId, RecipientId, ServiceId, WindowId
from allgreen.domain.incident import Quiet
from allgreen.domain.maintenance import Window
from allgreen.domain.notice import NoticeKind
from allgreen.domain.result import Result
from allgreen.domain.service import Recipient
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.errors import InvalidInputError
from allgreen.monitoring.handlers.surroundings import roots_first
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
    a_result_of,
    a_service,
    outcomes,
)
from tests.unit.monitoring.scene import Scene

DATABASE = ServiceId("0198c000-0000-7000-8000-0000000000d0")
ITS_CHECK = CheckId("0198c000-0000-7000-8000-0000000000d1")
SECOND = timedelta(seconds=1)
DOWN, UP = NoticeKind.DOWN, NoticeKind.UP
FLAPPING, STEADY, REMINDER = NoticeKind.FLAPPING, NoticeKind.STEADY, NoticeKind.REMINDER


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.watch()
    return scene


# Down again at once --------------------------------------------------------------------------


async def test_down_again_within_five_minutes_is_the_same_incident(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))
    await scene.send_all()

    await scene.runs(outcomes("offf"))

    (incident,) = await scene.incidents()
    assert (incident.reopened, incident.ended_at) == (1, None)
    assert incident.began_at == NOON + MINUTE
    assert incident.outage_began_at == NOON + 4 * MINUTE
    assert await scene.kinds() == [DOWN, UP, DOWN]


async def test_each_outage_of_an_incident_has_messages_of_its_own(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))
    await scene.send_all()
    await scene.runs(outcomes("fffo"))

    notices = await scene.owed()

    assert [notice.key.split("/")[1:3] for notice in notices] == [
        ["down", "1"],
        ["up", "1"],
        ["down", "2"],
        ["up", "2"],
    ]
    last = Facts.from_json(notices[-1].facts)
    assert last.began_at == NOON + 3 * MINUTE
    assert last.duration is not None
    assert last.duration <= MINUTE


async def test_who_was_not_told_the_end_yet_hears_nothing_of_its_going_on(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()
    await scene.runs(outcomes("offf"))

    kinds = await scene.kinds()
    await scene.run(Outcome.OK)

    assert kinds == [DOWN]
    assert await scene.kinds() == [DOWN, UP]


async def test_down_again_after_five_minutes_is_another_incident(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))
    await scene.runs(outcomes("oooooofff"))

    assert [incident.reopened for incident in await scene.incidents()] == [0, 0]


async def test_an_outage_after_the_clock_was_set_back_is_another_one_and_told_at_once(
    scene: Scene,
) -> None:
    await scene.runs(outcomes("offfo"))
    await scene.send_all()
    scene.clock.jump(scene.now - timedelta(hours=1))
    await scene.ask(lambda uow: uow.checks.plan_many({CHECK: Slot(at=scene.now, due_at=scene.now)}))
    service = await scene.service()
    state = replace(service.check(CHECK).state, last=None, last_evidence_at=None, since=None)
    fresh = replace(service, checks=(replace(service.check(CHECK), state=state),))
    await scene.ask(lambda uow: uow.services.save([fresh]))

    await scene.runs(outcomes("fff"))

    assert [incident.reopened for incident in await scene.incidents()] == [0, 0]
    assert [notice.kind for notice in await scene.send_all()] == [DOWN]


async def test_what_ended_by_a_pause_does_not_go_on(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    (incident,) = await scene.incidents()

    assert not incident.may_reopen(scene.now)


# Flapping ------------------------------------------------------------------------------------


async def flap(scene: Scene, turns: int) -> None:
    """Turn so often, one outage or one recovery each, and send what is owed."""
    for place in range(turns):
        await scene.runs(outcomes("fff" if place % 2 == 0 else "oo"))
        await scene.send_all()


async def test_the_fifth_turn_is_told_as_flapping_and_the_next_ones_not_at_all(
    scene: Scene,
) -> None:
    await scene.run(Outcome.OK)

    await flap(scene, 12)

    assert await scene.kinds() == [DOWN, UP, DOWN, UP, FLAPPING]
    assert (await scene.service()).flaps.is_flapping


async def test_a_flapping_service_recovers_only_after_two_good_results(scene: Scene) -> None:
    await flap(scene, 5)

    await scene.run(Outcome.OK)
    after_one = (await scene.service()).health
    await scene.run(Outcome.OK)

    assert after_one is ServiceHealth.DOWN
    assert (await scene.service()).health is ServiceHealth.UP


async def test_people_hear_every_hour_that_it_still_flaps(scene: Scene) -> None:
    begin = scene.now
    while scene.now - begin < timedelta(hours=2, minutes=20):
        await flap(scene, 2)

    kinds = await every_kind(scene)
    assert kinds.count(FLAPPING) == 3


async def test_a_target_that_is_down_every_other_slot_is_never_called_steady(
    scene: Scene,
) -> None:
    begin = scene.now
    while scene.now - begin < timedelta(minutes=100):
        await scene.runs(outcomes("fffo"))
        await scene.send_all()

    kinds = await every_kind(scene)

    assert kinds[:5] == [DOWN, UP, DOWN, UP, FLAPPING]
    assert set(kinds[5:]) == {FLAPPING}


async def test_what_lasts_after_flapping_is_told_once(scene: Scene) -> None:
    await flap(scene, 6)
    await scene.runs(outcomes("o" * 35))
    await scene.send_all()

    kinds = await every_kind(scene)

    assert kinds[-1] is STEADY
    assert kinds.count(STEADY) == 1
    assert not (await scene.service()).flaps.is_flapping


async def test_an_outage_that_lasts_after_flapping_ends_with_the_good_news(scene: Scene) -> None:
    await flap(scene, 5)
    await scene.runs(outcomes("f" * 35))
    told = await every_kind(scene)
    await scene.run(Outcome.OK)

    assert told[-1] is STEADY
    assert (await every_kind(scene))[-1] is UP


async def test_nobody_on_the_list_nobody_told_of_flapping() -> None:
    scene = Scene()
    await scene.watch(recipients=[])

    await flap(scene, 6)

    assert await every_kind(scene) == []


async def test_a_pause_ends_the_flapping_without_a_word(scene: Scene) -> None:
    await flap(scene, 5)

    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    assert not (await scene.service()).flaps.is_flapping
    assert await scene.kinds() == [DOWN, UP, DOWN, UP, FLAPPING]


async def test_a_pause_forgets_the_flapping_also_while_it_is_up(scene: Scene) -> None:
    await flap(scene, 6)

    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    assert not (await scene.service()).flaps.turns


async def test_flapping_stands_in_the_history(scene: Scene) -> None:
    await flap(scene, 6)
    await scene.runs(outcomes("o" * 35))

    actions = [row.action for row in await scene.audit()]

    assert actions.count("service.flapping") == 1
    assert actions.count("service.steady") == 1


async def test_who_joins_while_it_flaps_is_told_with_the_others_later(scene: Scene) -> None:
    await flap(scene, 5)

    await scene.edit(recipients=[a_recipient(), joining()])

    assert [notice.address for notice in await scene.send_all()] == []


# Maintenance ---------------------------------------------------------------------------------


async def open_window(scene: Scene, begin: datetime, end: datetime) -> None:
    window = Window(
        id=WindowId("0198c000-0000-7000-8000-0000000000e0"),
        workspace_id=WORKSPACE,
        name="Upgrade",
        first=begin.date(),
        at=time(begin.hour, begin.minute),
        duration=end - begin,
        holds_from=NOON - timedelta(days=1),
    )
    await scene.ask(lambda uow: uow.windows.save([window]))


async def test_an_outage_inside_a_window_is_kept_quiet(scene: Scene) -> None:
    await open_window(scene, NOON, NOON + 10 * MINUTE)

    await scene.runs(outcomes("offff"))

    (incident,) = await scene.incidents()
    assert incident.quiet is Quiet.MAINTENANCE
    assert (await scene.service()).health is ServiceHealth.DOWN
    assert await scene.owed() == []


async def test_an_outage_that_ends_inside_the_window_is_never_told(scene: Scene) -> None:
    await open_window(scene, NOON, NOON + 10 * MINUTE)

    await scene.runs(outcomes("offffo"))

    assert await scene.owed() == []


async def test_an_outage_that_outlasts_its_window_begins_with_the_end_of_it(scene: Scene) -> None:
    end = NOON + 10 * MINUTE
    await open_window(scene, NOON, end)

    await scene.runs(outcomes("offf" + "f" * 12))

    (incident,) = await scene.incidents()
    assert incident.quiet is None
    assert incident.began_at == end
    assert await scene.kinds() == [DOWN]
    facts = Facts.from_json((await scene.owed())[0].facts)
    assert facts.began_at == end
    assert "incident.released" in [row.action for row in await scene.audit()]


async def test_an_outage_that_is_confirmed_just_after_a_window_begins_with_its_end(
    scene: Scene,
) -> None:
    await open_window(scene, NOON, NOON + 2 * MINUTE)
    scene.clock.jump(NOON + 1.99 * MINUTE)

    await scene.runs(outcomes("fff"))

    (incident,) = await scene.incidents()
    assert (incident.quiet, incident.began_at) == (None, NOON + 2 * MINUTE)


async def test_what_was_found_inside_a_window_is_no_news_after_it(scene: Scene) -> None:
    end = NOON + 5 * MINUTE
    await open_window(scene, NOON, end)
    await scene.runs(outcomes("offff"))
    scene.clock.jump(end - timedelta(seconds=5))
    service = await scene.service()
    slot = Slot(at=scene.now, due_at=scene.now)
    await scene.ask(lambda uow: uow.checks.plan_many({CHECK: slot}))
    (leased,) = await scene.lease()
    found = a_result_of(leased, Outcome.FAIL, at=scene.now)
    scene.clock.jump(end + timedelta(seconds=5))

    await scene.record(replace(found, finished_at=scene.now))
    at_once = await scene.owed()
    again = await scene.planned()
    await scene.run(Outcome.FAIL)

    assert service.health is ServiceHealth.DOWN
    assert at_once == []
    assert again is not None
    assert again.due_at <= end + timedelta(seconds=6)
    assert await scene.kinds() == [DOWN]


async def test_a_window_says_nothing_of_an_outage_that_is_told_already(scene: Scene) -> None:
    await open_window(scene, NOON + 5 * MINUTE, NOON + 10 * MINUTE)
    await scene.edit(remind_every=MINUTE)
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await scene.runs(outcomes("f" * 8))
    muted = await scene.kinds()
    await scene.run(Outcome.OK)

    assert muted.count(REMINDER) == 2
    assert (await scene.kinds())[-1] is UP


# Dependencies --------------------------------------------------------------------------------


@pytest.fixture
async def pair(scene: Scene) -> Scene:
    """The service depends on a database, which nobody is told of."""
    check = a_check(id=ITS_CHECK, service_id=DATABASE)
    await scene.also_watch(check)
    await scene.edit(depends_on=[DATABASE])
    return scene


async def both(scene: Scene, page: str, database: str) -> None:
    """Run both checks, letter by letter."""
    for mine, its in zip(outcomes(page), outcomes(database), strict=True):
        await scene.run(its, ITS_CHECK)
        await scene.run(mine)


async def test_what_depends_on_a_service_that_is_down_is_no_news(pair: Scene) -> None:
    await both(pair, "offf", "offf")

    (incident,) = await pair.incidents()
    assert (incident.quiet, incident.blocked_by) == (Quiet.BLOCKED_BY, DATABASE)
    assert await pair.owed() == []


async def test_the_root_tells_members_which_services_are_down_with_it() -> None:
    scene = Scene()
    member = a_recipient(account_id=ACCOUNT)
    stranger = a_recipient("elsa@example.org", id=RecipientId("recipient-2"))
    await scene.watch(recipients=[stranger, member])
    page = a_check(id=ITS_CHECK, service_id=DATABASE)
    await scene.also_watch(page, name="Page", depends_on=[SERVICE])

    await scene.run(Outcome.OK)
    for outcome in outcomes("off"):
        await scene.run(outcome, ITS_CHECK)
    await scene.runs(outcomes("f"))
    await scene.run(Outcome.FAIL, ITS_CHECK)
    await scene.runs(outcomes("ff"))

    heard = {one.address: Facts.from_json(one.facts) for one in await scene.owed()}
    to_member, to_stranger = heard[member.address], heard[stranger.address]
    assert (to_member.affected, to_member.affected_count) == (("Page",), 1)
    assert (to_stranger.affected, to_stranger.affected_count) == ((), 1)
    assert (to_member.to_member, to_stranger.to_member) == (True, False)


async def test_a_stranger_hears_no_name_at_the_end_either() -> None:
    scene = Scene()
    member = a_recipient(account_id=ACCOUNT)
    stranger = a_recipient("elsa@example.org", id=RecipientId("recipient-2"))
    await scene.watch(recipients=[member, stranger])
    page = a_check(id=ITS_CHECK, service_id=DATABASE)
    await scene.also_watch(page, name="Page", depends_on=[SERVICE])
    await scene.run(Outcome.OK)
    for outcome in outcomes("off"):
        await scene.run(outcome, ITS_CHECK)
    await scene.runs(outcomes("f"))
    await scene.run(Outcome.FAIL, ITS_CHECK)

    await scene.runs(outcomes("ffo"))

    told = [one for one in await scene.owed() if one.address == stranger.address]
    assert [one.kind for one in told] == [DOWN, UP]
    assert "Page" not in str([one.facts for one in told])


async def test_a_failure_asks_at_once_what_it_may_come_from(pair: Scene) -> None:
    await both(pair, "o", "o")
    await pair.run(Outcome.FAIL)

    slot = await pair.planned(ITS_CHECK)

    assert slot is not None
    assert slot.due_at <= pair.now


async def test_an_outage_that_outlasts_its_root_is_told_then(pair: Scene) -> None:
    await both(pair, "offf", "offf")
    await pair.run(Outcome.OK, ITS_CHECK)

    asked = await pair.planned()
    await pair.run(Outcome.FAIL)

    assert asked is not None
    assert asked.due_at <= pair.now
    assert await pair.kinds() == [DOWN]
    (incident,) = await pair.incidents()
    assert (incident.quiet, incident.blocked_by) == (None, None)


async def test_an_outage_that_ends_with_its_root_is_never_told(pair: Scene) -> None:
    await both(pair, "offf", "offf")
    await pair.run(Outcome.OK, ITS_CHECK)
    await pair.run(Outcome.OK)

    assert await pair.owed() == []


async def test_who_joins_a_quiet_outage_hears_nothing_of_it(pair: Scene) -> None:
    await both(pair, "offf", "offf")

    await pair.edit(recipients=[a_recipient(), joining()])

    assert await pair.owed() == []


async def test_the_root_of_a_chain_is_the_one_at_its_top(pair: Scene) -> None:
    top = ServiceId("0198c000-0000-7000-8000-0000000000f0")
    its_check = CheckId("0198c000-0000-7000-8000-0000000000f1")
    await pair.also_watch(a_check(id=its_check, service_id=top), name="Network")
    database = await pair.service(DATABASE)
    await pair.ask(lambda uow: uow.services.save([replace(database, depends_on=(top,))]))
    for outcome in outcomes("offf"):
        await pair.run(outcome, its_check)
    await both(pair, "offf", "offf")

    (incident,) = await pair.incidents()

    assert incident.blocked_by == top


@pytest.mark.parametrize(
    ("depends_on", "code"),
    [
        ([SERVICE], "circle"),
        ([ServiceId("0198c000-0000-7000-8000-00000000dead")], "unknown"),
        ([ServiceId(f"0198c000-0000-7000-8000-00000000{n:04}") for n in range(21)], "too_many"),
    ],
    ids=["itself", "unknown", "too many"],
)
async def test_dependencies_that_make_no_sense_are_refused(
    scene: Scene, depends_on: Sequence[ServiceId], code: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await scene.edit(depends_on=depends_on)

    assert [problem.code for problem in refused.value.problems] == [code]


async def test_two_services_cannot_wait_for_each_other(scene: Scene) -> None:
    check = a_check(id=ITS_CHECK, service_id=DATABASE)
    await scene.also_watch(check, depends_on=[SERVICE])

    with pytest.raises(InvalidInputError):
        await scene.edit(depends_on=[DATABASE])


async def test_the_root_counts_also_when_both_are_found_in_the_same_moment(scene: Scene) -> None:
    once = Confirmation(down=1)
    await scene.also_watch(a_check(id=ITS_CHECK, service_id=DATABASE, confirmation=once))
    mine = replace((await scene.service()).check(CHECK), confirmation=once)
    await scene.edit(checks=[mine], depends_on=[DATABASE])

    leased = await scene.lease()
    failed = [a_result_of(each, Outcome.FAIL, at=scene.now) for each in leased]
    await scene.record(*sorted(failed, key=lambda result: result.check_id))

    assert len(failed) == 2
    (incident,) = await scene.incidents()
    assert (incident.quiet, incident.blocked_by) == (Quiet.BLOCKED_BY, DATABASE)


async def test_what_was_found_before_a_root_held_again_is_no_news_yet(pair: Scene) -> None:
    await both(pair, "offf", "offf")
    slot = await pair.planned()
    assert slot is not None
    pair.clock.jump(slot.due_at)
    pair.held |= {leased.check.id: leased for leased in await pair.lease()}
    mine, began_at = pair.held.pop(CHECK), pair.now
    await pair.run(Outcome.OK, ITS_CHECK)

    await pair.record(a_result_of(mine, Outcome.FAIL, at=began_at))
    at_once = await pair.owed()
    again = await pair.planned()
    pair.clock.advance(timedelta(seconds=2))
    await pair.run(Outcome.FAIL)

    assert at_once == []
    assert again is not None
    assert again.due_at <= pair.now
    assert await pair.kinds() == [DOWN]


async def test_a_suspicion_keeps_others_quiet_for_a_minute_only(scene: Scene) -> None:
    patient = Confirmation(down=10)
    slow = a_check(id=ITS_CHECK, service_id=DATABASE, confirmation=patient, every=timedelta(days=1))
    await scene.also_watch(slow)
    await scene.edit(depends_on=[DATABASE])
    await both(scene, "offf", "offf")
    quiet = (await scene.incidents())[-1].quiet

    scene.clock.advance(MINUTE)
    await scene.run(Outcome.FAIL)

    assert quiet is Quiet.BLOCKED_BY
    assert await scene.kinds() == [DOWN]


async def test_what_is_quiet_for_a_suspicion_is_asked_again_within_a_minute(
    scene: Scene,
) -> None:
    await scene.also_watch(
        a_check(id=ITS_CHECK, service_id=DATABASE, confirmation=Confirmation(down=10))
    )
    daily = replace((await scene.service()).check(CHECK).schedule, every=timedelta(days=1))
    service = await scene.service()
    await scene.ask(
        lambda uow: uow.services.save(
            [replace(service, checks=(replace(service.check(CHECK), schedule=daily),))]
        )
    )
    await scene.edit(depends_on=[DATABASE])
    await both(scene, "offf", "offf")

    slot = await scene.planned()

    assert slot is not None
    assert slot.due_at <= scene.now + MINUTE


async def test_who_pauses_a_root_has_its_fruits_asked(pair: Scene) -> None:
    await both(pair, "offf", "offf")

    await pair.handle(PauseService(service_id=DATABASE, by=ACCOUNT, at=pair.now))
    slot = await pair.planned()
    assert slot is not None
    due_at, paused_at = slot.due_at, pair.now
    await pair.run(Outcome.FAIL)

    assert due_at <= paused_at + timedelta(seconds=1)
    assert await pair.kinds() == [DOWN]


async def test_roots_come_first_however_much_they_depend_on_themselves() -> None:
    leaf, twig = a_service(id=ServiceId("leaf")), a_service(id=ServiceId("twig"))
    root, other = a_service(id=ServiceId("root")), a_service(id=ServiceId("other"))
    leaf = replace(leaf, depends_on=(twig.id,))
    twig = replace(twig, depends_on=(root.id, other.id, ServiceId("elsewhere")))

    ordered = roots_first([leaf, twig, root, other])

    assert [service.id for service in ordered] == ["root", "other", "twig", "leaf"]


async def test_the_same_dependencies_again_change_nothing(pair: Scene) -> None:
    before = await pair.service()

    await pair.edit(depends_on=[DATABASE])

    assert (await pair.service()).depends_on == before.depends_on


async def test_two_ways_to_the_same_root_are_no_circle(scene: Scene) -> None:
    root, left, right = (ServiceId(f"0198c000-0000-7000-8000-0000000000a{n}") for n in range(3))
    for number, (service_id, above) in enumerate([(root, ()), (left, (root,)), (right, (root,))]):
        check_id = CheckId(f"0198c000-0000-7000-8000-0000000000b{number}")
        await scene.also_watch(a_check(id=check_id, service_id=service_id), depends_on=above)

    await scene.edit(depends_on=[left, right])

    assert (await scene.service()).depends_on == (left, right)


async def test_what_was_deleted_stands_in_no_way(scene: Scene) -> None:
    gone = ServiceId("0198c000-0000-7000-8000-00000000dead")
    await scene.also_watch(a_check(id=ITS_CHECK, service_id=DATABASE))
    database = await scene.service(DATABASE)
    await scene.ask(lambda uow: uow.services.save([replace(database, depends_on=(gone,))]))

    await scene.edit(depends_on=[DATABASE])

    assert (await scene.service()).depends_on == (DATABASE,)


# Several turns in one batch ------------------------------------------------------------------


async def record_at_once(scene: Scene, letters: str, minute: int) -> None:
    """Record what a spool kept back: slot by slot from a minute on; failures are confirmed."""
    found: list[Result] = []
    for place, outcome in enumerate(outcomes(letters)):
        slot = NOON + (minute + place) * MINUTE
        seconds = (0, 5, 15) if outcome is Outcome.FAIL else (0,)
        found += [
            a_result(
                outcome, slot=slot, attempt=attempt, fence=99, started_at=slot + after * SECOND
            )
            for attempt, after in enumerate(seconds, start=1)
        ]
    scene.clock.jump(NOON + (minute + len(letters)) * MINUTE)
    await scene.record(*found)


async def test_what_ends_and_begins_again_in_one_batch_is_quiet_in_a_window(scene: Scene) -> None:
    await open_window(scene, NOON + 2 * MINUTE, NOON + 30 * MINUTE)
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await record_at_once(scene, "of", minute=2)

    (incident,) = await scene.incidents()
    assert (incident.reopened, incident.quiet) == (1, Quiet.MAINTENANCE)
    assert await scene.kinds() == [DOWN, UP]


async def test_a_new_outage_in_the_batch_that_ends_another_is_quiet_in_a_window(
    scene: Scene,
) -> None:
    await open_window(scene, NOON + 2 * MINUTE, NOON + 30 * MINUTE)
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await record_at_once(scene, "soooooof", minute=2)

    incidents = await scene.incidents()
    assert [incident.quiet for incident in incidents] == [None, Quiet.MAINTENANCE]
    assert await scene.kinds() == [DOWN, UP]


async def test_what_ends_and_begins_again_in_one_batch_is_the_same_incident(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()

    await record_at_once(scene, "of", minute=2)

    (incident,) = await scene.incidents()
    assert (incident.reopened, incident.ended_at) == (1, None)
    assert incident.outage_began_at == NOON + 3 * MINUTE
    assert await scene.kinds() == [DOWN]


async def test_two_outages_in_one_batch_are_one_incident(scene: Scene) -> None:
    await scene.run(Outcome.OK)

    await record_at_once(scene, "fofof", minute=1)

    (incident,) = await scene.incidents()
    assert (incident.reopened, incident.ended_at) == (2, None)


async def test_what_ends_and_begins_again_in_one_batch_may_come_of_its_root(pair: Scene) -> None:
    await both(pair, "offf", "oooo")
    await pair.send_all()
    for outcome in outcomes("fff"):
        await pair.run(outcome, ITS_CHECK)

    await record_at_once(pair, "of", minute=5)

    (incident,) = await pair.incidents()
    assert (incident.quiet, incident.blocked_by) == (Quiet.BLOCKED_BY, DATABASE)
    assert await pair.kinds() == [DOWN, UP]


# Reminders and those who come and go ---------------------------------------------------------


async def test_people_are_reminded_of_an_outage_that_lasts(scene: Scene) -> None:
    await scene.edit(remind_every=10 * MINUTE)

    await scene.runs(outcomes("offf" + "f" * 21))

    notices = [each for each in await scene.owed() if each.kind is REMINDER]
    facts = [Facts.from_json(notice.facts) for notice in notices]
    assert [round((each.duration or MINUTE) / MINUTE) for each in facts] == [10, 20]


async def test_nobody_is_reminded_who_was_not_told() -> None:
    scene = Scene()
    await scene.watch(recipients=[])
    await scene.edit(remind_every=MINUTE)

    await scene.runs(outcomes("offffff"))

    assert await scene.owed() == []


async def test_reminders_can_be_switched_off(scene: Scene) -> None:
    await scene.edit(remind_every=MINUTE)
    await scene.edit(remind_every=timedelta(0))

    await scene.runs(outcomes("offfffff"))

    assert await scene.kinds() == [DOWN]


async def test_who_leaves_and_comes_back_hears_the_end_and_no_second_begin(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    await scene.send_all()
    await scene.edit(recipients=[])
    back = a_recipient(id=RecipientId("0198c000-0000-7000-8000-0000000000ba"))
    await scene.edit(recipients=[back])
    at_once = await scene.send_all()

    await scene.run(Outcome.OK)

    assert at_once == []
    assert [notice.kind for notice in await scene.send_all()] == [UP]


async def test_a_check_that_cannot_be_evaluated_is_run_again_later_and_later(
    scene: Scene,
) -> None:
    waits = []
    for _ in range(6):
        await poison(scene)
        await scene.run(Outcome.FAIL)
        slot = await scene.planned()
        assert slot is not None
        waits.append(round((slot.due_at - scene.now) / MINUTE))

    assert waits == [5, 10, 20, 40, 60, 60]


async def poison(scene: Scene) -> None:
    """Damage the state of the check, as a broken disk would, and nothing of its reason."""
    service = await scene.service()
    state = replace(service.check(CHECK).state, bad="many")  # type: ignore[arg-type]  # damaged
    broken = replace(service, checks=(replace(service.check(CHECK), state=state),))
    await scene.ask(lambda uow: uow.services.save_states([broken]))


async def test_admins_hear_when_a_check_cannot_be_evaluated(scene: Scene) -> None:
    service = await scene.service()
    poisoned = replace(service.check(CHECK).state, bad="many")  # type: ignore[arg-type]  # as a damaged row would
    broken = replace(service, checks=(replace(service.check(CHECK), state=poisoned),))
    await scene.ask(lambda uow: uow.services.save_states([broken]))

    await scene.runs(outcomes("ff"))

    (told,) = await scene.send_all()
    facts = Facts.from_json(told.facts)
    assert (told.kind, told.address) == (NoticeKind.PARKED, "admin@example.org")
    assert facts.reason == "could not be evaluated"
    assert facts.message.startswith("Allgreen could not evaluate what it found.")
    (row,) = (row for row in await scene.audit() if row.action == "check.parked")
    assert "because a check could not be evaluated" in row.summary


# Blocked -------------------------------------------------------------------------------------


async def test_admins_hear_of_a_block_also_when_it_was_not_the_third_silence(
    scene: Scene,
) -> None:
    await scene.runs(outcomes("obppb"))

    assert [notice.kind for notice in await scene.send_all()] == [NoticeKind.BLOCKED]


async def test_admins_hear_of_a_block_again_only_after_there_was_evidence(scene: Scene) -> None:
    await scene.runs(outcomes("obbbbbpb"))
    first = await scene.send_all()
    await scene.runs(outcomes("obbb"))

    assert len(first) == 1
    assert len(await scene.send_all()) == 1


async def every_kind(scene: Scene) -> list[NoticeKind]:
    """Return the kinds of all messages to recipients in the order in which they were owed."""
    await scene.send_all()
    return [notice.kind for notice in scene.sent]


def joining() -> Recipient:
    """Return somebody who joins later."""
    return a_recipient("elsa@example.org", id=RecipientId("0198c000-0000-7000-8000-0000000000be"))
