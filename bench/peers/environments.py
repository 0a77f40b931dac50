"""Environments: each package with what it needs, by locked versions, and nothing else.

They are made below ``.dev/peers`` when they are missing or their lock has changed. Ours holds this
checkout, and so does the one in which nothing is imported at all: what an interpreter does by
itself must be the same in both.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent
OURS: Final = "ours"
LOCKS: Final = {path.stem: path for path in sorted(HERE.glob("*.txt"))}


class EnvironmentMissingError(Exception):
    """An environment cannot be made; says why."""


def provide(name: str) -> Path:
    """Return the interpreter of an environment, which is made when it is not there.

    Args:
        name: `OURS`, or the name of a lock.

    Raises:
        EnvironmentMissingError: It cannot be installed.
    """
    folder = ROOT / ".dev/peers" / name
    python, stamp = folder / "bin/python", folder / "stamp"
    wanted = _digest(name)
    if python.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return python
    _run("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    if name == OURS:
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "allgreen.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    else:
        lock = ("--require-hashes", "--requirement", str(LOCKS[name]))
        _run("pip", "install", "--quiet", "--python", str(python), *lock)
    stamp.write_text(wanted, encoding="ascii")
    return python


def _digest(name: str) -> str:
    lock = LOCKS[name].read_bytes() if name in LOCKS else str(ROOT).encode()
    return hashlib.sha256(sys.version.encode() + lock).hexdigest()


def _run(*arguments: str) -> None:
    uv = shutil.which("uv") or str(ROOT / ".dev/uv/bin/uv")
    try:
        done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise EnvironmentMissingError(f"uv is missing ({error.strerror})") from None
    if done.returncode:
        # The last line says why; the ones before may name the index.
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "without a word"
        raise EnvironmentMissingError(f"uv {arguments[0]} failed: {reason}")
