"""Ninety days of history for screens and benchmarks, written as the pipe would have written it."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete

from allgreen.domain.check import Check
from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.incident import Incident, IncidentState, Resolution
from allgreen.domain.service import Service
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import Mode, Outcome, TimeKind
from allgreen.domain.uptime import RollUp, Span, tally
from allgreen.monitoring.rollup import Folding
from allgreen.ports import Grain
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import strips
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOST_RUNS_AN_HOUR = 4


@dataclass(frozen=True, kw_only=True)
class Past:
    """What a service went through.

    Attributes:
        name: Which service.
        days: For how many days it is watched.
        outages: Begin, in days ago, and length in hours.
        slow: The same for time in which it was slow.
        median_ms: About which its latencies lie.
    """

    name: str
    days: float = 90
    outages: tuple[tuple[float, float], ...] = ()
    slow: tuple[tuple[float, float], ...] = ()
    median_ms: float = 180


def write_history(data_dir: Path, pasts: Iterable[Past], now: datetime) -> None:
    """Write the past of services into the database of a platform that is not running."""
    # In a thread of its own: while a browser is open, a loop already runs in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _write(data_dir, list(pasts), now)).result()


async def _write(data_dir: Path, pasts: list[Past], now: datetime) -> None:
    key = (data_dir / "secret.key").read_text(encoding="ascii").strip()
    async with Database(f"sqlite:///{data_dir / 'allgreen.db'}", key) as database:
        for past in pasts:
            async with database.unit_of_work() as uow:
                await _write_past(past, await _find(past.name, uow), now, uow)
                await uow.commit()


async def _find(name: str, uow: SqlUnitOfWork) -> Service:
    ids = await uow.roll_ups.services_without_strip_of(date.max, limit=10_000)
    for service_id in ids:
        service = await uow.services.get(ServiceId(service_id))
        if service.name == name:
            return service
    raise LookupError(name)


async def _write_past(past: Past, service: Service, now: datetime, uow: SqlUnitOfWork) -> None:
    (check,) = service.checks
    spans = list(_spans(past, now))
    for span in spans:
        await uow.spans.turn(check.id, span.began_at, span.kind)
    await uow.roll_ups.save_many(Grain.HOUR, {check.id: dict(_hours(past, check, spans, now))})
    for span in spans:
        if span.kind is TimeKind.DOWN and span.ended_at is not None:
            await uow.incidents.save(_incident(service, span, IncidentId(_id_of(span))))
    await uow.connection.execute(delete(strips).where(strips.c.service_id == service.id))
    folding = Folding(uow=uow, now=now, raw_since=now - 7 * DAY)
    if service.mode is Mode.ACTIVE:
        await folding.turn_day(replace(service, checks=(_seen(check, now),)))


def _spans(past: Past, now: datetime) -> Iterator[Span]:
    turns = [(now - past.days * DAY, TimeKind.UP)]
    for kind, stretches in ((TimeKind.DOWN, past.outages), (TimeKind.DEGRADED, past.slow)):
        for days_ago, hours in stretches:
            begin = now - days_ago * DAY
            turns += [(begin, kind), (min(begin + hours * HOUR, now), TimeKind.UP)]
    turns.sort()
    ends = [at for at, _ in turns[1:]]
    for (at, kind), end in zip(turns, [*ends, None], strict=True):
        yield Span(kind=kind, began_at=at, ended_at=end)


def _hours(
    past: Past, check: Check, spans: list[Span], now: datetime
) -> Iterator[tuple[datetime, RollUp]]:
    runs = min(MOST_RUNS_AN_HOUR, max(1, round(HOUR / check.schedule.every)))
    hour = (now - past.days * DAY).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    index = 0
    while hour < now:
        time = tally(spans, hour, min(hour + HOUR, now))
        failed = round(runs * (time.down / HOUR))
        latencies = [_latency(past, index * runs + run) for run in range(runs - failed)]
        counts = Counter({Outcome.OK: runs - failed, Outcome.FAIL: failed})
        yield (
            hour,
            RollUp(
                tally=time,
                outcomes={outcome: count for outcome, count in counts.items() if count},
                latencies=LatencySketch.of(latencies),
            ),
        )
        hour += HOUR
        index += 1


def _latency(past: Past, index: int) -> float:
    """Draw a day's wave with some noise that is the same in every run."""
    wave = 0.12 * math.sin(index / 14)
    noise = (index * 2_654_435_761 % 1_000) / 1_000
    spike = 1.6 if index * 40_503 % 97 == 0 else 0.0
    return past.median_ms * (0.9 + wave + 0.35 * noise**3 + spike)


def _incident(service: Service, span: Span, incident_id: IncidentId) -> Incident:
    return Incident(
        id=incident_id,
        workspace_id=service.workspace_id,
        service_id=service.id,
        state=IncidentState.RESOLVED,
        began_at=span.began_at,
        confirmed_at=min(span.began_at + timedelta(seconds=15), span.ended_at or span.began_at),
        ended_at=span.ended_at,
        reason="503 instead of 200",
        resolution=Resolution.HOLDS_AGAIN,
    )


def _id_of(span: Span) -> str:
    milliseconds = round(span.began_at.timestamp() * 1000)
    head = f"{milliseconds:012x}"
    return f"{head[:8]}-{head[8:]}-7000-8000-{id(span) % 16**12:012x}"


def _seen(check: Check, now: datetime) -> Check:
    return replace(check, state=replace(check.state, last_evidence_at=now))
