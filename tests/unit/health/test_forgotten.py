"""What only looks true: forgotten calls, forgotten awaits and generators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from allgreen.health.forgotten import find_forgotten, find_unawaited


async def answer() -> bool:
    return False


async def answers() -> AsyncIterator[bool]:
    yield False


class Later:
    """Something to await that is no coroutine, as many drivers give."""

    def __await__(self) -> None:
        raise AssertionError("nobody awaits it")


@pytest.mark.semantics(3, 4)
def test_a_coroutine_is_named_and_closed() -> None:
    coroutine = answer()

    assert find_unawaited(coroutine) == (
        "a coroutine was never awaited; write `await` before the call"
    )
    with pytest.raises(RuntimeError, match="cannot reuse already awaited"):
        asyncio.run(coroutine)


@pytest.mark.semantics(4)
def test_anything_to_await_counts() -> None:
    assert "Later was never awaited" in str(find_forgotten(Later()))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (answer, "the function 'answer' was never called; write () after its name"),
        (lambda: True, "the function '<lambda>' was never called; write () after its name"),
        ([].clear, "the function 'clear' was never called; write () after its name"),
        (Later().__await__, "the function '__await__' was never called; write () after its name"),
        (len, "the function 'len' was never called; write () after its name"),
        (
            (one for one in [False]),
            "a generator is always true; write all(...) or any(...) around it",
        ),
        (answers(), "an async generator is always true; write all(...) or any(...) around it"),
        (map(bool, ()), "a map is always true; write all(...) or any(...) around it"),
        (filter(None, ()), "a filter is always true; write all(...) or any(...) around it"),
    ],
)
def test_what_is_always_true_is_named(value: object, said: str) -> None:
    assert find_forgotten(value) == said


@pytest.mark.parametrize("value", [None, True, 0, "", "text", [1], {}, object(), Later])
def test_what_may_be_false_is_not_doubted(value: object) -> None:
    assert find_forgotten(value) is None
