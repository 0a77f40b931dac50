"""What comes of calling something, without calling it; `inspect` knows more, and costs far more."""

from __future__ import annotations

import sys

from allgreen.errors import CheckDefinitionError

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable

# Flags of code objects: https://docs.python.org/3/library/inspect.html#code-objects-bit-flags
_IS_COROUTINE = 0x80
_IS_GENERATOR = 0x20
_IS_ASYNC_GENERATOR = 0x200


def is_coroutine_function(function: Callable[..., object]) -> bool:
    """Tell whether calling it gives a coroutine."""
    return bool(_flags_of(function) & _IS_COROUTINE)


def refuse_what_does_nothing(function: Callable[..., object]) -> None:
    """Refuse what would do nothing when called, or nothing from the second time on.

    Raises:
        CheckDefinitionError: It is a generator function, or one that keeps its first answer.
    """
    if hasattr(function, "cache_info") and hasattr(function, "cache_clear"):
        raise CheckDefinitionError(
            "A check cannot keep its answer: with `functools.cache` its first one would be given "
            "for ever. Remove the cache; results are shared and kept for a second anyway."
        )
    if _flags_of(function) & (_IS_GENERATOR | _IS_ASYNC_GENERATOR):
        raise CheckDefinitionError(
            "A check cannot be a generator function: calling it runs none of its lines. "
            "Remove `yield`, or return what it yields."
        )


def _flags_of(function: Callable[..., object]) -> int:
    # Slow to import; nobody has a partial who has not loaded it.
    functools = sys.modules.get("functools")
    while functools is not None and isinstance(function, functools.partial):
        function = function.func
    inner = getattr(function, "__func__", function)
    code = getattr(inner, "__code__", None)
    if code is None and not isinstance(function, type):
        call = getattr(type(function), "__call__", None)  # noqa: B004 - also when it is inherited
        code = getattr(call, "__code__", None)
    return int(getattr(code, "co_flags", 0))
