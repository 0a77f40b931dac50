"""A watcher that was away, and clocks that jump: nobody is blamed, and everything is run once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from allgreen.domain.check import Slot
from allgreen.domain.commands import NoteOffline, RegisterCheck
from allgreen.domain.identity import CheckId, OutboxId
from allgreen.domain.incident import Incident
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome, ServiceHealth, TimeKind
from allgreen.domain.watcher import Absence, AbsenceReason, Watcher, WatcherState
from allgreen.monitoring import presence as presence_module
from allgreen.monitoring.presence import Presence
from allgreen.ports import Clock
from allgreen.testing import (
    ACCOUNT,
    CHECK,
    MINUTE,
    NOON,
    WORKSPACE,
    a_check,
    outcomes,
)
from tests.unit.monitoring.scene import Scene, hints, until

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OPERATOR = "ops@example.org"


@dataclass
class Stage(Scene):
    """A scene with a presence that lives on its clock."""

    flushed: int = 0
    is_stuck: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.storage.add_operator(OPERATOR)
        self.presence = self.start()

    presence: Presence = field(init=False)

    def start(self) -> Presence:
        """Return what a process has that starts now."""
        return Presence(
            name="local",
            unit_of_work=self.storage.unit_of_work,
            execute=self.handle,
            flush=self._flush,
            clock=self.clock,
        )

    async def _flush(self) -> None:
        self.flushed += 1
        if self.is_stuck:
            await asyncio.Event().wait()

    async def begin(self) -> None:
        """Start, and look at the clocks for the first time."""
        await self.presence.begin()
        await self.presence.look()

    async def begin_after(self, away: timedelta) -> None:
        """Let the process be off for a while, and start it again."""
        self.clock.advance(away)
        self.presence = self.start()
        await self.begin()

    async def run(self, outcome: Outcome, check_id: CheckId = CHECK) -> Result:
        """Run a check as soon as it is due; until then time passes on both clocks."""
        slot = await self.planned(check_id)
        assert slot is not None
        self.clock.advance(max(slot.due_at - self.now, timedelta(0)))
        return await super().run(outcome, check_id)

    async def jump(self, by: timedelta) -> None:
        """Set the clock, and notice it a second later."""
        self.clock.jump(self.now + by)
        self.clock.advance(SECOND)
        await self.presence.look()

    async def register(self, count: int, every: timedelta = MINUTE) -> list[CheckId]:
        """Add more checks to the service."""
        ids = [CheckId(self.ids()) for _ in range(count)]
        for check_id in ids:
            await self.handle(
                RegisterCheck(check=a_check(id=check_id, every=every), by=ACCOUNT, at=self.now)
            )
        return ids

    async def slots(self, ids: list[CheckId]) -> list[Slot]:
        """Return the next runs of some checks."""
        plans = await self.ask(lambda uow: uow.checks.plans(ids))
        return [plans[check_id].slot for check_id in ids]

    async def watcher(self) -> Watcher:
        """Return the watcher as it is kept."""
        found = await self.ask(lambda uow: uow.watchers.find("local"))
        assert found is not None
        return found

    async def absences(self) -> list[Absence]:
        """Return all absences."""
        return await self.ask(lambda uow: uow.watchers.absences_since(NOON - 1000 * DAY))

    async def messages(self) -> list[Notice]:
        """Return what is owed now, to anybody."""
        return await self.ask(lambda uow: uow.outbox.lease(now=self.now, limit=1000, lease_for=DAY))


@pytest.fixture
async def stage() -> Stage:
    stage = Stage()
    await stage.watch()
    await stage.begin()
    return stage


# Signs of life ------------------------------------------------------------------------------------


async def test_the_first_start_is_no_absence(stage: Stage) -> None:
    assert await stage.absences() == []
    assert await stage.watcher() == Watcher(name="local", since=NOON, seen_at=NOON)


async def test_a_watcher_says_every_fifteen_seconds_that_it_lives(stage: Stage) -> None:
    stage.clock.advance(14 * SECOND)
    await stage.presence.look()
    before = (await stage.watcher()).seen_at
    stage.clock.advance(SECOND)
    await stage.presence.look()

    assert before == NOON
    assert (await stage.watcher()).seen_at == NOON + 15 * SECOND


async def test_it_looks_until_it_is_stopped() -> None:
    stage, stop = Stage(), asyncio.Event()
    await stage.presence.begin()
    stage.clock.advance(MINUTE)
    running = asyncio.create_task(stage.presence.run(stop))

    async def has_beaten() -> bool:
        return (await stage.watcher()).seen_at == stage.now

    await until(has_beaten)
    stop.set()
    await running


# Off ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", [10 * MINUTE, 10 * HOUR, 40 * DAY], ids=str)
async def test_after_a_time_off_each_check_is_run_once_within_a_minute(
    stage: Stage, away: timedelta
) -> None:
    ids = await stage.register(60, every=timedelta(minutes=7))
    await stage.run(Outcome.OK)

    await stage.begin_after(away)

    slots = await stage.slots(ids)
    seconds = Counter((slot.due_at - stage.now) // (10 * SECOND) for slot in slots)
    assert all(stage.now <= slot.due_at <= stage.now + MINUTE for slot in slots)
    assert all(slot.at == slot.due_at for slot in slots)
    assert len(seconds) == 6
    assert max(seconds.values()) < 30


async def test_where_a_slot_is_near_it_is_the_one_run(stage: Stage) -> None:
    await stage.run(Outcome.OK)

    await stage.begin_after(HOUR + 10 * SECOND)

    slot = await stage.planned()
    assert slot is not None
    assert slot.at <= (await stage.service()).checks[0].schedule.next_after(stage.now)


@pytest.mark.parametrize("history", ["o", "offf"], ids=["up", "down"])
async def test_a_time_off_is_unknown_and_tells_nobody(stage: Stage, history: str) -> None:
    await stage.runs(outcomes(history))
    health, told = (await stage.service()).health, await stage.kinds()
    last = (await stage.service()).checks[0].state.last
    assert last is not None

    await stage.begin_after(10 * HOUR)
    await stage.run(outcomes(history)[-1])

    service = await stage.service()
    assert (service.health, await stage.kinds()) == (health, told)
    spans = await stage.spans()
    assert [kind for kind, _ in spans][-2:] == [TimeKind.UNKNOWN, TimeKind.of(health)]
    assert len(await stage.incidents()) == (1 if "f" in history else 0)


async def test_a_time_off_is_kept_and_told_to_the_operators(stage: Stage) -> None:
    await stage.begin_after(10 * HOUR)

    begin, end = NOON, NOON + 10 * HOUR
    absence = Absence(watcher="local", began_at=begin, ended_at=end, why=AbsenceReason.OFF)
    (notice,) = await stage.messages()
    assert await stage.absences() == [absence]
    assert stage.presence.absences[AbsenceReason.OFF] == 1
    assert (notice.kind, notice.address) == (NoticeKind.OFFLINE, OPERATOR)
    assert notice.facts["message"] == (
        "Allgreen checked nothing from 2 March 12:00 to 22:00 UTC: it did not run."
    )


async def test_a_time_off_over_midnight_is_told_with_both_days(stage: Stage) -> None:
    await stage.begin_after(13 * HOUR)

    (notice,) = await stage.messages()
    assert "from 2 March 12:00 to 3 March 01:00 UTC" in str(notice.facts["message"])


async def test_a_time_off_stands_in_the_history_of_the_workspace(stage: Stage) -> None:
    found = await hints(stage.broker, lambda: stage.begin_after(HOUR))

    assert (WORKSPACE, "workspace") in [(hint.workspace_id, hint.kind) for hint in found]
    rows = stage.storage._kept.tables.audit.values()
    assert [row.summary for row in rows if row.action == "watcher.absent"] == [
        "checked nothing from 2 March 12:00 to 13:00 UTC: it did not run"
    ]


async def test_a_restart_is_no_absence(stage: Stage) -> None:
    await stage.run(Outcome.OK)
    before = await stage.planned()

    await stage.begin_after(30 * SECOND)

    assert await stage.absences() == []
    assert await stage.planned() == before


async def test_a_short_time_off_is_kept_but_no_news(stage: Stage) -> None:
    await stage.begin_after(4 * MINUTE)

    assert len(await stage.absences()) == 1
    assert await stage.messages() == []


async def test_an_outage_that_is_being_confirmed_is_looked_at_first(stage: Stage) -> None:
    await stage.runs(outcomes("of"))
    before = await stage.planned()

    await stage.begin_after(2 * MINUTE)

    assert await stage.planned() == before


# Offline ------------------------------------------------------------------------------------------


async def test_going_offline_is_kept_and_hinted(stage: Stage) -> None:
    found = await hints(stage.broker, lambda: stage.presence.go_offline(stage.now))

    watcher = await stage.watcher()
    assert (watcher.state, watcher.since) == (WatcherState.OFFLINE, NOON)
    assert [(hint.workspace_id, hint.kind) for hint in found] == [(WORKSPACE, "workspace")]


async def test_a_jump_of_the_clock_brings_no_network_back(stage: Stage) -> None:
    await stage.presence.go_offline(stage.now)

    await stage.jump(10 * MINUTE)

    watcher = await stage.watcher()
    assert (watcher.state, watcher.since) == (WatcherState.OFFLINE, NOON)


async def test_on_return_failures_are_forgotten_and_looked_at_anew(stage: Stage) -> None:
    await stage.runs(outcomes("off"))
    await stage.presence.go_offline(stage.now)
    since = stage.now
    stage.clock.advance(20 * SECOND)

    await stage.presence.come_back(since)

    state, slot = (await stage.service()).checks[0].state, await stage.planned()
    assert (state.bad, state.health) == (0, ServiceHealth.UP)
    assert slot is not None
    assert slot.attempt == 1
    assert stage.now <= slot.due_at <= stage.now + MINUTE
    assert stage.flushed == 1
    assert (await stage.watcher()).state is WatcherState.ONLINE


async def test_after_the_return_three_failures_are_needed_again(stage: Stage) -> None:
    await stage.runs(outcomes("off"))
    await stage.presence.come_back(stage.now)

    await stage.runs(outcomes("ff"))
    before = await stage.incidents()
    await stage.run(Outcome.FAIL)

    assert before == []
    assert len(await stage.incidents()) == 1


async def test_on_return_what_waited_is_run(stage: Stage) -> None:
    ids = await stage.register(20)
    await stage.presence.go_offline(stage.now)
    since = stage.now
    stage.clock.advance(10 * MINUTE)

    await stage.presence.come_back(since)

    slots = await stage.slots(ids)
    assert all(stage.now <= slot.due_at <= stage.now + MINUTE for slot in slots)


async def test_on_return_runs_under_way_go_on(stage: Stage) -> None:
    (leased,) = await stage.lease()

    await stage.presence.come_back(stage.now)

    assert await stage.planned() == leased.slot


async def test_on_return_the_operators_hear_of_it_once(stage: Stage) -> None:
    await stage.presence.go_offline(stage.now)
    stage.clock.advance(MINUTE)
    await stage.presence.come_back(NOON)

    (notice,) = await stage.messages()
    assert notice.facts["reason"] == "its own network was down"
    assert stage.presence.absences[AbsenceReason.OFFLINE] == 1


async def test_a_network_that_comes_and_goes_is_told_again_only_if_it_was_away_longer(
    stage: Stage,
) -> None:
    told = []
    for minutes in (2, 1, 2, 3):
        since = stage.now
        stage.clock.advance(minutes * MINUTE)
        await stage.presence.come_back(since)
        stage.clock.advance(MINUTE)
        told.append(len(await stage.messages()))

    assert told == [1, 0, 1, 1]


async def test_an_outage_that_lasts_is_told_before_it_is_over_and_not_again(stage: Stage) -> None:
    await stage.presence.go_offline(stage.now)
    stage.clock.advance(5 * MINUTE)
    await stage.presence.report_offline(NOON)
    (notice,) = await stage.messages()

    stage.clock.advance(MINUTE)
    await stage.presence.report_offline(NOON)
    await stage.presence.come_back(NOON)

    assert (notice.kind, notice.address) == (NoticeKind.OFFLINE, OPERATOR)
    assert notice.facts["message"] == (
        "Allgreen checks nothing since 2 March 12:00 UTC: its own network is down."
    )
    assert await stage.messages() == []
    assert len(await stage.absences()) == 1


async def test_an_outage_that_lasts_is_told_again_only_if_it_is_the_longer_one(
    stage: Stage,
) -> None:
    stage.clock.advance(10 * MINUTE)
    await stage.presence.come_back(NOON)
    await stage.messages()
    since, told = stage.now, []

    for _ in range(2):
        stage.clock.advance(5 * MINUTE)
        await stage.presence.report_offline(since)
        told.append(len(await stage.messages()))

    assert told == [0, 1]


async def test_results_that_cannot_be_stored_do_not_keep_us_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(presence_module, "LAST_RESULTS", timedelta(0))
    stage.is_stuck = True

    await stage.presence.come_back(stage.now)

    assert "wait for the storage" in caplog.text
    assert len(await stage.absences()) == 1


@pytest.mark.parametrize("away", [SECOND, HOUR], ids=["a restart", "long off"])
async def test_killed_while_offline_failures_are_forgotten_at_the_start(
    stage: Stage, away: timedelta
) -> None:
    await stage.runs(outcomes("off"))
    await stage.presence.go_offline(stage.now)

    await stage.begin_after(away)
    at_the_start = (await stage.service()).checks[0].state.bad
    await stage.run(Outcome.FAIL)

    assert at_the_start == 0
    assert await stage.incidents() == []


async def test_killed_while_offline_the_time_counts_as_one_absence(stage: Stage) -> None:
    await stage.handle(NoteOffline(watcher="local", at=NOON))

    await stage.begin_after(30 * SECOND)

    (absence,) = await stage.absences()
    assert (absence.began_at, absence.why) == (NOON, AbsenceReason.OFFLINE)
    assert (await stage.watcher()).state is WatcherState.ONLINE


# Clocks -------------------------------------------------------------------------------------------

JUMPS_BACK = [2 * SECOND, 2 * MINUTE, 2 * HOUR, DAY, 3650 * DAY]


@pytest.mark.parametrize("by", JUMPS_BACK, ids=str)
async def test_a_clock_that_is_set_back_leaves_no_gap_of_two_periods(
    stage: Stage, by: timedelta
) -> None:
    ids = await stage.register(30)
    for check_id in ids:
        await stage.run(Outcome.OK, check_id)
    last = stage.clock.monotonic()

    await stage.jump(-by)

    waits = [slot.due_at - stage.now for slot in await stage.slots(ids)]
    assert stage.presence.set_backs == 1
    assert max(waits) + timedelta(seconds=stage.clock.monotonic() - last) <= 2 * MINUTE


@pytest.mark.parametrize("by", JUMPS_BACK, ids=str)
@pytest.mark.parametrize("history", ["oo", "offf"], ids=["up", "down"])
async def test_a_clock_that_is_set_back_tells_nobody_anything(
    stage: Stage, by: timedelta, history: str
) -> None:
    await stage.runs(outcomes(history))
    before = [(one.id, one.state) for one in await stage.incidents()]
    health, kinds = (await stage.service()).health, await stage.kinds()

    await stage.jump(-by)
    await stage.runs(outcomes(history[-1] * 5))

    assert [(one.id, one.state) for one in await stage.incidents()] == before
    assert (await stage.service()).health is health
    assert await stage.kinds() == kinds


@pytest.mark.parametrize("by", JUMPS_BACK, ids=str)
async def test_an_outage_after_a_clock_was_set_back_is_found_and_begins_now(
    stage: Stage, by: timedelta
) -> None:
    await stage.runs(outcomes("oo"))
    await stage.jump(-by)
    jumped = stage.now

    await stage.runs(outcomes("fff"))

    (incident,) = await stage.incidents()
    assert jumped <= incident.began_at <= incident.confirmed_at <= stage.now
    assert NoticeKind.DOWN in await stage.kinds()


async def test_time_off_after_a_clock_was_set_back_is_unknown(stage: Stage) -> None:
    await stage.runs(outcomes("ooo"))
    await stage.jump(-2 * MINUTE)

    await stage.begin_after(HOUR)
    await stage.run(Outcome.OK)

    kinds = [kind for kind, _ in await stage.spans()]
    assert kinds == [TimeKind.UP, TimeKind.UNKNOWN, TimeKind.UP]


async def test_an_incident_of_before_ends_after_it_began(stage: Stage) -> None:
    await stage.runs(outcomes("offf"))
    await stage.jump(-2 * HOUR)

    await stage.run(Outcome.OK)

    (incident,) = await stage.incidents()
    _is_sensible(incident)
    assert incident.ended_at is not None


def _is_sensible(incident: Incident) -> None:
    assert (
        incident.began_at <= incident.confirmed_at <= (incident.ended_at or incident.confirmed_at)
    )


async def test_a_run_of_before_a_clock_was_set_back_is_history_only(stage: Stage) -> None:
    await stage.run(Outcome.OK)
    stage.clock.jump(NOON + MINUTE)
    (leased,) = await stage.lease()
    await stage.presence.look()

    await stage.jump(-2 * HOUR)
    await stage.found(leased, Outcome.FAIL)

    assert (await stage.service()).checks[0].state.bad == 0
    slot = await stage.planned()
    assert slot is not None
    assert slot.due_at <= stage.now + MINUTE


async def test_a_clock_that_is_set_back_makes_messages_due(stage: Stage) -> None:
    notice = Notice(
        id=OutboxId("late"),
        key="late",
        kind=NoticeKind.VERIFY_EMAIL,
        channel=Channel.EMAIL,
        address="elsa@example.org",
        created_at=stage.now,
        due_at=stage.now + SECOND,
    )
    await stage.ask(lambda uow: uow.outbox.add([notice]))

    await stage.jump(-2 * HOUR)

    assert [one.id for one in await stage.messages()] == ["late"]


async def test_a_clock_that_was_set_back_while_off_is_noticed_at_the_start(stage: Stage) -> None:
    await stage.runs(outcomes("oo"))
    stage.clock.advance(20 * SECOND)
    await stage.presence.look()

    await stage.begin_after(-DAY)

    slot = await stage.planned()
    assert stage.presence.set_backs == 1
    assert slot is not None
    assert slot.due_at <= stage.now + MINUTE
    assert await stage.absences() == []


@pytest.mark.parametrize("by", [HOUR, DAY, 3650 * DAY], ids=str)
async def test_a_clock_that_goes_forward_costs_one_run_and_no_alert(
    stage: Stage, by: timedelta
) -> None:
    await stage.runs(outcomes("oo"))

    await stage.jump(by)

    slot, at = await stage.planned(), stage.now
    assert slot is not None
    assert at <= slot.due_at <= at + MINUTE
    await stage.run(Outcome.OK)
    (absence,) = await stage.absences()
    assert (absence.why, absence.duration) == (AbsenceReason.CLOCK, by)
    assert (await stage.service()).health is ServiceHealth.UP
    assert await stage.incidents() == []
    assert await stage.kinds() == []


async def test_slots_that_a_clock_jumped_over_are_unknown(stage: Stage) -> None:
    await stage.runs(outcomes("oo"))

    await stage.jump(HOUR)
    await stage.run(Outcome.OK)

    assert [kind for kind, _ in await stage.spans()][-3:] == [
        TimeKind.UP,
        TimeKind.UNKNOWN,
        TimeKind.UP,
    ]


async def test_ten_jumps_in_a_row_leave_one_chain_of_runs(stage: Stage) -> None:
    await stage.runs(outcomes("oo"))

    for hours in (1, -2, 24, -24, 5, -1, 87600, -87600, 3, -4):
        await stage.jump(hours * HOUR)
        await stage.run(Outcome.OK)

    slot = await stage.planned()
    assert slot is not None
    assert slot.due_at - stage.now <= MINUTE
    assert (await stage.service()).health is ServiceHealth.UP
    assert await stage.kinds() == []


async def test_a_clock_that_drifts_is_left_alone(stage: Stage) -> None:
    for _ in range(100):
        stage.clock.jump(stage.now - timedelta(milliseconds=500))
        stage.clock.advance(SECOND)
        await stage.presence.look()

    assert stage.presence.set_backs == 0


async def test_clocks_that_were_not_read_in_one_go_tell_nothing(stage: Stage) -> None:
    class Stopped(Clock):
        """A process that stands still between two looks at its clocks."""

        def now(self) -> datetime:
            """Return the time after the standstill."""
            return stage.clock.advance(HOUR)

        def monotonic(self) -> float:
            """Return the same as the clock of the stage."""
            return stage.clock.monotonic()

    presence = stage.start()
    await presence.look()
    presence._clock = Stopped()

    await presence.look()

    assert (presence.set_backs, await stage.absences()) == (0, [])


async def test_check_ids_are_put_right_in_slices(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_module, "SLICE", 3)
    ids = await stage.register(7, every=HOUR)
    for check_id in [CHECK, *ids]:
        await stage.run(Outcome.OK, check_id)

    await stage.jump(-DAY)

    assert max(slot.due_at for slot in await stage.slots(ids)) <= stage.now + MINUTE
