"""The history: append-only, newest first by the order of writing."""

from allgreen.domain.identity import AccountId
from allgreen.ports import AuditRow
from tests.contract.build import HOUR, NOON, SERVICE, WORKSPACE
from tests.contract.conftest import Storage


def _row(summary: str, *, hours: int = 0, by: str | None = None) -> AuditRow:
    return AuditRow(
        workspace_id=WORKSPACE,
        service_id=SERVICE,
        at=NOON + hours * HOUR,
        action="service.edited",
        summary=summary,
        by=None if by is None else AccountId(by),
        before={"limit_ms": 500, "path": "ø"},
        after={"limit_ms": None},
    )


async def test_row_comes_back_with_every_field(storage: Storage) -> None:
    row = _row("changed the limit from 500 to 800 ms", by="account-1")

    async with storage.unit_of_work() as unit:
        await unit.audit.add([row])
        assert await unit.audit.of_service(SERVICE, limit=9) == [row]


async def test_latest_written_comes_first_whatever_the_clock_said(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.audit.add([_row("first", hours=5), _row("second")])
        await unit.audit.add([_row("third", hours=-5)])

        newest = await unit.audit.of_service(SERVICE, limit=2)

    assert [row.summary for row in newest] == ["third", "second"]


async def test_oldest_rows_are_deleted_up_to_the_limit(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.audit.add([_row(f"{hours} h", hours=hours) for hours in (2, 0, 3, 1)])

        assert await unit.audit.delete_before(NOON + 3 * HOUR, limit=2) == 2
        assert [row.summary for row in await unit.audit.of_service(SERVICE, limit=9)] == [
            "3 h",
            "2 h",
        ]
        assert await unit.audit.delete_before(NOON + 3 * HOUR, limit=2) == 1
        assert await unit.audit.delete_before(NOON + 3 * HOUR, limit=2) == 0


async def test_row_after_a_deletion_is_the_latest(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.audit.add([_row("first"), _row("second", hours=1)])
        await unit.audit.delete_before(NOON + HOUR, limit=9)
        await unit.audit.add([_row("third")])

        newest = await unit.audit.of_service(SERVICE, limit=9)

    assert [row.summary for row in newest] == ["third", "second"]


async def test_rows_of_no_service_are_in_no_service(storage: Storage) -> None:
    row = AuditRow(workspace_id=WORKSPACE, at=NOON, action="workspace.renamed", summary="renamed")

    async with storage.unit_of_work() as unit:
        await unit.audit.add([row])
        assert await unit.audit.of_service(SERVICE, limit=9) == []
