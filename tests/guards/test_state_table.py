"""The table of the state machine in the documentation is what the machine does."""

from tests.state_table import DOCUMENT, document_with, table


def test_the_table_of_turns_is_fresh() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == document_with(table(), text), "Run ./dev docs and commit what it changed."
