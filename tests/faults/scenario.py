"""What is broken on purpose: the scenarios, and what each hands back.

A scenario is a module of this folder with ``run(tell) -> Report`` and, where the whole takes
long, ``run_short(tell) -> Report``. Its line in `SCENARIOS` gives it a name and says which
promises it tests; a line whose module does not exist yet is listed as not written.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a scenario.

    Attributes:
        figures: One line for each thing that was measured, for people.
        faults: One sentence for each broken promise. Where a scenario tests several promises, it
            may begin with the id of the one it breaks: ``R4: the second copy has another id``.
        not_run: One sentence for each part that could not be run here, and why; it may begin with
            an id, too.
    """

    figures: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What is known of a promise after a run."""

    KEPT = "kept"
    KEPT_IN_PART = "kept, as far as it was run"
    BROKEN = "broken"
    NOT_RUN = "not run"


Run = Callable[[Tell], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One line of the bench.

    Attributes:
        name: Name of the module, and what is asked for on the command line.
        ids: The promises that it tests, as the goals under faults number them.
        minutes: How long the whole takes on a quiet machine with two cores.
        breaks: What is broken, in a few words.
    """

    name: str
    ids: tuple[str, ...]
    minutes: float
    breaks: str

    @property
    def heading(self) -> str:
        """The heading of its section in the results."""
        return f"## {' '.join(self.ids)} {self.name}"

    @property
    def is_written(self) -> bool:
        """Whether there is something to run."""
        return importlib.util.find_spec(self._module) is not None

    def run(self, tell: Tell, *, short: bool) -> Report:
        """Run it, in its short form when it has one and that is asked for."""
        module = importlib.import_module(self._module)
        run: Run = module.run
        if short and (shorter := getattr(module, "run_short", None)) is not None:
            run = shorter
        return run(tell)

    def answers_to(self, word: str) -> bool:
        """Tell whether it is meant by a word of the command line."""
        return word.lower() in (self.name, *(each.lower() for each in self.ids))

    @property
    def _module(self) -> str:
        return f"{__package__}.{self.name}"


SCENARIOS = (
    Scenario(name="kills", ids=("R1", "R22"), minutes=24, breaks="kill -9 at any moment"),
    Scenario(name="restarts", ids=("R2",), minutes=2, breaks="SIGTERM, again and again"),
    Scenario(name="mail", ids=("R3", "R4"), minutes=9, breaks="the mail server"),
    Scenario(name="full_disk", ids=("R7",), minutes=2, breaks="the disk is full"),
    Scenario(name="power_loss", ids=("R8",), minutes=4, breaks="the power fails"),
    Scenario(name="clocks", ids=("R9",), minutes=3, breaks="the clock jumps"),
    Scenario(name="storm", ids=("R10",), minutes=14, breaks="everything fails at once"),
    Scenario(name="drips", ids=("R12",), minutes=3, breaks="targets that drip or are dead"),
    Scenario(name="bombs", ids=("T6",), minutes=2, breaks="answers that grow"),
    Scenario(name="patterns", ids=("T12", "T13"), minutes=1, breaks="rules that take for ever"),
    Scenario(name="calendars", ids=("R16",), minutes=4, breaks="days of 23, 24 and 25 hours"),
    Scenario(name="absence", ids=("R17",), minutes=2, breaks="Allgreen was off for long"),
    Scenario(name="network", ids=("R20",), minutes=4, breaks="our own network"),
    Scenario(name="accuracy", ids=("R23",), minutes=10, breaks="1,000 services every ten seconds"),
    Scenario(name="noise", ids=("R24",), minutes=4, breaks="one probe in a hundred fails"),
    Scenario(name="flapping", ids=("R25",), minutes=3, breaks="a target that flaps"),
    Scenario(name="poison", ids=("R26",), minutes=1, breaks="one service that cannot be handled"),
    Scenario(name="bursts", ids=("R27",), minutes=1, breaks="2,000 runs and 10,000 edits at once"),
    Scenario(name="heartbeat", ids=("L10",), minutes=5, breaks="writers of the heartbeat file"),
    Scenario(
        name="library",
        ids=("L1", "L2", "L3", "L4", "L7", "L8"),
        minutes=1,
        breaks="checks that hang, block and swallow",
    ),
    Scenario(name="receivers", ids=("L9",), minutes=1, breaks="receivers of webhooks"),
    Scenario(name="two_worlds", ids=("T28",), minutes=15, breaks="the walls between workspaces"),
    Scenario(name="timing", ids=("T17", "T27"), minutes=5, breaks="secrets, by a stopwatch"),
    Scenario(name="odd_inputs", ids=("T49",), minutes=10, breaks="100,000 odd requests"),
    Scenario(name="model", ids=("I20",), minutes=6, breaks="2,000 histories against a model"),
)


def find_scenarios(words: Iterable[str]) -> list[Scenario]:
    """Return the scenarios that are asked for, in the order of the list; without words, all.

    Raises:
        LookupError: when a word names none; the message says which.
    """
    asked = list(words)
    for word in asked:
        if not any(one.answers_to(word) for one in SCENARIOS):
            raise LookupError(f"no scenario is called {word}; `./dev faults --list` shows them")
    return [one for one in SCENARIOS if not asked or any(map(one.answers_to, asked))]


def outcome_of(promise: str, report: Report | None) -> Outcome:
    """Return what a report says of one promise; no report means that nothing was run."""
    if report is None:
        return Outcome.NOT_RUN
    if _concerns(promise, report.faults):
        return Outcome.BROKEN
    if not report.figures:
        return Outcome.NOT_RUN
    return Outcome.KEPT_IN_PART if _concerns(promise, report.not_run) else Outcome.KEPT


def _concerns(promise: str, sentences: Iterable[str]) -> bool:
    return any(_promise_of(sentence) in (None, promise) for sentence in sentences)


def _promise_of(sentence: str) -> str | None:
    """Return the id that a sentence begins with, when it begins with one."""
    first, colon, _ = sentence.partition(": ")
    is_id = first[:1] in "RITL" and first[1:].isdigit()
    return first if colon and is_id else None
