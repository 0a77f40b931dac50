"""Letters to the list of a service: it is down, it holds again, and all in between."""

from collections.abc import Mapping
from typing import Final

from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import ServiceHealth
from allgreen.notifiers import wording
from allgreen.notifiers.stationery import (
    Letter,
    LetterLinks,
    Row,
    Told,
    Writer,
    about_service,
    failure_of,
    without_stop,
)
from allgreen.notifiers.wording import LONGEST_NAME, plain


def _down(told: Told, links: LetterLinks) -> Letter:
    since, headline = told.at(told.facts.began_at), f"{told.service} is down"
    again = _next_check(told)
    letter = Letter(
        subject=f"Late: {headline} since {since}" if told.is_late else headline,
        preview=f"{without_stop(failure_of(told))} at {since}. {again}.",
        tone="down",
        glyph="✕",
        status=f"Down since {since}",
        headline=f"{headline}.",
        paragraphs=(
            f"{_repeated(told)} {again} and write once more when it holds.",
            *_affected(told),
        ),
        rows=told.rows(
            ("Expected", told.facts.expected, True),
            ("Got", told.facts.got, True),
            ("Request", told.facts.request, True),
        ),
    )
    return about_service(letter, told, links)


def _reminder(told: Told, links: LetterLinks) -> Letter:
    since, lasted = told.at(told.facts.began_at), _lasted(told)
    headline, again = f"{told.service} is still down", _next_check(told)
    for_so_long = f"It has been down for {lasted}" if lasted else "It has been down"
    letter = Letter(
        subject=f"{headline}, {lasted}" if lasted else headline,
        preview=f"{for_so_long}, since {since}. {again}.",
        tone="down",
        glyph="✕",
        status=f"Down since {since}",
        headline=f"{headline}.",
        paragraphs=(
            (
                f"{for_so_long}, since {since}. {failure_of(told)} "
                f"{again} and write once more when it holds."
            ),
            *_affected(told),
        ),
        rows=told.rows(
            ("Expected", told.facts.expected, True),
            ("Got", told.facts.got, True),
            ("Request", told.facts.request, True),
        ),
    )
    return about_service(letter, told, links)


def _up(told: Told, links: LetterLinks) -> Letter:
    if any(part.kind is NoticeKind.DOWN for part in told.notice.parts):
        return _was_down(told, links)
    ended, from_to = told.at(told.facts.ended_at), _outage(told)
    lasted = _lasted(told)
    was_down = f"It was down for {lasted}" if lasted else "It was down"
    headline = f"{told.service} holds again"
    subject = f"{headline} after {lasted}" if lasted else headline
    letter = Letter(
        subject=f"Late: {subject}" if told.is_late else subject,
        preview=f"{was_down}, {from_to}.",
        tone="up",
        glyph="✓",
        status=f"Holds since {ended}",
        headline=f"{headline}.",
        paragraphs=(f"{was_down}, {from_to}.{_slowly(told)}",),
        rows=_what_failed(told),
    )
    return about_service(letter, told, links)


def _was_down(told: Told, links: LetterLinks) -> Letter:
    """Tell begin and end at once: the end came before the begin could be told."""
    ended, from_to, lasted = told.at(told.facts.ended_at), _outage(told), _lasted(told)
    headline = f"{told.service} was down"
    subject = f"{headline} {from_to}"
    was_down = f"It was down for {lasted}, {from_to}" if lasted else f"It was down {from_to}"
    letter = Letter(
        subject=f"Late: {subject}" if told.is_late else subject,
        preview=f"It holds again since {ended}.",
        tone="up",
        glyph="✓",
        status=f"Holds since {ended}",
        headline=f"{headline} and holds again.",
        paragraphs=(
            (
                f"{was_down}.{_slowly(told)} "
                "This is the only mail about it: it was over before one could be sent."
            ),
        ),
        rows=_what_failed(told),
    )
    return about_service(letter, told, links)


def _flapping(told: Told, links: LetterLinks) -> Letter:
    since, is_first = told.at(told.facts.began_at), _is_first(told)
    headline = f"{told.service} {'goes' if is_first else 'still goes'} up and down"
    turned = f"It turned at least {told.facts.turns} times within the last hour."
    now = f"Just now it is {told.facts.health}." if told.facts.health else ""
    letter = Letter(
        subject=headline,
        preview=f"{turned} {now}".strip(),
        tone="down",
        glyph="≈",
        status=f"Up and down since {since}",
        headline=f"{headline}.",
        paragraphs=(
            f"{turned} {now}".strip(),
            (
                "Until it is steady again you get no mail for each turn, but one each hour, and one "
                "when it is steady."
            ),
        ),
        rows=told.rows(("It failed with", told.facts.reason, True)),
    )
    return about_service(letter, told, links)


