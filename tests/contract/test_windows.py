"""Maintenance windows: every definition is kept, and services learn when they are in one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from allgreen.domain.check import CheckState
from allgreen.domain.identity import ServiceId, WindowId, WorkspaceId
from allgreen.domain.maintenance import Recurrence, Repeat, Weekday, Window
from allgreen.domain.status import Mode, ServiceHealth
from allgreen.errors import NotFoundError
from tests.contract.build import DAY, HOUR, MINUTE, NOON, SERVICE, WORKSPACE, a_check, a_service
from tests.contract.conftest import Storage

OTHER_WORKSPACE = WorkspaceId("workspace-2")
OTHER_SERVICE = ServiceId("service-2")
ELSEWHERE = ServiceId("service-3")


def a_window(
    window_id: str = "window-1",
    *,
    at: time = time(14),
    service_ids: tuple[ServiceId, ...] = (),
    recurrence: Recurrence | None = None,
    holds_from: datetime = NOON,
) -> Window:
    """Return a window of an hour, at 14:00 UTC on the day of noon, made at noon."""
    return Window(
        id=WindowId(window_id),
        workspace_id=WORKSPACE,
        name="Move of the database",
        service_ids=service_ids,
        first=NOON.date(),
        at=at,
        duration=HOUR,
        recurrence=recurrence or Recurrence(),
        holds_from=holds_from,
    )


@pytest.fixture(autouse=True)
async def _services(storage: Storage) -> None:
    await storage.add_workspace(OTHER_WORKSPACE, "Elsewhere", "UTC", [])
    async with storage.unit_of_work() as unit:
        for service_id in (SERVICE, OTHER_SERVICE):
            await unit.services.add(a_service(service_id))
        await unit.services.add(replace(a_service(ELSEWHERE), workspace_id=OTHER_WORKSPACE))
        await unit.commit()


async def test_window_comes_back_with_every_field(storage: Storage) -> None:
    window = replace(
        a_window(
            service_ids=(OTHER_SERVICE, SERVICE),
            at=time(2, 30),
            recurrence=Recurrence(
                repeat=Repeat.WEEKLY,
                weekdays=frozenset({Weekday.SUNDAY, Weekday.MONDAY}),
                until=date(2027, 1, 1),
            ),
        ),
        zone="Europe/Rome",
        name="Umzug Ø",
    )
    monthly = a_window("window-2", recurrence=Recurrence(repeat=Repeat.MONTHLY, day=31))

    async with storage.unit_of_work() as unit:
        await unit.windows.save([window, monthly])
        assert await unit.windows.get(window.id) == window
        assert await unit.windows.get(monthly.id, lock=True) == monthly


async def test_unknown_window_is_not_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        with pytest.raises(NotFoundError):
            await unit.windows.get(WindowId("nothing"))


async def test_latest_definition_holds(storage: Storage) -> None:
    old, new = a_window().edited(replace(a_window(), name="Moved"), NOON + 2.5 * HOUR)

    async with storage.unit_of_work() as unit:
        await unit.windows.save([a_window()])
        await unit.windows.save([old, new])
        assert await unit.windows.get(new.id) == new
        assert await unit.windows.touching(NOON, NOON + DAY) == [old, new]


async def test_definitions_that_never_ran_are_left_out(storage: Storage) -> None:
    window = a_window()
    async with storage.unit_of_work() as unit:
        for minute in range(20):
            old, window = window.edited(window, NOON + minute * MINUTE)
            await unit.windows.save([old, window])

        assert await unit.windows.touching(NOON, NOON + DAY) == [window]


async def test_cancelled_window_is_not_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.windows.save([a_window().cancelled(NOON + MINUTE)])
        with pytest.raises(NotFoundError):
            await unit.windows.get(a_window().id)


async def test_services_learn_when_they_are_in_maintenance(storage: Storage) -> None:
    begin, end = NOON + 2 * HOUR, NOON + 3 * HOUR
    async with storage.unit_of_work() as unit:
        await unit.windows.save([a_window()])
        asked = [SERVICE, OTHER_SERVICE, ELSEWHERE, ServiceId("none")]

        found = await unit.windows.of_services(asked, NOON, NOON + DAY)

    assert found == {SERVICE: [(begin, end)], OTHER_SERVICE: [(begin, end)]}


@pytest.mark.parametrize(
    ("begin", "end", "is_in"),
    [(0, 1.9, False), (0, 2, True), (2, 2, True), (2.5, 2.5, True), (3, 3, False), (3, 9, False)],
    ids=["before", "up to its begin", "at its begin", "inside", "at its end", "after"],
)
async def test_range_is_looked_at_with_its_end(
    storage: Storage, begin: float, end: float, is_in: bool
) -> None:
    async with storage.unit_of_work() as unit:
        await unit.windows.save([a_window()])

        found = await unit.windows.of_services([SERVICE], NOON + begin * HOUR, NOON + end * HOUR)

    assert (SERVICE in found) == is_in


async def test_window_of_some_services_is_not_that_of_the_others(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.windows.save([a_window(service_ids=(OTHER_SERVICE,))])

        found = await unit.windows.of_services([SERVICE, OTHER_SERVICE], NOON, NOON + DAY)

    assert set(found) == {OTHER_SERVICE}


async def test_windows_that_meet_are_one_stretch(storage: Storage) -> None:
    later = a_window("window-2", at=time(15))
    apart = a_window("window-3", at=time(18))
    async with storage.unit_of_work() as unit:
        await unit.windows.save([apart, later, a_window()])

        found = await unit.windows.of_services([SERVICE], NOON, NOON + DAY)
        inside = await unit.windows.of_services([SERVICE], NOON + 2 * HOUR, NOON + 2 * HOUR)

    stretch = (NOON + 2 * HOUR, NOON + 4 * HOUR)
    assert found == {SERVICE: [stretch, (NOON + 6 * HOUR, NOON + 7 * HOUR)]}
    assert inside == {SERVICE: [stretch]}


async def test_edit_leaves_the_past_as_it_was(storage: Storage) -> None:
    window = a_window(at=time(12), recurrence=Recurrence(repeat=Repeat.DAILY))
    at = NOON + DAY + 30 * MINUTE
    old, new = window.edited(replace(window, at=time(20)), at)
    async with storage.unit_of_work() as unit:
        await unit.windows.save([old, new])

        found = await unit.windows.of_services([SERVICE], NOON, NOON + DAY + 9 * HOUR)

    assert found == {
        SERVICE: [
            (NOON, NOON + HOUR),
            (NOON + DAY, at),
            (NOON + DAY + 8 * HOUR, NOON + DAY + 9 * HOUR),
        ]
    }


async def test_window_knows_the_checks_that_it_covers(storage: Storage) -> None:
    other = replace(
        a_service(OTHER_SERVICE, checks=()),
        checks=(
            replace(a_check("b", service_id=OTHER_SERVICE), state=CheckState(bad=1)),
            replace(
                a_check("c", service_id=OTHER_SERVICE),
                state=CheckState(health=ServiceHealth.DOWN),
            ),
        ),
    )
    paused = replace(a_service(ServiceId("service-4")), checks=(a_check("d"),), mode=Mode.PAUSED)
    async with storage.unit_of_work() as unit:
        await unit.services.save([a_service(checks=(a_check("a"),)), other])
        await unit.services.add(replace(paused, checks=()))
        await unit.services.save([replace(paused, checks=(a_check("d", service_id=paused.id),))])

        everything = await unit.windows.covered(a_window())
        some = await unit.windows.covered(a_window(service_ids=(SERVICE, ELSEWHERE)))

    assert [(one.service_id, one.check_id, one.is_failing) for one in everything] == [
        (SERVICE, "a", False),
        (OTHER_SERVICE, "b", True),
        (OTHER_SERVICE, "c", True),
    ]
    assert some == everything[:1]


async def test_windows_that_are_over_are_left_out(storage: Storage) -> None:
    lasting = a_window("window-2", recurrence=Recurrence(repeat=Repeat.DAILY))
    async with storage.unit_of_work() as unit:
        await unit.windows.save([a_window(), lasting])

        assert await unit.windows.touching(NOON + 9 * DAY, NOON + 9 * DAY) == [lasting]
        assert await unit.windows.touching(NOON - 9 * DAY, NOON - HOUR) == []


async def test_looking_costs_one_statement_where_no_window_is_near(storage: Storage) -> None:
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counted.append(statement)

    async with storage.unit_of_work() as unit:
        event.listen(Engine, "before_cursor_execute", count)
        try:
            await unit.windows.of_services([SERVICE], NOON, NOON)
            without = len(counted)
            await unit.windows.save([a_window()])
            counted.clear()
            await unit.windows.of_services([SERVICE, OTHER_SERVICE], NOON, NOON)
        finally:
            event.remove(Engine, "before_cursor_execute", count)

    assert without <= 1
    assert len(counted) <= 2
