"""The real platform as a process of its own, and a person's client to it."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx2

from tests.services import free_port

PASSWORD = "correct-horse-battery-9"
_READY_WITHIN_S = 60.0
_SETUP_LINK = re.compile(r"https?://\S+/setup#token=\S+")
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


@dataclass
class Platform:
    """`allgreen serve` on a data folder of its own; it can be killed and started again."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    setup_link: str = ""
    ready: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    wrapper: tuple[str, ...] = ()
    """What to start it with, such as a tracer; it must leave it our child."""

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Platform:
        """Start it and return when it says that it is ready.

        Raises:
            RuntimeError: when it ends or stays silent instead; the message is its own log.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, sys.executable, "-m", "allgreen", "serve"],
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call, no lock
            )
        lines: queue.Queue[str | None] = queue.Queue()
        reading = threading.Thread(target=_read, args=(self.process.stdout, lines), daemon=True)
        reading.start()
        while not self.ready:
            try:
                line = lines.get(timeout=_READY_WITHIN_S)
            except queue.Empty:
                line = None
            if line is None:
                raise RuntimeError(f"the platform did not start:\n{self.log}")
            self._take(line)
        return self

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        return self._end(signal.SIGTERM)

    @property
    def log(self) -> str:
        """What it wrote to its log so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _end(self, by: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(by)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.ready = {}
        return code

    @property
    def _log(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def _environment(self) -> dict[str, str]:
        ours = {
            "ALLGREEN_DATA_DIR": str(self.data_dir),
            "ALLGREEN_PORT": str(self.port),
            "ALLGREEN_PUBLIC_URL": self.address,
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ALLGREEN_")}  # noqa: TID251
        return {**inherited, **ours, **self.settings}

    def _take(self, line: str) -> None:
        if found := _SETUP_LINK.search(line):
            self.setup_link = found.group()
        if line.startswith("{"):
            said = json.loads(line)
            self.ready = said if said.get("ready") else {}


@dataclass
class Person:
    """Somebody at the API with a browser's cookie."""

    platform: Platform
    email: str = "sofia@nordlys.example"
    workspace_id: str = ""

    def __post_init__(self) -> None:
        self.http = httpx2.Client(
            base_url=f"{self.platform.address}/api/v1",
            headers={"Origin": self.platform.address},
            timeout=30,
            trust_env=False,
        )
        weakref.finalize(self, self.http.close)

    def set_up(self, *, name: str = "Sofia Lindqvist", workspace: str = "Nordlys") -> Person:
        """Make the first account, with the token that the console printed."""
        token = self.platform.setup_link.partition("#token=")[2]
        me = self.post(
            "/setup",
            token=token,
            name=name,
            email=self.email,
            password=PASSWORD,
            workspace_name=workspace,
        )
        self.workspace_id = me["workspaces"][0]["id"]
        return self

    def watch(self, name: str, url: str, *, every_s: int = 1, **check: Any) -> dict[str, Any]:
        """Add a service with one check; the person is told."""
        service: dict[str, Any] = self.post(
            f"/workspaces/{self.workspace_id}/services",
            name=name,
            checks=[an_http_check(url, **check)],
            period={"every": every_s, "unit": "seconds"},
            recipients=[{"email": self.email}],
        )
        return service

    def browser_cookies(self) -> list[Any]:
        """Return the session in the form that Playwright takes."""
        return [
            {"name": cookie.name, "value": cookie.value, "url": self.platform.address}
            for cookie in self.http.cookies.jar
        ]

    def get(self, path: str, **query: Any) -> Any:
        """Read; raises on any answer that is not a success."""
        return self.http.get(path, params=query).raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        """Send; raises with the problem document on any answer that is not a success."""
        answer = self.http.post(path, json=body)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def an_http_check(url: str, **changes: Any) -> dict[str, Any]:
    """Return what the form sends for one HTTP check."""
    expectations: dict[str, Any] = {
        "status": "200",
        "body_contains": None,
        "json_values": [],
        "answers_within_ms": None,
        "certificate_days": None,
    }
    return {
        "kind": "http",
        "method": "GET",
        "url": url,
        "headers": [],
        "body": None,
        "expectations": {**expectations, **changes.pop("expectations", {})},
        "timeout_ms": 2000,
        "confirm_down": 3,
        "follow_redirects": True,
        "verify_tls": True,
        **changes,
    }


def _read(stdout: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    assert stdout is not None
    with stdout:
        for line in stdout:
            lines.put(line)
    lines.put(None)


def _die_with_parent() -> None:
    # No orphan when the run is killed.
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
