"""Days are closed here: results and spans become rows of minutes, hours and days, and strips.

Every row is a pure function of the spans and results in its bucket: made twice it is the same, and
late evidence is taken in by making it anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from allgreen.domain.calendar import Calendar, Day
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.maintenance import Interval, account
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import DayGrade
from allgreen.domain.uptime import RollUp, Span, Tally, silent_since, tally, worst_spans
from allgreen.ports import DirtyBucket, Grain, Strip, UnitOfWork

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
Account = Mapping[CheckId, Sequence[Span]]
"""How the time of a service counts, check by check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """One round of folding.

    Everything is asked for once for all services of a round: on SQLite a round holds the only
    writer.

    Attributes:
        now: Time after it has not passed yet and counts as nothing.
        raw_since: Older results are deleted: counts of them stay as they were stored.
    """

    uow: UnitOfWork
    now: datetime
    raw_since: datetime

    async def fold(self, marks: Iterable[DirtyBucket]) -> list[Service]:
        """Make the sums of marked hours anew; return the services whose days and strips are too."""
        hours = _by_check(marks)
        services = await self.uow.services.list_of_checks(hours.keys())
        pages = await self._open(services, hours)
        await self._fold(pages, hours)
        return services

    async def turn_day(self, service: Service) -> bool:
        """Close the days that ended since the strip was made; `False` when it is of today."""
        (page,) = await self._open([service], {})
        if page.known is not None and _last_of(page.known) >= page.days[-1].date:
            return False
        await self._fold([page], {})
        return True

    async def _open(
        self, services: Sequence[Service], dirty: Mapping[CheckId, Collection[datetime]]
    ) -> list["_Page"]:
        strips = await self.uow.roll_ups.strips([service.id for service in services])
        workspaces = {service.workspace_id for service in services}
        calendars = {each: await self.uow.workspaces.calendar(each) for each in workspaces}
        # Ninety midnights take longer to find than all else here: once for each calendar.
        days = {each: each.last_days(self.now) for each in set(calendars.values())}
        return [
            _Page.of(service, calendar, days[calendar], strips.get(service.id), dirty)
            for service in services
            for calendar in (calendars[service.workspace_id],)
        ]

    async def _fold(
        self, pages: Sequence["_Page"], dirty: Mapping[CheckId, Collection[datetime]]
    ) -> None:
        if not pages:
            return
        begin = min(page.begin for page in pages)
        accounts = await accounts_of([page.service for page in pages], begin, self.now, self.uow)
        spans = {check_id: own for each in accounts.values() for check_id, own in each.items()}
        await self._fold_hours({each: dirty[each] for each in spans if each in dirty}, spans)
        stale = {page.service.id: page.stale_days(accounts[page.service.id]) for page in pages}
        hours = await self._stored_hours(spans, [day for days in stale.values() for day in days])
        strips: dict[ServiceId, Strip] = {}
        whole: dict[ServiceId, dict[date, RollUp]] = {}
        days: dict[CheckId, dict[datetime, RollUp]] = {check_id: {} for check_id in spans}
        for page in pages:
            own = accounts[page.service.id]
            sums: dict[date, list[RollUp]] = {}
            for day in stale[page.service.id]:
                rows = await self._fold_day(own, hours, day)
                sums[day.date] = list(rows.values())
                for check_id, row in rows.items():
                    days[check_id][day.begin] = row
            median_ms = self._median_of_day(page.service, hours)
            worst = worst_spans(own.values(), page.days[0].begin, self.now)
            whole[page.service.id] = measured = page.measured(sums, worst, self.now)
            strip = page.packed(measured, worst, self.now)
            strips[page.service.id] = replace(strip, median_ms=median_ms)
        await self.uow.roll_ups.save_many(Grain.DAY, days)
        await self.uow.roll_ups.save_service_days(whole)
        await self.uow.roll_ups.save_strips(strips)

    async def _fold_hours(
        self,
        dirty: Mapping[CheckId, Collection[datetime]],
        spans: Mapping[CheckId, Sequence[Span]],
    ) -> None:
        """Make the dirty hours of each check anew, and the minutes in them."""
        if not dirty:
            return
        first = min(hour for hours in dirty.values() for hour in hours)
        end = max(hour for hours in dirty.values() for hour in hours) + HOUR
        minutes = await self.uow.roll_ups.load(dirty.keys(), Grain.MINUTE, first, end)
        old = await self._sums_without_results(dirty.keys(), first)
        new_hours: dict[CheckId, dict[datetime, RollUp]] = {}
        new_minutes: dict[CheckId, dict[datetime, RollUp]] = {}
        for check_id, hours in dirty.items():
            own, known = spans[check_id], minutes.get(check_id, {})
            by_hour = await self._results_by_hour(check_id, hours)
            new_hours[check_id], new_minutes[check_id] = {}, {}
            for hour in hours:
                stored, results = old.get(check_id, {}).get(hour), by_hour.get(hour, [])
                new_hours[check_id][hour] = self._sum_up(own, results, stored, hour)
                new_minutes[check_id] |= self._changed_minutes(own, results, known)
        await self.uow.roll_ups.save_many(Grain.HOUR, new_hours)
        await self.uow.roll_ups.save_many(Grain.MINUTE, new_minutes)

    async def _results_by_hour(
        self, check_id: CheckId, hours: Collection[datetime]
    ) -> dict[datetime, list[Result]]:
        by_hour: dict[datetime, list[Result]] = {}
        results = await self.uow.results.between(check_id, min(hours), max(hours) + HOUR)
        for result in results:
            by_hour.setdefault(_hour_before(result.slot), []).append(result)
        return by_hour

    async def _sums_without_results(
        self, check_ids: Iterable[CheckId], first: datetime
    ) -> dict[CheckId, dict[datetime, RollUp]]:
        if first >= self.raw_since:
            return {}
        return await self.uow.roll_ups.load(check_ids, Grain.HOUR, first, self.raw_since)

    def _changed_minutes(
        self,
        spans: Sequence[Span],
        results: Sequence[Result],
        known: Mapping[datetime, RollUp],
    ) -> dict[datetime, RollUp]:
        """Sum up the minutes in which a result lies; the others are told by the hour."""
        by_minute: dict[datetime, list[Result]] = {}
        for result in results:
            by_minute.setdefault(result.slot.replace(second=0, microsecond=0), []).append(result)
        changed = {}
        for begin, inside in by_minute.items():
            end = self._until(begin, begin + MINUTE)
            old = known.get(begin)
            # Results never change, so a row with as many of them and the same time is the same.
            is_same = old is not None and sum(old.outcomes.values()) == len(inside)
            if old is None or not is_same or old.tally != tally(spans, begin, end):
                changed[begin] = RollUp.of(spans, inside, begin, end)
        return changed

    async def _stored_hours(
        self, check_ids: Iterable[CheckId], days: Iterable[Day]
    ) -> dict[CheckId, dict[datetime, RollUp]]:
        """Return the hours of some days, and those of the latest day's length for the median."""
        begin = min([self.now - DAY, *(day.begin for day in days)])
        return await self.uow.roll_ups.load(check_ids, Grain.HOUR, begin, self.now)

    async def _fold_day(
        self, account: Account, hours: Mapping[CheckId, Mapping[datetime, RollUp]], day: Day
    ) -> dict[CheckId, RollUp]:
        """Add up the hours of a local day for each check that it touches."""
        rows = {}
        for check_id, spans in account.items():
            if not _touches(spans, day):
                continue
            counts = await self._counts_of_day(check_id, hours.get(check_id, {}), day)
            measured = tally(spans, day.begin, self._until(day.begin, day.end))
            rows[check_id] = replace(counts, tally=measured)
        return rows

    async def _counts_of_day(
        self, check_id: CheckId, hours: Mapping[datetime, RollUp], day: Day
    ) -> RollUp:
        """Pool whole hours, and raw results where midnight cuts an hour of UTC in two."""
        first, last = _hour_after(day.begin), _hour_before(day.end)
        whole = [row for begin, row in hours.items() if first <= begin < last]
        edges = [
            RollUp.of((), await self.uow.results.between(check_id, begin, end), begin, end)
            for begin, end in ((day.begin, first), (last, day.end))
            if begin < end
        ]
        return RollUp.pooled([*whole, *edges])

    def _median_of_day(
        self, service: Service, hours: Mapping[CheckId, Mapping[datetime, RollUp]]
    ) -> float | None:
        since = self.now - DAY
        latencies = (
            row.latencies
            for check in service.checks
            for begin, row in hours.get(check.id, {}).items()
            if begin >= since
        )
        return LatencySketch.merged(latencies).quantile_ms(0.5)

    def _sum_up(
        self,
        spans: Sequence[Span],
        results: Iterable[Result],
        stored: RollUp | None,
        hour: datetime,
    ) -> RollUp:
        end = self._until(hour, hour + HOUR)
        if stored is not None and hour < self.raw_since:
            return replace(stored, tally=tally(spans, hour, end))
        return RollUp.of(spans, results, hour, end)

    def _until(self, begin: datetime, end: datetime) -> datetime:
        return max(min(end, self.now), begin)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A service and the ninety days of its strip.

    Attributes:
        known: The strip as it was; `None` when there is none.
        touched: Days in which something changed, also such as are too old for the strip.
        begin: From when spans are needed.
    """

    service: Service
    calendar: Calendar
    days: Sequence[Day]
    known: Strip | None
    touched: Sequence[Day]
    begin: datetime

    @classmethod
    def of(
        cls,
        service: Service,
        calendar: Calendar,
        days: Sequence[Day],
        strip: Strip | None,
        dirty: Mapping[CheckId, Collection[datetime]],
    ) -> "_Page":
        hours = {hour for check in service.checks for hour in dirty.get(check.id, ())}
        dates = {local_date for hour in hours for local_date in _dates_of(hour, calendar)}
        touched = [calendar.day_of(local_date) for local_date in sorted(dates)]
        return cls(
            service=service,
            calendar=calendar,
            days=days,
            known=strip,
            touched=touched,
            begin=min([days[0].begin, *hours, *(day.begin for day in touched)]),
        )

    def stale_days(self, account: Account) -> list[Day]:
        """Return the days to be made anew; those before the first span have nothing to tell."""
        stale = {day.date: day for day in (*self.days, *self.touched) if self._is_stale(day)}
        return [
            day for day in stale.values() if any(_touches(spans, day) for spans in account.values())
        ]

    def measured(
        self, sums: Mapping[date, Sequence[RollUp]], worst: Sequence[Span], now: datetime
    ) -> dict[date, RollUp]:
        """Return the days of the strip that are made anew, at each moment as the worst check."""
        return {
            day.date: replace(
                RollUp.pooled(sums[day.date]),
                tally=tally(worst, day.begin, max(min(day.end, now), day.begin)),
            )
            for day in self.days
            if day.date in sums
        }

    def packed(
        self, measured: Mapping[date, RollUp], worst: Sequence[Span], now: datetime
    ) -> Strip:
        """Pack ninety days; those that were not made anew keep their letter and figures."""
        whole = tally(worst, self.days[0].begin, now)
        grades: list[str] = []
        details: list[tuple[int, float, int, int, int]] = []
        known_details = _details_by_date(self.known)
        for index, day in enumerate(self.days):
            if day.date in measured:
                grade: str = measured[day.date].tally.grade
                figures = _figures(measured[day.date])
            else:
                grade = _stored_grade(self.known, day.date)
                figures = known_details.get(day.date)
            grades.append(grade)
            if figures is not None:
                details.append((index, *figures))
        return Strip(
            first=self.days[0].date,
            zone=self.calendar.zone_of(self.days[-1].date),
            grades="".join(grades),
            details=tuple(details),
            known_us=whole.known // MICROSECOND,
            good_us=whole.good // MICROSECOND,
            as_of=now,
        )

    def _is_stale(self, day: Day) -> bool:
        """Tell whether something changed, or the strip knew the day only while it lasted."""
        strip = self.known
        is_known = strip is not None and strip.first <= day.date < _last_of(strip)
        return not is_known or day in self.touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """What the latest days of some services were like, read for all of them at once.

    Of a service with one check, and nothing else to lay over it, only the latest spans are read
    one by one; of the time before them the database says how much of it was of each kind.

    Attributes:
        service_ids: Of these services.
        begin: Of moments from then on.
        end: Until then.
        strips: Days that are over.
        earlier: How the day of checks counted before `begin`, where that is all there is to know.
        spans: The rest of the day, or all of it where there is more to know.
    """

    service_ids: frozenset[ServiceId]
    begin: datetime
    end: datetime
    strips: Mapping[ServiceId, Strip]
    earlier: Mapping[CheckId, Tally]
    spans: Mapping[CheckId, Sequence[Span]]
    removed: Mapping[ServiceId, Mapping[CheckId, Sequence[Span]]]
    windows: Mapping[ServiceId, Sequence[Interval]]
    calendars: Mapping[WorkspaceId, Calendar]

    @classmethod
    async def of(
        cls, services: Iterable[Service], begin: datetime, end: datetime, uow: UnitOfWork
    ) -> Self:
        """Read what is needed to tell of days as of any moment between `begin` and `end`."""
        by_id = {service.id: service for service in services}
        workspaces = {service.workspace_id for service in by_id.values()}
        calendars = {each: await uow.workspaces.calendar(each) for each in workspaces}
        midnights = {each: days.last_days(begin, 1)[0].begin for each, days in calendars.items()}
        since = min(midnights.values(), default=begin)
        removed = await uow.spans.of_removed(by_id, since, end)
        windows = await uow.windows.of_services(by_id, since, end)
        laid_over = {*removed, *windows}
        plain: dict[datetime, list[CheckId]] = defaultdict(list)
        others: list[CheckId] = []
        for service in by_id.values():
            is_plain = len(service.checks) == 1 and service.id not in laid_over
            ids = plain[midnights[service.workspace_id]] if is_plain else others
            ids += (check.id for check in service.checks)
        earlier: dict[CheckId, Tally] = {}
        for midnight, ids in plain.items():
            none = Tally.filled({}, begin - midnight)
            earlier |= dict.fromkeys(ids, none) | await uow.spans.tallies(ids, midnight, begin)
        return cls(
            service_ids=frozenset(by_id),
            begin=begin,
            end=end,
            strips=await uow.roll_ups.strips(list(by_id)),
            earlier=earlier,
            spans={
                **await uow.spans.overlapping(others, since, end),
                **await uow.spans.overlapping(earlier, begin, end),
            },
            removed=removed,
            windows=windows,
            calendars=calendars,
        )

    def covers(self, service: Service, now: datetime) -> bool:
        """Tell whether the day of a service is known as of `now`."""
        if service.id not in self.service_ids or not self.begin <= now <= self.end:
            return False
        # Else silence would begin where it is not known any more what it ends.
        silences = (silent_since(check, now) for check in service.checks)
        return all(each is None or each >= self.begin for each in silences)

    def latest(self, service: Service, now: datetime, count: int) -> str:
        """Return the letters of the latest `count` local days, today last and as of `now`."""
        days = self.calendars[service.workspace_id].last_days(now, count)
        strip = self.strips.get(service.id)
        passed = "".join(_stored_grade(strip, day.date) for day in days[:-1])
        return passed + self._tally(service, days[-1].begin, now).grade

    def _tally(self, service: Service, begin: datetime, now: datetime) -> Tally:
        """Return how a day that began at `begin` has counted so far."""
        known = [self.earlier[check.id] for check in service.checks if check.id in self.earlier]
        is_plain = len(known) == len(service.checks)
        if is_plain and begin < self.begin:
            begin = self.begin
        else:
            known = []
        mine = {check.id: self.spans.get(check.id, ()) for check in service.checks}
        spans = _within(mine, begin, now)
        removed = _within(self.removed.get(service.id, {}), begin, now)
        own = account(service.checks, spans, removed, self.windows.get(service.id, ()), now)
        latest = tally(worst_spans(own.values(), begin, now), begin, now)
        return Tally.pooled([*known, latest])


def _within(spans: Account, begin: datetime, end: datetime) -> Account:
    """Return the spans that touch a window, of the checks that have any."""
    near = {
        check_id: [
            span
            for span in listed
            if span.began_at < end and (span.ended_at is None or span.ended_at > begin)
        ]
        for check_id, listed in spans.items()
    }
    return {check_id: listed for check_id, listed in near.items() if listed}


async def accounts_of(
    services: Iterable[Service], begin: datetime, now: datetime, uow: UnitOfWork
) -> dict[ServiceId, Account]:
    """Return how the time of services counts since `begin`, check by check, also of removed ones."""
    by_id = {service.id: service for service in services}
    check_ids = [check.id for service in by_id.values() for check in service.checks]
    spans = await uow.spans.overlapping(check_ids, begin, now)
    removed = await uow.spans.of_removed(by_id, begin, now)
    windows = await uow.windows.of_services(by_id, begin, now)
    return {
        id_: account(service.checks, spans, removed.get(id_, {}), windows.get(id_, ()), now)
        for id_, service in by_id.items()
    }


def _figures(day: RollUp) -> tuple[float, int, int, int] | None:
    """Return what a screen says of a day; nothing for one that is full or without data."""
    uptime_pct = day.tally.uptime_pct()
    if uptime_pct is None or day.tally.grade is DayGrade.FULL:
        return None
    return uptime_pct, int(day.tally.down.total_seconds()), day.ran, day.failed


def _details_by_date(strip: Strip | None) -> dict[date, tuple[float, int, int, int]]:
    if strip is None:
        return {}
    return {strip.first + DAY * detail[0]: detail[1:] for detail in strip.details}


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


def _dates_of(hour: datetime, calendar: Calendar) -> set[date]:
    return {calendar.day_at(instant).date for instant in (hour, hour + HOUR - MICROSECOND)}


def _hour_before(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _hour_after(instant: datetime) -> datetime:
    floor = _hour_before(instant)
    return floor if floor == instant else floor + HOUR
