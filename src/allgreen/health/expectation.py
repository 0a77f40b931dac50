"""Expectation: what a check says must hold, in words that its report repeats.

This module is on the way of ``from allgreen import check``: no module that is slow to import here.
"""

from __future__ import annotations

from contextvars import ContextVar
from operator import eq, ge, gt, le, lt, ne
from types import BuiltinFunctionType, FunctionType, MethodType

from allgreen.errors import ExpectationFailedError, ExpectationInvalidError
from allgreen.health.forgotten import find_forgotten, find_unawaited
from allgreen.health.quoting import as_plain, cut, describe, quote

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Pattern
    from typing import Any

    Comparison = Callable[[Any, Any], object]
    Verb = tuple[str, str, str]

_MOST_SAID = 100
_LONGEST_MESSAGE = 2000
_COLLECTIONS = (list, tuple, set, frozenset, dict)
_NEVER_NAN = (str, bytes, *_COLLECTIONS)
_PLAIN = frozenset({int, str})
_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType)

# What is asked, what is found, and what was expected, each followed by the other value.
_EQUAL = ("to equal", "equals", "")
_DIFFER = ("not to equal", "does not equal", "not ")
_BE = ("to be", "is", "")
_NOT_BE = ("not to be", "is not", "not ")
_CONTAIN = ("to contain", "contains", "containing ")
_LACK = ("not to contain", "does not contain", "not containing ")
_MATCH = ("to match", "matches", "matching ")
_NOT_MATCH = ("not to match", "does not match", "not matching ")


class Run:
    """What the expectations of one run of a check have come to so far.

    Attributes:
        open: Those that nobody has asserted anything of.
        said: Sentences of those that held, in their order; the first hundred.
    """

    # Lists only where something is expected: a run is made for every check, and most expect nothing.
    open: list[Expectation] | tuple[()] = ()
    said: list[str] | tuple[()] = ()

    def await_assertion(self, expectation: Expectation) -> None:
        """Note that something is to be asserted of a value."""
        self.open = [*self.open, expectation]

    def note(self, expectation: Expectation, sentence: str | None) -> None:
        """Note that it was asserted, and what held."""
        self.open = [one for one in self.open if one is not expectation]
        if sentence is not None and len(self.said) < _MOST_SAID:
            self.said = [*self.said, sentence]

    def unasserted(self) -> str | None:
        """Say which expectation was never asserted; `None` when all were."""
        if not self.open:
            return None
        return f"An expectation was never asserted: expect({self.open[0].quoted()}) has no matcher."


RUN: ContextVar[Run | None] = ContextVar("allgreen_run", default=None)
"""The run of a check in which the caller is; `None` outside of all."""


def expect(value: object) -> Expectation:
    """Say that something is expected of a value; a method of the answer says what.

    Without such a method nothing is asserted, and the check is an error.

    Raises:
        ExpectationInvalidError: The value is still to be awaited.
    """
    forgotten = find_unawaited(value)
    if forgotten:
        raise ExpectationInvalidError(f"Nothing can be expected of it: {forgotten}.")
    return Expectation(value)


def make_sure(condition: object, message: object = None) -> None:
    """Have the check fail unless a condition is true in the sense of Python.

    Args:
        condition: Any value, not what gives one later: a coroutine, a generator and a function
            that was not called are always true, and therefore errors. NaN is not true.
        message: Sentence for people that says what is wrong when it is not.

    Raises:
        ExpectationFailedError: It is not true.
        ExpectationInvalidError: Nobody can tell.
    """
    forgotten = find_forgotten(condition)
    if forgotten:
        raise ExpectationInvalidError(f"The condition says nothing: {forgotten}.")
    if _is_true(condition, "The condition") and not _is_nan(condition):
        return
    actual = quote(condition)
    said = _text(message) or f"Expected something true, and got {actual}"
    raise ExpectationFailedError(said, expected="something true", actual=actual)


