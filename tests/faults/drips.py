"""R12: half of a thousand targets drip or are dead. The other half does not notice.

The real platform watches 500 healthy targets and 500 hostile ones. What the targets saw, and what
the platform wrote down of every run, is the judge.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.hostile import DRIPS, HostileTargets
from tests.faults.scenario import Report, Tell
from tests.faults.stage import LOGS, pause
from tests.platform import Person, Platform, an_http_check

TIMEOUT_S = 2.0
GRACE_S = 0.25
CONCURRENCY = 250
HEALTHY = "healthy"
DEAD_DNS = "a name whose DNS is dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class DripPlan:
    """How hard a run is.

    Attributes:
        hostile: How many services watch something that drips or is dead…
        healthy: …and how many something that answers.
        every_s: How often each is asked.
        for_s: How long, once all are watched.
        late_at_most_s: How late 99 of 100 runs of healthy targets may begin.
    """

    hostile: int = 500
    healthy: int = 500
    every_s: int = 10
    for_s: float = 120.0
    late_at_most_s: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run, as the platform wrote it down."""

    service_id: str
    attempt: int
    outcome: str
    took_s: float
    late_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that is judged.

    Attributes:
        kinds: What each service watches.
        runs: All runs, in no order.
        down: Services that were ever down.
        open_s: For how long the hostile targets saw connections open.
        most_files: Most descriptors that were open at once.
    """

    kinds: Mapping[str, str]
    runs: Sequence[Ran]
    down: frozenset[str]
    open_s: Mapping[str, Sequence[float]]
    most_files: int


def run(tell: Tell) -> Report:
    """Watch a thousand targets."""
    return _judge(DripPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Watch a hundred."""
    return _judge(DripPlan(hostile=50, healthy=50, for_s=30.0), tell)


def _judge(plan: DripPlan, tell: Tell) -> Report:
    found = _watch(plan, tell)
    return Report(figures=tuple(_figures(plan, found)), faults=tuple(_faults(plan, found)))


def _watch(plan: DripPlan, tell: Tell) -> Findings:
    with (
        HostileTargets.started("drips") as targets,
        tempfile.TemporaryDirectory(prefix="allgreen-drips-") as folder,
        _platform(Path(folder) / "data", targets) as platform,
    ):
        person = Person(platform).set_up()
        kinds = dict(_add_services(plan, person, targets))
        tell(f"{len(kinds)} services are watched")
        with FileCounter(platform) as files:
            pause(plan.for_s)
        tell("it is over; what was written down is read")
        platform.stop()
        database = platform.data_dir / "allgreen.db"
        return Findings(
            kinds=kinds,
            runs=list(_runs(database)),
            down=frozenset(_ever_down(database)),
            open_s=targets.finish(),
            most_files=files.most,
        )


@contextlib.contextmanager
def _platform(data_dir: Path, targets: HostileTargets) -> Iterator[Platform]:
    settings = {
        "ALLGREEN_ENV": "test",
        "ALLGREEN_ALLOW_TARGETS": "127.0.0.1:*",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_CONCURRENCY": str(CONCURRENCY),
        "ALLGREEN_RESOLVER": targets.dns,
    }
    platform = Platform(data_dir, settings).start()
    try:
        yield platform
    finally:
        if platform.ready:
            platform.kill()
        LOGS.mkdir(parents=True, exist_ok=True)
        (LOGS / "drips.log").write_text(platform.log, encoding="utf-8")


def _add_services(
    plan: DripPlan, person: Person, targets: HostileTargets
) -> Iterator[tuple[str, str]]:
    """Add hostile and healthy services in turn; give each with what it watches."""
    hostile = [*DRIPS, DEAD_DNS]
    for number in range(max(plan.hostile, plan.healthy)):
        if number < plan.hostile:
            kind = hostile[number % len(hostile)]
            yield _add(person, number, kind, _url(kind, number, targets), plan), kind
        if number < plan.healthy:
            url = _url(HEALTHY, number, targets)
            yield _add(person, number, HEALTHY, url, plan), HEALTHY


def _add(person: Person, number: int, kind: str, url: str, plan: DripPlan) -> str:
    check = an_http_check(url, timeout_ms=int(TIMEOUT_S * 1000), verify_tls=False)
    service = person.post(
        f"/workspaces/{person.workspace_id}/services",
        name=f"{kind} {number}",
        checks=[check],
        period={"every": plan.every_s, "unit": "seconds"},
        recipients=[],
    )
    return str(service["id"])


