"""Which places may be canaries."""

import pytest

from allgreen.executors.canary import parse_canaries

GOOD = "https://a.example, http://b.example:8080/up ,1.1.1.1:443,[2606:4700::1111]:443,c.example:53"


def test_urls_and_hosts_with_ports_are_read() -> None:
    places = parse_canaries(GOOD)

    assert [(place.host, place.port) for place in places] == [
        ("a.example", 443),
        ("b.example", 8080),
        ("1.1.1.1", 443),
        ("2606:4700::1111", 443),
        ("c.example", 53),
    ]


@pytest.mark.parametrize("text", ["", " , "])
def test_no_canaries_are_a_choice(text: str) -> None:
    assert parse_canaries(text) == ()


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("https://a.example", "at least 3 places on different hosts"),
        ("https://a.example,https://b.example", "at least 3 places on different hosts"),
        ("https://a.example/1,https://a.example/2,b.example:443", "different hosts"),
        ("1.1.1.1,8.8.8.8:53,9.9.9.9:53", "Write a port"),
        ("a.example:0,b.example:1,c.example:2", "A port is a number"),
        ("a.example:99999,b.example:1,c.example:2", "cannot be asked"),
        ("ftp://a.example,https://b.example,https://c.example", "cannot be asked"),
        (",".join(f"h{n}.example:443" for n in range(21)), "at most 20"),
    ],
    ids=["one", "two", "one host", "no port", "port 0", "a port too far", "ftp", "too many"],
)
def test_what_cannot_be_asked_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_canaries(text)
