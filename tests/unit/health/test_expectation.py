"""Expectations: what holds, what does not, and what nobody can tell."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.errors import ExpectationFailedError, ExpectationInvalidError
from allgreen.health.expectation import RUN, Expectation, Run, expect, make_sure

NAN = float("nan")
NAIVE = datetime(2026, 4, 14, 23, 58)  # noqa: DTZ001 - that is the case
AWARE = NAIVE.replace(tzinfo=UTC)

Asserted = Callable[[], object]


def failure(asserted: Asserted) -> ExpectationFailedError:
    with pytest.raises(ExpectationFailedError) as raised:
        asserted()
    return raised.value


def error(asserted: Asserted) -> str:
    with pytest.raises(ExpectationInvalidError) as raised:
        asserted()
    return str(raised.value)


def said(asserted: Asserted) -> list[str]:
    run = Run()
    token = RUN.set(run)
    try:
        asserted()
    finally:
        RUN.reset(token)
    assert run.unasserted() is None
    return list(run.said)


# As numpy does it: comparisons give a truth value of its own, which is no bool.


class bool_:  # noqa: N801 - so it is called there
    """Like `numpy.bool_`."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value

    def __repr__(self) -> str:
        return f"np.{self.value}"

    def __float__(self) -> float:
        return float(self.value)


