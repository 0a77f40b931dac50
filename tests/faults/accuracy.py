"""R23: 1,000 services with one period: nobody is late, nothing drifts, and no second is crowded.

They are made in one go, as an import would. The targets' own log tells when each was asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

import httpx2

from tests.faults.flipping import now_s
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, pause
from tests.platform import Person

P50_S, P99_S = 0.05, 0.5
DRIFT_S = 0.5
_BUCKET = re.compile(
    r'^allgreen_check_lateness_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyPlan:
    """How hard a run is."""

    services: int = 1000
    every_s: int = 10
    for_s: float = 600.0


def run(tell: Tell) -> Report:
    """Watch 1,000 services every ten seconds for ten minutes."""
    return _watch(AccuracyPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Watch 200 services every five seconds for half a minute."""
    return _watch(AccuracyPlan(services=200, every_s=5, for_s=30), tell)


def _watch(plan: AccuracyPlan, tell: Tell) -> Report:
    with Stage.opened("accuracy") as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        paths = [f"/path-{n:04}" for n in range(plan.services)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda path: _watch_one(stage, person, path, plan), paths))
        tell(f"{plan.services} services are watched")
        pause(2 * plan.every_s)
        before, began = _buckets(stage), now_s()
        pause(plan.for_s)
        late = {le: count - before[le] for le, count in _buckets(stage).items()}
        p50, p99 = _quantile(late, 0.5), _quantile(late, 0.99)
        logs = {
            path: [one.at for one in stage.target.log[path] if one.at >= began] for path in paths
        }
    drift = max((_drift(log, plan.every_s) for log in logs.values()), default=0.0)
    seconds = Counter(int(log[0] % plan.every_s) for log in logs.values() if log)
    mean = plan.services / plan.every_s
    faults = _faults(plan, logs, p50, p99, drift, max(seconds.values()) / mean)
    return Report(
        figures=(
            f"services {plan.services} every {plan.every_s} s for {plan.for_s:g} s",
            f"lateness p50 ≤ {p50 * 1000:g} ms (goal: 50), p99 ≤ {p99 * 1000:g} ms (goal: 500)",
            f"drift at most {drift:.2f} s",
            (
                f"the fullest second of a period holds {max(seconds.values()) / mean:.2f} times the "
                "mean (goal: 2)"
            ),
        ),
        faults=tuple(f"R23: {fault}" for fault in faults),
    )


def _watch_one(stage: Stage, person: Person, path: str, plan: AccuracyPlan) -> None:
    stage.watch(person, path, addresses=[person.email], every_s=plan.every_s)


def _buckets(stage: Stage) -> dict[float, float]:
    answer = httpx2.get(f"{stage.platform.address}/metrics", trust_env=False, timeout=30)
    return {float(le): float(count) for le, count in _BUCKET.findall(answer.text)}


def _quantile(buckets: dict[float, float], share: float) -> float:
    """Return the upper end of the bucket in which a quantile lies."""
    wanted = buckets[float("inf")] * share
    return min(le for le, count in buckets.items() if count >= wanted)


def _drift(log: list[float], every_s: int) -> float:
    """Return by how much the grid of the later half lies off that of the earlier half.

    By their medians, so that one run that was late is no drift.
    """
    if len(log) < 4:
        return float("inf")
    half = every_s / 2
    off = [(at - log[0] + half) % every_s - half for at in log]
    middle = len(off) // 2
    return abs(median(off[middle:]) - median(off[:middle]))


def _faults(
    plan: AccuracyPlan,
    logs: dict[str, list[float]],
    p50: float,
    p99: float,
    drift: float,
    crowding: float,
) -> Iterator[str]:
    if p50 > P50_S or p99 > P99_S:
        yield f"lateness p50 up to {p50:g} s, p99 up to {p99:g} s"
    if drift > DRIFT_S:
        yield f"a service drifted by {drift:.2f} s"
    if crowding > 2:
        yield f"one second holds {crowding:.2f} times the mean"
    least, most = plan.for_s / plan.every_s - 1, plan.for_s / plan.every_s + 1
    odd = [path for path, log in logs.items() if not least <= len(log) <= most]
    if odd:
        yield f"{len(odd)} services were not asked once in each period, such as {odd[0]}"
