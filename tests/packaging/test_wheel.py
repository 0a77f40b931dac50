"""The wheel as a user gets it: complete, and light without extras."""

from __future__ import annotations

import email
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.packaging.fresh import clean_environment, find_uv, run

pytestmark = pytest.mark.timeout(300)  # a first build runs Vite


def test_the_wheel_holds_the_front_end(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert "allgreen/server/web/index.html" in names
    assert any(name.startswith("allgreen/server/web/assets/") for name in names)
    assert "allgreen/py.typed" in names


def test_the_wheel_holds_the_package_and_nothing_beside_it(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert tops == {"allgreen", "allgreen-0.1.0.dist-info"}


def test_pytest_finds_the_fixtures_of_an_installed_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        points = archive.read("allgreen-0.1.0.dist-info/entry_points.txt").decode()

    module = "allgreen.integrations.pytest_plugin"
    assert f"[pytest11]\n{module} = {module}\n" in f"{points}\n"


def test_every_dependency_belongs_to_an_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read("allgreen-0.1.0.dist-info/METADATA"))
    required = metadata.get_all("Requires-Dist", [])

    assert required
    assert [line for line in required if "extra ==" not in line] == []


def test_a_bare_install_brings_no_other_distribution(bare_python: Path) -> None:
    listing = run(
        find_uv(), "pip", "list", "--quiet", "--format", "freeze", "--python", bare_python
    )

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

    assert run(bare_python, "-c", script).strip() == "0.1.0"


@pytest.mark.parametrize("verb", ["serve", "migrate", "admin"])
def test_a_platform_command_without_its_extra_says_what_to_install(
    bare_python: Path, verb: str
) -> None:
    result = subprocess.run(
        [bare_python.with_name("allgreen"), verb],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )

    assert result.returncode != 0
    assert "pip install 'allgreen[server]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
