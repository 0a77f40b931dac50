"""The letter of a storm: many incidents in one mail, each by its name."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from allgreen.domain.notice import BEGINS, Notice, NoticeKind
from allgreen.notifiers import wording
from allgreen.notifiers.stationery import (
    Letter,
    LetterLinks,
    Line,
    Told,
    failure_of,
    sentence,
)
from allgreen.notifiers.wording import plain

Story = list[tuple[Notice, LetterLinks]]
"""What is told of one incident, in order."""


def tell_stories(notice: Notice, links: LetterLinks) -> list[Story]:
    """Return what a digest tells, by incident, in the order of their begins."""
    stories: dict[tuple[str | None, ...], Story] = {}
    each = chain(links.parts, (LetterLinks() for _ in notice.parts[len(links.parts) :]))
    for part, part_links in zip(notice.parts, each, strict=True):
        same = (part.incident_id or part.id, part.recipient_id, part.service_id)
        stories.setdefault(same, []).append((part, part_links))
    return list(stories.values())


def write_digest(
    notice: Notice, stories: Sequence[Story], links: LetterLinks, *, host: str, now: datetime
) -> Letter:
    """Put a digest in words: what is down first, then what is over."""
    told = Told.of(notice, now, host)
    lines = sorted(
        (_write_line(story, host, now) for story in stories), key=lambda line: _ORDER[line.tone]
    )
    down, up, other = (_count(lines, tone) for tone in ("down", "up", "quiet"))
    said = [
        *([f"{down} {'service is' if down == 1 else 'services are'} down"] if down else []),
        *([f"{up} {'holds' if up == 1 else 'hold'} again"] if up else []),
        *([f"{other} other {'message' if other == 1 else 'messages'}"] if other else []),
    ]
    headline = wording.listed(said)
    # A lock screen shows a few words: what is worst comes first there, and all else after it.
    first = [line for line in lines if line.tone == lines[0].tone]
    names = wording.listed([line.name for line in first[:3]], of=len(first))
    also = f"Also {wording.listed(said[1:])}. " if len(said) > 1 else ""
    # Rows of a digest are of one workspace, but not each of them knows its name.
    workspace = next(filter(None, (Told.of(row, now, host).workspace for row in notice.rows)), "")
    where = f" in {workspace}" if workspace else ""
    left = next((line for line in lines if line.leave_url), None)
    return Letter(
        subject=f"{said[0]}: {names}",
        preview=f"{also}{first[0].name}: {first[0].text}",
        tone=lines[0].tone,
        glyph=lines[0].glyph,
        status=f"{len(lines)} messages in one",
        headline=f"{headline}.",
        paragraphs=(
            (
                f"So much happened at once{where} that it is told in one mail. While that goes on, "
                "you get no more than one such mail in five minutes."
            ),
            *_lateness(told),
        ),
        lines=tuple(lines),
        button="Open Allgreen",
        button_url=links.open,
        why=_why(workspace, left),
        unsubscribe_url=left.leave_url if left else "",
    )


def _why(workspace: str, left: Line | None) -> str:
    of_whom = f" of {workspace}" if workspace else ""
    why = f"You get this because you are on the lists of these services{of_whom}."
    if left is None:
        return why
    # A mail has one such button, and each service a list of its own.
    return f"{why} If you unsubscribe in your mail program, you leave the list of {left.name}."


def _write_line(story: Story, host: str, now: datetime) -> Line:
    last, links = story[-1]
    told = Told.of(last, now, host)
    tone, glyph = _LOOKS.get(last.kind, ("quiet", "!"))
    if last.kind is NoticeKind.STEADY and told.facts.health == "down":
        tone, glyph = _LOOKS[NoticeKind.DOWN]
    return Line(
        tone=tone,
        glyph=glyph,
        name=told.service,
        text=_say(told, hears_of_begin=any(part.kind in BEGINS for part, _ in story[:-1])),
        url=links.open,
        leave_url=links.leave,
    )


def _say(told: Told, *, hears_of_begin: bool) -> str:
    """Return what is said of one incident, after the name of its service."""
    facts = told.facts
    since = told.at(facts.began_at)
    lasted = f" after {wording.duration(facts.duration)}" if facts.duration else ""
    outage = told.from_to(facts.began_at, facts.ended_at)
    match told.notice.kind:
        case NoticeKind.DOWN:
            return f"down since {since}. {failure_of(told)}"
        case NoticeKind.REMINDER:
            return f"still down since {since}. {failure_of(told)}"
        case NoticeKind.UP if hears_of_begin:
            return f"was down {outage} and holds again."
        case NoticeKind.UP:
            return f"holds again{lasted}, since {told.at(facts.ended_at)}."
        case NoticeKind.FLAPPING:
            return f"goes up and down since {since}."
        case NoticeKind.STEADY:
            return f"is steady again: {facts.health or 'as it was'}."
        case NoticeKind.UNDELIVERED:
            return f"could not be told to {plain(facts.address)}. {sentence(facts.reason)}"
        case NoticeKind.BLOCKED:
            return f"cannot be checked since {since}. {sentence(facts.message or facts.reason)}"
        case NoticeKind.PARKED:
            return f"on hold since {since}. {sentence(facts.message or facts.reason)}"
        case kind:
            return f"{_CLOSED.get(kind, str(kind))} at {told.at(facts.ended_at)}."


def _lateness(told: Told) -> Iterable[str]:
    """Say that it is late only when the mail server was the reason: its lines say when."""
    failed = any(row.failed_at is not None for row in told.notice.rows)
    return told.lateness() if failed else ()


def _count(lines: Sequence[Line], tone: str) -> int:
    return sum(line.tone == tone for line in lines)


_ORDER: Final = {"down": 0, "up": 1, "quiet": 2}
_LOOKS: Final = {
    NoticeKind.DOWN: ("down", "✕"),
    NoticeKind.REMINDER: ("down", "✕"),
    NoticeKind.FLAPPING: ("down", "≈"),
    NoticeKind.UP: ("up", "✓"),
    NoticeKind.STEADY: ("up", "✓"),
    NoticeKind.PAUSED: ("quiet", "‖"),
    NoticeKind.RECONFIGURED: ("quiet", "↻"),
    NoticeKind.DELETED: ("quiet", "–"),
}
_CLOSED: Final = {
    NoticeKind.PAUSED: "was paused",
    NoticeKind.RECONFIGURED: "has a new check, and its outage is closed,",
    NoticeKind.DELETED: "was deleted",
}
