"""The version of the program, read from a file that it has anyway."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

UNKNOWN_VERSION: Final = "unknown"

_LARGEST_FILE: Final = 1024 * 1024
_VERSION: Final = re.compile(r"[!-~]{1,100}")
"""Short, of one line, and without space: what else a file holds is no version."""


def read_version(path: Path | None) -> str:
    """Return the version of the program; ``unknown`` when there is none to be read.

    It is ``project.version`` (or ``tool.poetry.version``) in a file that ends in ``.toml``,
    ``version`` in one that ends in ``.json``, and the first line of any other file. Raises
    nothing: a program must start without it.
    """
    if path is None:
        return UNKNOWN_VERSION
    try:
        found = _find(path.suffix.lower(), _read(path))
    except (OSError, ValueError, RecursionError):
        return UNKNOWN_VERSION
    is_version = isinstance(found, str) and _VERSION.fullmatch(found)
    return str(found) if is_version else UNKNOWN_VERSION


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LARGEST_FILE).decode("utf-8-sig")


def _find(kind: str, text: str) -> object:
    if kind == ".toml":
        table = tomllib.loads(text)
        return _below(table, "project", "version") or _below(table, "tool", "poetry", "version")
    if kind == ".json":
        return _below(json.loads(text), "version")
    return text.strip().partition("\n")[0].strip()


def _below(tree: object, *keys: str) -> object:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
