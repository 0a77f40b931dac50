"""What counts as correct, and how each failure is explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    CertificateLasts,
    Expectation,
    Explanation,
    JsonOperator,
    JsonValue,
    Not,
    StatusIs,
    as_text,
)


@dataclass(frozen=True)
class FakeAnswer:
    """An answer that was parsed already."""

    http_status: int | None = 200
    text: str = "all systems go"
    certificate_days: float | None = None
    values: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def find_json(self, path: str) -> Sequence[object]:
        """Return what stands at a path; a path that is not listed cannot be read."""
        if path == "$.broken":
            raise ValueError("The body is not JSON.")
        return self.values.get(path, ())


def _holds(expectation: Expectation, answer: FakeAnswer) -> bool:
    return all(line.holds for line in expectation.explain(answer))


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


def test_a_body_that_is_no_json_holds_nothing_and_says_so() -> None:
    (line,) = JsonValue(path="$.broken", operator=NE, value="up").explain(FakeAnswer())

    assert (line.actual, line.holds) == ("The body is not JSON.", False)


@pytest.mark.parametrize(
    ("left", "holds"), [(14.0, True), (13.99, False), (90.5, True), (-1.0, False)]
)
def test_certificate(left: float, holds: bool) -> None:
    assert _holds(CertificateLasts(days=14), FakeAnswer(certificate_days=left)) is holds


def test_without_tls_no_certificate_is_asked_for() -> None:
    assert CertificateLasts(days=14).explain(FakeAnswer()) == []


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


def test_the_opposite_is_explained_as_such() -> None:
    (line,) = Not(part=OK).explain(FakeAnswer())

    assert (line.actual, line.expected, line.holds) == ("200", "not 200", False)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (None, "null"), (2.0, "2"), (2.5, "2.5"), ("x", "x")],
)
def test_json_values_are_written_as_in_the_form(value: object, text: str) -> None:
    assert as_text(value) == text
