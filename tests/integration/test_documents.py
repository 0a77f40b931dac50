"""Whatever a reader of our pages may type is typed here, and says what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.documents import LIBRARY_PAGES, Block, list_pages, read_blocks
from tests.player import Player


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", LIBRARY_PAGES, ids=_name)
def test_a_reader_gets_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    with Player(tmp_path) as player:
        for block in read_blocks(page):
            player.play(block)


def test_no_page_with_python_is_left_out() -> None:
    pages = [
        page
        for page in list_pages()
        if any(block.language == "python" for block in read_blocks(page))
    ]

    assert [_name(page) for page in pages if page not in LIBRARY_PAGES] == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "assert 1 + 1 == 3\n"),
        ("python", "import asyncio\nawait asyncio.wait_for(asyncio.Event().wait(), 0)\n"),
        ("console", "$ echo one\ntwo\n"),
        ("console", "$ allgreen check nowhere.py\n"),
        ("console", "$ allgreen check nowhere.py\n$ echo done\ndone\n"),
        ("console", "$ allgreen check nowhere.py\n$ echo $?\n0\n"),
        ("dockerfile", "HEALTHCHECK CMD allgreen check --file nowhere.json\n"),
    ],
)
def test_a_page_that_is_wrong_is_found(language: str, text: str, tmp_path: Path) -> None:
    block = Block(ROOT / "wrong.md", 1, language, "", text)

    with (
        Player(tmp_path, patience_s=0) as player,
        pytest.raises(AssertionError, match=r"wrong\.md:1"),
    ):
        player.play(block)


def test_a_page_that_is_right_is_played(tmp_path: Path) -> None:
    blocks = [
        Block(ROOT / "right.md", 1, "python", "allgood.py", "from allgreen import check\n"),
        Block(ROOT / "right.md", 3, "console", "", "$ allgreen check\n…\n$ echo $?\n2\n"),
        Block(
            ROOT / "right.md",
            5,
            "python",
            "",
            "import allgood\nawait __import__('asyncio').sleep(0)\n",
        ),
    ]

    with Player(tmp_path) as player:
        for block in blocks:
            player.play(block)
