"""Programs that serve, each a process of its own, and a client that hides nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from tests.checkout import ROOT
from tests.services import free_port

PATIENCE_S = 30.0


class Answer(NamedTuple):
    """What came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header that is there once, or not at all."""
        found = [value for key, value in self.headers if key == name.lower()]
        assert len(found) <= 1, f"{name} is there {len(found)} times"
        return found[0] if found else None


@dataclass
class Program:
    """A process that serves on a port of its own while the block lasts.

    Attributes:
        command: What to start; ``{port}`` stands for the port.
        log: Where its two streams go.
        python: The interpreter that starts it.
        folder: Where it is started.
    """

    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    python: Path = Path(sys.executable)
    folder: Path = ROOT
    _process: subprocess.Popen[bytes] | None = None
    _stream: IO[bytes] | None = None

    def __enter__(self) -> Program:
        """Start it, and wait until it greets."""
        words = [word.replace("{port}", str(self.port)) for word in self.command]
        self._stream = self.log.open("ab")
        self._process = subprocess.Popen(
            [str(self.python), *words],
            cwd=self.folder,
            env=_environment() | dict(self.environment),
            stdout=self._stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # what it forks ends with it
        )
        try:
            self._wait_until_it_greets()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        """End it, and all that it forked."""
        process = self.process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE_S)
        assert self._stream is not None
        self._stream.close()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process."""
        assert self._process is not None, "it was not started"
        return self._process

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Send one request, and return what came until the connection was closed."""
        lines = {"Host": "known.example", "Connection": "close"} | dict(headers or {})
        if body:
            lines["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as wire:
            wire.sendall(request)
            return _read(wire)

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request with GET."""
        return self.ask("GET", target, headers)

    def _wait_until_it_greets(self) -> None:
        until = time.monotonic() + PATIENCE_S
        greets = False
        while not greets and time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                greets = self.get("/hello").status in (200, 404)
            except OSError:
                time.sleep(0.02)
        if not greets:
            raise RuntimeError(f"It does not serve:\n{self.log.read_text(errors='replace')}")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALLGREEN_")}  # noqa: TID251 - for a child
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def _read(wire: socket.socket) -> Answer:
    received = b""
    while chunk := _receive(wire):
        received += chunk
    if not received:
        raise ConnectionResetError
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = [(name.lower(), value.strip()) for name, _, value in pairs]
    return Answer(int(first.split()[1]), headers, body)


def _receive(wire: socket.socket) -> bytes:
    try:
        return wire.recv(65536)
    except ConnectionResetError:  # a server that did not read the body of a request
        return b""
