"""Fresh environments, as a user has them: the wheel, and nothing that a test did not ask for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.checkout import ROOT

LOCK = ROOT / "requirements/dev.txt"


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout."""
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (built,) = folder.glob("*.whl")
    return built


def make_environment(folder: Path, wheel: Path) -> Path:
    """Install a wheel from no index at all, and return the interpreter of its environment."""
    python = folder / "bin/python"
    run(find_uv(), "venv", "--quiet", "--python", sys.executable, folder)
    run(find_uv(), "pip", "install", "--quiet", "--python", python, "--no-index", wheel)
    return python


def install_locked(python: Path, names: Iterable[str]) -> None:
    """Install packages and what they need, by the versions and hashes that we develop with.

    They come from the cache of uv, in which `./dev sync` has left them, or else from the index.
    """
    lock = python.parents[1] / "requirements.txt"
    lock.write_text(pick_locked(LOCK.read_text(encoding="utf-8"), names), encoding="utf-8")
    install = [find_uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    install += ["--python", str(python), "--requirement", str(lock)]
    failures = []
    for more in (["--offline"], []):
        done = _start([*install, *more])
        if done.returncode == 0:
            return
        failures.append(done.stderr)
    raise AssertionError(
        "The frameworks of this test are neither in the cache of uv nor to be had from the index. "
        f"Run ./dev sync where there is a network, then try again.\n{failures[-1]}"
    )


def pick_locked(lock: str, names: Iterable[str]) -> str:
    """Return the entries of a lock for packages and all that is there because of them."""
    entries = {
        match[1]: entry
        for entry in re.split(r"\n(?=\S)", lock)
        if (match := re.match(r"([a-z0-9-]+)==", entry))
    }
    reasons = {name: set(re.findall(r"^    #(?: via|  ) +(\S+)", entry, re.MULTILINE))
               for name, entry in entries.items()}  # fmt: skip
    picked: set[str] = set()
    wanted = set(names)
    while wanted:
        picked |= wanted
        wanted = {name for name, why in reasons.items() if why & picked} - picked
    return "\n".join(entries[name] for name in sorted(picked))


def find_uv() -> str:
    """Return the uv of `./dev`."""
    return shutil.which("uv") or str(ROOT / ".dev/uv/bin/uv")


def run(*command: str | Path) -> str:
    """Run a command that must end well, and return what it prints."""
    result = _start(command)
    assert result.returncode == 0, result.stderr
    return result.stdout


def clean_environment() -> dict[str, str]:
    """Return an environment in which nothing of this test run begins."""
    # The coverage of this run must not start in the fresh interpreter: it is not installed there.
    left_out = ("COV_", "COVERAGE_", "PYTHONPATH", "VIRTUAL_ENV", "ALLGREEN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def _start(command: Iterable[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
