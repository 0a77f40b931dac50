"""Scheduler and runner with a life cycle."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest

from allgreen.domain.check import CheckKind, LeasedCheck
from allgreen.domain.identity import CheckId
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.errors import StorageUnavailableError
from allgreen.monitoring import agent as agent_module
from allgreen.monitoring.agent import Agent
from allgreen.monitoring.connectivity import Link
from allgreen.monitoring.runner import ProbeRunner
from allgreen.monitoring.scheduler import LARGEST_BATCH, CheckScheduler
from allgreen.ports import CheckExecutor, CheckSource, ResultSink
from allgreen.testing import (
    NOON,
    FakeClock,
    ScriptedExecutor,
    a_check,
    a_leased_check,
    a_result_of,
)
from tests.unit.monitoring.scene import until
from tests.unit.monitoring.test_connectivity import Watch

SHORT = timedelta(milliseconds=20)


class ListedSource(CheckSource):
    """Hands out what it was given, and fails as a script says."""

    def __init__(self, *checks: LeasedCheck, failures: Iterable[Exception] = ()) -> None:
        self.left = list(checks)
        self.failures = list(failures)
        self.asked: list[int] = []
        self.released: list[CheckId] = []

    async def lease(self, *, limit: int) -> list[LeasedCheck]:
        """Return what is left."""
        self.asked.append(limit)
        if self.failures:
            raise self.failures.pop(0)
        leased, self.left = self.left[:limit], self.left[limit:]
        return leased

    async def wait(self, *, at_most: timedelta) -> None:
        """Let others run."""
        await asyncio.sleep(0)

    async def release(self, check_ids: Iterable[CheckId]) -> None:
        """Note what comes back."""
        self.released += check_ids


class ListSink(ResultSink):
    """Keeps results in a list."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.is_flushed = False

    async def put(self, result: Result) -> None:
        """Keep a result."""
        self.results.append(result)

    async def flush(self) -> None:
        """Note that it was asked for."""
        self.is_flushed = True


class BrokenSink(ListSink):
    """Raises at the first result."""

    def __init__(self) -> None:
        super().__init__()
        self.puts = 0

    async def put(self, result: Result) -> None:
        """Keep a result, but not the first."""
        self.puts += 1
        if self.puts == 1:
            raise RuntimeError("a bug")
        await super().put(result)