def _url(kind: str, number: int, targets: HostileTargets) -> str:
    """Return an address of a kind; every other healthy one has a name, every third has TLS."""
    if kind == DEAD_DNS:
        return f"http://dead{number}.example:{targets.ports[HEALTHY]}/"
    if kind != HEALTHY:
        scheme = "https" if kind == "in the handshake" else "http"
        return f"{scheme}://127.0.0.1:{targets.ports[kind]}/"
    host = f"up{number}.example" if number % 2 else "127.0.0.1"
    if number % 3 == 0:
        return f"https://{host}:{targets.ports['healthy over TLS']}/"
    return f"http://{host}:{targets.ports[HEALTHY]}/"


@dataclass
class FileCounter:
    """Counts the open files of the platform, once a second."""

    platform: Platform
    most: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> FileCounter:
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _count(self) -> None:
        assert self.platform.process is not None
        folder = Path(f"/proc/{self.platform.process.pid}/fd")
        while not self._stop.wait(1):
            self.most = max(self.most, len(list(folder.iterdir())))


def _runs(file: Path) -> Iterator[Ran]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "select service_id, attempt, outcome, slot, started_at, finished_at from results"
        )
        for service_id, attempt, outcome, *instants in rows:
            # SQLite keeps instants as microseconds since 1970.
            slot, started_at, finished_at = (each / 1_000_000 for each in instants)
            yield Ran(
                service_id=service_id,
                attempt=attempt,
                outcome=outcome,
                took_s=finished_at - started_at,
                late_s=started_at - slot,
            )


def _ever_down(file: Path) -> Iterator[str]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        for (service_id,) in database.execute("select distinct service_id from incidents"):
            yield service_id


def _figures(plan: DripPlan, found: Findings) -> Iterator[str]:
    hostile, healthy = _split(found)
    yield f"{plan.hostile} hostile and {plan.healthy} healthy targets, each every {plan.every_s} s"
    yield f"{len(hostile)} runs of hostile targets, {len(healthy)} of healthy ones"
    yield (
        f"the longest run took {max((each.took_s for each in hostile), default=0):.2f} s; "
        f"its timeout is {TIMEOUT_S:g} s"
    )
    opened = {name: max(seconds) for name, seconds in found.open_s.items() if name in DRIPS}
    slowest = max(opened, key=lambda name: opened[name])
    yield f"no hostile target saw a connection for longer than {opened[slowest]:.2f} s ({slowest})"
    yield f"healthy runs began late by {_late(healthy):.3f} s at most, for 99 of 100"
    yield f"{len(found.down)} services were down, {_healthy_down(found)} of them healthy"
    ended = Counter(each.outcome for each in healthy)
    yield "healthy runs ended as " + ", ".join(f"{word}: {count}" for word, count in ended.items())
    yield f"{found.most_files} open files at most; {2 * CONCURRENCY + 100} are allowed"


def _faults(plan: DripPlan, found: Findings) -> Iterator[str]:
    hostile, healthy = _split(found)
    limit_s = TIMEOUT_S + GRACE_S
    too_long: defaultdict[str, int] = defaultdict(int)
    for each in hostile:
        too_long[found.kinds[each.service_id]] += each.took_s > limit_s
    yield from (
        f"{count} runs of {kind} took too long" for kind, count in too_long.items() if count
    )
    for name, seconds in found.open_s.items():
        if name in DRIPS and max(seconds) > limit_s:
            yield f"{name} saw a connection for {max(seconds):.2f} s"
    if _late(healthy) > plan.late_at_most_s:
        yield f"healthy runs began {_late(healthy):.3f} s late"
    if count := _healthy_down(found):
        yield f"{count} healthy services were reported down"
    if unseen := found.kinds.keys() - found.down - _of_kind(found, HEALTHY):
        yield f"{len(unseen)} hostile services were never found to be down"
    if found.most_files > 2 * CONCURRENCY + 100:
        yield f"{found.most_files} files were open at once"


def _split(found: Findings) -> tuple[list[Ran], list[Ran]]:
    healthy = _of_kind(found, HEALTHY)
    runs: tuple[list[Ran], list[Ran]] = ([], [])
    for each in found.runs:
        runs[each.service_id in healthy].append(each)
    return runs


def _of_kind(found: Findings, kind: str) -> set[str]:
    return {service_id for service_id, each in found.kinds.items() if each == kind}


def _healthy_down(found: Findings) -> int:
    return len(found.down & _of_kind(found, HEALTHY))


def _late(runs: Sequence[Ran]) -> float:
    """Return by how much 99 of 100 first attempts began late at most."""
    late = sorted(each.late_s for each in runs if each.attempt == 1)
    return late[int(len(late) * 0.99)] if late else 0.0
