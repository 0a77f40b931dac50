"""R20: our own network is down; and the reverse, everything else is.

Three canaries on different addresses of this machine stand for the world. When they fall silent
together with the targets, it was us, and nobody must hear that a service is down. When only the
targets fail, it was them, and people must hear of it soon.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.flipping import now_s
from tests.faults.scenario import Report, Tell
from tests.faults.stage import Stage, kind_of, pause, wait_until
from tests.platform import Person
from tests.services import free_port

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
NOTICED_WITHIN_S = 20.0
BACK_WITHIN_S = 10.0


@dataclass
class CanaryPort:
    """Takes connections while it is open."""

    host: str
    port: int = field(default_factory=free_port)

    def open(self) -> None:
        """Take connections."""
        self._socket = socket.create_server((self.host, self.port))
        threading.Thread(target=self._take, args=(self._socket,), daemon=True).start()

    def close(self) -> None:
        """Refuse them."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _take(self, listening: socket.socket) -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            taken.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """How hard a run is."""

    services: int = 60
    every_s: int = 5
    down_s: float = 40.0


def run(tell: Tell) -> Report:
    """Take the network away, then DNS, then all targets."""
    return _cut(NetworkPlan(), tell)


def run_short(tell: Tell) -> Report:
    """Do so for a short while."""
    return _cut(NetworkPlan(services=20, down_s=25), tell)


def _cut(plan: NetworkPlan, tell: Tell) -> Report:
    canaries = [CanaryPort(host) for host in HOSTS]
    settings = {
        "ALLGREEN_CANARIES": ",".join(f"{one.host}:{one.port}" for one in canaries),
        "ALLGREEN_ALLOW_TARGETS": ",".join(f"{host}:*" for host in HOSTS),
        # Nobody answers there: DNS alone is dead.
        "ALLGREEN_RESOLVER": f"127.0.0.1:{free_port()}",
    }
    for canary in canaries:
        canary.open()
    with Stage.opened("network", settings) as stage:
        stage.platform.start()
        person = Person(stage.platform).set_up()
        paths = [f"/path-{n:02}" for n in range(plan.services)]
        for path in paths:
            stage.watch(person, path, addresses=[person.email], every_s=plan.every_s)
        faults = [*_dns_is_dead(stage, person), *_we_are_cut_off(stage, person, canaries, plan)]
        tell("our own network was down")
        told, seconds = _they_are_down(stage, person, paths, plan)
        faults += told
        tell("all targets were down")
        figures = (
            f"services {plan.services} every {plan.every_s} s, canaries {len(canaries)}",
            f"our network was away for {plan.down_s:g} s: mails about services 0 wanted",
            f"all targets down: everybody told of each after {seconds:.1f} s",
            f"mails {dict(Counter(map(kind_of, stage.news)))}",
        )
    for canary in canaries:
        canary.close()
    return Report(
        figures=figures,
        faults=tuple(f"R20: {fault}" for fault in faults),
        not_run=(
            "R20: only IPv6 dead, because not every machine has it here",
            "R20: the mail path dead while probes are fine is a part of R3",
        ),
    )


def _dns_is_dead(stage: Stage, person: Person) -> Iterator[str]:
    """Watch names while our own DNS server is silent."""
    for number in range(3):
        person.watch(f"Named {number}", f"http://name-{number}.example/", every_s=1)
    pause(12)
    if kinds := {kind_of(mail) for mail in stage.news}:
        yield f"with our own DNS dead mails came: {kinds}"
    if _incidents(stage):
        yield "with our own DNS dead an outage was opened"


def _we_are_cut_off(
    stage: Stage, person: Person, canaries: list[CanaryPort], plan: NetworkPlan
) -> Iterator[str]:
    workspace = f"/workspaces/{person.workspace_id}"
    for path in (f"/path-{n:02}" for n in range(plan.services)):
        stage.target.plans[path] = [now_s(), now_s() + plan.down_s]
    for canary in canaries:
        canary.close()
    cut_at = now_s()

    def is_offline() -> bool:
        return bool(person.get(workspace)["prober"]["state"] == "offline")

    if not wait_until(is_offline, within_s=NOTICED_WITHIN_S):
        yield f"not noticed within {NOTICED_WITHIN_S:g} s"
    if person.get(workspace)["counts"]["up"]:
        yield "services are shown as up while nobody can know"
    pause(max(cut_at + plan.down_s - now_s(), 0))
    asked = sum(map(len, stage.target.log.values()))
    for canary in canaries:
        canary.open()
    if not wait_until(lambda: not is_offline(), within_s=BACK_WITHIN_S):
        yield f"not back within {BACK_WITHIN_S:g} s"
    pause(2 * plan.every_s + 2)
    if sum(map(len, stage.target.log.values())) - asked < plan.services:
        yield "not everything was asked again after the return"
    yield from _news_of_us(stage)


def _news_of_us(stage: Stage) -> Iterator[str]:
    kinds = Counter(map(kind_of, stage.news))
    if kinds != {"offline": 1}:
        yield f"the mails that came are {dict(kinds)}, and one of kind offline is owed"
    if _incidents(stage):
        yield "an outage was opened while we were cut off"


def _they_are_down(
    stage: Stage, person: Person, paths: list[str], plan: NetworkPlan
) -> tuple[list[str], float]:
    """Let all targets fail while the canaries answer."""
    began = now_s()
    for path in paths:
        stage.target.plans[path] = [began]
    # Three failures, of which two are quick re-probes, and what it takes to write them down.
    allowed = 2 * plan.every_s + 5.0

    def is_told() -> bool:
        texts = " ".join(mail.text for mail in stage.mails_to(person.email))
        return all(path.strip("/") in texts for path in paths)

    is_in_time = wait_until(is_told, within_s=allowed)
    seconds = now_s() - began
    faults = []
    if len(_incidents(stage)) != len(paths):
        faults.append(f"{len(_incidents(stage))} outages of {len(paths)} are known")
    if not is_in_time:
        faults.append(f"not every outage was told within {allowed:g} s")
    if "digest" not in {kind_of(mail) for mail in stage.news}:
        faults.append(f"no digest came within {allowed:g} s")
    return faults, seconds


def _incidents(stage: Stage) -> list[str]:
    file = stage.platform.data_dir / "allgreen.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("SELECT id FROM incidents")]
