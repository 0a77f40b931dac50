"""How often one host is asked, over all workspaces."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from allgreen.domain.status import Outcome
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.pace import (
    AT_ONCE,
    BURST,
    BURST_OF_NUMBER,
    LONGEST_DEBT_S,
    MOST_WAITING,
    OWN_CONNECTIONS,
    PER_NUMBER_S,
    HostPace,
)

VICTIM = "victim.example"
PUBLIC = "203.0.114.7"
HALF_AN_HOUR_S = 1800.0


class Seconds:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time as it was set."""
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """Time that passes when a test says so."""
    return Seconds()


@pytest.fixture
def pace(seconds: Seconds) -> HostPace:
    """Full buckets; the operator allows 10.0.0.0/8."""
    return HostPace(TargetGuard.parse("10.0.0.0/8:*"), monotonic=seconds)


def slots_of(services: int, period_s: float, until_s: float) -> Iterator[float]:
    """When the checks of many services are due, spread evenly over their period."""
    for at in count():
        due = at * period_s / services
        if due >= until_s:
            return
        yield due


@pytest.mark.parametrize("period_s", [10.0, 60.0, 300.0])
def test_fifty_workspaces_with_forty_services_each_ask_one_host_once_a_second(
    pace: HostPace, seconds: Seconds, period_s: float
) -> None:
    asked_at: list[float] = []
    for due in slots_of(50 * 40, period_s, HALF_AN_HOUR_S):
        seconds.now = 1000.0 + due
        wait_s = pace.reserve(VICTIM, min(period_s / 2, 30.0))
        if wait_s is not None:
            asked_at.append(due + wait_s)

    after_the_burst = [at for at in asked_at if BURST <= at < HALF_AN_HOUR_S]
    assert len(asked_at) / HALF_AN_HOUR_S <= 1.2
    assert len(after_the_burst) / (HALF_AN_HOUR_S - BURST) <= 1.05
    assert len(after_the_burst) / (HALF_AN_HOUR_S - BURST) >= 0.95


def test_any_three_minutes_hold_a_burst_and_a_request_a_second_at_most(
    pace: HostPace, seconds: Seconds
) -> None:
    asked_at: list[float] = []
    for due in slots_of(2000, 60.0, HALF_AN_HOUR_S):
        seconds.now = 1000.0 + due
        wait_s = pace.reserve(VICTIM, 30.0)
        if wait_s is not None:
            asked_at.append(due + wait_s)

    for begin in range(0, 1800, 60):
        assert sum(begin <= at < begin + 180 for at in asked_at) <= 180 + BURST + 1


def test_each_host_has_a_bucket_of_its_own(pace: HostPace) -> None:
    while pace.reserve(VICTIM, 0.0) is not None:
        pass

    assert pace.reserve("other.example", 0.0) == 0.0


def test_a_burst_passes_at_once_and_then_each_waits_for_its_second(pace: HostPace) -> None:
    waits = [pace.reserve(VICTIM, 3.0) for _ in range(BURST + 5)]

    assert waits[:BURST] == [0.0] * BURST
    assert waits[BURST:] == pytest.approx([1.0, 2.0, 3.0, None, None])


def test_whoever_is_sent_away_uses_nothing_up(pace: HostPace, seconds: Seconds) -> None:
    for _ in range(BURST):
        pace.reserve(VICTIM, 0.0)
    for _ in range(1000):
        pace.reserve(VICTIM, 0.5)

    seconds.now += 1.0
    assert pace.reserve(VICTIM, 0.0) == 0.0


def test_an_idle_host_may_be_asked_in_a_burst_again(pace: HostPace, seconds: Seconds) -> None:
    for _ in range(BURST):
        pace.reserve(VICTIM, 0.0)

    seconds.now += BURST
    assert [pace.reserve(VICTIM, 0.0) for _ in range(BURST)] == [0.0] * BURST


async def test_at_most_ten_ask_a_host_at_once(pace: HostPace) -> None:
    entered = [await pace.enter(VICTIM, 30.0) for _ in range(AT_ONCE)]

    assert entered == [True] * AT_ONCE
    assert not await pace.enter(VICTIM, 0.0)
    assert await pace.enter("other.example", 0.0)


