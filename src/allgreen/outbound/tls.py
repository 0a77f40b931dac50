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
    """Contexts shared by all connections: those that verify, and those that do not."""

    def __init__(self, extra_authorities: str | None = None) -> None:
        """Build what verifies nothing; the rest comes with its first use, for it takes 20 ms.

        Args:
            extra_authorities: File with certificates (PEM) to trust beside the system's.
        """
        self._extra_authorities = extra_authorities
        self._contexts = {(False, http): _trusting_context(http) for http in (True, False)}
        self._expiries: dict[bytes, float] = {}

    def get_context(self, *, verify: bool, speaks_http: bool = True) -> ssl.SSLContext:
        """Return the context of a policy.

        Args:
            verify: Refuse a certificate that nobody vouches for.
            speaks_http: Say so in the handshake (ALPN), which ends it where HTTP is not spoken.

        Raises:
            OSError: The file with extra authorities cannot be read.
        """
        wanted = verify, speaks_http
        if wanted not in self._contexts:
            self._contexts[wanted] = self._verifying_context(speaks_http=speaks_http)
        return self._contexts[wanted]

    def _verifying_context(self, *, speaks_http: bool) -> ssl.SSLContext:
        context = _bare_context(speaks_http=speaks_http)
        context.load_default_certs()
        if self._extra_authorities is not None:
            context.load_verify_locations(self._extra_authorities)
        return context

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
            except (x509.InvalidVersion, ValueError):
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


def _trusting_context(speaks_http: bool) -> ssl.SSLContext:
    context = _bare_context(speaks_http=speaks_http)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _bare_context(*, speaks_http: bool) -> ssl.SSLContext:
    # Not `create_default_context`: it would write session keys where SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if speaks_http:
        context.set_alpn_protocols(["http/1.1"])
    return context
