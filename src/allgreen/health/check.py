"""Check: one definition of something to verify, as a program writes it down.

Plain classes here and in the registry: what ``from allgreen import check`` imports must cost a
program next to nothing, and `dataclasses` alone takes longer than all of it.
"""

from __future__ import annotations

from allgreen.health.callables import is_coroutine_function

TYPE_CHECKING = False  # `typing` is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Final

    from allgreen.health.conditions import Conditions
    from allgreen.health.frequency import Frequency

    Function = Callable[[], Any]

DEFAULT_TIMEOUT_S: Final = 10.0


class Location:
    """Where something was defined."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Check:
    """One definition of something to verify.

    Attributes:
        name: Its identity; state that outlives a restart is kept under it.
        description: Sentence for people, such as ``Database is accessible``.
        function: What is called. `None` or `True` passes, `False` fails.
        is_async: It is a coroutine function, and runs on an event loop; else in a thread.
        timeout_s: Seconds after which it has failed; `None` for no limit of its own.
        conditions: Whether it runs here; `None` for everywhere.
        frequency: How often it runs at most; `None` for each time somebody asks.
        tags: Groups that it belongs to.
        is_critical: Its failure makes the whole unhealthy, and not only degraded.
        depends_on: Names of checks without which this one says nothing new.
        failures_to_report: So many failures in a row are needed before one is reported.
        seconds_to_report: For so long it must have failed before that is reported.
        location: Where it was defined.
        note: What to say beside its results, such as that it is of an older configuration.
    """

    __slots__ = (
        "conditions",
        "depends_on",
        "description",
        "failures_to_report",
        "frequency",
        "function",
        "is_async",
        "is_critical",
        "location",
        "name",
        "note",
        "seconds_to_report",
        "tags",
        "timeout_s",
    )

    def __init__(
        self,
        name: str,
        description: str,
        function: Function,
        *,
        timeout_s: float | None = DEFAULT_TIMEOUT_S,
        conditions: Conditions | None = None,
        frequency: Frequency | None = None,
        tags: Iterable[str] = (),
        is_critical: bool = True,
        depends_on: Iterable[str] = (),
        failures_to_report: int = 1,
        seconds_to_report: float = 0.0,
        location: Location | None = None,
    ) -> None:
        self.name = name
        self.description = description
        self.function = function
        self.is_async = is_coroutine_function(function)
        self.timeout_s = timeout_s
        self.conditions = conditions
        self.frequency = frequency
        self.tags = frozenset(tags)
        self.is_critical = is_critical
        self.depends_on = tuple(depends_on)
        self.failures_to_report = failures_to_report
        self.seconds_to_report = seconds_to_report
        self.location = location
        self.note = ""

    def __repr__(self) -> str:
        return f"Check({self.name!r}, {self.description!r})"
