"""Planned work as iCalendar: what is written stays within its line, and lines within 75 octets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from allgreen.server.status_pages.calendar import render_calendar
from allgreen.server.status_pages.public import PublicMaintenance, PublicPage

NOON = datetime(2026, 4, 14, 12, tzinfo=UTC)
ADDRESS = "https://status.example.org/status/nordlys"


def a_page(*works: PublicMaintenance, title: str = "Nordlys", as_of: datetime = NOON) -> PublicPage:
    return PublicPage(
        slug="nordlys",
        title=title,
        about="",
        website="",
        zone="Europe/Oslo",
        offline_since=None,
        uptime_pct=None,
        checked_at=None,
        services=[],
        incidents=[],
        maintenance=list(works),
        as_of=as_of,
    )


def work(*names: str, begin: datetime = NOON) -> PublicMaintenance:
    return PublicMaintenance(services=list(names), begin=begin, end=begin + timedelta(hours=2))


def read(content: bytes) -> list[tuple[str, str]]:
    """Return name and value of each property, as a program that follows RFC 5545 reads them."""
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    assert lines.pop() == ""
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def values(content: bytes, name: str) -> list[str]:
    return [value for each, value in read(content) if each == name]


def test_each_work_is_one_event_by_the_clock_of_the_world() -> None:
    drawn = render_calendar(
        a_page(work("Search", "Mail"), work("Search", begin=NOON + timedelta(days=7))),
        address=ADDRESS,
    )

    assert values(drawn, "DTSTART") == ["20260414T120000Z", "20260421T120000Z"]
    assert values(drawn, "DTEND") == ["20260414T140000Z", "20260421T140000Z"]
    assert values(drawn, "SUMMARY")[0] == "Planned maintenance: Search and Mail"
    assert values(drawn, "DESCRIPTION")[0] == r"Services: Search\, Mail"
    assert values(drawn, "URL") == [ADDRESS, ADDRESS]
    assert [value for name, value in read(drawn) if name in ("BEGIN", "END")] == [
        *("VCALENDAR", "VEVENT", "VEVENT", "VEVENT", "VEVENT", "VCALENDAR")
    ]


def test_the_same_work_keeps_its_name_and_no_other_has_it() -> None:
    before = render_calendar(a_page(work("Search")), address=ADDRESS)
    after = render_calendar(
        a_page(work("Search", "Mail"), work("Mail", begin=NOON + timedelta(days=1))),
        address=ADDRESS,
    )

    (first,), (again, other) = values(before, "UID"), values(after, "UID")
    assert again == first
    assert other != first
    assert first.endswith("@status.example.org")


def test_what_has_not_changed_within_a_day_is_the_same() -> None:
    early = render_calendar(a_page(work("Search")), address=ADDRESS)
    late = render_calendar(
        a_page(work("Search"), as_of=NOON + timedelta(hours=11)), address=ADDRESS
    )

    assert early == late


@pytest.mark.parametrize(
    "name",
    [
        "Search\r\nATTENDEE:mailto:eve@example.net",
        "Search\nEND:VEVENT\nBEGIN:VALARM",
        "Search\u2028X-EVE:1",
        "Search\x85X-EVE:1\x00",
        "a, b; c\\n",
    ],
    ids=["attendee", "alarm", "line separator", "controls", "signs"],
)
def test_no_name_begins_a_property_of_its_own(name: str) -> None:
    plain = render_calendar(a_page(work("Search")), address=ADDRESS)

    drawn = render_calendar(a_page(work(name), title=name), address=ADDRESS)

    assert [each for each, _ in read(drawn)] == [each for each, _ in read(plain)]
    (summary,) = values(drawn, "SUMMARY")
    told = summary.removeprefix("Planned maintenance: ")
    assert told.replace(r"\\", "").replace(r"\,", "").replace(r"\;", "").count("\\") == 0


@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀"], ids=["ascii", "latin", "han", "emoji"])
def test_long_lines_are_folded_between_letters(letter: str) -> None:
    name = letter * 200

    drawn = render_calendar(a_page(work(name)), address=ADDRESS)

    assert max(len(line) for line in drawn.split(b"\r\n")) <= 75
    assert values(drawn, "SUMMARY") == [f"Planned maintenance: {name}"]
