"""Raw results: each (check, slot, attempt) once, newest first for screens, gone after days."""

from dataclasses import replace

import pytest

from allgreen.domain.expectation import Explanation
from allgreen.domain.identity import CheckId
from allgreen.domain.result import Phases, Result, SlotKey
from allgreen.domain.status import FailureClass, Outcome
from tests.contract.build import CHECK, DAY, HOUR, MINUTE, NOON, SECOND, a_result
from tests.contract.conftest import Storage

EVERY_FIELD = replace(
    a_result(NOON, 2, outcome=Outcome.FAIL),
    version=3,
    fence=2**40,
    failure=FailureClass.STATUS,
    reason="503 instead of 200",
    message="The answer was 503 – “Übersee is down”.",
    http_status=503,
    latency_ms=12.345678,
    phases=Phases(dns_ms=0.1, connect_ms=0.2, tls_ms=None, first_byte_ms=3.25, body_ms=0.0),
    explanations=(
        Explanation(operand="Status", actual="503", expected="200", holds=False),
        Explanation(operand="$.db", actual="up", expected="up", holds=True),
    ),
    certificate_days=29.5,
)


async def _store(storage: Storage, *results: Result) -> None:
    async with storage.unit_of_work() as unit:
        await unit.results.add(results)
        await unit.commit()


async def test_result_comes_back_with_every_field(storage: Storage) -> None:
    await _store(storage, EVERY_FIELD)

    async with storage.unit_of_work() as unit:
        assert await unit.results.latest([CHECK], limit=1) == [EVERY_FIELD]


async def test_results_between_come_without_explanations(storage: Storage) -> None:
    await _store(storage, EVERY_FIELD)

    async with storage.unit_of_work() as unit:
        found = await unit.results.between(CHECK, NOON, NOON + SECOND)

    assert found == [replace(EVERY_FIELD, explanations=())]


async def test_known_result_is_left_as_it_is(storage: Storage) -> None:
    await _store(storage, a_result())

    await _store(storage, a_result(outcome=Outcome.FAIL), a_result(NOON, 2), a_result(NOON, 2))

    async with storage.unit_of_work() as unit:
        assert await unit.results.latest([CHECK], limit=9) == [a_result(NOON, 2), a_result()]


async def test_window_holds_its_begin_and_not_its_end(storage: Storage) -> None:
    inside = [a_result(NOON), a_result(NOON, 2), a_result(NOON + HOUR - SECOND)]
    outside = [a_result(NOON - SECOND), a_result(NOON + HOUR), a_result(check_id="other")]
    await _store(storage, *reversed(inside), *outside)

    async with storage.unit_of_work() as unit:
        assert await unit.results.between(CHECK, NOON, NOON + HOUR) == inside


async def test_latest_of_several_checks_come_newest_first(storage: Storage) -> None:
    results = [a_result(NOON + n * MINUTE, check_id=f"check-{n % 2}") for n in range(6)]
    await _store(storage, *results)

    async with storage.unit_of_work() as unit:
        both = [CheckId("check-0"), CheckId("check-1"), CheckId("check-1")]
        assert await unit.results.latest(both, limit=4) == list(reversed(results))[:4]


async def test_latest_go_on_before_a_slot_and_attempt(storage: Storage) -> None:
    results = [a_result(NOON), a_result(NOON, 2), a_result(NOON, 3), a_result(NOON + MINUTE)]
    await _store(storage, *results)

    async with storage.unit_of_work() as unit:
        page = await unit.results.latest([CHECK], limit=9, before=SlotKey(NOON, 3))

    assert page == [a_result(NOON, 2), a_result(NOON)]


async def test_old_results_are_deleted_and_the_others_stay(storage: Storage) -> None:
    old = [a_result(NOON - 3 * DAY), a_result(NOON - 2 * DAY), a_result(NOON - 2 * DAY, 2)]
    await _store(storage, *old, a_result(NOON))

    async with storage.unit_of_work() as unit:
        assert await unit.results.delete_before(NOON, limit=9) == 3
        assert await unit.results.delete_before(NOON, limit=9) == 0
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.results.latest([CHECK], limit=9) == [a_result(NOON)]


async def test_oldest_results_are_deleted_first(storage: Storage) -> None:
    days = [NOON - n * DAY for n in (2, 4, 3)]
    await _store(storage, *map(a_result, days))

    async with storage.unit_of_work() as unit:
        assert await unit.results.delete_before(NOON, limit=1) == 1
        left = await unit.results.latest([CHECK], limit=9)
        assert [one.slot for one in left] == [NOON - 2 * DAY, NOON - 3 * DAY]


async def test_deletion_that_is_not_committed_deletes_nothing(storage: Storage) -> None:
    await _store(storage, a_result(NOON - 2 * DAY))

    async with storage.unit_of_work() as unit:
        assert await unit.results.delete_before(NOON, limit=9) == 1

    async with storage.unit_of_work() as unit:
        assert len(await unit.results.latest([CHECK], limit=9)) == 1


@pytest.mark.parametrize("days", [-4000, -40, 1, 3653], ids=str)
async def test_result_of_any_day_finds_its_place(storage: Storage, days: int) -> None:
    late = a_result(NOON + days * DAY)

    await _store(storage, late, a_result(NOON))

    async with storage.unit_of_work() as unit:
        assert set(await unit.results.latest([CHECK], limit=9)) == {late, a_result(NOON)}


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udfff", "🟢 ok"], ids=ascii)
async def test_strange_text_of_a_target_stops_nothing(storage: Storage, text: str) -> None:
    lines = (Explanation(operand=text, actual=text, expected=text, holds=False),)
    strange = replace(a_result(), message=text, reason=text, explanations=lines)

    await _store(storage, strange, a_result(NOON + MINUTE))

    async with storage.unit_of_work() as unit:
        assert len(await unit.results.latest([CHECK], limit=9)) == 2


async def test_nothing_is_stored_of_nothing(storage: Storage) -> None:
    await _store(storage)

    async with storage.unit_of_work() as unit:
        assert await unit.results.latest([], limit=9) == []
        assert await unit.results.latest([CHECK], limit=9) == []
