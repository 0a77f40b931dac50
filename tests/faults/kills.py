"""R1, R22: kill the platform again and again while its targets flip, then hear the judge.

On SQLite there is one process, `allgreen serve`: it leases, probes, evaluates, answers the API and
sends mails. So watcher, API and mailer are killed by killing it at a moment of theirs: half of the
kills wait for a named seam, the others for nothing.
"""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle, pairwise
from pathlib import Path

from allgreen.failpoints import Seam
from tests.faults.clerk import Clerk
from tests.faults.flipping import FlippingServer, now_s, plan_flips
from tests.faults.judge import Evidence, Stretch, Verdict, judge
from tests.faults.record import Record, count_open
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, pause, wait_until
from tests.platform import Person

FAILURES = 3
PERIOD_S = 1.0

SEAMS = {
    Seam.AFTER_ACCEPT: 10,
    Seam.AFTER_COMMIT_OF_RESULTS: 12,
    Seam.BEFORE_SEND: 10,
    Seam.BEFORE_COMMIT_OF_RESULTS: 12,
    Seam.AFTER_COMMIT_OF_CHANGE: 5,
    Seam.AT_START: 1,
    Seam.AFTER_MARK: 10,
    Seam.AFTER_LEASE: 20,
    Seam.IN_LEASE: 20,
    Seam.IN_FOLD: 3,
}
"""The seams that are aimed at, the worst ones first, and at which pass at the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPlan:
    """How hard a run is.

    Attributes:
        alive_s: Shortest and longest time from the ready line to a kill at a random moment.
        starts_killed: Share of those kills that hit a platform which is still starting.
        long_lives: How many lives last for `long_life_s`, to see it come back to its pace.
        settle_s: How long it may take at the end until everything is told: longer than the time
            for which much news to one address is gathered.
        kept_within_s: How long an answer may take to be written down.
        asked_within_s: How long a service may go without being asked.
        first_probe_within_s: How long the first request may take after the start of the process.
        on_pace_after_s: When after a start lateness is judged again.
        is_timed: Whether promises about speed are judged.
        seed: Makes the plan; the same seed gives the same kills and flips.
    """

    services: int = 300
    kills: int = 200
    alive_s: tuple[float, float] = (0.2, 5.0)
    starts_killed: float = 0.15
    long_lives: int = 6
    long_life_s: float = 25.0
    up_s: tuple[float, float] = (10.0, 30.0)
    down_s: tuple[float, float] = (10.0, 30.0)
    settle_s: float = 420.0
    kept_within_s: float = 3.0
    asked_within_s: float = 6.0
    first_probe_within_s: float = 5.0
    on_pace_after_s: float = 15.0
    is_timed: bool = True
    seed: int = 1


def run(tell: Tell) -> Report:
    """Kill it 200 times."""
    return KillRun(KillPlan(), tell).go()


def run_short(tell: Tell) -> Report:
    """Kill it 20 times."""
    return KillRun(KillPlan(services=60, kills=20, long_lives=1), tell).go()


@dataclass
class KillRun:
    """One run; `go` returns what came of it.

    Attributes:
        verdict: What the judge says, once it has ended.
    """

    plan: KillPlan
    tell: Tell = lambda _: None
    verdict: Verdict | None = None
    _alive: list[Stretch] = field(default_factory=list)
    _starts: list[float] = field(default_factory=list)
    _kills: list[float] = field(default_factory=list)
    _aimed: Counter[str] = field(default_factory=Counter)
    _hits: Counter[str] = field(default_factory=Counter)

    def go(self) -> Report:
        """Run it from an empty folder."""
        self._dice = random.Random(self.plan.seed)
        # A flipping service is no longer told each time, and rightly so; here every time counts.
        with Stage.opened("kills", {"ALLGREEN_FLAPPING_TURNS": "0"}) as stage:
            return self._run(stage)

    def _run(self, stage: Stage) -> Report:
        began = now_s()
        self._start(stage, "")
        person = Person(stage.platform).set_up()
        spare = stage.watch(person, "/spare", addresses=[person.email], every_s=3600)
        paths, recipients = self._watch(stage, person)
        self.tell(f"{len(paths)} services after {now_s() - began:.1f} s")
        self._plan_flips(stage.target, list(recipients))
        with Clerk(person, spare) as clerk:
            self._kill_all(stage)
        stage.target.calm_from = now_s()
        file = stage.platform.data_dir / "allgreen.db"
        self._settle(file, person, stage, paths)
        self._alive[-1] = (self._alive[-1][0], now_s())
        faults = clerk.faults()
        # To judge takes long, and the targets share this process: they would not answer in time.
        stage.platform.kill()
        self.tell("judging")
        faults = [*faults, *self._speed_faults(stage.target, recipients)]
        record = Record.read(file, paths)
        evidence = self._evidence(began, record, stage, recipients)
        return self._report(evidence, record, stage, clerk, faults)

    def _watch(self, stage: Stage, person: Person) -> tuple[dict[str, str], dict[str, str]]:
        """Watch every path for an address of its own, and return paths and addresses."""
        recipients = {
            f"/service-{number:03}": f"reader-{number:03}@team-{number % 30}.example"
            for number in range(self.plan.services)
        }
        paths = {
            stage.watch(person, path, addresses=[address]): path
            for path, address in recipients.items()
        }
        stage.confirm(recipients.values(), within_s=120)
        return paths, recipients

    def _plan_flips(self, target: FlippingServer, paths: list[str]) -> None:
        begin = now_s()
        longest = self.plan.kills * (self.plan.alive_s[1] + 30) + 600
        plans = plan_flips(
            paths,
            self._dice,
            begin=begin,
            end=begin + longest,
            up_s=self.plan.up_s,
            down_s=self.plan.down_s,
        )
        target.plans.update(plans)

    # Killing

    def _kill_all(self, stage: Stage) -> None:
        seams = cycle(SEAMS)
        every = max(1, self.plan.kills // (self.plan.long_lives + 1))
        while len(self._kills) < self.plan.kills:
            number = len(self._kills) + 1
            if number % every == 0 and number // every <= self.plan.long_lives:
                self._kill_later(stage, self.plan.long_life_s)
            elif number % 2:
                self._kill_later(stage, self._dice.uniform(*self.plan.alive_s))
            else:
                self._kill_at(stage, next(seams))
            if number % 10 == 0:
                self.tell(f"kill {number} of {self.plan.kills}")
        if not self._is_running(stage):
            self._start(stage, "")

    def _kill_later(self, stage: Stage, after_s: float) -> None:
        """Let it live for a while, or not even come to life, and kill it."""
        if not self._is_running(stage):
            if self._dice.random() < self.plan.starts_killed:
                self._kill_start(stage, after_s=self._dice.uniform(0.05, 1.5))
                return
            self._start(stage, "")
        pause(after_s)
        self._kill(stage)

    def _kill_start(self, stage: Stage, *, after_s: float) -> None:
        def strike() -> None:
            if stage.platform.process is not None:
                stage.platform.process.kill()

        timer = threading.Timer(after_s, strike)
        timer.start()
        self._start(stage, "")
        timer.join()
        self._kill(stage)

    def _kill_at(self, stage: Stage, seam: Seam) -> None:
        """Have it end itself at a seam; when it does not come by, kill it at last."""
        if self._is_running(stage):
            self._kill(stage)
        self._aimed[seam] += 1
        self._start(stage, f"{seam}=kill:{self._dice.randint(1, SEAMS[seam])}")
        process = stage.platform.process
        assert process is not None
        wait_until(lambda: process.poll() is not None, within_s=self.plan.alive_s[1], every_s=0.01)
        self._hits[seam] += process.returncode == -signal.SIGKILL
        self._kill(stage)

    def _start(self, stage: Stage, failpoints: str) -> None:
        """Start it; it may die of a failpoint before it is ready."""
        stage.platform.settings["ALLGREEN_FAILPOINTS"] = failpoints
        self._starts.append(now_s())
        try:
            stage.platform.start()
        except RuntimeError:
            process = stage.platform.process
            if process is None or process.wait(30) != -signal.SIGKILL:
                raise
        else:
            self._alive.append((now_s(), float("inf")))

    def _kill(self, stage: Stage) -> None:
        stage.platform.kill()
        self._kills.append(now_s())
        if self._alive and self._alive[-1][1] == float("inf"):
            self._alive[-1] = (self._alive[-1][0], self._kills[-1])

    def _is_running(self, stage: Stage) -> bool:
        process = stage.platform.process
        return process is not None and process.poll() is None

    # Judging

    def _settle(self, file: Path, person: Person, stage: Stage, paths: dict[str, str]) -> None:
        """Wait until all is up again and told, and then for what should not come any more."""

        def is_calm() -> bool:
            counts = person.get(f"/workspaces/{person.workspace_id}")["counts"]
            return counts["up"] == len(paths) + 1 and count_open(file) == 0

        wait_until(is_calm, within_s=self.plan.settle_s, every_s=1)
        pause(3)

    def _evidence(
        self, began: float, record: Record, stage: Stage, recipients: dict[str, str]
    ) -> Evidence:
        end = now_s()
        return Evidence(
            phases={path: stage.target.phases(path, began, end) for path in recipients},
            answers=stage.target.log,
            alive=self._alive,
            kept_within_s=self.plan.kept_within_s,
            asked_within_s=self.plan.asked_within_s,
            failures=FAILURES,
            recipients=recipients,
            reported=record.outages,
            mails=[record.seen(mail) for mail in stage.news],
            kills=self._kills,
            withdrawn=record.withdrawn,
        )

    def _report(
        self, evidence: Evidence, record: Record, stage: Stage, clerk: Clerk, faults: list[str]
    ) -> Report:
        verdict = self.verdict = judge(evidence)
        latencies = sorted(_latencies(evidence, self.plan.on_pace_after_s))
        faults += [*verdict.faults, *record.faults, *self._duplicate_faults(verdict)]
        if record.open or record.dead:
            faults.append(f"{record.open} messages are still owed, {record.dead} were given up")
        if self.plan.is_timed and latencies:
            faults += _latency_faults(latencies)
        return Report(
            figures=tuple(self._figures(verdict, stage, clerk, latencies, evidence)),
            faults=tuple(faults),
            not_run=("R1: watcher, API and mailer apart: on SQLite they are one process",),
        )

    def _figures(
        self,
        verdict: Verdict,
        stage: Stage,
        clerk: Clerk,
        latencies: list[float],
        evidence: Evidence,
    ) -> Iterator[str]:
        kills, digests = len(self._kills), _digests(evidence)
        yield (
            f"services {self.plan.services} every second, up and down for "
            f"{self.plan.up_s[0]:g} to {self.plan.up_s[1]:g} s, seed {self.plan.seed}; flapping is "
            "switched off (`ALLGREEN_FLAPPING_TURNS=0`)"
        )
        yield f"kills {kills}, at a seam {self._hits.total()} of {self._aimed.total()} aimed: " + (
            ", ".join(f"{seam} {self._hits[seam]}" for seam in SEAMS if self._aimed[seam])
        )
        yield f"probes that the target answered: {sum(map(len, stage.target.log.values()))}"
        yield (
            f"outages {verdict.outages}, to be noticed for certain {verdict.certain_outages}, "
            f"told {verdict.reported}"
        )
        yield (
            f"mails {verdict.mails}, of them digests {digests}; second copies "
            f"{verdict.duplicates}, of one kill {verdict.most_duplicates_of_a_kill} at the most "
            f"(goal: 1, and {0.6 * kills:.0f} in all)"
        )
        yield f"changes by the API that were answered as stored: {clerk.answers}"
        yield self._first_probes_in_words(stage.target)
        lateness = self._lateness(stage.target, list(evidence.phases))
        if lateness:
            yield (
                f"lateness from {self.plan.on_pace_after_s:g} s after a start on: p50 "
                f"{_share(lateness, 0.5):.2f} s, p99 {_share(lateness, 0.99):.2f} s (goal: 1 s)"
            )
        if latencies:
            yield (
                "R22, from the failure that confirms to the mail: "
                f"p50 {_share(latencies, 0.5):.2f} s, p99 {_share(latencies, 0.99):.2f} s "
                f"(goal: 1 s and 5 s), over {len(latencies)} mails of outages from "
                f"{self.plan.on_pace_after_s:g} s after a start on"
            )

    def _first_probes_in_words(self, target: FlippingServer) -> str:
        probes = sorted(self._first_probes(target))
        lives = len(self._alive) - 1
        return (
            f"first probe after a start: median {_share(probes, 0.5):.1f} s, "
            f"{probes[-1]:.1f} s at the most (goal: {self.plan.first_probe_within_s:g} s), "
            f"in {len(probes)} of {lives} lives; the others were killed earlier than that"
        )

    def _first_probes(self, target: FlippingServer) -> Iterator[float]:
        """Yield how long each life took to ask, from the start of the process.

        One that was killed before it asked is counted as long as it lived, if that was too long.
        """
        for ready, end in self._alive[1:]:
            start = max(start for start in self._starts if start <= ready)
            first = min(target.answers_since(start), default=float("inf"))
            if first <= end or end - start > self.plan.first_probe_within_s:
                yield min(first, end) - start

    def _lateness(self, target: FlippingServer, paths: list[str]) -> list[float]:
        """Return by how much longer than the period each service had to wait, once on pace."""
        return sorted(
            max(0.0, later.at - earlier.at - PERIOD_S)
            for begin, end in self._alive
            for path in paths
            for earlier, later in pairwise(target.log.get(path, ()))
            if begin + self.plan.on_pace_after_s <= earlier.at and later.at <= end
        )

    def _speed_faults(self, target: FlippingServer, paths: dict[str, str]) -> Iterator[str]:
        if not self.plan.is_timed:
            return
        for seconds in self._first_probes(target):
            if seconds > self.plan.first_probe_within_s:
                yield f"R1: the first probe came {seconds:.1f} s after a start"
        lateness = self._lateness(target, list(paths))
        if lateness and _share(lateness, 0.99) >= 1:
            yield f"R1: one probe in a hundred is {_share(lateness, 0.99):.1f} s late"

    def _duplicate_faults(self, verdict: Verdict) -> Iterator[str]:
        if verdict.most_duplicates_of_a_kill > 1:
            yield f"R1: {verdict.most_duplicates_of_a_kill} mails came twice because of one kill"
        if verdict.duplicates > 0.6 * len(self._kills):
            yield f"R1: {verdict.duplicates} mails came twice because of {len(self._kills)} kills"


def _latencies(evidence: Evidence, on_pace_after_s: float) -> Iterator[float]:
    """Yield for each mail that tells of a begin how long it took, where no kill delayed it.

    What happened while it was off is told all at once after the next start, so the mails that
    follow soon wait for those: that is the price of the kill, like the lateness of probes.
    """
    on_pace = [(begin + on_pace_after_s, end) for begin, end in evidence.alive]
    firsts: dict[str, float] = {}
    for mail in evidence.mails:
        if len(mail.tells) == 1:
            firsts.setdefault(mail.tells[0], mail.at)
    for one in evidence.reported:
        arrived = firsts.get(f"{one.id}/down")
        failures = [
            answer.at
            for answer in evidence.answers.get(one.path, ())
            if answer.is_down and one.began_at - 2 <= answer.at <= one.confirmed_at + 0.1
        ]
        if arrived is None or not failures:
            continue
        if any(begin <= failures[-1] and arrived <= end for begin, end in on_pace):
            yield arrived - failures[-1]


def _latency_faults(latencies: list[float]) -> Iterator[str]:
    for share, limit_s in ((0.5, 1.0), (0.99, 5.0)):
        if _share(latencies, share) > limit_s:
            yield f"R22: p{share * 100:.0f} of the mails took {_share(latencies, share):.1f} s"


def _digests(evidence: Evidence) -> int:
    return len({mail.message_id for mail in evidence.mails if mail.event.endswith("/digest")})


def _share(values: list[float], share: float) -> float:
    """Return the value below which a share of sorted values lies."""
    return values[min(int(len(values) * share), len(values) - 1)]


def slower(plan: KillPlan, times: float) -> KillPlan:
    """Return the same plan for a machine that has other work and is so many times slower."""
    return replace(
        plan,
        kept_within_s=plan.kept_within_s * times,
        asked_within_s=plan.asked_within_s * times,
        first_probe_within_s=plan.first_probe_within_s * times,
        is_timed=False,
    )
