"""Spans tell how time counts: no overlap, no gap, and the last word on a moment holds."""

from datetime import datetime

import pytest

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import Span, tally
from tests.contract.build import CHECK, DAY, HOUR, NOON, a_check, a_service
from tests.contract.conftest import Storage

UP, DOWN, UNKNOWN = TimeKind.UP, TimeKind.DOWN, TimeKind.UNKNOWN


def _at(hour: float) -> datetime:
    return NOON + hour * HOUR


ALL = 99


def _span(kind: TimeKind, began: float, ended: float | None = None) -> Span:
    return Span(kind=kind, began_at=_at(began), ended_at=None if ended is None else _at(ended))


async def _spans_after(
    storage: Storage, turns: list[tuple[float, TimeKind]], *, singly: int = ALL
) -> list[Span]:
    """Return what turns lead to, of which the first `singly` are made one by one."""
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.services.save([a_service()])
        for hour, kind in turns[:singly]:
            await unit.spans.turn(CHECK, _at(hour), kind)
        await unit.spans.turn_many((CHECK, _at(hour), kind) for hour, kind in turns[singly:])
        found = await unit.spans.overlapping([CHECK], _at(-99), _at(99))
        await unit.commit()
    return found.get(CHECK, [])


@pytest.mark.parametrize("singly", [ALL, 0, 1], ids=["one by one", "at once", "first alone"])
@pytest.mark.parametrize(
    ("turns", "spans"),
    [
        ([(0, UP)], [_span(UP, 0)]),
        ([(0, UP), (2, DOWN), (3, UP)], [_span(UP, 0, 2), _span(DOWN, 2, 3), _span(UP, 3)]),
        ([(0, UP), (2, UP)], [_span(UP, 0)]),
        ([(0, UP), (2, DOWN), (1, DOWN)], [_span(UP, 0, 1), _span(DOWN, 1)]),
        ([(0, UP), (2, DOWN), (1, UP)], [_span(UP, 0)]),
        ([(0, UP), (2, DOWN), (3, UP), (1, UNKNOWN)], [_span(UP, 0, 1), _span(UNKNOWN, 1)]),
        ([(0, UP), (2, DOWN), (2, UNKNOWN)], [_span(UP, 0, 2), _span(UNKNOWN, 2)]),
        ([(0, UP), (2, DOWN), (2, UP)], [_span(UP, 0)]),
        ([(2, UP), (1, DOWN)], [_span(DOWN, 1)]),
    ],
    ids=[
        "first",
        "each turn ends the span before",
        "same kind goes on",
        "turn moved back",
        "later turn void, same kind",
        "several later turns void",
        "another word on the same moment",
        "taken back at the same moment",
        "before all others",
    ],
)
async def test_turns_give_spans_without_overlap(
    storage: Storage, turns: list[tuple[float, TimeKind]], spans: list[Span], singly: int
) -> None:
    assert await _spans_after(storage, turns, singly=singly) == spans


async def test_many_checks_turn_at_once(storage: Storage) -> None:
    service = a_service(checks=(a_check("check-1"), a_check("check-2"), a_check("check-3")))
    one, two, three = (check.id for check in service.checks)
    begin = [(check_id, NOON, UP) for check_id in (one, two, three)]
    async with storage.unit_of_work() as unit:
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.spans.turn_many(begin)

        onward = [(one, _at(2), DOWN), (two, _at(1), UNKNOWN), (two, _at(2), UP)]
        await unit.spans.turn_many([*onward, (three, _at(1), UP)])

        found = await unit.spans.overlapping([one, two, three], NOON, NOON + DAY)

    assert found == {
        one: [_span(UP, 0, 2), _span(DOWN, 2)],
        two: [_span(UP, 0, 1), _span(UNKNOWN, 1, 2), _span(UP, 2)],
        three: [_span(UP, 0)],
    }


async def test_window_finds_the_spans_that_touch_it(storage: Storage) -> None:
    await _spans_after(storage, [(0, UP), (2, DOWN), (3, UP)])

    async with storage.unit_of_work() as unit:
        assert await unit.spans.overlapping([CHECK], _at(1), _at(2)) == {CHECK: [_span(UP, 0, 2)]}
        assert await unit.spans.overlapping([CHECK], _at(2), _at(2.5)) == {
            CHECK: [_span(DOWN, 2, 3)]
        }
        assert await unit.spans.overlapping([CHECK], _at(9), _at(10)) == {CHECK: [_span(UP, 3)]}
        assert await unit.spans.overlapping([CHECK], _at(-2), _at(0)) == {}


@pytest.mark.parametrize("begin", [-2, 0, 0.25, 2, 2.5, 9])
@pytest.mark.parametrize("hours", [0.5, 1, 2.75, 24])
async def test_time_by_kind_is_that_of_the_spans(
    storage: Storage, begin: float, hours: float
) -> None:
    turns = [(0, UP), (1, DOWN), (1.5, UP), (2, UNKNOWN), (2.25, UP), (3, DOWN), (4, UP)]
    await _spans_after(storage, turns)
    first, last = _at(begin), _at(begin + hours)

    async with storage.unit_of_work() as unit:
        found = await unit.spans.tallies([CHECK, CheckId("no")], first, last)
        spans = await unit.spans.overlapping([CHECK], first, last)

    assert found == {each: tally(own, first, last) for each, own in spans.items()}
    assert all(each.whole == last - first for each in found.values())


async def test_checks_do_not_share_spans(storage: Storage) -> None:
    service = a_service(checks=(a_check("check-1"), a_check("check-2"), a_check("check-3")))
    one, two, three = (check.id for check in service.checks)
    async with storage.unit_of_work() as unit:
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.spans.turn(one, NOON, UP)
        await unit.spans.turn(two, NOON, DOWN)

        found = await unit.spans.overlapping([one, two, three, CheckId("no")], NOON, NOON + DAY)

    assert found == {one: [_span(UP, 0)], two: [_span(DOWN, 0)]}


async def test_spans_of_removed_checks_are_found_by_their_service(storage: Storage) -> None:
    both = a_service(checks=(a_check("check-1"), a_check("check-2")))
    kept, gone = (check.id for check in both.checks)
    async with storage.unit_of_work() as unit:
        await unit.services.add(both)
        await unit.services.save([both])
        await unit.spans.turn(kept, NOON, UP)
        await unit.spans.turn(gone, NOON, DOWN)
        await unit.spans.turn(gone, NOON + HOUR, UNKNOWN)
        before = await unit.spans.of_removed([both.id], NOON, NOON + DAY)
        await unit.services.save([a_service(checks=(a_check("check-1"),))])

        after = await unit.spans.of_removed([both.id], NOON, NOON + DAY)
        early = await unit.spans.of_removed([both.id], NOON - DAY, NOON)
        of_others = await unit.spans.of_removed([ServiceId("no")], NOON, NOON + DAY)

    assert after == {both.id: {gone: [_span(DOWN, 0, 1), _span(UNKNOWN, 1)]}}
    assert (before, early, of_others) == ({}, {}, {})
