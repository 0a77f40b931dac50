"""Letters: what each kind of notice says, before it is laid out as text and as HTML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allgreen.domain.facts import Facts
from allgreen.domain.notice import Notice, NoticeKind
from allgreen.domain.status import DayGrade, ServiceHealth
from allgreen.notifiers import wording
from allgreen.notifiers.wording import LONGEST_NAME, plain

LATE_AFTER: Final = timedelta(minutes=5)
"""A message that is sent so long after its fact says that it is late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLinks:
    """Where the links of one mail lead; an empty one is left out.

    Attributes:
        open: The service on screen.
        act: What the mail asks for: confirm a recipient, verify an address.
        leave: Leave the list, by GET for people and by one-click POST for mail programs.
    """

    open: str = ""
    act: str = ""
    leave: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table of facts."""

    label: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of a mail; both of its forms are laid out from it.

    Attributes:
        preview: What a mail program shows beside the subject.
        tone: ``down``, ``up`` or ``quiet``; colours the mark and the status line.
        glyph: Shape before the status line, so that colour is not needed to read it.
        strip: One `DayGrade` for each of the latest days, today last.
        strip_in_words: The same for those who do not see it.
        why: Why this person gets this mail.
    """

    subject: str
    preview: str
    tone: str
    glyph: str
    status: str
    headline: str
    paragraphs: tuple[str, ...]
    button: str = ""
    button_url: str = ""
    strip: tuple[DayGrade, ...] = ()
    strip_in_words: str = ""
    rows: tuple[Row, ...] = ()
    why: str = ""
    leave: str = "Leave the list"
    leave_url: str = ""


