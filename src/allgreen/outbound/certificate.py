"""What a certificate says: hostile text, cut and made plain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from allgreen.outbound.fault import as_plain

MAX_NAMES: Final = 100

MAX_DESCRIBED_BYTES: Final = 32 * 1024
"""Reading all the names of the largest would keep the event loop from its work for 30 ms."""

_LONGEST_NAME: Final = 253
_LONGEST_SUBJECT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The end of a chain, as its bearer shows it; nothing of it is vouched for here.

    Attributes:
        not_before: Begin of its time, in seconds since 1970.
        not_after: End of its time, in seconds since 1970.
        subject: Whom it names, as RFC 4514 writes it.
        issuer: Who signed it, written the same way.
        names: Host names and numbers it is for, at most 100.
        is_described: Whether it is of 32 KiB at most; else only its time was read.
    """

    not_before: float
    not_after: float
    subject: str
    issuer: str
    names: tuple[str, ...]
    is_described: bool = True

    @property
    def until(self) -> str:
        """The last day of its time."""
        return _day(self.not_after)

    @property
    def text(self) -> str:
        """What it says, one line for each part."""
        lines: list[str] = []
        if self.is_described:
            lines += [f"Subject: {self.subject}", f"Issuer: {self.issuer}"]
            lines += [f"Name: {name}" for name in self.names]
        lines += [f"From: {_day(self.not_before)}", f"Until: {self.until}"]
        return "\n".join(lines)


def read_certificate(encoded: bytes) -> Certificate | None:
    """Read a certificate (DER); `None` when it cannot be read."""
    try:
        parsed = x509.load_der_x509_certificate(encoded)
        is_described = len(encoded) <= MAX_DESCRIBED_BYTES
        return Certificate(
            not_before=parsed.not_valid_before_utc.timestamp(),
            not_after=parsed.not_valid_after_utc.timestamp(),
            subject=_write(parsed.subject) if is_described else "",
            issuer=_write(parsed.issuer) if is_described else "",
            names=tuple(_names_of(parsed)) if is_described else (),
            is_described=is_described,
        )
    except (x509.InvalidVersion, ValueError, TypeError, OverflowError):
        return None


def _write(name: x509.Name) -> str:
    return as_plain(name.rfc4514_string(), _LONGEST_SUBJECT)


def _names_of(parsed: x509.Certificate) -> Iterable[str]:
    try:
        found = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return
    names = (name for name in found if isinstance(name, x509.DNSName | x509.IPAddress))
    for _, name in zip(range(MAX_NAMES), names, strict=False):
        yield as_plain(str(name.value), _LONGEST_NAME)


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
