"""Paths and patterns that people typed, against documents that targets sent."""

import contextlib
import gc
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.expectation import (
    AllOf,
    BodyContains,
    BodyMatches,
    Expectation,
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    Not,
    holds,
)
from allgreen.executors.matching import (
    MAX_VISITED,
    Budget,
    explain,
    find_values,
    has_match,
    parse_json,
    parse_json_path,
    prepare_patterns,
    validate_json_path,
    validate_pattern,
)
from allgreen.executors.verdict import Seen

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
    assert find_values(DOCUMENT, path, Budget()) == values


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
        ("[" * 9_000, "too deeply"),
        ("[" * 30_000, "more than 10000 lists"),
        ("[" + "{}," * 10_000 + "1]", "more than 10000 lists and objects"),
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
        find_values(document, "$[*]", Budget())


def test_all_searches_in_one_answer_share_a_budget() -> None:
    seen = Seen(json.dumps([0] * (MAX_VISITED - 1)))

    assert len(seen.find_json("$[*]")) == MAX_VISITED - 1
    assert seen.find_json("$[0]") == [0]
    for path in ("$[*]", "$[0]"):
        with pytest.raises(ValueError, match="more than 10000 values"):
            seen.find_json(path)
    assert len(Seen("[1, 2]").find_json("$[*]")) == 2


