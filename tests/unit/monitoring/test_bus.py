"""From a message to those who handle it."""

import logging

import pytest

from allgreen.domain.commands import DeleteService, PauseService
from allgreen.domain.events import RecipientAdded, ServiceChanged
from allgreen.domain.status import TimeKind
from allgreen.monitoring.bus import Bus, Turn
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import ACCOUNT, CHECK, NOON, RECIPIENT, SERVICE, WORKSPACE

PAUSE = PauseService(service_id=SERVICE, by=ACCOUNT, at=NOON)
CHANGED = ServiceChanged(
    service_id=SERVICE, workspace_id=WORKSPACE, change="paused it", by=ACCOUNT, at=NOON
)
ADDED = RecipientAdded(recipient_id=RECIPIENT, service_id=SERVICE, workspace_id=WORKSPACE, at=NOON)


async def _tell_changed(_command: PauseService, turn: Turn) -> None:
    await turn.tell(CHANGED)


async def test_a_command_without_a_handler_is_a_mistake() -> None:
    async with MemoryStorage().unit_of_work() as uow:
        with pytest.raises(LookupError, match="PauseService"):
            await Bus().handle(PAUSE, uow)


def test_a_command_has_one_handler() -> None:
    bus = Bus()
    bus.on_command(PauseService, _tell_changed)

    with pytest.raises(ValueError, match="has a handler"):
        bus.on_command(PauseService, _tell_changed)


async def test_what_happened_is_returned() -> None:
    bus = Bus()
    bus.on_command(PauseService, _tell_changed)

    async with MemoryStorage().unit_of_work() as uow:
        assert await bus.handle(PAUSE, uow) == (CHANGED,)


async def test_a_handler_within_raises_and_nothing_is_committed() -> None:
    storage, bus = MemoryStorage(), Bus()

    async def write(_command: PauseService, turn: Turn) -> None:
        await turn.uow.spans.turn(CHECK, NOON, TimeKind.UP)
        await turn.tell(CHANGED)

    async def fail(_event: ServiceChanged, _turn: Turn) -> None:
        raise RuntimeError("no audit row")

    bus.on_command(PauseService, write)
    bus.within(ServiceChanged, fail)

    with pytest.raises(RuntimeError):
        await bus.execute(PAUSE, storage.unit_of_work)

    async with storage.unit_of_work() as uow:
        assert await uow.spans.overlapping([CHECK], NOON, NOON) == {}


async def test_what_is_asked_again_is_read_once_until_something_is_known_anew() -> None:
    read = 0

    async def count() -> int:
        nonlocal read
        read += 1
        return read

    async with MemoryStorage().unit_of_work() as uow:
        turn = Turn(uow, {})
        first = [await turn.recall("number", count) for _ in range(3)]
        turn.know()
        after = await turn.recall("number", count)

    assert (first, after) == ([1, 1, 1], 2)


async def test_events_of_handlers_wait_for_their_turn() -> None:
    bus, seen = Bus(), list[str]()

    async def first(_event: ServiceChanged, turn: Turn) -> None:
        seen.append("first begins")
        await turn.tell(ADDED)
        seen.append("first ends")

    async def second(_event: ServiceChanged, _turn: Turn) -> None:
        seen.append("second")

    async def third(_event: RecipientAdded, _turn: Turn) -> None:
        seen.append("third")

    bus.on_command(PauseService, _tell_changed)
    bus.within(ServiceChanged, first)
    bus.within(ServiceChanged, second)
    bus.within(RecipientAdded, third)

    async with MemoryStorage().unit_of_work() as uow:
        events = await bus.handle(PAUSE, uow)

    assert seen == ["first begins", "first ends", "second", "third"]
    assert events == (CHANGED, ADDED)


async def test_a_part_that_fails_is_undone_with_what_it_told() -> None:
    storage, bus = MemoryStorage(), Bus()

    async def fail_in_a_part(turn: Turn) -> None:
        async with turn.part():
            await turn.uow.spans.turn(CHECK, NOON, TimeKind.UP)
            await turn.tell(CHANGED)
            raise RuntimeError("this part only")

    async def in_parts(_command: PauseService, turn: Turn) -> None:
        await turn.tell(ADDED)
        with pytest.raises(RuntimeError):
            await fail_in_a_part(turn)

    bus.on_command(PauseService, in_parts)

    events = await bus.execute(PAUSE, storage.unit_of_work)

    assert events == (ADDED,)
    async with storage.unit_of_work() as uow:
        assert await uow.spans.overlapping([CHECK], NOON, NOON.replace(hour=13)) == {}


async def test_after_a_failure_within_the_turn_can_still_tell() -> None:
    bus, told = Bus(), list[object]()

    async def fail(_event: ServiceChanged, _turn: Turn) -> None:
        raise RuntimeError("no audit row")

    async def note(event: RecipientAdded, _turn: Turn) -> None:
        told.append(event)

    async def go_on(_command: PauseService, turn: Turn) -> None:
        with pytest.raises(RuntimeError):
            await turn.tell(CHANGED, ADDED)
        await turn.tell(ADDED)

    bus.on_command(PauseService, go_on)
    bus.within(ServiceChanged, fail)
    bus.within(RecipientAdded, note)

    async with MemoryStorage().unit_of_work() as uow:
        await bus.handle(PAUSE, uow)

    assert told == [ADDED]


async def test_a_handler_afterwards_that_fails_is_logged_and_hides_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus, seen = Bus(), list[object]()

    def fail(_event: ServiceChanged) -> None:
        raise RuntimeError("the doorbell is broken")

    bus.on_command(PauseService, _tell_changed)
    bus.afterwards(ServiceChanged, fail)
    bus.afterwards(ServiceChanged, seen.append)

    with caplog.at_level(logging.ERROR):
        await bus.execute(PAUSE, MemoryStorage().unit_of_work)

    assert seen == [CHANGED]
    assert "ServiceChanged" in caplog.text


async def test_nobody_is_told_afterwards_before_the_commit() -> None:
    bus, seen = Bus(), list[object]()
    bus.on_command(PauseService, _tell_changed)
    bus.afterwards(ServiceChanged, seen.append)

    async with MemoryStorage().unit_of_work() as uow:
        await bus.handle(PAUSE, uow)

    assert seen == []


async def test_the_bus_is_used_by_many_tasks_at_once() -> None:
    bus = Bus()

    async def tell_added(_command: DeleteService, turn: Turn) -> None:
        await turn.tell(ADDED)

    bus.on_command(PauseService, _tell_changed)
    bus.on_command(DeleteService, tell_added)
    delete = DeleteService(service_id=SERVICE, by=ACCOUNT, at=NOON)

    async with MemoryStorage().unit_of_work() as one, MemoryStorage().unit_of_work() as other:
        first = await bus.handle(PAUSE, one)
        second = await bus.handle(delete, other)

    assert (first, second) == ((CHANGED,), (ADDED,))
