"""Every operation on PostgreSQL, which refuses what SQLite takes: a NUL, a number too large."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from tests.authorization.odd import draw_odd, send_odd
from tests.authorization.requests import REQUESTS
from tests.authorization.stage import Stage, open_stage
from tests.authorization_table import Operation, list_operations

pytestmark = pytest.mark.postgres

LAST = ("delete_service", "revoke_key", "log_out", "delete_workspace", "delete_account")
"""What takes away what others need."""
SEVERAL = 800


@pytest.fixture
async def stage(tmp_path: Path, postgres_url: str) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, url=postgres_url.replace("+asyncpg", "")) as stage:
        yield stage


async def test_every_operation_works_for_somebody(stage: Stage) -> None:
    faults = {}
    for operation in sorted(list_operations(), key=_place):
        ask = REQUESTS[operation.id]
        who = "instance" if operation.resource == "instance" else "owner"
        if operation.id == "watch_events":
            stage.platform.stopping.set()
        path = operation.path.format(**stage.ids)
        answer = await stage.ask(operation.method, path, who=who, **ask.parts(stage.ids))
        stage.platform.stopping.clear()
        stage.forget()
        if answer.status_code >= 500 and operation.id != "get_health":
            faults[operation.id] = answer.text

    assert faults == {}


def _place(operation: Operation) -> int:
    return LAST.index(operation.id) if operation.id in LAST else -1


async def test_odd_requests_are_no_fault_of_ours(stage: Stage) -> None:
    chance = Random(49)
    drawn = (draw_odd(stage, chance) for _ in range(2 * SEVERAL))
    lasting = [odd for odd in drawn if odd.operation.method != "DELETE"][:SEVERAL]

    faults = [fault for odd in lasting if (fault := await send_odd(stage, odd)) is not None]

    assert faults == []
    assert len(lasting) == SEVERAL
