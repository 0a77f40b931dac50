"""Ratio: one goal of performance, measured side by side with its baseline."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How we compare with a baseline in the same run.

    Attributes:
        id: Number of the goal, such as ``A1``.
        what: What is divided by what.
        ratio: Median over the rounds; `None` when it could not be measured here.
        bar: The goal; `None` where none was set, and the figure is for information.
        at_most: Whether the goal is a ceiling instead of a floor.
        note: Anything a reader must know, such as the absolute figures of this machine.
    """

    id: str
    what: str
    ratio: float | None
    bar: float | None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; `None` when there is none, or it was not measured."""
        if self.ratio is None or self.bar is None:
            return None
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    @classmethod
    def of_costs(
        cls,
        goal: tuple[str, str, float | None],
        *,
        baseline: Sequence[float],
        ours: Sequence[float],
        at_most: bool = False,
        note: str = "",
    ) -> "Ratio":
        """Compare costs of interleaved rounds: the median of baseline / ours, round by round.

        Args:
            goal: Number, words and bar.
            baseline: Cost of the baseline in each round; empty when it was not measured.
            ours: Our cost in each round.
            at_most: The goal is a ceiling: the median of ours / baseline.
            note: See the class.
        """
        number, what, bar = goal
        pairs = [
            mine / theirs if at_most else theirs / mine
            for theirs, mine in zip(baseline, ours, strict=False)
        ]
        ratio = statistics.median(pairs) if pairs else None
        return cls(id=number, what=what, ratio=ratio, bar=bar, at_most=at_most, note=note)


def render(ratios: Iterable[Ratio]) -> str:
    """Return a table for the terminal."""
    rows = [("id", "what", "ratio", "bar", "met?", "note")]
    for ratio in ratios:
        sign = "≤" if ratio.at_most else "≥"
        measured = "–" if ratio.ratio is None else f"{ratio.ratio:.2f}"
        bar = "" if ratio.bar is None else f"{sign} {ratio.bar:g}"
        met = {True: "yes", False: "no", None: ""}[ratio.met]
        met = "not run" if ratio.ratio is None else met
        rows.append((ratio.id, ratio.what, measured, bar, met, ratio.note))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)
