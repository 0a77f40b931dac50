"""Kill the platform again and again while its targets flip, then hear the judge."""

from __future__ import annotations

import contextlib
import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.faults.flipping import FlippingServer, now_s, plan_flips
from tests.faults.judge import Evidence, SeenIncident, SeenMail, Stretch, Verdict, judge
from tests.faults.scenario import Report
from tests.mail import ReceivedMail, SmtpServer, SmtpSink
from tests.platform import Person, Platform

FAILURES = 3
DELAY_SCALE = 0.02
"""Quick re-probes after 0.1 and 0.2 s instead of 5 and 10 s."""
LOG = Path(__file__).parents[2] / ".dev/kills.log"
_WAIT = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPlan:
    """How hard a run is.

    Attributes:
        alive_s: Shortest and longest time from the ready line to the kill.
        starts_killed: Share of the kills that hit a platform which is still starting.
        settle_s: How long it may take at the end until everything is told.
        kept_within_s: How long an answer may take to be written down.
        asked_within_s: How long a service may go without being asked.
        first_probe_within_s: How long the first request may take after the start of the process.
        seed: Makes the plan; the same seed gives the same kills and flips.
    """

    services: int = 100
    kills: int = 20
    alive_s: tuple[float, float] = (0.2, 9.0)
    starts_killed: float = 0.15
    up_s: tuple[float, float] = (10.0, 25.0)
    down_s: tuple[float, float] = (10.0, 25.0)
    settle_s: float = 60.0
    kept_within_s: float = 3.0
    asked_within_s: float = 6.0
    first_probe_within_s: float = 5.0
    seed: int = 1

    def slower(self, times: float) -> KillPlan:
        """Return the same plan for a machine that has other work and is so many times slower."""
        return replace(
            self,
            alive_s=(self.alive_s[0] * times, self.alive_s[1] * times),
            up_s=(self.up_s[0] * times, self.up_s[1] * times),
            down_s=(self.down_s[0] * times, self.down_s[1] * times),
            settle_s=self.settle_s * times,
            kept_within_s=self.kept_within_s * times,
            asked_within_s=self.asked_within_s * times,
            first_probe_within_s=self.first_probe_within_s * times,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """What came of a run.

    Attributes:
        first_probes_s: From each start of the process to the first request at the target.
    """

    verdict: Verdict
    kills: int
    first_probes_s: tuple[float, ...]
    probes: int
    faults: tuple[str, ...] = ()

    def lines(self, plan: KillPlan) -> Iterator[str]:
        """Return the figures, for people."""
        verdict = self.verdict
        yield f"services {plan.services}, kills {self.kills}, seed {plan.seed}"
        yield f"probes that the target answered: {self.probes}"
        yield f"outages {verdict.outages}, {verdict.certain_outages} of them to be noticed for certain"
        yield f"incidents {verdict.incidents}, mails {verdict.mails}, second copies {verdict.duplicates}"
        probes = sorted(self.first_probes_s)
        yield f"first probe after a start: median {probes[len(probes) // 2]:.1f} s, {probes[-1]:.1f} s at the most (goal: {plan.first_probe_within_s:g} s)"


def run(tell: Callable[[str], None]) -> Report:
    """Kill it as often as is promised."""
    return _reported(KillPlan(), tell)


def run_short(tell: Callable[[str], None]) -> Report:
    """Kill it a few times."""
    return _reported(KillPlan(services=50, kills=10), tell)


def _reported(plan: KillPlan, tell: Callable[[str], None]) -> Report:
    report = KillRun(plan, tell=tell).go()
    return Report(figures=tuple(report.lines(plan)), faults=report.faults)


@dataclass
class KillRun:
    """One run; `go` returns what came of it."""

    plan: KillPlan
    tell: Callable[[str], None] = lambda _: None
    _alive: list[Stretch] = field(default_factory=list)
    _starts: list[float] = field(default_factory=list)
    _kills: int = 0

    def go(self) -> KillReport:
        """Run it from an empty folder."""
        with tempfile.TemporaryDirectory(prefix="allgreen-kills-") as folder:
            mail, target = SmtpServer(), FlippingServer().start()
            sink = mail.start()
            platform = Platform(Path(folder) / "data", _settings(sink, target))
            try:
                return self._run(platform, sink, target)
            finally:
                _end(platform)
                mail.stop()
                target.stop()

    def _run(self, platform: Platform, sink: SmtpSink, target: FlippingServer) -> KillReport:
        dice = random.Random(self.plan.seed)
        began = now_s()
        ready = self._start(platform)
        person = Person(platform).set_up()
        paths = {f"/service-{number:03}": number for number in range(self.plan.services)}
        services = {
            person.watch(f"Service {number}", f"http://127.0.0.1:{target.port}{path}")["id"]: path
            for path, number in paths.items()
        }
        self.tell(f"{len(services)} services after {now_s() - began:.1f} s")
        self._plan_flips(target, list(paths), dice)
        for _ in range(self.plan.kills):
            ready = self._kill_and_start(platform, ready, dice)
        target.calm_from = now_s()
        incidents = self._settle(person, services, sink)
        person.http.close()
        end = now_s()
        self._alive.append((ready, end))
        evidence = Evidence(
            phases={path: target.phases(path, began, end) for path in paths},
            answers=target.log,
            alive=self._alive,
            kept_within_s=self.plan.kept_within_s,
            asked_within_s=self.plan.asked_within_s,
            failures=FAILURES,
            recipient=person.email,
            incidents=incidents,
            mails=_mails_about_incidents(sink),
        )
        return self._report(evidence, target)

    def _plan_flips(self, target: FlippingServer, paths: list[str], dice: random.Random) -> None:
        begin = now_s()
        longest = self.plan.kills * (self.plan.alive_s[1] + 60)
        plans = plan_flips(
            paths,
            dice,
            begin=begin,
            end=begin + longest,
            up_s=self.plan.up_s,
            down_s=self.plan.down_s,
        )
        target.plans.update(plans)

    def _kill_and_start(self, platform: Platform, ready: float, dice: random.Random) -> float:
        """Let it live for a while, kill it, perhaps kill it again while it starts, start it."""
        _WAIT.wait(dice.uniform(*self.plan.alive_s))
        platform.kill()
        self._kills += 1
        self._alive.append((ready, now_s()))
        if dice.random() < self.plan.starts_killed:
            self._start_and_kill(platform, after_s=dice.uniform(0.05, 1.5))
        ready = self._start(platform)
        self.tell(f"kill {self._kills}: ready again after {ready - self._starts[-1]:.1f} s")
        return ready

    def _start(self, platform: Platform) -> float:
        self._starts.append(now_s())
        platform.start()
        return now_s()

    def _start_and_kill(self, platform: Platform, *, after_s: float) -> None:
        def strike() -> None:
            if platform.process is not None:
                platform.process.kill()

        timer = threading.Timer(after_s, strike)
        timer.start()
        with contextlib.suppress(RuntimeError):
            platform.start()
        timer.join()
        platform.kill()
        self._kills += 1

    def _settle(
        self, person: Person, services: dict[str, str], sink: SmtpSink
    ) -> list[SeenIncident]:
        """Wait until all is up again and told, and then for what should not come any more."""
        workspace = f"/workspaces/{person.workspace_id}"

        def is_calm() -> bool:
            counts = person.get(workspace)["counts"]
            if counts["up"] != len(services):
                return False
            owed = 2 * len(_incidents(person, services))
            return len({mail.message_id for mail in _mails_about_incidents(sink)}) >= owed

        deadline = now_s() + self.plan.settle_s
        while now_s() < deadline and not is_calm():
            _WAIT.wait(0.5)
        _WAIT.wait(3)
        return _incidents(person, services)

    def _report(self, evidence: Evidence, target: FlippingServer) -> KillReport:
        verdict = judge(evidence)
        firsts = [
            min(target.answers_since(start), default=float("inf")) - start
            for start in self._starts[1:]
        ]
        slow = [
            f"the first probe came {seconds:.1f} s after a start"
            for seconds in firsts
            if seconds > self.plan.first_probe_within_s
        ]
        return KillReport(
            verdict=verdict,
            kills=self._kills,
            first_probes_s=tuple(firsts),
            probes=sum(map(len, target.log.values())),
            faults=(*verdict.faults, *slow),
        )


def _end(platform: Platform) -> None:
    """Kill it and keep its log, which is the first thing to read when a promise was broken."""
    if platform.process is not None:
        platform.kill()
        LOG.parent.mkdir(parents=True, exist_ok=True)
        LOG.write_text(platform.log, encoding="utf-8")


def _settings(sink: SmtpSink, target: FlippingServer) -> dict[str, str]:
    return {
        "ALLGREEN_SMTP_URL": f"smtp://{sink.host}:{sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": str(DELAY_SCALE),
    }


def _incidents(person: Person, services: dict[str, str]) -> list[SeenIncident]:
    path, cursor, seen = f"/workspaces/{person.workspace_id}/incidents", None, []
    while True:
        page: dict[str, Any] = person.get(path, limit=200, **({"cursor": cursor} if cursor else {}))
        seen += [_seen_incident(one, services) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen


def _seen_incident(one: dict[str, Any], services: dict[str, str]) -> SeenIncident:
    return SeenIncident(
        id=one["id"],
        path=services[one["service_id"]],
        began_at=_seconds(one["began_at"]),
        confirmed_at=_seconds(one["confirmed_at"]),
        ended_at=None if one["ended_at"] is None else _seconds(one["ended_at"]),
    )


def _mails_about_incidents(sink: SmtpSink) -> list[SeenMail]:
    """Return all but the one mail by which the account proves its address."""
    mails = (_seen_mail(mail) for mail in sink.mails)
    return [mail for mail in mails if not mail.event.endswith("/verify_email")]


def _seen_mail(mail: ReceivedMail) -> SeenMail:
    (recipient,) = mail.recipients
    return SeenMail(
        event=str(mail.message["X-Allgreen-Event"]),
        recipient=recipient,
        message_id=str(mail.message["Message-ID"]),
        attempt=int(mail.message["X-Allgreen-Attempt"]),
    )


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
