"""R10: everything fails in the same second. Everybody hears of everything, and nobody drowns."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from tests.faults.flipping import now_s
from tests.faults.record import Record
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, message_id_of, pause, wait_until
from tests.mail import ReceivedMail
from tests.platform import Person

WINDOW_S = 300.0
SINGLES = 5
"""Mails of their own that an address may get in one window; what is more goes as one digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormPlan:
    """How much fails at once.

    Attributes:
        groups: The services are split into so many groups, each with readers of its own.
        readers: How many people read of each group.
        every_s: How often each service is asked.
        down_s: How long all of them fail.
    """

    services: int = 2_000
    groups: int = 10
    readers: int = 4
    every_s: int = 30
    down_s: float = 330.0
    decided_within_s: float = 60.0
    told_within_s: float = 300.0
    most_memory_mib: float = 600.0
    slowest_api_s: float = 0.5

    def readers_of(self, number: int) -> list[str]:
        """Return who reads of a service."""
        group = number % self.groups
        return [f"reader-{n}@group-{group}.example" for n in range(self.readers)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What was told of one turn of everything.

    Attributes:
        kind: ``down`` or ``up``.
        begin: When everything turned.
        decided_s: How long it took until all of it was known…
        told_s: …and until all of it was told.
    """

    kind: str
    begin: float
    decided_s: float
    told_s: float
    mails: list[ReceivedMail]


def run(tell: Tell) -> Report:
    """Let 2,000 services fail and recover."""
    return _storm(StormPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Let 100 services fail, and do not wait for their recovery."""
    return _storm(StormPlan(services=100, groups=2, every_s=10, down_s=0), tell)


def _storm(plan: StormPlan, tell: Tell) -> Report:
    # The delays are the real ones: a storm is about minutes.
    with Stage.opened("storm", {"ALLGREEN_BACKOFF_SCALE": "1"}) as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        paths = _watch(stage, person, plan)
        tell(f"{len(paths)} services are watched")
        file = stage.platform.data_dir / "allgreen.db"
        wait_until(lambda: _count(person, "up") == plan.services, within_s=120, every_s=1)
        with Visitor(stage, person) as visitor:
            turn_at = now_s() + 2
            for path in paths.values():
                stage.target.plans[path] = [turn_at]
            waves = [_ride(stage, file, paths, "down", turn_at, plan, tell)]
            if plan.down_s:
                pause(max(0.0, turn_at + plan.down_s - now_s()))
                stage.target.calm_from = now_s()
                waves.append(_ride(stage, file, paths, "up", now_s(), plan, tell))
        record = Record.read(file, paths)
        memory_mib = _peak_memory_mib(stage)
    return Report(
        figures=tuple(_figures(plan, waves, visitor, memory_mib)),
        faults=tuple(_faults(plan, record, waves, visitor, memory_mib)),
        not_run=(
            (
                f"R10: 10,000 services in 50 workspaces; {plan.services} in {plan.groups} groups of "
                "one workspace stand for them"
            ),
        ),
    )


@dataclass
class Visitor:
    """Somebody who looks at the list of services all the time.

    Attributes:
        waited_s: How long each answer took; an error counts as for ever.
    """

    stage: Stage
    person: Person
    waited_s: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(60)

    @property
    def p95_s(self) -> float:
        """Return how long the slower ones of the answers took."""
        ordered = sorted(self.waited_s)
        return ordered[int(len(ordered) * 0.95)] if ordered else 0.0

    def _look(self) -> None:
        path = f"/workspaces/{self.person.workspace_id}/services"
        with httpx2.Client(
            base_url=self.person.http.base_url,
            cookies=self.person.http.cookies,
            timeout=30,
            trust_env=False,
        ) as http:
            while not self._stop.wait(0.5):
                asked = now_s()
                try:
                    http.get(path, params={"limit": 50}).raise_for_status()
                except httpx2.HTTPError:
                    self.waited_s.append(float("inf"))
                else:
                    self.waited_s.append(now_s() - asked)


def _watch(stage: Stage, person: Person, plan: StormPlan) -> dict[str, str]:
    paths = {}
    for number in range(plan.services):
        path = f"/service-{number:04}"
        addresses = plan.readers_of(number)
        service_id = stage.watch(person, path, addresses=addresses, every_s=plan.every_s)
        paths[service_id] = path
    stage.confirm({each for n in range(plan.groups) for each in plan.readers_of(n)})
    return paths


def _ride(
    stage: Stage,
    file: Path,
    paths: Mapping[str, str],
    kind: str,
    begin: float,
    plan: StormPlan,
    tell: Tell,
) -> Wave:
    """Wait until everything that turned is known, and then until it is told."""

    def is_decided() -> bool:
        outages = Record.read(file, paths).outages
        return sum(kind == "down" or one.ended_at is not None for one in outages) == len(paths)

    wait_until(is_decided, within_s=5 * plan.decided_within_s, every_s=1)
    decided_s = now_s() - begin
    tell(f"all {kind} after {decided_s:.0f} s")
    wait_until(lambda: Record.read(file, paths).open == 0, within_s=2 * WINDOW_S, every_s=2)
    told_s = now_s() - begin
    tell(f"all told after {told_s:.0f} s")
    mails = [mail for mail in stage.news if mail.at >= begin]
    return Wave(kind=kind, begin=begin, decided_s=decided_s, told_s=told_s, mails=mails)


def _figures(
    plan: StormPlan, waves: list[Wave], visitor: Visitor, memory_mib: float
) -> Iterator[str]:
    naive = plan.services * plan.readers
    yield f"services {plan.services} every {plan.every_s} s, readers {plan.groups * plan.readers}"
    for wave in waves:
        per_reader = Counter(mail.recipients[0] for mail in wave.mails)
        yield (
            f"all {wave.kind}: known after {wave.decided_s:.0f} s (goal: "
            f"{plan.decided_within_s:g}), told after {wave.told_s:.0f} s (goal: "
            f"{plan.told_within_s:g}); mails {len(wave.mails)} instead of {naive}, to one reader "
            f"{max(per_reader.values(), default=0)} at the most"
        )
    yield f"API meanwhile: p95 {visitor.p95_s * 1000:.0f} ms of {len(visitor.waited_s)} answers"
    yield f"memory: {memory_mib:.0f} MiB at the most (goal: {plan.most_memory_mib:g})"


def _faults(
    plan: StormPlan, record: Record, waves: list[Wave], visitor: Visitor, memory_mib: float
) -> Iterator[str]:
    yield from record.faults
    incidents = Counter(one.path for one in record.outages)
    if len(incidents) != plan.services or incidents.total() != plan.services:
        yield f"{incidents.total()} outages are told of {len(incidents)} services"
    for wave in waves:
        yield from _wave_faults(plan, record, wave)
    if visitor.p95_s > plan.slowest_api_s:
        yield f"the API took {visitor.p95_s:.1f} s for one answer in twenty"
    if memory_mib > plan.most_memory_mib:
        yield f"it took {memory_mib:.0f} MiB of memory"


def _wave_faults(plan: StormPlan, record: Record, wave: Wave) -> Iterator[str]:
    if wave.decided_s > plan.decided_within_s:
        yield f"it took {wave.decided_s:.0f} s until all {wave.kind} was known"
    if wave.told_s > plan.told_within_s + WINDOW_S * (wave.kind == "up"):
        yield f"it took {wave.told_s:.0f} s until all {wave.kind} was told"
    told: dict[str, set[str]] = defaultdict(set)
    for mail in wave.mails:
        told[mail.recipients[0]].update(record.seen(mail).tells)
    lost = sum(
        f"{one.id}/{wave.kind}" not in told[reader]
        for one in record.outages
        for reader in plan.readers_of(int(one.path.rpartition("-")[2]))
    )
    if lost:
        yield f"{lost} times a reader was not told that a service is {wave.kind}"
    for reader, mails in _by_reader(wave.mails).items():
        digests = sorted(mail.at for mail in mails.values() if _is_digest(mail))
        if len(mails) - len(digests) > SINGLES:
            yield f"{reader} got {len(mails) - len(digests)} mails of their own"
        if any(later - earlier < WINDOW_S * 0.95 for earlier, later in pairwise(digests)):
            yield f"{reader} got two digests within {WINDOW_S:g} s"


def _by_reader(mails: list[ReceivedMail]) -> dict[str, dict[str, ReceivedMail]]:
    found: dict[str, dict[str, ReceivedMail]] = defaultdict(dict)
    for mail in mails:
        found[mail.recipients[0]][message_id_of(mail)] = mail
    return found


def _is_digest(mail: ReceivedMail) -> bool:
    return str(mail.message["X-Allgreen-Event"]).endswith("/digest")


def _count(person: Person, state: str) -> int:
    return int(person.get(f"/workspaces/{person.workspace_id}")["counts"][state])


def _peak_memory_mib(stage: Stage) -> float:
    assert stage.platform.process is not None
    status = Path(f"/proc/{stage.platform.process.pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
