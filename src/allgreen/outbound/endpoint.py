"""Read hosts, ports and DNS names that are no URL, as strictly as URLs are read."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from allgreen.outbound.url import LOOPBACK, is_loopback_name, read_host, refuse_odd_characters

DNS_PORT: Final = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A host and a port to connect to.

    Attributes:
        host: Name in ASCII (IDNA) and lower case, or a number without brackets.
        port: 1 to 65535.
        address: The number, when `host` is one; it needs no look-up.
    """

    host: str
    port: int
    address: str | None

    @property
    def known_address(self) -> str | None:
        """The number that is known without asking anybody; `None` for names of DNS."""
        return LOOPBACK if is_loopback_name(self.host) else self.address

    def __str__(self) -> str:
        """Return host and port, with brackets where they belong."""
        return written_place(self.host, self.port)


def written_place(host: str, port: int) -> str:
    """Return a host and a port as people write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_endpoint(host: str, port: int) -> Endpoint:
    """Read a host name or number that a person typed, and its port.

    Args:
        host: A name, an IPv4 number, or an IPv6 number with or without brackets.
        port: As typed; checked here.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    if not host:
        raise ValueError("Write the host to watch, such as example.com or 192.0.2.1.")
    refuse_odd_characters(host)
    if "://" in host or "/" in host:
        raise ValueError("Write the host alone, without http:// and without a path.")
    if "@" in host:
        raise ValueError("Write the host alone, without a name before it.")
    if not 1 <= port <= 65535:
        raise ValueError("A port is a number from 1 to 65535.")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare and bare.count(":") == 1:
        raise ValueError("Write the port in its own field.")
    name, address = read_host(f"[{bare}]" if ":" in bare else host)
    return Endpoint(host=name, port=port, address=address)


def parse_dns_server(text: str) -> Endpoint:
    """Read the address of a DNS server: a number, and perhaps a port.

    Raises:
        ValueError: With a sentence that says what to write instead.
    """
    has_port = "]:" in text or text.count(":") == 1
    host, _, port = text.rpartition(":") if has_port else (text, "", str(DNS_PORT))
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        number = ipaddress.ip_address(bare)
    except ValueError:
        number = None
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535
    if number is None or "%" in bare or not is_port:
        raise ValueError(
            f"{text[:80]!r} is not the address of a DNS server. "
            "Write a number and perhaps a port, such as 127.0.0.1:5353 or [::1]:53."
        )
    return Endpoint(host=str(number), port=int(port), address=str(number))


def parse_domain_name(name: str) -> str:
    """Read a name to look up in DNS, as ASCII (IDNA), in lower case and without a last dot.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    if not name.strip("."):
        raise ValueError("Write the name to look up, such as example.com.")
    refuse_odd_characters(name)
    if "://" in name or "/" in name or ":" in name:
        raise ValueError("Write the name alone, such as example.com, without http:// or a port.")
    read, address = read_host(name)
    if address is not None:
        raise ValueError(
            f"{read} is an address, not a name. To ask for the name of an address, look up PTR of "
            f"{ipaddress.ip_address(read).reverse_pointer}."
        )
    return read