class float64:  # noqa: N801 - so it is called there
    """Like `numpy.float64`."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"np.float64({self.value})"

    __hash__ = None  # type: ignore[assignment]  # it has none

    def __eq__(self, other: object) -> bool_:  # type: ignore[override]  # as there
        return bool_(self.value == _float(other))

    def __ne__(self, other: object) -> bool_:  # type: ignore[override]  # as there
        return bool_(self.value != _float(other))

    def __lt__(self, other: object) -> bool_:
        return bool_(self.value < _float(other))

    def __gt__(self, other: object) -> bool_:
        return bool_(self.value > _float(other))

    def __ge__(self, other: object) -> bool_:
        return bool_(self.value >= _float(other))

    def __le__(self, other: object) -> bool_:
        return bool_(self.value <= _float(other))


def _float(value: Any) -> float:
    return float(value)


class Ambiguous:
    """What numpy answers when arrays are compared."""

    def __bool__(self) -> bool:
        raise ValueError("The truth value of an array is ambiguous")

    def __repr__(self) -> str:
        return "array([True, False])"


class Array:
    """Like `numpy.ndarray`: comparisons give arrays."""

    def __repr__(self) -> str:
        return "array([1, 2])"

    __hash__ = None  # type: ignore[assignment]  # it has none

    def __eq__(self, other: object) -> Ambiguous:  # type: ignore[override]  # as there
        return Ambiguous()

    def __ne__(self, other: object) -> Ambiguous:  # type: ignore[override]  # as there
        return Ambiguous()

    def __lt__(self, other: object) -> Ambiguous:
        return Ambiguous()

    def __gt__(self, other: object) -> Ambiguous:
        return Ambiguous()

    def __bool__(self) -> bool:
        return bool(Ambiguous())


class Column:
    """A field of a query builder: comparisons give clauses, which are always true."""

    def __repr__(self) -> str:
        return "orders.total"

    __hash__ = None  # type: ignore[assignment]  # it has none

    def __eq__(self, other: object) -> object:  # type: ignore[override]  # as there
        return object()

    def __ne__(self, other: object) -> object:  # type: ignore[override]  # as there
        return object()

    def __lt__(self, other: object) -> object:
        return object()


HOLD: dict[str, tuple[Asserted, str]] = {
    "equal": (lambda: expect("pong").to_eq("pong"), "'pong' equals 'pong'"),
    "different": (lambda: expect(200).not_to_eq(503), "200 does not equal 503"),
    "different from nothing": (lambda: expect("x").not_to_eq(None), "'x' does not equal None"),
    "above": (lambda: expect(64).to_be_greater_than(10), "64 is greater than 10"),
    "below": (lambda: expect(38).to_be_less_than(500), "38 is less than 500"),
    "at least": (lambda: expect(10).to_be_at_least(10), "10 is at least 10"),
    "at most": (lambda: expect(10).to_be_at_most(10), "10 is at most 10"),
    "between": (lambda: expect(5).to_be_between(5, 6), "5 is between 5 and 6"),
    "outside": (lambda: expect(7).not_to_be_between(5, 6), "7 is not between 5 and 6"),
    "contained": (lambda: expect("all fine").to_contain("fine"), "'all fine' contains 'fine'"),
    "an item": (lambda: expect([1, 2]).to_contain(2), "[1, 2] contains 2"),
    "a key": (lambda: expect({"a": 1}).to_contain("a"), "{'a': 1} contains 'a'"),
    "the empty text as an item": (lambda: expect([""]).to_contain(""), "[''] contains ''"),
    "absent": (lambda: expect("fine").not_to_contain("err"), "'fine' does not contain 'err'"),
    "one of": (lambda: expect("a").to_be_in(["a", "b"]), "'a' is in ['a', 'b']"),
    "none of": (lambda: expect("c").not_to_be_in(["a"]), "'c' is not in ['a']"),
    "none": (lambda: expect(None).to_be_none(), "None is None"),
    "not none": (lambda: expect(0).not_to_be_none(), "0 is not None"),
    "true": (lambda: expect(1 == 1.0).to_be_true(), "True is True"),
    "false": (lambda: expect(bool("")).to_be_false(), "False is False"),
    "true for numpy": (lambda: expect(bool_(True)).to_be_true(), "np.True is True"),
    "a match": (lambda: expect("v12").to_match(r"^v\d+$"), r"'v12' matches '^v\\d+$'"),
    "a compiled match": (
        lambda: expect(b"v1").to_match(re.compile(rb"\d")),
        r"b'v1' matches b'\\d'",
    ),
    "no match": (lambda: expect("v").not_to_match(r"\d"), r"'v' does not match '\\d'"),
}


@pytest.mark.semantics(6)
@pytest.mark.parametrize(("asserted", "sentence"), HOLD.values(), ids=HOLD)
def test_what_holds_is_said_with_the_value(asserted: Asserted, sentence: str) -> None:
    assert said(asserted) == [sentence]


FAIL: dict[str, tuple[Asserted, str, str, str]] = {
    "equal": (
        lambda: expect(503).to_eq(200), "Expected 503 to equal 200", "200", "503"
    ),
    "text and number": (
        lambda: expect("200").to_eq(200), "Expected '200' to equal 200", "200", "'200'"
    ),
    "different": (
        lambda: expect(1).not_to_eq(1.0), "Expected 1 not to equal 1.0", "not 1.0", "1"
    ),
    "above": (
        lambda: expect(10).to_be_greater_than(10),
        "Expected 10 to be greater than 10", "greater than 10", "10",
    ),
    "below": (
        lambda: expect(612).to_be_less_than(500),
        "Expected 612 to be less than 500", "less than 500", "612",
    ),
    "at least": (
        lambda: expect(9).to_be_at_least(10), "Expected 9 to be at least 10", "at least 10", "9"
    ),
    "at most": (
        lambda: expect(11).to_be_at_most(10), "Expected 11 to be at most 10", "at most 10", "11"
    ),
    "between": (
        lambda: expect(4).to_be_between(5, 6),
        "Expected 4 to be between 5 and 6", "between 5 and 6", "4",
    ),
    "outside": (
        lambda: expect(5).not_to_be_between(5, 6),
        "Expected 5 not to be between 5 and 6", "not between 5 and 6", "5",
    ),
    "contained": (
        lambda: expect("fine").to_contain("x"),
        "Expected 'fine' to contain 'x'", "containing 'x'", "'fine'",
    ),
    "absent": (
        lambda: expect([1]).not_to_contain(1),
        "Expected [1] not to contain 1", "not containing 1", "[1]",
    ),
    "one of": (
        lambda: expect(3).to_be_in([1, 2]), "Expected 3 to be in [1, 2]", "in [1, 2]", "3"
    ),
    "none of": (
        lambda: expect(1).not_to_be_in((1,)), "Expected 1 not to be in (1,)", "not in (1,)", "1"
    ),
    "none": (lambda: expect(0).to_be_none(), "Expected 0 to be None", "None", "0"),
    "not none": (
        lambda: expect(None).not_to_be_none(), "Expected None not to be None", "not None", "None"
    ),
    "true": (lambda: expect(1).to_be_true(), "Expected 1 to be True", "True", "1"),
    "false": (lambda: expect("").to_be_false(), "Expected '' to be False", "False", "''"),
    "match": (
        lambda: expect("v").to_match("[0-9]"),
        "Expected 'v' to match '[0-9]'", "matching '[0-9]'", "'v'",
    ),
    "no match": (
        lambda: expect("v1").not_to_match("[0-9]"),
        "Expected 'v1' not to match '[0-9]'", "not matching '[0-9]'", "'v1'",
    ),
    "sure": (
        lambda: make_sure([]), "Expected something true, and got []", "something true", "[]"
    ),
    "sure, with a message": (
        lambda: make_sure(0, "no answer"), "no answer", "something true", "0"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asserted", "message", "expected", "actual"), FAIL.values(), ids=FAIL)
def test_what_does_not_hold_says_what_was_expected(
    asserted: Asserted, message: str, expected: str, actual: str
) -> None:
    failed = failure(asserted)

    assert (failed.message, failed.expected, failed.actual) == (message, expected, actual)
    assert isinstance(failed, AssertionError)


ORDERED = {
    "int": (1, 2),
    "int and float": (1, 1.5),
    "float": (-float("inf"), float("inf")),
    "Decimal": (Decimal("0.1"), Decimal("0.2")),
    "Decimal and int": (Decimal("0.1"), 1),
    "Fraction and float": (Fraction(1, 3), 0.5),
    "text": ("a", "b"),
    "bytes": (b"a", b"b"),
    "tuples": ((1, "a"), (1, "b")),
    "naive": (NAIVE, NAIVE + timedelta(seconds=1)),
    "aware": (AWARE, AWARE + timedelta(seconds=1)),
    "dates": (NAIVE.date(), NAIVE.date() + timedelta(days=1)),
    "durations": (timedelta(0), timedelta(seconds=1)),
    "times of a day": (time(1), time(2)),
    "numpy": (float64(1.0), float64(2.0)),
    "numpy and float": (float64(1.0), 2.0),
    "float and numpy": (1.0, float64(2.0)),
}


@pytest.mark.semantics(5)
@pytest.mark.parametrize(("low", "high"), ORDERED.values(), ids=ORDERED)
def test_anything_that_has_an_order_can_be_bounded(low: object, high: object) -> None:
    expect(low).to_be_less_than(high)
    expect(high).to_be_greater_than(low)
    expect(low).to_be_at_most(low)
    expect(high).to_be_at_least(low)
    expect(low).to_be_between(low, high)
    expect(low).not_to_be_between(high, high)
    expect(low).to_eq(low)
    expect(low).not_to_eq(high)
    failure(lambda: expect(high).to_be_less_than(low))
    failure(lambda: expect(low).to_be_at_least(high))
    failure(lambda: expect(low).to_be_between(high, high))


INCOMPARABLE: dict[str, tuple[object, object, str]] = {
    "text and number": ("a", 3, "Cannot compare str 'a' with int 3."),
    "nothing and number": (None, 3, "Cannot compare NoneType None with int 3."),
    "bool and number": (True, 1, "Cannot compare bool True with int 1."),
    "number and bool": (0.5, True, "Cannot compare float 0.5 with bool True."),
    "bool and Decimal": (False, Decimal(0), "Cannot compare bool False with Decimal Decimal('0')."),
    "two bools": (False, True, "Cannot compare bool False with bool True."),
    "two of numpy": (
        bool_(True), bool_(False), "Cannot compare bool_ np.True with bool_ np.False."
    ),
    "bool of numpy": (bool_(True), 1, "Cannot compare bool_ np.True with int 1."),
    "naive and aware": (
        NAIVE, AWARE,
        f"Cannot compare naive datetime {NAIVE!r} with aware datetime {AWARE!r}.",
    ),
    "times of a day": (
        time(1, tzinfo=UTC), time(1),
        (
            "Cannot compare aware time datetime.time(1, 0, tzinfo=datetime.timezone.utc) "
            "with naive time datetime.time(1, 0)."
        ),
    ),
    "number and duration": (
        3, timedelta(0), "Cannot compare int 3 with timedelta datetime.timedelta(0)."
    ),
    "Decimal that signals": (
        Decimal("sNaN"), 1, "Cannot compare Decimal Decimal('sNaN') with int 1."
    ),
    "an array": (
        Array(), 1,
        (
            "The comparison of Array array([1, 2]) with int 1 is neither true nor false, "
            "but array([True, False]): The truth value of an array is ambiguous"
        ),
    ),
    "a field of a query builder": (
        Column(), 5, "Cannot compare Column orders.total with int 5."
    ),
}  # fmt: skip


@pytest.mark.semantics(5)
@pytest.mark.parametrize(("value", "bound", "message"), INCOMPARABLE.values(), ids=INCOMPARABLE)
def test_an_incomparable_pair_is_an_error_that_names_both_types(
    value: object, bound: object, message: str
) -> None:
    assert error(lambda: expect(value).to_be_less_than(bound)) == message
    assert isinstance(ExpectationInvalidError(""), TypeError)


@pytest.mark.semantics(5)
@pytest.mark.parametrize(
    ("value", "other"),
    [(True, 1), (0, False), (bool_(True), 1.0), (NAIVE, AWARE), (Array(), 1), (Column(), 1)],
)
def test_equality_of_what_cannot_be_compared_is_an_error_too(value: object, other: object) -> None:
    assert error(lambda: expect(value).to_eq(other))
    assert error(lambda: expect(value).not_to_eq(other))


@pytest.mark.semantics(5)
def test_bools_equal_bools() -> None:
    expect(True).to_eq(True)
    expect(True).not_to_eq(False)
    expect(True).not_to_eq(None)
    failure(lambda: expect(True).to_eq(False))
    failure(lambda: expect(True).to_eq("True"))


@pytest.mark.semantics(5)
@pytest.mark.parametrize("collection", [[1], (1,), {1}, frozenset({1}), {1: "one"}])
def test_a_bool_is_not_among_numbers(collection: object) -> None:
    expect(collection).to_contain(1)
    expect(collection).not_to_contain(True)
    failure(lambda: expect(True).to_be_in(collection))


@pytest.mark.parametrize(("value", "other"), [("500", 500), (b"ok", "ok"), (len, 0), (max, "x")])
def test_that_other_kinds_of_values_differ_says_nothing(value: object, other: object) -> None:
    assert error(lambda: expect(value).not_to_eq(other)).startswith("Cannot compare")


def matchers(expectation: Expectation, other: object) -> dict[str, Asserted]:
    return {
        "eq": partial(expectation.to_eq, other),
        "not eq": partial(expectation.not_to_eq, other),
        "greater": partial(expectation.to_be_greater_than, other),
        "less": partial(expectation.to_be_less_than, other),
        "at least": partial(expectation.to_be_at_least, other),
        "at most": partial(expectation.to_be_at_most, other),
        "between": partial(expectation.to_be_between, other, other),
        "not between": partial(expectation.not_to_be_between, other, other),
    }


@pytest.mark.semantics(5)
@pytest.mark.parametrize("nan", [NAN, -NAN, Decimal("nan"), float64(NAN)])
@pytest.mark.parametrize("name", matchers(expect(0), 0))
def test_nan_satisfies_nothing(nan: object, name: str) -> None:
    failure(matchers(expect(nan), 0)[name])
    failure(matchers(expect(10), nan)[name])
    failure(matchers(expect(nan), nan)[name])


@pytest.mark.semantics(5)
def test_nan_is_outside_of_nothing() -> None:
    failure(lambda: expect(10).not_to_be_between(NAN, 5))
    failure(lambda: expect(1).not_to_be_between(5, NAN))
    failure(lambda: expect(NAN).not_to_be_in([1]))
    failure(lambda: make_sure(NAN))


@pytest.mark.semantics(5)
@given(st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_a_bound_and_its_opposite_never_both_hold(value: float, bound: float) -> None:
    def holds(asserted: Asserted) -> bool:
        try:
            asserted()
        except ExpectationFailedError:
            return False
        return True

    above = holds(lambda: expect(value).to_be_greater_than(bound))
    below = holds(lambda: expect(value).to_be_at_most(bound))

    assert above + below == (value == value and bound == bound)


def test_bounds_the_wrong_way_round_are_an_error() -> None:
    message = "Nothing is between 6 and 5."

    assert error(lambda: expect(1).to_be_between(6, 5)) == message
    assert error(lambda: expect(1).not_to_be_between(6, 5)) == message


QUESTIONS: dict[str, tuple[Asserted, str]] = {
    "no collection": (
        lambda: expect(5).to_contain("x"),
        "Nobody can tell whether int 5 contains str 'x'.",
    ),
    "number in text": (
        lambda: expect("abc").not_to_contain(5),
        "Nobody can tell whether str 'abc' contains int 5.",
    ),
    "list in a set": (
        lambda: expect([1]).to_be_in({1}),
        "Nobody can tell whether set {1} contains list [1].",
    ),
    "array in a list": (
        lambda: expect([1]).to_contain(Array()),
        "Nobody can tell whether list [1] contains Array array([1, 2]).",
    ),
    "the empty text": (
        lambda: expect("abc").to_contain(""),
        "Every text contains the empty one, so this says nothing.",
    ),
    "pattern and number": (
        lambda: expect(5).to_match("5"), "A pattern is found in text, and not in int 5."
    ),
    "pattern and bytes": (
        lambda: expect(b"5").not_to_match("5"),
        "'5' cannot be looked for in bytes b'5': cannot use a string pattern on a bytes-like object",
    ),
    "no pattern": (
        lambda: expect("(").to_match("("),
        (
            "'(' cannot be looked for in str '(': "
            "missing ), unterminated subpattern at position 0"
        ),
    ),
    "an array as a condition": (
        lambda: make_sure(Array()),
        (
            "The condition is neither true nor false, but array([1, 2]): "
            "The truth value of an array is ambiguous"
        ),
    ),
}  # fmt: skip


@pytest.mark.semantics(5)
@pytest.mark.parametrize(("asserted", "message"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_without_sense_is_an_error(asserted: Asserted, message: str) -> None:
    assert error(asserted) == message


async def answer() -> bool:
    return False


@pytest.mark.semantics(3, 4)
def test_a_coroutine_is_not_true() -> None:
    assert error(lambda: make_sure(answer())) == (
        "The condition says nothing: a coroutine was never awaited; write `await` before the call."
    )


@pytest.mark.semantics(4)
@pytest.mark.parametrize(
    "condition", [answer, "no".__eq__, len, lambda: False, (one for one in [False])]
)
def test_neither_is_what_was_not_called(condition: object) -> None:
    assert error(lambda: make_sure(condition)).startswith("The condition says nothing:")


@pytest.mark.parametrize("condition", [True, 1, "yes", [0], object(), answer.__class__])
def test_anything_else_that_is_true_will_do(condition: object) -> None:
    assert said(lambda: make_sure(condition)) == []


@pytest.mark.semantics(3)
def test_nothing_can_be_expected_of_a_coroutine() -> None:
    assert "never awaited" in error(lambda: expect(answer()).not_to_be_none())
    assert "never awaited" in error(lambda: expect(5).not_to_eq(answer()))
    assert "never awaited" in error(lambda: expect([]).not_to_contain(answer()))


@pytest.mark.semantics(15)
@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("no\x00answer\ud800", "no\\x00answer\ufffd"),
        ("x" * 10_000_000, "x" * 1999 + "…"),
        (ValueError("no answer"), "ValueError('no answer')"),
        (" ", "Expected something true, and got False"),
    ],
)
def test_any_message_can_be_shown(message: object, shown: str) -> None:
    assert failure(lambda: make_sure(False, message)).message == shown


class Thing:
    def __repr__(self) -> str:
        raise ValueError("no repr today")


@pytest.mark.semantics(16)
def test_a_repr_that_raises_does_not_break_the_report() -> None:
    thing = Thing()
    quoted = "<Thing object: its repr raised ValueError>"

    failed = failure(lambda: expect(thing).to_eq(1))

    assert failed.message == f"Expected {quoted} to equal 1"
    assert failed.actual == quoted
    assert said(lambda: expect(thing).to_eq(thing)) == [f"{quoted} equals {quoted}"]
    assert error(lambda: expect(thing).to_be_less_than(1)).startswith(
        f"Cannot compare Thing {quoted}"
    )


@pytest.mark.semantics(16)
def test_a_message_holds_no_ten_million_characters() -> None:
    failed = failure(lambda: expect("x" * 10_000_000).to_eq("y" * 10_000_000))

    assert len(failed.message) < 500


class Broken:
    def __eq__(self, other: object) -> bool:
        raise ConnectionError("lazy, and the database is gone")

    __hash__ = None  # type: ignore[assignment]  # not needed


def test_what_else_a_comparison_raises_is_passed_on() -> None:
    with pytest.raises(ConnectionError, match="the database is gone"):
        expect(Broken()).to_eq(1)


@pytest.mark.semantics(2)
def test_an_expectation_without_a_matcher_is_noticed() -> None:
    run = Run()
    token = RUN.set(run)
    try:
        expect(1).to_eq(1)
        expect(38)
    finally:
        RUN.reset(token)

    assert run.unasserted() == "An expectation was never asserted: expect(38) has no matcher."
    assert [repr(one) for one in run.open] == ["expect(38)"]


@pytest.mark.semantics(2)
def test_a_matcher_that_fails_was_still_asked() -> None:
    run = Run()
    token = RUN.set(run)
    try:
        failure(lambda: expect(1).to_eq(2))
    finally:
        RUN.reset(token)

    assert run.unasserted() is None
    assert list(run.said) == []


@pytest.mark.semantics(2)
def test_one_value_can_be_asserted_twice() -> None:
    def both() -> None:
        value = expect(3)
        value.to_be_at_least(1)
        value.to_be_at_most(5)

    assert said(both) == ["3 is at least 1", "3 is at most 5"]


@pytest.mark.semantics(2)
def test_each_run_keeps_its_own_expectations() -> None:
    async def check(run: Run, value: int) -> None:
        RUN.set(run)
        expectation = expect(value)
        await asyncio.sleep(0)
        expectation.to_eq(value)

    async def both(*runs: Run) -> None:
        async with asyncio.TaskGroup() as group:
            for number, run in enumerate(runs):
                group.create_task(check(run, number))

    first, second = Run(), Run()
    asyncio.run(both(first, second))

    assert [*first.said, *second.said] == ["0 equals 0", "1 equals 1"]


def test_outside_of_a_run_nothing_is_kept() -> None:
    expect(1).to_eq(1)

    assert RUN.get() is None


def test_a_check_with_many_expectations_keeps_a_hundred_sentences() -> None:
    def many() -> None:
        for number in range(1000):
            expect(number).to_eq(number)

    assert said(many)[-1] == "99 equals 99"
