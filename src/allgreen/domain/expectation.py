"""What counts as correct: a tree of expectations, each failure explained.

A tree holds when all lines of its explanation do. Each part is asked either to hold (`explain`) or
not to (`deny`), because the two are not always opposites: of what cannot be told, such as a value
in a body that is no JSON, neither is true. So nothing that was not seen makes a service healthy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol


class JsonOperator(StrEnum):
    """How a value found in a JSON body is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    ABOVE = "above"
    BELOW = "below"
    EXISTS = "exists"


class HeaderOperator(StrEnum):
    """How the value of a header is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    MATCHES = "matches"
    EXISTS = "exists"


class RecordMatch(StrEnum):
    """How many of the listed DNS records have to be there. Their order never counts."""

    ANY = "any"
    ALL = "all"
    EXACTLY = "exactly"
    """All of them and no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one expectation held or not, as text for people.

    Attributes:
        operand: What was looked at: ``Status``, ``Body``, ``Size``, ``Certificate``, ``Records``,
            a JSON path, or a header such as ``Header content-type``.
        actual: What was found.
        expected: What should have been found.
        quotes: `actual` was copied from what a target sent, so it is only for those who may edit
            the check.
    """

    operand: str
    actual: str
    expected: str
    holds: bool
    quotes: bool = False


class Answer(Protocol):
    """What an expectation may look at. Executors provide it."""

    @property
    def http_status(self) -> int | None:
        """Return the status code; `None` for kinds without one."""

    @property
    def text(self) -> str:
        """Return the body as text, at most 64 KiB of it."""

    @property
    def size_bytes(self) -> int | None:
        """Return the size of the body as far as it was read; `None` for kinds without one."""

    @property
    def is_whole(self) -> bool:
        """Tell whether the body was read to its end."""

    @property
    def certificate_days(self) -> float | None:
        """Return the days that the certificate still lasts; `None` without TLS."""

    @property
    def records(self) -> Sequence[str]:
        """Return the DNS records that were found, as plain text.

        Names are in lower case and end without a dot; addresses are in their shortest form.
        """

    def headers(self, name: str) -> Sequence[str]:
        """Return the values of a header, whatever the case of its name; empty without one."""

    def matches(self, pattern: str, texts: Sequence[str] | None = None) -> bool:
        """Tell whether a regular expression (RE2) is found in a text; in the body when absent.

        Raises:
            ValueError: It cannot be told; a few words say why.
        """

    def find_json(self, path: str) -> Sequence[object]:
        """Return the values at a JSONPath (RFC 9535); empty when there is none.

        All searches in an answer have one budget together, because whoever asks looks at each
        value that is found.

        Raises:
            ValueError: The body is not JSON, or the searches went over their budget.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusIs:
    """The status code is one of the listed ones or lies in one of the classes.

    Attributes:
        codes: Single codes, such as 200 and 204.
        classes: First digits, such as 2 for ``2xx``.
    """

    codes: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()

    def explain(self, answer: Answer) -> list[Explanation]:
        """Compare the status code."""
        return [self._look(answer).line("Status", str(self), wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Compare the status code, which must be another."""
        return [self._look(answer).line("Status", f"not {self}", wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        status = answer.http_status
        if status is None:
            return _Finding("no status", holds=None)
        holds = status in self.codes or status // 100 in self.classes
        return _Finding(str(status), holds=holds)

    @classmethod
    def parse(cls, text: str) -> StatusIs:
        """Read ``200``, ``200, 204`` or ``2xx``.

        Raises:
            ValueError: With a sentence that says what to write instead.
        """
        codes: list[int] = []
        classes: list[int] = []
        for word in (part.strip().lower() for part in text.split(",")):
            if len(word) == 3 and word[0] in "12345" and word[1:] == "xx":
                classes.append(int(word[0]))
            elif len(word) == 3 and word.isascii() and word.isdigit() and 100 <= int(word) <= 599:
                codes.append(int(word))
            else:
                raise ValueError("Write one code, a list, or a class: 200, or 200, 204, or 2xx.")
        return cls(codes=tuple(codes), classes=tuple(classes))

    def __str__(self) -> str:
        return ", ".join([*map(str, self.codes), *(f"{first}xx" for first in self.classes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyContains:
    """The body holds a text; upper and lower case count."""

    text: str

    def explain(self, answer: Answer) -> list[Explanation]:
        """Search the body."""
        return [self._look(answer).line("Body", self.text, wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Search the body for what must not be there."""
        return [self._look(answer).line("Body", f"without {self.text}", wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        return _found_in_body(answer, self.text in answer.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyMatches:
    """A regular expression (RE2) is found anywhere in the body."""

    pattern: str

    def explain(self, answer: Answer) -> list[Explanation]:
        """Search the body."""
        return [self._look(answer).line("Body", f"matches {self.pattern}", wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Search the body for what must not be there."""
        return [self._look(answer).line("Body", f"does not match {self.pattern}", wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        try:
            return _found_in_body(answer, answer.matches(self.pattern))
        except ValueError as error:
            return _Finding(str(error), holds=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySize:
    """The body has at least and at most so many bytes; either limit may be absent."""

    at_least: int | None = None
    at_most: int | None = None

    def explain(self, answer: Answer) -> list[Explanation]:
        """Compare the size."""
        return [self._look(answer).line("Size", str(self), wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Compare the size, which must lie outside."""
        return [self._look(answer).line("Size", f"not {self}", wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        size = answer.size_bytes
        if size is None:
            return _Finding("no body", holds=None)
        lowest, highest = self.at_least or 0, self.at_most
        if answer.is_whole:
            holds = size >= lowest and (highest is None or size <= highest)
            return _Finding(_bytes(size), holds=holds)
        # There is at least one byte more than was read.
        actual = f"more than {_bytes(size)}"
        if highest is not None:
            return _Finding(actual, holds=False if size >= highest else None)
        return _Finding(actual, holds=True if size + 1 >= lowest else None)

    def __str__(self) -> str:
        if self.at_most is None:
            return f"at least {_bytes(self.at_least or 0)}"
        if not self.at_least:
            return f"at most {_bytes(self.at_most)}"
        return f"from {self.at_least} to {_bytes(self.at_most)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderValue:
    """A header compares as asked.

    With several values one is enough; "not equals" asks it of all, and holds without the header.

    Attributes:
        value: What to compare with; a pattern (RE2) for "matches".
    """

    name: str
    operator: HeaderOperator
    value: str = ""

    def explain(self, answer: Answer) -> list[Explanation]:
        """Look the header up and compare its values."""
        return [self._look(answer).line(f"Header {self.name}", self._words(_ASKED), wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Look the header up; it must not compare so."""
        return [self._look(answer).line(f"Header {self.name}", self._words(_DENIED), wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        values = answer.headers(self.name)
        if not values:
            return _Finding("not there", holds=self.operator is HeaderOperator.NOT_EQUALS)
        try:
            holds = self._compare(answer, values)
        except ValueError as error:
            return _Finding(str(error), holds=None)
        return _Finding(", ".join(values) or "empty", holds=holds, quotes=True)

    def _compare(self, answer: Answer, values: Sequence[str]) -> bool:
        match self.operator:
            case HeaderOperator.EQUALS:
                return self.value in values
            case HeaderOperator.NOT_EQUALS:
                return self.value not in values
            case HeaderOperator.CONTAINS:
                return any(self.value in value for value in values)
            case HeaderOperator.MATCHES:
                return answer.matches(self.value, values)
            case _:
                return True

    def _words(self, words: dict[str, str]) -> str:
        return words[self.operator].format(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonValue:
    """A value of a JSON body compares as asked.

    With several matches one is enough; "not equals" asks it of all. A list or an object equals
    nothing, and what one contains cannot be told.
    """

    path: str
    operator: JsonOperator
    value: str = ""

    def explain(self, answer: Answer) -> list[Explanation]:
        """Look the path up and compare what is there."""
        return [self._look(answer).line(self.path, self._words(_ASKED), wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Look the path up; what is there must not compare so."""
        return [self._look(answer).line(self.path, self._words(_DENIED), wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        try:
            found = answer.find_json(self.path)
        except ValueError as error:
            return _Finding(str(error), holds=None)
        if not found:
            return _Finding("not there", holds=self.operator is JsonOperator.NOT_EQUALS)
        holds = self._compare(found)
        # A path as short as `$` would quote the whole body.
        return _Finding(as_text(found[0]), holds=holds, quotes=not _is_container(found[0]))

    def _compare(self, found: Sequence[object]) -> bool | None:
        compare = _COMPARISONS[self.operator]
        if self.operator is JsonOperator.NOT_EQUALS:
            return all(compare(value, self.value) for value in found)
        if any(compare(value, self.value) for value in found):
            return True
        is_text = self.operator is JsonOperator.CONTAINS
        return None if is_text and any(map(_is_container, found)) else False

    def _words(self, words: dict[str, str]) -> str:
        return words[self.operator].format(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLasts:
    """The certificate is valid for at least so many more days. Without TLS there is none."""

    days: int

    def explain(self, answer: Answer) -> list[Explanation]:
        """Compare the days left."""
        expected = f"at least {self.days} days"
        return [self._look(answer).line("Certificate", expected, wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Compare the days left, which must be fewer."""
        expected = f"less than {self.days} days"
        return [self._look(answer).line("Certificate", expected, wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        left = answer.certificate_days
        if left is None:
            return _Finding("not there", holds=None)
        return _Finding(f"{int(left)} days left", holds=left >= self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsAre:
    """The DNS records are those that are listed."""

    values: tuple[str, ...]
    match: RecordMatch = RecordMatch.ANY

    def explain(self, answer: Answer) -> list[Explanation]:
        """Compare the records as sets."""
        return [self._look(answer).line("Records", str(self), wanted=True)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Compare the records, which must be others."""
        return [self._look(answer).line("Records", f"not {self}", wanted=False)]

    def _look(self, answer: Answer) -> _Finding:
        wanted, found = set(self.values), set(answer.records)
        if self.match is RecordMatch.ANY:
            holds = not wanted.isdisjoint(found)
        elif self.match is RecordMatch.ALL:
            holds = wanted <= found
        else:
            holds = wanted == found
        actual = ", ".join(answer.records) or "none"
        return _Finding(actual, holds=holds, quotes=bool(found))

    def __str__(self) -> str:
        values = ", ".join(self.values) or "none"
        if self.match is RecordMatch.EXACTLY:
            return f"exactly {values}"
        return values if len(self.values) == 1 else f"{self.match} of {values}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part holds; without parts it does."""

    parts: tuple[Expectation, ...]

    def explain(self, answer: Answer) -> list[Explanation]:
        """Explain every part, also after one that fails."""
        return [line for part in self.parts for line in part.explain(answer)]

    def deny(self, answer: Answer) -> list[Explanation]:
        """Return the lines of the first part that does not hold, else those of all."""
        return _first_that_holds(part.deny(answer) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least one part holds; without parts it does not."""

    parts: tuple[Expectation, ...]

    def explain(self, answer: Answer) -> list[Explanation]:
        """Return the lines of the first part that holds, else those of all."""
        return _first_that_holds(part.explain(answer) for part in self.parts)

    def deny(self, answer: Answer) -> list[Explanation]:
        """Explain of every part that it does not hold, also after one that does."""
        return [line for part in self.parts for line in part.deny(answer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: Expectation

    def explain(self, answer: Answer) -> list[Explanation]:
        """Explain that the part does not hold."""
        return self.part.deny(answer)

    def deny(self, answer: Answer) -> list[Explanation]:
        """Explain that the part holds."""
        return self.part.explain(answer)


Leaf = (
    StatusIs
    | BodyContains
    | BodyMatches
    | BodySize
    | HeaderValue
    | JsonValue
    | CertificateLasts
    | RecordsAre
)
Expectation = Leaf | AllOf | AnyOf | Not


def holds(lines: Iterable[Explanation]) -> bool:
    """Tell whether what was explained holds as a whole."""
    return all(line.holds for line in lines)


def list_leaves(expectation: Expectation) -> list[Leaf]:
    """Return the parts of a tree that look at an answer, from left to right."""
    match expectation:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return [leaf for part in parts for leaf in list_leaves(part)]
        case Not(part=part):
            return list_leaves(part)
        case _:
            return [expectation]


def as_text(value: object) -> str:
    """Return a JSON value the way people write it in the form; of a list only how long it is."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case float() if value.is_integer() and abs(value) < _FIRST_ROUNDED:
            return str(int(value))
        case dict() | list():
            return _describe(value)
        case _:
            return str(value)


class _Finding(NamedTuple):
    """What a look at an answer found; `holds` is `None` when it cannot be told."""

    actual: str
    holds: bool | None
    quotes: bool = False

    def line(self, operand: str, expected: str, *, wanted: bool) -> Explanation:
        return Explanation(
            operand=operand,
            actual=self.actual[:200],
            expected=expected,
            holds=self.holds is wanted,
            quotes=self.quotes,
        )


def _found_in_body(answer: Answer, is_found: bool) -> _Finding:
    if is_found:
        return _Finding("found", holds=True)
    if answer.is_whole:
        return _Finding("not found", holds=False)
    return _Finding(f"not found in the first {_bytes(answer.size_bytes or 0)}", holds=False)


def _first_that_holds(ways: Iterable[list[Explanation]]) -> list[Explanation]:
    tried: list[Explanation] = []
    for lines in ways:
        if holds(lines):
            return lines
        tried.extend(lines)
    return tried or [_NO_WAY]


_NO_WAY = Explanation(
    operand="Expectation", actual="no choice given", expected="one of several", holds=False
)


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count} bytes"


_FIRST_ROUNDED = 1e16
"""From here on floats are not exact, and the digits of whole ones are many and mean nothing."""


def _is_container(value: object) -> bool:
    return isinstance(value, dict | list)


def _equals(actual: object, expected: str) -> bool:
    return not _is_container(actual) and as_text(actual) == expected


def _contains(actual: object, expected: str) -> bool:
    return not _is_container(actual) and expected in as_text(actual)


def _describe(container: dict[str, object] | list[object]) -> str:
    kind, part = ("object", "member") if isinstance(container, dict) else ("list", "item")
    count = len(container)
    article = "an" if kind == "object" else "a"
    return f"{article} {kind} with {count} {part}{'' if count == 1 else 's'}"


def _compare_numbers(
    holds: Callable[[float, float], bool],
) -> Callable[[object, str], bool]:
    def compare(actual: object, expected: str) -> bool:
        if isinstance(actual, bool) or not isinstance(actual, int | float):
            return False
        try:
            return holds(float(actual), float(expected))
        except (ValueError, OverflowError):
            return False

    return compare


_COMPARISONS: dict[JsonOperator, Callable[[object, str], bool]] = {
    JsonOperator.EQUALS: _equals,
    JsonOperator.NOT_EQUALS: lambda actual, expected: not _equals(actual, expected),
    JsonOperator.CONTAINS: _contains,
    JsonOperator.ABOVE: _compare_numbers(lambda actual, limit: actual > limit),
    JsonOperator.BELOW: _compare_numbers(lambda actual, limit: actual < limit),
    JsonOperator.EXISTS: lambda _actual, _expected: True,
}
_ASKED: dict[str, str] = {
    "equals": "{}",
    "not_equals": "not {}",
    "contains": "contains {}",
    "matches": "matches {}",
    "above": "above {}",
    "below": "below {}",
    "exists": "is there",
}
_DENIED: dict[str, str] = {
    "equals": "not {}",
    "not_equals": "{}",
    "contains": "does not contain {}",
    "matches": "does not match {}",
    "above": "not above {}",
    "below": "not below {}",
    "exists": "is not there",
}
