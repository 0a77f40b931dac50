"""What the guard lets through."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.errors import SettingsError, TargetBlockedError
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.url import parse_target
from tests.unit.outbound.hostile_urls import BAD_PORTS, PRIVATE_AND_SPECIAL

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_numbers_pass(address: str) -> None:
    assert TargetGuard().find_refusal(address, 443) is None


@pytest.mark.parametrize("url", [*PRIVATE_AND_SPECIAL, *BAD_PORTS])
def test_a_refused_target_is_told_when_it_is_saved(url: str) -> None:
    target = parse_target(url.format(port=8080))

    with pytest.raises(TargetBlockedError, match=r"not reached from here.+\.$"):
        TargetGuard().vet_target(target)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("0.255.255.255", "1.0.0.0"),
        ("10.0.0.0", "9.255.255.255"),
        ("10.255.255.255", "11.0.0.0"),
        ("100.64.0.0", "100.63.255.255"),
        ("100.127.255.255", "100.128.0.0"),
        ("127.255.255.255", "128.0.0.0"),
        ("168.63.129.16", "168.63.129.17"),
        ("172.31.255.255", "172.32.0.0"),
        ("192.0.0.255", "192.0.1.0"),
        ("192.168.0.0", "192.167.255.255"),
        ("198.19.255.255", "198.20.0.0"),
        ("224.0.0.0", "223.255.255.255"),
        ("1fff:ffff::", "2000::"),
        ("2001:1ff:ffff::", "2001:200::"),
        ("2001:db8:ffff::", "2001:db9::"),
        ("2002:ffff::", "2003::"),
        ("3fff:fff:ffff::", "3fff:1000::"),
        ("4000::", "3ffe::"),
    ],
)
def test_ranges_end_where_the_registry_says(inside: str, outside: str) -> None:
    guard = TargetGuard()

    assert guard.find_refusal(inside, 80) is not None
    assert guard.find_refusal(outside, 80) is None


@settings(deadline=None)
@given(st.ip_addresses(v=6))
def test_only_global_unicast_passes_in_ipv6(address: ipaddress.IPv6Address) -> None:
    passes = TargetGuard().find_refusal(str(address), 80) is None

    assert not passes or address in ipaddress.ip_network("2000::/3")


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_never_passes(
    address: ipaddress.IPv4Address,
) -> None:
    is_special = address.is_private or address.is_multicast or address.is_reserved

    assert not is_special or TargetGuard().find_refusal(str(address), 80) is not None


@pytest.mark.parametrize("spelling", ["127.1", "0x7f.0.0.1", "::1%lo", "a", "", "1.2.3.4\0", "٠"])
def test_what_is_not_a_plain_number_is_refused(spelling: str) -> None:
    assert TargetGuard.parse("0.0.0.0/0:*,[::/0]:*").find_refusal(spelling, 80) is not None


@pytest.mark.parametrize(
    ("address", "port", "passes"),
    [
        ("127.0.0.1", 9000, True),
        ("127.0.0.1", 9099, True),
        ("127.0.0.1", 9100, False),
        ("127.0.0.2", 9000, False),
        ("::1", 9000, True),
        ("::1", 9001, False),
        ("10.1.2.3", 22, True),
        ("192.168.1.1", 80, False),
        ("::ffff:10.1.2.3", 80, False),
    ],
)
def test_the_allow_list_opens_exactly_what_it_names(address: str, port: int, passes: bool) -> None:
    guard = TargetGuard.parse("127.0.0.1:9000-9099, [::1]:9000,10.0.0.0/8:*")

    assert (guard.find_refusal(address, port) is None) is passes


@pytest.mark.parametrize("address", ["::1", "::", "::127.0.0.1", "::ffff:169.254.169.254"])
def test_a_wide_ipv6_entry_does_not_open_ipv4_in_disguise(address: str) -> None:
    assert TargetGuard.parse("[::/0]:*").find_refusal(address, 80) is not None


def test_a_bad_port_of_a_name_is_told_when_saved_unless_some_entry_opens_it() -> None:
    target = parse_target("http://mail.example.com:25/")

    with pytest.raises(TargetBlockedError):
        TargetGuard().vet_target(target)
    TargetGuard.parse("10.0.0.1:25").vet_target(target)


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        ("127.0.0.1", "an address and its ports"),
        (":80", "an address and its ports"),
        ("::1:9000", "in brackets"),
        ("localhost:9000", "numbers, not names"),
        ("10.0.0.1/8:*", "10.0.0.0/8"),
        ("127.0.0.1:90-80", "lower one first"),
        ("127.0.0.1:0", "from 1 to 65535"),
        ("127.0.0.1:99999999999", "from 1 to 65535"),
        ("127.0.0.1:http", "one number, a range, or"),
        ("[::1:80", "an address and its ports"),
    ],
)
def test_an_unreadable_entry_says_what_to_write(entry: str, advice: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALLGREEN_ALLOW_TARGETS: .+ cannot be read") as error:
        TargetGuard.parse(f"10.0.0.0/8:*,{entry}")

    assert advice in str(error.value)


def test_localhost_is_told_when_saved_unless_its_number_is_allowed() -> None:
    target = parse_target("http://localhost:9000/")

    with pytest.raises(TargetBlockedError):
        TargetGuard().vet_target(target)
    TargetGuard.parse("127.0.0.1:9000").vet_target(target)
