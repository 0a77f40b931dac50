"""R27: fork bombs of work: thousands of "check now" and of edits of one service.

Whoever asks, and however often, the target is asked once a second at most, and in the end exactly
one chain of runs is left.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.faults.flipping import now_s
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, pause
from tests.platform import Person, an_http_check

EVERY_S = 5
CALM_PERIODS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPlan:
    """How hard a run is."""

    runs: int = 2_000
    edits: int = 10_000


def run(tell: Tell) -> Report:
    """Ask for 2,000 runs and make 10,000 edits."""
    return _burst(BurstPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Ask for 200 runs and make 300 edits."""
    return _burst(BurstPlan(runs=200, edits=300), tell)


def _burst(plan: BurstPlan, tell: Tell) -> Report:
    with Stage.opened("bursts") as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        service_id = stage.watch(person, "/target", addresses=[person.email], every_s=EVERY_S)
        pause(2)
        began = now_s()
        answers = Counter(
            person.http.post(f"/services/{service_id}/check").status_code for _ in range(plan.runs)
        )
        tell(f"asked {plan.runs} times for a run: {dict(answers)}")
        edits = _edit(stage, person, service_id, plan.edits)
        tell(f"edited {plan.edits} times: {dict(edits)}")
        ended = now_s()
        pause(EVERY_S + 1)
        calm = now_s()
        pause(CALM_PERIODS * EVERY_S)
        log = [one.at for answers_ in stage.target.log.values() for one in answers_]
        chains = _chains(stage)
    asked = sum(began <= at < ended for at in log)
    left = sum(at >= calm for at in log)
    faults = list(_faults(asked, ended - began, left, chains, answers + edits))
    return Report(
        figures=(
            (
                f"runs asked for {plan.runs}, edits {plan.edits}, within {ended - began:.0f} s: "
                f"the target was asked {asked} times"
            ),
            f"after it {left} times in {CALM_PERIODS} periods; chains of runs: {chains}",
        ),
        faults=tuple(f"R27: {fault}" for fault in faults),
    )


def _edit(stage: Stage, person: Person, service_id: str, count: int) -> Counter[int]:
    """Ask something else each time, so that every edit begins anew."""
    answers = Counter[int]()
    service: dict[str, Any] = person.get(f"/services/{service_id}")
    for number in range(count):
        check = an_http_check(stage.url(f"/target?{number}"))
        answer: httpx2.Response = person.http.patch(
            f"/services/{service_id}",
            json={"checks": [{**check, "id": service["checks"][0]["id"]}]},
            headers={"If-Match": f'"{service["version"]}"'},
        )
        answers[answer.status_code] += 1
        service = answer.json() if answer.is_success else person.get(f"/services/{service_id}")
    return answers


def _chains(stage: Stage) -> int:
    file = stage.platform.data_dir / "allgreen.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        count: int = database.execute(
            "SELECT count(*) FROM leases WHERE is_active AND due_at IS NOT NULL"
        ).fetchone()[0]
    return count


def _faults(
    asked: int, seconds: float, left: int, chains: int, answers: Counter[int]
) -> Iterator[str]:
    if asked > seconds + 3:
        yield f"the target was asked {asked} times within {seconds:.0f} s"
    if not CALM_PERIODS - 1 <= left <= CALM_PERIODS + 1:
        yield f"after it the target was asked {left} times in {CALM_PERIODS} periods"
    if chains != 1:
        yield f"{chains} chains of runs are left"
    if any(status >= 500 for status in answers):
        yield f"the API answered {dict(answers)}"
