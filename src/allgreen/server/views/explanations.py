"""Why an expectation held or not, as far as its reader may know it."""

from typing import Final

from allgreen.domain.expectation import Explanation as Line
from allgreen.domain.veil import is_open_in_words
from allgreen.server.views.schemas import Explanation

HIDDEN: Final = "••••"


def show_explanation(line: Line, *, is_whole: bool) -> Explanation:
    """Return why one expectation held or not.

    Args:
        line: What is stored.
        is_whole: Show what was copied from a body, and the text that was looked for in it, too;
            for those who may edit the check.
    """
    return Explanation(
        operand=line.operand,
        actual=HIDDEN if line.quotes and not is_whole else line.actual,
        expected=line.expected if is_whole or not _looks_for_text(line) else HIDDEN,
        holds=line.holds,
    )


def _looks_for_text(line: Line) -> bool:
    if line.operand.startswith("$"):
        return not is_open_in_words(line.expected)
    return line.operand == "Body" or line.operand.startswith("Header ")
