"""Decide which addresses may be reached: by number, deny by default.

Names are never judged here. The resolver turns a name into numbers, every number is vetted,
and the connection goes to the vetted number, so nothing can change between look and leap.
"""

import ipaddress
import socket
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self, final

from allgreen.errors import SettingsError, TargetBlockedError
from allgreen.outbound.endpoint import Endpoint, written_place
from allgreen.outbound.url import Target

ALLOW_SETTING: Final = "ALLGREEN_ALLOW_TARGETS"

HTTP_BAD_PORTS: Final = frozenset(
    {
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563),
        *(587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060),
        *(5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        # Beyond the browsers' list: stores that read a request line as commands.
        *(3306, 5432, 6379, 11211),
    }
)
"""Ports where an HTTP request could be taken for a command of another protocol.

The "bad ports" of the Fetch standard (https://fetch.spec.whatwg.org/#port-blocking), and four more.
"""

MAIL_PORTS: Final = frozenset({25, 26, 465, 587, 2465, 2525, 2587})
"""Where a TCP check may listen but not speak: what it says there could go out as a mail of ours."""

NO_PORTS: Final[frozenset[int]] = frozenset()
"""For connections over which nothing that a person typed is sent."""

_REFUSED_V4: Final = (
    ("0.0.0.0/8", "it means this machine"),
    ("10.0.0.0/8", "it is private"),
    ("100.64.0.0/10", "it is shared inside a provider's network"),
    ("127.0.0.0/8", "it is this machine (loopback)"),
    ("168.63.129.16/32", "it is a cloud's internal service"),
    ("169.254.0.0/16", "it is link-local, where clouds keep their metadata"),
    ("172.16.0.0/12", "it is private"),
    ("192.0.0.0/24", "it is reserved for protocols"),
    ("192.0.2.0/24", "it is for documentation"),
    ("192.31.196.0/24", "it is reserved for protocols"),
    ("192.52.193.0/24", "it is reserved for protocols"),
    ("192.88.99.0/24", "it is a relay to other addresses"),
    ("192.168.0.0/16", "it is private"),
    ("192.175.48.0/24", "it is reserved for protocols"),
    ("198.18.0.0/15", "it is for benchmarks"),
    ("198.51.100.0/24", "it is for documentation"),
    ("203.0.113.0/24", "it is for documentation"),
    ("224.0.0.0/4", "it is multicast"),
    ("240.0.0.0/4", "it is reserved"),
)
"""The IPv4 special-purpose registry in full, and what clouds keep outside of it."""

