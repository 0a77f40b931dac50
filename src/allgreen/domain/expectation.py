"""What counts as correct: a tree of expectations, each failure explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class JsonOperator(StrEnum):
    """How a value found in a JSON body is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    ABOVE = "above"
    BELOW = "below"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one expectation held or not, as text for people.

    Attributes:
        operand: What was looked at: ``Status``, ``Body``, ``Certificate`` or a JSON path.
        actual: What was found.
        expected: What should have been found.
        quotes: `actual` was copied from a body, so it is only for those who may edit the check.
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
    def certificate_days(self) -> float | None:
        """Return the days that the certificate still lasts; `None` without TLS."""

    def find_json(self, path: str) -> Sequence[object]:
        """Return the values at a JSONPath (RFC 9535); empty when there is none.

        Raises:
            ValueError: The body is not JSON, or the search went over its budget.
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
        status = answer.http_status
        holds = status is not None and (status in self.codes or status // 100 in self.classes)
        return [Explanation(operand="Status", actual=str(status), expected=str(self), holds=holds)]

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
        holds = self.text in answer.text
        found = "found" if holds else "not found"
        return [Explanation(operand="Body", actual=found, expected=self.text, holds=holds)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonValue:
    """A value of a JSON body compares as asked.

    With several matches one is enough; "not equals" asks it of all.
    """

    path: str
    operator: JsonOperator
    value: str = ""

    def explain(self, answer: Answer) -> list[Explanation]:
        """Look the path up and compare what is there."""
        try:
            found = answer.find_json(self.path)
        except ValueError as error:
            return [self._explanation(str(error), holds=False)]
        if not found:
            return [self._explanation("not there", holds=self.operator is JsonOperator.NOT_EQUALS)]
        enough = all if self.operator is JsonOperator.NOT_EQUALS else any
        holds = enough(_COMPARISONS[self.operator](value, self.value) for value in found)
        if isinstance(found[0], dict | list):
            # A path as short as `$` would quote the whole body.
            return [self._explanation(_describe(found[0]), holds=holds)]
        return [self._explanation(as_text(found[0]), holds=holds, quotes=True)]

    def _explanation(self, actual: str, *, holds: bool, quotes: bool = False) -> Explanation:
        return Explanation(
            operand=self.path,
            actual=actual[:200],
            expected=_WORDS[self.operator].format(self.value),
            holds=holds,
            quotes=quotes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLasts:
    """The certificate is valid for at least so many more days; without TLS it holds."""

    days: int

    def explain(self, answer: Answer) -> list[Explanation]:
        """Compare the days left."""
        left = answer.certificate_days
        if left is None:
            return []
        return [
            Explanation(
                operand="Certificate",
                actual=f"{int(left)} days left",
                expected=f"at least {self.days} days",
                holds=left >= self.days,
            )
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Expectation, ...]

    def explain(self, answer: Answer) -> list[Explanation]:
        """Explain every part, also after one that fails."""
        return [line for part in self.parts for line in part.explain(answer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Expectation, ...]

    def explain(self, answer: Answer) -> list[Explanation]:
        """Return the lines of the first part that holds, else those of all."""
        lines: list[Explanation] = []
        for part in self.parts:
            found = part.explain(answer)
            if all(line.holds for line in found):
                return found
            lines.extend(found)
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not hold."""

    part: Expectation

    def explain(self, answer: Answer) -> list[Explanation]:
        """Turn the verdict of the part round."""
        lines = self.part.explain(answer)
        holds = not all(line.holds for line in lines)
        return [
            Explanation(
                operand=line.operand,
                actual=line.actual,
                expected=f"not {line.expected}",
                holds=holds,
                quotes=line.quotes,
            )
            for line in lines
        ]


Expectation = StatusIs | BodyContains | JsonValue | CertificateLasts | AllOf | AnyOf | Not


def as_text(value: object) -> str:
    """Return a JSON value the way people write it in the form."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


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
    JsonOperator.EQUALS: lambda actual, expected: as_text(actual) == expected,
    JsonOperator.NOT_EQUALS: lambda actual, expected: as_text(actual) != expected,
    JsonOperator.CONTAINS: lambda actual, expected: expected in as_text(actual),
    JsonOperator.ABOVE: _compare_numbers(lambda actual, limit: actual > limit),
    JsonOperator.BELOW: _compare_numbers(lambda actual, limit: actual < limit),
    JsonOperator.EXISTS: lambda _actual, _expected: True,
}
_WORDS = {
    JsonOperator.EQUALS: "{}",
    JsonOperator.NOT_EQUALS: "not {}",
    JsonOperator.CONTAINS: "contains {}",
    JsonOperator.ABOVE: "above {}",
    JsonOperator.BELOW: "below {}",
    JsonOperator.EXISTS: "is there",
}
