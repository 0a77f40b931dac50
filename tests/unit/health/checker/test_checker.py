"""The HealthChecker: what components say, what becomes of those that do not, and who is told."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus, LifeSign, SystemHealthStatus
from allgreen.errors import (
    CheckDefinitionError,
    HealthCheckError,
    SettingsError,
    UnknownComponentError,
)
from allgreen.health.checker.breaker import Breaker, BreakerState
from allgreen.health.checker.changes import Change, ChangeDetector
from allgreen.health.checker.checker import HealthChecker
from allgreen.health.config.settings import HealthSettings
from tests.unit.health.clocks import StillClock

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus
SOON_S = 10.0


def a_checker(
    check: Callable[[], Any] | None = None, name: str = "part", **options: Any
) -> HealthChecker:
    """A checker with one component, that does not wait between attempts."""
    checker = HealthChecker(**{"backoff_base_seconds": 0.0, **options})
    if check is not None:
        checker.register_check(name, check)
    return checker


async def read(check: Callable[[], Any], **options: Any) -> ComponentStatus:
    """Return what becomes of a check."""
    return await a_checker(check, **options).check_component("part")


class Calls:
    """A check that does something else each time; the last of it again and again."""

    def __init__(self, *doings: object) -> None:
        self.doings = list(doings)
        self.count = 0
        self.is_called = asyncio.Event()

    async def __call__(self) -> object:
        self.is_called.set()
        await asyncio.sleep(0)
        doing = self.doings[min(self.count, len(self.doings) - 1)]
        self.count += 1
        if isinstance(doing, BaseException):
            raise doing
        if doing is Hang:
            await asyncio.get_running_loop().create_future()
        return doing


async def turn_loop() -> None:
    """Let everything happen that is about to."""
    for _ in range(10):
        await asyncio.sleep(0)


class Hang:
    """Stands for a run that does not end by itself."""


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hanging threads wait for; opened at the end, so that none is left behind."""
    gate = threading.Event()
    yield gate
    gate.set()


# What components say ----------------------------------------------------------------------------


async def test_without_components_all_is_healthy() -> None:
    found = await HealthChecker().check_all_components()

    assert (found.overall_status, found.components) == (HEALTHY, ())


