"""T12, T13: rules of users that are made to take for ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from allgreen.domain.expectation import AllOf, Expectation, JsonOperator, JsonValue
from allgreen.executors.matching import Budget, find_values, has_match, parse_json, validate_pattern
from allgreen.executors.verdict import Seen
from tests.faults.scenario import Report, Tell
from tests.unit.executors.test_matching import (
    BOMBS,
    EVIL,
    HOSTILE,
    LARGE_ANSWERS,
    PATHS,
    measure,
)

LONGEST_SEARCH_S = 0.1
LONGEST_VERDICT_S = 0.05


def run(tell: Tell) -> Report:
    """Search every evil pattern in every hostile text, and every bomb by every path."""
    refused = sum(not _is_taken(pattern) for pattern in EVIL)
    searches = {
        f"pattern {number}": _best(partial(has_match, pattern, text))
        for number, pattern in enumerate(EVIL)
        for text in HOSTILE
    } | {f"saving {n}": _best(partial(validate_pattern, each)) for n, each in enumerate(EVIL)}
    tell(f"{len(EVIL)} patterns against {len(HOSTILE)} texts")
    verdicts = {
        f"{name} at {path}": _best(partial(_find, text, path))
        for name, text in BOMBS.items()
        for path in PATHS
    }
    for name, text in LARGE_ANSWERS.items():
        for operator in JsonOperator:
            leaf = JsonValue(path="$[*]", operator=operator, value="1" + "0" * 40)
            many = AllOf(parts=(leaf,) * 50)
            verdicts[f"{name} {operator}"] = _best(partial(_explain, many, text))
    tell(f"{len(verdicts)} verdicts on bombs")
    late = [f"T12: {name}" for name, took_s in searches.items() if took_s > LONGEST_SEARCH_S]
    late += [f"T13: {name}" for name, took_s in verdicts.items() if took_s > LONGEST_VERDICT_S]
    return Report(
        figures=(
            f"evil patterns {len(EVIL)}, refused when saved {refused}; texts of 64 KiB {len(HOSTILE)}",
            f"the longest search or saving took {1000 * max(searches.values()):.0f} ms of processor time (goal: 100)",
            f"verdicts on JSON bombs {len(verdicts)}; the longest took {1000 * max(verdicts.values()):.0f} ms (goal: 50)",
        ),
        faults=tuple(f"{each} took too long" for each in late),
    )


def _find(text: str, path: str) -> object:
    return find_values(parse_json(text), path, Budget())


def _explain(expectation: Expectation, text: str) -> object:
    return expectation.explain(Seen(text))


def _best(work: Callable[[], object]) -> float:
    """Return the best of three: what is too slow is so each time."""
    return min(measure(work) for _ in range(3))


def _is_taken(pattern: str) -> bool:
    try:
        validate_pattern(pattern)
    except ValueError:
        return False
    return True
