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
def test_no_test_waits_for_time_alone(path: Path) -> None:
    tree = ast.parse(path.read_text())
    asking = [call for loop in _loops_until_a_fact(tree) for call in _sleeps(loop)]

    assert [call.lineno for call in _sleeps(tree) if call not in asking] == []


@pytest.mark.parametrize("path", TEST_FILES, ids=_name)
def test_no_test_is_left_out(path: Path) -> None:
    left_out = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in SKIPPING and _belongs_to_pytest(node)
    ]

    assert left_out == []


def test_every_todo_names_its_issue() -> None:
    ours = [(path, text) for path, text in source_texts() if ".gen." not in path.name]

    loose = [_name(path) for path, text in ours if LOOSE_MARK.search(text)]

    assert loose == []


def _loops_until_a_fact(tree: ast.Module) -> list[ast.While]:
    """Return the loops that ask again and again, as where nothing rings a bell."""
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.While))
    return [loop for loop in loops if not isinstance(loop.test, ast.Constant)]


def _sleeps(tree: ast.AST) -> list[ast.Call]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in calls if _is_sleep(call)]


def _is_sleep(call: ast.Call) -> bool:
    """Tell sleeping from `sleep(0)`, which lets others run and takes no time."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name == "wait_for_timeout":
        return True
    is_zero = bool(call.args) and ast.unparse(call.args[0]) == "0"
    return name == "sleep" and not is_zero


def _belongs_to_pytest(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) in ("pytest", "pytest.mark")
