"""What happened and what is planned, by days: nothing is called quiet that was not."""

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
    State,
)
from allgreen.server.status_pages.sentences import WORDS
from allgreen.server.status_pages.words import (
    Wall,
    join_names,
    write_day,
    write_days,
    write_duration,
    write_month,
)
from allgreen.server.views.schemas import Strip

DAY: Final = timedelta(days=1)
LATEST: Final = 14


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
    """One day with what began on it, or several on which nothing did, in short."""

    days: str
    stories: list[Story]
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What happened, by days; and the month to which the link below leads."""

    heading: str
    chapters: list[Chapter]
    earlier: tuple[str, str] | None
    is_latest: bool


def months_of(wall: Wall) -> list[str]:
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
    """Return days, newest first, with neighbours on which nothing began as one."""
    chapters: list[Chapter] = []
    run: list[date] = []
    for day in (last - DAY * ago for ago in range((last - first).days + 1)):
        stories = _stories_of(page, wall, day)
        if run and (stories or _in_short(page, wall, day) != _in_short(page, wall, run[0])):
            chapters.append(_short_chapter(page, wall, run))
            run = []
        if stories:
            chapters.append(Chapter(days=write_day(day), stories=stories, short=""))
        else:
            run.append(day)
    return chapters + ([_short_chapter(page, wall, run)] if run else [])


def _short_chapter(page: PublicPage, wall: Wall, days: Sequence[date]) -> Chapter:
    short = _in_short(page, wall, days[0])
    return Chapter(days=write_days(days[-1], days[0]), stories=[], short=short)


def _in_short(page: PublicPage, wall: Wall, day: date) -> str:
    """Say how a day was on which nothing began; only one that was looked at and held is quiet."""
    lasting = dict.fromkeys(each.service for each in page.incidents if _lasts(each, wall, day))
    if lasting:
        return f"Still down: {join_names(list(lasting))}."
    letters = {_letter(service.strip, day) for service in page.services} - {"n"}
    if not letters:
        return "Nothing was checked."
    if letters & set("dpx"):
        return "Not all of it held."
    return "Planned maintenance." if letters == {"m"} else "Quiet."


def _lasts(incident: PublicIncident, wall: Wall, day: date) -> bool:
    return wall.day(incident.began_at) < day <= wall.day(incident.ended_at or wall.now)


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


def _last_of_month(day: date) -> date:
    following = (day.replace(day=28) + 4 * DAY).replace(day=1)
    return following - DAY