def repeated(begin: str, piece: str, end: str) -> str:
    """Return a document of nearly 64 KiB."""
    return begin + piece * ((65_536 - len(begin) - len(end)) // len(piece)) + end


BOMBS = {
    "numbers": repeated("[", "0,", "0]"),
    "long numbers": repeated("[", "1" * 63 + ",", "0]"),
    "too long a number": "1" * 65_536,
    "an exponent": repeated("[", "1e999999999,", "0]"),
    "fractions": repeated("[", "1.1e-300,", "0]"),
    "objects": repeated("[", "{},", "{}]"),
    "lists": repeated("[", "[],", "[]]"),
    "named": repeated('{"a":[', '{"b":1},', "1]}"),
    "lists of one": repeated("[", "[[[[[0]]]]],", "0]"),
    "deep": "[" * 60 + "1" + "]" * 60,
    "too deep": "[" * 30_000 + "]" * 30_000,
    "deep objects": repeated("", '{"a":', "1"),
    "never closed": "[" * 65_536,
    "deep and wide": repeated("[" * 60, "[],", "[]" + "]" * 60),
    "escapes": '"' + "\\u0041" * 10_000 + '"',
    "half escapes": '"' + "\\ud800" * 10_000 + '"',
    "names": "{" + ",".join(f'"{name}":0' for name in range(7_000)) + "}",
    "one name": "{" + ",".join('"a":0' for _ in range(10_000)) + "}",
    "blanks": " " * 65_535 + "1",
    "a text": '"' + "a" * 65_000 + '"',
}
PATHS = (
    *("$", "$[*]", "$.a", "$.a[*]", "$.a[*].b", "$[*].a", "$[0][0][0]", "$[-1]", "$[*][0]"),
    "$" + "[0]" * 60,
)


def test_there_are_two_hundred_bombs() -> None:
    assert len(BOMBS) * len(PATHS) == 200
    assert all(len(text) <= 65_536 for text in BOMBS.values())


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("path", PATHS)
def test_a_bomb_costs_milliseconds(text: str, path: str) -> None:
    assert ends_within(0.05, lambda: find_values(parse_json(text), path, Budget()))


LARGE_ANSWERS = {
    **BOMBS,
    "ten thousand large numbers": "[" + ",".join(["1e300"] * 9_990) + "]",
    "ten thousand long numbers": "[" + ",".join(["123456"] * 9_200) + "]",
    "lists in a list": json.dumps([[0] * 100] * 200),
}


@pytest.mark.parametrize("operator", JsonOperator)
@pytest.mark.parametrize("path", ["$", "$[*]", "$[0]"])
@pytest.mark.parametrize("text", LARGE_ANSWERS.values(), ids=LARGE_ANSWERS)
def test_a_verdict_on_as_many_values_as_can_be_asked_for_costs_milliseconds(
    text: str, path: str, operator: JsonOperator
) -> None:
    leaf = JsonValue(path=path, operator=operator, value="1" + "0" * 40)
    expectation = AllOf(parts=(leaf,) * 50)

    assert ends_within(0.05, lambda: expectation.explain(Seen(text)))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_path_does_anything_but_parse_or_be_refused(path: str) -> None:
    for text in (path, f"${path}", f"$.{path}", f"$[{path}]"):
        try:
            parse_json_path(text)
        except ValueError:
            continue
        assert isinstance(find_values(DOCUMENT, text, Budget()), list)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_document_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        document = parse_json(text)
    except ValueError:
        return
    assert find_values(document, "$", Budget()) == [document]


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


EVIL = [
    # Nested and overlapping quantifiers, which make other engines try for ever.
    *("(a+)+$", "(a|aa)+$", "(a|a?)+$", "(a*)*b", "(x+x+)+y", r"(\w+\s?)*$", "(.*)*(.*)*z"),
    *(r"^(([a-z])+.)+[A-Z]([a-z])+$", "((a{1,30}){1,30}){1,2}", "((a{0,30}){0,30})b"),
    *("(a?" * 100 + ")" * 100, "(?:" * 100 + "a" + "*)" * 100, "a**" * 100, "^*" * 200),
    # Automata that do not fit into any memory.
    *("[ab]*a[ab]{900}c", "[ab]*a[ab]{400}c", "[ab]*a[ab]{60}c", "a.{990}b", "a.{100}c"),
    *("(?:a?){500}a{400}c", "(?:(?:a|b|ab){10}){50}c", r"\C{900}z", "a{0,200}a{0,200}$"),
    *("(x|a[ab]{10}|b[ab]{11}a|[ab]{9}a){10}c", "(?s)(?:.{9}.?){30}z", "[^a]{500}b"),
    # Many groups, anchors and alternatives.
    *("(.*a){20}", "(.*a){200}", "(?m)" + "^.*$\n?" * 60, ".*" * 300 + "z", "(?:\\b|\\B)*z"),
    *("|".join("a" * length for length in range(1, 40)), r"\b" * 500 + "a", "a" * 1024),
    *("(?s).{1000}.*.*.*z", "(" * 400 + "a" + ")" * 400, r"(.|\n)*(.|\n)*z"),
    # What only other engines have.
    *(r"(a)\1", "(?=a)a", "(?<!a)b", "(?P<x>a)(?P=x)", "(?>a+)b", "a++b", "(?(1)a|b)", "(?R)"),
    # Size: classes, counts, letters of all languages in all their cases.
    *("[" + "a" * 1000 + "]", "[" + "a" * 10_000_000 + "]", "x{1000}{1000}", "x{1001}", "x{2,1}"),
    *("(((((x{10}){10}){10}){10}){10})", r"\pL{50}", r"(?i)\pL{1000}", r"\pL*a\pL{20}z"),
    *(r"[\pL\pN\pS\pP\pZ]{100}z", "(?i)[äöüßſKÅ]{90}z", "(?i)" + "ſ" * 300),
    *("[[:alpha:]]{1000}", r"[\s\S]{500}b", r"[^\x00-\x{10FFFF}]*a", "(?i)" + r"\pL" * 250),
    *(r"\PL" * 300, r"[\pL\pN]" * 110, r"\Q" + "(" * 900 + r"\E", "(?i)" + "[a-z0-9]{0,30}" * 30),
]
LETTERS = random.Random(7)
HOSTILE = [
    "a" * 65_535 + "!",
    "".join(LETTERS.choice("ab") for _ in range(65_536)),
    "".join(LETTERS.choice("aaaaaaab") for _ in range(65_536)),
    "ſKäaÅ" * 6_500,
    "a b" * 21_000,
    "\n" * 65_536,
]


def test_there_are_enough_evil_patterns() -> None:
    assert len(set(EVIL)) >= 50


@pytest.mark.parametrize("pattern", EVIL, ids=range(len(EVIL)))
def test_an_evil_pattern_ends_within_a_tenth_of_a_second_or_is_refused(pattern: str) -> None:
    assert ends_within(0.1, partial(validate_pattern, pattern))
    for text in HOSTILE:
        assert ends_within(0.1, partial(has_match, pattern, text))


def ends_within(limit_s: float, work: Callable[[], object]) -> bool:
    """Tell whether work is done in time at least once in three: what is too slow never is."""
    return any(measure(work) < limit_s for _ in range(3))


def measure(work: Callable[[], object]) -> float:
    """Return the processor time of this thread, which others on the machine do not add to."""
    gc.disable()  # Else this is the time to look through all that the tests have left behind.
    try:
        started = time.thread_time()
        with contextlib.suppress(ValueError):  # Being refused is as good as being quick.
            work()
        return time.thread_time() - started
    finally:
        gc.enable()


@pytest.mark.parametrize("pattern", [r"\pL{50}", r"(?i)\pL{1000}", "a.{990}b"])
def test_a_pattern_whose_program_is_too_large_is_refused_with_advice(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"smaller numbers in the braces.*\.$"):
        validate_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{1,3}(\.\d{1,3}){3}",
        r'"status":\s*"(ok|healthy|green)"',
        r"(?i)all systems (go|operational)",
        r"^[\w.+-]+@[\w-]+\.[\w.]+$",
        "error.{0,100}fatal",
        r"\p{Greek}+",
        "a" * 900,
    ],
)
def test_a_pattern_that_people_write_is_taken(pattern: str) -> None:
    validate_pattern(pattern)


def test_a_small_pattern_is_searched_in_all_of_the_largest_body() -> None:
    text = "a" * 65_526 + "queue: 123"

    assert has_match(r"queue: [0-9]+$", text)


