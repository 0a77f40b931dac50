"""History of one service: the numbers behind its graph, from roll-ups and spans."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allgreen.domain.calendar import Calendar
from allgreen.domain.service import Service
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import RollUp, Span, tally
from allgreen.ports import Grain
from allgreen.server.catalog.schemas import Bucket, Outage, Range

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a range covers, and by which roll-ups.

    Attributes:
        width: Of one bucket of the graph; a whole number of roll-ups of `grain`.
    """

    begin: datetime
    end: datetime
    grain: Grain
    width: timedelta

    @classmethod
    def of(cls, range_: Range, now: datetime, calendar: Calendar) -> "Window":
        """Return the window of a range that ends now; of days, as the workspace cuts them."""
        days, grain, width = _WINDOWS[range_]
        begin = now - timedelta(hours=24) if days == 1 else calendar.last_days(now, days)[0].begin
        return cls(begin=begin, end=now, grain=grain, width=width)

    @property
    def first(self) -> datetime:
        """Return the begin of the first bucket, on the grid of its width."""
        return self.begin - (self.begin - _EPOCH) % self.width


_WINDOWS = {
    Range.DAY: (1, Grain.MINUTE, timedelta(minutes=15)),
    # Every 15 minutes is the default period: a bucket of one hour would never have enough samples.
    Range.WEEK: (7, Grain.HOUR, timedelta(hours=2)),
    Range.MONTH: (30, Grain.HOUR, timedelta(hours=4)),
    Range.QUARTER: (90, Grain.HOUR, timedelta(hours=12)),
}


def draw_buckets(
    window: Window, roll_ups: Sequence[Mapping[datetime, RollUp]], spans: Sequence[Span]
) -> list[Bucket]:
    """Pool roll-ups into the buckets of a graph; those in which nothing ran are left out."""
    pooled: dict[datetime, list[RollUp]] = defaultdict(list)
    for rows in roll_ups:
        for at, roll_up in rows.items():
            pooled[at - (at - _EPOCH) % window.width].append(roll_up)
    return [
        _draw(at, RollUp.pooled(pooled[at]), spans, window)
        for at in sorted(pooled)
        if any(roll_up.ran for roll_up in pooled[at])
    ]


def list_outages(spans: Sequence[Span], service: Service, window: Window) -> list[Outage]:
    """Return the stretches that count as down; the one that lasts has no end."""
    lasts = service.incident is not None
    return [
        Outage(
            begin=span.began_at,
            end=None if lasts and span.ended_at == window.end else span.ended_at,
        )
        for span in spans
        if span.kind is TimeKind.DOWN
    ]


def _draw(at: datetime, sums: RollUp, spans: Sequence[Span], window: Window) -> Bucket:
    end = min(at + window.width, window.end)
    latencies = sums.latencies
    return Bucket(
        at=at,
        p50_ms=_rounded(latencies.quantile_ms(0.5)),
        p95_ms=_rounded(latencies.quantile_ms(0.95)),
        checks=sums.ran,
        failed=sums.failed,
        down_s=int(tally(spans, max(at, window.begin), end).down.total_seconds()),
    )


def _rounded(latency_ms: float | None) -> float | None:
    # A sketch is right to 1 %: more digits would be made up.
    return None if latency_ms is None else round(latency_ms, 1)
