"""Our tests wait for facts and not for time, and none is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.checkout import ROOT, source_texts

TEST_FILES = sorted((ROOT / "tests").rglob("test_*.py"))
SKIPPING = {"skip", "skipif", "xfail", "importorskip"}
LOOSE_MARK = re.compile(r"\bTO" + r"DO\b(?! ?\(#\d+\))")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEST_FILES, ids=_name)
def test_no_test_sleeps(path: Path) -> None:
    sleeps = [call.lineno for call in _calls(path) if _is_sleep(call)]

    assert sleeps == []


@pytest.mark.parametrize("path", TEST_FILES, ids=_name)
def test_no_test_is_left_out(path: Path) -> None:
    left_out = [
        node.lineno
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in SKIPPING and _belongs_to_pytest(node)
    ]

    assert left_out == []


def test_every_todo_names_its_issue() -> None:
    ours = [(path, text) for path, text in source_texts() if ".gen." not in path.name]

    loose = [_name(path) for path, text in ours if LOOSE_MARK.search(text)]

    assert loose == []


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]


def _is_sleep(call: ast.Call) -> bool:
    """Tell sleeping from `sleep(0)`, which lets others run and takes no time."""
    name = ast.unparse(call.func)
    if name.endswith(".wait_for_timeout"):
        return True
    is_zero = bool(call.args) and ast.unparse(call.args[0]) == "0"
    return name.rpartition(".")[2] == "sleep" and not is_zero


def _belongs_to_pytest(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) in ("pytest", "pytest.mark")