class Expectation:
    """A value of which something is expected.

    Each method asserts one thing. It returns nothing when that holds, and raises otherwise:
    `ExpectationFailedError`, with which the check has failed, or `ExpectationInvalidError`, with
    which it is an error, when the question makes no sense, because two values cannot be compared.

    Numbers are compared with numbers and `bool` with `bool`, never one with the other. NaN
    satisfies nothing, whether a method begins with ``to`` or with ``not_to``.
    """

    __slots__ = ("_run", "_value")

    def __init__(self, value: object) -> None:
        self._value = value
        self._run = RUN.get()
        if self._run is not None:
            self._run.await_assertion(self)

    def quoted(self) -> str:
        """Return the value as Python writes it, cut to a length that can be read."""
        return quote(self._value)

    def to_eq(self, other: object) -> None:
        """Expect that the value equals another."""
        self._settle(_compare(eq, self._value, other), _EQUAL, quote(other))

    def not_to_eq(self, other: object) -> None:
        """Expect that the value differs from another, which could be equal to it.

        Text and a number never are: that they differ says nothing, and is an error.
        """
        _refuse_other_kind(self._value, other)
        self._settle(_compare(ne, self._value, other), _DIFFER, quote(other))

    def to_be_greater_than(self, bound: object) -> None:
        """Expect that the value is above a bound."""
        self._settle(_rank(gt, self._value, bound), _BE, f"greater than {quote(bound)}")

    def to_be_less_than(self, bound: object) -> None:
        """Expect that the value is below a bound."""
        self._settle(_rank(lt, self._value, bound), _BE, f"less than {quote(bound)}")

    def to_be_at_least(self, bound: object) -> None:
        """Expect that the value is a bound or above it."""
        self._settle(_rank(ge, self._value, bound), _BE, f"at least {quote(bound)}")

    def to_be_at_most(self, bound: object) -> None:
        """Expect that the value is a bound or below it."""
        self._settle(_rank(le, self._value, bound), _BE, f"at most {quote(bound)}")

    def to_be_between(self, low: object, high: object) -> None:
        """Expect that the value is between two bounds, or one of them."""
        _refuse_empty_range(low, high)
        is_inside = _rank(ge, self._value, low) and _rank(le, self._value, high)
        self._settle(is_inside, _BE, f"between {quote(low)} and {quote(high)}")

    def not_to_be_between(self, low: object, high: object) -> None:
        """Expect that the value is below the lower bound, or above the higher one."""
        _refuse_empty_range(low, high)
        # Asked this way round: NaN and its like are neither inside nor outside.
        is_outside = _rank(lt, self._value, low) or _rank(gt, self._value, high)
        is_outside = is_outside and not _is_nan(low) and not _is_nan(high)
        self._settle(is_outside, _NOT_BE, f"between {quote(low)} and {quote(high)}")

    def to_contain(self, item: object) -> None:
        """Expect that the value, a text or a collection, contains something."""
        if isinstance(item, str | bytes) and not item and isinstance(self._value, str | bytes):
            raise ExpectationInvalidError(
                "Every text contains the empty one, so this says nothing."
            )
        self._settle(_holds(self._value, item), _CONTAIN, quote(item))

    def not_to_contain(self, item: object) -> None:
        """Expect that the value, a text or a collection, does not contain something."""
        self._settle(not _holds(self._value, item), _LACK, quote(item))

    def to_be_in(self, collection: object) -> None:
        """Expect that the value is an item of a collection."""
        self._settle(_holds(collection, self._value), _BE, f"in {quote(collection)}")

    def not_to_be_in(self, collection: object) -> None:
        """Expect that the value is no item of a collection."""
        is_absent = not _holds(collection, self._value) and not _is_nan(self._value)
        self._settle(is_absent, _NOT_BE, f"in {quote(collection)}")

    def to_be_none(self) -> None:
        """Expect that the value is `None`."""
        self._settle(self._value is None, _BE, "None")

    def not_to_be_none(self) -> None:
        """Expect that the value is not `None`."""
        self._settle(self._value is not None, _NOT_BE, "None")

    def to_be_true(self) -> None:
        """Expect that the value is `True`, and not only something true; for that, `make_sure`."""
        self._settle(_is_bool(self._value) and bool(self._value), _BE, "True")

    def to_be_false(self) -> None:
        """Expect that the value is `False`, and not only something empty."""
        self._settle(_is_bool(self._value) and not self._value, _BE, "False")

    def to_match(self, pattern: str | bytes | Pattern[str] | Pattern[bytes]) -> None:
        """Expect that a regular expression is found anywhere in the value, which is text.

        The expression is one of Python's `re`, and some of these take for ever: write it yourself,
        and let nobody else.
        """
        self._settle(_is_found(pattern, self._value), _MATCH, _source(pattern))

    def not_to_match(self, pattern: str | bytes | Pattern[str] | Pattern[bytes]) -> None:
        """Expect that a regular expression is found nowhere in the value; see `to_match`."""
        self._settle(not _is_found(pattern, self._value), _NOT_MATCH, _source(pattern))

    def __repr__(self) -> str:
        return f"expect({self.quoted()})"

    def _settle(self, is_so: bool, verb: Verb, what: str) -> None:
        asked, found, expected = verb
        run = self._run
        if run is not None:
            run.note(self, f"{self.quoted()} {found} {what}" if is_so else None)
        if not is_so:
            actual = self.quoted()
            raise ExpectationFailedError(
                f"Expected {actual} {asked} {what}", expected=f"{expected}{what}", actual=actual
            )


def _rank(operation: Comparison, value: object, bound: object) -> bool:
    """Compare two values by an order; `True` and `False` have none."""
    if type(value) not in _PLAIN and _is_bool(value) and _is_bool(bound):
        raise _incomparable(value, bound)
    return _compare(operation, value, bound)


