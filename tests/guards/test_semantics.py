"""Every line of the semantics has a test, and the page says which."""

from __future__ import annotations

from pathlib import Path

from tests.semantics_table import DOCUMENT, document, find_proofs, known_lines

SOURCE = """
import pytest

pytestmark = pytest.mark.semantics(1)
CASES = [pytest.param(0, marks=pytest.mark.semantics("L5")), 1]


@pytest.mark.semantics(2, 3)
class TestBoth:
    @pytest.mark.semantics(3)
    async def test_first(self): ...


@pytest.mark.parametrize("case", [*CASES, pytest.param(2, marks=pytest.mark.semantics(7))])
def test_second(case): ...


def helper(): ...
"""


def test_every_line_has_a_test_and_no_test_shows_another() -> None:
    assert sorted(find_proofs(), key=str) == sorted(known_lines(), key=str)


def test_there_are_seventy_lines_and_sixteen_of_faults() -> None:
    assert known_lines() == [*range(1, 71), *(f"L{number}" for number in range(1, 17))]


def test_the_page_is_fresh() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "Run ./dev docs and commit the page."


def test_marks_count_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "test_something.py"
    file.write_text(SOURCE)

    found = {line: [proof.fact for proof in proofs] for line, proofs in find_proofs([file]).items()}

    assert found == {
        1: ["first", "second"],
        2: ["first"],
        3: ["first"],
        "L5": ["second"],
        7: ["second"],
    }
