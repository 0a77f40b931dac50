"""Badges: a small picture with a word for pages elsewhere; no script, font or link in it."""

from typing import Final
from xml.etree import ElementTree

from allgreen.server.status_pages.public import State
from allgreen.server.status_pages.words import for_xml

_HEIGHT: Final = 20
_PAD: Final = 8
_LETTER: Final = 6.6
"""Of 11 px Verdana and what stands in for it, on average."""
_LONGEST: Final = 40
# White or dark letters on these hold 4.5 : 1.
_GROUNDS: Final = {
    State.UP: ("#066042", "#ffffff"),
    State.DEGRADED: ("#f3c930", "#141b18"),
    State.DOWN: ("#a9111b", "#ffffff"),
    State.MAINTENANCE: ("#3f5288", "#ffffff"),
    State.PAUSED: ("#585f59", "#ffffff"),
    State.UNKNOWN: ("#585f59", "#ffffff"),
}
_WORDS: Final = {
    State.UP: "all green",
    State.DEGRADED: "slow",
    State.DOWN: "down",
    State.MAINTENANCE: "maintenance",
    State.PAUSED: "paused",
    State.UNKNOWN: "not known",
}


def render_badge(name: str, state: State, *, as_of: str = "") -> bytes:
    """Return a badge as SVG.

    Args:
        name: Of the page or the service.
        state: How it is.
        as_of: The time at which it was so, when nothing newer is known.
    """
    name = for_xml(name)
    label = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    word = f"{_WORDS[state]} at {as_of}" if as_of else _WORDS[state]
    left, right = _width(label), _width(word)
    ground, ink = _GROUNDS[State.UNKNOWN if as_of else state]
    svg = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(left + right),
            "height": str(_HEIGHT),
            "viewBox": f"0 0 {left + right} {_HEIGHT}",
            "role": "img",
            "aria-label": f"{name}: {word}",
        },
    )
    ElementTree.SubElement(svg, "title").text = f"{name}: {word}"
    box = {"height": str(_HEIGHT), "rx": "4"}
    ElementTree.SubElement(svg, "rect", {**box, "width": str(left + right), "fill": "#141b18"})
    ElementTree.SubElement(
        svg, "rect", {**box, "x": str(left), "width": str(right), "fill": ground}
    )
    # Covers the round corners where the two halves meet.
    seam = {"x": str(left), "width": "4", "height": str(_HEIGHT), "fill": ground}
    ElementTree.SubElement(svg, "rect", seam)
    font = {"y": "14", "font-family": "Verdana,DejaVu Sans,Geneva,sans-serif", "font-size": "11"}
    _write(svg, label, {**font, "x": str(_PAD), "fill": "#f0eee9"}, left)
    _write(svg, word, {**font, "x": str(left + _PAD), "fill": ink}, right)
    drawn: bytes = ElementTree.tostring(svg, encoding="utf-8", xml_declaration=True)
    return drawn


def _write(svg: ElementTree.Element, text: str, attributes: dict[str, str], width: int) -> None:
    room = {"textLength": str(width - 2 * _PAD), "lengthAdjust": "spacingAndGlyphs"}
    ElementTree.SubElement(svg, "text", {**attributes, **room}).text = text


def _width(text: str) -> int:
    return round(len(text) * _LETTER) + 2 * _PAD
