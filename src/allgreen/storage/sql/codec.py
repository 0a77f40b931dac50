"""Domain values to JSON and back, spelled out, so that a renamed field breaks a test, not a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from allgreen.domain.check import (
    CheckKind,
    DnsOptions,
    HttpOptions,
    Options,
    RecordType,
    TcpOptions,
    TlsOptions,
)
from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    BodyMatches,
    BodySize,
    CertificateLasts,
    Expectation,
    Explanation,
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    Leaf,
    Not,
    RecordMatch,
    RecordsAre,
    StatusIs,
)

Json = dict[str, Any]


def options_to_json(options: Options) -> Json:
    """Return what may lie in plain sight: everything but header values, body and text to send."""
    match options:
        case HttpOptions():
            return {
                "method": options.method,
                "url": options.url,
                "headers": list(options.headers),
                "follow_redirects": options.follow_redirects,
                "verify_tls": options.verify_tls,
                "announce": options.announce,
            }
        case DnsOptions():
            record_type = options.record_type.value
            return {"name": options.name, "record_type": record_type, "server": options.server}
        case TcpOptions():
            return {"hostname": options.hostname, "port": options.port}
        case TlsOptions():
            return {
                "hostname": options.hostname,
                "port": options.port,
                "server_name": options.server_name,
                "verify": options.verify,
            }


def secrets_to_text(options: Options) -> str | None:
    """Return what must be encrypted, as JSON; `None` when there is nothing to hide."""
    match options:
        case HttpOptions() if options.headers or options.body is not None:
            return json.dumps({"headers": list(options.headers.values()), "body": options.body})
        case TcpOptions() if options.send is not None:
            return json.dumps({"send": options.send})
        case _:
            return None


def options_from_json(kind: CheckKind, options: Json, secrets: str | None) -> Options:
    """Put options together again from their plain and their decrypted part."""
    hidden = {} if secrets is None else json.loads(secrets)
    return _OPTIONS[kind](options, hidden)


def _http_from_json(options: Json, hidden: Json) -> HttpOptions:
    return HttpOptions(
        method=options["method"],
        url=options["url"],
        headers=dict(zip(options["headers"], hidden.get("headers", ()), strict=True)),
        body=hidden.get("body"),
        follow_redirects=options["follow_redirects"],
        verify_tls=options["verify_tls"],
        announce=options["announce"],
    )


def _dns_from_json(options: Json, _hidden: Json) -> DnsOptions:
    return DnsOptions(
        name=options["name"],
        record_type=RecordType(options["record_type"]),
        server=options["server"],
    )


def _tcp_from_json(options: Json, hidden: Json) -> TcpOptions:
    return TcpOptions(hostname=options["hostname"], port=options["port"], send=hidden.get("send"))


def _tls_from_json(options: Json, _hidden: Json) -> TlsOptions:
    return TlsOptions(
        hostname=options["hostname"],
        port=options["port"],
        server_name=options["server_name"],
        verify=options["verify"],
    )


_OPTIONS: dict[CheckKind, Callable[[Json, Json], Options]] = {
    CheckKind.HTTP: _http_from_json,
    CheckKind.DNS: _dns_from_json,
    CheckKind.TCP: _tcp_from_json,
    CheckKind.TLS: _tls_from_json,
}


def expectation_to_json(expectation: Expectation) -> Json:
    """Return a tree of expectations as nested objects, each with its kind in ``is``."""
    match expectation:
        case AllOf(parts=parts):
            return {"is": "all_of", "parts": [expectation_to_json(part) for part in parts]}
        case AnyOf(parts=parts):
            return {"is": "any_of", "parts": [expectation_to_json(part) for part in parts]}
        case Not(part=part):
            return {"is": "not", "part": expectation_to_json(part)}
        case _:
            return _leaf_to_json(expectation)


def _leaf_to_json(leaf: Leaf) -> Json:
    match leaf:
        case StatusIs(codes=codes, classes=classes):
            return {"is": "status", "codes": list(codes), "classes": list(classes)}
        case BodyContains(text=text):
            return {"is": "body_contains", "text": text}
        case BodyMatches(pattern=pattern):
            return {"is": "body_matches", "pattern": pattern}
        case BodySize(at_least=at_least, at_most=at_most):
            return {"is": "body_size", "at_least": at_least, "at_most": at_most}
        case HeaderValue(name=name, operator=operator, value=value):
            return {"is": "header_value", "name": name, "operator": operator.value, "value": value}
        case JsonValue(path=path, operator=operator, value=value):
            return {"is": "json_value", "path": path, "operator": operator.value, "value": value}
        case CertificateLasts(days=days):
            return {"is": "certificate_lasts", "days": days}
        case RecordsAre(values=values, match=match):
            return {"is": "records_are", "values": list(values), "match": match.value}


def expectation_from_json(tree: Json) -> Expectation:
    """Read what `expectation_to_json` wrote.

    Raises:
        ValueError: It holds a kind that this version of Allgreen does not know.
    """
    try:
        return _READERS[tree["is"]](tree)
    except KeyError:
        raise ValueError(f"This is no expectation that Allgreen knows: {tree!r}") from None


def _parts_from_json(tree: Json) -> tuple[Expectation, ...]:
    return tuple(expectation_from_json(part) for part in tree["parts"])


_READERS: dict[str, Callable[[Json], Expectation]] = {
    "status": lambda tree: StatusIs(codes=tuple(tree["codes"]), classes=tuple(tree["classes"])),
    "body_contains": lambda tree: BodyContains(text=tree["text"]),
    "body_matches": lambda tree: BodyMatches(pattern=tree["pattern"]),
    "body_size": lambda tree: BodySize(at_least=tree["at_least"], at_most=tree["at_most"]),
    "header_value": lambda tree: HeaderValue(
        name=tree["name"], operator=HeaderOperator(tree["operator"]), value=tree["value"]
    ),
    "records_are": lambda tree: RecordsAre(
        values=tuple(tree["values"]), match=RecordMatch(tree["match"])
    ),
    "json_value": lambda tree: JsonValue(
        path=tree["path"], operator=JsonOperator(tree["operator"]), value=tree["value"]
    ),
    "certificate_lasts": lambda tree: CertificateLasts(days=tree["days"]),
    "all_of": lambda tree: AllOf(parts=_parts_from_json(tree)),
    "any_of": lambda tree: AnyOf(parts=_parts_from_json(tree)),
    "not": lambda tree: Not(part=expectation_from_json(tree["part"])),
}


def explanations_to_json(explanations: Sequence[Explanation]) -> list[list[Any]]:
    """Return explanations as short lists: there is one for every result."""
    return [
        [line.operand, line.actual, line.expected, line.holds, line.quotes] for line in explanations
    ]


def explanations_from_json(lines: Sequence[Sequence[Any]] | None) -> tuple[Explanation, ...]:
    """Read what `explanations_to_json` wrote."""
    return tuple(
        # Without a word on it, what was found counts as quoted from a body.
        Explanation(
            operand=operand,
            actual=actual,
            expected=expected,
            holds=holds,
            quotes=quotes != [False],
        )
        for operand, actual, expected, holds, *quotes in lines or ()
    )


def details_from_json(
    details: Sequence[Sequence[Any]],
) -> tuple[tuple[int, float, int, int, int], ...]:
    """Read the day details of a strip."""
    return tuple((index, pct, down_s, runs, failed) for index, pct, down_s, runs, failed in details)
