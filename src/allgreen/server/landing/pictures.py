"""The pictures of the front page: drawn once, from numbers, without a script or a file."""

from dataclasses import dataclass
from math import pi, sin
from typing import Final

from allgreen.server.views.pipes import Box, draw_strip, short

_PIPES: Final = 90
_PITCH: Final = 16.0
_FILL: Final = 0.66
_GROUND: Final = Box(width=_PIPES * _PITCH, height=57.9, top=330.0, fill=_FILL, cut=5.0)
_BASE: Final = 318.0
# Tops of the pipes of the cloud in a picture 390 high: an outline that was drawn by hand.
_TOPS: Final = (
    251.7, 256.3, 257.8, 239.1, 225.6, 216.1, 209.6, 205.7, 204.1, 204.6, 207.4, 209.2, 193.7,
    177.5, 165.3, 156.3, 149.7, 145.2, 142.7, 142.0, 143.1, 146.1, 149.1, 140.3, 124.5, 110.9,
    100.4, 92.3, 86.5, 82.6, 80.5, 80.1, 81.3, 84.1, 85.1, 78.7, 67.0, 55.0, 44.6, 36.3, 29.8,
    25.1, 21.9, 20.3, 20.1, 21.4, 24.2, 28.5, 34.5, 42.1, 51.0, 59.8, 65.3, 65.2, 61.8, 58.3,
    56.4, 56.1, 57.4, 60.4, 65.2, 71.9, 80.7, 92.1, 105.8, 119.1, 123.7, 121.4, 120.1, 120.5,
    122.8, 127.0, 133.3, 142.0, 153.7, 168.7, 183.0, 184.0, 182.1, 182.4, 184.8, 189.3, 196.4,
    206.5, 220.7, 240.3, 246.3, 245.0, 246.3, 250.3,
)  # fmt: skip

DEMO_GRADES: Final = "u" * 8 + "d" + "u" * 19 + "xpd" + "u" * 54 + "pp" + "u" * 3
_HOURS: Final = 168
_HIGHEST_MS: Final = 1000.0
_LIMIT_MS: Final = 800.0
_SILENT: Final = range(69, 80)


@dataclass(frozen=True, slots=True)
class Sky:
    """A cloud of pipes, and the days beneath it as class and path."""

    cloud: str
    ground: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A week of response times in a box of 1000 by 100.

    Attributes:
        bands: From the median to the 95th percentile, one for each stretch with answers.
        lines: The median, likewise.
        out: Left side and width of the time without an answer.
        limit: Height of the limit.
    """

    bands: list[str]
    lines: list[str]
    out: tuple[str, str]
    limit: str


def draw_sky(odd_days: dict[int, str]) -> Sky:
    """Return the picture, green but for some days."""
    width, left = _PITCH * _FILL, _PITCH * (1 - _FILL) / 2
    r = short(width / 2)
    tops = (
        f"M{short(left + place * _PITCH)} {short(top + width / 2)}a{r} {r} 0 0 1 {short(width)} 0"
        f"V{short(_BASE - width / 2)}a{r} {r} 0 0 1 {short(-width)} 0Z"
        for place, top in enumerate(_TOPS)
    )
    grades = "".join(odd_days.get(place, "u") for place in range(_PIPES))
    return Sky("".join(tops), draw_strip(grades, _GROUND))


def draw_chart() -> Chart:
    """Return an invented week: days like waves, and one outage."""
    stretches = [range(_SILENT.start), range(_SILENT.stop, _HOURS)]
    bands, lines = [], []
    for hours in stretches:
        low = [(_x(hour), _y(_median(hour))) for hour in hours]
        high = [(_x(hour), _y(_p95(hour))) for hour in hours]
        lines.append("M" + "L".join(f"{x} {y}" for x, y in low))
        bands.append("M" + "L".join(f"{x} {y}" for x, y in [*high, *reversed(low)]) + "Z")
    begin, end = _SILENT.start - 0.5, _SILENT.stop - 0.5
    out = (_x(begin), short((end - begin) / (_HOURS - 1) * 1000))
    return Chart(bands, lines, out, _y(_LIMIT_MS))


def _median(hour: int) -> float:
    return 238 + 34 * sin(hour / _HOURS * 14 * pi - 1.1) + 52 * (_noise(hour) - 0.5)


def _p95(hour: int) -> float:
    spike = 420 if hour in (5, 134) else 0
    return _median(hour) * 1.28 + 42 + 48 * _noise(hour + 1000) + spike


def _noise(number: int) -> float:
    """Return something between 0 and 1 that looks like chance and is the same each time."""
    return sin(number * 12.9898) * 43758.5453 % 1


def _x(hour: float) -> str:
    return short(hour / (_HOURS - 1) * 1000)


def _y(milliseconds: float) -> str:
    return short(100 - milliseconds / _HIGHEST_MS * 100)
