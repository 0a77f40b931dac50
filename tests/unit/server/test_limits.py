"""Limits: counted per client, and clients are not who they say they are."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from limits import RateLimitItem, parse

from allgreen.errors import TooManyError
from allgreen.server import limits
from allgreen.server.limits import FREE_TRIES, Limits, client_of, group_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.9"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["1.1.1.1", " 198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.9", "10.0.0.2"], "198.51.100.9"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense"], "nonsense"),
        ("", ["198.51.100.9"], ""),
    ],
)
def test_only_trusted_proxies_are_believed_from_right_to_left(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert client_of(peer, forwarded, PROXIES) == client


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_network_of_ipv6_counts_as_one_client(address: str, group: str) -> None:
    assert group_of(address) == group


def test_what_is_over_the_limit_is_refused_until_it_is_forgotten() -> None:
    limits, limit = Limits(), parse("2 per hour")
    for _ in range(2):
        limits.count(limit, "ana", message="Wait.")

    with pytest.raises(TooManyError, match=r"Wait\.") as caught:
        limits.count(limit, "ana", message="Wait.")
    limits.count(limit, "bo", message="Wait.")
    limits.forget(limit, "ana")
    limits.count(limit, "ana", message="Wait.")

    assert 0 < caught.value.retry_after_s <= 3600


def test_no_limit_counts_for_another() -> None:
    every = [item for item in vars(limits).values() if isinstance(item, RateLimitItem)]

    assert len({item.key_for("somebody") for item in every}) == len(every) >= 12


def test_after_ten_tries_each_is_to_wait_twice_as_long() -> None:
    now_s = 0.0
    limits, limit = Limits(lambda: now_s), parse("20 per hour")
    for _ in range(FREE_TRIES):
        limits.count_slowly(limit, "ana", message="Wait.")

    waits = []
    for _ in range(5):
        with pytest.raises(TooManyError) as caught:
            limits.count_slowly(limit, "ana", message="Wait.")
        waits.append(caught.value.retry_after_s)
        now_s += caught.value.retry_after_s
        limits.count_slowly(limit, "ana", message="Wait.")

    assert waits == [1, 2, 4, 8, 16]


def test_a_try_that_was_right_ends_the_delay() -> None:
    limits, limit = Limits(lambda: 0.0), parse("20 per hour")
    for _ in range(FREE_TRIES):
        limits.count_slowly(limit, "ana", message="Wait.")
    with pytest.raises(TooManyError):
        limits.count_slowly(limit, "ana", message="Wait.")

    limits.forget(limit, "ana")

    limits.count_slowly(limit, "ana", message="Wait.")


def test_of_those_who_are_delayed_only_the_latest_are_remembered() -> None:
    limits, limit = Limits(lambda: 0.0), parse("20 per hour")
    for number in range(10_010):
        limits.count_slowly(limit, str(number), message="Wait.")

    assert len(limits._tries) == 10_000