async def test_who_waits_for_a_place_gets_it_in_the_order_of_coming(pace: HostPace) -> None:
    for _ in range(AT_ONCE):
        await pace.enter(VICTIM, 30.0)
    order: list[int] = []

    async def come(number: int) -> None:
        assert await pace.enter(VICTIM, 30.0)
        order.append(number)

    coming = [asyncio.create_task(come(number)) for number in range(5)]
    await asyncio.sleep(0)
    waiting = pace.waiting
    for _ in coming:
        pace.leave(VICTIM)
    await asyncio.gather(*coming)

    assert waiting == 5
    assert order == [0, 1, 2, 3, 4]
    assert pace.waiting == 0
    assert not await pace.enter(VICTIM, 0.0)


async def test_places_come_back_when_all_have_left(pace: HostPace) -> None:
    for _ in range(3):
        for _ in range(AT_ONCE):
            assert await pace.enter(VICTIM, 0.0)
        for _ in range(AT_ONCE):
            pace.leave(VICTIM)

    assert pace._asking == {}


async def test_whoever_stops_waiting_takes_no_place(pace: HostPace) -> None:
    for _ in range(AT_ONCE):
        await pace.enter(VICTIM, 30.0)
    given_up = asyncio.create_task(pace.enter(VICTIM, 30.0))
    handed_over = asyncio.create_task(pace.enter(VICTIM, 30.0))
    await asyncio.sleep(0)

    given_up.cancel()
    await asyncio.wait([given_up])
    pace.leave(VICTIM)
    handed_over.cancel()
    await asyncio.wait([handed_over])

    assert await pace.enter(VICTIM, 0.0)
    assert not await pace.enter(VICTIM, 0.0)
    assert pace.waiting == 0


async def test_a_run_waits_until_its_second_comes(pace: HostPace, seconds: Seconds) -> None:
    for _ in range(BURST):
        pace.reserve(VICTIM, 0.0)
    seconds.now += 0.99

    assert await pace.enter(VICTIM, 5.0)


