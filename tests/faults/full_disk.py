"""R7: the disk of the database is full, to the last byte, while services go down.

The real platform runs on a small file system of its own, in memory. Mounting one needs no root:
the whole scenario runs in a user and mount namespace.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults.flipping import FlippingServer, now_s
from tests.faults.scenario import Report, Tell
from tests.mail import SmtpServer, SmtpSink
from tests.platform import Person, Platform

ROOM_AGAIN_WITHIN_S = 10.0
TOLD_WITHIN_S = 15.0
LONGEST_SILENCE_S = 3.0
"""Services are asked every second; a lease that fails once costs a moment."""

_OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
_WAIT = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskPlan:
    """How hard a run is.

    Attributes:
        failing: How many of the services go down while the disk is full. Their messages must not
            be so many that they are gathered.
        full_s: How long the disk stays full, at least, before and after a restart.
    """

    services: int = 20
    failing: int = 2
    disk_mib: int = 48
    full_s: float = 20.0


def run(tell: Tell) -> Report:
    """Run it, if this machine lets a process have mounts of its own."""
    return _run_in_own_mounts(DiskPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Run it for a shorter time with fewer services."""
    return _run_in_own_mounts(DiskPlan(services=6, full_s=5), tell)


def _run_in_own_mounts(plan: DiskPlan, tell: Tell) -> Report:
    if shutil.which(_OWN_MOUNTS[0]) is None:
        return Report(not_run=("R7: `unshare` is not installed here",))
    with tempfile.TemporaryDirectory() as folder:
        mount = [*_OWN_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", folder]
        tried = subprocess.run(mount, capture_output=True, text=True, check=False)
    if tried.returncode:
        return Report(not_run=(f"R7: no file system may be mounted here: {tried.stderr.strip()}",))
    command = [*_OWN_MOUNTS, sys.executable, "-m", __name__, json.dumps(asdict(plan))]
    report: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if isinstance(said, str):
                tell(said)
            else:
                report = said
    if not report:
        return Report(faults=(f"R7: the run ended with {process.returncode} and no report",))
    return Report(figures=tuple(report["figures"]), faults=tuple(report["faults"]))


@dataclass
class DiskRun:
    """One run, within mounts of its own."""

    plan: DiskPlan
    tell: Tell
    figures: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self) -> Report:
        """Run it on a new file system and return what came of it."""
        mail, self.target = SmtpServer(), FlippingServer().start()
        self.sink = mail.start()
        try:
            with _small_disk(self.plan.disk_mib) as self.disk:
                self._run()
        finally:
            mail.stop()
            self.target.stop()
        return Report(figures=tuple(self.figures), faults=tuple(self.faults))

    def _run(self) -> None:
        self.platform = Platform(self.disk, _settings(self.sink, self.target)).start()
        try:
            self._watch()
            key = _secrets(self.disk)
            self._fill_and_fail()
            self._restart_while_full()
            self._fill_what_was_kept_back()
            self._make_room()
            self._recover()
            self._expect(_secrets(self.disk) == key, "the secret key was changed")
            self._expect(self.platform.stop() == 0, "the platform did not end well")
            self._look_into_the_file()
        finally:
            _end(self.platform)
            self.person.http.close()

    def _watch(self) -> None:
        self.person = Person(self.platform).set_up()
        self.paths = [f"/service-{number:02}" for number in range(self.plan.services)]
        for path in self.paths:
            self.person.watch(path, f"http://127.0.0.1:{self.target.port}{path}")
        self._wait_for(lambda: self._up() == len(self.paths), 30, "the services are not up")
        self.tell(f"{len(self.paths)} services are up, {self._free_kib()} KiB are free")

    def _fill_and_fail(self) -> None:
        _fill(self.disk)
        began = now_s()
        self.tell(f"the disk is full: {self._free_kib()} KiB are free")
        for path in self.paths[: self.plan.failing]:
            self.target.plans[path] = [began]
        self._wait_for(
            lambda: len(self._mails()["down"]) == self.plan.failing,
            TOLD_WITHIN_S,
            f"{self.plan.failing} outages on the full disk were not told",
        )
        self.figures.append(
            f"{self.plan.failing} outages began on the full disk; "
            f"the last one was told after {now_s() - began:.1f} s (goal: {TOLD_WITHIN_S:g} s)"
        )
        self._stay_full("on the full disk")

    def _restart_while_full(self) -> None:
        self.platform.kill()
        began = now_s()
        self.platform.start()
        self.figures.append(
            f"killed and started on the full disk: ready in {now_s() - began:.1f} s"
        )
        _WAIT.wait(1)
        self._stay_full("after a restart on the full disk")

    def _fill_what_was_kept_back(self) -> None:
        """Let another program eat the reserve too: nothing can be promised but to live and read."""
        _fill(self.disk)
        _WAIT.wait(3)
        self._look_from_outside("with the reserve eaten by another program")

    def _stay_full(self, when: str) -> None:
        until, refused = now_s() + self.plan.full_s, Counter[int]()
        began = now_s()
        while now_s() < until:
            refused.update([self._look_from_outside(when)])
            _WAIT.wait(0.2)
        silence = max(_longest_silence(self.target, path, began, now_s()) for path in self.paths)
        self.figures.append(
            f"{when}: {refused.total()} changes by people answered with "
            f"{', '.join(map(str, sorted(refused)))}; longest time without a probe {silence:.1f} s "
            f"(goal: {LONGEST_SILENCE_S:g} s)"
        )
        self._expect(set(refused) == {507}, f"{when}, changes were answered with {dict(refused)}")
        self._expect(silence <= LONGEST_SILENCE_S, f"{when}, nobody asked for {silence:.1f} s")

    def _look_from_outside(self, when: str) -> int:
        """Read, which must work, and try to change something; return what was answered."""
        process = self.platform.process
        self._expect(process is not None and process.poll() is None, f"{when}, the process ended")
        seen = self.person.http.get(self._workspace).status_code
        self._expect(seen == 200, f"{when}, reading was answered with {seen}")
        answer = self._change()
        if answer.status_code == 507:
            self._expect("disk is full" in answer.json()["detail"], "507 does not say why")
        return int(answer.status_code)

    def _make_room(self) -> None:
        (self.disk / "filler").unlink()
        began = now_s()
        self._wait_for(
            lambda: self._change().status_code == 201 and self._has_reserve(),
            ROOM_AGAIN_WITHIN_S,
            "changes are not taken again, or the reserve is not there, although there is room",
        )
        self.figures.append(
            f"all works again {now_s() - began:.1f} s after there was room, with the reserve "
            f"(goal: {ROOM_AGAIN_WITHIN_S:g} s)"
        )

    def _recover(self) -> None:
        self.target.calm_from = now_s()
        self._wait_for(
            lambda: len(self._mails()["up"]) == self.plan.failing, 30, "the ends were not told"
        )
        mails = self._mails()
        self._expect(
            mails["down"].keys() == mails["up"].keys() == {one["id"] for one in self._incidents()},
            "incidents and messages are not the same",
        )
        copies = sum(count - 1 for kind in mails.values() for count in kind.values())
        told = self.platform.log.count("is full. Checks and messages go on")
        mailed = mails.get("disk_full", Counter()).total()
        self.figures.append(
            f"second copies of messages: {copies}; the operator was told in the log by each of two "
            f"processes ({told}), and in {mailed} mail"
        )
        self._expect(told == 2, f"the operator was told {told} times by two processes")
        self._expect(mailed == 1, f"the operator was mailed {mailed} times")

    def _look_into_the_file(self) -> None:
        with closing(sqlite3.connect(self.disk / "allgreen.db")) as connection:
            [(integrity,)] = connection.execute("pragma integrity_check")
            [(count,)] = connection.execute("select count(*) from incidents")
        self.figures.append(f"integrity: {integrity}; incidents in the file: {count}")
        self._expect(integrity == "ok", f"the file is damaged: {integrity}")
        self._expect(count == self.plan.failing, f"the file holds {count} incidents")

    @property
    def _workspace(self) -> str:
        return f"/workspaces/{self.person.workspace_id}"

    def _change(self) -> Any:
        """Try to add a service that holds and of which nobody is told."""
        url = f"http://127.0.0.1:{self.target.port}/quiet"
        return self.person.http.post(f"{self._workspace}/services", json=_quiet_service(url))

    def _up(self) -> int:
        return int(self.person.get(self._workspace)["counts"]["up"])

    def _incidents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.person.get(f"{self._workspace}/incidents")["items"]
        return found

    def _mails(self) -> dict[str, Counter[str]]:
        """Return how many mails there are about each incident, apart by what they tell."""
        mails: dict[str, Counter[str]] = {"down": Counter(), "up": Counter()}
        for mail in self.sink.mails:
            incident, _, kind = str(mail.message["X-Allgreen-Event"]).rpartition("/")
            mails.setdefault(kind, Counter())[incident] += 1
        mails.pop("verify_email", None)
        return mails

    def _has_reserve(self) -> bool:
        return any(file.stat().st_size for file in self.disk.glob("*.reserve"))

    def _free_kib(self) -> int:
        return shutil.disk_usage(self.disk).free >> 10

    def _wait_for(self, is_so: Callable[[], bool], within_s: float, fault: str) -> None:
        until = now_s() + within_s
        while not is_so():
            if now_s() > until:
                self.faults.append(f"{fault} after {within_s:g} s")
                return
            _WAIT.wait(0.1)

    def _expect(self, is_so: bool, fault: str) -> None:
        if not is_so and fault not in self.faults:
            self.faults.append(fault)
            self.tell(f"BROKEN: {fault}")


@contextmanager
def _small_disk(size_mib: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="allgreen-disk-") as folder:
        disk = Path(folder) / "data"
        disk.mkdir()
        size = f"size={size_mib}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
        try:
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(disk: Path) -> None:
    """Write until not one more byte is taken."""
    with (disk / "filler").open("ab", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    filler.write(b"x" * size)


def _longest_silence(target: FlippingServer, path: str, begin: float, end: float) -> float:
    asked = [one.at for one in target.log.get(path, ()) if begin <= one.at <= end]
    instants = [begin, *asked, end]
    return max(later - earlier for earlier, later in pairwise(instants))


def _secrets(disk: Path) -> dict[str, bytes]:
    """Return what lies beside the database and must never be cut off."""
    return {file.name: file.read_bytes() for file in disk.iterdir() if "key" in file.name}


def _quiet_service(url: str) -> dict[str, Any]:
    return {
        "name": "Quiet",
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


def _main(arguments: list[str]) -> None:
    def say(said: object) -> None:
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()

    report = DiskRun(DiskPlan(**json.loads(arguments[0])), tell=say).go()
    say(asdict(report))


if __name__ == "__main__":
    os.umask(0o022)
    _main(sys.argv[1:])
