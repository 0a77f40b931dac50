"""How the URL of a target is read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.errors import TargetBlockedError
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.url import parse_target
from tests.unit.outbound.hostile_urls import HOSTILE_URLS


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://example.com", "example.com", "/"),
        ("HTTPS://EXAMPLE.COM./a", "example.com", "/a"),
        ("http://example.com:80/a?b=c#d", "example.com", "/a?b=c"),
        ("https://example.com:80/", "example.com:80", "/"),
        ("http://example.com?b=c", "example.com", "/?b=c"),
        ("http://example.com#d", "example.com", "/"),
        ("https://bücher.example/ä", "xn--bcher-kva.example", "/%C3%A4"),
        ("http://api_1:8080/", "api_1:8080", "/"),
        ("http://[2606:4700::1111]:8080/", "[2606:4700::1111]:8080", "/"),
        ('https://example.com/<a>?"b"', "example.com", "/%3Ca%3E?%22b%22"),
        ("https://example.com/a/../b//c", "example.com", "/a/../b//c"),
    ],
)
def test_a_url_is_read_into_one_spelling(url: str, authority: str, path: str) -> None:
    target = parse_target(url)

    assert (target.authority, target.path) == (authority, path)


def test_a_number_needs_no_look_up() -> None:
    assert parse_target("http://8.8.8.8/").address == "8.8.8.8"
    assert parse_target("http://[2606:4700:0::1111]/").address == "2606:4700::1111"
    assert parse_target("http://example.com/").address is None


def test_a_query_is_left_out_of_what_is_shown() -> None:
    assert str(parse_target("https://example.com/a?token=secret")) == "https://example.com/a"


@pytest.mark.parametrize("url", [url.format(port=8080) for url in HOSTILE_URLS], ids=ascii)
def test_a_hostile_url_is_refused_with_a_sentence_or_blocked(url: str) -> None:
    with pytest.raises((ValueError, TargetBlockedError), match=r"\.$"):
        save(url)


def save(url: str) -> None:
    TargetGuard().vet_target(parse_target(url))


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("example.com", "Start the address with https://"),
        ("ftp://example.com", "Only http:// and https://"),
        ("http:/example.com", "Two slashes"),
        ("https://me:secret@example.com", "Authorization header"),
        ("https://example.com:https/", "number from 1 to 65535"),
        ("https://exa mple.com", "blank"),
        ("http://2130706433/", "Write it as four numbers: 127.0.0.1"),
        ("http://0177.0.0.1/", "Write it as four numbers: 127.0.0.1"),
        ("http://1.2.3.999/", "four numbers from 0 to 255"),
        ("http://2001:db8::1/", "in brackets"),
        ("http://a..b/", "two dots in a row"),
        ("http://-a.example/", "hyphen"),
        ("http://a!b.example/", "letters, digits, hyphens"),
        (f"http://{'a' * 64}.example/", "too long"),
        ("https://example.com/" + "a" * 2048, "longer than 2048"),
    ],
)
def test_a_refusal_says_what_to_change(url: str, advice: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as error:
        parse_target(url)

    assert advice in str(error.value)


def test_a_refusal_repeats_no_secret() -> None:
    with pytest.raises(ValueError, match="Authorization") as error:
        parse_target("https://me:hunter2@example.com")

    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b", "http://example.com:8080/b"),
        ("b", "http://example.com:8080/a/b"),
        ("?c", "http://example.com:8080/a/x"),
        ("//other.example/c", "http://other.example/c"),
        ("https://other.example", "https://other.example/"),
    ],
)
def test_a_location_is_read_relative_to_the_target(location: str, expected: str) -> None:
    target = parse_target("http://example.com:8080/a/x?y")

    assert str(target.join(location)) == expected


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "javascript:x", "http://[", "http://a@b/", "a" * 8193, "\\b"]
)
def test_a_location_that_leads_nowhere_is_refused(location: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_target("http://example.com/").join(location)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://example.com/{text}"):
        try:
            target = parse_target(url)
        except ValueError:
            continue
        assert target.host.isascii()
        assert target.path.isascii()
        assert target.path.isprintable()
        assert " " not in target.path
