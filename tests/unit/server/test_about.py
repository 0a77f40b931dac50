"""The text of a public page: whatever is typed, only a closed list of tags comes out."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allgreen.server.status_pages.about import LINK_REL, TAGS, render_about

PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<style>*{}</style>",
        "<iframe src=//evil>",
        "<a href='javascript:x' style='x' onclick=x>",
        "<!--",
        "-->",
        "<![CDATA[",
        "&lt;",
        "&#x3c;script>",
        "[a](",
        "javascript:alert(1)",
        "JaVa\tScRiPt:x",
        "data:text/html,x",
        "vbscript:x",
        "https://a.example",
        "//evil.example",
        "/login",
        "mailto:a@example.org",
        " 'title' ",
        '"onclick="x',
        ")",
        "](x)",
        "![i](https://e.example/i.png)",
        "<https://a.example/?a=1&b=2>",
        "**",
        "_",
        "~~",
        "`",
        "```html\n",
        "\n",
        "\n\n",
        "# ",
        "===\n",
        "* ",
        "1. ",
        "> ",
        "    ",
        "[r]: javascript:x\n",
        "[r]",
        "{{ 7*7 }}",
        "\x00",
        "\u202e",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=30).map("".join)


class Reader(HTMLParser):
    """Reads every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.odd: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        self.odd.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


@given(TEXTS)
@example("[x](javascript:alert(1))")
@example('[x](https://a.example "title")')
@example("<b>raw</b>")
def test_only_listed_tags_and_attributes_come_out(text: str) -> None:
    read = Reader(render_about(text))

    assert {tag for tag, _ in read.tags} <= TAGS
    assert read.odd == []
    for tag, attributes in read.tags:
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        if "href" in attributes:
            assert urlsplit(attributes["href"] or "").scheme in ("https", "mailto")
        if tag == "a":
            assert attributes["rel"] == LINK_REL


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello *you*", "<p>Hello <em>you</em></p>"),
        ("* a\n* b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("**a** ~~b~~ `c`", "<p><strong>a</strong> <s>b</s> <code>c</code></p>"),
        ("# No heading", "<p># No heading</p>"),
        ("{{ 7 }} ${7} %(x)s", "<p>{{ 7 }} ${7} %(x)s</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        (
            "[a](https://a.example/?b=1&c=2)",
            f'<p><a href="https://a.example/?b=1&amp;c=2" rel="{LINK_REL}">a</a></p>',
        ),
        ("[a](/login)", f'<p><a rel="{LINK_REL}">a</a></p>'),
    ],
)
def test_what_may_be_written_looks_as_meant(text: str, html: str) -> None:
    assert render_about(text).strip() == html


def test_deep_nesting_ends() -> None:
    assert len(render_about("> " * 5000 + "a")) < 100_000
