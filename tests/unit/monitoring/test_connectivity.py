"""Is it them, or is it me? Canaries vouch for failures, or do not."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from allgreen.domain.check import Check, CheckState, Confirmation
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.errors import StorageUnavailableError
from allgreen.monitoring.connectivity import OFFLINE_REASON, Connectivity, Link
from allgreen.ports import Canary
from allgreen.testing import NOON, FakeClock, a_check, a_result
from tests.unit.monitoring.scene import until

SECOND = timedelta(seconds=1)
UP = CheckState(health=ServiceHealth.UP)


class ScriptedCanary(Canary):
    """Answers while it is told to; counts how often it was asked."""

    def __init__(self, name: str = "canary") -> None:
        self._name = name
        self.is_up = True
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self.fault: Exception | None = None

    @property
    def name(self) -> str:
        """Return its name."""
        return self._name

    async def answers(self) -> bool:
        """Answer as it is told, once its gate is open."""
        self.asked += 1
        up = self.is_up
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return up


@dataclass
class Watch:
    """A connectivity with three canaries, and what it told."""

    clock: FakeClock = field(default_factory=FakeClock)
    canaries: list[ScriptedCanary] = field(
        default_factory=lambda: [ScriptedCanary(name) for name in "abc"]
    )
    told: list[tuple[str, datetime]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connectivity = Connectivity(
            self.canaries,
            clock=self.clock,
            on_offline=lambda at: self._tell("offline", at),
            on_long=lambda at: self._tell("long", at),
            on_return=lambda at: self._tell("return", at),
        )

    connectivity: Connectivity = field(init=False)

    async def _tell(self, what: str, at: datetime) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.told.append((what, at))

    def cut(self, count: int = 3) -> None:
        """Let so many canaries be silent, and the others answer."""
        for at, canary in enumerate(self.canaries):
            canary.is_up = at >= count

    async def look(self, *, after: timedelta = SECOND) -> None:
        """Ask the canaries, some time later."""
        self.clock.advance(after)
        await self.connectivity.look()

    async def vet(
        self,
        outcome: Outcome = Outcome.FAIL,
        *,
        state: CheckState = UP,
        check: Check | None = None,
        began_s: float | None = None,
    ) -> Result:
        """Hand in what a run found that begins and ends now."""
        check = check or a_check(state=state)
        result = replace(a_result(outcome), check_id=check.id, service_id=check.service_id)
        now_s = self.clock.monotonic()
        return await self.connectivity.vet(result, check, now_s if began_s is None else began_s)

    @property
    def rounds(self) -> int:
        """Return how often the canaries were asked."""
        return self.connectivity.rounds


@pytest.fixture
async def watch() -> Watch:
    watch = Watch()
    await watch.look()
    return watch


# Vouching -----------------------------------------------------------------------------------------


async def test_without_canaries_every_failure_counts_and_nothing_is_waited_for() -> None:
    watch = Watch(canaries=[])

    result = await watch.vet()
    await watch.connectivity.run(asyncio.Event())

    assert result.outcome is Outcome.FAIL
    assert await watch.connectivity.wait_until_online(timedelta(0))
    assert watch.connectivity.link is Link.ONLINE


async def test_a_failure_counts_after_a_fresh_and_good_round(watch: Watch) -> None:
    watch.clock.advance(15 * SECOND)

    result = await watch.vet()

    assert result.outcome is Outcome.FAIL
    assert watch.rounds == 1


async def test_for_a_failure_without_a_fresh_round_one_is_made(watch: Watch) -> None:
    watch.clock.advance(16 * SECOND)

    result = await watch.vet()

    assert result.outcome is Outcome.FAIL
    assert watch.rounds == 2


async def test_a_failure_while_two_canaries_are_silent_says_nothing_about_its_target(
    watch: Watch,
) -> None:
    watch.clock.advance(16 * SECOND)
    watch.cut(2)

    result = await watch.vet()

    assert (result.outcome, result.failure) == (Outcome.PROBE_ERROR, None)
    assert (result.reason, result.key) == (OFFLINE_REASON, a_result().key)
    assert watch.connectivity.doubted == 1


async def test_one_silent_canary_is_its_own_affair(watch: Watch) -> None:
    watch.clock.advance(16 * SECOND)
    watch.cut(1)

    assert (await watch.vet()).outcome is Outcome.FAIL
    assert watch.connectivity.link is Link.ONLINE


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.FAIL])
async def test_what_is_no_failure_is_handed_on_as_it_is(watch: Watch, outcome: Outcome) -> None:
    watch.cut()
    await watch.look()

    assert (await watch.vet(outcome)).outcome is outcome


async def test_a_failure_that_would_confirm_an_outage_is_proven_at_its_time(watch: Watch) -> None:
    watch.clock.advance(SECOND)
    watch.cut()

    result = await watch.vet(state=replace(UP, bad=2))

    assert result.outcome is Outcome.PROBE_ERROR
    assert watch.rounds == 2


async def test_where_one_failure_is_enough_it_is_proven_at_its_time(watch: Watch) -> None:
    watch.clock.advance(SECOND)

    await watch.vet(check=a_check(confirmation=Confirmation(down=1), state=UP))

    assert watch.rounds == 2


async def test_what_is_down_already_costs_the_canaries_nothing_more(watch: Watch) -> None:
    watch.clock.advance(SECOND)

    await watch.vet(state=CheckState(health=ServiceHealth.DOWN, bad=7))

    assert watch.rounds == 1


async def test_a_run_that_met_our_outage_is_not_believed_after_it(watch: Watch) -> None:
    began_s = watch.clock.monotonic()
    watch.cut()
    await watch.look()
    watch.cut(0)
    await watch.look()

    result = await watch.vet(began_s=began_s)

    assert watch.connectivity.link is Link.ONLINE
    assert result.outcome is Outcome.PROBE_ERROR
    assert (await watch.vet()).outcome is Outcome.FAIL


async def test_many_who_wait_for_a_round_share_it(watch: Watch) -> None:
    watch.clock.advance(16 * SECOND)
    gate = watch.canaries[0].gate = watch.canaries[1].gate = asyncio.Event()

    waiting = asyncio.gather(*(watch.vet(state=replace(UP, bad=2)) for _ in range(50)))
    await until(lambda: _is(watch.canaries[0].asked == 2))
    gate.set()

    assert {result.outcome for result in await waiting} == {Outcome.FAIL}
    assert watch.rounds == 2


async def _is(fact: bool) -> bool:
    return fact


async def test_a_round_is_over_once_its_end_is_certain(watch: Watch) -> None:
    watch.canaries[2].gate = asyncio.Event()

    await asyncio.wait_for(watch.look(), 5)

    assert watch.rounds == 2


async def test_a_canary_that_cannot_be_asked_is_silent(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.canaries[0].fault = watch.canaries[1].fault = RuntimeError("broken")

    await watch.look()

    assert watch.connectivity.link is Link.OFFLINE
    assert "Canary a could not be asked" in caplog.text


# Mass ---------------------------------------------------------------------------------------------


def _crowd(count: int, *, hosts: int = 50, state: CheckState = UP) -> Iterator[Check]:
    for n in range(count):
        yield a_check(
            id=CheckId(f"check-{n}"),
            service_id=ServiceId(f"service-{n}"),
            url=f"http://host-{n % hosts}.example/",
            state=state,
        )


async def _each(watch: Watch, checks: Iterable[Check], outcome: Outcome) -> None:
    for check in checks:
        await watch.vet(outcome, check=check)


async def test_when_very_many_fail_at_once_a_new_round_is_demanded(watch: Watch) -> None:
    await _each(watch, _crowd(30), Outcome.OK)
    await _each(watch, list(_crowd(9)), Outcome.FAIL)
    assert watch.rounds == 1

    watch.clock.advance(SECOND)
    tenth = await watch.vet(check=list(_crowd(10))[9])

    assert watch.rounds == 2
    assert tenth.outcome is Outcome.FAIL


async def test_when_very_many_fail_because_of_us_none_of_them_counts(watch: Watch) -> None:
    await _each(watch, _crowd(12), Outcome.OK)
    await _each(watch, list(_crowd(9)), Outcome.FAIL)
    watch.clock.advance(SECOND)
    watch.cut()

    late = [await watch.vet(check=check) for check in list(_crowd(12))[9:]]

    assert {result.outcome for result in late} == {Outcome.PROBE_ERROR}


@pytest.mark.parametrize(
    ("watched", "failing", "hosts", "state"),
    [
        (40, 12, 50, UP),
        (20, 9, 50, UP),
        (20, 20, 4, UP),
        (20, 20, 50, CheckState(health=ServiceHealth.DOWN, bad=5)),
    ],
    ids=["less than a third", "fewer than ten", "on four hosts", "down before"],
)
async def test_few_failures_are_no_mass(
    watch: Watch, watched: int, failing: int, hosts: int, state: CheckState
) -> None:
    await _each(watch, _crowd(watched, hosts=hosts, state=state), Outcome.OK)
    watch.clock.advance(SECOND)

    await _each(watch, _crowd(failing, hosts=hosts, state=state), Outcome.FAIL)

    assert watch.rounds == 1


async def test_failures_of_half_a_minute_ago_are_no_part_of_a_mass(watch: Watch) -> None:
    await _each(watch, list(_crowd(9)), Outcome.FAIL)
    await watch.look(after=31 * SECOND)

    await watch.vet(check=list(_crowd(10))[9])

    assert watch.rounds == 2


async def test_services_that_are_no_longer_run_do_not_hide_a_mass(watch: Watch) -> None:
    await _each(watch, _crowd(100), Outcome.OK)
    await watch.look(after=timedelta(minutes=10))
    watch.clock.advance(SECOND)

    await _each(watch, _crowd(10), Outcome.FAIL)

    assert watch.rounds == 3


async def test_answers_of_what_must_not_answer_are_no_part_of_a_mass(watch: Watch) -> None:
    closed = [replace(check, upside_down=True) for check in _crowd(20)]
    watch.clock.advance(SECOND)

    await _each(watch, closed, Outcome.FAIL)

    assert watch.rounds == 1


# Offline ------------------------------------------------------------------------------------------


async def test_nothing_is_run_before_the_first_round() -> None:
    watch = Watch()

    assert watch.connectivity.link is Link.UNKNOWN
    assert not await watch.connectivity.wait_until_online(timedelta(0))
    await watch.look()
    assert await watch.connectivity.wait_until_online(timedelta(0))


async def test_a_start_without_a_network_is_offline_at_once() -> None:
    watch = Watch()
    watch.cut()

    await watch.look()

    assert watch.connectivity.link is Link.OFFLINE
    assert not await watch.connectivity.wait_until_online(timedelta(0))


async def test_offline_is_told_once_and_so_is_the_return(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.cut()
    await watch.look()
    await watch.look()
    watch.cut(0)
    await watch.look()
    await watch.look()

    begin = NOON + 2 * SECOND
    assert watch.told == [("offline", begin), ("return", begin)]
    assert caplog.text.count("our own network seems to be down") == 1
    assert caplog.text.count("The canaries answer again") == 1


async def test_while_offline_failures_ask_no_canary(watch: Watch) -> None:
    watch.cut()
    await watch.look()

    for _ in range(20):
        assert (await watch.vet()).outcome is Outcome.PROBE_ERROR

    assert watch.rounds == 2


async def test_nothing_is_run_before_the_past_is_put_right(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.cut()
    await watch.look()
    watch.cut(0)
    watch.failures.append(StorageUnavailableError("gone"))

    with pytest.raises(StorageUnavailableError):
        await watch.look()
    still = await watch.connectivity.wait_until_online(timedelta(0))
    await watch.look()

    assert not still
    assert await watch.connectivity.wait_until_online(timedelta(0))
    assert [what for what, _ in watch.told] == ["offline", "return"]


async def test_offline_holds_also_when_it_cannot_be_stored(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.cut()
    watch.failures.append(StorageUnavailableError("gone"))

    await watch.look()

    assert watch.connectivity.link is Link.OFFLINE
    assert "could not be stored: gone" in caplog.text


async def test_what_could_not_be_stored_is_tried_again_with_the_next_round(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.cut()
    watch.failures += [StorageUnavailableError("gone")] * 2
    await watch.look()
    await watch.look()

    await watch.look()
    await watch.look()

    assert watch.told == [("offline", NOON + 2 * SECOND)]
    assert caplog.text.count("could not be stored") == 1


async def test_a_long_outage_is_said_again_each_minute_from_the_fifth_on(watch: Watch) -> None:
    watch.cut()
    await watch.look()
    at_s = []
    for second in range(1, 421):
        before = len(watch.told)
        await watch.look()
        at_s += [second] * (len(watch.told) - before)

    assert at_s == [300, 360, 420]
    assert watch.told[1:] == [("long", NOON + 2 * SECOND)] * 3


async def test_a_long_outage_that_could_not_be_said_is_said_with_the_next_round(
    watch: Watch,
) -> None:
    watch.cut()
    await watch.look()
    watch.failures.append(StorageUnavailableError("gone"))
    await watch.look(after=timedelta(minutes=5))

    await watch.look()

    assert [what for what, _ in watch.told] == ["offline", "long"]


async def test_an_outage_after_one_that_was_told_is_told_anew(watch: Watch) -> None:
    for count in (3, 0, 3):
        watch.cut(count)
        await watch.look()

    assert [what for what, _ in watch.told] == ["offline", "return", "offline"]


async def test_a_failure_is_doubted_whatever_telling_of_it_raises(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.clock.advance(16 * SECOND)
    watch.cut()
    watch.failures.append(RuntimeError("a bug"))

    result = await watch.vet()

    assert (result.outcome, watch.connectivity.link) == (Outcome.PROBE_ERROR, Link.OFFLINE)
    assert "That could not be told" in caplog.text


async def test_canaries_are_asked_until_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watch, stop = Watch(), asyncio.Event()
    running = asyncio.create_task(watch.connectivity.run(stop))

    async def has_asked() -> bool:
        return watch.connectivity.link is Link.ONLINE

    await until(has_asked)
    stop.set()
    await running

    assert watch.rounds == 1
