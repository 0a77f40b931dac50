"""The documentation names everything there is, and nothing that is not there."""

from __future__ import annotations

import dataclasses
import inspect
import re
import runpy
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import pytest

from allgreen.bootstrap import Figures
from allgreen.cli.exits import CheckExit, ExitCode
from allgreen.cli.front import LIBRARY_COMMANDS, PLATFORM_COMMANDS
from allgreen.domain import commands, events
from allgreen.domain.check import CheckKind, RecordType
from allgreen.domain.expectation import HeaderOperator, JsonOperator, RecordMatch
from allgreen.domain.policy import PERMISSIONS, SCOPES, Permission, Role, Scope
from allgreen.domain.status import FailureClass, Outcome
from allgreen.server import problems
from allgreen.server.catalog.check_schemas import ExpectNode
from allgreen.server.operation.metrics import build_registry
from tests.checkout import ROOT, source_files

PAGES = [
    path for path in source_files() if path.suffix == ".md" and "node_modules" not in path.parts
]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
ANCHOR = re.compile(r"\[[^\]]*\]\(([^)#\s]*)#([^)\s]+)\)")
PICTURE = re.compile(r'src(?:set)?="([^"]+)"')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
QUOTED_PATH = re.compile(
    r"`((?:src|tests|web|docs|requirements|bench|e2e|examples)/(?:[\w./-]*\w/?)?)`"
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_picture_is_there(page: Path) -> None:
    pictures = PICTURE.findall(page.read_text())

    assert [path for path in pictures if not (page.parent / path).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_to_a_section_leads_somewhere(page: Path) -> None:
    links = [link for link in ANCHOR.findall(page.read_text()) if "://" not in link[0]]

    lost = [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in _anchors(page.parent / target if target else page)
    ]

    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_quoted_path_exists(page: Path) -> None:
    quoted = QUOTED_PATH.findall(page.read_text())

    assert [path for path in quoted if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("module", [commands, events], ids=["commands", "events"])
def test_every_message_is_described(module: ModuleType) -> None:
    page = (ROOT / "docs/reference/commands-and-events.md").read_text()

    assert [name for name in _messages(module) if f"| `{name}` |" not in page] == []


def test_every_described_message_exists() -> None:
    page = (ROOT / "docs/reference/commands-and-events.md").read_text()
    described = re.findall(r"^\| `([A-Z]\w+)` \|", page, re.MULTILINE)

    assert set(described) == {*_messages(commands), *_messages(events)}


def test_every_decision_record_is_listed() -> None:
    folder = ROOT / "docs/adr"
    listed = LINK.findall((folder / "README.md").read_text())

    assert listed == sorted(path.name for path in folder.glob("0*.md"))


def test_contributing_names_every_verb_of_dev() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    verbs = runpy.run_path(str(ROOT / "dev"), run_name="dev")["VERBS"]

    assert [verb for verb in verbs if f"`./dev {verb}`" not in page] == []


def test_every_error_of_the_api_is_described() -> None:
    page = (ROOT / "docs/reference/api.md").read_text()
    ours = {(kind.status, kind.code) for kind in problems._KINDS.values()}
    theirs = {(status, code) for status, (code, _) in problems._HTTP_CODES.items()}

    told = {(int(s), c) for s, c in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", page, re.MULTILINE)}

    assert told == ours | theirs | {(500, "fault")}


def test_every_metric_is_described() -> None:
    page = (ROOT / "docs/reference/api.md").read_text()
    figures = Figures(outcomes={}, deliveries={}, running=0, results_waiting=0, results_dropped=0)
    families = build_registry(lambda: figures).collect()

    assert [family.name for family in families if f"`{family.name}" not in page] == []


def test_every_command_and_exit_code_is_described() -> None:
    page = (ROOT / "docs/reference/cli.md").read_text()
    commands_ = [f"| `allgreen {name}` |" for name in (*LIBRARY_COMMANDS, *PLATFORM_COMMANDS)]
    codes = [f"| {code.value} | `{code.name}` |" for code in (*ExitCode, *CheckExit)]

    assert [row for row in (*commands_, *codes) if row not in page] == []


@pytest.mark.parametrize(
    "words",
    [
        *(Outcome, FailureClass, CheckKind, RecordType),
        *(JsonOperator, HeaderOperator, RecordMatch),
    ],
    ids=lambda words: str(words.__name__),
)
def test_every_word_of_a_check_is_described(words: type[StrEnum]) -> None:
    page = (ROOT / "docs/reference/checks.md").read_text().lower()

    assert [word.value for word in words if f"`{word.value.lower()}`" not in page] == []


def test_every_leaf_of_a_tree_is_described() -> None:
    page = (ROOT / "docs/reference/checks.md").read_text()
    names = [field.alias or name for name, field in ExpectNode.model_fields.items()]

    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_table_of_permissions_equals_the_policy() -> None:
    page = (ROOT / "docs/authorization.md").read_text()
    written = re.findall(r"^\| `(\w+\.\w+)` \|" + r"([^|\n]*)\|" * 5 + "$", page, re.MULTILINE)

    table = {name: tuple(cell.strip() == "yes" for cell in cells) for name, *cells in written}

    granted = [PERMISSIONS[role] for role in (Role.OBSERVER, Role.ADMIN, Role.OWNER)]
    granted += [SCOPES[scope] for scope in (Scope.READ, Scope.WRITE)]
    assert table == {
        permission.value: tuple(permission in each for each in granted)
        for permission in Permission
        if "." in permission.value
    }


def test_every_permission_without_a_role_is_described() -> None:
    page = (ROOT / "docs/authorization.md").read_text()
    words = [permission.value for permission in Permission if "." not in permission.value]

    assert [word for word in words if f"| `{word}` |" not in page] == []


def _anchors(page: Path) -> set[str]:
    """Return the names that GitHub gives to the headings of a page."""
    headings = HEADING.findall(page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _messages(module: ModuleType) -> list[str]:
    return [
        name
        for name, found in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(found) and found.__module__ == module.__name__
    ]
