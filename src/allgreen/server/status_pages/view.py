"""Services as a page shows them: a word, ninety pipes, and the odd days in words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from allgreen.server.status_pages.public import (
    PublicService,
)
from allgreen.server.status_pages.sentences import GLYPHS, word_of
from allgreen.server.status_pages.words import (
    NBSP,
    Wall,
    write_day,
    write_duration,
    write_ms,
    write_pct,
)
from allgreen.server.views.pipes import bounds_of_day, draw_strip
from allgreen.server.views.schemas import Strip

DAY: Final = timedelta(days=1)
LATEST: Final = 14
_MEANINGS: Final = {
    "u": ("up", "Healthy all day"),
    "d": ("degraded", "Mostly healthy"),
    "p": ("partial", "Partly down"),
    "x": ("down", "Mostly down"),
    "m": ("maint", "Planned maintenance"),
    "n": ("nodata", "No data"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """A day that was not quiet: its room in the strip, and what it was in words."""

    x: str
    width: str
    glyph: str
    date: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A service of a page."""

    key: str
    name: str
    glyph: str
    word: str
    pct: str
    median: str
    paths: list[tuple[str, str]]
    sentence: str
    days: list[DayLine]
    first: str


def row_of(service: PublicService, wall: Wall) -> Row:
    """Return a service as the page shows it."""
    strip = service.strip
    return Row(
        key=service.key,
        name=service.name,
        glyph=GLYPHS[service.state],
        word=word_of(service, wall),
        pct=write_pct(service.uptime_pct),
        median="" if service.median_ms is None else write_ms(service.median_ms),
        paths=draw_strip(strip.grades),
        sentence=_sentence_of(service),
        days=_day_lines(strip),
        first=write_day(strip.first),
    )


def _day_lines(strip: Strip) -> list[DayLine]:
    """Return the days on which something was down or planned, newest first."""
    details = {index: (pct, down_s) for index, pct, down_s, _, _ in strip.details}
    lines = []
    for place, letter in enumerate(strip.grades):
        if letter in ("u", "n") and place not in details:
            continue
        glyph, word = _MEANINGS.get(letter, _MEANINGS["n"])
        x, width = bounds_of_day(place, len(strip.grades))
        pct, down_s = details.get(place, (None, 0))
        facts = [word]
        if pct is not None and letter != "m":
            facts.append(write_pct(pct))
        if down_s:
            facts.append(f"down for {write_duration(down_s)}")
        day = write_day(strip.first + DAY * place)
        lines.append(DayLine(x=x, width=width, glyph=glyph, date=day, words=", ".join(facts)))
    return lines[::-1]


def _sentence_of(service: PublicService) -> str:
    """Say a whole strip, for people who listen."""
    grades = service.strip.grades
    parts = [
        f"{count}{NBSP}{name}"
        for letter, name in _COUNTED
        if (count := sum(each == letter for each in grades))
    ]
    pct = write_pct(service.uptime_pct).replace("%", "percent")
    return f"{service.name}, the last {len(grades)} days, {pct}. Days: {', '.join(parts)}."


_COUNTED: Final = (
    ("u", "healthy"),
    ("d", "mostly healthy"),
    ("p", "partly down"),
    ("x", "mostly down"),
    ("m", "in planned maintenance"),
    ("n", "without data"),
)
