"""R16: clocks that jump. Forty zones over ten years, and the odd days of twelve, on virtual time.

The judge knows nothing of wall clocks. He looks for the instants at which the offset of a zone
changes, and between two of them local time is UTC and a number.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from allgreen.domain.calendar import Calendar, Day
from allgreen.domain.identity import WindowId
from allgreen.domain.maintenance import Recurrence, Repeat, Window, occurrences
from allgreen.domain.schedule import Schedule
from allgreen.domain.status import Outcome
from allgreen.domain.uptime import RollUp
from allgreen.monitoring.keeper import Keeper
from allgreen.ports import Grain
from allgreen.testing import CHECK, SERVICE, WORKSPACE, FakeClock, a_check
from tests.faults.scenario import Report, Tell
from tests.unit.monitoring.scene import Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BEGIN = date(2020, 1, 1)
YEARS = 10
ZONES = (
    "UTC",
    "Europe/Rome",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Europe/Kyiv",
    "Europe/Chisinau",
    "Atlantic/Azores",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "America/Sao_Paulo",
    "America/Mexico_City",
    "America/Caracas",
    "America/Nuuk",
    "America/Scoresbysund",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Cairo",
    "Africa/Juba",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Amman",
    "Asia/Tehran",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Almaty",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Antarctica/Troll",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Norfolk",
    "Pacific/Apia",
)
SHORT_ZONES = ("Europe/Rome", "America/Havana", "Asia/Gaza", "Australia/Lord_Howe")
TIMES = (time(0), time(0, 30), time(1, 45), time(2, 15), time(2, 30), time(3), time(23, 45))

ODD_DAYS = (
    ("Europe/Rome", date(2026, 3, 29), time(2, 30)),
    ("Europe/Rome", date(2026, 10, 25), time(2, 30)),
    ("America/New_York", date(2026, 3, 8), time(2, 30)),
    ("America/New_York", date(2026, 11, 1), time(1, 30)),
    ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15)),
    ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45)),
    ("America/Havana", date(2026, 3, 8), time(0)),
    ("Asia/Beirut", date(2026, 3, 29), time(0, 30)),
    ("America/Santiago", date(2026, 9, 6), time(0)),
    ("Asia/Gaza", date(2026, 3, 28), time(2, 30)),
    ("Africa/Casablanca", date(2026, 2, 15), time(2, 30)),
    ("Europe/Dublin", date(2026, 3, 29), time(1, 30)),
)


def run(tell: Tell) -> Report:
    """Walk through forty zones and ten years, and through the odd days."""
    return walk(ZONES, YEARS, tell)


def run_short(tell: Tell) -> Report:
    """Walk through four zones and two years, and through the odd days."""
    return walk(SHORT_ZONES, 2, tell)


def walk(zones: Sequence[str], years: int, tell: Tell) -> Report:
    """Judge every begin of a daily window, every day, and the odd days end to end."""
    judged, odd = [], list[str]()
    for zone in zones:
        judged.append(judge_zone(zone, years))
        tell(f"{zone}: {judged[-1].begins:,} begins, {len(judged[-1].faults)} wrong")
    for zone, local_date, at in ODD_DAYS:
        odd += asyncio.run(live_through(zone, local_date, at))
        tell(f"{zone} lived through {local_date}")
    dates, begins = sum(each.dates for each in judged), sum(each.begins for each in judged)
    changes = sum(each.changes for each in judged)
    wrong = [fault for each in judged for fault in each.faults]
    return Report(
        figures=(
            f"{len(zones)} zones, {years} years: {dates:,} days with {changes} changes of clocks",
            f"{begins:,} begins of windows at {len(TIMES)} times of day; wrong: {len(wrong)}",
            f"{len(ODD_DAYS)} odd days lived through with window, check and sums; wrong: {len(odd)}",
        ),
        faults=(*wrong, *odd),
        not_run=("the odd days run on virtual time in one process, not under a shifted clock",),
    )


# Zones by their offsets ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offsets:
    """A zone as the judge sees it: from each instant on, so much is added to UTC."""

    since: list[datetime]
    added: list[timedelta]

    @classmethod
    def of(cls, zone: str, begin: datetime, end: datetime) -> Offsets:
        """Look for changes hour by hour, and for each in between by halves."""
        info = ZoneInfo(zone)

        def added(at: datetime) -> timedelta:
            return at.astimezone(info).utcoffset() or timedelta(0)

        offsets = cls([begin], [added(begin)])
        at = begin
        while at < end:
            if added(at + HOUR) != offsets.added[-1]:
                low, high = at, at + HOUR
                while high - low > timedelta(seconds=1):
                    middle = low + (high - low) // 2
                    low, high = (low, middle) if added(middle) != added(low) else (middle, high)
                offsets.since.append(high.replace(microsecond=0))
                offsets.added.append(added(at + HOUR))
            at += HOUR
        return offsets

    def first_time(self, local_date: date, at: time) -> datetime:
        """Return the first instant at which clocks show a time, or have jumped over it."""
        wall = datetime.combine(local_date, at, tzinfo=UTC)
        near = bisect_right(self.since, wall - 2 * DAY) - 1
        for place in range(max(near, 0), len(self.since)):
            instant = max(wall - self.added[place], self.since[place])
            is_last = place + 1 == len(self.since)
            if is_last or instant < self.since[place + 1]:
                return instant
        raise AssertionError("the last offset holds for ever")


@dataclass(slots=True)
class Judged:
    """What was found of one zone."""

    dates: int = 0
    begins: int = 0
    changes: int = 0
    faults: list[str] = field(default_factory=list)


def judge_zone(zone: str, years: int) -> Judged:
    """Hold every day and every begin of a daily window against the offsets of a zone."""
    begin = datetime.combine(BEGIN, time(), tzinfo=UTC)
    end = begin + years * 366 * DAY
    offsets = Offsets.of(zone, begin - 3 * DAY, end + 3 * DAY)
    dates = [BEGIN + n * DAY for n in range(years * 365)]
    judged = Judged(dates=len(dates), changes=len(offsets.since) - 1)
    judged.faults += _judge_days(zone, dates, offsets)
    judged.faults += _judge_period(begin, dates)
    for at in TIMES:
        found = occurrences(_a_daily_window(zone, at, begin - 3 * DAY), begin + DAY, end - 2 * DAY)
        begins = {begin_.astimezone(UTC) for begin_, _ in found}
        expected = {offsets.first_time(local_date, at) for local_date in dates[2:]}
        judged.begins += len(expected)
        judged.faults += [
            f"{zone} {at:%H:%M}: {each:%Y-%m-%d %H:%M} UTC is one time too many or missing"
            for each in begins ^ expected
            if begin + 3 * DAY < each < begin + (len(dates) - 3) * DAY
        ]
        judged.faults += [
            f"{zone} {at:%H:%M}: {one:%Y-%m-%d %H:%M} lasts {other - one}"
            for one, other in found
            if other - one != 20 * MINUTE
        ]
    return judged


def _judge_days(zone: str, dates: Sequence[date], offsets: Offsets) -> Iterator[str]:
    calendar = Calendar(zone=zone)
    before = calendar.day_of(dates[0]).begin
    for local_date in dates:
        day = calendar.day_of(local_date)
        if day.begin != offsets.first_time(local_date, time()) or day.begin != before:
            yield f"{zone}: {local_date} begins at {day.begin}"
        before = day.end


def _judge_period(begin: datetime, dates: Sequence[date]) -> Iterator[str]:
    """A period of a day is elapsed time, whatever clocks do."""
    schedule, slot = Schedule(every=DAY, anchor=begin), begin
    for number, _ in enumerate(dates, start=1):
        slot = schedule.next_after(slot)
        if slot != begin + number * timedelta(seconds=86_400):
            yield f"slot {number} is at {slot}"


def _a_daily_window(zone: str, at: time, holds_from: datetime) -> Window:
    return Window(
        id=WindowId("window"),
        workspace_id=WORKSPACE,
        name="Night work",
        zone=zone,
        first=holds_from.date(),
        at=at,
        duration=20 * MINUTE,
        recurrence=Recurrence(repeat=Repeat.DAILY),
        holds_from=holds_from,
    )


# Odd days, end to end -----------------------------------------------------------------------------


async def live_through(zone: str, local_date: date, at: time) -> list[str]:
    """Watch a service that fails for most of its window, from the day before to the day after."""
    calendar = Calendar(zone=zone)
    days = [calendar.day_of(local_date + n * DAY) for n in (-1, 0, 1)]
    scene = Scene(clock=FakeClock(days[0].begin), zone=zone)
    window = _a_daily_window(zone, at, days[0].begin - DAY)
    runs = [begin for begin, _ in occurrences(window, days[0].begin, days[-1].end)]
    await scene.ask(lambda uow: uow.windows.save([window]))
    await scene.watch(a_check(every=10 * MINUTE, anchor=scene.now))
    keeper = Keeper(unit_of_work=scene.storage.unit_of_work, clock=scene.clock, broker=scene.broker)
    while (slot := await scene.planned()) is not None and slot.at < days[-1].end:
        fails = any(begin <= slot.due_at < begin + 15 * MINUTE for begin in runs)
        await scene.run(Outcome.FAIL if fails else Outcome.OK)
        if slot.at.minute == 0 and slot.at.hour % 3 == 0:
            await keeper.keep()
    scene.clock.jump(max(days[-1].end, scene.now))
    await keeper.keep()
    rows = await scene.ask(
        lambda uow: uow.roll_ups.load([CHECK], Grain.DAY, days[0].begin, days[-1].end)
    )
    strip = (await scene.ask(lambda uow: uow.roll_ups.strips([SERVICE])))[SERVICE]
    return [
        f"{zone} {local_date} at {at:%H:%M}: {fault}"
        for fault in (
            *_judge_rows([rows[CHECK][day.begin] for day in days], days),
            *([] if "uuu" in strip.grades else [f"the strip ends with {strip.grades[-4:]}"]),
            *(f"a {notice.kind} was owed" for notice in await scene.owed()),
        )
    ]


def _judge_rows(rows: Sequence[RollUp], days: Sequence[Day]) -> Iterator[str]:
    for row, day in zip(rows, days, strict=True):
        length = day.end - day.begin
        if row.tally.whole != length:
            yield f"{row.tally.whole} were counted of a day of {length}"
        if row.tally.maintenance != 20 * MINUTE:
            yield f"{row.tally.maintenance} were maintenance"
        if row.tally.down:
            yield f"{row.tally.down} were down"
