"""Addresses: who asks, and from which network.

The address of a client is that of its socket. What a header says is believed only when the
program named the proxies that may write it, and then from the right, because everything left of
what a trusted proxy added was written by the client itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from allgreen.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip")
"""Headers by which a proxy betrays itself. Of these only the first is read."""


def read_networks(setting: str, ranges: Iterable[str]) -> tuple[Network, ...]:
    """Return networks from their CIDR notation; a single address is a network of one.

    Args:
        setting: Name of the setting, for the error.
        ranges: Such as ``10.0.0.0/8`` or ``::1``.

    Raises:
        SettingsError: One of them is no network.
    """
    return tuple(_read_network(setting, text) for text in ranges)


def find_client(
    peer: str | None, headers: Mapping[str, str], proxies: Iterable[Network] = ()
) -> Address | None:
    """Return the address of whoever asks; `None` when it cannot be known.

    It cannot when a proxy stands between that nobody said is trusted: the peer is then the proxy,
    and a network that the proxy is in must not open the door to everybody behind it.
    """
    address = read_address(peer)
    proxies = tuple(proxies)
    if address is None or not is_within(address, proxies):
        return None if any(name in headers for name in FORWARDING) else address
    return _last_untrusted(address, headers.get("x-forwarded-for", ""), proxies)


def read_address(text: str | None) -> Address | None:
    """Return an address, its port and brackets removed; IPv4 within IPv6 counts as IPv4."""
    bare = _without_port((text or "").strip())
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address belongs to one of the networks."""
    return any(address in network for network in networks)


def _read_network(setting: str, text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise SettingsError(
            setting, f"{text!r} is no network; write one as 10.0.0.0/8 or ::1."
        ) from error


def _last_untrusted(peer: Address, forwarded: str, proxies: tuple[Network, ...]) -> Address | None:
    client: Address | None = peer
    for entry in reversed(forwarded.split(",") if forwarded else []):
        client = read_address(entry)
        if client is None or not is_within(client, proxies):
            return client
    return client


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
