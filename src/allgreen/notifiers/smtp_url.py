"""The address of the mail server, as an operator writes it in one setting."""

from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import idna


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpUrl:
    """``smtp://user:password@host:port?from=allgreen@example.com``, taken apart.

    With ``smtps`` the connection is encrypted from its first byte; with ``smtp`` it turns to
    encryption as soon as the server offers it, and must do so before a password is sent.

    Attributes:
        sender: Address that mails come from; `None` when the URL names none.
    """

    host: str
    port: int
    is_implicit_tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    sender: Address | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the setting.

        Raises:
            ValueError: It cannot be one; the sentence says what to change, and holds no password.
        """
        try:
            parts = urlsplit(text.strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(f"The port is not a number from 1 to 65535. {_EXAMPLE}") from None
        if parts.scheme not in _PORTS or not host:
            raise ValueError(
                f"The address of a mail server begins with smtp:// or smtps://. {_EXAMPLE}"
            )
        if parts.path.strip("/"):
            raise ValueError(f"Nothing follows the port but ?from=. {_EXAMPLE}")
        return cls(
            host=host,
            port=port or _PORTS[parts.scheme],
            is_implicit_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=_sender(parts.query),
        )


def default_sender(public_url: str) -> Address:
    """Return ``allgreen@<host of the public URL>``; a number cannot follow an @, so it is localhost."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        ip_address(host)
    except ValueError:
        return parse_address(f"allgreen@{host}")
    return parse_address("allgreen@localhost")


def parse_address(text: str) -> Address:
    """Read exactly one mail address, without a name.

    A header takes ``a@b.c, victim@x`` as two recipients, so nothing but a whole single address
    may ever get there.

    Raises:
        ValueError: It is none, or more than one.
    """
    local, _, domain = text.rpartition("@")
    try:
        if any(c in _NEVER_IN_ADDRESS or not c.isprintable() for c in text):
            raise ValueError("quotes, comments and lists are refused")
        return Address(addr_spec=f"{local}@{_ascii_domain(domain)}")
    # The parser of the standard library lets some of its own mistakes out.
    except (ValueError, IndexError, MessageError):
        raise ValueError("That is not one mail address.") from None


_EXAMPLE: Final = "Write it like smtp://user:password@mail.example.com:587"
_PORTS: Final = {"smtp": 25, "smtps": 465}
_NEVER_IN_ADDRESS: Final = frozenset(' ,;:<>()[]\\"')


def _ascii_domain(domain: str) -> str:
    """Return the form of a domain that every mail server takes; DNS knows no other."""
    if domain.isascii():
        return domain
    return idna.encode(domain, uts46=True).decode("ascii")


def _sender(query: str) -> Address | None:
    given = parse_qs(query).get("from")
    if not given:
        return None
    try:
        return parse_address(given[-1])
    except ValueError:
        raise ValueError(f"What follows ?from= is not one mail address. {_EXAMPLE}") from None
