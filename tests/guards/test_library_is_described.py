"""docs/reference/library.md names everything that the library has, with its defaults."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

import allgreen
from allgreen import errors
from allgreen.cli.exits import CheckExit
from allgreen.domain.report import Detail, Ending
from allgreen.domain.status import CheckVerdict, LifeSign
from allgreen.exporters.json import render_json
from allgreen.exporters.negotiation import Format
from allgreen.health.expectation import Expectation
from allgreen.health.heartbeat.file import DatabaseState, LifeState
from allgreen.health.heartbeat.service import HealthCheckService
from allgreen.health.registry import OPTIONS, OTHER_SPELLINGS, CheckRegistry
from allgreen.health.running.background import Background
from allgreen.health.running.runner import RunOptions
from allgreen.health.runs import DEADLINE_S
from allgreen.health.serving.access import Access
from allgreen.health.serving.options import DEFAULT_STATUSES, EndpointOptions, Group
from allgreen.integrations import pytest_plugin
from allgreen.integrations.mounting import create_app, mount_healthcheck
from tests.checkout import ROOT
from tests.unit.exporters.reports import drawn, failed, report

PAGE = (ROOT / "docs/reference/library.md").read_text()
LIBRARY = ("exporters", "health", "integrations")
VARIABLE = re.compile(r'"(ALLGREEN_[A-Z_]+|APP_ENV|ENV|NOTIFY_SOCKET|WATCHDOG_\w+|[A-Z]+_API_KEY)"')

TABLES: dict[str, tuple[str, Callable[..., Any]]] = {
    "check": ("option", CheckRegistry.check),
    "mount_healthcheck": ("argument", mount_healthcheck),
    "EndpointOptions": ("option", EndpointOptions),
    "Group": ("of a `Group`", Group),
    "Access": ("argument", Access),
    "RunOptions": ("`RunOptions`", RunOptions),
    "HealthCheckService": ("argument", HealthCheckService),
}
SECTIONS = {
    "check": "## Checks",
    "mount_healthcheck": "## Mounting",
    "EndpointOptions": "### Options of the endpoint",
    "Group": "### Options of the endpoint",
    "Access": "## Who sees how much",
    "RunOptions": "## Running checks yourself",
    "HealthCheckService": "## The heartbeat file",
}


def test_every_public_name_is_there_and_no_other() -> None:
    listed = PAGE.rpartition("`from allgreen import …`: ")[2]

    assert sorted(re.findall(r"`(\w+)`", listed)) == sorted(allgreen.__all__)


@pytest.mark.parametrize("name", TABLES)
def test_every_argument_is_described_and_no_other(name: str) -> None:
    first, function = TABLES[name]

    assert set(_rows(SECTIONS[name], first)) == set(_parameters(function)) - {"app", "others"}


@pytest.mark.parametrize("name", TABLES)
def test_every_default_is_told(name: str) -> None:
    first, function = TABLES[name]
    rows = _rows(SECTIONS[name], first)

    wrong = {
        argument: (rows[argument][0], parameter.default)
        for argument, parameter in _parameters(function).items()
        if argument in rows and _is_plain(parameter.default)
        if rows[argument][0] != f"`{_show(parameter.default)}`"
    }

    assert wrong == {}


def test_both_ways_to_mount_take_the_same() -> None:
    assert set(_parameters(create_app)) == set(_parameters(mount_healthcheck)) - {"app"}


def test_every_spelling_of_an_option_is_told() -> None:
    told = _rows("## Checks", "option")

    assert set(OPTIONS) <= set(told)
    for spelling, option in OTHER_SPELLINGS.items():
        assert spelling in told[option][-1] or spelling in told[option][1], spelling


def test_every_matcher_is_described_and_no_other() -> None:
    cells = _first_cells("## Expectations", "matcher of `expect(x)`")
    matchers = {name for name, _ in inspect.getmembers(Expectation, inspect.isfunction)}

    told = set(re.findall(r"`(\w+)\(", "".join(cells)))

    assert told == {name for name in matchers if "to_" in name and not name.startswith("_")}


@pytest.mark.parametrize(
    ("section", "first", "words"),
    [
        ("## Checks", "verdict", CheckVerdict),
        ("## Checks", "`ending`", Ending),
        ("## Formats", "`?format=`", Format),
        ("## Who sees how much", "level", Detail),
    ],
    ids=["verdicts", "endings", "formats", "levels"],
)
def test_every_word_is_described(section: str, first: str, words: Iterable[str]) -> None:
    assert list(_rows(section, first)) == [str(word) for word in words]


def test_every_media_type_is_told() -> None:
    rows = _rows("## Formats", "`?format=`")

    wrong = [
        name
        for name, (media_type, *_) in rows.items()
        if media_type.strip("`") != Format(name).media_type.removesuffix("; charset=utf-8")
    ]

    assert wrong == []


def test_every_path_is_described_with_what_it_answers() -> None:
    options = EndpointOptions()
    groups = {
        group.path: group
        for group in (options.healthcheck, options.live, options.ready, options.startup)
        if group is not None
    }

    rows = _rows("## Addresses", "path")

    assert set(rows) == set(options.paths())
    assert {path: rows[path][1:] for path in groups} == {
        path: [*map(str, list(DEFAULT_STATUSES.values())[1:]), f"{group.deadline_s:g} s"]
        for path, group in groups.items()
    }


def test_every_field_of_json_is_described() -> None:
    whole = report(failed("a", raw_verdict=CheckVerdict.FAILED), environment="development")
    rendered = [json.loads(render_json(one, Detail.FULL)) for one in (drawn(), whole, report())]
    told = set(re.findall(r"`(?:checks\[\]\.)?(\w+)`", _section("### JSON")))

    assert {name for one in rendered for name in _keys(one)} - told == {"checks"}


@pytest.mark.parametrize("words", [LifeSign, DatabaseState, LifeState])
def test_every_word_of_the_heartbeat_is_told(words: Iterable[str]) -> None:
    section = _section("## The heartbeat file")

    assert [word for word in words if f"`{word}`" not in section] == []


def test_every_exit_code_is_told() -> None:
    section = _section("## The command line")

    assert [code.value for code in CheckExit if str(code.value) not in section] == []


def test_every_variable_of_the_environment_is_described() -> None:
    sources = (path for part in LIBRARY for path in (ROOT / "src/allgreen" / part).rglob("*.py"))
    read = {name for source in sources for name in VARIABLE.findall(source.read_text())}
    django = set(re.findall(r"`(ALLGREEN_\w+)`", (ROOT / "docs/howto/django.md").read_text()))

    told = set(re.findall(r"`([A-Z_]+)`", _section("## Environment")))

    assert read - told <= django
    assert told - read == {"XDG_STATE_HOME"}


def test_every_error_is_described_with_what_it_resembles() -> None:
    rows = _rows("## Errors", "error")
    public = [name for name in allgreen.__all__ if name.endswith("Error")]

    assert set(rows) == set(public) - {"AllgreenError"}
    for name, (parents, _) in rows.items():
        told = re.findall(r"`(\w+)`", parents) or ["AllgreenError"]
        theirs = [base.__name__ for base in getattr(errors, name).__bases__]
        assert [base for base in theirs if base != "AllgreenError"] == [
            base for base in told if base != "AllgreenError"
        ]


def test_figures_in_the_text_are_those_of_the_code() -> None:
    background = inspect.signature(Background).parameters

    assert f"`deadline_s` ({DEADLINE_S:g} by default)" in PAGE
    assert f"Background(runner, period_s={background['period_s'].default:g}," in PAGE


def test_every_fixture_is_described() -> None:
    page = (ROOT / "docs/howto/test-your-checks.md").read_text()
    fixtures = [
        name
        for name, found in vars(pytest_plugin).items()
        if type(found).__name__ == "FixtureFunctionDefinition"
    ]

    assert len(fixtures) == 4
    assert [name for name in fixtures if f"| `{name}` |" not in page] == []


def _section(heading: str) -> str:
    """Return a section, with those below it."""
    level = heading.partition(" ")[0]
    text = PAGE.partition(f"\n{heading}\n")[2]
    assert text, f"there is no section {heading}"
    return re.split(rf"^#{{1,{len(level)}}} ", text, maxsplit=1, flags=re.MULTILINE)[0]


def _lines(heading: str, first: str) -> list[list[str]]:
    """Return the cells of the table in a section whose heading begins with a word."""
    lines = _section(heading).split(f"\n| {first} |", 1)[1].splitlines()[2:]
    table = lines[: next((at for at, line in enumerate(lines) if not line.startswith("|")), None)]
    # A bar inside of a cell would be escaped.
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table]


def _first_cells(heading: str, first: str) -> list[str]:
    return [cells[0] for cells in _lines(heading, first)]


def _rows(heading: str, first: str) -> dict[str, list[str]]:
    """Return the other cells of a table, by each name in its first cell."""
    return {
        name: cells[1:]
        for cells in _lines(heading, first)
        for name in re.findall(r"`([^`]+)`", cells[0])
    }


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(function).parameters
    return {name: one for name, one in parameters.items() if name not in ("self", "others")}


def _is_plain(default: object) -> bool:
    """Tell whether a default can be written in a cell; `None` mostly stands for something else."""
    return (
        isinstance(default, int | float | str)
        and default != ""
        and type(default).__module__ == ("builtins")
    )


def _show(default: object) -> str:
    return f"{default:g}" if type(default) is float else str(default)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name not in ("metadata", "counts", "links"):
                yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