class GatedExecutor(CheckExecutor):
    """Runs until its gate opens."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = 0
        self.most = 0

    @property
    def kind(self) -> CheckKind:
        """Return the kind."""
        return CheckKind.HTTP

    async def run(self, leased: LeasedCheck) -> Result:
        """Wait for the gate."""
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        return a_result_of(leased, Outcome.OK, at=NOON)


def _checks(count: int) -> list[LeasedCheck]:
    return [
        a_leased_check(a_check(id=CheckId(f"0198c000-0000-7000-8000-{n:012}")))
        for n in range(count)
    ]


def _agent(
    source: CheckSource,
    executor: CheckExecutor,
    sink: ResultSink,
    *,
    concurrency: int = 50,
    drain_for: timedelta = SHORT,
) -> Agent:
    runner = ProbeRunner([executor], clock=FakeClock(), concurrency=concurrency)
    return Agent(CheckScheduler(source), runner, sink, drain_for=drain_for)


async def _has(sink: ListSink, count: int) -> None:
    async def are_there() -> bool:
        return len(sink.results) == count

    await until(are_there)


async def test_what_is_due_is_run_and_handed_on() -> None:
    source, sink, stop = ListedSource(*_checks(7)), ListSink(), asyncio.Event()
    running = asyncio.create_task(_agent(source, ScriptedExecutor(), sink).run(stop))

    await _has(sink, 7)
    stop.set()
    await running

    assert {result.outcome for result in sink.results} == {Outcome.OK}
    assert sink.is_flushed
    assert source.released == []


async def test_no_more_is_leased_than_can_be_run() -> None:
    source, sink, stop = ListedSource(*_checks(10)), ListSink(), asyncio.Event()
    executor = GatedExecutor()
    agent = _agent(source, executor, sink, concurrency=4)
    running = asyncio.create_task(agent.run(stop))

    async def is_full() -> bool:
        return executor.running == 4

    await until(is_full)
    left, at_once = len(source.left), agent.running
    executor.gate.set()
    await _has(sink, 10)
    stop.set()
    await running

    assert (left, at_once, executor.most) == (6, 4, 4)


async def test_large_leases_are_cut() -> None:
    source = ListedSource()

    await CheckScheduler(source).lease(100_000)

    assert source.asked == [LARGEST_BATCH]


async def test_without_capacity_nothing_is_leased() -> None:
    source = ListedSource(*_checks(1))

    assert await CheckScheduler(source).lease(0) == []
    assert source.asked == []


async def test_runs_under_way_finish_when_the_agent_is_stopped() -> None:
    source, sink, stop = ListedSource(*_checks(3)), ListSink(), asyncio.Event()
    executor = GatedExecutor()
    agent = _agent(source, executor, sink, drain_for=timedelta(seconds=10))
    running = asyncio.create_task(agent.run(stop))

    async def all_run() -> bool:
        return executor.running == 3

    await until(all_run)
    stop.set()
    asyncio.get_running_loop().call_soon(executor.gate.set)
    await running

    assert len(sink.results) == 3
    assert source.released == []


async def test_runs_that_do_not_finish_are_released() -> None:
    checks, sink, stop = _checks(2), ListSink(), asyncio.Event()
    source, executor = ListedSource(*checks), GatedExecutor()
    running = asyncio.create_task(_agent(source, executor, sink).run(stop))

    async def all_run() -> bool:
        return executor.running == 2

    await until(all_run)
    stop.set()
    await running

    assert sink.results == []
    assert source.released == [leased.check.id for leased in checks]
    assert executor.running == 0


async def test_results_that_cannot_be_stored_do_not_keep_the_agent_from_ending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class StuckSink(ListSink):
        async def flush(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(agent_module, "LAST_GASP", SHORT)
    checks, stop = _checks(1), asyncio.Event()
    source, executor = ListedSource(*checks), GatedExecutor()
    running = asyncio.create_task(_agent(source, executor, StuckSink()).run(stop))

    async def it_runs() -> bool:
        return executor.running == 1

    await until(it_runs)
    stop.set()
    await running

    assert source.released == [checks[0].check.id]
    assert "could not be stored" in caplog.text


async def test_a_source_that_fails_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    source = ListedSource(*_checks(1), failures=[StorageUnavailableError("gone")])
    sink, stop = ListSink(), asyncio.Event()
    running = asyncio.create_task(_agent(source, ScriptedExecutor(), sink).run(stop))

    async with asyncio.timeout(10):
        while not sink.results:  # noqa: ASYNC110 - the sink rings no bell
            await asyncio.sleep(0.01)
    stop.set()
    await running

    assert "The scheduler waits for the storage" in caplog.text


async def test_a_result_that_cannot_be_handed_on_ends_no_watch(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source, sink, stop = ListedSource(*_checks(3)), BrokenSink(), asyncio.Event()
    running = asyncio.create_task(_agent(source, ScriptedExecutor(), sink).run(stop))

    await _has(sink, 2)
    stop.set()
    await running

    assert "could not be handed on" in caplog.text


async def test_a_check_that_is_leased_anew_while_it_runs_is_run_again() -> None:
    (leased,) = _checks(1)
    source, executor = ListedSource(leased, leased), GatedExecutor()
    sink, stop = ListSink(), asyncio.Event()
    agent = _agent(source, executor, sink)
    running = asyncio.create_task(agent.run(stop))

    async def both_run() -> bool:
        return executor.running == 2

    await until(both_run)
    executor.gate.set()
    await _has(sink, 2)
    stop.set()
    await running

    assert agent.running == 0


async def test_an_agent_that_looks_for_what_is_due_is_not_idle() -> None:
    source, sink, stop = ListedSource(*_checks(1)), ListSink(), asyncio.Event()
    agent = _agent(source, ScriptedExecutor(), sink)
    before = agent.idle_s
    running = asyncio.create_task(agent.run(stop))

    await _has(sink, 1)
    meanwhile = agent.idle_s
    stop.set()
    await running

    assert before == 0
    assert 0 <= meanwhile < 10


async def test_while_our_own_network_is_down_nothing_is_leased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch, stop = Watch(), asyncio.Event()
    watch.cut()
    await watch.look()

    async def look_once(_at_most: timedelta) -> bool:
        await asyncio.sleep(0)
        return watch.connectivity.link is Link.ONLINE

    monkeypatch.setattr(watch.connectivity, "wait_until_online", look_once)
    source, sink = ListedSource(*_checks(3)), ListSink()
    runner = ProbeRunner([ScriptedExecutor()], clock=FakeClock(), concurrency=5)
    agent = Agent(
        CheckScheduler(source), runner, sink, drain_for=SHORT, connectivity=watch.connectivity
    )
    running = asyncio.create_task(agent.run(stop))
    for _ in range(20):
        await asyncio.sleep(0)
    offline = list(source.asked)

    watch.cut(0)
    await watch.look()
    await _has(sink, 3)
    stop.set()
    await running

    assert offline == []
    assert source.left == []
