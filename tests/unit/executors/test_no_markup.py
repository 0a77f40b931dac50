"""What targets send is searched as text: no parser of markup, and no code, ever sees it."""

import re

from tests.checkout import ROOT

FORBIDDEN = re.compile(
    r"^\s*(?:import|from)\s+(xml|html\.parser|lxml|bs4|pickle|marshal|shelve|yaml|subprocess|pty)\b"
    r"|\b(?:eval|exec|os\.system|os\.popen)\(",
    re.MULTILINE,
)


def test_executors_and_outbound_parse_no_markup_and_run_nothing() -> None:
    folders = [ROOT / "src/allgreen/executors", ROOT / "src/allgreen/outbound"]
    files = [path for folder in folders for path in folder.rglob("*.py")]

    assert len(files) > 20
    assert [str(path) for path in files if FORBIDDEN.search(path.read_text())] == []
