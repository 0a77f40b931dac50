"""The library alone: the standard library, and nothing that happens because of an import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.fresh import clean_environment

pytestmark = pytest.mark.timeout(300)  # a first build runs Vite

PROMISED = (
    "allgreen.health", "allgreen.exporters", "allgreen.domain", "allgreen.errors",
    "allgreen.integrations.asgi", "allgreen.integrations.wsgi", "allgreen.integrations.assembly",
    "allgreen.integrations.mounting", "allgreen.integrations.paths", "allgreen.cli.front",
)  # fmt: skip
"""What a program may import that has installed nothing else, with all that is below."""
NEEDED_BY_A_CHECK = "from allgreen import check, expect, make_sure"
SLOW = {
    "asyncio", "collections", "concurrent", "dataclasses", "enum", "functools", "importlib.util",
    "inspect", "json", "logging", "re", "signal", "socket", "subprocess", "threading", "typing",
}  # fmt: skip
"""Each takes longer to import than all of ours on that way."""

# What an import did is told by the audit events of Python: https://docs.python.org/3/library/audit_events.html
WATCH = """
import sys
done = []
QUIET = ("import", "compile", "exec", "marshal.", "sys._getframe", "code.__new__", "object.__",
         "os.listdir", "os.scandir", "cpython.", "ctypes.", "builtins.id", "sys.addaudithook")

def note(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        is_code = str(path).endswith((".py", ".pyc", ".so", ".pyd"))
        if not is_code or (mode and mode not in ("r", "rb")):
            done.append(f"open {path} {mode}")
    elif not event.startswith(QUIET):
        done.append(event)

sys.addaudithook(note)
before = set(sys.modules)
"""
TELL = """
import _thread
count = _thread._count()
told = sorted(set(sys.modules) - before)
done_by_then = list(done)
import json
print(json.dumps({"modules": told, "done": done_by_then + ["thread"] * count}))
"""
IMPORT_ALL = f"""
import importlib, pkgutil
for top in {PROMISED}:
    module = importlib.import_module(top)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), top + "."):
        importlib.import_module(found.name)
"""


@pytest.mark.semantics("L16")
def test_the_library_imports_nothing_but_the_standard_library(bare_python: Path) -> None:
    told = _import(bare_python, IMPORT_ALL)

    assert "allgreen.health.running.runner" in told["modules"]
    assert _foreign(told["modules"]) == set()


@pytest.mark.semantics("L16")
def test_it_imports_nothing_else_either_where_there_is_more() -> None:
    # This environment holds every framework and driver that the library knows of.
    assert _foreign(_import(Path(sys.executable), IMPORT_ALL)["modules"]) == set()


@pytest.mark.semantics("L16")
def test_an_import_starts_no_thread_opens_no_file_and_reaches_nobody(bare_python: Path) -> None:
    assert _import(bare_python, IMPORT_ALL)["done"] == []


@pytest.mark.semantics("L16")
def test_writing_down_a_check_imports_nothing_slow(bare_python: Path) -> None:
    told = _import(bare_python, NEEDED_BY_A_CHECK)

    assert set(told["modules"]) & SLOW == set()
    assert told["done"] == []


def test_the_package_alone_imports_nothing_of_itself(bare_python: Path) -> None:
    told = _import(bare_python, "import allgreen")

    assert [name for name in told["modules"] if name.startswith("allgreen.")] == []


def _import(python: Path, code: str) -> dict[str, list[str]]:
    """Import in an interpreter of its own, and return what came of it."""
    done = subprocess.run(
        [python, "-I", "-B", "-c", WATCH + code + TELL],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


def _foreign(modules: list[str]) -> set[str]:
    tops = {name.partition(".")[0] for name in modules}
    # Named after the platform, and therefore not among the names: `zoneinfo` asks it for a path.
    built = {top for top in tops if top.startswith("_sysconfigdata_")}
    return tops - sys.stdlib_module_names - built - {"allgreen"}
