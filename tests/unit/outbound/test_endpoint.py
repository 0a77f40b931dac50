"""Hosts, DNS servers and names that people type into fields of their own."""

import pytest

from allgreen.errors import TargetBlockedError
from allgreen.outbound.endpoint import parse_dns_server, parse_domain_name, parse_endpoint
from allgreen.outbound.guard import MAIL_PORTS, TargetGuard


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("example.com", "example.com:443"),
        ("EXAMPLE.com.", "example.com:443"),
        ("bücher.example", "xn--bcher-kva.example:443"),
        ("192.0.2.1", "192.0.2.1:443"),
        ("2001:DB8::1", "[2001:db8::1]:443"),
        ("[2001:db8:0::1]", "[2001:db8::1]:443"),
        ("_sip.example.com", "_sip.example.com:443"),
    ],
)
def test_a_host_has_one_spelling(host: str, written: str) -> None:
    assert str(parse_endpoint(host, 443)) == written


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("", "Write the host"),
        ("https://example.com", "the host alone"),
        ("example.com/path", "the host alone"),
        ("user@example.com", "the host alone"),
        ("example.com:443", "in its own field"),
        ("exa mple.com", "Remove it"),
        ("a\x00b", "Remove it"),
        ("127.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("fe80::1%lo", "zone"),
        ("[::1", "IPv6"),
        ("-a.example", "hyphen"),
        ("*.example.com", "letters"),
        ("a" * 64 + ".example", "too long"),
    ],
)
def test_an_odd_host_is_refused_with_advice(host: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_endpoint(host, 443)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="1 to 65535"):
        parse_endpoint("example.com", port)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("192.0.2.53", "192.0.2.53:53"),
        ("192.0.2.53:5353", "192.0.2.53:5353"),
        ("2001:db8::53", "[2001:db8::53]:53"),
        ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
    ],
)
def test_a_dns_server_is_a_number_and_perhaps_a_port(text: str, written: str) -> None:
    assert str(parse_dns_server(text)) == written


@pytest.mark.parametrize(
    "text", ["", "ns1.example.com", "127.1", "1.2.3.4:0", "1.2.3.4:x", "1.2.3.4:53:", "[::1%lo]:53"]
)
def test_what_is_no_dns_server_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 127\.0\.0\.1:5353"):
        parse_dns_server(text)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Example.COM.", "example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa"),
    ],
)
def test_a_name_is_read_as_dns_knows_it(name: str, read: str) -> None:
    assert parse_domain_name(name) == read


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("", "Write the name"),
        (".", "Write the name"),
        ("http://example.com", "name alone"),
        ("example.com:53", "name alone"),
        ("a..example", "two dots"),
        ("a\nb", "Remove it"),
        ("192.0.2.1", r"1\.2\.0\.192\.in-addr\.arpa"),
    ],
)
def test_what_is_no_name_is_refused_with_advice(name: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_domain_name(name)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.localhost", "::1", "10.0.0.1"])
def test_an_endpoint_inside_is_refused_when_it_is_saved(host: str) -> None:
    with pytest.raises(TargetBlockedError):
        TargetGuard().vet_endpoint(parse_endpoint(host, 443))


def test_an_endpoint_may_have_any_port_unless_told_otherwise() -> None:
    guard, mail = TargetGuard(), parse_endpoint("mail.example", 25)

    guard.vet_endpoint(mail)

    with pytest.raises(TargetBlockedError, match="port 25 takes mail"):
        guard.vet_endpoint(mail, MAIL_PORTS)


def test_the_operator_can_allow_an_endpoint() -> None:
    guard = TargetGuard.parse("10.0.0.0/8:25")

    guard.vet_endpoint(parse_endpoint("10.0.0.1", 25), MAIL_PORTS)

    with pytest.raises(TargetBlockedError):
        guard.vet_endpoint(parse_endpoint("10.0.0.1", 26))
