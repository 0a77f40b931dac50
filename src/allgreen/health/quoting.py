"""Quoting: values of a program in messages, whatever they are and whatever their `repr` does."""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False  # `typing` is slow to import, and so is `collections`
if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

LIMIT = 200
"""Characters of a quoted value that are shown."""

_MOST_ITEMS = 20
_DEEPEST = 4
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
_LARGE = frozenset({str, bytes, *_BRACKETS})

# What no reader sees, and a terminal, a browser or a log may obey: control characters, separators
# of lines, and what changes the direction of all that follows (https://trojansource.codes).
_ESCAPES = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (
        *(each for each in range(32) if each not in (9, 10)),
        *range(0x7F, 0xA0),
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
    )
}


def quote(value: object) -> str:
    """Return what Python writes for a value, in at most 200 characters.

    Large texts and collections are cut before they are written down, not after. A `repr` that
    raises is named instead.
    """
    try:
        text = _write(value, _DEEPEST)
    except Exception as error:  # noqa: BLE001 - whatever a repr does must not hide what was found
        text = f"<{type(value).__name__} object: its repr raised {type(error).__name__}>"
    return cut(as_plain(text), LIMIT)


def describe(value: object) -> str:
    """Return the type of a value and the value, such as ``int 3``."""
    return f"{type(value).__name__} {quote(value)}"


def cut(text: str, limit: int) -> str:
    """Return a text, or as much of it as fits into `limit` characters with a sign of the cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def as_plain(text: str) -> str:
    """Return a text that is safe wherever text is: it can be encoded, and commands nothing.

    Surrogates that stand alone become the replacement character. Control characters other than
    line feed and tab are written as escapes, and so are those that change the direction of text.
    """
    if text.isprintable():
        return text
    # Pairs of surrogates become the character that they stand for.
    encoded = text.replace("\r\n", "\n").encode("utf-16-le", "surrogatepass")
    return encoded.decode("utf-16-le", "replace").translate(_ESCAPES)


def _write(value: object, depth: int) -> str:
    # Exactly these kinds: what derives from them has a repr of its own, as enumerations do.
    if type(value) not in _LARGE:
        return repr(value)
    if isinstance(value, str | bytes):
        return _write_text(value)
    if isinstance(value, dict):
        pairs = (
            f"{_write(key, depth - 1)}: {_write(one, depth - 1)}" for key, one in value.items()
        )
        return _write_items(value, pairs, depth)
    assert isinstance(value, list | tuple | set | frozenset)
    return _write_items(value, (_write(one, depth - 1) for one in value), depth)


def _write_text(value: str | bytes) -> str:
    if len(value) <= LIMIT:
        return repr(value)
    unit = "characters" if type(value) is str else "bytes"
    return f"{cut(repr(value[:LIMIT]), LIMIT - 40)} ({len(value):,} {unit})"


def _write_items(whole: Sized, items: Iterator[str], depth: int) -> str:
    if not whole:
        return repr(whole)
    brackets = _BRACKETS[type(whole)]
    if depth == 0:
        return f"{brackets[0]}…{brackets[1]}"
    written, length = [], 0
    for text in islice(items, _MOST_ITEMS):
        written.append(text)
        length += len(text)
        if length > LIMIT:
            break
    if len(whole) > _MOST_ITEMS:
        written.append(f"… ({len(whole):,} items)")
    elif type(whole) is tuple and len(written) == 1:
        written[0] += ","
    return f"{brackets[0]}{', '.join(written)}{brackets[1]}"
