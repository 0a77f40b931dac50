"""Text of others: shown as it is, but never obeyed."""

from __future__ import annotations

from itertools import chain
from typing import Final


def make_plain(text: str) -> str:
    """Return text in which every character that would do something else is written as an escape.

    An escape is as in Python: ``\\x1b``, ``\\u202e``. Tabs and line feeds stay.
    """
    if text.isprintable():
        return text  # the usual case, and far cheaper than looking at each character
    return text.replace("\r\n", "\n").translate(_ESCAPES)


def make_line(text: str) -> str:
    """Return plain text on one line."""
    if text.isprintable():
        return text if "  " not in text else " ".join(text.split())
    return make_plain(" ".join(text.split()))


def encode(text: str) -> bytes:
    """Return UTF-8; what is half of a surrogate pair becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.encode()


# Control characters drive terminals, the bidirectional ones turn sentences round, the two
# separators end lines in some readers, and half a surrogate pair cannot be encoded. The joiners of
# Persian words and of emoji, and the marks of Arabic ones, are no harm.
_UNSAFE: Final = chain(
    range(0x09),
    range(0x0B, 0x20),
    range(0x7F, 0xA0),
    range(0x2028, 0x202F),
    range(0x2066, 0x206A),
    (0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB, 0xFFFE, 0xFFFF),
    range(0xD800, 0xE000),
)
_ESCAPES: Final = {code: f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" for code in _UNSAFE}
