"""What holds for every mail, whatever it says; `tests.mails` writes them for a person to look at."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers.rendering import LARGEST_HTML_BYTES
from tests.mails import PUBLIC_URL, Mail, gallery, write_gallery

LONGEST_SUBJECT: Final = 80
"""A phone shows about so many letters in two lines."""
LOADED_FROM_ELSEWHERE: Final = re.compile(r"url\(|@import|@font-face|\bsrc(set)?=", re.IGNORECASE)
LEFT_BY_ONE_CLICK: Final = {
    *(NoticeKind.DOWN, NoticeKind.REMINDER, NoticeKind.UP, NoticeKind.FLAPPING),
    *(NoticeKind.STEADY, NoticeKind.PAUSED, NoticeKind.RECONFIGURED, NoticeKind.DELETED),
    *(NoticeKind.DIGEST, NoticeKind.CONFIRM_RECIPIENT),
}

each_mail = pytest.mark.parametrize("mail", gallery(), ids=lambda mail: mail.name)


class _Elements(HTMLParser):
    """Collects the elements and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_every_kind_of_notice_has_a_mail_in_the_gallery() -> None:
    assert {mail.notice.kind for mail in gallery()} == set(NoticeKind)


@each_mail
def test_a_mail_is_small(mail: Mail) -> None:
    assert len(mail.html.encode()) <= LARGEST_HTML_BYTES
    assert len(mail.message.as_bytes()) <= 95 * 1024


@each_mail
def test_a_mail_loads_and_runs_nothing(mail: Mail) -> None:
    found = _Elements(mail.html)

    of_script = {name for name in found.attributes if name.startswith("on")}
    assert (
        found.names & {"img", "script", "link", "iframe", "object", "form", "svg", "video"} == set()
    )
    assert of_script == set()
    assert LOADED_FROM_ELSEWHERE.search(mail.html) is None
    assert [url for url in found.links if not url.startswith(PUBLIC_URL)] == []


@each_mail
def test_a_lock_screen_says_what_happened(mail: Mail) -> None:
    letter = mail.letter

    assert letter.preview.strip()
    assert letter.preview != letter.headline
    assert not letter.preview.startswith(letter.subject)
    if mail.name != "down-long-names":
        assert len(letter.subject) <= LONGEST_SUBJECT
    assert mail.html.index(_first_words(letter.preview)) < mail.html.index("<h1")


@each_mail
def test_the_text_says_where_the_button_leads(mail: Mail) -> None:
    found = _Elements(mail.html)

    assert [url for url in found.links if url not in mail.text] == []
    assert mail.text.startswith(f"{mail.letter.headline}\n".replace("\u00a0", " "))


@each_mail
def test_a_mail_has_a_dark_form(mail: Mail) -> None:
    inked = re.findall(r'<(?:td|th|a|h1|b|p)\b[^>]*style="[^"]*color:#141B18[^"]*"', mail.html)

    assert "prefers-color-scheme:dark" in mail.html
    assert [tag for tag in inked if 'class="' not in tag] == []


@each_mail
def test_a_list_can_be_left_by_one_click(mail: Mail) -> None:
    header = mail.message["List-Unsubscribe"]

    assert (header is not None) == (mail.notice.kind in LEFT_BY_ONE_CLICK)
    if header is not None:
        assert header.startswith(f"<{PUBLIC_URL}/leave/")
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_gallery_is_written_for_a_person(tmp_path: Path) -> None:
    write_gallery(tmp_path)

    assert {path.stem for path in tmp_path.glob("*.eml")} == {mail.name for mail in gallery()}
    assert "Payments webhook is down" in (tmp_path / "index.html").read_text()


def _first_words(preview: str) -> str:
    return re.split(r"['\"&<>]", preview, maxsplit=1)[0]
