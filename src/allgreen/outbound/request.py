"""What is sent: methods, headers and bodies that cannot be turned into anything else."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from allgreen.outbound.url import Target

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS: Final = 50
MAX_HEADER_LENGTH: Final = 8192
MAX_BODY_BYTES: Final = 65536

_TOKEN: Final = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_CLOUD_KEYS: Final = ("metadata", "x-aws-ec2-metadata-token", "x-google-metadata")


def validate_method(method: str) -> None:
    """Check a method against the closed list.

    Raises:
        ValueError: With a sentence that lists what may be used.
    """
    if method not in METHODS:
        raise ValueError(f"Choose one of {', '.join(METHODS)}.")


def validate_headers(headers: Mapping[str, str], target: Target | None = None) -> None:
    """Check headers that a person typed.

    Args:
        headers: Names and values.
        target: Where they go; allows a ``Host`` header that says the same.

    Raises:
        ValueError: With a sentence that says what to change; values are never repeated.
    """
    if len(headers) > MAX_HEADERS:
        raise ValueError(f"At most {MAX_HEADERS} headers can be sent.")
    lowered = [name.lower() for name in headers]
    if len(set(lowered)) != len(lowered):
        raise ValueError("A header stands there twice. Keep one of them.")
    for name, value in headers.items():
        _validate_name(name)
        _validate_value(name, value)
        if name.lower() == "host" and (target is None or value != target.authority):
            raise ValueError("The Host header follows from the address. Leave it out.")


def validate_body(body: str | None) -> None:
    """Check a body that a person typed.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    try:
        size = 0 if body is None else len(body.encode())
    except UnicodeEncodeError:
        raise ValueError("The body holds a character that does not exist. Remove it.") from None
    if size > MAX_BODY_BYTES:
        raise ValueError("The body is larger than 64 KiB. Shorten it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, checked when it is built.

    Attributes:
        own_headers: What we add, such as the User-Agent; sent to every host.
        headers: What a person typed; secrets, and sent to the first origin only.
        body: What a person typed; a secret like the headers.
    """

    target: Target
    method: str = "GET"
    own_headers: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    verify_tls: bool = True
    follow_redirects: bool = True
    _head: bytes = field(default=b"", init=False, repr=False)

    def __post_init__(self) -> None:
        validate_method(self.method)
        validate_headers(dict(self.headers), self.target)
        validate_headers(dict(self.own_headers))
        object.__setattr__(self, "_head", self._render_head())

    def render(self, announcement: str = "") -> bytes:
        """Return the bytes to send.

        Args:
            announcement: Value of ``X-Allgreen-Check``; empty leaves the header out.
        """
        if not announcement:
            return b"%b\r\n%b" % (self._head, self.body or b"")
        return b"%bX-Allgreen-Check: %b\r\n\r\n%b" % (
            self._head,
            announcement.encode("ascii"),
            self.body or b"",
        )

    def redirected(self, target: Target, status: int) -> Self:
        """Return the request that follows a redirect (RFC 9110, section 15.4).

        Raises:
            ValueError: The body would go to another origin.
        """
        method, body = self.method, self.body
        if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):
            method, body = "GET", None
        headers = self.headers
        if target.origin != self.target.origin:
            # Whatever a person typed was meant for the first origin and may be a secret.
            headers = ()
            if body is not None:
                raise ValueError("It would take the body of the request to another host.")
        kept = tuple((name, value) for name, value in headers if name.lower() != "host")
        return type(self)(
            target=target,
            method=method,
            own_headers=self.own_headers,
            headers=kept,
            body=body,
            verify_tls=self.verify_tls,
            follow_redirects=self.follow_redirects,
        )

    def _render_head(self) -> bytes:
        fields = {"host": ("Host", self.target.authority), "accept": ("Accept", "*/*")}
        for name, value in (*self.own_headers, *self.headers):
            fields[name.lower()] = (name, value)
        fields["accept-encoding"] = ("Accept-Encoding", "identity, gzip")
        fields["connection"] = ("Connection", "close")
        if self.body is not None or self.method in {"POST", "PUT", "PATCH"}:
            fields["content-length"] = ("Content-Length", str(len(self.body or b"")))
        lines = [f"{self.method} {self.target.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.values()]
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _validate_name(name: str) -> None:
    if not name or len(name) > 256 or not _TOKEN.issuperset(name):
        raise ValueError("A header name has letters, digits and hyphens only, and no colon.")
    lowered = name.lower()
    if lowered in _OURS:
        raise ValueError(f"The header {name} belongs to the connection. Leave it out.")
    if lowered.startswith(_CLOUD_KEYS):
        raise ValueError(f"The header {name} opens cloud metadata services. It is never sent.")


def _validate_value(name: str, value: str) -> None:
    if len(value) > MAX_HEADER_LENGTH:
        raise ValueError(f"The value of {name} is longer than 8 KB.")
    if not value.isascii():
        raise ValueError(f"The value of {name} holds a character outside of ASCII. Encode it.")
    if any(character < " " or character == "\x7f" for character in value):
        raise ValueError(f"The value of {name} holds a line break or control character. Remove it.")
