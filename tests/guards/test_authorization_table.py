"""The table of who may do what in the documentation is what the policy and the routes say."""

from tests.authorization_table import DOCUMENT, NOTES, document_with, list_operations, tables


def test_the_tables_of_rights_are_fresh() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == document_with(tables(), text), "Run ./dev docs and commit what it changed."


def test_every_operation_stands_in_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [f"`{each.method} {each.path.removeprefix('/api/v1')}`" for each in list_operations()]

    assert [row for row in rows if row not in text] == []
    assert len(rows) > 50


def test_every_note_is_about_an_operation() -> None:
    assert NOTES.keys() - {operation.id for operation in list_operations()} == set()
