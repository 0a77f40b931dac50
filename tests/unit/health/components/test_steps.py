"""Steps: the same check for clients that block and for those that are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from allgreen.health.components.steps import Attempt, Steps, attempt, describe, take


async def later(value: object) -> object:
    await asyncio.sleep(0)
    if isinstance(value, BaseException):
        raise value
    return value


def add(first: object, second: object) -> Steps[list[object]]:
    one = yield first
    other = yield second
    return [one, other]


def taken(steps: Steps[object]) -> object:
    value = take(steps)
    return asyncio.run(settle(value)) if isinstance(value, Awaitable) else value


async def settle(value: Awaitable[object]) -> object:
    return await value


def test_nothing_to_await_gives_the_result_at_once() -> None:
    assert take(add(1, 2)) == [1, 2]


@pytest.mark.parametrize("awaited", ["first", "second", "both"])
def test_what_has_to_be_awaited_is(awaited: str) -> None:
    first: object = later(1) if awaited != "second" else 1
    second: object = later(2) if awaited != "first" else 2

    assert taken(add(first, second)) == [1, 2]


def test_an_error_of_what_is_awaited_is_raised_where_it_was_asked_for() -> None:
    def steps() -> Steps[str]:
        try:
            yield later(KeyError("x"))
        except KeyError:
            return "caught"
        return "missed"

    assert taken(steps()) == "caught"


def test_an_error_after_what_was_awaited_comes_out() -> None:
    def steps() -> Steps[None]:
        yield later(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        taken(steps())


@pytest.mark.semantics(13)
def test_a_cancellation_passes_through_and_leaves_the_steps() -> None:
    left: list[str] = []

    def steps() -> Steps[None]:
        try:
            yield asyncio.get_running_loop().create_future()
        finally:
            left.append("left")

    async def cancel() -> None:
        value = take(steps())
        assert isinstance(value, Awaitable)
        task = asyncio.ensure_future(value)
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert left == ["left"]


@pytest.mark.parametrize("is_async", [True, False])
def test_an_attempt_keeps_what_was_raised_in_words(is_async: bool) -> None:
    def part() -> Steps[None]:
        error = OSError("postgres://shop:hunter2@db/shop is gone")
        if is_async:
            yield later(error)
        raise error

    tried = taken(attempt(part()))

    assert tried == Attempt(None, "OSError: postgres://shop:***@db/shop is gone")


def test_an_attempt_that_works_gives_its_value() -> None:
    assert taken(attempt(add(1, 2))) == Attempt([1, 2], "")


def test_an_error_whose_text_cannot_be_read_is_known_by_its_type() -> None:
    class UnreadableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert describe(UnreadableError()) == "UnreadableError"
    assert describe(OSError()) == "OSError"
