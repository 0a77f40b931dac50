"""Room: how much of a report is shown, so that no check can make an answer too large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from allgreen.domain.report import CheckResult
from allgreen.exporters.standing import Standing

KIB: Final = 1024
MOST_CHECKS: Final = 1000
"""So many checks are listed, the failing ones first to stay."""

_STEPS: Final = (
    # name, text, trace, items
    (200, 2000, 16_000, 200),
    (160, 600, 4000, 50),
    (100, 160, 1000, 12),
    (60, 60, 0, 0),
    (24, 0, 0, 0),
)


class Room:
    """What there is room for in one attempt to render.

    Attributes:
        name_chars: So long is a name or a description at most.
        text_chars: A message, a note, or one side of a comparison.
        trace_chars: A traceback.
        items: So many values of the metadata of one check.
        is_last: There is no smaller one.
        has_cut: Something was left out.
    """

    __slots__ = ("_left", "has_cut", "is_last", "items", "name_chars", "text_chars", "trace_chars")

    def __init__(self, budget_bytes: int, step: int = 0) -> None:
        self.name_chars, self.text_chars, self.trace_chars, self.items = _STEPS[step]
        self.is_last = step == len(_STEPS) - 1
        self.has_cut = False
        self._left = budget_bytes

    @property
    def is_exceeded(self) -> bool:
        """Tell whether the texts alone are too large, so that this attempt has failed."""
        return self._left < 0 and not self.is_last

    def cut_name(self, text: str) -> str:
        """Return a name as far as there is room."""
        return self._take(text, self.name_chars)

    def cut(self, text: str) -> str:
        """Return text as far as there is room."""
        return self._take(text, self.text_chars) if text else text

    def cut_trace(self, text: str) -> str:
        """Return the end of a traceback: that is where it says what went wrong."""
        if len(text) > self.trace_chars:
            self.has_cut = True
            text = "…" + text[1 - self.trace_chars :] if self.trace_chars else ""
        return self._take(text, self.trace_chars)

    def pick(self, results: Sequence[CheckResult]) -> Sequence[CheckResult]:
        """Return the results that are listed, in their order; what is worst stays."""
        if len(results) <= MOST_CHECKS:
            return results
        self.has_cut = True
        worst_first = sorted(range(len(results)), key=lambda at: _RANKS[Standing.of(results[at])])
        return [results[at] for at in sorted(worst_first[:MOST_CHECKS])]

    def _take(self, text: str, most: int) -> str:
        if len(text) > most:
            self.has_cut = True
            text = text[: most - 1] + "…" if most else ""
        self._left -= len(text)
        # What cannot fit any more is not worth the work of rendering it.
        return "" if self._left < 0 and not self.is_last else text


def fit(render: Callable[[Room], bytes], budget_bytes: int) -> bytes:
    """Render with less and less room until the whole is small enough.

    Nearly every report fits at once; only what is hostile or huge is rendered again.

    Args:
        render: Renders with the room that it is given.
        budget_bytes: What is small enough. The last attempt is taken as it is: it holds nothing
            but short names, of a bounded number of checks.
    """
    body = b""
    for step in range(len(_STEPS)):
        room = Room(budget_bytes, step)
        body = render(room)
        if len(body) <= budget_bytes and not room.is_exceeded:
            break
    return body


def budget_for(checks: int) -> int:
    """Return how large an answer may be, in bytes: 64 KiB, or half a KiB for each of many checks."""
    return max(64 * KIB, min(checks, MOST_CHECKS) * KIB // 2)


_RANKS: Final = {standing: rank for rank, standing in enumerate(Standing)}
