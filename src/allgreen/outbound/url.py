"""Read the URL of a target strictly: what is odd is refused with a sentence, never guessed at.

Used when a service is saved and again before every connection and redirect, so that both see
the same host. Parsing touches neither the network nor the clock.
"""

import ipaddress
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

import idna

MAX_URL_LENGTH: Final = 2048
MAX_LOCATION_LENGTH: Final = 8192

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LABEL_CHARACTERS: Final = frozenset(string.ascii_lowercase + string.digits + "-_")
_KEPT_IN_PATH: Final = frozenset(
    (string.ascii_letters + string.digits + "-._~:/?@!$&'()*+,;=%[]|").encode()
)


LOOPBACK: Final = "127.0.0.1"
"""What ``localhost`` and the names below it stand for, without a look-up (RFC 6761, 6.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a request goes.

    Attributes:
        scheme: ``http`` or ``https``.
        host: Name in ASCII (IDNA) and lower case, or a number without brackets.
        port: 1 to 65535, also when the URL left it out.
        path: Path and query, percent-encoded; starts with ``/``.
        address: The number, when `host` is one; it needs no look-up.
        is_secure: Whether the connection is encrypted.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: str | None
    is_secure: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_secure", self.scheme == "https")

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: where headers that a user typed may go."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as the ``Host`` header wants them (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Return the URL without its query, which may hold a secret."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"

    @property
    def known_address(self) -> str | None:
        """The number that is known without asking anybody; `None` for names of DNS."""
        return LOOPBACK if is_loopback_name(self.host) else self.address

    def join(self, location: str) -> "Target":
        """Read a ``Location`` header relative to this target.

        Raises:
            ValueError: With a sentence about what is wrong with it.
        """
        if len(location) > MAX_LOCATION_LENGTH:
            raise ValueError("The new address is longer than 8 KB.")
        refuse_odd_characters(location)
        base = f"{self.scheme}://{self.authority}{self.path}"
        try:
            absolute = urljoin(base, location)
        except ValueError:
            raise ValueError("The new address cannot be read.") from None
        return parse_target(absolute, max_length=MAX_LOCATION_LENGTH + MAX_URL_LENGTH)


def parse_target(url: str, *, max_length: int = MAX_URL_LENGTH) -> Target:
    """Read a URL that a person typed or a target sent.

    Args:
        url: Absolute, with ``http://`` or ``https://``. A fragment is dropped.
        max_length: Longest `url` to look at.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    if not url:
        raise ValueError("Write the address to watch, such as https://example.com/health.")
    if len(url) > max_length:
        raise ValueError(f"This address is longer than {max_length} characters. Shorten it.")
    refuse_odd_characters(url)
    scheme, authority, path = _split(url)
    host, port = _split_authority(authority)
    name, address = read_host(host)
    return Target(
        scheme=scheme,
        host=name,
        port=_DEFAULT_PORTS[scheme] if port is None else _read_port(port),
        path=_encode_path(path),
        address=address,
    )


def is_loopback_name(host: str) -> bool:
    """Tell whether a host, in lower case, names this very machine."""
    return host == "localhost" or host.endswith(".localhost")


