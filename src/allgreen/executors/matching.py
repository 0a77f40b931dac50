"""Look into bodies with paths and patterns that people typed, within a budget.

Documents come from targets and paths and patterns from users, so neither may cost more than
milliseconds: paths are a closed subset of RFC 9535, patterns run on RE2 and never on `re`.

RE2 takes time in proportion to the text, and that is not enough. Where its automaton does not fit
into memory it follows every instruction of the program at each byte: `[ab]*a[ab]{900}c` takes 0.6 s
for 64 KiB. So there are limits to the size of a program, and to its product with that of the text.
"""

import asyncio
import json
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, final

import jsonpath
import re2  # type: ignore[import-untyped]  # it ships no types
from jsonpath.segments import JSONPathChildSegment
from jsonpath.selectors import IndexSelector, NameSelector, WildcardSelector

from allgreen.domain.expectation import (
    Answer,
    BodyMatches,
    Expectation,
    Explanation,
    HeaderOperator,
    HeaderValue,
    Leaf,
    list_leaves,
)

MAX_PATH_LENGTH: Final = 256
MAX_PATTERN_BYTES: Final = 1024
MAX_PROGRAM_SIZE: Final = 1000
MAX_CLASSES: Final = 40
MAX_STEPS: Final = 3_000_000
MAX_DEPTH: Final = 64
MAX_VISITED: Final = 10_000

_MAX_NUMBER_LENGTH: Final = 64
_PATTERN_MEMORY: Final = 1 << 18
_EXAMPLE: Final = "$.queue.depth"


@final
class Everything:
    """The step of a path that takes all members: ``[*]``."""


EVERYTHING: Final = Everything()
Step = str | int | Everything


def validate_json_path(path: str) -> None:
    """Check a path that a person typed.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    parse_json_path(path)


@lru_cache(maxsize=4096)
def parse_json_path(path: str) -> tuple[Step, ...]:
    """Read a path of names, numbers and at most one ``[*]``.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    if not path.strip():
        raise ValueError(f"Write where the value is, such as {_EXAMPLE}.")
    if len(path) > MAX_PATH_LENGTH:
        raise ValueError(f"This path is longer than {MAX_PATH_LENGTH} characters. Shorten it.")
    if not path.startswith("$"):
        raise ValueError(f"Paths start at the root. Try {_suggest_root(path)}")
    steps = _read_steps(path)
    if steps is None:
        raise ValueError(f"This path cannot be read. It looks like {_EXAMPLE} or $.jobs[0].state.")
    if any(step is None for step in steps) or steps.count(EVERYTHING) > 1:
        raise ValueError(
            "A path has names, numbers in brackets and at most one [*]. Try $.jobs[*].state"
        )
    return tuple(step for step in steps if step is not None)


@final
class Budget:
    """How many values may still be looked at, over all searches in one document."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MAX_VISITED

    def spend(self, values: Iterable[object]) -> list[object]:
        """Return values as a list, and count them; once overdrawn, nothing is looked at any more.

        Raises:
            ValueError: There are more than are left.
        """
        taken = list(islice(values, max(self._left + 1, 0)))
        self._left -= len(taken)
        if self._left < 0:
            raise ValueError(f"more than {MAX_VISITED} values to look at")
        return taken


def find_values(document: object, path: str, budget: Budget) -> list[object]:
    """Return the values at a path; empty when there is none.

    Raises:
        ValueError: The path is not one, or the search went over its budget.
    """
    found = [document]
    for step in parse_json_path(path):
        found = budget.spend(value for parent in found for value in _members(parent, step))
    return found


def parse_json(text: str) -> object:
    """Read a JSON document from a target, strictly.

    Raises:
        ValueError: With a few words: not JSON, too deep, too much, a key twice, a number out of
            bounds.
    """
    brackets = text.count("[") + text.count("{")
    if brackets > MAX_VISITED:
        raise ValueError(f"more than {MAX_VISITED} lists and objects")
    try:
        document: object = json.loads(
            text,
            object_pairs_hook=_read_object,
            parse_int=_read_int,
            parse_float=_read_float,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError:
        raise ValueError("not JSON") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if brackets > MAX_DEPTH:
        _refuse_depth(document)
    return document


def validate_pattern(pattern: str) -> None:
    """Check a regular expression that a person typed.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    _compile_pattern(pattern)


def has_match(pattern: str, *texts: str) -> bool:
    """Tell whether a pattern is found anywhere in one of some texts.

    At most `MAX_STEPS` are made in all of them together, one for each byte and instruction, which
    are some 30 ms. So a pattern of up to 45 instructions is searched in all of 64 KiB, and the
    largest in 3,000 bytes.

    Raises:
        ValueError: The pattern is not one; or it is not in the begin of the texts, and the rest is
            too long for it. Says so in a few words.
    """
    program = _compile_pattern(pattern)
    limit = left = MAX_STEPS // program.programsize
    for text in texts:
        searched = text.encode("utf-8", "replace")
        match = program.search(searched[:left])
        if len(searched) > left and (match is None or match.end() == left):
            # Whether a match is one does not depend on what follows, unless it ends at the cut.
            raise ValueError(
                f"cannot be told from the first {limit} bytes, and too costly to go on"
            )
        if match is not None:
            return True
        left -= len(searched)
    return False