@pytest.mark.parametrize("end", ["", "queue"])
def test_a_large_pattern_says_where_it_stopped_to_look(end: str) -> None:
    pattern, text = "a.{100}queue", "b" * 65_000 + end

    with pytest.raises(ValueError, match=r"cannot be told from the first \d{4} bytes"):
        has_match(pattern, text)


def test_all_values_of_a_header_are_one_text_to_a_costly_pattern() -> None:
    values = ["".join(LETTERS.choices("ab", k=4_000)) for _ in range(8)]

    with pytest.raises(ValueError, match=r"cannot be told from the first \d{4} bytes"):
        has_match("[ab]*a[ab]{500}c", *values)
    assert ends_within(0.1, lambda: has_match("[ab]*a[ab]{900}c", *values))
    assert has_match("[ab]*a[ab]{9}c", *values, "a" * 10 + "c")
    assert not has_match("c", *values, "")


async def test_values_of_a_header_are_searched_together() -> None:
    class WithHeaders(Seen):
        def headers(self, name: str) -> Sequence[str]:
            return ["b" * 4_000] * 8

    expectation = HeaderValue(name="x", operator=HeaderOperator.MATCHES, value="[ab]*a[ab]{500}c")

    (line,) = await explain(expectation, WithHeaders())

    assert (line.holds, line.actual[:21]) == (False, "cannot be told from t")


def test_a_large_pattern_is_found_where_it_was_looked_for() -> None:
    text = "a" * 101 + "queue" + "b" * 65_000

    assert has_match("a.{100}queue", text)


@pytest.mark.parametrize("pattern", ["(?:a.{100}|b)$", "(?:a.{100}|b+)"])
def test_what_ends_where_the_search_ended_is_no_match(pattern: str) -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        has_match(pattern, "b" * 65_000)


async def test_patterns_that_were_prepared_are_at_hand() -> None:
    costly = r"(?i)" + r"\pL" * 40

    await prepare_patterns([costly, "a" * 100_000, "(", "fine"])
    started = time.thread_time()
    with pytest.raises(ValueError, match="too large"):
        validate_pattern(costly)

    assert time.thread_time() - started < 0.005
    with pytest.raises(ValueError, match="longer than 1 KB"):
        validate_pattern("a" * 100_000)


class Noted:
    """An answer that notes in which threads it was looked at."""

    http_status = 200
    size_bytes = 2
    is_whole = True
    certificate_days = None
    records = ()

    def __init__(self) -> None:
        self.threads: set[int] = set()

    @property
    def text(self) -> str:
        """Return the body."""
        self.threads.add(threading.get_ident())
        return "ok"

    def headers(self, name: str) -> list[str]:
        """Return the value of any header."""
        self.threads.add(threading.get_ident())
        return [name]

    def matches(self, pattern: str, texts: Sequence[str] | None = None) -> bool:
        """Search as real answers do."""
        return has_match(pattern, *((self.text,) if texts is None else texts))

    def find_json(self, path: str) -> list[object]:
        """Find nothing."""
        self.threads.add(threading.get_ident())
        return [path]


A_PATTERN = BodyMatches(pattern="o+k")
A_HEADER = HeaderValue(name="server", operator=HeaderOperator.MATCHES, value="se+rver")


@pytest.mark.parametrize(
    "expectation",
    [A_PATTERN, A_HEADER, Not(part=A_PATTERN), AllOf(parts=(BodyContains(text="ok"), A_HEADER))],
    ids=["body", "header", "not", "among others"],
)
async def test_a_pattern_never_keeps_the_event_loop_waiting(expectation: Expectation) -> None:
    answer = Noted()

    lines = await explain(expectation, answer)

    assert holds(lines) is not isinstance(expectation, Not)
    assert threading.get_ident() not in answer.threads


@pytest.mark.parametrize(
    "expectation",
    [
        BodyContains(text="ok"),
        HeaderValue(name="server", operator=HeaderOperator.EQUALS, value="server"),
        JsonValue(path="$.a", operator=JsonOperator.EXISTS),
    ],
    ids=["body", "header", "JSON"],
)
async def test_what_is_quick_is_looked_at_on_the_spot(expectation: Expectation) -> None:
    answer = Noted()

    lines = await explain(expectation, answer)

    assert holds(lines)
    assert answer.threads == {threading.get_ident()}


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=12,
)
steps = st.sampled_from([".a", ".b", "['a']", "[0]", "[-1]", "[7]", "[*]", ".*", "..a", "[0:1]"])


@settings(deadline=None, max_examples=300)
@given(document=documents, path=st.lists(steps, max_size=5).map("".join))
def test_no_pair_of_path_and_document_does_anything_but_search_or_be_refused(
    document: object, path: str
) -> None:
    found: list[object] = []
    with contextlib.suppress(ValueError):
        found = find_values(parse_json(json.dumps(document)), f"${path}", Budget())

    assert all(isinstance(value, str | float | int | list | dict | None) for value in found)
