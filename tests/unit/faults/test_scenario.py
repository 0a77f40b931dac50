"""The bench of faults finds what is asked for, and says what it knows of each promise."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.faults import __main__ as bench
from tests.faults.scenario import (
    SCENARIOS,
    Outcome,
    Report,
    Scenario,
    find_scenarios,
    outcome_of,
)

FINE = Report(figures=("mails 7",))


def test_without_words_everything_is_asked_for() -> None:
    assert find_scenarios([]) == list(SCENARIOS)


def test_a_scenario_is_found_by_name_and_by_each_of_its_promises() -> None:
    names = [one.name for one in find_scenarios(["r4", "kills", "R3"])]

    assert names == ["kills", "mail"]


def test_a_word_that_names_nothing_is_refused() -> None:
    with pytest.raises(LookupError, match="R99"):
        find_scenarios(["R1", "R99"])


def test_no_promise_is_tested_under_two_names() -> None:
    ids = Counter(each for one in SCENARIOS for each in one.ids)

    assert [each for each, count in ids.items() if count > 1] == []


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (FINE, Outcome.KEPT),
        (None, Outcome.NOT_RUN),
        (Report(not_run=("no network namespace here",)), Outcome.NOT_RUN),
        (Report(figures=("mails 7",), not_run=("no IPv6 here",)), Outcome.KEPT_IN_PART),
        (Report(figures=("mails 7",), not_run=("R3: no time",)), Outcome.KEPT),
        (Report(figures=("mails 7",), faults=("a mail is lost",)), Outcome.BROKEN),
        (Report(figures=("mails 7",), faults=("R4: a mail is lost",)), Outcome.BROKEN),
        (Report(figures=("mails 7",), faults=("R3: a mail is lost",)), Outcome.KEPT),
        (Report(figures=("mails 7",), faults=("/one: no mail",)), Outcome.BROKEN),
    ],
    ids=["fine", "unwritten", "nothing", "part", "else", "all", "own", "other", "path"],
)
def test_what_is_known_of_a_promise(report: Report | None, expected: Outcome) -> None:
    assert outcome_of("R4", report) is expected


def test_a_module_that_is_not_there_is_not_written() -> None:
    unwritten = Scenario(name="nowhere", ids=("R0",), minutes=1, breaks="nothing")

    assert not unwritten.is_written


def test_a_section_takes_the_place_of_its_last_run_and_leaves_the_others(tmp_path: Path) -> None:
    results = tmp_path / "results.md"
    bench.write_section(results, "## R1 kills", ["* kills 3"])
    bench.write_section(results, "## R2 restarts", ["* restarts 20"])

    bench.write_section(results, "## R1 kills", ["* kills 200"])

    text = results.read_text()
    assert "* kills 3" not in text.splitlines()
    assert text.index("* kills 200") < text.index("## R2 restarts") < text.index("* restarts 20")


def test_every_scenario_is_described_with_its_promises() -> None:
    page = (ROOT / "docs/explanation/faults.md").read_text()
    rows = {
        name: set(re.findall(r"[RTIL]\d+", promises))
        for promises, name in re.findall(r"^\| ([RTIL][^|]*) \| `(\w+)` \|", page, re.MULTILINE)
    }

    assert rows.keys() == {one.name for one in SCENARIOS}
    assert [one.name for one in SCENARIOS if not set(one.ids) <= rows[one.name]] == []
