"""Maintenance windows: when they are, and how their time counts.

A window is never a state of a service. Whether one runs is computed from its definition, so that
nothing has to happen at its begin for it to hold. A definition is never changed: an edit ends it
and begins another, so that time that has passed keeps the meaning it had.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from allgreen.domain.calendar import Calendar, zone_named
from allgreen.domain.check import Check
from allgreen.domain.identity import CheckId, ServiceId, WindowId, WorkspaceId
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import Span, until_covered
from allgreen.domain.wallclock import first_instant

LONGEST = timedelta(days=7)
DAY = timedelta(days=1)
Interval = tuple[datetime, datetime]


class Repeat(StrEnum):
    """How a window comes back."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Weekday(StrEnum):
    """A day of the week, Monday first as in ISO 8601."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, local_date: date) -> Weekday:
        """Return the weekday of a date."""
        return tuple(cls)[local_date.weekday()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """On which local dates a window begins.

    Attributes:
        weekdays: For a weekly one; at least one.
        day: For a monthly one; months that are too short are left out.
        until: The last local date on which it may begin.
    """

    repeat: Repeat = Repeat.NONE
    weekdays: frozenset[Weekday] = frozenset()
    day: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.repeat is Repeat.WEEKLY and not self.weekdays:
            raise ValueError("Name at least one day of the week.")
        if self.repeat is Repeat.MONTHLY and (self.day is None or not 1 <= self.day <= 31):
            raise ValueError("Name a day of the month from 1 to 31.")

    @property
    def shortest_gap(self) -> timedelta | None:
        """Return the time between two begins at least; `None` where there is only one."""
        if self.repeat is Repeat.WEEKLY:
            places = sorted(tuple(Weekday).index(each) for each in self.weekdays)
            following = [*places[1:], places[0] + 7]
            return min(later - place for place, later in zip(places, following, strict=True)) * DAY
        return {Repeat.DAILY: DAY, Repeat.MONTHLY: 28 * DAY}.get(self.repeat)

    def falls_on(self, local_date: date, first: date) -> bool:
        """Tell whether it begins on a date, the first of which is `first`."""
        if local_date < first or (self.until is not None and local_date > self.until):
            return False
        if self.repeat is Repeat.NONE:
            return local_date == first
        if self.repeat is Repeat.WEEKLY:
            return Weekday.of(local_date) in self.weekdays
        if self.repeat is Repeat.MONTHLY:
            return local_date.day == self.day
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One definition of a maintenance window.

    Attributes:
        service_ids: Which services it covers; empty for all of the workspace, also later ones.
        zone: IANA name of the zone on whose clocks it begins.
        first: The first local date on which it may begin; the only one when it does not repeat.
        at: When it begins, on the wall clock.
        duration: Elapsed time, at most `LONGEST`.
        version: Grows with every edit; the definitions of one window share their id.
        holds_from: Before this instant the definition means nothing.
        cancelled_at: From this instant on it means nothing any more; where that is not after
            `holds_from`, it never meant anything.
    """

    id: WindowId
    workspace_id: WorkspaceId
    name: str
    service_ids: tuple[ServiceId, ...] = ()
    zone: str = "UTC"
    first: date
    at: time
    duration: timedelta
    recurrence: Recurrence = field(default_factory=Recurrence)
    version: int = 1
    holds_from: datetime
    cancelled_at: datetime | None = None

    def __post_init__(self) -> None:
        if not timedelta(0) < self.duration <= LONGEST:
            raise ValueError("A window lasts longer than nothing, and at most 7 days.")

    def covers(self, service_id: ServiceId, workspace_id: WorkspaceId) -> bool:
        """Tell whether a service is covered."""
        if workspace_id != self.workspace_id:
            return False
        return not self.service_ids or service_id in self.service_ids

    @property
    def over_by(self) -> datetime | None:
        """Return an instant after which it surely never runs again; `None` when it may."""
        last = self.first if self.recurrence.repeat is Repeat.NONE else self.recurrence.until
        if last is None:
            return self.cancelled_at
        # Two days more than the calendar says, so that no change of a zone can reach behind it.
        over = datetime.combine(last, self.at, tzinfo=UTC) + self.duration + 2 * DAY
        return over if self.cancelled_at is None else min(over, self.cancelled_at)

    def cancelled(self, at: datetime) -> Window:
        """End it; what runs ends with it. A definition that never ran is as if never made."""
        has_run = occurrences(self, self.holds_from, at)
        return replace(self, cancelled_at=at if has_run else min(at, self.holds_from))

    def edited(self, successor: Window, at: datetime) -> tuple[Window, Window]:
        """Return this definition, ended, and the one that holds from `at` on.

        An occurrence that was ended early stays ended, unless the successor begins at other times.
        """
        is_same_time = _times(self) == _times(successor)
        holds_from = max(at, self.holds_from) if is_same_time else at
        return self.cancelled(at), replace(
            successor,
            id=self.id,
            version=self.version + 1,
            holds_from=holds_from,
            cancelled_at=None,
        )

    def ended(self, at: datetime) -> tuple[Window, Window]:
        """End what runs at an instant, and nothing later: return the old and the new definition.

        Raises:
            ValueError: Nothing runs.
        """
        running = occurrences(self, at, at)
        if not running:
            raise ValueError("This window is not running.")
        over = max(end for _, end in running)
        return self.cancelled(at), replace(self, version=self.version + 1, holds_from=over)


