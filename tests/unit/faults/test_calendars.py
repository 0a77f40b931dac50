"""The bench of calendars in its short form, and its judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.faults import calendars
from tests.faults.calendars import Offsets


@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Gaza"])
def test_no_window_and_no_day_is_wrong_where_clocks_jump(zone: str) -> None:
    judged = calendars.judge_zone(zone, 1)

    assert judged.faults == []
    assert judged.changes >= 2


@pytest.mark.parametrize(
    ("zone", "local_date", "at"), calendars.ODD_DAYS, ids=lambda part: str(part).replace("/", " ")
)
async def test_odd_day_is_lived_through(zone: str, local_date: date, at: time) -> None:
    assert await calendars.live_through(zone, local_date, at) == []


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2026-03-29 02:30", "2026-03-29T01:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30"),
        ("2026-07-01 02:30", "2026-07-01T00:30"),
    ],
)
def test_judge_reads_wall_clocks_by_offsets(local: str, instant: str) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    offsets = Offsets.of("Europe/Rome", begin, begin + timedelta(days=365))
    local_date, at = local.split()

    found = offsets.first_time(date.fromisoformat(local_date), time.fromisoformat(at))

    assert found == datetime.fromisoformat(f"{instant}+00:00")


def test_judge_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "occurrences", lambda *_: [])

    assert len(calendars.judge_zone("Europe/Rome", 1).faults) > 1_000
