"""R9: the clock of the machine jumps, drifts and is smeared, while the platform runs.

The monotonic clock is left alone, as the system does. The targets' own log, on the true clock,
is the judge: nobody may be asked more than once too often for a jump, or be left alone for two
periods, and nobody hears of anything.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from tests.faults.faked import FakedClock
from tests.faults.flipping import now_s
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, kind_of, pause
from tests.platform import Person

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
JUMPS = (
    *(HOUR, -2 * HOUR, DAY, -DAY, 3650 * DAY, -3650 * DAY),
    *(timedelta(minutes=30), timedelta(minutes=-10), timedelta(seconds=-40), HOUR),
)
RATES = (500e-6, -500e-6, 1 / 86_400)
"""Slow drift both ways, and a leap second that is smeared over a day."""

LOOSE_S = 1.5
"""How late an answer may be in the log: a run is due, leased and sent before it is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPlan:
    """How hard a run is."""

    jumps: Sequence[timedelta] = JUMPS
    rates: Sequence[float] = RATES
    services: int = 60
    failing: int = 3
    every_s: int = 3
    between_s: float = 12.0


def run(tell: Tell) -> Report:
    """Jump ten times, and drift."""
    return _jump(ClockPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Jump four times."""
    return _jump(ClockPlan(jumps=JUMPS[:4], rates=(), services=20), tell)


def _jump(plan: ClockPlan, tell: Tell) -> Report:
    with tempfile.TemporaryDirectory(prefix="allgreen-clock-") as folder:
        clock = FakedClock(Path(folder) / "clock")
        with Stage.opened("clocks", clock.settings) as stage:
            stage.platform.start()
            person = Person(stage.platform).set_up()
            failing = [f"/failing-{n}" for n in range(plan.failing)]
            calm = [f"/calm-{n:02}" for n in range(plan.services)]
            stage.target.plans.update({path: [now_s() - 1] for path in failing})
            for path in (*failing, *calm):
                stage.watch(person, path, addresses=[person.email], every_s=plan.every_s)
            pause(3 * plan.every_s + 5)
            told = _kinds(stage)
            faults = list(_moves(stage, clock, plan, tell))
            faults += _what_was_told(told, _kinds(stage), plan)
            faults += _what_is_stored(stage.platform.data_dir / "allgreen.db", plan)
            if person.http.get("/me").status_code != 200:
                faults.append("the session died")
    return Report(
        figures=(
            f"services {len(calm)} that answer and {plan.failing} that fail, every "
            f"{plan.every_s} s; jumps {len(plan.jumps)}: "
            + ", ".join(_written(by) for by in plan.jumps),
            f"rates of {', '.join(f'{rate:+.6f}' for rate in plan.rates) or 'none'}",
            f"the longest time without a question: {_longest(stage, calm):.1f} s",
        ),
        faults=tuple(f"R9: {fault}" for fault in faults),
    )


def _moves(stage: Stage, clock: FakedClock, plan: ClockPlan, tell: Tell) -> Iterator[str]:
    for by in plan.jumps:
        began = now_s()
        clock.jump(by)
        pause(plan.between_s)
        tell(f"jumped by {_written(by)}")
        yield from _silences(stage, plan, began, _written(by))
    for rate in plan.rates:
        began = now_s()
        clock.jump(timedelta(0), rate=rate)
        pause(plan.between_s)
        tell(f"went at a rate of {rate:+.6f}")
        yield from _silences(stage, plan, began, f"a rate of {rate:+.6f}")
    clock.jump(-clock.ahead)
    pause(3)


def _silences(stage: Stage, plan: ClockPlan, began: float, what: str) -> Iterator[str]:
    """Say who was asked too often, or not for too long, since a jump."""
    end = now_s()
    most = (end - began) / plan.every_s + 2
    for path, answers in stage.target.log.items():
        seen = [one.at for one in answers if one.at >= began]
        last = max((one.at for one in answers if one.at < began), default=began)
        gaps = [b - a for a, b in zip([last, *seen], [*seen, end], strict=True)]
        if max(gaps) > 2 * plan.every_s + LOOSE_S:
            yield f"{path}: not asked for {max(gaps):.1f} s after {what}"
        # A failing one is asked again by quick re-probes until its outage is confirmed.
        if len(seen) > most and path.startswith("/calm"):
            yield f"{path}: asked {len(seen)} times within {end - began:.0f} s of {what}"


def _kinds(stage: Stage) -> list[str]:
    return sorted(kind_of(mail) for mail in stage.news)


def _what_was_told(before: list[str], after: list[str], plan: ClockPlan) -> Iterator[str]:
    new = list(after)
    for kind in before:
        new.remove(kind)
    forward = sum(by > timedelta(0) for by in plan.jumps) + 1
    alerts = [kind for kind in new if kind != "offline"]
    yield from (f"a mail of kind {kind} came" for kind in alerts)
    if len(new) - len(alerts) > forward:
        yield f"{len(new)} mails to the operator for {forward} jumps forward"


def _what_is_stored(file: Path, plan: ClockPlan) -> Iterator[str]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        incidents = database.execute(
            "SELECT began_at, confirmed_at, ended_at FROM incidents"
        ).fetchall()
        negative = database.execute(
            "SELECT count(*) FROM results WHERE latency_ms < 0 OR finished_at < started_at"
        ).fetchone()[0]
        chains = database.execute("SELECT count(*) FROM leases WHERE due_at IS NULL").fetchone()[0]
    if len(incidents) != plan.failing or any(ended for _, _, ended in incidents):
        yield f"{len(incidents)} incidents, of {plan.failing} that are open"
    if any(began > confirmed for began, confirmed, _ in incidents):
        yield "an incident was confirmed before it began"
    if negative:
        yield f"{negative} results with a negative time"
    if chains:
        yield f"{chains} services are planned no more"


def _longest(stage: Stage, paths: Sequence[str]) -> float:
    logs = [[one.at for one in stage.target.log[path]] for path in paths]
    return max(b - a for log in logs for a, b in pairwise(log))


def _written(by: timedelta) -> str:
    seconds = by.total_seconds()
    unit, size = next(
        (unit, size)
        for unit, size in (("y", 31_536_000), ("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
        if abs(seconds) >= size
    )
    return f"{seconds / size:+g} {unit}"
