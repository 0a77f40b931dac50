"""Who asks: the socket says it, and a header only where a trusted proxy wrote it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from allgreen.errors import SettingsError
from allgreen.health.serving.addresses import find_client, is_within, read_address, read_networks

PROXIES = read_networks("trusted_proxies", ["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_an_address_is_read_in_every_notation(text: str, expected: str) -> None:
    assert read_address(text) == ip_address(expected)


@pytest.mark.parametrize(
    "text", [None, "", "unknown", "127.1", "0x7f000001", "unix:", "1.2.3.4.5", "[", "_hidden"]
)
def test_what_is_no_address_is_none(text: str | None) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize("text", ["10.0.0.1/8", "ten", "", "10.0.0.0/33"])
def test_what_is_no_network_is_refused_with_the_name_of_the_setting(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^networks: .*10\.0\.0\.0/8"):
        read_networks("networks", [text])


def test_an_address_is_within_its_networks_only() -> None:
    assert is_within(ip_address("10.255.0.1"), PROXIES)
    assert is_within(ip_address("::1"), PROXIES)
    assert not is_within(ip_address("11.0.0.1"), PROXIES)
    assert not is_within(ip_address("10.0.0.1"), [])


@pytest.mark.semantics(56)
@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        (None, None, None),
        ("not an address", None, None),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "127.0.0.1, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "127.0.0.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "192.0.2.7, garbage", None),
        ("10.0.0.1", "garbage, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "[2001:db8::7]:80", "2001:db8::7"),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_rightmost_address_that_no_trusted_proxy_has_is_the_client(
    peer: str | None, forwarded: str | None, client: str | None
) -> None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}

    found = find_client(peer, headers, PROXIES)

    assert found == (None if client is None else ip_address(client))


@pytest.mark.semantics(56)
@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_behind_a_proxy_that_nobody_trusts_the_client_is_unknown(header: str) -> None:
    assert find_client("127.0.0.1", {header: "127.0.0.1"}) is None
    assert find_client("127.0.0.1", {}) == ip_address("127.0.0.1")
