"""Whatever a reader of our pages may type is typed here, and says what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.documents import LIBRARY_PAGES, list_pages, read_blocks
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
