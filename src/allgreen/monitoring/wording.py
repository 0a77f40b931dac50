"""What checks, results and edits are called in messages and in the history."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from allgreen.domain.check import Check, DnsOptions, HttpOptions, ParkedReason, TcpOptions
from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    BodyMatches,
    BodySize,
    CertificateLasts,
    Expectation,
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    Leaf,
    Not,
    StatusIs,
)
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.veil import is_open

_UNITS = (
    (timedelta(weeks=1), "week"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
    (timedelta(seconds=1), "second"),
)
_PARKED = {
    ParkedReason.NOT_EVALUATED: "Allgreen could not evaluate what it found.",
    ParkedReason.DAMAGED: "Allgreen could not run a check: what is stored of it is damaged.",
}
_SIGNS = {
    JsonOperator.EQUALS: "=",
    JsonOperator.NOT_EQUALS: "≠",
    JsonOperator.CONTAINS: "contains",
    JsonOperator.ABOVE: ">",
    JsonOperator.BELOW: "<",
}


def period_in_words(every: timedelta) -> str:
    """Return ``every minute`` or ``every 15 minutes``, in the largest unit that fits whole."""
    for unit, name in _UNITS:
        count, rest = divmod(every, unit)
        if count and not rest:
            return f"every {name}" if count == 1 else f"every {count} {name}s"
    return f"every {every.total_seconds():g} seconds"


def request_in_words(check: Check) -> str:
    """Return what is asked, without what may be secret: ``GET https://a.example/health``."""
    match check.options:
        case HttpOptions(method=method, url=url):
            parts = urlsplit(url)
            host = parts.netloc.rpartition("@")[2]
            return f"{method} {urlunsplit((parts.scheme, host, parts.path, '', ''))}"
        case DnsOptions(name=name, record_type=record_type, server=server):
            return f"DNS {record_type} {name}" + (f" at {server}" if server else "")
        case TcpOptions(hostname=hostname, port=port):
            return f"TCP {_host_and_port(hostname, port)}"
        case tls:
            named = f" as {tls.server_name}" if tls.server_name else ""
            return f"TLS {_host_and_port(tls.hostname, tls.port)}{named}"


def expected_in_words(check: Check) -> str:
    """Return what a good answer is: ``202, $.accepted = true, within 800 ms``."""
    words = list(_expectation_in_words(check.expectation))
    if check.answers_within is not None:
        words.append(f"within {_milliseconds(check.answers_within)}")
    return ", ".join(words)


def got_in_words(result: Result) -> str:
    """Return what came: ``503, after 1204 ms``, or why nothing came."""
    what = str(result.http_status) if result.http_status is not None else result.reason
    if result.latency_ms is None:
        return what
    return f"{what}, after {result.latency_ms:.0f} ms"


def parked_in_words(reason: ParkedReason) -> str:
    """Return why nothing is known of a check that is parked, in sentences."""
    return f"{_PARKED[reason]} The log of the server says why."


def changes_in_words(before: Service, after: Service) -> str:
    """Return what an edit changed: ``changed the limit from 500 to 800 ms``; empty for nothing."""
    return "; ".join(_changes(before, after))


def _changes(before: Service, after: Service) -> Iterator[str]:
    if before.name != after.name:
        yield f"changed the name from {before.name} to {after.name}"
    known = {check.id: check for check in before.checks}
    for check in after.checks:
        old = known.pop(check.id, None)
        if old is None:
            yield f"added {request_in_words(check)}"
        else:
            yield from _changes_of_check(old, check)
    for removed in known.values():
        yield f"removed {request_in_words(removed)}"


def _changes_of_check(old: Check, new: Check) -> Iterator[str]:
    if request_in_words(old) != request_in_words(new):
        yield f"changed the request from {request_in_words(old)} to {request_in_words(new)}"
    elif old.options != new.options:
        yield "changed the request"
    if old.expectation != new.expectation:
        texts = [", ".join(_expectation_in_words(check.expectation)) for check in (old, new)]
        if texts[0] == texts[1]:
            yield "changed the text that is expected"
        else:
            yield f"changed what is expected from {texts[0]} to {texts[1]}"
    if old.schedule.every != new.schedule.every:
        periods = [period_in_words(check.schedule.every) for check in (old, new)]
        yield f"changed the period from {periods[0]} to {periods[1]}"
    yield from _changes_of_patience(old, new)


def _changes_of_patience(old: Check, new: Check) -> Iterator[str]:
    if old.answers_within != new.answers_within:
        yield f"changed the limit from {_limit(old)} to {_limit(new)}"
    if old.timeout != new.timeout:
        timeouts = [_milliseconds(check.timeout) for check in (old, new)]
        yield f"changed the timeout from {timeouts[0]} to {timeouts[1]}"
    before, after = old.confirmation, new.confirmation
    if before.down != after.down:
        yield f"changed the failures that make it down from {before.down} to {after.down}"
    if before.up != after.up:
        yield f"changed the good results that make it up from {before.up} to {after.up}"
    if old.upside_down != new.upside_down:
        yield "turned it upside down" if new.upside_down else "turned it the right way up"


def _host_and_port(hostname: str, port: int) -> str:
    return f"[{hostname}]:{port}" if ":" in hostname else f"{hostname}:{port}"


def _limit(check: Check) -> str:
    return "none" if check.answers_within is None else _milliseconds(check.answers_within)


def _milliseconds(duration: timedelta) -> str:
    return f"{duration / timedelta(milliseconds=1):g} ms"


def _expectation_in_words(expectation: Expectation) -> Iterator[str]:
    match expectation:
        case AllOf():
            for part in expectation.parts:
                yield from _expectation_in_words(part)
        case AnyOf():
            yield " or ".join(_joined(_expectation_in_words(part)) for part in expectation.parts)
        case Not():
            yield f"not {_joined(_expectation_in_words(expectation.part))}"
        case _:
            yield _leaf_in_words(expectation)


def _leaf_in_words(leaf: Leaf) -> str:
    # Texts that are looked for may be secrets of the service, and mails go to anybody.
    match leaf:
        case StatusIs():
            return str(leaf)
        case BodyContains():
            return "a text in the body"
        case BodyMatches():
            return "a pattern in the body"
        case BodySize():
            return f"a body of {leaf}"
        case HeaderValue():
            return _header_in_words(leaf)
        case JsonValue():
            return _value_in_words(leaf)
        case CertificateLasts():
            return f"certificate for {leaf.days} more days"
        case _:
            return f"records: {leaf}"


def _header_in_words(leaf: HeaderValue) -> str:
    match leaf.operator:
        case HeaderOperator.EXISTS:
            return f"a header {leaf.name}"
        case HeaderOperator.NOT_EQUALS:
            return f"another text in the header {leaf.name}"
        case _:
            return f"a text in the header {leaf.name}"


def _value_in_words(leaf: JsonValue) -> str:
    if leaf.operator is JsonOperator.EXISTS:
        return f"{leaf.path} is there"
    value = leaf.value if is_open(leaf) else "a hidden value"
    return f"{leaf.path} {_SIGNS[leaf.operator]} {value}"


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)
