"""R8: the power fails. What somebody was told is on the disk, and the file is whole.

The real platform runs under `strace`, which writes down what reached the kernel, what was synced
and what was said. From that the files are rebuilt as a power cut at any moment leaves them.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import disk_log
from tests.faults.disk_log import Disk, Luck, Promise, SyncEnded, Timed, Wrote
from tests.faults.flipping import FlippingServer, now_s
from tests.faults.scenario import Report, Tell
from tests.mail import SmtpServer, SmtpSink
from tests.platform import Person, Platform

MOST_SYNCS_PER_S = 4.0
LONGEST_WAIT_S = 150.0
DATABASE, LOG = "allgreen.db", "allgreen.db-wal"
_WAIT = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPlan:
    """How hard a run is.

    Attributes:
        failing: How many services go down; each is told in a message of its own.
        changes: How many services a person adds meanwhile; each is answered with 201.
        checkpoints: How many must have begun before the changes, so that the log is written over.
        at_rest_s: How long nothing but results flow, to count syncs.
    """

    services: int = 80
    failing: int = 4
    changes: int = 40
    checkpoints: int = 2
    at_rest_s: float = 20.0
    images: int = 300
    seed: int = 1


def run(tell: Tell) -> Report:
    """Run it, where `strace` may trace."""
    return _run(PowerPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Run it with fewer services, and fewer cuts."""
    return _run(
        PowerPlan(services=10, failing=2, changes=10, checkpoints=0, at_rest_s=5, images=60), tell
    )


def _run(plan: PowerPlan, tell: Tell) -> Report:
    if shutil.which("strace") is None:
        return Report(not_run=("R8: `strace` is not installed here",))
    with tempfile.TemporaryDirectory(prefix="allgreen-power-") as folder:
        probe = [*disk_log.tracing(Path(folder) / "probe.log"), "true"]
        tried = subprocess.run(probe, capture_output=True, text=True, check=False)
        if tried.returncode:
            return Report(not_run=(f"R8: `strace` may not trace here: {tried.stderr.strip()}",))
        return PowerRun(plan, tell, Path(folder)).go()


