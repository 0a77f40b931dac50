"""Both forms of a mail hold the same facts, and nothing of a stranger but text."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.notice import NoticeKind
from allgreen.notifiers.rendering import LARGEST_HTML_BYTES, render_html, render_text
from tests.letters import a_digest, a_letter, a_letter_of, a_notice

TEMPLATE_SIGNS = "{{7*7}} {% raw %} ${7*7} {m.__init__} %(x)s $JSON"


class _Outline(HTMLParser):
    """Collects the tags and the text of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("kind", NoticeKind)
def test_both_forms_hold_the_same_facts(kind: NoticeKind) -> None:
    letter = a_letter(kind)
    shown, text = _Outline(render_html(letter)).text, render_text(letter)

    facts = [letter.headline, letter.status, letter.why, *letter.paragraphs]
    facts += [row.value for row in letter.rows]
    facts += [text for line in letter.lines for text in (line.name, line.text)]
    assert [fact for fact in facts if fact not in shown] == []
    assert [fact for fact in facts if fact.replace("\u00a0", " ") not in text] == []


@pytest.mark.parametrize("kind", NoticeKind)
def test_both_forms_hold_the_same_links(kind: NoticeKind) -> None:
    letter = a_letter(kind)
    of_lines = [url for line in letter.lines for url in (line.url, line.leave_url)]
    urls = [url for url in (*of_lines, letter.button_url, letter.leave_url) if url]

    assert _Outline(render_html(letter)).links == urls
    assert [url for url in urls if url not in render_text(letter)] == []


def test_a_pipe_is_broken_as_often_as_its_day_was_bad() -> None:
    grades = {"u": 7, "d": 6, "p": 5, "x": 4, "m": 5, "n": 1}

    filled = {
        grade: render_html(a_letter(strip14=grade)).count('width="12"')
        - render_html(a_letter(strip14=grade)).count('line-height:0"></td>')
        for grade in grades
    }

    assert filled == grades


def test_text_form_tells_the_strip_in_words() -> None:
    assert "The last 14 days: 12 healthy, 12 April partly down, today a wobble.\n" in (
        render_text(a_letter())
    )


def test_template_signs_come_out_as_they_are() -> None:
    letter = a_letter(service_name=TEMPLATE_SIGNS)

    assert TEMPLATE_SIGNS in _Outline(render_html(letter)).text
    assert TEMPLATE_SIGNS in render_text(letter)


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=90), message=st.text(max_size=320))
def test_names_add_no_tag_and_no_link(name: str, message: str) -> None:
    expected = _Outline(render_html(a_letter(strip14="")))

    outline = _Outline(
        render_html(a_letter(strip14="", service_name=f"<b>{name}", message=f"<a href=x>{message}"))
    )

    assert outline.tags == expected.tags
    assert outline.links == expected.links


def test_the_largest_mail_is_small() -> None:
    longest = "\U0001f9ea" * 5000
    names = ("service_name", "workspace_name", "message", "expected", "got", "request", "period")
    facts: dict[str, Any] = dict.fromkeys(names, longest)
    letter = a_letter(**facts)

    assert len(render_html(letter).encode()) <= LARGEST_HTML_BYTES


def test_the_largest_digest_names_the_first_in_full_and_is_small_enough() -> None:
    digest = a_digest(
        a_notice(service_name=f"{number:04}" + "W" * 76, reason="x" * 300) for number in range(2000)
    )
    letter = a_letter_of(digest)

    html, text = render_html(letter), render_text(letter)

    assert len(html.encode()) <= 95 * 1024
    assert "And 1940 more: 0060W" in html
    assert "The text form of this mail names them all." in html
    assert [number for number in range(2000) if f"{number:04}W" not in text] == []
