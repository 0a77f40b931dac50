"""Pipes as vector paths: one a day, broken as often as the day was bad.

The same shapes as `web/src/components/strip/strip.ts` draws, in a box whose width is stretched to
that of the page: nothing has to be measured by a script.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

CUTS: Final = {"u": 0, "d": 1, "p": 2, "x": 3}
_FILL: Final = 0.64
_EDGE: Final = 0.32


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a strip is drawn, in its own units.

    Attributes:
        top: Of the pipes.
        height: Of the pipes.
        width: Of all days together.
        fill: Share of its room that a pipe takes.
        cut: Height of a break.
    """

    width: float = 900.0
    height: float = 38.0
    top: float = 0.0
    fill: float = _FILL
    cut: float = 4.0


STRIP: Final = Box()


def draw_strip(grades: str, box: Box = STRIP) -> list[tuple[str, str]]:
    """Return class and path of each state that occurs; letters of no state are no data."""
    pitch = box.width / max(len(grades), 1)
    width = pitch * box.fill
    lefts: dict[str, list[float]] = {}
    for day, letter in enumerate(grades):
        known = letter if letter in CUTS or letter == "m" else "n"
        lefts.setdefault(known, []).append(day * pitch + (pitch - width) / 2)
    pen = _Pen(box, width)
    return [path for letter in "udpxnm" for path in pen.paths(letter, lefts.get(letter, ()))]


def bounds_of_day(day: int, count: int) -> tuple[str, str]:
    """Return left side and width of the room of one day in `STRIP`."""
    pitch = STRIP.width / max(count, 1)
    return short(day * pitch), short(pitch)


def short(number: float) -> str:
    """Write a coordinate: ``2.72``, ``3``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


Piece = tuple[float, float, bool, bool]


class _Pen:
    """Draws pipes of one width into one box."""

    def __init__(self, box: Box, width: float) -> None:
        self._box = box
        self._width = width

    def paths(self, letter: str, lefts: Sequence[float]) -> Iterator[tuple[str, str]]:
        """Return class and path of the parts of all pipes of one state."""
        if not lefts:
            return
        if letter == "n":
            yield "pf-n", "".join(map(self._dash, lefts))
        elif letter == "m":
            yield "pf-m", "".join(map(self._hatch, lefts))
        else:
            pieces = list(self._pieces(CUTS[letter]))
            yield f"pf-{letter}", "".join(self._body(left, pieces) for left in lefts)
            yield f"pe-{letter}", "".join(self._edge(left, pieces) for left in lefts)

    def _pieces(self, cuts: int) -> Iterator[Piece]:
        """Return top, bottom, and whether it is the first and the last, of each piece."""
        box = self._box
        height = (box.height - box.cut * cuts) / (cuts + 1)
        for number in range(cuts + 1):
            top = box.top + number * (height + box.cut)
            yield top, top + height, number == 0, number == cuts

    def _body(self, left: float, pieces: Sequence[Piece]) -> str:
        """Draw the bright pipe: round at its two outer ends, straight at the breaks."""
        width, drawn = self._width, []
        for top, bottom, is_first, is_last in pieces:
            r = min(width / 2, (bottom - top) / 2)
            arc = f"a{short(width / 2)} {short(r)} 0 0 1 "
            drawn += [
                f"M{short(left)} {short(top + r if is_first else top)}",
                f"{arc}{short(width)} 0" if is_first else f"h{short(width)}",
                f"V{short(bottom - r if is_last else bottom)}",
                f"{arc}{short(-width)} 0Z" if is_last else f"h{short(-width)}Z",
            ]
        return "".join(drawn)

    def _edge(self, left: float, pieces: Sequence[Piece]) -> str:
        """Draw the dark side: a slice of the pipe that follows the round of its ends."""
        width, edge, drawn = self._width, self._width * _EDGE, []
        for top, bottom, is_first, is_last in pieces:
            r = min(width / 2, (bottom - top) / 2)
            rise = r - sqrt(max(0.0, r * r - (r - edge) ** 2))
            arc = f"A{short(r)} {short(r)} 0 0 1 "
            drawn += [
                f"M{short(left)} {short(top + r if is_first else top)}",
                f"{arc}{short(left + edge)} {short(top + rise)}" if is_first else f"h{short(edge)}",
                f"V{short(bottom - rise if is_last else bottom)}",
                f"{arc}{short(left)} {short(bottom - r)}Z" if is_last else f"h{short(-edge)}Z",
            ]
        return "".join(drawn)

    def _dash(self, left: float) -> str:
        """No data is a short dash at mid-height: absence is not health."""
        middle = self._box.top + self._box.height / 2
        return f"M{short(left)} {short(middle - 1)}h{short(self._width)}v2h{short(-self._width)}Z"

    def _hatch(self, left: float) -> str:
        """Maintenance is a texture, so that it is told from a fault without colour."""
        top, bottom, width = self._box.top, self._box.top + self._box.height, self._width
        thick, y, drawn = max(2.0, width / 2), top - width, []
        while y < bottom:
            ends = (y + width, y, y + thick, y + width + thick)
            a, b, c, d = (short(min(bottom, max(top, end))) for end in ends)
            drawn.append(f"M{short(left)} {a}L{short(left + width)} {b}V{c}L{short(left)} {d}Z")
            y += thick * 2
        return "".join(drawn)
