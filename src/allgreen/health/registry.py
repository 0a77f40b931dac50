"""CheckRegistry: which checks a program has, and the decorator that adds one."""

from __future__ import annotations

import _thread  # `threading` brings modules that take half of the time of the whole import
import sys

from allgreen.errors import CheckDefinitionError, DuplicateCheckError, UnknownOptionError
from allgreen.health.callables import refuse_what_does_nothing
from allgreen.health.check import DEFAULT_TIMEOUT_S, Check, Location

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from types import TracebackType
    from typing import Any, Final, TypeVar

    from allgreen.health.conditions import Conditions

    F = TypeVar("F", bound=Callable[..., Any])
    Names = str | Iterable[str]

OPTIONS: Final = (
    "only", "except_", "if_", "unless", "timeout", "run", "name", "tags", "critical",
    "depends_on", "failures", "failing_for",
)  # fmt: skip
OTHER_SPELLINGS: Final = {
    "only_in": "only",
    "except_in": "except_",
    "except": "except_",
    "if_condition": "if_",
}


class CheckRegistry:
    """Checks of a program, in the order of their registration.

    Those of a configuration file are replaced together when it is loaded again; those that were
    registered by the program stay.
    """

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._own: list[Check] = []
        self._loaded: dict[str, tuple[Check, ...]] = {}
        self._checks: tuple[Check, ...] = ()
        self.version = 0

    @property
    def checks(self) -> tuple[Check, ...]:
        """Return all checks: those of the program, then those of each file."""
        return self._checks

    def check(
        self,
        description: str,
        *,
        only: Names | None = None,
        except_: Names | None = None,
        if_: Callable[[], object] | object | None = None,
        unless: Callable[[], object] | object | None = None,
        timeout: float | None = DEFAULT_TIMEOUT_S,
        run: str | None = None,
        name: str | None = None,
        tags: Names = (),
        critical: bool = True,
        depends_on: Names = (),
        failures: int = 1,
        failing_for: float = 0.0,
        **others: Any,
    ) -> Callable[[F], F]:
        """Register the function below as a check.

        It passes when it returns `None` or `True`. It fails when it returns `False`, raises
        `AssertionError` (as `expect` and `make_sure` do), or takes too long; any other exception
        is an error. It may be a coroutine function.

        Args:
            description: Sentence for people: what is true when it passes.
            only: Environments in which it runs; `None` for all.
            except_: Environments in which it does not run.
            if_: Runs only if this is true, or returns something true.
            unless: Does not run if this is true, or returns something true.
            timeout: Seconds after which it has failed; 0 or `None` for no limit of its own.
            run: How often it runs at most, such as ``2 times per day`` or ``every 15 minutes``;
                in between its last result is shown.
            name: Its identity; by default the name of the function.
            tags: Groups that it belongs to, such as ``live``, ``ready``, ``startup``.
            critical: Its failure makes the whole unhealthy, and not only degraded.
            depends_on: Names of checks without which it is skipped.
            failures: So many failures in a row are needed before one is reported.
            failing_for: For so many seconds it must have failed before that is reported.
            others: Other spellings: ``only_in``, ``except_in``, ``if_condition``, ``except``.

        Raises:
            CheckDefinitionError: It cannot be what was written; as a ``TypeError`` for an option
                that there is not.
        """
        options = {
            "only": only, "except_": except_, "if_": if_, "unless": unless,
            **_respelled(others, only=only, except_=except_, if_=if_),
        }  # fmt: skip
        location = _caller()
        frequency = None
        if run is not None:
            from allgreen.health.frequency import Frequency  # noqa: PLC0415 - few checks have one

            frequency = Frequency.parse(run)

        def register(function: F) -> F:
            refuse_what_does_nothing(function)
            made = Check(
                _name_of(function, description) if name is None else _text(name, "name"),
                _text(description, "description"),
                function,
                timeout_s=_timeout(timeout),
                conditions=_conditions(options),
                frequency=frequency,
                tags=_names(tags, "tags"),
                is_critical=_flag(critical, "critical"),
                depends_on=_names(depends_on, "depends_on"),
                failures_to_report=_at_least_one(failures),
                seconds_to_report=_seconds(failing_for, "failing_for"),
                location=location,
            )
            self.add(made, is_named=name is not None)
            return function

        return register

    def add(self, check: Check, *, is_named: bool = True) -> None:
        """Add a check; while a file is being loaded in this thread, to those of the file.

        Args:
            check: The check.
            is_named: Its name was chosen; else it is qualified when another has it.

        Raises:
            DuplicateCheckError: Another has the name that was chosen.
        """
        collection = _collection()
        with self._lock:
            if collection is None:
                _put(check, self._checks, is_named=is_named)
                self._own.append(check)
                self._refresh()
            else:
                _put(check, (*collection.others, *collection.checks), is_named=is_named)
                collection.checks.append(check)

    def remove(self, name: str) -> None:
        """Forget a check that the program registered; does nothing when there is none."""
        with self._lock:
            self._own = [check for check in self._own if check.name != name]
            self._refresh()

    def others_than(self, source: str) -> tuple[Check, ...]:
        """Return all checks but those of a file: their names are taken when it is loaded."""
        with self._lock:
            loaded = (checks for name, checks in self._loaded.items() if name != source)
            return (*self._own, *(check for checks in loaded for check in checks))

    def replace(self, source: str, checks: Iterable[Check]) -> None:
        """Put the checks of a file in place of those that it had, all at once."""
        with self._lock:
            self._loaded = {**self._loaded, source: tuple(checks)}
            self._refresh()

    def clear(self) -> None:
        """Forget all checks."""
        with self._lock:
            self._own, self._loaded = [], {}
            self._refresh()

    def problems(self) -> list[str]:
        """Return what is wrong with how the checks depend on one another."""
        by_name = {check.name: check for check in self._checks}
        found = [
            f"{check.name!r} depends on {other!r}, and there is no such check.{_hint(other, by_name)}"
            for check in self._checks
            for other in check.depends_on
            if other not in by_name
        ]
        cycle = find_cycle(by_name)
        if cycle:
            found.append(f"Checks depend on one another in a circle: {' -> '.join(cycle)}.")
        return found

    def _refresh(self) -> None:
        loaded = (check for checks in self._loaded.values() for check in checks)
        self._checks = (*self._own, *loaded)
        self.version += 1