@dataclass
class PowerRun:
    """One run; `go` returns what came of it."""

    plan: PowerPlan
    tell: Tell
    folder: Path
    figures: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self) -> Report:
        """Let the platform work under the tracer, then cut the power in its log."""
        mail, target = SmtpServer(), FlippingServer().start()
        self.sink, self.target = mail.start(), target
        try:
            self._prepare()
            self._work()
        finally:
            mail.stop()
            target.stop()
        self._judge()
        return Report(figures=tuple(self.figures), faults=tuple(self.faults))

    def _prepare(self) -> None:
        """Set everything up and stop, so that the files are known and nothing is under way."""
        self.platform = Platform(self.folder / "data", _settings(self.sink, self.target)).start()
        try:
            self.person = Person(self.platform).set_up()
            self.paths = [f"/service-{number:02}" for number in range(self.plan.services)]
            for path in self.paths:
                self.person.watch(path, f"http://127.0.0.1:{self.target.port}{path}")
            self.platform.stop()
        finally:
            _end(self.platform)
        self.before = (self.platform.data_dir / DATABASE).read_bytes()
        if (self.platform.data_dir / LOG).exists():
            self.faults.append("a clean stop left a log beside the database")

    def _work(self) -> None:
        self.platform.wrapper = disk_log.tracing(self.folder / "strace.log")
        self.platform.start()
        try:
            _WAIT.wait(5)
            self.at_rest = (now_s(), now_s() + self.plan.at_rest_s)
            _WAIT.wait(self.plan.at_rest_s)
            self._wait_for_checkpoints()
            self._change_much()
        finally:
            # Killed: what a clean stop would still write is no part of the proof.
            _end(self.platform)
            self.person.http.close()
        self.tell(f"traced {self.plan.changes} changes and {self.plan.failing} outages")

    def _wait_for_checkpoints(self) -> None:
        until = now_s() + LONGEST_WAIT_S
        while self._times_written_over() < self.plan.checkpoints and now_s() < until:
            _WAIT.wait(0.5)

    def _times_written_over(self) -> int:
        """Return how often the log was begun anew; its header counts that."""
        with (self.platform.data_dir / LOG).open("rb") as log:
            return int.from_bytes(log.read(16)[12:], "big")

    def _change_much(self) -> None:
        for path in self.paths[: self.plan.failing]:
            self.target.plans[path] = [now_s()]
        workspace = f"/workspaces/{self.person.workspace_id}"
        for number in range(self.plan.changes):
            form = _quiet_service(number, f"http://127.0.0.1:{self.target.port}/quiet")
            self.person.post(f"{workspace}/services", **form)
            _WAIT.wait(0.1)
        told = [mail for mail in self.sink.mails if _tells_an_outage(mail.message)]
        until = now_s() + 30
        while len(told) < self.plan.failing and now_s() < until:
            _WAIT.wait(0.2)
            told = [mail for mail in self.sink.mails if _tells_an_outage(mail.message)]
        self.incidents = [_incident_of(mail.message) for mail in told]
        self.names = [_name(number) for number in range(self.plan.changes)]

    def _judge(self) -> None:
        data = self.platform.data_dir
        files = {str(data / name): name for name in (DATABASE, LOG)}
        with (self.folder / "strace.log").open(encoding="ascii", errors="replace") as lines:
            log = list(disk_log.read_log(lines, files))
        changes = disk_log.find_promises(log, self.names, says=_says_created)
        outages = disk_log.find_promises(log, self.incidents, says=_says_outage)
        self._expect(len(changes) == self.plan.changes, f"{len(changes)} changes were answered")
        self._expect(len(outages) == self.plan.failing, f"{len(outages)} outages were told")
        self._judge_order(log, [*changes, *outages])
        self._judge_rate(log)
        self._judge_cuts(log, changes, outages)

    def _judge_order(self, log: Sequence[Timed], promises: Sequence[Promise]) -> None:
        """Proof 1: whatever was told had been synced."""
        early = [one for one in promises if not disk_log.is_synced_before(log, one, LOG)]
        self.figures.append(
            f"answers of 201 and messages that were preceded by a sync of what they tell: "
            f"{len(promises) - len(early)} of {len(promises)}"
        )
        for one in early:
            self.faults.append(f"{one.word.decode()} was told before it was on the disk")

    def _judge_rate(self, log: Sequence[Timed]) -> None:
        begin, end = self.at_rest
        resting = [each.what for each in log if begin <= each.at < end]
        syncs = Counter(what.file for what in resting if isinstance(what, SyncEnded))
        rate = syncs.total() / (end - begin)
        written = sum(isinstance(what, Wrote) and what.file == LOG for what in resting)
        self.figures.append(
            f"syncs while {self.plan.services} services a second are checked: {rate:.1f}/s, "
            f"{syncs[LOG] / (end - begin):.1f}/s of them of the log "
            f"(goal: {MOST_SYNCS_PER_S:g}/s); {written / (end - begin):.0f} writes/s"
        )
        self._expect(written > 0, "nothing was written while results flowed")
        self._expect(rate <= MOST_SYNCS_PER_S, f"{rate:.1f} syncs a second")

    def _judge_cuts(
        self, log: Sequence[Timed], changes: Sequence[Promise], outages: Sequence[Promise]
    ) -> None:
        """Proof 2: whatever was told is there after a power cut at any moment."""
        cuts = self._cut(log, self.plan.images, changes, outages)
        self.figures.append(
            f"power cuts: {cuts.count}, with unsynced writes lost, torn or reordered; "
            f"damaged files: {cuts.damaged}, promises lost: {cuts.lost}; "
            f"checkpoints in the log: {_checkpoints(log)}"
        )
        self._expect(
            _checkpoints(log) >= self.plan.checkpoints,
            f"only {_checkpoints(log)} checkpoints were seen",
        )
        self._expect(cuts.damaged == 0, f"{cuts.damaged} files were damaged")
        self._expect(cuts.lost == 0, f"{cuts.lost} promises were lost")
        control = self._cut(log, self.plan.images // 5, changes, outages, ignores_syncs_of=LOG)
        self.figures.append(
            f"the same without the syncs of the log, as a control: {control.lost} promises lost "
            f"in {control.count} cuts"
        )
        self._expect(control.lost > 0, "the judge sees no loss even where nothing was synced")

    def _cut(
        self,
        log: Sequence[Timed],
        count: int,
        changes: Sequence[Promise],
        outages: Sequence[Promise],
        *,
        ignores_syncs_of: str = "",
    ) -> Cuts:
        dice = random.Random(self.plan.seed)
        last = max(one.index for one in (*changes, *outages))
        # In the time of the promises, where there is something to lose, more than before it.
        moments = sorted(dice.randrange(last // 4, len(log)) for _ in range(count))
        disk, cuts, at = Disk({DATABASE: bytearray(self.before)}, ignores_syncs_of), Cuts(), 0
        for number, moment in enumerate(moments):
            for timed in log[at:moment]:
                disk.take(timed.what)
            at = moment
            luck = list(Luck)[number % len(Luck)]
            files = disk.after_a_cut(luck, dice)
            due = _due(changes, moment), _due(outages, moment)
            cuts.add(_look_into(files, self.folder / "image"), due)
        return cuts

    def _expect(self, is_so: bool, fault: str) -> None:
        if not is_so:
            self.faults.append(fault)
            self.tell(f"BROKEN: {fault}")


Found = tuple[set[bytes], set[bytes]]


@dataclass
class Cuts:
    """What was found after power cuts."""

    count: int = 0
    damaged: int = 0
    lost: int = 0

    def add(self, found: Found | None, due: Found) -> None:
        """Count one; `found` is None for a file that is damaged."""
        self.count += 1
        if found is None:
            self.damaged += 1
        else:
            self.lost += sum(len(owed - held) for owed, held in zip(due, found, strict=True))


def _look_into(files: Mapping[str, bytes], folder: Path) -> Found | None:
    """Open files as they are; return names of services and ids of incidents."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with closing(sqlite3.connect(folder / DATABASE)) as connection:
            [(integrity,)] = connection.execute("pragma integrity_check")
            if integrity != "ok":
                return None
            names = {row[0].encode() for row in connection.execute("select name from services")}
            ids = {row[0].encode() for row in connection.execute("select id from incidents")}
    except sqlite3.DatabaseError:
        return None
    return names, ids


def _due(promises: Iterable[Promise], moment: int) -> set[bytes]:
    return {one.word for one in promises if one.index < moment}


def _checkpoints(log: Sequence[Timed]) -> int:
    return sum(isinstance(each.what, SyncEnded) and each.what.file == DATABASE for each in log)


def _says_created(said: bytes, name: bytes) -> bool:
    return name in said


def _says_outage(said: bytes, incident: bytes) -> bool:
    return b"X-Allgreen-Event: " + incident + b"/down" in said


def _tells_an_outage(message: Any) -> bool:
    return str(message["X-Allgreen-Event"]).endswith("/down")


def _incident_of(message: Any) -> bytes:
    return str(message["X-Allgreen-Event"]).partition("/")[0].encode()


def _name(number: int) -> bytes:
    return f"Promise {number:04}".encode()


def _quiet_service(number: int, url: str) -> dict[str, Any]:
    return {
        "name": _name(number).decode(),
        "checks": [{"kind": "http", "url": url}],
        "period": {"every": 1, "unit": "days"},
        "recipients": [],
    }


def _settings(sink: SmtpSink, target: FlippingServer) -> dict[str, str]:
    return {
        "ALLGREEN_SMTP_URL": f"smtp://{sink.host}:{sink.port}",
        "ALLGREEN_ALLOW_TARGETS": f"127.0.0.1:{target.port}",
        "ALLGREEN_MIN_INTERVAL_S": "1",
        "ALLGREEN_BACKOFF_SCALE": "0.02",
    }


def _end(platform: Platform) -> None:
    if platform.process is not None and platform.process.poll() is None:
        platform.kill()
