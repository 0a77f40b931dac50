"""Whatever people and targets do, in whatever order: the promises hold after each step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.check import Options
from allgreen.domain.commands import EditService, ExecuteChecks, PauseService, ResumeService
from allgreen.domain.identity import RecipientId
from allgreen.domain.incident import IncidentState
from allgreen.domain.notice import Notice, NoticeKind
from allgreen.domain.service import Recipient
from allgreen.domain.status import Mode, Outcome, ServiceHealth
from allgreen.domain.uptime import tally
from allgreen.monitoring.keeper import Keeper
from allgreen.ports import Grain
from allgreen.testing import ACCOUNT, CHECK, NOON, SERVICE, a_check, a_recipient, outcomes
from tests.unit.monitoring.scene import Scene

ELSA = RecipientId("0198c000-0000-7000-8000-0000000000bb")
MARA, ELSA_TOO = a_recipient(), a_recipient("elsa@example.org", id=ELSA)

Step = Callable[[Scene], Awaitable[object]]


async def _fails(scene: Scene) -> None:
    await _runs(scene, Outcome.FAIL)


async def _goes_down(scene: Scene) -> None:
    for _ in range(3):
        await _runs(scene, Outcome.FAIL)


async def _holds(scene: Scene) -> None:
    await _runs(scene, Outcome.OK)


async def _is_slow(scene: Scene) -> None:
    await _runs(scene, Outcome.SLOW)


async def _is_blocked(scene: Scene) -> None:
    for outcome in outcomes("bbb"):
        await _runs(scene, outcome)


async def _runs(scene: Scene, outcome: Outcome) -> None:
    if (await scene.service()).mode is Mode.ACTIVE:
        await scene.run(outcome)


async def _loses_a_run(scene: Scene) -> None:
    """Lease and forget: the lease runs out, and the slot is run by somebody else later."""
    await scene.lease()
    scene.clock.advance(timedelta(minutes=3))


async def _sleeps(scene: Scene) -> None:
    scene.clock.advance(timedelta(minutes=10))


async def _is_paused(scene: Scene) -> None:
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def _is_resumed(scene: Scene) -> None:
    await scene.handle(ResumeService(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def _is_checked_now(scene: Scene) -> None:
    if (await scene.service()).mode is Mode.ACTIVE:
        await scene.handle(ExecuteChecks(service_id=SERVICE, by=ACCOUNT, at=scene.now))


async def _is_asked_something_else(scene: Scene) -> None:
    check = (await scene.service()).check(CHECK)
    url = f"http://127.0.0.1:9000/{check.version + 1}"
    await _edit(scene, asking=a_check(url=url).options)


async def _gets_another_period(scene: Scene) -> None:
    every = (await scene.service()).check(CHECK).schedule.every
    await _edit(scene, every=timedelta(minutes=3) - every)


async def _tells_two(scene: Scene) -> None:
    await _edit(scene, recipients=(MARA, ELSA_TOO))


async def _tells_one(scene: Scene) -> None:
    await _edit(scene, recipients=(MARA,))


async def _sends(scene: Scene) -> None:
    await scene.send_all()


async def _edit(
    scene: Scene,
    *,
    asking: Options | None = None,
    every: timedelta | None = None,
    recipients: tuple[Recipient, ...] | None = None,
) -> None:
    service = await scene.service()
    checks = (replace(service.check(CHECK), options=asking),) if asking else None
    await scene.handle(
        EditService(
            service_id=SERVICE,
            expected_version=service.version,
            checks=checks,
            every=every,
            recipients=recipients,
            by=ACCOUNT,
            at=scene.now,
        )
    )


STEPS: list[Step] = [
    _fails,
    _goes_down,
    _holds,
    _is_slow,
    _is_blocked,
    _loses_a_run,
    _sleeps,
    _is_paused,
    _is_resumed,
    _is_checked_now,
    _is_asked_something_else,
    _gets_another_period,
    _tells_two,
    _tells_one,
    _sends,
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=25))
def test_the_promises_hold_after_each_step(steps: list[Step]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[Step]) -> None:
    scene = Scene()
    await scene.watch()
    sent: list[Notice] = []
    for step in steps:
        scene.clock.advance(timedelta(seconds=1))
        await step(scene)
        await _check_incidents(scene)
        await _check_history(scene)
        assert await scene.planned() is not None
    await scene.send_all()
    sent = [notice for notice in await scene.owed() if notice.sent_at is not None]
    for recipient_id in (MARA.id, ELSA):
        _check_order([notice for notice in sent if notice.recipient_id == recipient_id])
    await _check_time(scene)


async def _check_incidents(scene: Scene) -> None:
    """Down means that exactly one incident is open, and an open incident means down."""
    service, incidents = await scene.service(), await scene.incidents()
    still_open = [one for one in incidents if one.state is not IncidentState.RESOLVED]
    assert len(still_open) == (service.health is ServiceHealth.DOWN)
    assert service.mode is Mode.ACTIVE or not still_open
    for incident in incidents:
        assert incident.began_at <= incident.confirmed_at
        assert incident.ended_at is None or incident.confirmed_at <= incident.ended_at


async def _check_history(scene: Scene) -> None:
    """Played again, the rows of the history lead to the state."""
    service = await scene.service()
    rows = [row for row in await scene.audit() if row.action == "service.health"]
    health: object = ServiceHealth.UNKNOWN.value
    for row in rows:
        assert row.before["health"] == health
        health = row.after["health"]
    assert health == service.health.value
    assert len(rows) == service.revision


def _check_order(notices: list[Notice]) -> None:
    """Of each incident somebody hears begin and end in turn, the begin first."""
    by_incident: dict[object, list[Notice]] = {}
    for notice in notices:
        by_incident.setdefault(notice.incident_id, []).append(notice)
    for told in by_incident.values():
        _check_alternation(told)
    assert len({notice.key for notice in notices}) == len(notices)


def _check_alternation(notices: list[Notice]) -> None:
    """Flapping says how it is in its own words, so either may follow it."""
    knows_down: bool | None = False
    for notice in notices:
        match notice.kind:
            case NoticeKind.DOWN:
                assert knows_down is not True
                knows_down = True
            case NoticeKind.FLAPPING:
                knows_down = None
            case NoticeKind.STEADY:
                knows_down = notice.facts["health"] == ServiceHealth.DOWN
            case _:
                assert knows_down is not False
                knows_down = False


async def _check_time(scene: Scene) -> None:
    """Spans follow on one another, and the sums of the days say the same as the spans."""
    spans = await scene.raw_spans()
    assert all(one.ended_at == other.began_at for one, other in pairwise(spans))
    keeper = Keeper(unit_of_work=scene.storage.unit_of_work, clock=scene.clock, broker=scene.broker)
    await keeper.keep()
    begin = NOON - timedelta(hours=12)
    rows = await scene.ask(
        lambda uow: uow.roll_ups.load([CHECK], Grain.DAY, begin, scene.now + timedelta(days=1))
    )
    down = sum((row.tally.down for row in rows.get(CHECK, {}).values()), timedelta(0))
    assert down <= tally(spans, begin, scene.now).down
