"""R17: the whole of Allgreen was off for ten minutes, ten hours, forty days.

The process is stopped, its clock is set on, and it is started again.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.faults.faked import FakedClock
from tests.faults.flipping import now_s
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, kind_of, pause
from tests.platform import Person

AWAY = (timedelta(minutes=10), timedelta(hours=10), timedelta(days=40))
LOOK_FOR_S = 63.0
"""Everything that waited is run within a minute."""

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsencePlan:
    """How hard a run is."""

    away: Sequence[timedelta] = AWAY
    services: int = 200
    failing: int = 5
    every_s: int = 300


def run(tell: Tell) -> Report:
    """Be off three times."""
    return _be_off(AbsencePlan(), tell)


def run_short(tell: Tell) -> Report:
    """Be off for ten hours."""
    return _be_off(AbsencePlan(away=AWAY[1:2], services=60), tell)


def _be_off(plan: AbsencePlan, tell: Tell) -> Report:
    figures = [f"services {plan.services} every {plan.every_s} s, and {plan.failing} that fail"]
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="allgreen-absence-") as folder:
        clock = FakedClock(Path(folder) / "clock")
        with Stage.opened("absence", clock.settings) as stage:
            stage.platform.start()
            person = Person(stage.platform).set_up()
            failing = [f"/failing-{n}" for n in range(plan.failing)]
            calm = [f"/calm-{n:03}" for n in range(plan.services)]
            stage.target.plans.update({path: [now_s() - 1] for path in failing})
            for path in (*failing, *calm):
                stage.watch(person, path, addresses=[person.email], every_s=plan.every_s)
            pause(10)
            for away in plan.away:
                figure, found = _once(stage, clock, plan, away)
                figures.append(figure)
                faults += found
                tell(figure)
            faults += _what_is_stored(stage.platform.data_dir / "allgreen.db", plan)
    return Report(
        figures=tuple(figures),
        faults=tuple(f"R17: {fault}" for fault in faults),
        not_run=("R17: grace for push services, because there are none yet",),
    )


def _once(
    stage: Stage, clock: FakedClock, plan: AbsencePlan, away: timedelta
) -> tuple[str, list[str]]:
    before = Counter(map(kind_of, stage.news))
    stage.platform.stop()
    clock.jump(away)
    stage.platform.start()
    pause(LOOK_FOR_S)
    # The minute begins when the platform says that it was back, to the moment.
    began = _returned_at(stage.platform.data_dir / "allgreen.db", clock)
    counts, seconds = Counter[str](), Counter[int]()
    for path, answers in stage.target.log.items():
        seen = [one.at - began for one in answers if 0 <= one.at - began <= MINUTE_S]
        counts[path] = len(seen)
        seconds.update(int(at) for at in seen)
    new = Counter(map(kind_of, stage.news)) - before
    most, mean = max(seconds.values()), sum(seconds.values()) / 60
    figure = (
        f"off for {away}: asked {sum(counts.values())} times in the first minute, "
        f"at most {most} in one second (mean {mean:.1f}); mails {dict(new)}"
    )
    return figure, list(_faults(counts, new, away))


def _faults(counts: Counter[str], new: Counter[str], away: timedelta) -> Iterator[str]:
    for path, count in counts.items():
        if count != 1:
            yield f"{path}: asked {count} times in the minute after {away} off"
    if new != {"offline": 1}:
        yield f"mails after {away} off: {dict(new)}, and one to the operator is owed"


def _returned_at(file: Path, clock: FakedClock) -> float:
    """Return when the platform was back after its latest absence, by the clock of the target."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        (micros,) = database.execute("SELECT max(ended_at) FROM absences").fetchone()
    return float(micros) / 1e6 - clock.ahead.total_seconds()


def _what_is_stored(file: Path, plan: AbsencePlan) -> Iterator[str]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        absences = [row[0] for row in database.execute("SELECT why FROM absences ORDER BY id")]
        incidents = database.execute("SELECT count(*) FROM incidents").fetchone()[0]
        healths = Counter(row[0] for row in database.execute("SELECT health FROM services"))
        spans = dict(
            database.execute(
                "SELECT kind, sum(ended_at - began_at) / 1e6 FROM health_spans "
                "WHERE ended_at IS NOT NULL GROUP BY kind"
            ).fetchall()
        )
    if absences != ["off"] * len(plan.away):
        yield f"absences that are kept: {absences}"
    if incidents != plan.failing:
        yield f"{incidents} outages, and {plan.failing} began before"
    if healths != {"up": plan.services, "down": plan.failing}:
        yield f"services after it: {dict(healths)}"
    away_s = sum(away.total_seconds() for away in plan.away)
    unknown_s = spans.get("unknown", 0.0) / (plan.services + plan.failing)
    if not 0.9 * away_s - 2 * plan.every_s <= unknown_s <= 1.1 * away_s + 2 * plan.every_s:
        yield f"{unknown_s:.0f} s of each service are unknown, of {away_s:.0f} s off"