def refuse_odd_characters(url: str) -> None:
    """Refuse what no address holds: blanks, control characters, backslashes.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    if any(character <= " " or character == "\x7f" or character.isspace() for character in url):
        raise ValueError("This address holds a blank or a control character. Remove it.")
    if "\\" in url:
        raise ValueError("This address holds a backslash. Write / instead.")
    if any("\ud800" <= character <= "\udfff" for character in url):
        raise ValueError("This address holds a character that does not exist. Remove it.")


def _split(url: str) -> tuple[str, str, str]:
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator:
        known = url.partition(":")[0].lower()
        if known in _DEFAULT_PORTS:
            raise ValueError(f"Two slashes follow the scheme: {known}://example.com.")
        raise ValueError("Start the address with https:// or http://.")
    if scheme not in _DEFAULT_PORTS:
        raise ValueError("Only http:// and https:// are watched this way. Start with one of them.")
    end = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    return scheme, rest[:end], rest[end:].partition("#")[0]


def _split_authority(authority: str) -> tuple[str, str | None]:
    if "@" in authority:
        raise ValueError(
            "Leave name and password out of the address, where they would be shown. "
            "Send them in an Authorization header."
        )
    if authority.startswith("["):
        host, bracket, after = authority.partition("]")
        if not bracket or (after and not after.startswith(":")):
            raise ValueError("Close the bracket after the IPv6 address: http://[2001:db8::1]:8080.")
        return host + bracket, after[1:] if after else None
    host, colon, port = authority.partition(":")
    if ":" in port:
        raise ValueError("Put an IPv6 address in brackets: http://[2001:db8::1]:8080.")
    return host, port if colon else None


def _read_port(port: str) -> int:
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ValueError("The port after the colon is a number from 1 to 65535.")
    return int(port)


def read_host(host: str) -> tuple[str, str | None]:
    """Return a host in its one spelling, and again as the number if it is one.

    Args:
        host: A name, an IPv4 number, or an IPv6 number in brackets.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    if host.startswith("["):
        address = _read_ipv6(host[1:-1])
        return address, address
    name = _to_ascii(host)
    labels = name.split(".")
    if _is_number(labels[-1]):
        address = _read_ipv4(name, labels)
        return address, address
    _refuse_odd_labels(name, labels)
    return name, None


def _read_ipv6(text: str) -> str:
    if "%" in text:
        raise ValueError("An address with a zone (%) means something on one machine only.")
    try:
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        raise ValueError("What stands in the brackets is not an IPv6 address.") from None


def _to_ascii(host: str) -> str:
    """Map a host to ASCII as browsers do (UTS 46): full-width digits and dots included."""
    if not host.strip("."):
        raise ValueError("The host is missing: https://example.com.")
    name = host.lower()
    if not name.isascii():
        try:
            name = idna.encode(host, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError, IndexError):
            raise ValueError("The host holds a character that no name can have.") from None
    return name.removesuffix(".")


def _refuse_odd_labels(name: str, labels: list[str]) -> None:
    if len(name) > 253 or any(len(label) > 63 for label in labels):
        raise ValueError("The host is too long: 63 characters between dots, 253 in all.")
    if any(not label for label in labels):
        raise ValueError("The host holds two dots in a row, or starts with one.")
    if any(not _LABEL_CHARACTERS.issuperset(label) for label in labels):
        raise ValueError("A host has letters, digits, hyphens and dots only.")
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        raise ValueError("No part of a host starts or ends with a hyphen.")


def _is_number(label: str) -> bool:
    """Whether a resolver could take a host that ends in `label` for a number (URL standard)."""
    if label.isdigit():
        return True
    return label.startswith("0x") and all(digit in string.hexdigits for digit in label[2:])


def _read_ipv4(name: str, labels: list[str]) -> str:
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        pass
    # 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1 to some programs and names to others.
    meaning = _lenient_ipv4(labels)
    if meaning is None:
        raise ValueError("A host that ends in a number is an address: four numbers from 0 to 255.")
    raise ValueError(f"This is an odd spelling of {meaning}. Write it as four numbers: {meaning}.")


def _lenient_ipv4(labels: list[str]) -> str | None:
    try:
        numbers = [_lenient_number(label) for label in labels]
    except ValueError:
        return None
    *heads, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in heads):
        return None
    if last >= 256 ** (5 - len(numbers)):
        return None
    high = sum(number << 8 * (3 - at) for at, number in enumerate(heads))
    return str(ipaddress.IPv4Address(high + last))


def _lenient_number(label: str) -> int:
    if len(label) > 16:
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8) if label.startswith("0") and len(label) > 1 else int(label)


def _encode_path(path: str) -> str:
    if not path.startswith("/"):
        path = "/" + path
    if path.isascii() and _KEPT_IN_PATH.issuperset(path.encode()):
        return path
    return "".join(_encoded(path))


def _encoded(path: str) -> Iterator[str]:
    for byte in path.encode():
        yield chr(byte) if byte in _KEPT_IN_PATH else f"%{byte:02X}"