async def explain(expectation: Expectation, answer: Answer) -> list[Explanation]:
    """Explain an answer without keeping the event loop from its work.

    Patterns are compiled and searched for in a thread, since RE2 lets other threads run meanwhile.
    All other expectations cost less than the way there and back.
    """
    if not any(_is_pattern(leaf) for leaf in list_leaves(expectation)):
        return expectation.explain(answer)
    return await asyncio.to_thread(expectation.explain, answer)


def _is_pattern(leaf: Leaf) -> bool:
    match leaf:
        case BodyMatches():
            return True
        case HeaderValue(operator=operator):
            return operator is HeaderOperator.MATCHES
        case _:
            return False


async def prepare_patterns(patterns: Iterable[str]) -> None:
    """Compile patterns in a thread, good or bad, so that looking at them is quick afterwards.

    The slowest take 20 ms, which is too long for the event loop.
    """
    wanted = [pattern for pattern in patterns if len(pattern) <= MAX_PATTERN_BYTES]
    if wanted:
        await asyncio.to_thread(lambda: [_try_pattern(pattern) for pattern in wanted])


def _compile_pattern(pattern: str) -> "re2._Regexp":
    if len(pattern) > MAX_PATTERN_BYTES:
        raise ValueError(_TOO_LONG)
    found = _try_pattern(pattern)
    if isinstance(found, str):
        raise ValueError(found)
    return found


@lru_cache(maxsize=256)  # each may hold 256 KiB
def _try_pattern(pattern: str) -> "re2._Regexp | str":
    """Return the program of a pattern, or a sentence that says what to change."""
    if not pattern:
        return "Write a pattern, such as queue: [0-9]+."
    try:
        typed = pattern.encode()
    except UnicodeEncodeError:
        return "The pattern holds a character that does not exist."
    if len(typed) > MAX_PATTERN_BYTES:
        return _TOO_LONG
    if pattern.lower().count(r"\p") > MAX_CLASSES:
        return _TOO_MUCH_WORK  # RE2 takes up to half a millisecond to read each
    try:
        program = re2.compile(typed, options=_pattern_options())
    except re2.error as error:
        return _explain_pattern(error)
    return program if program.programsize <= MAX_PROGRAM_SIZE else _TOO_MUCH_WORK


_TOO_LONG: Final = "This pattern is longer than 1 KB. Shorten it."
_TOO_MUCH_WORK: Final = (
    "This pattern takes too much work. Use smaller numbers in the braces, or fewer classes of "
    "letters."
)


def _pattern_options() -> "re2.Options":
    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    # Nobody asks what a group has matched, and keeping track of it takes a hundred times longer.
    options.never_capture = True
    return options


def _explain_pattern(error: Exception) -> str:
    said = error.args[0] if error.args else b""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if words.startswith(("invalid perl operator", "invalid escape sequence")):
        return (
            f"This pattern cannot be used ({words}). "
            "Look-around and back-references are not available."
        )
    if words.startswith(("invalid repetition", "bad repetition", "pattern too large")):
        return f"This pattern repeats too much ({words}). Use smaller numbers in the braces."
    return f"This pattern cannot be read: {words}."


def _suggest_root(path: str) -> str:
    for attempt in (f"$.{path.lstrip('.')}", f"${path}"):
        steps = _read_steps(attempt)
        if steps and None not in steps:
            return attempt
    return _EXAMPLE


def _read_steps(path: str) -> list[Step | None] | None:
    """Return the steps, `None` for those outside of the subset; `None` when it is no path."""
    try:
        parsed = _PATHS.compile(path)
    except (jsonpath.JSONPathError, RecursionError, ValueError):
        return None
    if not isinstance(parsed, jsonpath.JSONPath):
        return [None]
    return [_read_step(segment) for segment in parsed.segments]


def _read_step(segment: object) -> Step | None:
    if not isinstance(segment, JSONPathChildSegment) or len(segment.selectors) != 1:
        return None
    match segment.selectors[0]:
        case NameSelector(name=str(name)):
            return name
        case IndexSelector(index=int(index)):
            return index
        case WildcardSelector():
            return EVERYTHING
        case _:
            return None


def _members(parent: object, step: Step) -> Iterator[object]:
    match parent, step:
        case dict(), str() if step in parent:
            yield parent[step]
        case list(), int() if -len(parent) <= step < len(parent):
            yield parent[step]
        case dict(), Everything():
            yield from parent.values()
        case list(), Everything():
            yield from parent


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # Parsers differ in which of the two they take, so neither can be relied on.
        raise ValueError("JSON with a key twice")
    return members


def _read_int(digits: str) -> int:
    if len(digits) > _MAX_NUMBER_LENGTH:
        raise ValueError("JSON with a number out of bounds")
    return int(digits)


def _read_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("JSON with a number out of bounds")
    return number


def _refuse_constant(word: str) -> float:
    raise ValueError(f"not JSON, because of {word}")


def _refuse_depth(document: object) -> None:
    level: list[object] = [document] if isinstance(document, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [member for parent in level for member in _containers_in(parent)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _containers_in(parent: object) -> Iterator[object]:
    members = parent.values() if isinstance(parent, dict) else parent
    assert isinstance(members, Iterable)
    return (member for member in members if isinstance(member, dict | list))


_PATHS: Final = jsonpath.JSONPathEnvironment(strict=True)