def _steady(told: Told, links: LetterLinks) -> Letter:
    was_flapping = f"It went up and down {_flapped(told)} and has not turned for a while."
    is_down = told.facts.health == ServiceHealth.DOWN
    headline = f"{told.service} is down and stays down" if is_down else f"{told.service} is steady"
    what_now = " You get a mail when it holds again." if is_down else _slowly(told)
    letter = Letter(
        subject=headline if is_down else f"{headline} again",
        preview=was_flapping,
        tone="down" if is_down else "up",
        glyph="✕" if is_down else "✓",
        status=f"Steady at {told.at(told.facts.confirmed_at)}",
        headline=f"{headline}." if is_down else f"{headline} again.",
        paragraphs=(f"{was_flapping}{what_now}",),
        rows=told.rows(("It fails with", told.facts.reason if is_down else "", True)),
    )
    return about_service(letter, told, links)


def _paused(told: Told, links: LetterLinks) -> Letter:
    return _closed(
        told,
        links,
        glyph="‖",
        status="Paused",
        headline=f"{told.service} is paused",
        what="It is not checked until somebody resumes it, so no mail says when it holds again.",
    )


def _reconfigured(told: Told, links: LetterLinks) -> Letter:
    return _closed(
        told,
        links,
        glyph="↻",
        status="Changed",
        headline=f"The check of {told.service} was changed",
        what="The outage you were told about is closed, and everything is checked anew. "
        "If it fails what is asked of it now, you are told again.",
    )


def _deleted(told: Told, links: LetterLinks) -> Letter:
    # There is nothing left to open.
    return _closed(
        told,
        LetterLinks(leave=links.leave),
        glyph="–",
        status="Deleted",
        headline=f"{told.service} is no longer watched",
        what="Somebody deleted it. This is the last mail about it.",
    )


WRITERS: Final[Mapping[NoticeKind, Writer]] = {
    NoticeKind.DOWN: _down,
    NoticeKind.REMINDER: _reminder,
    NoticeKind.UP: _up,
    NoticeKind.FLAPPING: _flapping,
    NoticeKind.STEADY: _steady,
    NoticeKind.PAUSED: _paused,
    NoticeKind.RECONFIGURED: _reconfigured,
    NoticeKind.DELETED: _deleted,
}


def _closed(
    told: Told, links: LetterLinks, *, glyph: str, status: str, headline: str, what: str
) -> Letter:
    """Tell those who know of an outage that people ended the watch over it."""
    at = told.at(told.facts.ended_at)
    began = told.facts.began_at
    was_down = f"It was down since {told.at(began)}. " if began else ""
    letter = Letter(
        subject=headline,
        preview=what,
        tone="quiet",
        glyph=glyph,
        status=f"{status} at {at}",
        headline=f"{headline}.",
        paragraphs=(f"{was_down}{what}",),
        rows=told.rows(),
    )
    return about_service(letter, told, links)


def _outage(told: Told) -> str:
    return told.from_to(told.facts.began_at, told.facts.ended_at)


def _lasted(told: Told) -> str:
    return wording.duration(told.facts.duration) if told.facts.duration else ""


def _slowly(told: Told) -> str:
    is_slow = told.facts.health == ServiceHealth.DEGRADED
    return " It answers, but slower than you asked for." if is_slow else ""


def _is_first(told: Told) -> bool:
    """Tell whether nobody heard yet that it flaps; the summaries come an hour later and more."""
    began, at = told.facts.began_at, told.facts.confirmed_at
    return began is None or at is None or at - began < wording.HOUR / 2


def _flapped(told: Told) -> str:
    return told.from_to(told.facts.began_at, told.facts.confirmed_at)


def _affected(told: Told) -> tuple[str, ...]:
    """Tell which services are down with this one, and of which nobody hears by itself."""
    names = [plain(name, longest=LONGEST_NAME) for name in told.facts.affected]
    count = len(names) or told.facts.affected_count
    if not count:
        return ()
    depend = "1 service depends" if count == 1 else f"{count} services depend"
    are = "is" if count == 1 else "are"
    which = f": {wording.listed(names)}" if names else ""
    return (f"{depend} on it and {are} down with it{which}.",)


def _repeated(told: Told) -> str:
    """Return the failure and how often it was seen, as one sentence when it is one."""
    failure, times = failure_of(told), wording.times_in_a_row(told.facts.attempts)
    if not times:
        return failure
    is_one_sentence = ". " not in failure and failure.endswith(".")
    if is_one_sentence:
        return f"{without_stop(failure)}, {times}."
    return f"{failure} That happened {times}."


def _next_check(told: Told) -> str:
    period = plain(told.facts.period, longest=LONGEST_NAME)
    return f"We check again {period}" if period else "We keep checking"


def _what_failed(told: Told) -> tuple[Row, ...]:
    return told.rows(
        ("It failed with", told.facts.reason, True), ("Request", told.facts.request, True)
    )
