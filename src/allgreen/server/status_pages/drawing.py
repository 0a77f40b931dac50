"""The uptime strip as vector paths: one pipe a day, broken as often as the day was bad.

The same shapes as `web/src/components/strip/strip.ts` draws, in a box whose width is stretched to
that of the page: nothing has to be measured by a script.
"""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Final

WIDTH: Final = 900.0
HEIGHT: Final = 38.0
CUTS: Final = {"u": 0, "d": 1, "p": 2, "x": 3}
_CUT: Final = 4.0
_FILL: Final = 0.64
_EDGE: Final = 0.32


def draw_strip(grades: str) -> list[tuple[str, str]]:
    """Return class and path of each state that occurs; letters of no state are no data."""
    pitch = WIDTH / max(len(grades), 1)
    width = pitch * _FILL
    lefts: dict[str, list[float]] = {}
    for day, letter in enumerate(grades):
        known = letter if letter in CUTS or letter == "m" else "n"
        lefts.setdefault(known, []).append(day * pitch + (pitch - width) / 2)
    return [path for letter in "udpxnm" for path in _paths(letter, lefts.get(letter, ()), width)]


def bounds_of_day(day: int, count: int) -> tuple[str, str]:
    """Return left side and width of the room of one day."""
    pitch = WIDTH / max(count, 1)
    return _short(day * pitch), _short(pitch)


def _paths(letter: str, lefts: Sequence[float], width: float) -> Iterator[tuple[str, str]]:
    if not lefts:
        return
    if letter == "n":
        yield "pf-n", "".join(_dash(left, width) for left in lefts)
    elif letter == "m":
        yield "pf-m", "".join(_hatch(left, width) for left in lefts)
    else:
        pieces = list(_pieces(CUTS[letter]))
        yield f"pf-{letter}", "".join(_body(left, width, pieces) for left in lefts)
        yield f"pe-{letter}", "".join(_edge(left, width, pieces) for left in lefts)


Piece = tuple[float, float, bool, bool]


def _pieces(cuts: int) -> Iterator[Piece]:
    """Return top, bottom, and whether it is the first and the last, of each piece of a pipe."""
    height = (HEIGHT - _CUT * cuts) / (cuts + 1)
    for number in range(cuts + 1):
        top = number * (height + _CUT)
        yield top, top + height, number == 0, number == cuts


def _body(left: float, width: float, pieces: Sequence[Piece]) -> str:
    """Draw the bright pipe: round at its two outer ends, straight at the breaks."""
    drawn = []
    for top, bottom, is_first, is_last in pieces:
        r = min(width / 2, (bottom - top) / 2)
        arc = f"a{_short(width / 2)} {_short(r)} 0 0 1 "
        drawn += [
            f"M{_short(left)} {_short(top + r if is_first else top)}",
            f"{arc}{_short(width)} 0" if is_first else f"h{_short(width)}",
            f"V{_short(bottom - r if is_last else bottom)}",
            f"{arc}{_short(-width)} 0Z" if is_last else f"h{_short(-width)}Z",
        ]
    return "".join(drawn)


def _edge(left: float, width: float, pieces: Sequence[Piece]) -> str:
    """Draw the dark side: a slice of the pipe that follows the round of its ends."""
    edge, drawn = width * _EDGE, []
    for top, bottom, is_first, is_last in pieces:
        r = min(width / 2, (bottom - top) / 2)
        rise = r - sqrt(max(0.0, r * r - (r - edge) ** 2))
        arc = f"A{_short(r)} {_short(r)} 0 0 1 "
        drawn += [
            f"M{_short(left)} {_short(top + r if is_first else top)}",
            f"{arc}{_short(left + edge)} {_short(top + rise)}" if is_first else f"h{_short(edge)}",
            f"V{_short(bottom - rise if is_last else bottom)}",
            f"{arc}{_short(left)} {_short(bottom - r)}Z" if is_last else f"h{_short(-edge)}Z",
        ]
    return "".join(drawn)


def _dash(left: float, width: float) -> str:
    """No data is a short dash at mid-height: absence is not health."""
    return f"M{_short(left)} {_short(HEIGHT / 2 - 1)}h{_short(width)}v2h{_short(-width)}Z"


def _hatch(left: float, width: float) -> str:
    """Maintenance is a texture, so that it is told from a fault without colour."""
    thick, y, drawn = max(2.0, width / 2), -width, []
    while y < HEIGHT:
        ends = (y + width, y, y + thick, y + width + thick)
        a, b, c, d = (_short(min(HEIGHT, max(0.0, end))) for end in ends)
        drawn.append(f"M{_short(left)} {a}L{_short(left + width)} {b}V{c}L{_short(left)} {d}Z")
        y += thick * 2
    return "".join(drawn)


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
