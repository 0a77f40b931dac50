"""Letters: what each kind of notice says, before it is laid out as text and as HTML."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from allgreen.domain.notice import Notice, NoticeKind
from allgreen.notifiers import errands, outages, people, wording
from allgreen.notifiers.digest import tell_stories, write_digest
from allgreen.notifiers.stationery import Letter, LetterLinks, Told, Writer


def write_letter(notice: Notice, links: LetterLinks, *, host: str, now: datetime) -> Letter:
    """Put a notice in words.

    Args:
        notice: What is owed to whom.
        links: Where the links of this mail lead.
        host: Name of this Allgreen, for people who do not know it.
        now: When it is sent; a message that waited says when things happened, and that it is late.
    """
    letter = _write(notice, links, host=host, now=now)
    # One non-breaking space would have the whole subject encoded, unreadable in raw form.
    return replace(letter, subject=letter.subject.replace(wording.NBSP, " "))


def _write(notice: Notice, links: LetterLinks, *, host: str, now: datetime) -> Letter:
    if notice.kind is not NoticeKind.DIGEST:
        return _WRITERS[notice.kind](Told.of(notice, now, host), links)
    stories = tell_stories(notice, links)
    if len(stories) > 1:
        return write_digest(notice, stories, links, host=host, now=now)
    # Nobody needs to hear of digests when all that was gathered is one thing.
    ((last, its_links), rows) = stories[0][-1], stories[0]
    whole = replace(last, parts=tuple(part for part, _ in rows) if len(rows) > 1 else ())
    return _write(whole, its_links, host=host, now=now)


_WRITERS: Final[Mapping[NoticeKind, Writer]] = {
    **outages.WRITERS,
    **errands.WRITERS,
    **people.WRITERS,
}
