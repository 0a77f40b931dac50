"""The import contracts cover what exists; a new folder cannot stay outside of them."""

from __future__ import annotations

import tomllib
from typing import Any

from tests.checkout import ROOT

# What `pip install allgreen` gives: these need the standard library and nothing else.
BARE_INSTALL = [
    "allgreen.errors",
    "allgreen.failpoints",
    "allgreen.domain",
    "allgreen.ports",
    "allgreen.monitoring",
    "allgreen.health",
    "allgreen.bootstrap",
    "allgreen.exporters",
    "allgreen.testing",
    "allgreen.executors.function",
    "allgreen.storage.memory",
    "allgreen.transports.local",
    "allgreen.integrations.asgi",
    "allgreen.integrations.wsgi",
]


def test_the_light_contract_lists_every_module_of_the_bare_install() -> None:
    listed = set(_contracts()["light"]["source_modules"])

    assert [name for name in BARE_INSTALL if _exists(name) and name not in listed] == []


def test_every_layered_contract_is_exhaustive() -> None:
    layered = {
        name: contract["exhaustive"]
        for name, contract in _contracts().items()
        if contract["type"] == "layers"
    }

    assert layered == {"pipe": True, "server": True}


def _contracts() -> dict[str, Any]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {entry["id"]: entry for entry in configuration["tool"]["importlinter"]["contracts"]}


def _exists(module: str) -> bool:
    path = ROOT / "src" / module.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()