def occurrences(window: Window, begin: datetime, end: datetime) -> list[Interval]:
    """Return when a window runs, as far as that touches ``[begin, end]``, in order and whole.

    With `begin` and `end` the same instant: what runs then.
    """
    since = max(begin, window.holds_from)
    until = end if window.cancelled_at is None else min(end, window.cancelled_at)
    found = (
        (max(began_at, window.holds_from), _end_of(window, began_at))
        for year, month in _months(since - window.duration - 2 * DAY, until + 2 * DAY)
        for began_at in _begins(
            window.zone, window.first, window.at, window.recurrence, year, month
        )
    )
    return _touching((each for each in found if each[0] < each[1]), begin, end)


def upcoming(window: Window, now: datetime, count: int) -> list[Interval]:
    """Return the next occurrences; the first of them may be running."""
    first = datetime.combine(window.first, window.at, tzinfo=UTC) - 2 * DAY
    since = max(now, window.holds_from, first)
    # The rarest, on the 31st of a month, leaves out one month at most.
    return [each for each in occurrences(window, since, since + count * 62 * DAY) if each[1] > now][
        :count
    ]


def current(windows: Iterable[Window], instant: datetime) -> list[Window]:
    """Return the windows that run at an instant."""
    return [window for window in windows if occurrences(window, instant, instant)]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return intervals in order, with those that overlap or meet made one."""
    joined: list[Interval] = []
    for begin, end in sorted(intervals):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def spent(
    windows: Iterable[Window],
    services: Mapping[ServiceId, WorkspaceId],
    begin: datetime,
    end: datetime,
) -> dict[ServiceId, list[Interval]]:
    """Return when services are in maintenance, as far as that touches ``[begin, end]``.

    Whatever runs on without a break is one interval, also where it goes on outside of the range.
    Services that are not in maintenance at all are left out.
    """
    # Calendars cost more than all else here: each window is asked once, however many services.
    wide = [(each, occurrences(each, begin - LONGEST, end + LONGEST)) for each in windows]
    of_all: dict[WorkspaceId, list[Interval]] = defaultdict(list)
    for window, intervals in wide:
        of_all[window.workspace_id] += [] if window.service_ids else intervals
    # What many services share is put in order once, and not for each of thousands.
    shared = {workspace_id: merged(intervals) for workspace_id, intervals in of_all.items()}
    found = {}
    for (workspace_id, numbers), service_ids in _alike([each for each, _ in wide], services):
        own = merged(each for number in numbers for each in wide[number][1])
        if near := _joined(own, shared.get(workspace_id, []), begin, end):
            found.update({service_id: list(near) for service_id in service_ids})
    return found


def overlay(spans: Sequence[Span], intervals: Sequence[Interval]) -> list[Span]:
    """Lay maintenance over spans; the intervals are in order and do not overlap.

    Paused time stays paused: it is what people want of the service, window or not, and a moment
    counts as one kind only. Time without a span stays so: before a service there was nothing to
    maintain.
    """
    if not intervals:
        return list(spans)
    return [piece for span in spans for piece in _laid_over(span, intervals)]


def account(
    checks: Iterable[Check],
    spans: Mapping[CheckId, Sequence[Span]],
    removed: Mapping[CheckId, Sequence[Span]],
    intervals: Sequence[Interval],
    now: datetime,
) -> dict[CheckId, list[Span]]:
    """Return how the time of each check of a service counts by `now`.

    Args:
        checks: Those that it has.
        spans: What is stored of them.
        removed: What is stored of those that it had; until their removal they count as ever.
        intervals: When the service is in maintenance.
        now: Where silence that is longer than patience is noticed.
    """
    theirs = {
        check.id: accounted(spans.get(check.id, ()), check, intervals, now) for check in checks
    }
    gone = {
        check_id: accounted_until_removal(each, intervals) for check_id, each in removed.items()
    }
    return theirs | gone


def accounted(
    spans: Sequence[Span], check: Check, intervals: Sequence[Interval], now: datetime
) -> list[Span]:
    """Return how the time of a check counts: silence is unknown, windows are maintenance.

    Also silence is maintenance in a window: a planned absence is what a window is for.
    """
    covered = until_covered(spans, check, now)
    last_end = covered[-1].ended_at if covered else None
    if last_end is None or spans[-1].ended_at is not None:
        return overlay(covered, intervals)
    silence = Span(kind=TimeKind.UNKNOWN, began_at=last_end)
    planned = [each for each in overlay([silence], intervals) if each.kind is TimeKind.MAINTENANCE]
    return [*overlay(covered, intervals), *planned]


def accounted_until_removal(spans: Iterable[Span], intervals: Sequence[Interval]) -> list[Span]:
    """Do the same for a check that was removed: from then on it has nothing to say."""
    return overlay([span for span in spans if span.ended_at is not None], intervals)


def _touching(intervals: Iterable[Interval], begin: datetime, end: datetime) -> list[Interval]:
    return [each for each in intervals if each[0] <= end and begin < each[1]]


def _alike(
    windows: Sequence[Window], services: Mapping[ServiceId, WorkspaceId]
) -> Iterable[tuple[tuple[WorkspaceId, tuple[int, ...]], list[ServiceId]]]:
    """Return services by their workspace and the numbers of the windows that name them."""
    naming: dict[ServiceId, list[int]] = defaultdict(list)
    for number, window in enumerate(windows):
        for service_id in window.service_ids:
            if services.get(service_id) == window.workspace_id:
                naming[service_id].append(number)
    alike: dict[tuple[WorkspaceId, tuple[int, ...]], list[ServiceId]] = defaultdict(list)
    for service_id, workspace_id in services.items():
        alike[workspace_id, tuple(naming.get(service_id, ()))].append(service_id)
    return alike.items()


def _joined(
    own: Sequence[Interval], shared: Sequence[Interval], begin: datetime, end: datetime
) -> list[Interval]:
    """Return the stretches of two merged lists as far as they touch ``[begin, end]``."""
    first = bisect_right(shared, begin, key=lambda each: each[1])
    after = bisect_right(shared, end, key=lambda each: each[0])
    near = shared[first:after]
    if not own:
        return list(near)
    return _touching(merged([*near, *(_grown(each, shared) for each in own)]), begin, end)


def _grown(interval: Interval, others: Sequence[Interval]) -> Interval:
    """Return an interval with those that it overlaps or meets, of others that are merged."""
    begin, end = interval
    first = bisect_left(others, begin, key=lambda each: each[1])
    after = bisect_right(others, end, key=lambda each: each[0])
    if first == after:
        return interval
    return min(begin, others[first][0]), max(end, others[after - 1][1])


def _times(window: Window) -> tuple[object, ...]:
    return window.zone, window.first, window.at, window.duration, window.recurrence


def _end_of(window: Window, began_at: datetime) -> datetime:
    over = began_at + window.duration
    return over if window.cancelled_at is None else min(over, window.cancelled_at)


def _months(begin: datetime, end: datetime) -> Iterator[tuple[int, int]]:
    """Return year and month of all months from one instant to another."""
    first, last = begin.year * 12 + begin.month - 1, end.year * 12 + end.month - 1
    return ((number // 12, number % 12 + 1) for number in range(first, last + 1))


@lru_cache(maxsize=2048)
def _begins(
    zone: str, first: date, at: time, recurrence: Recurrence, year: int, month: int
) -> tuple[datetime, ...]:
    """Return when a window begins on the local dates of a month.

    Kept, because sums and pages ask for the same months again and again, and clocks are slow.
    """
    calendar, info = Calendar(zone=zone), zone_named(zone)
    days = (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
    found = []
    for local_date in days:
        if not recurrence.falls_on(local_date, first):
            continue
        began_at = first_instant(local_date, at, info)
        day = calendar.day_of(local_date)
        if day.begin < day.end:  # else the zone left the date out
            found.append(began_at)
    return tuple(found)


def _laid_over(span: Span, intervals: Sequence[Interval]) -> Iterator[Span]:
    if span.kind is TimeKind.PAUSED:
        yield span
        return
    rest = span.began_at
    for begin, end in intervals[bisect_right(intervals, rest, key=lambda each: each[1]) :]:
        if span.ended_at is not None and begin >= span.ended_at:
            break
        first, last = max(begin, rest), end if span.ended_at is None else min(end, span.ended_at)
        if rest < first:
            yield Span(kind=span.kind, began_at=rest, ended_at=first)
        yield Span(kind=TimeKind.MAINTENANCE, began_at=first, ended_at=last)
        rest = last
    if span.ended_at is None or rest < span.ended_at:
        yield Span(kind=span.kind, began_at=rest, ended_at=span.ended_at)