_REFUSED_V6: Final = (
    # Only 2000::/3 is global unicast. Everything beside it goes at one stroke: ::, ::1, mapped
    # and compatible forms, NAT64, unique local, link-local, site-local, multicast.
    ("::/3", "it is not a public address"),
    ("2001::/23", "it is reserved for protocols"),
    ("2001:db8::/32", "it is for documentation"),
    ("2002::/16", "it is a relay to other addresses"),
    ("3fff::/20", "it is for documentation"),
    ("4000::/2", "it is not a public address"),
    ("8000::/1", "it is not a public address"),
)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class AllowedTarget:
    """One entry of the allow-list: a network and a range of ports, both ends included."""

    network: _Network
    first_port: int
    last_port: int

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Read ``127.0.0.1:9000-9099``, ``[::1]:9000`` or ``10.0.0.0/8:*``.

        Raises:
            SettingsError: With a sentence that says what to write instead.
        """
        address, colon, ports = entry.rpartition(":")
        if not colon or not address or not ports or entry.count("[") != entry.count("]"):
            raise _unreadable(entry, "Write an address and its ports")
        if address.startswith("["):
            address = address.replace("[", "", 1).replace("]", "", 1)
        elif ":" in address:
            raise _unreadable(entry, "Put an IPv6 address in brackets")
        return cls(_parse_network(entry, address), *_parse_ports(entry, ports))


@final
class TargetGuard:
    """Vet numbers before a connection is made; stateless, so one serves a whole process."""

    def __init__(self, allowed: Iterable[AllowedTarget] = ()) -> None:
        self._allowed = tuple(allowed)
        self._passes = tuple(_packed(entry) for entry in self._allowed)

    @classmethod
    def parse(cls, allow_list: str) -> Self:
        """Build a guard from the text of ``ALLGREEN_ALLOW_TARGETS``; empty allows nothing more.

        Raises:
            SettingsError: An entry cannot be read.
        """
        entries = (entry.strip() for entry in allow_list.split(","))
        return cls(AllowedTarget.parse(entry) for entry in entries if entry)

    def vet(self, address: str, port: int) -> None:
        """Let a number and a port for HTTP pass, or raise.

        Args:
            address: IPv4 or IPv6 number in text, as `socket.inet_pton` takes it.
            port: 1 to 65535.

        Raises:
            TargetBlockedError: The address or the port is not reached from here.
        """
        reason = self.find_refusal(address, port)
        if reason is not None:
            raise TargetBlockedError(written_place(address, port), reason)

    def vet_target(self, target: Target) -> None:
        """Vet as much of a target as is known without a look-up: its port, and its number if any.

        Used when a service is saved, so that a hopeless address is told beside its field. The
        vetting that counts happens on every connection.

        Raises:
            TargetBlockedError: No connection to this target would be made.
        """
        endpoint = Endpoint(host=target.host, port=target.port, address=target.address)
        self.vet_endpoint(endpoint, HTTP_BAD_PORTS)

    def vet_endpoint(self, endpoint: Endpoint, ports: frozenset[int] = NO_PORTS) -> None:
        """Do the same for a host and a port that are no URL.

        Args:
            endpoint: Where a connection would go.
            ports: Which ports are refused beside the addresses.

        Raises:
            TargetBlockedError: No connection to this endpoint would be made.
        """
        address, port = endpoint.known_address, endpoint.port
        reason = None
        if address is not None:
            reason = self.find_refusal(address, port, ports)
        elif port in ports and not self._allows_some_address(port):
            reason = _refused_port(port)
        if reason is not None:
            raise TargetBlockedError(str(endpoint), reason)

    def find_refusal(
        self, address: str, port: int, ports: frozenset[int] = HTTP_BAD_PORTS
    ) -> str | None:
        """Return why `address` and `port` are refused; `None` when they may be reached.

        Args:
            address: IPv4 or IPv6 number in text.
            port: 1 to 65535.
            ports: Which ports are refused on every address; those of HTTP unless told otherwise.
        """
        family, refused = (socket.AF_INET6, _V6) if ":" in address else (socket.AF_INET, _V4)
        try:
            packed = socket.inet_pton(family, address)
        except (OSError, ValueError):
            # A zone id, an odd spelling, a NUL: what cannot be read exactly cannot be vetted.
            return "it is not a plain number."
        reason = refused.find(packed)
        if reason is None and port not in ports:
            return None
        if self._passes and self._is_allowed(packed, port):
            return None
        return _refused_port(port) if reason is None else _refused_address(reason)

    def is_inside(self, address: str) -> bool:
        """Tell whether a number can be reached only where the operator allows it."""
        family, refused = (socket.AF_INET6, _V6) if ":" in address else (socket.AF_INET, _V4)
        return refused.find(socket.inet_pton(family, address)) is not None

    def _is_allowed(self, packed: bytes, port: int) -> bool:
        for first, last, first_port, last_port in self._passes:
            if first <= packed <= last and first_port <= port <= last_port:
                if len(packed) != len(first):
                    continue
                # IPv4 in IPv6 clothes: a wide IPv6 entry must not let all of IPv4 through.
                if first == last or not packed.startswith(_DISGUISES):
                    return True
        return False

    def _allows_some_address(self, port: int) -> bool:
        return any(entry.first_port <= port <= entry.last_port for entry in self._allowed)


class _Ranges:
    """Sorted ranges of packed numbers.

    Bytes of equal length compare like the numbers, so one bisection decides; `ipaddress` would
    take longer than the rest of a probe's Python.
    """

    def __init__(self, networks: Iterable[tuple[str, str]]) -> None:
        ordered = sorted(
            (parsed.network_address.packed, parsed.broadcast_address.packed, reason)
            for parsed, reason in ((ipaddress.ip_network(text), why) for text, why in networks)
        )
        self._firsts = [first for first, _, _ in ordered]
        self._rest = [(last, reason) for _, last, reason in ordered]

    def find(self, packed: bytes) -> str | None:
        """Return the reason of the range that holds `packed`; `None` outside of all."""
        at = bisect_right(self._firsts, packed) - 1
        if at < 0:
            return None
        last, reason = self._rest[at]
        return reason if packed <= last else None


def _packed(entry: AllowedTarget) -> tuple[bytes, bytes, int, int]:
    first, last = entry.network.network_address.packed, entry.network.broadcast_address.packed
    return first, last, entry.first_port, entry.last_port


def _refused_address(reason: str) -> str:
    return f"{reason}. The operator can allow it with {ALLOW_SETTING}."


def _refused_port(port: int) -> str:
    why = "takes mail" if port in MAIL_PORTS else "belongs to another protocol than HTTP"
    return f"port {port} {why}. The operator can allow it with {ALLOW_SETTING}."


def _parse_network(entry: str, address: str) -> _Network:
    try:
        return ipaddress.ip_network(address)
    except ValueError:
        pass
    try:
        corrected = ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise _unreadable(entry, "Write numbers, not names") from None
    raise _unreadable(entry, f"The network of this address is {corrected}. Write that")


def _parse_ports(entry: str, ports: str) -> tuple[int, int]:
    if ports == "*":
        return 1, 65535
    first, dash, last = ports.partition("-")
    last = last if dash else first
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        raise _unreadable(entry, "Ports are one number, a range, or *")
    if len(first) > 5 or len(last) > 5 or not 1 <= int(first) <= int(last) <= 65535:
        raise _unreadable(entry, "Ports go from 1 to 65535, the lower one first")
    return int(first), int(last)


def _unreadable(entry: str, advice: str) -> SettingsError:
    return SettingsError(
        ALLOW_SETTING,
        f"{entry[:80]!r} cannot be read. {advice}, such as 127.0.0.1:9000-9099, [::1]:9000 "
        "or 10.0.0.0/8:*.",
    )


_DISGUISES: Final = (bytes(12), bytes(10) + b"\xff\xff")
_V4: Final = _Ranges(_REFUSED_V4)
_V6: Final = _Ranges(_REFUSED_V6)
