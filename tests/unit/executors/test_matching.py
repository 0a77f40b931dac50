"""Paths and patterns that people typed, against documents that targets sent."""

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.executors.matching import (
    find_values,
    has_match,
    parse_json,
    parse_json_path,
    validate_json_path,
    validate_pattern,
)

DOCUMENT = {
    "status": "ok",
    "queue": {"depth": 12},
    "jobs": [{"state": "done"}, {"state": "open"}, "other"],
    "a-b": {"ä": None},
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$", [DOCUMENT]),
        ("$.status", ["ok"]),
        ("$.queue.depth", [12]),
        ("$['queue']['depth']", [12]),
        ("$.jobs[0].state", ["done"]),
        ("$.jobs[-1]", ["other"]),
        ("$.jobs[*].state", ["done", "open"]),
        ("$.queue[*]", [12]),
        ("$.a-b.ä", [None]),
        ("$.nothing", []),
        ("$.jobs[3]", []),
        ("$.jobs.state", []),
        ("$.queue[0]", []),
        ("$.status[0]", []),
    ],
)
def test_a_path_finds_what_is_there(path: str, values: list[object]) -> None:
    assert find_values(DOCUMENT, path) == values


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("", "Write where the value is, such as $.queue.depth."),
        ("queue.depth", "Paths start at the root. Try $.queue.depth"),
        (".queue.depth", "Paths start at the root. Try $.queue.depth"),
        ("[0].state", "Paths start at the root. Try $[0].state"),
        ("?!", "Paths start at the root. Try $.queue.depth"),
        ("$.queue.", "cannot be read"),
        ("$.a b", "cannot be read"),
        ("$.a[", "cannot be read"),
        ("$.a[99999999999999999999]", "cannot be read"),
        ("$..depth", "at most one [*]"),
        ("$[*][*]", "at most one [*]"),
        ("$.a[0,1]", "at most one [*]"),
        ("$.a[0:2]", "at most one [*]"),
        ("$.a[?@.b == 1]", "at most one [*]"),
        ("$." + "a" * 300, "longer than 256"),
        ("$[" + "?(" * 100, "cannot be read"),
        ("$\ud800", "cannot be read"),
    ],
)
def test_a_path_outside_of_the_subset_is_refused_with_advice(path: str, advice: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z]") as error:
        validate_json_path(path)

    assert advice in str(error.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("<html>", "not JSON"),
        ('{"a": 1,}', "not JSON"),
        ("NaN", "NaN"),
        ('{"a": Infinity}', "Infinity"),
        ("-Infinity", "Infinity"),
        ('{"a": 1, "a": 2}', "a key twice"),
        ("1" * 5000, "out of bounds"),
        ("1e400", "out of bounds"),
        ("-1e9999", "out of bounds"),
        ("[" * 65 + "]" * 65, "too deeply"),
        ("[" * 30_000, "too deeply"),
        ('{"a":' * 65 + "1" + "}" * 65, "too deeply"),
    ],
    ids=lambda text: str(text)[:20],
)
def test_a_document_that_programs_read_differently_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_json(text)


def test_sixty_four_levels_and_many_neighbours_are_read() -> None:
    deep = "[" * 64 + "]" * 64
    wide = json.dumps([[] for _ in range(5000)])

    assert isinstance(parse_json(deep), list)
    assert isinstance(parse_json(wide), list)


def test_a_search_ends_at_its_budget() -> None:
    document = parse_json("[" + "1," * 20_000 + "1]")

    with pytest.raises(ValueError, match="more than 10000 values"):
        find_values(document, "$[*]")


@pytest.mark.parametrize(
    "text",
    [
        "[" + "0," * 32_000 + "0]",
        "[" + "{}," * 20_000 + "{}]",
        '{"a":[' + '{"b":1},' * 8_000 + "1]}",
        "[" * 60 + "1" + "]" * 60,
        '"' + "\\u0041" * 10_000 + '"',
    ],
    ids=["numbers", "objects", "named", "deep", "escapes"],
)
@pytest.mark.parametrize("path", ["$[*]", "$.a[*].b", "$[0][0][0]"])
def test_a_bomb_costs_milliseconds(text: str, path: str) -> None:
    started = time.process_time()
    try:
        find_values(parse_json(text), path)
    except ValueError as error:
        over_budget = str(error)
    else:
        over_budget = "more than"
    took_s = time.process_time() - started

    assert over_budget.startswith("more than")
    assert took_s < 0.25


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_path_does_anything_but_parse_or_be_refused(path: str) -> None:
    for text in (path, f"${path}", f"$.{path}", f"$[{path}]"):
        try:
            parse_json_path(text)
        except ValueError:
            continue
        assert isinstance(find_values(DOCUMENT, text), list)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_document_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        document = parse_json(text)
    except ValueError:
        return
    assert find_values(document, "$") == [document]


def test_a_pattern_is_searched_anywhere() -> None:
    assert has_match(r"queue: \d+", "status ok, queue: 12")
    assert not has_match(r"^queue", "status ok, queue: 12")
    assert has_match("ä+", "aää")


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("", "Write a pattern"),
        ("a" * 1025, "longer than 1 KB"),
        ("ä" * 513, "longer than 1 KB"),
        ("(a", "cannot be read: missing ): (a."),
        ("[", "cannot be read"),
        ("(?<=a)b", "Look-around"),
        (r"(a)\1", "back-references"),
        ("((a{1,100}){1,100}){1,100}", "repeats too much"),
        ("\ud800", "does not exist"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_advice(pattern: str, advice: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as error:
        validate_pattern(pattern)

    assert advice in str(error.value)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}", "a{0,200}a{0,200}$", "(a*)*b", "(x+x+)+y"]
)
def test_an_evil_pattern_costs_milliseconds(pattern: str) -> None:
    text = "a" * 65_536 + "!"

    started = time.process_time()
    with contextlib.suppress(ValueError):  # Being refused is as good as being quick.
        has_match(pattern, text)
    took_s = time.process_time() - started

    assert took_s < 0.5