async def test_only_so_many_wait_at_a_time_and_others_are_not_held_up(pace: HostPace) -> None:
    hosts = [f"host{at}.example" for at in range(10)]
    for host in hosts:
        for _ in range(BURST):
            pace.reserve(host, 0.0)
    tasks = [asyncio.create_task(pace.enter(host, 30.0)) for host in hosts for _ in range(20)]
    await asyncio.sleep(0)

    assert pace.waiting == MOST_WAITING
    assert await pace.enter("calm.example", 30.0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert pace.waiting == 0


def test_a_redirect_takes_a_turn_of_the_host_it_leads_to(pace: HostPace) -> None:
    faults = [pace.admit(VICTIM, PUBLIC, is_extra=True) for _ in range(1000)]

    admitted = sum(fault is None for fault in faults)
    assert admitted == BURST + LONGEST_DEBT_S
    refused = faults[-1]
    assert refused is not None
    assert (refused.outcome, refused.failure) == (Outcome.MISSED, None)
    assert VICTIM in refused.message


def test_redirects_leave_turns_for_those_who_ask_directly_and_may_wait(
    pace: HostPace, seconds: Seconds
) -> None:
    waits: list[float | None] = []
    for minute in range(1, 61):
        while seconds.now < 1000.0 + 60.0 * minute:
            seconds.now += 0.5
            pace.admit(VICTIM, PUBLIC, is_extra=True)
        waits.append(pace.reserve(VICTIM, 30.0))

    assert all(wait_s is not None and wait_s <= LONGEST_DEBT_S + 1 for wait_s in waits)


def use_up(pace: HostPace, host: str = VICTIM) -> None:
    """Take all turns of a host, also those that one would have to wait for."""
    while pace.reserve(host, 30.0) is not None:
        pass


async def test_each_workspace_runs_once_a_minute_whatever_others_do(
    pace: HostPace, seconds: Seconds
) -> None:
    entered: list[bool] = []
    for minute in range(30):
        seconds.now = 1000.0 + 60.0 * minute + (0.0, 3.0, -2.0)[minute % 3]
        use_up(pace)
        entered += [await pace.enter(VICTIM, 0.0, "quiet") for _ in range(2)]

    assert entered == [True, False] * 30
    assert not await pace.enter(VICTIM, 0.0, "")


async def test_runs_of_its_own_are_counted_for_all(pace: HostPace, seconds: Seconds) -> None:
    use_up(pace)
    for at in range(9):
        await pace.enter(VICTIM, 0.0, f"workspace {at}")

    seconds.now += 9.0
    assert pace.reserve(VICTIM, 30.0) is None
    seconds.now += 1.5
    assert pace.reserve(VICTIM, 30.0) is not None


async def test_whoever_holds_all_places_keeps_no_other_workspace_out(pace: HostPace) -> None:
    held = [await pace.enter(VICTIM, 0.0, "loud") for _ in range(AT_ONCE + 5)]

    assert sum(held) == AT_ONCE + 1
    assert [await pace.enter(VICTIM, 0.0, "quiet") for _ in range(2)] == [True, False]


async def test_a_place_of_its_own_is_nobodys_afterwards(pace: HostPace) -> None:
    for _ in range(AT_ONCE):
        await pace.enter(VICTIM, 0.0)
    assert await pace.enter(VICTIM, 0.0, "quiet")
    waits = asyncio.create_task(pace.enter(VICTIM, 30.0))
    await asyncio.sleep(0)

    pace.leave(VICTIM)
    await asyncio.sleep(0)
    waited = waits.done()
    pace.leave(VICTIM)
    for _ in range(AT_ONCE):
        assert await waits
        pace.leave(VICTIM)

    assert not waited
    assert pace._asking == {}
    assert pace._queues == {}


async def test_with_runs_of_their_own_fifty_workspaces_ask_one_host_once_a_second(
    pace: HostPace, seconds: Seconds
) -> None:
    asked = 0
    for at, due in enumerate(slots_of(50 * 40, 60.0, HALF_AN_HOUR_S)):
        seconds.now = 1000.0 + due
        if await pace.enter(VICTIM, 0.0, f"workspace {at % 50}"):
            pace.leave(VICTIM)
            asked += 1
        elif pace.reserve(VICTIM, 30.0) is not None:
            asked += 1

    assert asked / HALF_AN_HOUR_S <= 1.2


def test_each_workspace_has_a_few_connections_of_its_own(pace: HostPace) -> None:
    at = 0
    while pace.admit(f"name{at}.example", PUBLIC, is_extra=False) is None:
        at += 1
    use_up(pace)

    for asker in ("quiet", "calm"):
        faults = [
            pace.admit(VICTIM, PUBLIC, is_extra=True, asker=asker)
            for _ in range(OWN_CONNECTIONS + 1)
        ]
        assert [fault is None for fault in faults] == [True] * OWN_CONNECTIONS + [False]
    assert pace.admit(VICTIM, PUBLIC, is_extra=False) is not None


def test_a_thousand_names_of_one_number_are_held_back_too(pace: HostPace, seconds: Seconds) -> None:
    admitted = 0
    for due in slots_of(2000, 10.0, 300.0):
        seconds.now = 1000.0 + due
        host = f"name{due}.example"
        admitted += pace.admit(host, PUBLIC, is_extra=False) is None

    assert admitted <= 300 / PER_NUMBER_S + BURST_OF_NUMBER + LONGEST_DEBT_S / PER_NUMBER_S


@pytest.mark.parametrize("number", ["10.1.2.3"])
def test_hosts_of_the_operator_are_not_held_back(pace: HostPace, number: str) -> None:
    faults = [pace.admit("intern.example", number, is_extra=True) for _ in range(5000)]

    assert faults == [None] * 5000
    assert pace.is_exempt("intern.example", None)
    assert pace.is_exempt("10.1.2.3", "10.1.2.3")
    assert not pace.is_exempt(VICTIM, None)
    assert not pace.is_exempt(PUBLIC, PUBLIC)


def test_a_name_that_leaves_the_operators_network_is_held_back_at_once(
    pace: HostPace, seconds: Seconds
) -> None:
    admitted = 0
    for _ in range(1000):
        pace.admit("turns.example", "10.1.2.3", is_extra=False)
        admitted += pace.admit("turns.example", PUBLIC, is_extra=False) is None

    assert admitted == BURST + LONGEST_DEBT_S


def test_what_is_remembered_of_hosts_is_bounded(pace: HostPace, seconds: Seconds) -> None:
    for at in range(50_000):
        pace.admit(f"in{at}.example", "10.1.2.3", is_extra=False)
        pace.reserve(f"out{at}.example", 0.0)
        seconds.now += 0.001

    assert len(pace._exempt) <= 20_000
    assert len(pace._hosts._full_at) <= 20_000
