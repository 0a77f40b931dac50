"""Days are closed here: results and spans become rows of minutes, hours and days, and strips.

Every row is a pure function of the spans and results in its bucket: made twice it is the same, and
late evidence is taken in by making it anew.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from allgreen.domain.check import Check
from allgreen.domain.identity import CheckId, WorkspaceId
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.status import DayGrade
from allgreen.domain.uptime import (
    Day,
    RollUp,
    Span,
    Tally,
    day_of,
    last_days,
    local_day,
    tally,
    until_covered,
    worst_spans,
)
from allgreen.ports import DirtyBucket, Grain, Strip, UnitOfWork

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """One round of folding.

    Attributes:
        now: Time after it has not passed yet and counts as nothing.
        raw_since: Older results are deleted: counts of them stay as they were stored.
    """

    uow: UnitOfWork
    now: datetime
    raw_since: datetime

    async def fold_dirty(self, *, limit: int) -> tuple[int, list[Service]]:
        """Make the sums of marked hours anew, with their days and strips.

        Returns:
            How many marks were taken, and the services whose strips are new.
        """
        marks = await self.uow.roll_ups.take_dirty(limit=limit)
        hours = _by_check(marks)
        services = await self.uow.services.list_of_checks(hours.keys())
        for service in services:
            dirty = {check.id: hours.get(check.id, ()) for check in service.checks}
            await self.fold_service(service, dirty)
        return len(marks), services

    async def fold_service(
        self, service: Service, dirty: Mapping[CheckId, Collection[datetime]]
    ) -> None:
        """Make the dirty hours of a service anew, all days that they touch, and the strip."""
        zone = await _zone_of(service.workspace_id, self.uow)
        for check in service.checks:
            if dirty.get(check.id):
                await self._fold_hours(check, dirty[check.id])
        touched = {
            day for hours in dirty.values() for hour in hours for day in _dates_of(hour, zone)
        }
        await self._fold_days(service, zone, touched)

    async def turn_day(self, service: Service) -> bool:
        """Close the days that ended since the strip was made; `False` when it is of today."""
        zone = await _zone_of(service.workspace_id, self.uow)
        strip = (await self.uow.roll_ups.strips([service.id])).get(service.id)
        if strip and strip.zone == zone.key and _last_of(strip) >= local_day(self.now, zone).date:
            return False
        await self._fold_days(service, zone, set())
        return True

    async def _fold_hours(self, check: Check, hours: Collection[datetime]) -> None:
        spans = await covered_spans([check], min(hours), max(hours) + HOUR, self.now, self.uow)
        rows: dict[datetime, RollUp] = {}
        for hour in sorted(hours):
            end = hour + HOUR
            results = await self._raw(check.id, hour, end)
            stored = await self._stored(check.id, Grain.HOUR, hour, end)
            rows[hour] = self._sum_up(spans[check.id], results, stored.get(hour), hour, end)
            await self._fold_minutes(check.id, spans[check.id], results, hour)
        await self.uow.roll_ups.save(check.id, Grain.HOUR, rows)

    async def _fold_minutes(
        self, check_id: CheckId, spans: Sequence[Span], results: Sequence[Result], hour: datetime
    ) -> None:
        """Make the minutes in which a result lies; the others are told by the hour."""
        starts = sorted({result.slot.replace(second=0, microsecond=0) for result in results})
        stored = await self._stored(check_id, Grain.MINUTE, hour, hour + HOUR)
        rows = {
            start: self._sum_up(
                spans,
                [result for result in results if start <= result.slot < start + MINUTE],
                stored.get(start),
                start,
                start + MINUTE,
            )
            for start in starts
        }
        changed = {start: row for start, row in rows.items() if stored.get(start) != row}
        await self.uow.roll_ups.save(check_id, Grain.MINUTE, changed)

    async def _fold_days(self, service: Service, zone: ZoneInfo, touched: set[date]) -> None:
        """Make the touched days and the strip anew, with the days that the strip does not know."""
        days = last_days(self.now, zone)
        old = (await self.uow.roll_ups.strips([service.id])).get(service.id)
        known = old if old and old.zone == zone.key else None
        stale = {day.date for day in days if _is_stale(known, day)} | touched
        first = min([days[0].begin, *(day_of(each, zone).begin for each in stale)])
        spans = await covered_spans(service.checks, first, self.now, self.now, self.uow)
        sums: dict[date, list[RollUp]] = {}
        for local_date in sorted(stale):
            day = day_of(local_date, zone)
            sums[local_date] = [
                await self._fold_day(check.id, spans[check.id], day)
                for check in service.checks
                if _touches(spans[check.id], day)
            ]
        strip = _packed(days, zone, known, sums, list(spans.values()), self.now)
        median = await self._median_of_day(service)
        await self.uow.roll_ups.save_strip(service.id, replace(strip, median_ms=median))

    async def _fold_day(self, check_id: CheckId, spans: Sequence[Span], day: Day) -> RollUp:
        """Add up the hours of a local day, and the parts of hours at its two ends.

        Where a zone is off by half an hour, midnight cuts an hour of UTC in two.
        """
        first, last = _hour_after(day.begin), _hour_before(day.end)
        hours = await self._stored(check_id, Grain.HOUR, first, last)
        edges = [
            RollUp.of((), await self._raw(check_id, begin, end), begin, end)
            for begin, end in ((day.begin, first), (last, day.end))
            if begin < end
        ]
        counts = RollUp.pooled([*hours.values(), *edges])
        row = replace(counts, tally=tally(spans, day.begin, self._until(day.begin, day.end)))
        await self.uow.roll_ups.save(check_id, Grain.DAY, {day.begin: row})
        return row

    async def _median_of_day(self, service: Service) -> float | None:
        by_check = await self.uow.roll_ups.load(
            [check.id for check in service.checks], Grain.HOUR, self.now - DAY, self.now
        )
        rows = [row for hours in by_check.values() for row in hours.values()]
        return RollUp.pooled(rows).latencies.quantile_ms(0.5)

    async def _raw(self, check_id: CheckId, begin: datetime, end: datetime) -> list[Result]:
        return await self.uow.results.between(check_id, begin, end)

    async def _stored(
        self, check_id: CheckId, grain: Grain, begin: datetime, end: datetime
    ) -> dict[datetime, RollUp]:
        rows = await self.uow.roll_ups.load([check_id], grain, begin, end)
        return rows.get(check_id, {})

    def _sum_up(
        self,
        spans: Sequence[Span],
        results: Iterable[Result],
        stored: RollUp | None,
        begin: datetime,
        end: datetime,
    ) -> RollUp:
        until = self._until(begin, end)
        if stored is not None and begin < self.raw_since:
            return replace(stored, tally=tally(spans, begin, until))
        return RollUp.of(spans, results, begin, until)

    def _until(self, begin: datetime, end: datetime) -> datetime:
        return max(min(end, self.now), begin)


async def latest_grades(
    service: Service, zone: ZoneInfo, now: datetime, count: int, uow: UnitOfWork
) -> str:
    """Return the letters of the latest `count` local days, today last and as of `now`."""
    days = last_days(now, zone, count)
    strip = (await uow.roll_ups.strips([service.id])).get(service.id)
    earlier = "".join(_stored_grade(strip, day.date) for day in days[:-1])
    begin = days[-1].begin
    spans = await covered_spans(service.checks, begin, now, now, uow)
    return earlier + tally(worst_spans(spans.values(), begin, now), begin, now).grade


async def covered_spans(
    checks: Iterable[Check], begin: datetime, end: datetime, now: datetime, uow: UnitOfWork
) -> dict[CheckId, list[Span]]:
    """Return the spans of each check in a window, closed where its evidence ends."""
    by_id = {check.id: check for check in checks}
    spans = await uow.spans.overlapping(by_id.keys(), begin, end)
    return {
        check_id: until_covered(spans.get(check_id, ()), check, now)
        for check_id, check in by_id.items()
    }


def _packed(
    days: Sequence[Day],
    zone: ZoneInfo,
    known: Strip | None,
    sums: Mapping[date, Sequence[RollUp]],
    by_check: Sequence[Sequence[Span]],
    now: datetime,
) -> Strip:
    """Pack ninety days; those that were not made anew keep their letter and their figures."""
    spans = worst_spans(by_check, days[0].begin, now)
    whole = tally(spans, days[0].begin, now)
    grades: list[str] = []
    details: list[tuple[int, float, int, int, int]] = []
    old_details = {known.first + DAY * row[0]: row[1:] for row in known.details} if known else {}
    for index, day in enumerate(days):
        if day.date not in sums:
            grades.append(_stored_grade(known, day.date))
            figures = old_details.get(day.date)
        else:
            measured = tally(spans, day.begin, max(min(day.end, now), day.begin))
            grades.append(measured.grade)
            figures = _figures(measured, sums[day.date])
        if figures is not None:
            details.append((index, *figures))
    return Strip(
        first=days[0].date,
        zone=zone.key,
        grades="".join(grades),
        details=tuple(details),
        known_us=whole.known // MICROSECOND,
        good_us=whole.good // MICROSECOND,
        as_of=now,
    )


def _figures(measured: Tally, rows: Sequence[RollUp]) -> tuple[float, int, int, int] | None:
    """Return what a screen says of a day; nothing for one that is full or without data."""
    uptime_pct = measured.uptime_pct()
    if uptime_pct is None or measured.grade is DayGrade.FULL:
        return None
    counts = RollUp.pooled(rows)
    return uptime_pct, int(measured.down.total_seconds()), counts.ran, counts.failed


def _is_stale(strip: Strip | None, day: Day) -> bool:
    """Tell whether a strip does not know a day, or knew it only while it lasted."""
    return strip is None or not strip.first <= day.date < _last_of(strip)


def _stored_grade(strip: Strip | None, day: date) -> str:
    if strip is None or not strip.first <= day <= _last_of(strip):
        return DayGrade.NONE
    return strip.grades[(day - strip.first).days]


def _last_of(strip: Strip) -> date:
    return strip.first + DAY * (len(strip.grades) - 1)


def _touches(spans: Sequence[Span], day: Day) -> bool:
    return any(
        span.began_at < day.end and (span.ended_at is None or span.ended_at > day.begin)
        for span in spans
    )


def _by_check(marks: Iterable[DirtyBucket]) -> dict[CheckId, set[datetime]]:
    hours: dict[CheckId, set[datetime]] = {}
    for mark in marks:
        hours.setdefault(mark.check_id, set()).add(mark.hour)
    return hours


def _dates_of(hour: datetime, zone: ZoneInfo) -> set[date]:
    return {local_day(instant, zone).date for instant in (hour, hour + HOUR - MICROSECOND)}


async def _zone_of(workspace_id: WorkspaceId, uow: UnitOfWork) -> ZoneInfo:
    return ZoneInfo(await uow.workspaces.zone(workspace_id))


def _hour_before(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _hour_after(instant: datetime) -> datetime:
    floor = _hour_before(instant)
    return floor if floor == instant else floor + HOUR
