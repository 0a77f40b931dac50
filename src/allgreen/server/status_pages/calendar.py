"""Planned work of a page as a calendar that people subscribe to (iCalendar, RFC 5545)."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from allgreen.server.status_pages.public import PublicMaintenance, PublicPage
from allgreen.server.status_pages.words import join_names

MEDIA_TYPE: Final = "text/calendar"
_LONGEST_LINE: Final = 75
"""In octets, without the line break (RFC 5545, section 3.1)."""


def render_calendar(page: PublicPage, *, address: str) -> bytes:
    """Return the planned work of a page, that of the latest 90 days included.

    Nothing in it says when it was read, but for the day: what has not changed is sent once.

    Args:
        page: What everybody may see.
        address: Of the page.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Allgreen//Planned maintenance//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{_text(page.title)}: planned maintenance",
        f"X-WR-CALNAME:{_text(page.title)}: planned maintenance",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *(line for work in page.maintenance for line in _event(work, page, address)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_fold(line)}\r\n" for line in lines).encode()


def _event(work: PublicMaintenance, page: PublicPage, address: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_key(work, page)}@{urlsplit(address).hostname}"
    yield f"DTSTAMP:{page.as_of.astimezone(UTC):%Y%m%d}T000000Z"
    yield f"DTSTART:{_instant(work.begin)}"
    yield f"DTEND:{_instant(work.end)}"
    yield f"SUMMARY:Planned maintenance: {_text(join_names(work.services))}"
    yield f"DESCRIPTION:Services: {_text(', '.join(work.services))}"
    yield f"URL:{address}"
    # Nobody is busy because a service is worked on.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _key(work: PublicMaintenance, page: PublicPage) -> str:
    """Return the same for the same work each time; two of one page never share it."""
    parts = (page.slug, work.begin.isoformat(), work.end.isoformat())
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    r"""Return a text that can end no line and begin no other property (section 3.3.11).

    >>> _text("Search; Mail, and\nmore")
    'Search\\; Mail\\, and more'
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _fold(line: str) -> str:
    """Return a line in pieces of at most 75 octets, none of which ends within a letter."""
    pieces, room = [""], _LONGEST_LINE
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append(" ")
            room = _LONGEST_LINE - 1
        pieces[-1] += letter
        room -= size
    return "\r\n".join(pieces)
