"""What a page says of now: one sentence, what it means, and nothing that is not known.

The worst comes first, and what cannot be told is never called green.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allgreen.server.status_pages.public import PublicPage, PublicService, State
from allgreen.server.status_pages.words import (
    Wall,
    in_words,
    join_names,
    some_services,
    write_duration_in_full,
)

GLYPHS: Final = {
    State.UP: "up",
    State.DEGRADED: "degraded",
    State.DOWN: "down",
    State.MAINTENANCE: "maint",
    State.PAUSED: "paused",
    State.UNKNOWN: "nodata",
}
WORDS: Final = {
    State.UP: "All green",
    State.DEGRADED: "Slow",
    State.DOWN: "Down",
    State.MAINTENANCE: "Planned maintenance",
    State.PAUSED: "Paused",
    State.UNKNOWN: "Not known",
}
_WORST_FIRST: Final = (State.DOWN, State.DEGRADED, State.UNKNOWN, State.MAINTENANCE, State.UP)
_CANNOT_TELL: Final = "We cannot tell at the moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """How all of it is now.

    Attributes:
        state: The worst of all.
        mark: Beside the glyph: ``Down for 42 minutes``.
        headline: The sentence.
        lead: What it means.
    """

    state: State
    mark: str
    headline: str
    lead: str


def say(page: PublicPage, wall: Wall) -> Saying:
    """Return what a page says of now."""
    if page.offline_since is not None and any(_is_watched(each) for each in page.services):
        lead = (
            f"Our own network has been down since {wall.moment(page.offline_since)}, so nothing "
            "is known of any service. That says nothing about the services themselves."
        )
        return Saying(
            state=State.UNKNOWN, mark=WORDS[State.UNKNOWN], headline=_CANNOT_TELL, lead=lead
        )
    watched = [each for each in page.services if _is_watched(each)]
    if not watched:
        return _say_nothing(page)
    worst = next(state for state in _WORST_FIRST if any(s.state is state for s in watched))
    concerned = [each for each in watched if each.state is worst]
    return Saying(
        state=worst,
        mark=_mark(worst, concerned, page, wall),
        headline=_headline(worst, len(concerned), len(watched)),
        lead=f"{_lead(worst, concerned, wall)} {_rest(worst, page.services)}".strip(),
    )


def say_old(saying: Saying, as_of: datetime, wall: Wall) -> Saying:
    """Return what a page says when nothing newer can be read: how it was, and since when."""
    at = wall.time_with_zone(as_of)
    if wall.day(as_of) != wall.day(wall.now):
        at = f"{wall.moment(as_of)} {at.partition(' ')[2]}"
    return Saying(
        state=State.UNKNOWN,
        mark=f"As of {at}",
        headline=f"This is how it was at {at}.",
        lead="We cannot reach our own data, so nothing newer is known. What we knew then: "
        f"{saying.headline}",
    )


def word_of(service: PublicService, wall: Wall) -> str:
    """Return the word beside a service."""
    if service.state is State.MAINTENANCE and service.until is not None:
        return f"{WORDS[service.state]} until {wall.moment(service.until)}"
    return WORDS[service.state]


def _is_watched(service: PublicService) -> bool:
    return service.state is not State.PAUSED


def _say_nothing(page: PublicPage) -> Saying:
    if page.services:
        headline, lead = "Nothing is watched at the moment.", "All services are paused."
    else:
        headline, lead = "No service is shown here yet.", ""
    return Saying(state=State.PAUSED, mark=WORDS[State.PAUSED], headline=headline, lead=lead)


def _headline(worst: State, count: int, watched: int) -> str:
    who = some_services(count).capitalize()
    if count == watched and count > 1:
        who = "All services" if count > 2 else "Both services"
    are = "is" if count == 1 else "are"
    if worst is State.UP:
        return "Everything holds."
    if worst is State.UNKNOWN:
        return _CANNOT_TELL if count == watched else f"We cannot tell for {some_services(count)}."
    return f"{who} {are} {_CONDITIONS[worst]}."


_CONDITIONS: Final = {
    State.DOWN: "down",
    State.DEGRADED: "slow",
    State.MAINTENANCE: "in maintenance",
}


def _mark(worst: State, concerned: Sequence[PublicService], page: PublicPage, wall: Wall) -> str:
    if worst is State.DOWN:
        since = min((each.since for each in concerned if each.since), default=None)
        if since is None:
            return WORDS[worst]
        lasted = write_duration_in_full(int((wall.now - since).total_seconds()))
        return f"Down for {lasted}" if len(concerned) == 1 else f"Down for up to {lasted}"
    if worst is State.MAINTENANCE:
        until = max((each.until for each in concerned if each.until), default=None)
        return WORDS[worst] if until is None else f"{WORDS[worst]} until {wall.moment(until)}"
    if worst is State.UP:
        ended_at = max((each.ended_at for each in page.incidents if each.ended_at), default=None)
        if ended_at is not None:
            lasted = write_duration_in_full(int((wall.now - ended_at).total_seconds()))
            return f"Quiet for {lasted}"
    return WORDS[worst]


def _lead(worst: State, concerned: Sequence[PublicService], wall: Wall) -> str:
    names, is_one = join_names([each.name for each in concerned]), len(concerned) == 1
    if worst is State.DOWN:
        since = concerned[0].since
        if is_one and since is not None:
            return f"{names} stopped answering correctly {wall.at(since)}."
        return f"{names} {'does' if is_one else 'do'} not answer correctly."
    if worst is State.DEGRADED:
        return f"{names} {'answers' if is_one else 'answer'}, but not as quickly as usual."
    if worst is State.UNKNOWN:
        return f"Nothing has been found out lately of {names}."
    if worst is State.MAINTENANCE:
        return f"Work on {names} was planned, and does not count."
    many = f"All {in_words(len(concerned))} services answer" if not is_one else f"{names} answers"
    return f"{many} as {'it' if is_one else 'they'} should."


def _rest(worst: State, services: Sequence[PublicService]) -> str:
    """Tell of the others, so that nothing is glossed over."""
    counts = {state: sum(each.state is state for each in services) for state in State}
    parts = []
    for state in _WORST_FIRST[_WORST_FIRST.index(worst) + 1 : -1]:
        if count := counts[state]:
            are = "is" if count == 1 else "are"
            condition = "not known" if state is State.UNKNOWN else _CONDITIONS[state]
            parts.append(f"{in_words(count)} {are} {condition}".capitalize() + ".")
    if count := counts[State.PAUSED]:
        parts.append(f"{in_words(count)} {'is' if count == 1 else 'are'} paused.".capitalize())
    if worst is not State.UP and counts[State.UP]:
        parts.append("Everything else holds.")
    return " ".join(parts)
