"""Checks whose definition was damaged, read as far as their service needs them.

What a check asks can then not be known, and it is not run. Its state lies in columns of its own,
so that its service, and all that depend on it, are evaluated as before.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import RowMapping, Text, type_coerce

from allgreen.domain.check import Check, CheckKind, HttpOptions
from allgreen.domain.identity import CheckId
from allgreen.errors import SecretUnreadableError
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.rows import Row, check_from_row
from allgreen.storage.sql.tables import checks

DEFINITION = frozenset({"kind", "options", "secrets", "expectation"})
"""The columns of which a stand-in knows nothing for certain; it must never be written over them."""

_DAMAGE = (SecretUnreadableError, ValueError, LookupError, TypeError, AttributeError)
"""How reading what nobody wrote like this fails."""

_DECODERS: dict[str, Callable[[str], object]] = {
    "kind": CheckKind,
    "options": json.loads,
    "expectation": json.loads,
}

RAW_COLUMNS = [
    type_coerce(column, Text).label(column.name) if column.name in _DECODERS else column
    for column in checks.c
]
"""All columns of checks; those that may hold what nobody can decode as the text that they are."""


def decoded(row: RowMapping | Row) -> Row:
    """Decode a row of `RAW_COLUMNS`; what cannot be decoded becomes `None`."""
    return {**row, **{name: _decode(name, row[name]) for name in _DECODERS}}


def read_or_stand_in(
    row: RowMapping | Row, cipher: Cipher, stand_ins: dict[CheckId, Check]
) -> Check:
    """Build a check; one that cannot be read gets a stand-in, which is noted."""
    try:
        return check_from_row(row, cipher)
    except _DAMAGE:  # it must not keep back what is found of all others
        stand_in = _stand_in(row, cipher)
    stand_ins[stand_in.id] = stand_in
    return stand_in


def is_untouched(check: Check, stand_in: Check) -> bool:
    """Tell whether a check still asks what its stand-in does, which is nothing to be stored."""
    return check.options == stand_in.options and check.expectation == stand_in.expectation


def refuse_half_known(check: Check, stand_in: Check) -> None:
    """Make sure that a new definition takes over nothing that nobody could read.

    Raises:
        SecretUnreadableError: It keeps a header whose value is lost.
    """
    match check.options, stand_in.options:
        case HttpOptions(headers=new), HttpOptions(headers=lost):
            if any(value == "" and name in lost for name, value in new.items()):
                raise SecretUnreadableError


def _stand_in(row: RowMapping | Row, cipher: Cipher) -> Check:
    blank = {"headers": [""] * len(_header_names(row))}
    known = {**row, "secrets": cipher.encrypt(json.dumps(blank))}
    try:
        return check_from_row(known, cipher)
    except _DAMAGE:  # not only the secrets
        return check_from_row({**row, **_NOTHING}, cipher)


def _header_names(row: RowMapping | Row) -> list[str]:
    options = row["options"]
    return list(options.get("headers", ())) if isinstance(options, dict) else []


def _decode(name: str, text: str) -> object:
    try:
        return _DECODERS[name](text)
    except ValueError:
        return None


_NOTHING = {
    "kind": CheckKind.HTTP,
    "options": {
        "method": "GET",
        "url": "",
        "headers": [],
        "follow_redirects": False,
        "verify_tls": True,
        "announce": False,
    },
    "secrets": None,
    "expectation": {"is": "all_of", "parts": []},
}
