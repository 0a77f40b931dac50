"""Colours as people see them: the tokens, and what a deficiency of colour vision makes of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from tests.checkout import ROOT

Colour = tuple[float, float, float]
"""Red, green and blue, linear, from 0 to 1."""

DEFICIENCIES: Final[Mapping[str, tuple[Colour, Colour, Colour]]] = {
    # G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for
    # Simulation of Color Vision Deficiency", IEEE TVCG 15 (6), 2009, table 1, severity 1.0.
    # Chromium emulates deficiencies by the same matrices.
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


@cache
def tokens(theme: str) -> Mapping[str, Colour]:
    """Return the colours of ``tokens.css`` in a theme, by name without dashes."""
    css = (ROOT / "web/src/styles/tokens.css").read_text(encoding="utf-8")
    side = ("light", "dark").index(theme)
    return {name: _of_oklch(both[side]) for name, *both in _TOKEN.findall(css)}


def seen_by(deficiency: str, colour: Colour) -> Colour:
    """Return what somebody sees who lacks one kind of cone; anybody else sees it as it is."""
    rows = DEFICIENCIES.get(deficiency)
    if rows is None:
        return colour
    red, green, blue = (
        min(1.0, max(0.0, sum(part * of for part, of in zip(row, colour, strict=True))))
        for row in rows
    )
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def difference(one: Colour, other: Colour) -> float:
    """Return ΔE in OKLab, in hundredths: about 2 can just be noticed side by side."""
    return 100 * math.dist(_oklab(one), _oklab(other))


def _luminance(colour: Colour) -> float:
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _of_oklch(text: str) -> Colour:
    lightness, chroma, hue = (float(part.removesuffix("%")) for part in text.split())
    angle = math.radians(hue)
    return _from_oklab(lightness / 100, chroma * math.cos(angle), chroma * math.sin(angle))


# Björn Ottosson, "A perceptual color space for image processing", 2020: both ways.
def _from_oklab(lightness: float, a: float, b: float) -> Colour:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _clipped(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _clipped(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _clipped(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def _oklab(colour: Colour) -> Colour:
    red, green, blue = colour
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _clipped(part: float) -> float:
    return min(1.0, max(0.0, part))


_TOKEN: Final = re.compile(r"--([\w-]+): light-dark\(oklch\(([\d.% ]+)\), oklch\(([\d.% ]+)\)\)")
