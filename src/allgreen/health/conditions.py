"""Conditions: whether a check runs here at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from allgreen.errors import CheckDefinitionError
from allgreen.health.callables import is_coroutine_function
from allgreen.health.forgotten import find_forgotten

Switch = bool | Callable[[], object]
"""A condition: true or false, or what says so each time it is called."""


class Conditions:
    """Where and when a check runs.

    Attributes:
        only: Environments in which it runs; empty for all.
        except_: Environments in which it does not run.
        if_: Runs only if this holds; `None` for always.
        unless: Does not run if this holds; `None` for never.
    """

    __slots__ = ("except_", "if_", "only", "unless")

    def __init__(
        self,
        only: tuple[str, ...],
        except_: tuple[str, ...],
        if_: Switch | None,
        unless: Switch | None,
    ) -> None:
        self.only = only
        self.except_ = except_
        self.if_ = if_
        self.unless = unless

    @classmethod
    def of(
        cls,
        *,
        only: object = None,
        except_: object = None,
        if_: object = None,
        unless: object = None,
    ) -> Conditions:
        """Read conditions as somebody wrote them down; `None` stands for no condition.

        Args:
            only: Name of an environment, or several.
            except_: The same.
            if_: `True`, `False`, or a function without arguments.
            unless: The same.

        Raises:
            CheckDefinitionError: They cannot be what was written.
        """
        wanted, unwanted = _environments(only, "only"), _environments(except_, "except_")
        both = [name for name in wanted if name in unwanted]
        if both:
            raise CheckDefinitionError(
                f"only= and except_= both name {both[0]!r}. Remove it from one of them."
            )
        return cls(wanted, unwanted, _switch(if_, "if_"), _switch(unless, "unless"))

    def why_not(self, environment: str) -> str | None:
        """Say why the check does not run; `None` when it does.

        What a condition raises is passed on: whoever cannot tell whether to run a check must not
        pass over it.

        Args:
            environment: Where the program runs, in lower case.

        Raises:
            CheckDefinitionError: A condition gave what is neither true nor false, such as
                something to await.
        """
        if self.only and environment not in self.only:
            return f"Only runs in {_listed(self.only)}"
        if environment in self.except_:
            return f"Does not run in {environment}"
        if self.if_ is not None and not _holds(self.if_, "if_"):
            return "Its condition if_ is not met"
        if self.unless is not None and _holds(self.unless, "unless"):
            return "Its condition unless is met"
        return None


def _holds(switch: Switch, option: str) -> bool:
    if isinstance(switch, bool):
        return switch
    said = switch()
    forgotten = find_forgotten(said)
    if forgotten:
        raise CheckDefinitionError(f"{option}= says neither yes nor no, as {_SYNC}: {forgotten}.")
    return bool(said)


def _environments(given: object, option: str) -> tuple[str, ...]:
    if given is None:
        return ()
    listed = (given,) if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or isinstance(given, bytes):
        raise CheckDefinitionError(f"{option}= names environments, and not {given!r}.")
    names = tuple(_environment(one, option) for one in listed)
    if not names:
        raise CheckDefinitionError(f"{option}= names no environment. Name one, or leave it out.")
    return names


def _environment(given: object, option: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise CheckDefinitionError(f"{option}= names environments, and not {given!r}.")
    # One that is called "a, b" does not exist: the check would never run, and nobody would know.
    if "," in given:
        raise CheckDefinitionError(
            f"{option}= takes several environments as a list: {[*map(str.strip, given.split(','))]}"
        )
    return given.strip().lower()


def _switch(given: object, option: str) -> Switch | None:
    if given is None or isinstance(given, bool):
        return given
    # Text such as "false" is true, which is hardly ever meant.
    if not callable(given):
        raise CheckDefinitionError(
            f"{option}= is True, False or a function without arguments, and not {given!r}."
        )
    if is_coroutine_function(given):
        raise CheckDefinitionError(f"{option}= cannot be an async function: {_SYNC}.")
    return given


_SYNC = "conditions are synchronous"


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
