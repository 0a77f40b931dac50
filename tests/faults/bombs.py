"""T6: answers that grow. Fifty at a time, and hardly any memory for all of them.

The probes run in a process of their own, so that its memory is that of the probes alone.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from allgreen.domain.check import Check, HttpOptions
from allgreen.domain.expectation import (
    AllOf,
    BodyContains,
    BodyMatches,
    JsonOperator,
    JsonValue,
    StatusIs,
)
from allgreen.domain.status import Outcome
from tests.faults.hostile import ROOT, HostileTargets
from tests.faults.scenario import Report, Tell
from tests.integration.outbound.kinds import House, asking, open_house

AT_ONCE = 50
TIMEOUT_S = 5.0
GRACE_S = 0.25
MOST_GROWN_MIB = 64.0

EXPECTED = AllOf(
    parts=(
        StatusIs(classes=(2,)),
        BodyContains(text="all is well"),
        BodyMatches(pattern="(a+)+$"),
        JsonValue(path="$.state", operator=JsonOperator.EQUALS, value="ready"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """What the probes found.

    Attributes:
        grown_mib: By how much the memory grew at most while they ran.
        longest_s: How long the longest run of each bomb took.
        outcomes: How the runs ended.
    """

    grown_mib: float
    longest_s: Mapping[str, float]
    outcomes: Mapping[str, int]


def run(tell: Tell) -> Report:
    """Probe each bomb fifty times."""
    return _probe(tell, times=50)


def run_short(tell: Tell) -> Report:
    """Probe each bomb five times."""
    return _probe(tell, times=5)


def _probe(tell: Tell, *, times: int) -> Report:
    tell("making the bombs")
    with HostileTargets.started("bombs") as targets:
        tell(f"probing each of them {times} times, {AT_ONCE} at once")
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(times)],
            cwd=ROOT,
            input=json.dumps(targets.ports),
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
    if done.returncode:
        return Report(faults=(f"the probes ended with {done.stderr.strip()[-300:]}",))
    loot = Loot(**json.loads(done.stdout))
    return Report(figures=tuple(_figures(loot)), faults=tuple(_faults(loot)))


def _figures(loot: Loot) -> Iterator[str]:
    runs = sum(loot.outcomes.values())
    slowest = max(loot.longest_s, key=lambda name: loot.longest_s[name])
    yield f"{len(loot.longest_s)} bombs, {runs} runs, {AT_ONCE} at once"
    yield f"memory grew by {loot.grown_mib:.1f} MiB (at most {MOST_GROWN_MIB:g})"
    yield (
        f"the longest run took {loot.longest_s[slowest]:.2f} s ({slowest}); "
        f"its limit is {TIMEOUT_S:g} s"
    )
    yield "ended as " + ", ".join(f"{word}: {count}" for word, count in loot.outcomes.items())


def _faults(loot: Loot) -> Iterator[str]:
    if loot.grown_mib > MOST_GROWN_MIB:
        yield f"memory grew by {loot.grown_mib:.1f} MiB"
    for name, longest_s in loot.longest_s.items():
        if longest_s > TIMEOUT_S + GRACE_S:
            yield f"a run of {name} took {longest_s:.2f} s"
    if strange := loot.outcomes.keys() - {Outcome.FAIL}:
        yield f"some runs ended as {', '.join(sorted(strange))}"


async def _loot(ports: Mapping[str, int], times: int) -> Loot:
    checks = {name: _check(port) for name, port in ports.items()}
    longest_s: dict[str, float] = {}
    outcomes: Counter[str] = Counter()
    turn = asyncio.Semaphore(AT_ONCE)

    async def probe(house: House, name: str) -> None:
        async with turn:
            began = time.monotonic()
            # A thread of the pool that looks for the pattern is part of the run.
            result = await house.run(checks[name])
            took_s = time.monotonic() - began
        longest_s[name] = max(longest_s.get(name, 0.0), took_s)
        outcomes[result.outcome] += 1

    async with open_house() as house:
        # What is only made once, such as threads and parsers, is not what grows.
        await asyncio.gather(*(house.run(checks["healthy"]) for _ in range(AT_ONCE)))
        before_mib = _resident_mib()
        _forget_peak()
        bombs = [name for name in checks if not name.startswith("healthy")]
        names = [name for _ in range(times) for name in bombs]
        await asyncio.gather(*(probe(house, name) for name in names))
        grown_mib = _peak_mib() - before_mib
    return Loot(grown_mib=grown_mib, longest_s=longest_s, outcomes=dict(outcomes))


def _check(port: int) -> Check:
    options = HttpOptions(method="GET", url=f"http://127.0.0.1:{port}/")
    return asking(options, EXPECTED, timeout_s=TIMEOUT_S)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _resident_mib() -> float:
    return _status_mib("VmRSS:")


def _peak_mib() -> float:
    return _status_mib("VmHWM:")


def _status_mib(word: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(word))


if __name__ == "__main__":
    found = asyncio.run(_loot(json.loads(sys.stdin.read()), int(sys.argv[1])))
    sys.stdout.write(json.dumps(asdict(found)))
