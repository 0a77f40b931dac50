"""Values that are always true because somebody forgot to await or to call something."""

from __future__ import annotations

from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
    MethodWrapperType,
)

_LAZY = (GeneratorType, AsyncGeneratorType, map, filter)
_STATUSES = ("allgreen.domain.status", "allgreen.domain.report")
_CALLABLE = (FunctionType, MethodType, BuiltinFunctionType, MethodWrapperType)


def find_unawaited(value: object) -> str | None:
    """Say what is wrong with a value that was to be awaited; `None` when nothing is.

    A coroutine is closed: it will not run, and Python need not warn that it never did.
    """
    if not hasattr(type(value), "__await__"):
        return None
    if isinstance(value, CoroutineType):
        value.close()
    return f"{_name(value)} was never awaited; write `await` before the call"


def find_forgotten(value: object) -> str | None:
    """Say what is wrong with a value that is true whatever happens; `None` when nothing is.

    That is what was never awaited, a function that was never called, a generator, which is true
    also when all that it would give is false, and a report or a status of ours, however bad.
    """
    if isinstance(value, _LAZY):
        return f"{_name(value)} is always true; write all(...) or any(...) around it"
    # By its home, as a program that only writes down its checks has not imported it.
    if type(value).__module__ in _STATUSES:
        return f"{_name(value)} is always true, also a bad one; compare its status"
    if isinstance(value, _CALLABLE):
        return f"the function {value.__name__!r} was never called; write () after its name"
    return find_unawaited(value)


def _name(value: object) -> str:
    name = type(value).__name__.replace("_", " ")
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"
