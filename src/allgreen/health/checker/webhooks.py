"""Webhooks: changes of components are posted to an address, signed, in their order.

What a receiver has to know is in the guide; in short: the signature is of
``<X-Allgreen-Timestamp>.<body>``, what is older than five minutes is refused, and the ``id`` tells a
change that was delivered twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
from collections.abc import Mapping
from http.client import HTTPException
from typing import Final, Protocol, final

from allgreen.errors import DeliveryDelayedError, DeliveryRefusedError, SettingsError
from allgreen.health.checker.changes import Change, Closes
from allgreen.health.checker.publishing import ATTEMPTS, CAPACITY, CLOSES_WITHIN_S, Publisher
from allgreen.health.clock import SYSTEM_CLOCK
from allgreen.health.fetching import Address, fetch
from allgreen.health.redaction import redact

SIGNATURE: Final = "X-Allgreen-Signature"
TIMESTAMP: Final = "X-Allgreen-Timestamp"
TOLERANCE_S: Final = 300
TIMEOUT_S: Final = 5.0

_WORTH_ANOTHER_TRY: Final = frozenset({408, 425, 429})
_OURS: Final = frozenset({"content-type", "content-length", "host", "connection"})


class _Clock(Protocol):
    def wall(self) -> float: ...


@final
class Webhook(Closes):
    """Posts each change as JSON to an address.

    It is delivered when the answer is 2xx. Anything from 500, a refused connection and silence are
    tried again; what is refused with 4xx, and a redirect, never is.

    Args:
        url: Where to; ``https`` unless it is near.
        secret: Key of the signature; without one nothing is signed.
        headers: What else to send, such as ``Authorization``.
        application: Name of the program, which is sent along.
        environment: Where it runs; sent along too.
        timeout_s: Seconds for one attempt.
        attempts: How often one change is tried.
        backoff_s: Pause after the first failure, in seconds; it doubles with each.
        capacity: How many changes wait at most.
        clock: For tests.

    Raises:
        SettingsError: The address or a number cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        application: str = "",
        environment: str = "",
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        backoff_s: float = 1.0,
        capacity: int = CAPACITY,
        clock: _Clock = SYSTEM_CLOCK,
    ) -> None:
        if secret is not None and not secret:
            raise SettingsError(
                "secret", "an empty secret signs nothing; leave it out, or set one."
            )
        if not 0 < timeout_s < float("inf"):
            raise SettingsError("timeout_s", f"{timeout_s!r} is no number of seconds.")
        self._address = Address.parse(url)
        self._secret = secret.encode() if isinstance(secret, str) else secret
        self._headers = _checked(headers or {})
        self._about = {"application": application, "environment": environment}
        self._timeout_s = timeout_s
        self._clock = clock
        # The path often is the secret of a receiver; the host is enough for the log.
        self.publisher = Publisher(
            self.deliver,
            name=f"webhook {self._address.host}",
            capacity=capacity,
            attempts=attempts,
            backoff_s=backoff_s,
        )

    def __repr__(self) -> str:
        return f"Webhook({self._address.host!r})"

    def publish(self, change: Change) -> None:
        """Take a change to be posted."""
        self.publisher.publish(change)

    def close(self, timeout_s: float = CLOSES_WITHIN_S) -> None:
        """Post what waits, and end; see `Publisher.close`."""
        self.publisher.close(timeout_s)

    def deliver(self, change: Change) -> None:
        """Post a change once, and wait for the answer.

        Raises:
            DeliveryDelayedError: Another attempt may succeed.
            DeliveryRefusedError: No other attempt can.
        """
        body = self._body(change)
        try:
            answer = fetch(
                self._address,
                method="POST",
                headers={**self._headers, **self._signed(body)},
                body=body,
                timeout_s=self._timeout_s,
            )
        except (OSError, HTTPException) as error:
            raise DeliveryDelayedError(redact(f"{type(error).__name__}: {error}")) from None
        _refuse_answer(answer.status)

    def _body(self, change: Change) -> bytes:
        content = change.to_json()
        content["message"] = redact(change.message)
        # Each process of a server tells what it found itself.
        content.update(host=socket.gethostname(), pid=os.getpid())
        content.update((name, value) for name, value in self._about.items() if value)
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")

    def _signed(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock.wall()))
        headers = {"Content-Type": "application/json", TIMESTAMP: timestamp}
        if self._secret is not None:
            headers[SIGNATURE] = sign(self._secret, timestamp, body)
        return headers


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of a body that was sent at a time.

    HMAC of RFC 2104 with SHA-256 over the timestamp, a dot and the body, so that nobody can send
    an old body anew.

    Args:
        secret: What sender and receiver know.
        timestamp: Seconds since 1970, as the header has them.
        body: Byte by byte as it is sent.
    """
    digest = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def is_signed(
    secret: str | bytes, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> bool:
    """Tell whether a body that was received is what was sent, at most five minutes ago.

    Args:
        secret: What sender and receiver know.
        headers: Of the request.
        body: Byte by byte as it was received.
        now: Seconds since 1970; by default, the time.
    """
    found = {name.lower(): value for name, value in headers.items()}
    timestamp = found.get(TIMESTAMP.lower(), "")
    signature = found.get(SIGNATURE.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return False
    at = SYSTEM_CLOCK.wall() if now is None else now
    key = secret.encode() if isinstance(secret, str) else secret
    is_ours = hmac.compare_digest(sign(key, timestamp, body).encode(), signature.encode())
    return is_ours and abs(at - int(timestamp)) <= TOLERANCE_S


def _refuse_answer(status: int) -> None:
    if 200 <= status < 300:
        return
    if status >= 500 or status in _WORTH_ANOTHER_TRY:
        raise DeliveryDelayedError(f"The receiver answered {status}")
    raise DeliveryRefusedError(f"The receiver refused with {status}")


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _OURS or name.lower().startswith("x-allgreen-"):
            raise SettingsError("headers", f"{name} is set by Allgreen.")
        is_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not (is_name and value.isascii() and value.isprintable()):
            raise SettingsError("headers", f"{name!r} holds characters that no header can have.")
    return dict(headers)
