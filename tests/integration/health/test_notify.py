"""What systemd is told, at a real socket."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from allgreen.domain.report import Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.heartbeat.notify import LONGEST_STATUS, SystemdNotifier

WITHIN_S = 10.0
WATCHDOG_USEC = 90_000


class Systemd:
    """Listens at a socket, as systemd does."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener

    def hear(self) -> str:
        """Return the next message."""
        return self.listener.recv(65536).decode()

    def hear_nothing(self) -> bool:
        """Tell whether nothing has arrived; what is sent on this machine is there at once."""
        return not select.select([self.listener], [], [], 0)[0]

    def drain(self) -> None:
        """Forget what has arrived."""
        while not self.hear_nothing():
            self.hear()


@pytest.fixture(params=["path", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Systemd]:
    name = f"allgreen-test-{os.getpid()}-{time.monotonic_ns()}"
    # A path of a socket may be no longer than 107 bytes.
    address = f"\0{name}" if request.param == "abstract" else os.path.relpath(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(WITHIN_S)
        listener.bind(address)
        told = f"@{name}" if request.param == "abstract" else str((tmp_path / "s").absolute())
        monkeypatch.setenv("NOTIFY_SOCKET", told)
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield Systemd(listener)


@pytest.fixture
def watchdog(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    monkeypatch.setenv("WATCHDOG_USEC", str(WATCHDOG_USEC))
    return systemd


@pytest.mark.semantics(65)
def test_ready_is_said_once_and_the_status_each_time(systemd: Systemd) -> None:
    notifier = SystemdNotifier()

    notifier.ready("Serving")
    notifier.ready("Still serving")
    notifier.ready()

    assert notifier.is_heard
    assert systemd.hear() == "READY=1\nSTATUS=Serving"
    assert systemd.hear() == "STATUS=Still serving"
    assert systemd.hear_nothing()


@pytest.mark.semantics(65)
def test_stopping_is_said_once(systemd: Systemd) -> None:
    notifier = SystemdNotifier()

    notifier.stopping()
    notifier.stopping()

    assert systemd.hear() == "STOPPING=1"
    assert systemd.hear_nothing()


def test_a_status_is_one_line_whatever_it_holds(systemd: Systemd) -> None:
    notifier = SystemdNotifier()

    notifier.show("Two checks fail\nWATCHDOG=trigger\r\n\ud800")
    notifier.show("x" * 1000)
    notifier.show(" ")

    assert systemd.hear() == "STATUS=Two checks fail WATCHDOG=trigger ?"
    assert systemd.hear() == f"STATUS={'x' * LONGEST_STATUS}"
    assert systemd.hear_nothing()


@pytest.mark.semantics(65)
def test_a_sign_of_life_comes_more_than_twice_in_the_time_of_the_watchdog(
    systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "600000")
    notifier = SystemdNotifier()
    notifier.start()
    notifier.start()

    heard = list[float]()
    while len(heard) < 6:
        assert systemd.hear() == "WATCHDOG=1"
        heard.append(time.monotonic())
    notifier.stop()
    notifier.stop()

    gaps = sorted(later - earlier for earlier, later in pairwise(heard))
    assert gaps[len(gaps) // 2] < 0.3


@pytest.mark.semantics(65)
def test_what_is_not_alive_is_not_said_to_be(
    watchdog: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked, is_alive = threading.Semaphore(0), [False]

    def ask() -> bool:
        asked.release()
        return is_alive[0]

    notifier = SystemdNotifier(ask)
    notifier.start()
    for _ in range(4):
        assert asked.acquire(timeout=WITHIN_S)
    assert watchdog.hear_nothing()

    is_alive[0] = True
    assert watchdog.hear() == "WATCHDOG=1"
    assert watchdog.hear() == "WATCHDOG=1"
    notifier.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "systemd is not told that the program is alive: is_alive says no.",
        "systemd is told again that the program is alive.",
    ]


def _raise() -> bool:
    raise SystemExit


async def _answer_later() -> bool:
    return True


@pytest.mark.semantics(11, 65)
def test_who_cannot_say_yes_is_not_alive(
    watchdog: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    answer = _answer_later()
    reasons = [
        SystemdNotifier(ask)._why_not_alive(1.0) for ask in (_raise, lambda: answer, lambda: None)
    ]
    answer.close()

    assert reasons == [
        "is_alive raised SystemExit",
        "is_alive must not be async",
        "is_alive says no",
    ]


@pytest.mark.semantics(65)
def test_a_status_or_report_is_alive_unless_it_is_unhealthy(watchdog: Systemd) -> None:
    good, bad, worst = HealthStatus
    report = Report.of((), at=0.0, made=0.0, duration_ms=0.0)
    answers = (good, bad, worst, report, report._replace(status=bad), CheckVerdict.FAILED, len)

    def why_not(said: object) -> str:
        return SystemdNotifier(lambda: said)._why_not_alive(1.0)

    reasons = list(map(why_not, answers))

    assert reasons[:5] == ["", "", "is_alive says unhealthy", "is_alive says unhealthy", ""]
    assert all("says neither yes nor no" in reason for reason in reasons[5:])


@pytest.mark.semantics(24, 65)
async def test_a_loop_that_does_not_turn_is_not_alive(watchdog: Systemd) -> None:
    notifier = SystemdNotifier()
    notifier.watch_loop(asyncio.get_running_loop())
    notifier.start()
    told = await asyncio.to_thread(watchdog.hear)
    assert told == "WATCHDOG=1"

    _stand_still(WATCHDOG_USEC / 1e6)
    watchdog.drain()
    _stand_still(WATCHDOG_USEC / 1e6)
    assert watchdog.hear_nothing()

    told = await asyncio.to_thread(watchdog.hear)
    assert told == "WATCHDOG=1"
    notifier.stop()


@pytest.mark.semantics(65)
async def test_without_a_watchdog_no_loop_is_watched(systemd: Systemd) -> None:
    notifier, before = SystemdNotifier(), threading.enumerate()

    notifier.watch_loop(asyncio.get_running_loop())
    notifier.start()

    assert notifier.watchdog_s is None
    # That of another test may not have ended yet.
    begun = [each for each in threading.enumerate() if each not in before]
    assert not any(each.name == "allgreen systemd" for each in begun)


def test_a_loop_that_is_closed_counts_no_more(watchdog: Systemd) -> None:
    loop = asyncio.new_event_loop()
    notifier = SystemdNotifier()
    notifier.watch_loop(loop)
    loop.close()

    assert notifier._why_not_alive(-1.0) == ""


@pytest.mark.semantics(65)
@pytest.mark.parametrize(
    ("variables", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
    ids=[
        "asked for",
        "of this process",
        "of another",
        "never",
        "negative",
        "no number",
        "not at all",
    ],
)
def test_the_watchdog_of_another_process_is_not_ours(
    variables: dict[str, str],
    watchdog_s: float | None,
    systemd: Systemd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert SystemdNotifier().watchdog_s == watchdog_s


@pytest.mark.semantics(65)
@pytest.mark.parametrize("address", [None, "vsock:2:1234", "relative/path"])
def test_where_systemd_does_not_listen_nothing_happens(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address or "")
    monkeypatch.setenv("WATCHDOG_USEC", "1000")
    notifier = SystemdNotifier()

    notifier.ready("Serving")
    notifier.start()
    notifier.stopping()
    notifier.stop()

    assert not notifier.is_heard


def test_a_systemd_that_is_gone_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notifier = SystemdNotifier()

    notifier.ready()
    notifier.show("Serving")

    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_program_without_a_thread_left_goes_on(
    watchdog: Systemd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    SystemdNotifier().start()

    assert "will believe that the program hangs" in caplog.text


def _stand_still(seconds: float) -> None:
    threading.Event().wait(seconds)
