"""Read an HTTP/1 answer from a peer that is not trusted, within fixed limits."""

import zlib
from collections.abc import Sequence
from typing import Final, final

import httptools

MAX_HEAD_BYTES: Final = 32 * 1024
MAX_BODY_BYTES: Final = 64 * 1024

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_BODILESS: Final = frozenset({101, 204, 205, 304})
_TEXT_ENCODINGS: Final = {
    "ascii": "ascii",
    "iso-8859-1": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "latin1": "cp1252",
    "us-ascii": "ascii",
    "utf-16": "utf-16",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "windows-1252": "cp1252",
}
"""A closed list: the name comes from the target, and some codecs of Python do more than decode."""


class UnreadableAnswerError(ValueError):
    """The peer does not speak HTTP/1, or went over a limit; the message is a sentence."""


@final
class Answer:
    """Status, headers and as much of the body as was wanted.

    Attributes:
        status: Status code of the final answer, 101 or 200 to 599 in practice.
        body: At most 64 KiB, unpacked.
        is_whole: Whether `body` is all there was.
    """

    __slots__ = ("_head", "body", "is_whole", "status")

    def __init__(
        self, status: int, head: bytes | dict[str, list[str]], body: bytes, *, is_whole: bool = True
    ) -> None:
        self.status = status
        self.body = body
        self.is_whole = is_whole
        # Most checks never look at a header, so the head is taken apart when asked for.
        self._head = head

    @property
    def is_redirect(self) -> bool:
        """Whether the status asks to go elsewhere and says where."""
        return self.status in _REDIRECTS and self.find_header("location") is not None

    def find_header(self, name: str) -> str | None:
        """Return a header by its lower-case name; values of repeated ones are joined."""
        values = self.find_values(name)
        return ", ".join(values) if values else None

    def find_values(self, name: str) -> Sequence[str]:
        """Return the values of a header by its lower-case name; empty without one."""
        if isinstance(self._head, bytes):
            self._head = _split_head(self._head)
        return self._head.get(name, ())

    def decode(self) -> str:
        """Return the body as text; what does not decode becomes a replacement character."""
        content_type = self.find_header("content-type") or ""
        charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        return self.body.decode(_TEXT_ENCODINGS.get(charset, "utf-8"), "replace")


def parse_plain(received: bytes, *, has_body: bool = True) -> Answer | None:
    """Read an answer that came whole and has nothing unusual about it.

    That is nearly every answer to a health check, and worth a few searches instead of a parser.
    Whatever is not exactly so is left to `AnswerReader`.

    Returns:
        `None` when the answer is unusual or not complete yet.
    """
    status = _STATUS_LINES.get(received[:13])
    end = received.find(b"\r\n\r\n")
    if status is None or not 12 <= end < MAX_HEAD_BYTES:
        return None
    head = received[:end]
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length: ")
    if at < 0 or _is_unusual(lowered, at):
        return None
    stop = lowered.find(b"\r", at + 18)
    digits = lowered[at + 18 : end if stop < 0 else stop]
    if len(digits) > 5 or not digits.isdigit():
        return None
    if not has_body or status in _BODILESS:
        return Answer(status, head, b"")
    size, start = int(digits), end + 4
    if len(received) - start < size or size > MAX_BODY_BYTES:
        return None
    return Answer(status, head, received[start : start + size])


def _is_unusual(lowered: bytes, at: int) -> bool:
    """Find a coding, a second length, a folded line or a NUL: all cases for the real parser."""
    # `find` because `in` takes twice as long for bytes.
    return (
        lowered.find(b"-encoding:") >= 0
        or lowered.find(b"\ncontent-length", at + 2) >= 0
        or lowered.find(b"\n ") >= 0
        or lowered.find(b"\n\t") >= 0
        or lowered.find(b"\0") >= 0
    )


_STATUS_LINES: Final = {
    b"HTTP/1.%d %d%c" % (minor, status, after): status
    for minor in (0, 1)
    for status in range(200, 600)
    for after in b" \r"
}


