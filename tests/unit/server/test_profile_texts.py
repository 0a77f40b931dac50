"""Texts of a profile: what is typed or pasted becomes plain words, or is refused with a sentence."""

from __future__ import annotations

import pytest

from allgreen.server.profiles.texts import (
    GITHUB,
    LINKEDIN,
    Site,
    clean_bio,
    clean_line,
    clean_name_at,
    clean_website,
)


@pytest.mark.parametrize(
    ("site", "text", "name"),
    [
        (GITHUB, "sofialin", "sofialin"),
        (GITHUB, " @sofialin ", "sofialin"),
        (GITHUB, "https://github.com/sofialin", "sofialin"),
        (GITHUB, "github.com/sofialin/", "sofialin"),
        (GITHUB, "https://www.github.com/sofia-lin?tab=stars", "sofia-lin"),
        (GITHUB, "", ""),
        (LINKEDIN, "sofia-lindqvist", "sofia-lindqvist"),
        (LINKEDIN, "https://www.linkedin.com/in/sofia-lindqvist/", "sofia-lindqvist"),
        (LINKEDIN, "https://se.linkedin.com/in/sofia-lindqvist?locale=sv", "sofia-lindqvist"),
        (LINKEDIN, "linkedin.com/in/söfia", "söfia"),
    ],
)
def test_a_pasted_address_becomes_the_name(site: Site, text: str, name: str) -> None:
    assert clean_name_at(site, text) == name


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "javascript://github.com/%0aalert(1)",
        "http://github.com/sofialin",
        "https://github.com.evil.example/sofialin",
        "https://github.com@evil.example/sofialin",
        "https://evil.example/github.com/sofialin",
        "https://github.com/sofialin/allgreen",
        "https://github.com/",
        "https://[::1/sofialin",
        "//github.com/sofialin",
        "..",
        "a--b",
        "-a",
        "sofia lin",
        'x"onmouseover="alert(1)',
        "sofialin\0",
        "x" * 41,
        "x" * 100_000,
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="Write the name alone"):
        clean_name_at(GITHUB, text)


def test_a_name_leads_to_its_page_and_nowhere_else() -> None:
    assert GITHUB.address_of("sofialin") == "https://github.com/sofialin"
    assert LINKEDIN.address_of("söfia") == "https://www.linkedin.com/in/s%C3%B6fia"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org", "https://example.org"),
        ("HTTP://Example.ORG/Path?q=1#x", "http://example.org/Path?q=1#x"),
        ("example.org", "https://example.org"),
        ("example.org:8080/a", "https://example.org:8080/a"),
        ("  example.org ", "https://example.org"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("", ""),
    ],
)
def test_a_website_is_kept_with_its_scheme(text: str, address: str) -> None:
    assert clean_website(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "\0javascript:alert(1)",
        "java\u200bscript:alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "ftp://example.org",
        "gopher://example.org",
        "jar:https://example.org!/x",
        "http+unix://%2frun%2fx/",
        "unix:/run/x",
        "vbscript:x",
        "mailto:ana@example.org",
        "//example.org",
        "\\\\example.org",
        "https:\\\\example.org",
        "https:example.org",
        "https:///example.org",
        "https://",
        "https://user:password@example.org",
        "https://example.org:0",
        "https://example.org:99999",
        "https://[::1]/",
        "https://localhost/",
        "https://exa\0mple.org",
        "javascript:1",
        "https://example.org/" + "x" * 200,
        "x" * 100_000,
    ],
)
def test_nothing_but_a_web_address_is_linked_to(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        clean_website(text)


def test_a_space_in_an_address_is_told_with_what_was_meant() -> None:
    with pytest.raises(ValueError, match=r"no spaces\. Did you mean sofialindqvist\.se\?$"):
        clean_website("sofia lindqvist.se")


def test_nothing_dangerous_is_suggested() -> None:
    with pytest.raises(ValueError, match=r"no spaces\.$"):
        clean_website("java script:alert(1)")


def test_a_line_holds_no_characters_that_nobody_sees() -> None:
    assert clean_line(" Go\u202ete\0 \n borg\u200b ") == "Gote borg"
    assert clean_line("\u202e") == ""


def test_a_bio_keeps_its_lines() -> None:
    assert clean_bio("One \r\ntwo\u202e\n\n\n\n  three\0") == "One\ntwo\n\nthree"


@pytest.mark.parametrize(("length", "fits"), [(280, True), (281, False), (100_000, False)])
def test_a_bio_has_at_most_280_characters(length: int, *, fits: bool) -> None:
    if fits:
        assert clean_bio("é" * length) == "é" * length
    else:
        with pytest.raises(ValueError, match="at most 280 characters"):
            clean_bio("é" * length)
