"""Plan: which checks a report is about, and in which order they can be run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from allgreen.health.check import Check
from allgreen.health.running.execution import Cell

_MOST_KNOWN: Final = 64


class Step(NamedTuple):
    """One check to run.

    Attributes:
        needs: Those whose results must be known before.
    """

    cell: Cell
    needs: tuple[Cell, ...]


class Selection(NamedTuple):
    """What one report is about.

    Attributes:
        shown: In the order of the report.
        steps: What to run for it, with what it depends on, which comes before it.
        beneath: What is run because others depend on it, and shown only when it has failed.
    """

    shown: tuple[Cell, ...]
    steps: tuple[Step, ...]
    beneath: tuple[Cell, ...]


class Plan:
    """Selections of the checks of a registry, as it was at one moment."""

    def __init__(self, checks: Sequence[Check], cells: Mapping[Check, Cell]) -> None:
        self.cells = {check: cells.get(check) or Cell(check) for check in checks}
        self._by_name = {check.name: cell for check, cell in self.cells.items()}
        self._known: dict[tuple[Collection[str] | None, Collection[str]], Selection] = {}

    def select(self, names: Collection[str] | None, tags: Collection[str]) -> Selection:
        """Return what to run and to show.

        Args:
            names: Of checks that are wanted; `None` for all.
            tags: Only checks that have one of these; empty for all.
        """
        key = (None if names is None else _set_of(names), _set_of(tags))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:  # names may come from whoever asks
                self._known = {}
            known = self._known[key] = self._select(*key)
        return known

    def _select(self, names: frozenset[str] | None, tags: frozenset[str]) -> Selection:
        shown = tuple(
            cell
            for check, cell in self.cells.items()
            if (names is None or check.name in names)
            and (not tags or not check.tags.isdisjoint(tags))
        )
        steps, seen = self._sort(shown), {*shown}
        beneath = tuple(step.cell for step in steps if step.cell not in seen)
        return Selection(shown, steps, beneath)

    def _sort(self, wanted: Sequence[Cell]) -> tuple[Step, ...]:
        """Return steps so that what a check depends on comes before it; a circle is cut open."""
        steps: dict[Cell, Step] = {}
        for cell in wanted:
            self._visit(cell, steps)
        return tuple(steps.values())

    def _visit(self, wanted: Cell, steps: dict[Cell, Step]) -> None:
        # Not by calling itself: a chain may be longer than Python goes deep.
        path: dict[Cell, tuple[Cell, ...]] = {}
        look_at = [wanted]
        while look_at:
            cell = look_at[-1]
            if cell in path:
                steps[cell] = Step(look_at.pop(), path.pop(cell))
            elif cell in steps:
                look_at.pop()
            else:
                path[cell] = needs = self._needs_of(cell, path)
                look_at += [need for need in reversed(needs) if need not in steps]

    def _needs_of(self, cell: Cell, path: Collection[Cell]) -> tuple[Cell, ...]:
        above = (self._by_name.get(name) for name in cell.check.depends_on)
        return tuple(
            each for each in above if each is not None and each is not cell and each not in path
        )


def _set_of(words: Collection[str]) -> frozenset[str]:
    return frozenset((words,)) if isinstance(words, str) else frozenset(words)