def write_letter(notice: Notice, links: LetterLinks, *, host: str, now: datetime) -> Letter:
    """Put a notice in words.

    Args:
        notice: What is owed to whom.
        links: Where the links of this mail lead.
        host: Name of this Allgreen, for people who do not know it.
        now: When it is sent; a message that waited says when things happened, and that it is late.
    """
    letter = _WRITERS[notice.kind](_Told.of(notice, now), links, host)
    # One non-breaking space would have the whole subject encoded, unreadable in raw form.
    return replace(letter, subject=letter.subject.replace(wording.NBSP, " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Facts as they may be shown: no text of others is trusted."""

    facts: Facts
    notice: Notice
    now: datetime
    zone: ZoneInfo
    service: str
    workspace: str

    @classmethod
    def of(cls, notice: Notice, now: datetime) -> "_Told":
        facts = Facts.from_json(notice.facts)
        return cls(
            facts=facts,
            notice=notice,
            now=now,
            zone=_zone(facts.zone),
            service=plain(facts.service_name, longest=LONGEST_NAME) or "A service",
            workspace=plain(facts.workspace_name, longest=LONGEST_NAME),
        )

    @property
    def is_late(self) -> bool:
        return self.now - self.notice.created_at >= LATE_AFTER

    @property
    def today(self) -> date:
        return self.notice.created_at.astimezone(self.zone).date()

    def at(self, instant: datetime | None) -> str:
        return wording.clock_time(instant or self.notice.created_at, self.zone, self.now)

    def lateness(self) -> tuple[str, ...]:
        if self.facts.late:
            return ("You are told now because you joined the list while it was down.",)
        if self.is_late:
            happened, sent = self.at(self.notice.created_at), self.at(self.now)
            return (f"This mail is late: it is about {happened} and was sent at {sent}.",)
        return ()

    def rows(self, *rows: tuple[str, str, bool]) -> tuple[Row, ...]:
        told = wording.others(self.facts.told_others)
        common = (("Workspace", self.workspace, False), ("Also told", told, False))
        return tuple(
            Row(label=label, value=plain(value), is_code=is_code)
            for label, value, is_code in (*rows, *common)
            if value
        )

    def strip(self) -> tuple[DayGrade, ...]:
        return tuple(_GRADES.get(letter, DayGrade.NONE) for letter in self.facts.strip14)


def _down(told: _Told, links: LetterLinks, host: str) -> Letter:
    since, headline = told.at(told.facts.began_at), f"{told.service} is down"
    again = _next_check(told)
    letter = Letter(
        subject=f"Late: {headline} since {since}" if told.is_late else headline,
        preview=f"{_without_stop(_failure(told))} at {since}. {again}.",
        tone="down",
        glyph="✕",
        status=f"Down since {since}",
        headline=f"{headline}.",
        paragraphs=(f"{_repeated(told)} {again} and write once more when it holds.",),
        rows=told.rows(
            ("Expected", told.facts.expected, True),
            ("Got", told.facts.got, True),
            ("Request", told.facts.request, True),
        ),
    )
    return _about_service(letter, told, links)


def _up(told: _Told, links: LetterLinks, host: str) -> Letter:
    began, ended = told.at(told.facts.began_at), told.at(told.facts.ended_at)
    lasted = wording.duration(told.facts.duration) if told.facts.duration else ""
    was_down = f"It was down for {lasted}" if lasted else "It was down"
    headline = f"{told.service} holds again"
    subject = f"{headline} after {lasted}" if lasted else headline
    is_slow = told.facts.health == ServiceHealth.DEGRADED
    slowly = " It answers, but slower than you asked for." if is_slow else ""
    letter = Letter(
        subject=f"Late: {subject}" if told.is_late else subject,
        preview=f"{was_down}, from {began} to {ended}.",
        tone="up",
        glyph="✓",
        status=f"Holds since {ended}",
        headline=f"{headline}.",
        paragraphs=(f"{was_down}, from {began} to {ended}.{slowly}",),
        rows=told.rows(
            ("It failed with", told.facts.reason, True),
            ("Request", told.facts.request, True),
        ),
    )
    return _about_service(letter, told, links)


def _paused(told: _Told, links: LetterLinks, host: str) -> Letter:
    return _closed(
        told,
        links,
        glyph="‖",
        status="Paused",
        headline=f"{told.service} is paused",
        what="It is not checked until somebody resumes it, so no mail says when it holds again.",
    )


def _reconfigured(told: _Told, links: LetterLinks, host: str) -> Letter:
    return _closed(
        told,
        links,
        glyph="↻",
        status="Changed",
        headline=f"The check of {told.service} was changed",
        what="The outage you were told about is closed, and everything is checked anew. "
        "If it fails what is asked of it now, you are told again.",
    )


def _deleted(told: _Told, links: LetterLinks, host: str) -> Letter:
    letter = _closed(
        told,
        links,
        glyph="–",
        status="Deleted",
        headline=f"{told.service} is no longer watched",
        what="Somebody deleted it. This is the last mail about it.",
    )
    return replace(letter, button="", button_url="")


def _blocked(told: _Told, links: LetterLinks, host: str) -> Letter:
    why = _sentence(told.facts.message or told.facts.reason) or "Its address is not allowed."
    return Letter(
        subject=f"{told.service} cannot be checked",
        preview=why,
        tone="quiet",
        glyph="!",
        status=f"Blocked since {told.at(told.facts.began_at)}",
        headline=f"{told.service} cannot be checked.",
        paragraphs=(
            f"{why} Until its address changes, nobody can tell whether it holds.",
            "If the address is right, whoever runs this Allgreen can allow it.",
            *told.lateness(),
        ),
        button=f"Open {told.service}",
        button_url=links.open,
        rows=told.rows(("Request", told.facts.request, True)),
        why="You get this because you look after this workspace.",
    )


def _confirm_recipient(told: _Told, links: LetterLinks, host: str) -> Letter:
    service = wording.unlinked(told.service)
    workspace = wording.unlinked(told.workspace) or "A workspace"
    return Letter(
        subject=f"Be told about {service}?",
        preview=f"{workspace} asks whether this address wants to know when it is down.",
        tone="quiet",
        glyph="?",
        status="One question",
        headline=f"Be told about {service}?",
        paragraphs=(
            f"{workspace} watches {service} and would like to tell you when it is down.",
            "If you did not expect this, do nothing: without your yes, nothing is sent to you.",
        ),
        button="Yes, tell me",
        button_url=links.act,
        why=f"You get this once, because {workspace} entered your address at {host}.",
        leave="Never ask again",
        leave_url=links.leave,
    )


def _verify_email(told: _Told, links: LetterLinks, host: str) -> Letter:
    return Letter(
        subject="Is this your address?",
        preview=f"Somebody registered at {host} with it.",
        tone="quiet",
        glyph="?",
        status="One question",
        headline="Is this your address?",
        paragraphs=(
            f"Somebody registered at {host} with it. If it was you, say so.",
            "If it was not you, do nothing: nobody can use your address without your yes.",
        ),
        button="Yes, it is mine",
        button_url=links.act,
        why=f"You get this because your address was entered at {host}.",
    )


_WRITERS: Final[Mapping[NoticeKind, Callable[[_Told, LetterLinks, str], Letter]]] = {
    NoticeKind.DOWN: _down,
    NoticeKind.UP: _up,
    NoticeKind.PAUSED: _paused,
    NoticeKind.RECONFIGURED: _reconfigured,
    NoticeKind.DELETED: _deleted,
    NoticeKind.BLOCKED: _blocked,
    NoticeKind.CONFIRM_RECIPIENT: _confirm_recipient,
    NoticeKind.VERIFY_EMAIL: _verify_email,
}


_GRADES: Final = {grade.value: grade for grade in DayGrade}


def _closed(
    told: _Told, links: LetterLinks, *, glyph: str, status: str, headline: str, what: str
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
    return _about_service(letter, told, links)


def _about_service(letter: Letter, told: _Told, links: LetterLinks) -> Letter:
    """Add what every letter to the list of a service has in common."""
    grades = told.strip()
    return replace(
        letter,
        paragraphs=(*letter.paragraphs, *told.lateness()),
        button=f"Open {told.service}",
        button_url=links.open,
        strip=grades,
        strip_in_words=wording.strip_in_words(grades, told.today),
        why="You get this because you are on the list of this service.",
        leave_url=links.leave,
    )


def _failure(told: _Told) -> str:
    """Return one sentence about the failure, whatever is known of it."""
    reason = told.facts.reason and f"It failed: {told.facts.reason}"
    failure = _sentence(told.facts.message or reason) or "It failed its check."
    # Results speak in headlines; a letter speaks in sentences.
    return f"It a{failure[1:]}" if failure.startswith("Answered ") else failure


def _repeated(told: _Told) -> str:
    """Return the failure and how often it was seen, as one sentence when it is one."""
    failure, times = _failure(told), wording.times_in_a_row(told.facts.attempts)
    if not times:
        return failure
    is_one_sentence = ". " not in failure and failure.endswith(".")
    if is_one_sentence:
        return f"{_without_stop(failure)}, {times}."
    return f"{failure} That happened {times}."


def _next_check(told: _Told) -> str:
    period = plain(told.facts.period, longest=LONGEST_NAME)
    return f"We check again {period}" if period else "We keep checking"


def _sentence(text: str) -> str:
    shown = plain(text)
    return shown if not shown or shown[-1] in ".!?…" else f"{shown}."


def _without_stop(sentence: str) -> str:
    return sentence.removesuffix(".")


def _zone(name: str) -> ZoneInfo:
    """Return a zone; a name that this machine does not know must not keep a mail back."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
