"""R2: ask it to end, again and again, in the middle of its work, and start it anew.

A restart is no fault: it must be quick, lose nothing, send nothing twice, and cause no news.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.flipping import now_s
from tests.faults.record import Record
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, message_id_of, pause, wait_until
from tests.platform import Person

STOPS_WITHIN_S = 12.0
ASKED_AGAIN_WITHIN_S = 6.0
OUTAGE_S = 20.0
"""Longer than a slow start: an outage that nobody was there to see is nobody's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPlan:
    """How hard a run is.

    Attributes:
        services: All are asked each second, and answer for ever.
        outages: How many others fail once, at some time during the run.
    """

    services: int = 50
    outages: int = 20
    restarts: int = 20
    alive_s: tuple[float, float] = (1.0, 4.0)
    seed: int = 2


def run(tell: Tell) -> Report:
    """Restart it 20 times."""
    return _restart(RestartPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Restart it four times."""
    return _restart(RestartPlan(services=20, outages=5, restarts=4), tell)


def _restart(plan: RestartPlan, tell: Tell) -> Report:
    with Stage.opened("restarts") as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        calm = {f"/calm-{number:02}": person.email for number in range(plan.services)}
        failing = {
            f"/failing-{number:02}": f"reader-{number:02}@team.example"
            for number in range(plan.outages)
        }
        paths = {
            stage.watch(person, path, addresses=[address]): path
            for path, address in {**calm, **failing}.items()
        }
        stage.confirm(failing.values())
        _plan_outages(stage, failing, plan)
        stops = [_restart_once(stage, plan, number, tell) for number in range(plan.restarts)]
        file = stage.platform.data_dir / "allgreen.db"

        def is_over() -> bool:
            record = Record.read(file, paths)
            ended = [one for one in record.outages if one.ended_at is not None]
            return len(ended) >= plan.outages and record.open == 0

        wait_until(is_over, within_s=60, every_s=0.5)
        silent = _silent_paths(stage, calm)
        record = Record.read(file, paths)
    return Report(
        figures=(
            f"restarts {plan.restarts}, services {plan.services + plan.outages} every second",
            f"from SIGTERM to the end: {max(stops):.1f} s at the most (goal: {STOPS_WITHIN_S:g} s)",
            f"outages {plan.outages}, told {len(record.outages)}, mails {len(stage.news)}",
        ),
        faults=tuple(_faults(plan, stage, stops, silent, record, failing)),
    )


def _plan_outages(stage: Stage, failing: dict[str, str], plan: RestartPlan) -> None:
    dice, begin = random.Random(plan.seed), now_s() + 1
    longest = plan.restarts * (sum(plan.alive_s) / 2 + 1.5)
    for path in failing:
        at = begin + dice.uniform(0, longest)
        stage.target.plans[path] = [at, at + OUTAGE_S]


def _restart_once(stage: Stage, plan: RestartPlan, number: int, tell: Tell) -> float:
    pause(random.Random(number).uniform(*plan.alive_s))
    asked = now_s()
    code = stage.platform.stop()
    seconds = now_s() - asked
    tell(f"restart {number + 1}: ended with {code} after {seconds:.1f} s")
    stage.platform.start()
    return seconds if code == 0 else float("inf")


def _silent_paths(stage: Stage, calm: dict[str, str]) -> list[str]:
    """Return what is not asked any more after the last start."""
    now = now_s()
    wait_until(
        lambda: all(stage.target.log[path][-1].at > now for path in calm),
        within_s=ASKED_AGAIN_WITHIN_S,
    )
    return [path for path in calm if stage.target.log[path][-1].at <= now]


def _faults(
    plan: RestartPlan,
    stage: Stage,
    stops: list[float],
    silent: list[str],
    record: Record,
    failing: dict[str, str],
) -> Iterator[str]:
    yield from (f"it took {s:.1f} s to end, or ended badly" for s in stops if s > STOPS_WITHIN_S)
    yield from (f"{path} is not asked any more" for path in silent)
    yield from record.faults
    told = Counter(one.path for one in record.outages)
    yield from (f"{path}: {told[path]} outages are told" for path in failing if told[path] != 1)
    yield from (f"{path} never failed and is told" for path in told if path not in failing)
    copies = Counter(map(message_id_of, stage.news))
    yield from (f"a mail came {count} times" for count in copies.values() if count > 1)
    if len(copies) != 2 * plan.outages:
        yield f"{len(copies)} mails came, and {2 * plan.outages} are owed"
