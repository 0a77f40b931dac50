"""Stationery: what letters are made of, and what is known when one is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from allgreen.domain.calendar import zone_named
from allgreen.domain.facts import Facts
from allgreen.domain.notice import Notice
from allgreen.domain.status import DayGrade
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
        parts: The links of each part, for a message that has some.
    """

    open: str = ""
    act: str = ""
    leave: str = ""
    parts: tuple["LetterLinks", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table of facts."""

    label: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of the many things that a digest tells.

    Attributes:
        text: What is said of `name`: ``down since 23:18 UTC. It answered 503.``
    """

    tone: str
    glyph: str
    name: str
    text: str
    url: str = ""
    leave_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of a mail; both of its forms are laid out from it.

    Attributes:
        preview: What a mail program shows beside the subject.
        tone: ``down``, ``up`` or ``quiet``; colours the mark and the status line.
        glyph: Shape before the status line, so that colour is not needed to read it.
        lines: What a digest tells, one after the other.
        strip: One `DayGrade` for each of the latest days, today last.
        strip_in_words: The same for those who do not see it.
        why: Why this person gets this mail.
        leave_url: The link in its foot.
        unsubscribe_url: What the button of the mail program calls where the foot has no link.
    """

    subject: str
    preview: str
    tone: str
    glyph: str
    status: str
    headline: str
    paragraphs: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    button: str = ""
    button_url: str = ""
    strip: tuple[DayGrade, ...] = ()
    strip_in_words: str = ""
    rows: tuple[Row, ...] = ()
    why: str = ""
    leave: str = "Leave the list"
    leave_url: str = ""
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Facts as they may be shown: no text of others is trusted.

    Attributes:
        host: Name of this Allgreen, for people who do not know it.
    """

    facts: Facts
    notice: Notice
    now: datetime
    host: str
    zone: ZoneInfo
    service: str
    workspace: str

    @classmethod
    def of(cls, notice: Notice, now: datetime, host: str) -> "Told":
        """Read the facts of a notice that is sent now."""
        facts = Facts.from_json(notice.facts)
        return cls(
            facts=facts,
            notice=notice,
            now=now,
            host=host,
            # A name that this machine does not know must not keep a mail back.
            zone=zone_named(facts.zone),
            service=plain(facts.service_name, longest=LONGEST_NAME) or "A service",
            workspace=plain(facts.workspace_name, longest=LONGEST_NAME),
        )

    @property
    def is_late(self) -> bool:
        """Tell whether it is sent long after it happened."""
        return self.now - self.notice.created_at >= LATE_AFTER

    @property
    def today(self) -> date:
        """Return the local day on which it happened."""
        return self.notice.created_at.astimezone(self.zone).date()

    def at(self, instant: datetime | None) -> str:
        """Return an instant in words; that of the message when it is not known."""
        return wording.clock_time(instant or self.notice.created_at, self.zone, self.now)

    def from_to(self, begin: datetime | None, end: datetime | None) -> str:
        """Return a stretch in words: ``from 23:18 to 23:30 UTC``."""
        created_at = self.notice.created_at
        return wording.stretch(begin or created_at, end or created_at, self.zone, self.now)

    def lateness(self) -> tuple[str, ...]:
        """Say why somebody hears of it only now, when that is so."""
        if self.facts.late:
            return ("You are told now because you joined the list while it was down.",)
        if not self.is_late:
            return ()
        happened, sent = self.at(self.notice.created_at), self.at(self.now)
        late = f"This mail is late: it is about {happened} and was sent at {sent}."
        failed = [row.failed_at for row in self.notice.rows if row.failed_at is not None]
        if not failed:
            return (late,)
        return (f"{late} The mail server did not take it {self.from_to(min(failed), self.now)}.",)

    def rows(self, *rows: tuple[str, str, bool]) -> tuple[Row, ...]:
        """Return lines of the table of facts, without those that say nothing."""
        told = wording.others(self.facts.told_others)
        common = (("Workspace", self.workspace, False), ("Also told", told, False))
        return tuple(
            Row(label=label, value=plain(value), is_code=is_code)
            for label, value, is_code in (*rows, *common)
            if value
        )

    def strip(self) -> tuple[DayGrade, ...]:
        """Return the latest days."""
        return tuple(_GRADES.get(letter, DayGrade.NONE) for letter in self.facts.strip14)


Writer = Callable[[Told, LetterLinks], Letter]


def about_service(letter: Letter, told: Told, links: LetterLinks) -> Letter:
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


def to_admins(letter: Letter, told: Told, links: LetterLinks) -> Letter:
    """Add what every letter to those who look after a workspace has in common."""
    return replace(
        letter,
        paragraphs=(*letter.paragraphs, *told.lateness()),
        button=f"Open {told.service}",
        button_url=links.open,
        why="You get this because you look after this workspace.",
    )


def failure_of(told: Told) -> str:
    """Return one sentence about the failure, whatever is known of it."""
    reason = told.facts.reason and f"It failed: {told.facts.reason}"
    failure = sentence(told.facts.message or reason) or "It failed its check."
    # Results speak in headlines; a letter speaks in sentences.
    return f"It a{failure[1:]}" if failure.startswith("Answered ") else failure


def sentence(text: str) -> str:
    """Return foreign text as a sentence that ends; nothing for nothing."""
    shown = plain(text)
    return shown if not shown or shown[-1] in ".!?…" else f"{shown}."


def without_stop(text: str) -> str:
    """Return a sentence that goes on."""
    return text.removesuffix(".")


_GRADES: Final = {grade.value: grade for grade in DayGrade}