def _compare(operation: Comparison, value: object, other: object) -> bool:
    if type(value) in _PLAIN and type(other) is type(value):
        return bool(operation(value, other))  # the usual case, of which nothing can be wrong
    _refuse_forgotten(other)
    if _is_bool(value) is not _is_bool(other) and _is_number(value) and _is_number(other):
        raise _incomparable(value, other)
    _refuse_naive_with_aware(value, other)
    if _is_nan(value) or _is_nan(other):
        return False
    try:
        answer = operation(value, other)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise _incomparable(value, other) from error
    # Query builders answer with an object that is always true.
    if not hasattr(type(answer), "__bool__"):
        raise _incomparable(value, other)
    return _is_true(answer, f"The comparison of {describe(value)} with {describe(other)}")


def _is_true(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return bool(value)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ExpectationInvalidError(
            f"{name} is neither true nor false, but {quote(value)}: {_text(str(error))}"
        ) from error


def _holds(collection: object, item: object) -> bool:
    _refuse_forgotten(item)
    try:
        is_found = item in collection  # type: ignore[operator]  # the next line says what if not
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ExpectationInvalidError(
            f"Nobody can tell whether {describe(collection)} contains {describe(item)}."
        ) from error
    if (
        is_found
        and _is_number(item)
        and isinstance(collection, list | tuple | set | frozenset | dict)
    ):
        # To Python, True is in [1].
        return any(one == item and _is_bool(one) is _is_bool(item) for one in collection)
    return is_found


def _is_found(pattern: str | bytes | Pattern[str] | Pattern[bytes], value: object) -> bool:
    import re  # noqa: PLC0415 - slow to import, and few checks have a pattern

    if not isinstance(value, str | bytes):
        raise ExpectationInvalidError(f"A pattern is found in text, and not in {describe(value)}.")
    try:
        return re.search(pattern, value) is not None  # type: ignore[arg-type]  # see below
    except (TypeError, re.error) as error:
        raise ExpectationInvalidError(
            f"{_source(pattern)} cannot be looked for in {describe(value)}: {_text(str(error))}"
        ) from error


def _source(pattern: object) -> str:
    return quote(getattr(pattern, "pattern", pattern))


def _is_bool(value: object) -> bool:
    """Tell whether a value is a truth value: that of Python, or of numpy."""
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def _is_number(value: object) -> bool:
    kind = type(value)
    return isinstance(value, complex) or hasattr(kind, "__float__") or hasattr(kind, "__index__")


def _is_nan(value: object) -> bool:
    """Tell whether a value differs from itself, as NaN of each kind of number does."""
    # Not asked of what may be large.
    if isinstance(value, _NEVER_NAN):
        return False
    try:
        answer = value != value
        return _is_bool(answer) and bool(answer)
    except (TypeError, ValueError, ArithmeticError):
        return False


def _refuse_forgotten(value: object) -> None:
    forgotten = find_unawaited(value)
    if forgotten:
        raise ExpectationInvalidError(f"Nothing can be compared with it: {forgotten}.")


def _refuse_other_kind(value: object, other: object) -> None:
    kinds = {_kind(value), _kind(other)}
    if len(kinds) == 2 and None not in kinds:
        raise _incomparable(value, other)


def _kind(value: object) -> str | None:
    """Return the name of a kind of values that equal nothing of another of these kinds."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bytes):
        return "bytes"
    if isinstance(value, _FUNCTIONS):
        return "function"
    return "number" if _is_number(value) else None


def _refuse_naive_with_aware(value: object, other: object) -> None:
    """Refuse two times of which one has a time zone; Python finds them unequal."""
    ours, theirs = _awareness(value), _awareness(other)
    if ours and theirs and ours != theirs:
        raise ExpectationInvalidError(
            f"Cannot compare {ours} {describe(value)} with {theirs} {describe(other)}."
        )


def _awareness(value: object) -> str | None:
    kind = type(value)
    if not hasattr(kind, "hour") or not hasattr(kind, "utcoffset"):
        return None
    return "naive" if value.utcoffset() is None else "aware"  # type: ignore[attr-defined]  # it is there


def _refuse_empty_range(low: object, high: object) -> None:
    if _rank(gt, low, high):
        raise ExpectationInvalidError(f"Nothing is between {quote(low)} and {quote(high)}.")


def _incomparable(value: object, other: object) -> ExpectationInvalidError:
    return ExpectationInvalidError(f"Cannot compare {describe(value)} with {describe(other)}.")


def _text(message: object) -> str:
    if message is None:
        return ""
    text = message if isinstance(message, str) else quote(message)
    return cut(as_plain(text[: 2 * _LONGEST_MESSAGE]), _LONGEST_MESSAGE).strip()
