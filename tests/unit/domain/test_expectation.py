"""What counts as correct, and how each failure is explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    BodyMatches,
    BodySize,
    CertificateLasts,
    Expectation,
    Explanation,
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    Leaf,
    Not,
    RecordMatch,
    RecordsAre,
    StatusIs,
    as_text,
    holds,
    list_leaves,
)


@dataclass(frozen=True)
class FakeAnswer:
    """An answer that was parsed already."""

    http_status: int | None = 200
    text: str = "all systems go"
    size_bytes: int | None = 14
    is_whole: bool = True
    certificate_days: float | None = None
    records: Sequence[str] = ()
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    values: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def headers(self, name: str) -> Sequence[str]:
        """Return the values of a header; names are listed in lower case."""
        return self.fields.get(name.lower(), ())

    def matches(self, pattern: str, texts: Sequence[str] | None = None) -> bool:
        """Search for the pattern itself; one in parentheses is too costly."""
        if pattern.startswith("("):
            raise ValueError("too costly")
        return any(pattern in text for text in ((self.text,) if texts is None else texts))

    def find_json(self, path: str) -> Sequence[object]:
        """Return what stands at a path; a path that is not listed cannot be read."""
        if path == "$.broken":
            raise ValueError("The body is not JSON.")
        return self.values.get(path, ())


def _holds(expectation: Expectation, answer: FakeAnswer) -> bool:
    return holds(expectation.explain(answer))


STATUSES = {
    "one code": ("200", 200, True),
    "another code": ("200", 503, False),
    "a list": ("200, 204", 204, True),
    "not in the list": ("200, 204", 201, False),
    "a class": ("2xx", 299, True),
    "not in the class": ("2xx", 301, False),
    "a class in capitals": ("2XX", 204, True),
    "a mixed list": ("404, 2xx", 404, True),
    "no status at all": ("2xx", None, False),
}


@pytest.mark.parametrize(("text", "status", "holds"), STATUSES.values(), ids=STATUSES)
def test_status(text: str, status: int | None, holds: bool) -> None:
    assert _holds(StatusIs.parse(text), FakeAnswer(http_status=status)) is holds


@pytest.mark.parametrize("text", ["", "20", "2000", "099", "600", "6xx", "2x", "200,", "²00", "ok"])
def test_what_is_no_status_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="200, 204, or 2xx"):
        StatusIs.parse(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [("200", "200"), ("200,204", "200, 204"), ("2XX", "2xx"), ("3xx, 200", "200, 3xx")],
)
def test_a_status_is_written_the_way_it_is_read(written: str, read: str) -> None:
    assert str(StatusIs.parse(written)) == read


@pytest.mark.parametrize(("text", "holds"), [("systems", True), ("Systems", False), ("", True)])
def test_body_contains(text: str, holds: bool) -> None:
    assert _holds(BodyContains(text=text), FakeAnswer()) is holds


def test_a_text_that_is_missing_is_explained() -> None:
    (line,) = BodyContains(text="ok").explain(FakeAnswer(text="no"))

    assert line == Explanation(operand="Body", actual="not found", expected="ok", holds=False)


def test_a_text_that_must_not_be_there_is_explained() -> None:
    (line,) = Not(part=BodyContains(text="no")).explain(FakeAnswer(text="no"))

    assert line == Explanation(operand="Body", actual="found", expected="without no", holds=False)


def test_a_body_that_was_cut_off_is_searched_as_far_as_it_goes_and_says_so() -> None:
    answer = FakeAnswer(size_bytes=65_536, is_whole=False)

    (line,) = BodyContains(text="stop").explain(answer)
    (absent,) = Not(part=BodyContains(text="stop")).explain(answer)

    assert (line.actual, line.holds) == ("not found in the first 65536 bytes", False)
    assert absent.holds


@pytest.mark.parametrize(("pattern", "holds"), [("systems", True), ("stop", False)])
def test_body_matches(pattern: str, holds: bool) -> None:
    (line,) = BodyMatches(pattern=pattern).explain(FakeAnswer())
    (opposite,) = Not(part=BodyMatches(pattern=pattern)).explain(FakeAnswer())

    assert (line.expected, line.holds) == (f"matches {pattern}", holds)
    assert (opposite.expected, opposite.holds) == (f"does not match {pattern}", not holds)


SIZES = {
    "enough": (10, None, 14, True, True),
    "exactly enough": (14, 14, 14, True, True),
    "too small": (15, None, 14, True, False),
    "small enough": (None, 20, 14, True, True),
    "too large": (None, 13, 14, True, False),
    "within": (10, 20, 14, True, True),
    "cut off, and enough": (10, None, 14, False, True),
    "cut off, and one more is enough": (15, None, 14, False, True),
    "cut off, and too large": (None, 14, 14, False, False),
    "no limit at all": (None, None, 14, True, True),
}


@pytest.mark.parametrize(
    ("at_least", "at_most", "size", "is_whole", "holds"), SIZES.values(), ids=SIZES
)
def test_size(
    at_least: int | None, at_most: int | None, size: int, is_whole: bool, holds: bool
) -> None:
    expectation = BodySize(at_least=at_least, at_most=at_most)
    answer = FakeAnswer(size_bytes=size, is_whole=is_whole)

    assert _holds(expectation, answer) is holds
    assert _holds(Not(part=expectation), answer) is not holds


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (BodySize(at_least=1), "at least 1 byte"),
        (BodySize(at_most=20), "at most 20 bytes"),
        (BodySize(at_least=10, at_most=20), "from 10 to 20 bytes"),
        (BodySize(), "at least 0 bytes"),
    ],
)
def test_a_size_is_explained(expectation: BodySize, words: str) -> None:
    (line,) = expectation.explain(FakeAnswer())
    (opposite,) = Not(part=expectation).explain(FakeAnswer())

    assert (line.operand, line.actual, line.expected) == ("Size", "14 bytes", words)
    assert opposite.expected == f"not {words}"


IS, IS_NOT, HOLDS = HeaderOperator.EQUALS, HeaderOperator.NOT_EQUALS, HeaderOperator.CONTAINS
MATCHES, IS_THERE = HeaderOperator.MATCHES, HeaderOperator.EXISTS

HEADERS = {
    "a text": (IS, "no-store", ["no-store"], True),
    "another text": (IS, "no-store", ["private"], False),
    "another case": (IS, "no-store", ["No-Store"], False),
    "one of several": (IS, "no-store", ["private", "no-store"], True),
    "nothing equals": (IS, "no-store", [], False),
    "not equal": (IS_NOT, "no-store", ["private"], True),
    "one is equal after all": (IS_NOT, "no-store", ["private", "no-store"], False),
    "nothing is not equal": (IS_NOT, "no-store", [], True),
    "contains": (HOLDS, "store", ["private, no-store"], True),
    "does not contain": (HOLDS, "public", ["private, no-store"], False),
    "matches": (MATCHES, "store", ["no-store"], True),
    "does not match": (MATCHES, "public", ["no-store"], False),
    "is there": (IS_THERE, "", [""], True),
    "is not there": (IS_THERE, "", [], False),
}


@pytest.mark.parametrize(("operator", "value", "found", "holds"), HEADERS.values(), ids=HEADERS)
def test_header(operator: HeaderOperator, value: str, found: Sequence[str], holds: bool) -> None:
    expectation = HeaderValue(name="Cache-Control", operator=operator, value=value)
    answer = FakeAnswer(fields={"cache-control": found} if found else {})

    assert _holds(expectation, answer) is holds
    assert _holds(Not(part=expectation), answer) is not holds


def test_a_header_is_explained_and_its_value_is_a_quotation() -> None:
    expectation = HeaderValue(name="Server", operator=HOLDS, value="nginx")

    (found,) = expectation.explain(FakeAnswer(fields={"server": ["Apache"]}))
    (missing,) = expectation.explain(FakeAnswer())
    (opposite,) = Not(part=expectation).explain(FakeAnswer(fields={"server": ["nginx"]}))

    assert found == Explanation(
        operand="Header Server",
        actual="Apache",
        expected="contains nginx",
        holds=False,
        quotes=True,
    )
    assert (missing.actual, missing.quotes) == ("not there", False)
    assert (opposite.expected, opposite.holds) == ("does not contain nginx", False)


RECORDS = {
    "one of them": (("a", "b"), RecordMatch.ANY, ["b", "c"], True),
    "none of them": (("a", "b"), RecordMatch.ANY, ["c"], False),
    "all of them": (("a", "b"), RecordMatch.ALL, ["c", "b", "a"], True),
    "all but one": (("a", "b"), RecordMatch.ALL, ["a", "c"], False),
    "exactly, in another order": (("a", "b"), RecordMatch.EXACTLY, ["b", "a"], True),
    "exactly, one twice": (("a", "b"), RecordMatch.EXACTLY, ["b", "a", "b"], True),
    "one too many": (("a", "b"), RecordMatch.EXACTLY, ["a", "b", "c"], False),
    "one missing": (("a", "b"), RecordMatch.EXACTLY, ["a"], False),
    "exactly none": ((), RecordMatch.EXACTLY, [], True),
    "none at all": (("a",), RecordMatch.ANY, [], False),
}


@pytest.mark.parametrize(("values", "match", "found", "holds"), RECORDS.values(), ids=RECORDS)
def test_records(
    values: tuple[str, ...], match: RecordMatch, found: Sequence[str], holds: bool
) -> None:
    expectation, answer = RecordsAre(values=values, match=match), FakeAnswer(records=found)

    assert _holds(expectation, answer) is holds
    assert _holds(Not(part=expectation), answer) is not holds


@pytest.mark.parametrize(
    ("values", "match", "words"),
    [
        (("a",), RecordMatch.ANY, "a"),
        (("a",), RecordMatch.ALL, "a"),
        (("a", "b"), RecordMatch.ANY, "any of a, b"),
        (("a", "b"), RecordMatch.ALL, "all of a, b"),
        (("a",), RecordMatch.EXACTLY, "exactly a"),
        ((), RecordMatch.EXACTLY, "exactly none"),
    ],
)
def test_records_are_explained(values: tuple[str, ...], match: RecordMatch, words: str) -> None:
    expectation = RecordsAre(values=values, match=match)

    (line,) = expectation.explain(FakeAnswer(records=["x", "y"]))
    (empty,) = Not(part=expectation).explain(FakeAnswer())

    assert (line.operand, line.actual, line.expected) == ("Records", "x, y", words)
    assert (empty.actual, empty.expected) == ("none", f"not {words}")
    assert (line.quotes, empty.quotes) == (True, False)


EQ, NE, HAS = JsonOperator.EQUALS, JsonOperator.NOT_EQUALS, JsonOperator.CONTAINS
ABOVE, BELOW, EXISTS = JsonOperator.ABOVE, JsonOperator.BELOW, JsonOperator.EXISTS

JSON = {
    "a text": (EQ, "up", ["up"], True),
    "another text": (EQ, "up", ["down"], False),
    "true": (EQ, "true", [True], True),
    "one is not true": (EQ, "true", [1], False),
    "null": (EQ, "null", [None], True),
    "a whole number": (EQ, "3", [3.0], True),
    "a fraction": (EQ, "3.5", [3.5], True),
    "one of several": (EQ, "up", ["down", "up"], True),
    "nothing equals": (EQ, "up", [], False),
    "not equal": (NE, "up", ["down"], True),
    "equal after all": (NE, "up", ["down", "up"], False),
    "nothing is not equal": (NE, "up", [], True),
    "contains": (HAS, "go", ["all systems go"], True),
    "does not contain": (HAS, "stop", ["all systems go"], False),
    "a list equals nothing": (EQ, "a list with 1 item", [["up"]], False),
    "an object equals nothing": (NE, "{}", [{}], True),
    "a list beside what contains": (HAS, "go", [["stop"], "all systems go"], True),
    "above": (ABOVE, "3", [4], True),
    "not above": (ABOVE, "3", [3], False),
    "below": (BELOW, "0.5", [0.25], True),
    "not below": (BELOW, "0.5", [1], False),
    "a text is not above": (ABOVE, "3", ["4"], False),
    "true is not above": (ABOVE, "0", [True], False),
    "above what is no number": (ABOVE, "three", [4], False),
    "too large a number": (ABOVE, "3", [10**400], False),
    "is there": (EXISTS, "", [None], True),
    "is not there": (EXISTS, "", [], False),
}


@pytest.mark.parametrize(("operator", "value", "found", "holds"), JSON.values(), ids=JSON)
def test_json(operator: JsonOperator, value: str, found: Sequence[object], holds: bool) -> None:
    expectation = JsonValue(path="$.state", operator=operator, value=value)

    assert _holds(expectation, FakeAnswer(values={"$.state": found})) is holds


EXPLAINED = {
    "found": (["down"], "down", "up"),
    "missing": ([], "not there", "up"),
    "long": (["x" * 999], "x" * 200, "up"),
    "an object": ([{"key": "canary"}], "an object with 1 member", "up"),
    "a list": ([["canary", 2]], "a list with 2 items", "up"),
}


@pytest.mark.parametrize(("found", "actual", "expected"), EXPLAINED.values(), ids=EXPLAINED)
def test_json_is_explained(found: Sequence[object], actual: str, expected: str) -> None:
    expectation = JsonValue(path="$.state", operator=EQ, value="up")

    (line,) = expectation.explain(FakeAnswer(values={"$.state": found}))

    assert (line.operand, line.actual, line.expected) == ("$.state", actual, expected)


def test_only_what_was_copied_from_a_body_is_a_quotation() -> None:
    expectation = JsonValue(path="$.state", operator=EQ, value="up")
    lines = [
        line
        for found in (["down"], [], [{"a": 1}])
        for line in expectation.explain(FakeAnswer(values={"$.state": found}))
    ]
    (opposite,) = Not(part=expectation).explain(FakeAnswer(values={"$.state": ["up"]}))

    assert [line.quotes for line in lines] == [True, False, False]
    assert opposite.quotes


UNTOLD: dict[str, tuple[Expectation, FakeAnswer, str]] = {
    "no JSON": (
        JsonValue(path="$.broken", operator=NE, value="up"),
        FakeAnswer(),
        "The body is not JSON.",
    ),
    "what an object contains": (
        JsonValue(path="$", operator=HAS, value="fail"),
        FakeAnswer(values={"$": [{"state": "fail"}]}),
        "an object with 1 member",
    ),
    "what a list among texts contains": (
        JsonValue(path="$[*]", operator=HAS, value="fail"),
        FakeAnswer(values={"$[*]": ["up", ["fail"]]}),
        "up",
    ),
    "no status": (StatusIs(codes=(200,)), FakeAnswer(http_status=None), "no status"),
    "a pattern that is too costly": (BodyMatches(pattern="(a)"), FakeAnswer(), "too costly"),
    "a pattern in a header": (
        HeaderValue(name="server", operator=MATCHES, value="(a)"),
        FakeAnswer(fields={"server": ["nginx"]}),
        "too costly",
    ),
    "no body": (BodySize(at_least=1), FakeAnswer(size_bytes=None), "no body"),
    "a body that goes on": (
        BodySize(at_least=99),
        FakeAnswer(is_whole=False),
        "more than 14 bytes",
    ),
    "a body that may end soon": (
        BodySize(at_most=99),
        FakeAnswer(is_whole=False),
        "more than 14 bytes",
    ),
    "no certificate": (CertificateLasts(days=14), FakeAnswer(), "not there"),
}


@pytest.mark.parametrize(("expectation", "answer", "actual"), UNTOLD.values(), ids=UNTOLD)
def test_of_what_cannot_be_told_neither_it_nor_its_opposite_holds(
    expectation: Expectation, answer: FakeAnswer, actual: str
) -> None:
    (line,) = expectation.explain(answer)
    (opposite,) = Not(part=expectation).explain(answer)

    assert (line.actual, line.holds) == (actual, False)
    assert (opposite.actual, opposite.holds) == (actual, False)


OPPOSITES = {
    EQ: "not up",
    NE: "up",
    HAS: "does not contain up",
    ABOVE: "not above up",
    BELOW: "not below up",
    EXISTS: "is not there",
}


@pytest.mark.parametrize(("operator", "words"), OPPOSITES.items(), ids=OPPOSITES)
def test_the_opposite_of_a_comparison_has_words(operator: JsonOperator, words: str) -> None:
    expectation = Not(part=JsonValue(path="$.state", operator=operator, value="up"))

    (line,) = expectation.explain(FakeAnswer())

    assert line.expected == words


@pytest.mark.parametrize(
    ("left", "holds"), [(14.0, True), (13.99, False), (90.5, True), (-1.0, False)]
)
def test_certificate(left: float, holds: bool) -> None:
    (line,) = CertificateLasts(days=14).explain(FakeAnswer(certificate_days=left))
    (opposite,) = Not(part=CertificateLasts(days=14)).explain(FakeAnswer(certificate_days=left))

    assert (line.holds, opposite.holds) == (holds, not holds)
    assert opposite.expected == "less than 14 days"


OK, BAD = StatusIs(codes=(200,)), StatusIs(codes=(500,))

TREES = {
    "all hold": (AllOf(parts=(OK, BodyContains(text="go"))), True),
    "one of all fails": (AllOf(parts=(OK, BodyContains(text="stop"))), False),
    "any holds": (AnyOf(parts=(BAD, OK)), True),
    "none holds": (AnyOf(parts=(BAD, BodyContains(text="stop"))), False),
    "not": (Not(part=BAD), True),
    "not, and it does": (Not(part=OK), False),
    "not all": (Not(part=AllOf(parts=(OK, BAD))), True),
    "nothing asked": (AllOf(parts=()), True),
    "nested": (AllOf(parts=(AnyOf(parts=(BAD, Not(part=BAD))), OK)), True),
    "no choice": (AnyOf(parts=()), False),
    "not nothing": (Not(part=AllOf(parts=())), False),
    "not even a choice": (Not(part=AnyOf(parts=())), True),
    "a choice of nothing": (AnyOf(parts=(AllOf(parts=()),)), True),
    "not any": (Not(part=AnyOf(parts=(BAD, BodyContains(text="stop")))), True),
    "not not": (Not(part=Not(part=OK)), True),
}


@pytest.mark.parametrize(("expectation", "holds"), TREES.values(), ids=TREES)
def test_tree(expectation: Expectation, holds: bool) -> None:
    assert _holds(expectation, FakeAnswer()) is holds


def test_every_part_is_explained_after_one_that_fails() -> None:
    lines = AllOf(parts=(BAD, OK, BodyContains(text="go"))).explain(FakeAnswer())

    assert [line.holds for line in lines] == [False, True, True]


def test_of_several_ways_the_one_that_holds_is_explained() -> None:
    (line,) = AnyOf(parts=(BAD, OK)).explain(FakeAnswer())

    assert (line.expected, line.holds) == ("200", True)


def test_when_no_way_holds_all_of_them_are_explained() -> None:
    lines = AnyOf(parts=(BAD, BodyContains(text="stop"))).explain(FakeAnswer())

    assert [(line.operand, line.holds) for line in lines] == [("Status", False), ("Body", False)]


def test_of_parts_that_must_not_all_hold_the_one_that_does_not_is_explained() -> None:
    (line,) = Not(part=AllOf(parts=(OK, BAD))).explain(FakeAnswer())

    assert (line.actual, line.expected, line.holds) == ("200", "not 500", True)


def test_the_opposite_is_explained_as_such() -> None:
    (line,) = Not(part=OK).explain(FakeAnswer())

    assert (line.actual, line.expected, line.holds) == ("200", "not 200", False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (2.0, "2"),
        (2.5, "2.5"),
        ("x", "x"),
        (9e15, "9000000000000000"),
        (1e16, "1e+16"),
        (-1e300, "-1e+300"),
        ([[0] * 9999], "a list with 1 item"),
        ({}, "an object with 0 members"),
    ],
)
def test_json_values_are_written_as_in_the_form(value: object, text: str) -> None:
    assert as_text(value) == text


leaves = st.one_of(
    st.builds(StatusIs, codes=st.sampled_from([(200,), (500,), (200, 500)])),
    st.builds(BodyContains, text=st.sampled_from(["go", "stop"])),
    st.builds(BodyMatches, pattern=st.sampled_from(["go", "stop", "(costly)"])),
    st.builds(BodySize, at_least=st.sampled_from([None, 14, 15]), at_most=st.none() | st.just(14)),
    st.builds(
        HeaderValue,
        name=st.sampled_from(["server", "x-none"]),
        operator=st.sampled_from(HeaderOperator),
        value=st.sampled_from(["nginx", "(costly)"]),
    ),
    st.builds(
        JsonValue,
        path=st.sampled_from(["$.a", "$.none", "$.broken"]),
        operator=st.sampled_from(JsonOperator),
        value=st.sampled_from(["1", "2"]),
    ),
    st.builds(CertificateLasts, days=st.sampled_from([7, 30])),
    st.builds(
        RecordsAre,
        values=st.sets(st.sampled_from("ab")).map(tuple),
        match=st.sampled_from(RecordMatch),
    ),
)


def _branches(inner: st.SearchStrategy[Expectation]) -> st.SearchStrategy[Expectation]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, parts=parts), st.builds(AnyOf, parts=parts), st.builds(Not, part=inner)
    )


trees = st.recursive(leaves, _branches, max_leaves=8)
answers = st.builds(
    FakeAnswer,
    http_status=st.sampled_from([None, 200, 500]),
    size_bytes=st.sampled_from([None, 14]),
    is_whole=st.booleans(),
    certificate_days=st.sampled_from([None, 14.0]),
    records=st.lists(st.sampled_from("ab"), max_size=2),
    fields=st.sampled_from([{}, {"server": ["nginx"]}]),
    values=st.just({"$.a": [1]}),
)


@given(tree=trees, answer=answers)
def test_a_tree_and_its_opposite_never_both_hold(tree: Expectation, answer: FakeAnswer) -> None:
    assert not (_holds(tree, answer) and _holds(Not(part=tree), answer))


@given(tree=trees)
def test_where_everything_can_be_told_either_a_tree_or_its_opposite_holds(
    tree: Expectation,
) -> None:
    answer = FakeAnswer(certificate_days=14.0, values={"$.a": [1]})
    assume("costly" not in repr(tree))
    assume("broken" not in repr(tree))

    assert _holds(tree, answer) is not _holds(Not(part=tree), answer)


@given(tree=trees, answer=answers)
def test_the_opposite_of_the_opposite_is_explained_like_the_tree(
    tree: Expectation, answer: FakeAnswer
) -> None:
    assert Not(part=Not(part=tree)).explain(answer) == tree.explain(answer)


@given(parts=st.lists(trees, max_size=3).map(tuple), answer=answers)
def test_not_all_is_any_not_and_not_any_is_all_not(
    parts: tuple[Expectation, ...], answer: FakeAnswer
) -> None:
    opposites = tuple(Not(part=part) for part in parts)

    assert Not(part=AllOf(parts=parts)).explain(answer) == AnyOf(parts=opposites).explain(answer)
    assert Not(part=AnyOf(parts=parts)).explain(answer) == AllOf(parts=opposites).explain(answer)


@given(parts=st.lists(trees, max_size=3).map(tuple), answer=answers)
def test_a_tree_holds_by_its_parts(parts: tuple[Expectation, ...], answer: FakeAnswer) -> None:
    verdicts = [_holds(part, answer) for part in parts]

    assert _holds(AllOf(parts=parts), answer) is all(verdicts)
    assert _holds(AnyOf(parts=parts), answer) is any(verdicts)


@given(tree=trees, answer=answers)
def test_what_does_not_hold_always_says_why(tree: Expectation, answer: FakeAnswer) -> None:
    lines = tree.explain(answer)

    assert all(line.operand and line.actual and line.expected for line in lines)
    assert any(not line.holds for line in lines) is not _holds(tree, answer)


@given(tree=trees)
def test_the_leaves_of_a_tree_are_those_that_are_written_in_it(tree: Expectation) -> None:
    leaves = list_leaves(tree)

    assert sum(repr(tree).count(f"{kind.__name__}(") for kind in get_args(Leaf)) == len(leaves)


@given(parts=st.lists(leaves, min_size=1, max_size=4).map(tuple), answer=answers)
def test_when_none_of_several_holds_the_reasons_of_all_are_told(
    parts: tuple[Expectation, ...], answer: FakeAnswer
) -> None:
    lines = AnyOf(parts=parts).explain(answer)

    if not holds(lines):
        assert lines == [line for part in parts for line in part.explain(answer)]
