"""Plays a page of the documentation: does what a reader is told to do, in a folder of its own.

A block with a title is a file. Other blocks of Python are run one after the other, in one process
for the page. In a block of the console each line after ``$`` is run, and what stands below is what
it must say, where ``…`` stands for anything; a command that serves goes on until the next one.

Ports of the page, all of them 8000, are replaced by one that is free.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.documents import Block
from tests.services import free_port

PATIENCE_S = 20.0
PORT = "8000"

SERVING = re.compile(
    r"(?:\w+=\S* )*(?:flask .*\brun\b|uvicorn|gunicorn|python manage\.py runserver)\b"
)
OURS = ("allgreen", "curl", "echo", "export", "mkdir", "mv", "pytest", "python", "rm", "touch")
"""Commands that are run; all others are listed below."""
LEFT_OUT = ("./dev", "pip", "python3")
"""Commands that install something; what they do is tried elsewhere."""


class Step(NamedTuple):
    """One command, and what it must say; `None` for whatever it says."""

    command: str
    said: str | None


def read_steps(text: str) -> Iterator[Step]:
    """Return the commands of a block of the console."""
    command, said = "", list[str]()
    for line in [*text.splitlines(), "$ "]:
        if line.startswith("$ "):
            if command:
                yield Step(command, "\n".join(said) if said else None)
            command, said = line.removeprefix("$ ").partition("  # ")[0].strip(), []
        else:
            said.append(line.rstrip())


def is_run(command: str) -> bool:
    """Tell whether a command is run here.

    Raises:
        ValueError: Nobody has decided that.
    """
    first = next((word for word in shlex.split(command) if "=" not in word), "")
    if SERVING.match(command) or first in OURS:
        return True
    if first in LEFT_OUT:
        return False
    raise ValueError(f"Say in tests/player.py whether this is run: {command}")


class Player:
    """Follows one page.

    Args:
        folder: Where the reader is.
        patience_s: How long to wait until something is as the page says.
    """

    def __init__(self, folder: Path, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._folder = folder / "program"
        self._folder.mkdir()
        self._port = str(free_port())
        self._environment = _environment(folder)
        self._code = 0
        self._server: subprocess.Popen[bytes] | None = None
        self._log = folder / "server.log"
        self._interpreter: subprocess.Popen[str] | None = None

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: Any) -> None:
        self._end_server()
        if self._interpreter is not None:
            self._interpreter.communicate(timeout=PATIENCE_S)

    def play(self, block: Block) -> None:
        """Do what a block says.

        Raises:
            AssertionError: Something else came of it than the page says.
        """
        if block.title:
            self._write(block)
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "console":
            for step in read_steps(block.text):
                if is_run(step.command):
                    self._do(block, step)
        elif block.language == "dockerfile":
            for command in _health_commands(block.text):
                self._do(block, Step(command, None))
        assert self._code == 0, f"{block.place}: its last command ended with {self._code}"

    def _write(self, block: Block) -> None:
        path = self._folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(block.text), encoding="utf-8")

    def _here(self, text: str) -> str:
        return text.replace(PORT, self._port)

    # Python ---------------------------------------------------------------------------------

    def _run_python(self, block: Block) -> None:
        if self._interpreter is None:
            self._interpreter = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", _INTERPRETER],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        # So that tracebacks name the lines of the page.
        source = "\n" * block.line + self._here(block.text)
        line = json.dumps({"source": source, "file": str(block.page)})
        assert self._interpreter.stdin is not None
        assert self._interpreter.stdout is not None
        self._interpreter.stdin.write(f"{line}\n")
        self._interpreter.stdin.flush()
        said = self._interpreter.stdout.readline()
        assert said == "ok\n", f"{block.place} cannot be run:\n{json.loads(said or '0')}"

    # The console ----------------------------------------------------------------------------

    def _do(self, block: Block, step: Step) -> None:
        command = self._here(step.command)
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self._environment[name] = shlex.split(value)[0]
        elif SERVING.match(command):
            self._serve(command)
        elif command == "echo $?":
            assert step.said == str(self._code), f"{block.place}: the code is {self._code}"
            self._code = 0
        else:
            assert self._code == 0, f"{block.place}: what came before ended with {self._code}"
            self._run(block, command, step.said)

    def _run(self, block: Block, command: str, said: str | None) -> None:
        """Run a command, again and again until it says what it must: files are looked at later."""
        until = time.monotonic() + self._patience_s
        while True:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            self._code = done.returncode
            if said is None or _fits(done.stdout, said):
                return
            assert time.monotonic() < until, (
                f"{block.place}: {command} says\n{done.stdout}\nand not\n{said}\n{self._server_log()}"
            )
            time.sleep(0.1)

    def _serve(self, command: str) -> None:
        self._end_server()
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE_S
        while not _listens(int(self._port)):
            assert self._server.poll() is None, f"{command}:\n{self._server_log()}"
            assert time.monotonic() < until, f"{command} does not serve:\n{self._server_log()}"
            time.sleep(0.05)

    def _server_log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(PATIENCE_S)


_INTERPRETER = """
import ast, asyncio, inspect, json, sys, traceback

