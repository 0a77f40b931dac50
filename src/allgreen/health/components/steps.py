"""Steps: one way to write a check for clients that block and for those that are awaited.

A check is a generator that yields what a client returned and is sent what came of it. As long as
nothing has to be awaited it runs in the thread that called it; from the first thing that has, it
goes on as a coroutine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, NamedTuple, TypeVar

from allgreen.health.redaction import redact

T = TypeVar("T")
Steps = Generator[Any, Any, T]
CheckFunction = Callable[[], object]
"""What can be registered as a check."""


def take(steps: Steps[T]) -> T | Coroutine[Any, Any, T]:
    """Return what comes of some steps, or a coroutine that will, if one has to be awaited."""
    value = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration as end:
            result: T = end.value
            return result
        if isinstance(value, Awaitable):
            return _take_on_loop(steps, value)


async def _take_on_loop(steps: Steps[T], value: Any) -> T:
    try:
        while True:
            try:
                result = await value if isinstance(value, Awaitable) else value
            except Exception as error:  # noqa: BLE001 - it belongs to the steps, and is raised there
                value = steps.throw(error)
            else:
                value = steps.send(result)
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        steps.close()


class Attempt(NamedTuple):
    """What came of something that was tried.

    Attributes:
        value: What it gave, if nothing was raised.
        problem: What was raised, in words, without secrets; empty for nothing.
    """

    value: Any
    problem: str = ""


def attempt(steps: Steps[Any]) -> Steps[Attempt]:
    """Take steps of a part of a component, where a failure of it is no failure of the whole."""
    try:
        return Attempt((yield from steps))
    except Exception as error:  # noqa: BLE001 - clients raise what they like
        return Attempt(None, describe(error))


def describe(error: BaseException) -> str:
    """Return type and text of an exception, without secrets."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - its text is made by whoever raised it
        text = ""
    name = type(error).__name__
    return redact(f"{name}: {text}" if text else name)
