"""The wheel as a user gets it: complete, and light without extras."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.checkout import ROOT

pytestmark = pytest.mark.timeout(300)  # a first build runs Vite


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def bare_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, installed from no index at all."""
    environment = tmp_path_factory.mktemp("bare") / "venv"
    python = environment / "bin/python"
    _run(_uv(), "venv", "--quiet", "--python", sys.executable, environment)
    _run(_uv(), "pip", "install", "--quiet", "--python", python, "--no-index", wheel)
    return python


def test_the_wheel_holds_the_front_end(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert "allgreen/server/web/index.html" in names
    assert any(name.startswith("allgreen/server/web/assets/") for name in names)
    assert "allgreen/py.typed" in names


def test_the_wheel_holds_the_package_and_nothing_beside_it(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert tops == {"allgreen", "allgreen-0.1.0.dist-info"}


def test_every_dependency_belongs_to_an_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read("allgreen-0.1.0.dist-info/METADATA"))
    required = metadata.get_all("Requires-Dist", [])

    assert required
    assert [line for line in required if "extra ==" not in line] == []


def test_a_bare_install_brings_no_other_distribution(bare_python: Path) -> None:
    listing = _run(_uv(), "pip", "list", "--quiet", "--format", "freeze", "--python", bare_python)

    assert listing.split() == ["allgreen==0.1.0"]


def test_a_bare_install_imports_every_module_it_promises(bare_python: Path) -> None:
    script = (
        "import importlib, pkgutil, sys, allgreen\n"
        "for layer in ('domain', 'monitoring', 'errors', 'ports', 'testing'):\n"
        "    module = importlib.import_module(f'allgreen.{layer}')\n"
        "    for found in pkgutil.walk_packages(getattr(module, '__path__', ()), module.__name__ + '.'):\n"
        "        importlib.import_module(found.name)\n"
        "print(allgreen.__version__)\n"
    )

    assert _run(bare_python, "-c", script).strip() == "0.1.0"


@pytest.mark.parametrize("verb", ["serve", "migrate"])
def test_a_platform_command_without_its_extra_says_what_to_install(
    bare_python: Path, verb: str
) -> None:
    result = subprocess.run(
        [bare_python.with_name("allgreen"), verb],
        capture_output=True,
        text=True,
        check=False,
        env=_clean_environment(),
    )

    assert result.returncode != 0
    assert "pip install 'allgreen[server]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def _uv() -> str:
    return shutil.which("uv") or str(ROOT / ".dev/uv/bin/uv")


def _run(*command: str | Path) -> str:
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=_clean_environment()
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def _clean_environment() -> dict[str, str]:
    # The coverage of this run must not start in the fresh interpreter: it is not installed there.
    left_out = ("COV_", "COVERAGE_", "PYTHONPATH", "VIRTUAL_ENV", "ALLGREEN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
