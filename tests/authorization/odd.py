"""Odd requests: legal and illegal JSON that no form sends, for every operation of the document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote, unquote

from allgreen.server.app import build_routes
from tests.authorization.requests import REQUESTS, Ask
from tests.authorization.stage import Stage
from tests.authorization_table import Operation, list_operations

ROLES = ("owner", "admin", "observer", "stranger", "instance", "public", "read key", "write key")
DEEP = 2000
LONG = 20_000

_RAW = {"<<1e999>>": "1e999", "<<-0>>": "-0", "<<1e-999>>": "1e-999", "<<big>>": "9" * 5000}
"""Numbers that `json.dumps` cannot write."""

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**70, -(2**70), float("nan"), float("inf")),
    *(*_RAW, "", " ", "\0", "a\0b", "\ud800", "a\udfffb", "\ufeff", "\u202e", "\uffff", "😀" * 99),
    *("a" * LONG, "é" * 300, "%00", "../../etc/passwd", "' OR 1=1 --", '"; DROP TABLE x; --'),
    *("${7*7}", "{{7*7}}", "<script>", "javascript:alert(1)", "http://[::1", "//evil", "\r\nX: y"),
    *("0001-01-01", "9999-12-31T23:59:60Z", "2026-02-30", "24:00", "NaN", "-0", "1e5", "0x10"),
    *([], {}, [None], [[]], {"": ""}, {"\ud800": 1}, [1] * 3000, {str(n): n for n in range(300)}),
    *("ana@example.org\0", "a@b@c", "@", "é@é.é", "a" * 300 + "@example.org", "Europe/../Rome"),
)

BODIES: tuple[bytes, ...] = (
    *(b"", b" ", b"null", b"[]", b"{}", b'""', b"0", b"NaN", b"{", b'{"a":1', b'{"a":1}{"a":2}'),
    *(b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x00", b'{"name":"\xff"}', b'{"name":"\\ud800"}'),
    *(b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    *(b'{"name":"a","name":"b"}', b'{"__proto__":{}}', b"1e999", b"-", b"9" * LONG, b"'a'"),
    b"[" + b"0," * LONG + b"0]",
    b"{" + b",".join(b'"%d":0' % number for number in range(5000)) + b"}",
)

HEADERS: tuple[Mapping[str, bytes], ...] = (
    *({"content-type": word} for word in (b"", b"text/json", b"application/json; charset=utf-16")),
    *(
        {"content-type": word}
        for word in (b"application/x-www-form-urlencoded", b"image/png", b"\xff")
    ),
    *({"if-match": word} for word in (b"*", b'"99999999999"', b'"-1"', b'"\xb2"', b"", b'W/"1"')),
    *({"authorization": word} for word in (b"Bearer alg_", b"Bearer alg_\xff", b"Basic", b"alg_")),
    *(
        {"cookie": word}
        for word in (b"allgreen=", b"allgreen=\xff", b"allgreen=a; allgreen=b", b"=")
    ),
    *({"accept": word} for word in (b"text/html", b"\xff", b"*/*;q=nan")),
    *({"if-none-match": word} for word in (b"*", b'"', b"\xff")),
    *({"x-forwarded-for": word} for word in (b"\xff", b",,,", b"999.1.1.1", b"[::1]:80")),
    *({"host": word} for word in (b"", b"x/../admin?", b"[", b"a\\b", b"evil.example")),
    {"range": b"bytes=0-,1-,2-"},
    {"user-agent": b"\xff" * 999},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """One odd request."""

    operation: Operation
    who: str
    path: str
    parts: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.operation.id} as {self.who}: {self.path} {self.parts}"[:400]


def draw_odd(stage: Stage, chance: Random) -> Odd:
    """Return an odd request for any operation, by anybody."""
    operation = chance.choice([each for each in list_operations() if each.id in REQUESTS])
    who, ask = chance.choice(ROLES), REQUESTS[operation.id]
    ids = stage.ids_for(who)
    if chance.random() < 0.1:
        ids = {name: _segment(chance) if chance.random() < 0.7 else ids[name] for name in ids}
    parts = ask.parts(stage.ids_for(who))
    parts["headers"] = dict(parts["headers"])
    chance.choice((_spoil_body, _spoil_body, _spoil_query, _spoil_headers))(chance, ask, parts)
    return Odd(operation=operation, who=who, path=operation.path.format(**ids), parts=parts)


def _spoil_body(chance: Random, ask: Ask, parts: dict[str, Any]) -> None:
    if not isinstance(ask.json, dict) or chance.random() < 0.3:
        parts.pop("json", None)
        parts["content"] = chance.choice(BODIES)
    else:
        form = json.loads(json.dumps(parts.pop("json")))
        for _ in range(chance.randint(1, 3)):
            _spoil(chance, form)
        parts["content"] = write_json(form)
    parts["headers"].setdefault("content-type", "application/json")


def _spoil(chance: Random, form: Any) -> None:
    """Put an odd value somewhere into a form, at any depth."""
    while True:
        if isinstance(form, dict):
            name = chance.choice([*form, chance.choice(field_names())])
        elif isinstance(form, list) and form:
            name = chance.randrange(len(form))
        else:
            return
        inner = form.get(name) if isinstance(form, dict) else form[name]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
            form = inner
            continue
        form[name] = deepcopy(chance.choice(VALUES))
        return


def _spoil_query(chance: Random, _ask: Ask, parts: dict[str, Any]) -> None:
    names = ("limit", "cursor", "range", "workspace", "service", "q", "sort", "order", "month", "x")
    odd = {chance.choice(names): unquote(_segment(chance)) for _ in range(chance.randint(1, 3))}
    parts["params"] = {**parts["params"], **odd}


def _spoil_headers(chance: Random, _ask: Ask, parts: dict[str, Any]) -> None:
    for _ in range(chance.randint(1, 2)):
        parts["headers"] |= chance.choice(HEADERS)


def _segment(chance: Random) -> str:
    """Return an odd text as a URL writes it."""
    value = chance.choice([one for one in VALUES if isinstance(one, str) and len(one) < 999])
    return quote(_RAW.get(value, value).encode("utf-8", "replace"), safe="")


def write_json(value: Any) -> bytes:
    """Write JSON with what Python's own writer lets through, and with odd numbers besides."""
    text = json.dumps(value)
    for mark, raw in _RAW.items():
        text = text.replace(f'"{mark}"', raw)
    return text.encode("ascii")


@cache
def field_names() -> tuple[str, ...]:
    """Return every name of a field anywhere in the document."""
    return tuple(sorted(set(_names_in(build_routes().openapi()["components"]["schemas"]))))


def _names_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for each in schema.values():
            yield from _names_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _names_in(each)


async def send_odd(stage: Stage, odd: Odd) -> str | None:
    """Send an odd request; return what is wrong with the answer, if anything is."""
    ask = REQUESTS[odd.operation.id]
    if odd.operation.id == "watch_events":
        stage.platform.stopping.set()  # else a stream that was let in would never end
    before = stage.state()
    try:
        answer = await stage.ask(odd.operation.method, odd.path, who=odd.who, **odd.parts)
    finally:
        stage.platform.stopping.clear()
        stage.forget()
    if stage.state() != before:
        stage.restore()
    fault = answer.status_code >= 500 and _code(answer.content) not in ask.refusals
    return f"{odd} was answered {answer.status_code} {answer.text[:200]}" if fault else None


def _code(content: bytes) -> str:
    try:
        told = json.loads(content)
    except ValueError:
        return ""
    return str(told.get("code", "")) if isinstance(told, dict) else ""
