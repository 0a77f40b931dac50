"""The locks name packages, versions and hashes, and no place where they come from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT, source_files, source_texts

REQUIREMENTS = sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("bench/peers/*.txt")])
NPM_LOCKS = [path for path in source_files() if path.name == "package-lock.json"]

# Put together here, so that this file does not name one.
INDEX_HOSTS = ["pypi" + ".org/simple", "files." + "pythonhosted.org", "registry." + "npmjs.org"]
PLACE_OPTIONS = re.compile(
    r"^\s*(--index-url|--extra-index-url|--find-links|-i |-f )", re.MULTILINE
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("host", INDEX_HOSTS)
def test_no_file_names_a_package_index(host: str) -> None:
    assert [_name(path) for path, text in source_texts() if host in text] == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=_name)
def test_requirements_say_nothing_of_a_place(path: Path) -> None:
    text = path.read_text()

    assert not PLACE_OPTIONS.search(text)
    assert "://" not in text


@pytest.mark.parametrize("path", REQUIREMENTS, ids=_name)
def test_every_requirement_is_an_exact_version_with_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text())
    requirements = [entry for entry in entries if not entry.startswith("#")]

    loose = [entry for entry in requirements if "==" not in entry or "--hash=sha256:" not in entry]

    assert requirements
    assert loose == []


def test_the_tests_run_the_versions_that_are_served() -> None:
    run, dev = ROOT / "requirements/run.txt", ROOT / "requirements/dev.txt"

    assert _pins(run) - _pins(dev) == set()


def test_uv_has_no_lock_of_its_own() -> None:
    assert [_name(path) for path in source_files() if path.name == "uv.lock"] == []


@pytest.mark.parametrize("path", NPM_LOCKS, ids=_name)
def test_npm_locks_hold_no_address(path: Path) -> None:
    packages = _packages(path)

    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert "omit-lockfile-registry-resolved=true" in path.with_name(".npmrc").read_text()


@pytest.mark.parametrize("path", NPM_LOCKS, ids=_name)
def test_npm_locks_hold_every_optional_package(path: Path) -> None:
    # When a platform's part was not published yet, npm leaves it out without a word, and then
    # `npm ci` refuses the lock on that platform.
    packages = _packages(path)

    missing = [
        f"{parent} -> {child}"
        for parent, entry in packages.items()
        for child in entry.get("optionalDependencies", {})
        if not _is_found(packages, parent, child)
    ]

    assert missing == []


def _pins(path: Path) -> set[str]:
    return set(re.findall(r"^[a-z0-9][^\s=]*==[^\s\\;]+", path.read_text(), re.MULTILINE))


def _packages(path: Path) -> dict[str, Any]:
    packages: dict[str, Any] = json.loads(path.read_text())["packages"]
    return packages


def _is_found(packages: dict[str, Any], parent: str, child: str) -> bool:
    """Look a package up as Node does: beside the parent's own packages, then one level out."""
    while True:
        if f"{parent}/node_modules/{child}".lstrip("/") in packages:
            return True
        if not parent:
            return False
        parent = parent.rpartition("node_modules/")[0].rstrip("/")