@final
class AnswerReader:
    """Read any answer piece by piece; the parser is llhttp.

    Feed what arrives until `is_done`, or call `close` when the peer has closed.
    """

    def __init__(self, *, has_body: bool = True, follow_redirects: bool = False) -> None:
        """Prepare for one answer.

        Args:
            has_body: Whether a body may follow; not for HEAD.
            follow_redirects: Whether the body of a redirect is of no interest.
        """
        self.is_done = False
        self._has_body = has_body
        self._skipped = _REDIRECTS if follow_redirects else frozenset()
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: dict[str, list[str]] = {}
        self._head_bytes = 0
        self._raw_bytes = 0
        self._has_head = False
        self._is_whole = False
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived.

        Raises:
            UnreadableAnswerError: With a sentence that says why.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._finish()
        except httptools.HttpParserError:
            if not self.is_done:
                raise UnreadableAnswerError(self._say_what_is_broken()) from None
        self._count(len(data))

    def close(self) -> None:
        """Take the end of the connection, which also ends a body without a length.

        Raises:
            UnreadableAnswerError: The answer was not complete.
        """
        if not self._has_head:
            raise UnreadableAnswerError("The connection was closed before the whole header.")
        if "content-length" in self._headers or "transfer-encoding" in self._headers:
            raise UnreadableAnswerError("The connection was closed before the whole body.")
        self._finish()

    def answer(self) -> Answer:
        """Return what was read; call when done.

        Raises:
            UnreadableAnswerError: The body cannot be unpacked.
        """
        is_whole = self._is_whole and len(self._body) <= MAX_BODY_BYTES
        raw = bytes(self._body[:MAX_BODY_BYTES])
        coding = ", ".join(self._headers.get("content-encoding", ())).strip().lower()
        if raw and coding not in {"", "identity"}:
            raw, is_unpacked = _unpack(raw, coding)
            is_whole = is_whole and is_unpacked
        return Answer(self._status, self._headers, raw, is_whole=is_whole)

    def on_status(self, reason: bytes) -> None:
        """Count the words of the status line; called by the parser."""
        self._head_bytes += len(reason) + 15

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; called by the parser, for trailers too, which are of no interest."""
        if self._has_head:
            return
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > MAX_HEAD_BYTES:
            return
        key = name.decode("latin-1").lower()
        self._headers.setdefault(key, []).append(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """Decide whether a body is wanted; called by the parser."""
        self._has_head = True
        self._status = self._parser.get_status_code()
        is_interim = 100 <= self._status < 200 and self._status != 101
        if is_interim:
            return
        if not self._has_body or self._status in _BODILESS or self._status in self._skipped:
            self._finish()

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body; called by the parser."""
        if not self.is_done and len(self._body) <= MAX_BODY_BYTES:
            self._body += data

    def on_message_complete(self) -> None:
        """End the answer, or wait for the final one; called by the parser."""
        if self.is_done:
            return
        if 100 <= self._status < 200 and self._status != 101:
            # An interim answer (RFC 9110, section 15.2). Its size stays on the bill, so that
            # a peer cannot go on sending them for ever.
            self._has_head = False
            self._headers = {}
            return
        self._finish()

    def _finish(self) -> None:
        self._is_whole = True
        self.is_done = True

    def _count(self, size: int) -> None:
        """Hold what came against the limits, as raw bytes: framing and extensions count too."""
        self._raw_bytes += size
        head_bytes = self._head_bytes if self._has_head else self._raw_bytes
        if head_bytes > MAX_HEAD_BYTES:
            raise UnreadableAnswerError("The header of the answer is larger than 32 KiB.")
        if self._raw_bytes - head_bytes > MAX_BODY_BYTES:
            self.is_done = True

    def _say_what_is_broken(self) -> str:
        if self._has_head:
            return "The body of the answer breaks the rules of HTTP."
        return "What answers does not speak HTTP/1."


def _unpack(body: bytes, coding: str) -> tuple[bytes, bool]:
    """Return at most 64 KiB, and whether that is all."""
    if coding not in {"gzip", "x-gzip"}:
        raise UnreadableAnswerError("The body is packed in a way that was not asked for.")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        return unpacker.decompress(body, MAX_BODY_BYTES), unpacker.eof
    except zlib.error:
        raise UnreadableAnswerError("The body says it is gzip and is not.") from None


def _split_head(head: bytes) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    return headers
