"""The heartbeat file among real processes, on disks that refuse."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from allgreen.domain.status import LifeSign
from allgreen.health.files import write_atomically
from allgreen.health.heartbeat.file import DatabaseState, Heartbeat

READS = 20_000
WITHIN_S = 20.0

BEGIN = """
import json, os, sys, threading, time
from allgreen.health.heartbeat.service import HealthCheckService

path = sys.argv[1]


def say(what):
    sys.stdout.write(json.dumps(what) + "\\n")
    sys.stdout.flush()


def until(is_so):
    while not is_so():
        time.sleep(0.002)


def read():
    with open(path, "rb") as file:
        return json.load(file)
"""


class Program:
    """A program in a process of its own, which says what it has seen in lines of JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def hear(self) -> Any:
        """Return the next thing that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait(WITHIN_S)}"
        return json.loads(line)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data/health.json"


@pytest.fixture
def run(path: Path) -> Iterator[Callable[[str], Program]]:
    running: list[subprocess.Popen[str]] = []

    def start(code: str) -> Program:
        command = [sys.executable, "-c", BEGIN + textwrap.dedent(code), str(path)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return Program(running[-1])

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.semantics(66, "L10")
def test_no_reader_ever_finds_half_of_a_file(path: Path, run: Callable[[str], Program]) -> None:
    two = [
        run("""
            from pathlib import Path
            service = HealthCheckService(0.0001, path, extras=True, version_file=None)
            service.start()
            say("started")
            threading.Event().wait()
        """)
        for _ in range(2)
    ]
    assert [each.hear() for each in two] == ["started", "started"]

    replaced = set()
    for _ in range(READS):
        with path.open("rb") as file:
            Heartbeat.parse(file.read())
            replaced.add(os.fstat(file.fileno()).st_mtime_ns)

    assert len(replaced) > 1
    leftovers = [each for each in path.parent.iterdir() if each.suffix == ".tmp"]
    assert len(leftovers) <= 4  # what each of them is writing just now


@pytest.mark.semantics("L10")
def test_a_kill_in_the_middle_leaves_the_file_whole_and_nothing_for_ever(
    path: Path, run: Callable[[str], Program]
) -> None:
    for _ in range(5):
        program = run("""
            service = HealthCheckService(0.0001, path, version_file=None)
            service.start()
            until(lambda: read()["status"] == "online")
            say("online")
            threading.Event().wait()
        """)
        program.hear()
        program.process.send_signal(signal.SIGKILL)
        program.process.wait()
        Heartbeat.parse(path.read_bytes())

    last = run("""
        service = HealthCheckService(3600, path, version_file=None)
        service.start()
        service.stop()
        say(os.listdir(os.path.dirname(path)))
    """)

    assert last.hear() == ["health.json"]


@pytest.mark.semantics(66, "L10")
def test_a_full_disk_leaves_the_last_heartbeat(path: Path, run: Callable[[str], Program]) -> None:
    path.parent.mkdir()
    _write_an_old_one(path)
    old = path.read_bytes()

    program = run("""
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        asked = threading.Semaphore(0)
        service = HealthCheckService(0.01, path, asked.release, version_file=None)
        service.start()
        for _ in range(5):
            asked.acquire()
        service.stop()
        say(os.listdir(os.path.dirname(path)))
    """)

    assert program.hear() == ["health.json"]
    assert path.read_bytes() == old


@pytest.mark.semantics("L10")
def test_a_folder_that_may_not_be_written_harms_nobody(
    path: Path, run: Callable[[str], Program]
) -> None:
    path.parent.mkdir()
    _write_an_old_one(path)
    old = path.read_bytes()
    path.parent.chmod(0o555)

    program = run("""
        if os.geteuid() == 0:
            os.seteuid(65534)  # root may write everywhere
        asked = threading.Semaphore(0)
        service = HealthCheckService(0.01, path, asked.release, version_file=None)
        service.start()
        for _ in range(5):
            asked.acquire()
        service.stop()
        say("lives")
    """)

    assert program.hear() == "lives"
    assert path.read_bytes() == old
    path.parent.chmod(0o755)


@pytest.mark.semantics("L10")
def test_a_link_is_replaced_and_what_it_led_to_untouched(
    path: Path, run: Callable[[str], Program]
) -> None:
    path.parent.mkdir()
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_text("untouched")
    path.symlink_to(elsewhere)

    run('HealthCheckService(3600, path, version_file=None).start(); say("started")').hear()

    assert elsewhere.read_text() == "untouched"
    assert not path.is_symlink()


@pytest.mark.semantics(27, "L13")
def test_after_a_fork_only_the_process_that_started_it_writes(
    path: Path, run: Callable[[str], Program]
) -> None:
    program = run("""
        service = HealthCheckService(3600, path, version_file=None, extras=True)
        service.start()
        extra = path.replace(".json", ".extra.json")
        until(lambda: read()["status"] == "online")
        child = os.fork()
        if child == 0:
            threads = [thread.name for thread in threading.enumerate()]
            service.stop()
            say([service.is_running, "allgreen heartbeat" in threads, read()["status"]])
            service.start()
            until(lambda: json.load(open(extra))["pid"] == os.getpid())
            until(lambda: read()["status"] == "online")
            service.stop()
            say([service.is_running, read()["status"]])
            os._exit(0)
        os.waitpid(child, 0)
        say(service.is_running)
        service.stop()
    """)

    assert program.hear() == [False, False, "online"]
    assert program.hear() == [False, "degraded"]
    assert program.hear() is True
    assert program.process.wait(WITHIN_S) == 0


@pytest.mark.semantics(20, "L1")
def test_a_program_ends_at_once_although_its_database_hangs(
    path: Path, run: Callable[[str], Program]
) -> None:
    program = run("""
        entered = threading.Event()
        def hang():
            entered.set()
            threading.Event().wait()
        service = HealthCheckService(3600, path, hang, version_file=None)
        service.start()
        entered.wait()
        say("hangs")
    """)

    program.hear()

    assert program.process.wait(WITHIN_S) == 0


@pytest.mark.semantics("L6", "L16")
def test_it_leaves_signals_and_asyncio_alone(path: Path, run: Callable[[str], Program]) -> None:
    program = run("""
        import signal
        before = {each: signal.getsignal(each) for each in signal.valid_signals()}
        hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        service = HealthCheckService(3600, path, lambda: True, version_file=None)
        service.start()
        until(lambda: read()["status"] == "online")
        service.stop()
        say(before == {each: signal.getsignal(each) for each in signal.valid_signals()})
        say(hooks == (sys.excepthook, threading.excepthook, sys.unraisablehook))
        say("asyncio" in sys.modules)
    """)

    assert [program.hear() for _ in range(3)] == [True, True, False]


@pytest.mark.semantics("L13")
def test_a_handler_of_a_signal_may_stop_it(path: Path, run: Callable[[str], Program]) -> None:
    program = run("""
        import signal
        service = HealthCheckService(3600, path, version_file=None)
        signal.signal(signal.SIGTERM, lambda *_: service.stop())
        service.start()
        until(lambda: read()["status"] == "online")
        say("online")
        until(lambda: not service.is_running)
        say(read()["status"])
    """)
    program.hear()

    program.process.send_signal(signal.SIGTERM)

    assert program.hear() == "degraded"


def _write_an_old_one(path: Path) -> None:
    told = Heartbeat(
        status=LifeSign.ONLINE, database=DatabaseState.CONNECTED, at=0, app_version="0.1.0"
    )
    write_atomically(path, told.render())
