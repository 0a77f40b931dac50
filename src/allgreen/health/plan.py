"""Plan: which checks a report is about, and in which order they can be run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from allgreen.health.check import Check
from allgreen.health.execution import Cell


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
    """

    shown: tuple[Cell, ...]
    steps: tuple[Step, ...]


class Plan:
    """Selections of the checks of a registry, as it was at one moment."""

    def __init__(self, checks: Sequence[Check], cells: Mapping[Check, Cell]) -> None:
        self.cells = {check: cells.get(check) or Cell(check) for check in checks}
        self._by_name = {check.name: cell for check, cell in self.cells.items()}
        self._known: dict[tuple[Collection[str] | None, Collection[str]], Selection] = {}

    def select(self, names: Collection[str] | None, tags: Collection[str]) -> Selection:
        """Return what to run and to show.

        Args:
            names: Of checks that are wanted, whatever their tags; `None` for all.
            tags: Only checks that have one of these; empty for all.
        """
        key = (None if names is None else frozenset(names), frozenset(tags))
        known = self._known.get(key)
        if known is None:
            shown = tuple(
                cell
                for check, cell in self.cells.items()
                if (names is None or check.name in names)
                and (not tags or not check.tags.isdisjoint(tags))
            )
            known = self._known[key] = Selection(shown, self._sort(shown))
        return known

    def _sort(self, wanted: Sequence[Cell]) -> tuple[Step, ...]:
        """Return steps so that what a check depends on comes before it; a circle is cut open."""
        steps: dict[Cell, Step] = {}
        for cell in wanted:
            self._visit(cell, steps, ())
        return tuple(steps.values())

    def _visit(self, cell: Cell, steps: dict[Cell, Step], path: tuple[Cell, ...]) -> None:
        if cell in steps:
            return
        above = (self._by_name.get(name) for name in cell.check.depends_on)
        needs = tuple(each for each in above if each is not None and each not in (*path, cell))
        for need in needs:
            self._visit(need, steps, (*path, cell))
        steps[cell] = Step(cell, needs)
