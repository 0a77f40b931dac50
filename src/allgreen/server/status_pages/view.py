"""What stands where on a page: rows of services, days of the past, and what is planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from allgreen.domain.calendar import STRIP_DAYS
from allgreen.server.status_pages.public import (
    Ending,
    PublicIncident,
    PublicMaintenance,
    PublicPage,
    PublicService,
    State,
)
from allgreen.server.status_pages.sentences import GLYPHS, WORDS, word_of
from allgreen.server.status_pages.words import (
    NBSP,
    Wall,
    join_names,
    write_day,
    write_days,
    write_duration,
    write_month,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One moment of an outage or of planned work."""

    at: str
    instant: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One outage, or one planned work."""

    glyph: str
    state: str
    name: str
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One day with what happened, or several without."""

    days: str
    stories: list[Story]
    quiet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What happened, by days; and the month to which the link below leads."""

    heading: str
    chapters: list[Chapter]
    earlier: tuple[str, str] | None
    is_latest: bool


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


def months_of(page: PublicPage, wall: Wall) -> list[str]:
    """Return the months that can be asked for, as ``2026-10``, newest first."""
    today = wall.day(wall.now)
    days = [today - DAY * ago for ago in range(STRIP_DAYS)]
    return list(dict.fromkeys(f"{day:%Y-%m}" for day in days))


def past_of(page: PublicPage, wall: Wall, month: str | None) -> Past:
    """Return what happened in the latest two weeks, or in one of `months_of`."""
    today = wall.day(wall.now)
    oldest = today - DAY * (STRIP_DAYS - 1)
    if month is None:
        first, last = today - DAY * (LATEST - 1), today
    else:
        first = max(date(int(month[:4]), int(month[5:]), 1), oldest)
        last = min(_last_of_month(first), today)
    before = first - DAY
    earlier = (f"{before:%Y-%m}", write_month(before)) if before >= oldest else None
    heading = "The last days" if month is None else f"{write_month(first)} {first.year}"
    return Past(
        heading=heading,
        chapters=_chapters(page, wall, first, last),
        earlier=earlier,
        is_latest=month is None,
    )


def planned_of(page: PublicPage, wall: Wall) -> list[Story]:
    """Return the planned work that lies ahead, the next first; what runs stands at its service."""
    return [
        Story(
            glyph="maint",
            state=WORDS[State.MAINTENANCE],
            name=join_names(window.services),
            lines=[
                Line(
                    at=write_day(wall.day(window.begin)),
                    instant=window.begin,
                    text=f"{wall.time(window.begin)} to "
                    f"{wall.moment(window.end, wall.day(window.begin))}. "
                    "Not counted.",
                )
            ],
        )
        for window in page.maintenance
        if window.begin > wall.now
    ]


def _chapters(page: PublicPage, wall: Wall, first: date, last: date) -> list[Chapter]:
    """Return days, newest first, with neighbours on which nothing happened as one."""
    chapters: list[Chapter] = []
    run: list[date] = []
    for day in (last - DAY * ago for ago in range((last - first).days + 1)):
        stories = _stories_of(page, wall, day)
        quiet = "" if stories else _quiet(page, day)
        if run and (stories or quiet != _quiet(page, run[0])):
            chapters.append(_quiet_chapter(page, run))
            run = []
        if stories:
            chapters.append(Chapter(days=write_day(day), stories=stories, quiet=""))
        else:
            run.append(day)
    return chapters + ([_quiet_chapter(page, run)] if run else [])


def _quiet_chapter(page: PublicPage, days: Sequence[date]) -> Chapter:
    return Chapter(days=write_days(days[-1], days[0]), stories=[], quiet=_quiet(page, days[0]))


def _quiet(page: PublicPage, day: date) -> str:
    """Say that nothing happened, but only of a day on which somebody looked."""
    letters = {_letter(service.strip, day) for service in page.services}
    return "Quiet." if letters - {"n"} else "Nothing was checked."


def _letter(strip: Strip, day: date) -> str:
    place = (day - strip.first).days
    return strip.grades[place] if 0 <= place < len(strip.grades) else "n"


def _stories_of(page: PublicPage, wall: Wall, day: date) -> list[Story]:
    outages = [_outage(each, wall) for each in page.incidents if wall.day(each.began_at) == day]
    works = [
        _work(each, wall)
        for each in page.maintenance
        if wall.day(each.begin) == day and each.begin <= wall.now
    ]
    return outages + works


def _outage(incident: PublicIncident, wall: Wall) -> Story:
    day = wall.day(incident.began_at)
    lines = [
        Line(
            at=wall.time(incident.began_at),
            instant=incident.began_at,
            text="Stopped answering correctly.",
        )
    ]
    if incident.ended_at is not None:
        lasted = write_duration(incident.duration_s)
        end = _ENDS.get(incident.ending, "Over") if incident.ending else "Over"
        ended = wall.moment(incident.ended_at, day)
        lines.insert(
            0,
            Line(
                at=wall.time(incident.ended_at),
                instant=incident.ended_at,
                text=f"{end}, after {lasted}."
                + ("" if ended == wall.time(incident.ended_at) else f" That was on {ended}."),
            ),
        )
    is_over = incident.ended_at is not None
    return Story(
        glyph="up" if is_over else "down",
        state="Over" if is_over else WORDS[State.DOWN],
        name=incident.service,
        lines=lines,
    )


_ENDS: Final = {
    Ending.HOLDS_AGAIN: "Holds again",
    Ending.PAUSED: "No longer watched",
    Ending.RECONFIGURED: "Checked in another way since",
}


def _work(window: PublicMaintenance, wall: Wall) -> Story:
    end = wall.moment(window.end, wall.day(window.begin))
    done = f"done at {end}" if window.end <= wall.now else f"until {end}"
    return Story(
        glyph="maint",
        state=WORDS[State.MAINTENANCE],
        name=join_names(window.services),
        lines=[
            Line(
                at=wall.time(window.begin),
                instant=window.begin,
                text=f"Planned maintenance, {done}. Not counted.",
            )
        ],
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


def _last_of_month(day: date) -> date:
    following = (day.replace(day=28) + 4 * DAY).replace(day=1)
    return following - DAY