said, sys.stdout = sys.stdout, sys.stderr
names = {"__name__": "page"}
with asyncio.Runner() as runner:
    for line in sys.stdin:
        block = json.loads(line)
        try:
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(block["source"], block["file"], "exec", flags=flags)
            value = eval(code, names)
            if inspect.iscoroutine(value):
                async def wait(value=value):
                    await value
                runner.run(wait())
            answer = "ok"
        except BaseException:
            answer = json.dumps(traceback.format_exc())
        print(answer, file=said, flush=True)
"""

# What a reader does with curl, without it: not every machine that runs our tests has one.
_CURL = """
import argparse, http.client, sys, urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("-s", action="store_true")
parser.add_argument("-i", action="store_true")
parser.add_argument("-I", action="store_true")
parser.add_argument("-X", default="GET")
parser.add_argument("-H", action="append", default=[])
parser.add_argument("url")
options = parser.parse_args()
address = urllib.parse.urlsplit(options.url)
connection = http.client.HTTPConnection(address.netloc, timeout=20)
target = address.path + (f"?{address.query}" if address.query else "")
headers = dict(header.split(": ", 1) for header in options.H)
connection.request("HEAD" if options.I else options.X, target, headers=headers)
answer = connection.getresponse()
if options.i or options.I:
    print(f"HTTP/1.1 {answer.status} {answer.reason}")
    for name, value in answer.getheaders():
        print(f"{name.title()}: {value}")
    print()
body = answer.read().decode()
print(body, end="" if body.endswith("\\n") else "\\n")
"""


def _environment(folder: Path) -> dict[str, str]:
    tools = folder / "bin"
    tools.mkdir()
    (tools / "curl.py").write_text(_CURL)
    curl = tools / "curl"
    curl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tools}/curl.py" "$@"\n')
    curl.chmod(0o755)
    kept: Mapping[str, str] = os.environ  # noqa: TID251 - for a child
    told = {name: value for name, value in kept.items() if not name.startswith("ALLGREEN_")}
    paths = (str(tools), str(Path(sys.executable).parent), told.get("PATH", os.defpath))
    return told | {
        "ALLGREEN_STATE_DIR": str(folder / "state"),
        "PATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",  # files change faster than their times tell
        "PYTHONUNBUFFERED": "1",
    }


def _fits(text: str, pattern: str) -> bool:
    """Tell whether a text is as a page shows it, where ``…`` stands for anything."""
    expected = re.escape(pattern.strip()).replace("…", ".*")
    found = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.fullmatch(expected, found, re.DOTALL) is not None


def _health_commands(dockerfile: str) -> Iterator[str]:
    joined = dockerfile.replace("\\\n", " ")
    for found in re.finditer(r"^HEALTHCHECK .*?\bCMD (.*)$", joined, re.MULTILINE):
        yield found.group(1).removesuffix("|| exit 1")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
