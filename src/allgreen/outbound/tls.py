"""TLS: whom to trust, and what to say when trust fails."""

import hashlib
import ssl
from typing import Final, final

from cryptography import x509

_REMEMBERED_CERTIFICATES: Final = 4096

_REASONS: Final = {
    9: ("certificate not yet valid", "The certificate of {host} is not valid yet."),
    10: ("certificate expired", "The certificate of {host} has expired."),
    18: ("self-signed certificate", "{host} signed its certificate itself; nobody vouches for it."),
    19: ("unknown authority", "The certificate of {host} comes from an unknown authority."),
    20: (
        "unknown authority",
        "The certificate of {host} leads to no known authority. Is an intermediate one missing?",
    ),
    21: ("unknown authority", "{host} sends a certificate that no known authority vouches for."),
    23: ("certificate revoked", "The certificate of {host} was revoked."),
    62: ("wrong certificate name", "The certificate of {host} is for another name."),
    64: ("wrong certificate name", "The certificate of {host} is for another address."),
}
"""By the verification results of OpenSSL (x509_vfy.h), whose own words hold no text of the peer."""


@final
class TlsPolicies:
    """Contexts shared by all connections: one that verifies, one that does not."""

    def __init__(self, extra_authorities: str | None = None) -> None:
        """Build both contexts, which takes some 20 ms.

        Args:
            extra_authorities: File with certificates (PEM) to trust beside the system's.

        Raises:
            OSError: The file cannot be read.
        """
        self._verifying = _bare_context()
        self._verifying.load_default_certs()
        if extra_authorities is not None:
            self._verifying.load_verify_locations(extra_authorities)
        self._trusting = _bare_context()
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE
        self._expiries: dict[bytes, float] = {}

    def get_context(self, *, verify: bool) -> ssl.SSLContext:
        """Return the context of a policy."""
        return self._verifying if verify else self._trusting

    def find_expiry(self, connection: ssl.SSLSocket) -> float | None:
        """Return the end of the peer's certificate as seconds since 1970."""
        certificate = connection.getpeercert(binary_form=True)
        if certificate is None:
            return None
        # By its digest: a hostile certificate may be 100 KB long.
        key = hashlib.sha256(certificate).digest()
        expiry = self._expiries.get(key)
        if expiry is None:
            if len(self._expiries) >= _REMEMBERED_CERTIFICATES:
                self._expiries.clear()
            try:
                parsed = x509.load_der_x509_certificate(certificate)
                expiry = parsed.not_valid_after_utc.timestamp()
            except ValueError:
                return None
            self._expiries[key] = expiry
        return expiry


def explain_tls_error(error: ssl.SSLError, host: str) -> tuple[str, str]:
    """Return a few words and a sentence for a handshake that failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, message = _REASONS.get(
            error.verify_code,
            ("certificate not accepted", "The certificate of {host} does not pass verification."),
        )
        return reason, message.format(host=host)
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}:
        return "not TLS", f"What answers at {host} does not speak TLS. Is it http:// there?"
    word = (error.reason or "unknown error").lower().replace("_", " ")
    return "TLS failed", f"The TLS handshake with {host} failed: {word}."


def _bare_context() -> ssl.SSLContext:
    # Not `create_default_context`: it would write session keys where SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context
