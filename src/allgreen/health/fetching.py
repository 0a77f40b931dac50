"""Fetching: one request over HTTP with nothing but the standard library, blocking and bounded.

No redirect is followed: a header with a key would go along, and an answer from elsewhere says
nothing about the address that was asked. No proxy is used. Call it from a thread of our own only.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple, final
from urllib.parse import urlsplit

from allgreen.errors import SettingsError

MOST_BYTES: Final = 64 * 1024
_AT_ONCE: Final = 16 * 1024


class Address(NamedTuple):
    """Where to send a request.

    Attributes:
        target: Path and query, as the first line of a request has them.
    """

    is_secure: bool
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str, setting: str = "url") -> Address:
        """Read an address.

        Args:
            url: Absolute, ``http`` or ``https``, without a name and password.
            setting: What to call it when it cannot be used.

        Raises:
            SettingsError: It cannot be used. The message does not repeat it, as it may hold a key.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise SettingsError(setting, "this is no address of the web.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(setting, "an address begins with http:// or https:// and a host.")
        if parts.username is not None or parts.password is not None:
            raise SettingsError(setting, "a name and password do not belong into an address.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not target.isascii() or not target.isprintable() or " " in target:
            raise SettingsError(
                setting, "write other characters of an address as %20 and the like."
            )
        is_secure = parts.scheme == "https"
        return cls(is_secure, parts.hostname, port or (443 if is_secure else 80), target)


class Fetched(NamedTuple):
    """What came back.

    Attributes:
        body: The first `MOST_BYTES` of it at most.
        is_whole: There is no more of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


def fetch(
    address: Address,
    *,
    method: str = "GET",
    headers: Mapping[str, str],
    body: bytes | None = None,
    timeout_s: float,
) -> Fetched:
    """Send one request over a connection of its own, and read the answer.

    Args:
        address: Where to.
        method: Such as ``GET``.
        headers: All that are sent beside ``Host`` and the length of the body.
        body: What to send.
        timeout_s: Seconds for connecting, for each address of the host, and then for all the rest.

    Raises:
        OSError: Nobody answered, or not in time, or the certificate cannot be trusted.
        http.client.HTTPException: What answered does not speak HTTP.
    """
    connection = _connect(address, timeout_s)
    try:
        connection.connect()
        connection.response_class = _bounded_answer(time.monotonic() + timeout_s)
        connection.request(method, address.target, body, {**headers, "Connection": "close"})
        return _read(connection.getresponse())
    finally:
        connection.close()


def _connect(address: Address, timeout_s: float) -> http.client.HTTPConnection:
    if address.is_secure:
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=timeout_s, context=_trust()
        )
    return http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)


@cache
def _trust() -> ssl.SSLContext:
    """Return the trust of the machine; one for all, as reading it takes 20 ms."""
    return ssl.create_default_context()


def _read(answer: http.client.HTTPResponse) -> Fetched:
    parts: list[bytes] = []
    left = MOST_BYTES
    while left and (part := answer.read(min(left, _AT_ONCE))):
        parts.append(part)
        left -= len(part)
    is_whole = bool(left) or not answer.read(1)
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Fetched(answer.status, headers, b"".join(parts), is_whole)


def _bounded_answer(deadline: float) -> Any:
    """Return a class of answers that are read by a deadline.

    The timeout of a socket begins anew with each byte, so that a host that sends one a second
    would keep us for ever.
    """

    class BoundedAnswer(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            self.fp.close()
            self.fp = io.BufferedReader(_BoundedReader(sock, deadline))

    return BoundedAnswer


@final
class _BoundedReader(io.RawIOBase):
    """Reads from a socket until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        # It keeps the socket open, which the connection closes before the answer is read.
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("The answer did not end in time")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