@pytest.mark.parametrize(
    ("value", "status", "message"),
    [
        (None, HEALTHY, ""),
        (True, HEALTHY, ""),
        (False, UNHEALTHY, "Health check failed: returned False"),
        (HEALTHY, HEALTHY, ""),
        (DEGRADED, DEGRADED, ""),
        (UNHEALTHY, UNHEALTHY, ""),
        ((DEGRADED, "slow"), DEGRADED, "slow"),
        (("unhealthy", "gone", {"code": 5}), UNHEALTHY, "gone"),
        ({"status": "degraded", "message": "slow", "queue": 7}, DEGRADED, "slow"),
        (ComponentStatus("part", DEGRADED, "slow"), DEGRADED, "slow"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.semantics(1)
async def test_every_way_to_say_a_status_is_honoured(
    value: object, status: HealthStatus, message: str, is_async: bool
) -> None:
    found = await read(Calls(value) if is_async else lambda: value)

    assert (found.status, found.message) == (status, message)


@pytest.mark.parametrize("value", [3, "fine", [], (), {"message": "x"}, ("purple",)], ids=repr)
@pytest.mark.semantics(1)
async def test_what_says_neither_yes_nor_no_has_failed(value: object) -> None:
    found = await read(Calls(value))

    assert found.status is UNHEALTHY
    assert found.message.startswith("The check of 'part' failed: ")


@pytest.mark.semantics(3)
async def test_what_a_plain_function_returns_to_be_awaited_is_awaited() -> None:
    check = Calls(HealthStatus.DEGRADED)

    def begin() -> object:
        return check()

    assert (await read(begin)).status is DEGRADED
    assert check.count == 1


async def test_what_a_check_measured_is_kept() -> None:
    said = ComponentStatus(
        "part", HEALTHY, "fine", 45.2, {"rows": 3, "at": datetime(2026, 3, 2, tzinfo=UTC)}
    )

    found = await read(Calls(said))

    assert found.response_time_ms == 45.2
    assert found.metadata == {"rows": 3, "at": "2026-03-02 00:00:00+00:00"}


async def test_what_a_check_did_not_measure_is_measured() -> None:
    checker = a_checker(Calls(ComponentStatus("part", HEALTHY)))

    found = (await checker.check_component("part")).response_time_ms

    assert 0 < found < 10_000


async def test_without_metadata_there_is_an_empty_one() -> None:
    said = ComponentStatus("part", HEALTHY, metadata=None)  # type: ignore[arg-type]  # as it was once

    assert (await read(Calls(said))).metadata == {}


async def test_a_component_has_the_name_that_it_was_registered_by() -> None:
    found = await read(Calls(ComponentStatus("something else", HEALTHY)))

    assert found.name == "part"


# Exceptions and timeouts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        ValueError("boom"),
        AssertionError("boom"),
        HealthCheckError("boom"),
        SystemExit("boom"),
        GeneratorExit("boom"),
        RecursionError("boom"),
        MemoryError("boom"),
        ExceptionGroup("several", [ValueError("boom")]),
        asyncio.CancelledError("boom"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.semantics(10, 11, 13, 15, "L5")
async def test_whatever_is_raised_is_unhealthy(error: BaseException, is_async: bool) -> None:
    def check() -> None:
        raise error

    found = await read(Calls(error) if is_async else check)

    assert found.status is UNHEALTHY
    assert found.message.startswith("The check of 'part' failed: ")
    assert "boom" in found.message


@pytest.mark.semantics("L11", 57)
async def test_no_secret_is_in_a_message_or_in_measurements() -> None:
    error = OSError("could not connect to postgres://shop:hunter2@db/shop")
    said = ComponentStatus("part", DEGRADED, "password=hunter2", 0.0, {"token": "hunter2"})

    assert "hunter2" not in repr(await read(Calls(error)))
    assert "hunter2" not in repr(await read(Calls(said)))


async def test_our_own_error_is_not_named_before_what_it_says() -> None:
    found = await read(Calls(HealthCheckError("no answer")))

    assert found.message == "The check of 'part' failed: no answer"


async def test_a_coroutine_that_takes_too_long_is_degraded() -> None:
    found = await read(Calls(Hang), default_timeout_ms=20, retry_count=0)

    assert (found.status, found.message) == (DEGRADED, "The check of 'part' timed out after 20ms")


@pytest.mark.semantics(17, 18, "L7")
async def test_a_function_that_takes_too_long_is_degraded(gate: threading.Event) -> None:
    def check() -> None:
        while not gate.is_set():
            try:
                gate.wait()
            except Exception:  # noqa: BLE001 - it would swallow what ends it, if anything did
                continue

    found = await read(check, default_timeout_ms=20)

    assert (found.status, found.message) == (DEGRADED, "The check of 'part' timed out after 20ms")


@pytest.mark.parametrize("kind", [TimeoutError, asyncio.TimeoutError])
@pytest.mark.semantics(14)
async def test_a_timeout_of_the_check_itself_is_its_failure(kind: type[Exception]) -> None:
    found = await read(Calls(kind("no answer from db")))

    assert found.status is UNHEALTHY
    assert "timed out" not in found.message
    assert "failed: TimeoutError: no answer from db" in found.message


@pytest.mark.semantics(21)
async def test_each_component_may_have_its_own_timeout() -> None:
    checker = a_checker(
        default_timeout_ms=20, per_component_timeouts_ms={"patient": 10_000}, retry_count=0
    )
    is_over = asyncio.Event()

    async def wait() -> None:
        await is_over.wait()

    checker.register_check("patient", wait)
    checker.register_check("part", wait)
    asked = asyncio.ensure_future(checker.check_component("patient"))
    assert (await checker.check_component("part")).status is DEGRADED
    is_over.set()

    assert (await asked).status is HEALTHY


@pytest.mark.semantics(21)
async def test_without_a_timeout_the_deadline_of_the_whole_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("allgreen.health.checker.checker.DEADLINE_S", 0.01)
    monkeypatch.setattr("allgreen.health.checker.checker._TO_BEGIN_S", 0.01)

    found = await read(Calls(Hang), default_timeout_ms=None)

    assert (found.status, found.message) == (DEGRADED, "The check of 'part' timed out")


# Further attempts -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [ValueError("boom"), Hang, AssertionError()], ids=repr)
async def test_what_raised_or_took_too_long_is_tried_again(first: object) -> None:
    check = Calls(first, None)

    found = await read(check, default_timeout_ms=200)

    assert (found.status, check.count) == (HEALTHY, 2)


@pytest.mark.parametrize("said", [False, UNHEALTHY, DEGRADED, 3, (UNHEALTHY, "down")], ids=repr)
async def test_an_answer_is_not_asked_for_again(said: object) -> None:
    check = Calls(said)

    await read(check, retry_count=5)

    assert check.count == 1


@pytest.mark.parametrize("retry_count", [0, 1, 3])
async def test_there_are_as_many_attempts_as_were_asked_for(retry_count: int) -> None:
    check = Calls(ValueError())

    await read(check, retry_count=retry_count)

    assert check.count == retry_count + 1


async def test_pauses_double(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float, *args: Any) -> None:
        if seconds:
            pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    await read(Calls(ValueError()), retry_count=3, backoff_base_seconds=0.5)

    assert pauses == [0.5, 1.0, 2.0]


async def test_all_attempts_count_into_the_response_time() -> None:
    checker = a_checker(Calls(ValueError(), None), backoff_base_seconds=0.02)

    assert (await checker.check_component("part")).response_time_ms >= 20


async def test_a_function_that_hangs_is_not_tried_again(gate: threading.Event) -> None:
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        gate.wait()

    found = await read(check, default_timeout_ms=20, retry_count=3)

    assert "timed out" in found.message
    assert len(calls) == 1


@pytest.mark.semantics(19, "L2")
async def test_while_a_run_hangs_no_second_one_is_begun(gate: threading.Event) -> None:
    calls: list[int] = []
    has_ended = threading.Event()

    def check() -> None:
        calls.append(1)
        gate.wait()
        has_ended.set()

    checker = a_checker(check, default_timeout_ms=20, retry_count=0)
    await checker.check_component("part")
    threads = set(threading.enumerate())

    for _ in range(50):
        found = await checker.check_component("part")
        assert found.status is DEGRADED
        assert found.message.startswith("Still running since ")
        assert " UTC" in found.message

    # Threads of other tests may end meanwhile, but none may begin.
    assert (len(calls), set(threading.enumerate()) - threads) == (1, set())
    gate.set()
    has_ended.wait(SOON_S)
    while (await checker.check_component("part")).status is not HEALTHY:  # noqa: ASYNC110 - nothing rings when a thread is free again
        await asyncio.sleep(0.001)
    assert len(calls) == 2


@pytest.mark.semantics(23)
async def test_a_coroutine_that_swallows_its_cancellation_is_left_alone() -> None:
    is_over = asyncio.Event()
    calls = 0

    async def check() -> None:
        nonlocal calls
        calls += 1
        while not is_over.is_set():
            try:
                await is_over.wait()
            except asyncio.CancelledError:
                continue

    checker = a_checker(check, default_timeout_ms=20)
    found = await checker.check_component("part")
    again = await checker.check_component("part")
    is_over.set()

    assert "timed out" in found.message
    assert again.message.startswith("Still running since ")
    assert calls == 1


# All of them at once ----------------------------------------------------------------------------


async def test_the_worst_component_is_the_whole() -> None:
    checker = a_checker()
    for name, status in {"a": HEALTHY, "b": UNHEALTHY, "c": DEGRADED}.items():
        checker.register_check(name, Calls(status))

    found = await checker.check_all_components()

    assert found.overall_status is UNHEALTHY
    assert [component.name for component in found.components] == ["a", "b", "c"]
    assert found.timestamp.tzinfo is UTC


@pytest.mark.semantics(8)
async def test_the_status_of_the_whole_has_a_word_in_each_vocabulary() -> None:
    found = await a_checker(Calls(DEGRADED)).check_all_components()

    assert isinstance(found, SystemHealthStatus)
    assert LifeSign.of(found.overall_status) is LifeSign.DEGRADED


async def test_components_are_checked_at_the_same_time() -> None:
    count = 50
    barrier = asyncio.Barrier(count)

    async def meet() -> None:
        await barrier.wait()

    checker = a_checker()
    for number in range(count):
        checker.register_check(str(number), meet)

    assert (await checker.check_all_components()).overall_status is HEALTHY


async def test_functions_are_called_at_the_same_time_and_not_on_the_loop() -> None:
    count = 8
    barrier = threading.Barrier(count)
    names: set[str] = set()

    def meet() -> None:
        barrier.wait(SOON_S)
        names.add(threading.current_thread().name)

    checker = a_checker(default_timeout_ms=10_000)
    for number in range(count):
        checker.register_check(str(number), meet)

    assert (await checker.check_all_components()).overall_status is HEALTHY
    assert threading.main_thread().name not in names
    assert not any(name.startswith(("asyncio", "ThreadPool")) for name in names)


@pytest.mark.semantics(10)
async def test_one_that_fails_does_not_disturb_the_others(gate: threading.Event) -> None:
    checker = a_checker(default_timeout_ms=50)
    checker.register_check("exits", Calls(SystemExit()))
    checker.register_check("hangs", Calls(Hang))
    checker.register_check("blocks", gate.wait)
    checker.register_check("works", Calls(None))

    found = await checker.check_all_components()

    statuses = {component.name: component.status for component in found.components}
    assert statuses == {
        "exits": UNHEALTHY,
        "hangs": DEGRADED,
        "blocks": DEGRADED,
        "works": HEALTHY,
    }


# Who asks at the same time ----------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, ValueError("boom")], ids=repr)
@pytest.mark.semantics(28, "L8")
async def test_many_who_ask_at_once_share_each_attempt(said: object) -> None:
    check = Calls(said)
    checker = a_checker(check, retry_count=2, backoff_base_seconds=0.001)

    found = await asyncio.gather(*(checker.check_all_components() for _ in range(100)))

    assert check.count == (1 if said is None else 3)
    assert len({one.components[0].message for one in found}) == 1
    statistics = checker.find_statistics("part")
    assert statistics is not None
    assert statistics.runs == 1


async def test_who_comes_between_two_attempts_shares_what_comes_of_them() -> None:
    check = Calls(ValueError(), None)
    checker = a_checker(check, backoff_base_seconds=0.05)
    first = asyncio.ensure_future(checker.check_component("part"))
    await check.is_called.wait()
    await turn_loop()

    found = await checker.check_component("part")

    assert (found.status, check.count) == (HEALTHY, 2)
    assert await first == found


@pytest.mark.semantics(13)
@pytest.mark.parametrize("doing", [Hang, ValueError()], ids=["running", "between-attempts"])
async def test_a_caller_that_is_cancelled_leaves_nothing_running(doing: object) -> None:
    check = Calls(doing)
    checker = a_checker(check, backoff_base_seconds=60.0)
    before = asyncio.all_tasks()
    asked = asyncio.ensure_future(checker.check_all_components())
    await check.is_called.wait()
    await turn_loop()

    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked

    await turn_loop()
    assert asyncio.all_tasks() == before


@pytest.mark.semantics(29)
@pytest.mark.parametrize("first", [Hang, ValueError()], ids=["running", "between-attempts"])
async def test_a_caller_that_is_cancelled_takes_nothing_from_the_others(first: object) -> None:
    release = asyncio.Event()
    calls = 0

    async def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 1 and isinstance(first, ValueError):
            raise first
        await release.wait()

    checker = a_checker(check, backoff_base_seconds=0.01, default_timeout_ms=10_000)
    leader, joiner = (asyncio.ensure_future(checker.check_component("part")) for _ in range(2))
    await turn_loop()
    assert calls

    leader.cancel()
    release.set()

    assert (await joiner).status is HEALTHY
    assert leader.cancelled()


async def test_after_all_have_left_the_next_one_begins_anew() -> None:
    check = Calls(ValueError(), None)
    checker = a_checker(check, backoff_base_seconds=60.0)
    asked = asyncio.ensure_future(checker.check_component("part"))
    await check.is_called.wait()
    await turn_loop()
    asked.cancel()
    await turn_loop()

    assert (await checker.check_component("part")).status is HEALTHY
    assert check.count == 2


def test_several_event_loops_may_ask_one_checker() -> None:
    checker = a_checker(Calls(ValueError(), None, ValueError(), None), retry_count=3)
    found: queue.Queue[SystemHealthStatus] = queue.Queue()

    def ask() -> None:
        found.put(asyncio.run(checker.check_all_components()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)

    assert [found.get_nowait().overall_status for _ in range(4)] == [HEALTHY] * 4


# Registration -----------------------------------------------------------------------------------


async def test_the_check_of_a_component_can_be_replaced_and_removed() -> None:
    checker = a_checker(Calls(UNHEALTHY))
    checker.register_check("other", Calls(None))
    await checker.check_all_components()

    checker.register_check("part", Calls(None))
    assert (await checker.check_all_components()).overall_status is HEALTHY
    before = checker.component_names
    checker.remove_check("part")
    checker.remove_check("never there")

    assert (before, checker.component_names) == (("part", "other"), ("other",))
    assert checker.find_statistics("part") is None


async def test_a_component_that_is_removed_while_it_is_checked_leaves_no_past() -> None:
    checker = a_checker()

    async def remove() -> None:
        checker.remove_check("part")
        raise ValueError

    checker.register_check("part", remove)

    assert (await checker.check_component("part")).status is UNHEALTHY
    assert checker.find_statistics("part") is None


async def test_a_component_that_is_removed_between_attempts_keeps_what_it_said() -> None:
    check = Calls(ValueError("boom"))
    checker = a_checker(check, backoff_base_seconds=0.02)
    asked = asyncio.ensure_future(checker.check_component("part"))
    await check.is_called.wait()
    await turn_loop()

    checker.remove_check("part")

    assert "boom" in (await asked).message


@pytest.mark.semantics(48)
async def test_an_unknown_component_is_refused_with_what_was_meant() -> None:
    checker = a_checker(Calls(None), name="database")

    with pytest.raises(UnknownComponentError, match="Did you mean 'database'") as caught:
        await checker.check_component("databse")
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, HealthCheckError)
    with pytest.raises(UnknownComponentError, match=r"is not registered\.$"):
        await checker.check_component("xyz")


@pytest.mark.parametrize("name", ["", "  ", None, 5])
def test_a_name_is_text(name: Any) -> None:
    with pytest.raises(CheckDefinitionError, match="name"):
        a_checker().register_check(name, Calls(None))


def test_a_check_is_a_function() -> None:
    with pytest.raises(TypeError, match="no function"):
        a_checker().register_check("part", "SELECT 1")  # type: ignore[arg-type]  # that is the point


def test_a_generator_is_no_check() -> None:
    def check() -> Iterator[None]:
        yield None

    with pytest.raises(CheckDefinitionError, match="generator"):
        a_checker().register_check("part", check)


# Settings ---------------------------------------------------------------------------------------


async def test_only_enabled_components_are_checked_with_all() -> None:
    checker = a_checker(Calls(None), components=["part"])
    checker.register_check("other", Calls(UNHEALTHY))

    assert (await checker.check_all_components()).overall_status is HEALTHY
    assert (await checker.check_component("other")).status is UNHEALTHY


async def test_settings_can_be_changed_while_it_runs() -> None:
    check = Calls(ValueError())
    checker = a_checker(check, retry_count=0)
    await checker.check_component("part")

    settings = checker.update_settings(retry_count=2, default_timeout_ms=20)
    checker.register_check("slow", Calls(Hang))

    assert settings is checker.settings
    await checker.check_component("part")
    assert check.count == 4
    assert "after 20ms" in (await checker.check_component("slow")).message
    checker.update_settings(per_component_timeouts_ms={"slow": 30})
    assert "after 30ms" in (await checker.check_component("slow")).message


def test_a_change_that_is_impossible_changes_nothing() -> None:
    checker = a_checker()
    before = checker.settings

    with pytest.raises(SettingsError):
        checker.update_settings(default_timeout_ms=5, retry_count=-1)

    assert checker.settings is before


def test_one_is_built_from_settings() -> None:
    settings = HealthSettings(retry_count=4, components=frozenset({"cache"}))

    assert HealthChecker.of(settings).settings == settings


@pytest.mark.parametrize(
    "options", [{"default_timeout_ms": -1}, {"retry_count": -1}, {"backoff_base_seconds": -1}]
)
def test_settings_that_are_impossible_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        HealthChecker(**options)


# Statistics, breakers, publishers ---------------------------------------------------------------


async def test_what_was_found_is_counted() -> None:
    checker = a_checker(Calls(None, UNHEALTHY, UNHEALTHY))
    assert checker.find_statistics("part") is None
    for _ in range(3):
        await checker.check_all_components()

    found = checker.find_statistics("part")

    assert found is not None
    assert (found.runs, found.consecutive_failures, found.status) == (3, 2, UNHEALTHY)


async def test_a_breaker_stops_asking_and_asks_again() -> None:
    clock = StillClock()
    check = Calls(ValueError("boom"), ValueError("boom"), None)
    breaker = Breaker(failures=2, cool_down_s=30, clock=clock)
    checker = a_checker(retry_count=0)
    checker.register_check("part", check, breaker=breaker)
    found = [await checker.check_component("part") for _ in range(4)][-1]
    assert check.count == 2
    assert found.status is UNHEALTHY
    assert found.message.endswith("failed: ValueError: boom; not asked again until 12:00:30 UTC")

    clock.advance(30)

    assert (await checker.check_component("part")).status is HEALTHY
    assert breaker.state is BreakerState.CLOSED


async def test_timeouts_open_a_breaker_too() -> None:
    breaker = Breaker(failures=1)
    checker = a_checker(retry_count=0, default_timeout_ms=20)
    checker.register_check("part", Calls(Hang), breaker=breaker)
    await checker.check_component("part")

    found = await checker.check_component("part")

    assert found.status is DEGRADED
    assert "timed out after 20ms; not asked again until" in found.message


@pytest.mark.parametrize("doing", [Hang, ValueError()], ids=["running", "between-attempts"])
async def test_a_caller_that_is_cancelled_does_not_keep_a_breaker_open(doing: object) -> None:
    clock = StillClock()
    breaker = Breaker(failures=1, cool_down_s=30, clock=clock)
    breaker.record(ComponentStatus("part", UNHEALTHY))
    clock.advance(30)
    check = Calls(doing)
    checker = a_checker(backoff_base_seconds=60.0)
    checker.register_check("part", check, breaker=breaker)
    checker.register_check("free", Calls(None))
    asked = asyncio.ensure_future(checker.check_all_components())
    await check.is_called.wait()
    await turn_loop()
    assert not breaker.admit()

    asked.cancel()
    await turn_loop()

    assert breaker.admit()


@pytest.mark.semantics(68)
async def test_changes_are_told_once_to_functions_and_publishers() -> None:
    told: queue.Queue[Change] = queue.Queue()
    kept: list[Change] = []

    class Recorder:
        def publish(self, change: Change) -> None:
            kept.append(change)

    checker = a_checker(Calls(None, UNHEALTHY, UNHEALTHY, None), publishers=[told.put, Recorder()])
    for _ in range(4):
        await asyncio.gather(*(checker.check_all_components() for _ in range(5)))

    assert [told.get(timeout=SOON_S).event for _ in range(2)] == ["unhealthy", "recovered"]
    checker.close()
    assert [change.event for change in kept] == ["unhealthy", "recovered"]
    assert told.empty()


@pytest.mark.semantics(68)
async def test_what_counts_as_a_change_can_be_said() -> None:
    kept: list[Change] = []

    class Recorder:
        def publish(self, change: Change) -> None:
            kept.append(change)

    checker = a_checker(
        Calls(UNHEALTHY), publishers=[Recorder()], detector=ChangeDetector(failures=3)
    )
    for _ in range(2):
        await checker.check_component("part")
    assert not kept
    await checker.check_component("part")

    assert [change.failures for change in kept] == [3]


@pytest.mark.semantics("L9")
async def test_a_publisher_that_hangs_does_not_delay_an_answer(gate: threading.Event) -> None:
    checker = a_checker(Calls(UNHEALTHY), publishers=[lambda _: gate.wait()])

    found = await checker.check_component("part")

    assert found.status is UNHEALTHY
    checker.close(timeout_s=0.01)
