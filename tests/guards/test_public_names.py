"""The facade exports what it says, in order, and types travel with the package."""

from __future__ import annotations

import allgreen
from tests.checkout import ROOT


def test_every_public_name_is_there() -> None:
    assert [name for name in allgreen.__all__ if not hasattr(allgreen, name)] == []


def test_public_names_are_sorted() -> None:
    assert list(allgreen.__all__) == sorted(allgreen.__all__)


def test_every_public_name_is_used_in_the_typing_file() -> None:
    text = (ROOT / "tests/typing/public_api.py").read_text()

    assert [name for name in allgreen.__all__ if name not in text] == []


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "src/allgreen/py.typed").is_file()