DEFAULT: Final = CheckRegistry()
"""Where ``from allgreen import check`` registers."""

check = DEFAULT.check


class collecting:  # noqa: N801 - used as a context manager, like those of `contextlib`
    """Collect what this thread registers in the block, instead of adding it at once.

    Attributes:
        others: Checks whose names are taken.
        checks: What was collected.
    """

    def __init__(self, others: Iterable[Check] = ()) -> None:
        self.others = tuple(others)
        self.checks: list[Check] = []

    def __enter__(self) -> list[Check]:
        self._thread, self._before = _thread.get_ident(), _collection()
        _collecting[self._thread] = self
        return self.checks

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is None:
            del _collecting[self._thread]
        else:
            _collecting[self._thread] = self._before


def find_cycle(checks: Mapping[str, Check]) -> list[str]:
    """Return the names along a circle of dependencies, the first one again at the end."""
    done: set[str] = set()
    for start in checks:
        # What is being followed, each with what it depends on and was not followed yet.
        path = {} if start in done else {start: iter(checks[start].depends_on)}
        while path:
            name, others = next(reversed(path.items()))
            other = next(others, None)
            if other is None:
                done.add(name)
                del path[name]
            elif other in path:
                names = list(path)
                return [*names[names.index(other) :], other]
            elif other in checks and other not in done:
                path[other] = iter(checks[other].depends_on)
    return []


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the word that was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only where somebody made a mistake

    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return close[0] if close else None


_collecting: dict[int, collecting] = {}
"""What each thread collects that loads a file, by its number."""


def _collection() -> collecting | None:
    return _collecting.get(_thread.get_ident())


def _put(check: Check, others: Iterable[Check], *, is_named: bool) -> None:
    """Make sure that a check has a name of its own."""
    taken = {other.name: other for other in others}
    if check.name not in taken:
        return
    if is_named:
        raise DuplicateCheckError(check.name, taken[check.name].location, check.location)
    module = getattr(check.function, "__module__", "check")
    name, number = f"{module}.{check.name}", 1
    while name in taken:
        number += 1
        name = f"{module}.{check.name}-{number}"
    check.name = name


def _respelled(others: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for spelling, value in others.items():
        option = OTHER_SPELLINGS.get(spelling)
        if option is None:
            raise UnknownOptionError(spelling, suggest(spelling, (*OPTIONS, *OTHER_SPELLINGS)))
        if given[option] is not None or option in options:
            raise CheckDefinitionError(f"{option!r} and {spelling!r} are the same; give one.")
        options[option] = value
    return options


def _conditions(options: Mapping[str, Any]) -> Conditions | None:
    if all(value is None for value in options.values()):
        return None
    from allgreen.health.conditions import Conditions  # noqa: PLC0415 - few checks have one

    return Conditions.of(**options)


def _name_of(function: Callable[..., object], description: str) -> str:
    name = str(getattr(function, "__name__", type(function).__name__))
    if name.strip("_") and name != "<lambda>":
        return name
    words = "".join(char if char.isalnum() else " " for char in description.lower()).split()
    return "_".join(words) or "check"


def _timeout(seconds: object) -> float | None:
    return None if seconds is None else _seconds(seconds, "timeout") or None


def _seconds(given: object, option: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise CheckDefinitionError(f"{option}= is a number of seconds, and not {given!r}.")
    if not 0 <= given < float("inf"):
        raise CheckDefinitionError(f"{option}= cannot be {given!r}: it is a number of seconds.")
    return float(given)


def _flag(given: object, option: str) -> bool:
    if not isinstance(given, bool):
        raise CheckDefinitionError(f"{option}= is True or False, and not {given!r}.")
    return given


def _at_least_one(failures: object) -> int:
    if isinstance(failures, bool) or not isinstance(failures, int) or failures < 1:
        raise CheckDefinitionError(f"failures= is a number from 1, and not {failures!r}.")
    return failures


def _names(given: Names, option: str) -> Collection[str]:
    listed = (given,) if isinstance(given, str) else tuple(given)
    return tuple(_text(one, option) for one in listed)


def _text(given: object, option: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise CheckDefinitionError(f"{option}= is text, and not {given!r}.")
    return given


def _hint(word: str, known: Iterable[str]) -> str:
    close = suggest(word, known)
    return f" Did you mean {close!r}?" if close else ""


def _caller() -> Location:
    frame = sys._getframe(2)  # noqa: SLF001 - `inspect` is slow to import
    return Location(frame.f_code.co_filename, frame.f_lineno)
