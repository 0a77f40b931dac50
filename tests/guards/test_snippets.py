"""What our pages show of files and commands is what such files and commands can be."""

from __future__ import annotations

import argparse
import ast
import configparser
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ruamel.yaml import YAML

from allgreen.cli.check import _parser
from allgreen.domain.report import Detail
from allgreen.exporters.prometheus import render_prometheus
from allgreen.health.serving.options import PROBE_DEADLINE_S, EndpointOptions
from tests.checkout import ROOT
from tests.documents import LIBRARY_PAGES, Block, list_pages, read_blocks
from tests.player import is_run, read_steps
from tests.unit.exporters.reports import drawn

LANGUAGES = {
    "", "console", "dockerfile", "http", "ini", "json", "python", "text", "yaml",
}  # fmt: skip
BLOCKS = [block for page in list_pages() for block in read_blocks(page)]
PATHS = tuple(EndpointOptions().paths())

INSTRUCTIONS = {
    "CMD", "COPY", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "WORKDIR",
}  # fmt: skip
HEALTH_OPTIONS = {"--interval", "--timeout", "--start-period", "--start-interval", "--retries"}

# As the manual has them: systemd.unit(5) and those that it names.
DIRECTIVES = {
    "Unit": {"Description", "After", "Wants"},
    "Service": {
        "Type", "NotifyAccess", "WatchdogSec", "Restart", "TimeoutStopSec", "Environment",
        "StateDirectory", "ExecStart", "User",
    },
    "Timer": {"OnCalendar"},
    "Install": {"WantedBy"},
}  # fmt: skip
UNITS = (".service", ".timer")


def _of(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def _place(block: Block) -> str:
    return block.place


def test_every_block_is_of_a_known_language() -> None:
    assert [block.place for block in BLOCKS if block.language not in LANGUAGES] == []


@pytest.mark.parametrize("block", _of("python"), ids=_place)
def test_python_can_be_read(block: Block) -> None:
    compile(block.text, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("block", _of("json"), ids=_place)
def test_json_can_be_read(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", _of("yaml"), ids=_place)
def test_yaml_can_be_read(block: Block) -> None:
    assert _read_yaml(block)


def test_it_is_decided_of_every_command_whether_it_is_run() -> None:
    blocks = [block for block in _of("console") if block.page in LIBRARY_PAGES]

    run = [is_run(step.command) for block in blocks for step in read_steps(block.text)]

    assert any(run)


# Kubernetes -----------------------------------------------------------------------------------


def test_probes_ask_where_there_are_answers() -> None:
    probes = list(_probes())

    http = {probe["httpGet"]["path"] for probe in probes if "httpGet" in probe}
    grpc = {f"/{probe['grpc']['service']}" for probe in probes if "grpc" in probe}

    assert http == {"/startupz", "/livez", "/readyz"}
    assert grpc <= set(PATHS)


def test_probes_wait_longer_than_an_answer_takes() -> None:
    # One second, unless they are told otherwise.
    assert min(probe.get("timeoutSeconds", 1) for probe in _probes()) > PROBE_DEADLINE_S


# Docker ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", _of("dockerfile"), ids=_place)
def test_a_dockerfile_holds_instructions(block: Block) -> None:
    lines = block.text.replace("\\\n", " ").splitlines()

    assert {line.split()[0] for line in lines} <= INSTRUCTIONS


def test_docker_asks_with_options_that_there_are() -> None:
    checks = re.findall(r"^HEALTHCHECK (.*?)CMD (.*)$", _joined_dockerfiles(), re.MULTILINE)

    assert {option.partition("=")[0] for options, _ in checks for option in options.split()} <= (
        HEALTH_OPTIONS
    )
    assert all(_is_check(shlex.split(command.removesuffix("|| exit 1"))) for _, command in checks)
    assert len(checks) >= 3


def test_compose_asks_with_options_that_there_are() -> None:
    services = [
        service
        for block in _of("yaml")
        for service in _read_yaml(block).get("services", {}).values()
        if "healthcheck" in service
    ]

    assert all(_is_check(service["healthcheck"]["test"][1:]) for service in services)
    assert services


# systemd --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "block", [block for block in _of("ini") if block.title.endswith(UNITS)], ids=_place
)
def test_a_unit_holds_directives(block: Block) -> None:
    unit = _read_unit(block.text)

    known = {section: set(names) <= DIRECTIVES[section] for section, names in unit.items()}

    assert all(known.values()), known


def test_every_command_of_a_unit_is_one_of_ours() -> None:
    units = [_read_unit(block.text) for block in _of("ini") if block.title.endswith(".service")]
    commands = [shlex.split(unit["Service"]["ExecStart"]) for unit in units]

    for program, *arguments in commands:
        if program.endswith("/allgreen"):
            assert _is_check(["allgreen", *arguments])
        else:
            assert program.endswith("/python")
    assert len(commands) >= 2


# Prometheus -----------------------------------------------------------------------------------


def test_the_page_on_metrics_names_those_that_there_are() -> None:
    page = (ROOT / "docs/howto/prometheus.md").read_text()
    report = drawn()
    runs = {result.name: {result.verdict: 1} for result in report.results}
    rendered = render_prometheus(report, Detail.FULL, runs=runs).decode()

    told = set(re.findall(r"^\| `(allgreen_\w+)` \|", page, re.MULTILINE))

    assert told == set(re.findall(r"^# TYPE (\w+) ", rendered, re.MULTILINE))


def test_rules_ask_for_metrics_that_there_are() -> None:
    rendered = render_prometheus(drawn(), Detail.FULL, extra_labels={"pid": "1"}).decode()
    there = set(re.findall(r"\b(allgreen_\w+)", rendered))
    expressions = [
        rule["expr"]
        for block in _of("yaml")
        for group in _read_yaml(block).get("groups", [])
        for rule in group["rules"]
    ]

    asked = {name for text in expressions for name in re.findall(r"\b(allgreen_\w+)", text)}

    assert asked
    assert asked <= there


def test_scrapes_go_where_metrics_are() -> None:
    scrapes = [
        scrape for block in _of("yaml") for scrape in _read_yaml(block).get("scrape_configs", [])
    ]

    assert {scrape["metrics_path"] for scrape in scrapes} == {EndpointOptions().metrics}


def _read_yaml(block: Block) -> Any:
    return YAML(typ="safe", pure=True).load(block.text)


def _probes() -> Iterator[Mapping[str, Any]]:
    for block in _of("yaml"):
        yield from _probes_in(_read_yaml(block))


def _probes_in(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("startupProbe", "livenessProbe", "readinessProbe"):
                yield inner
            else:
                yield from _probes_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _probes_in(inner)


def _joined_dockerfiles() -> str:
    return "".join(block.text for block in _of("dockerfile")).replace("\\\n", " ")


def _is_check(words: list[str]) -> bool:
    """Tell whether that is our command, with options that it has."""
    if words[:2] != ["allgreen", "check"]:
        return False
    try:
        _parser().parse_args(words[2:])
    except (SystemExit, argparse.ArgumentError):
        return False
    return True


def _read_unit(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names have capitals
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}
