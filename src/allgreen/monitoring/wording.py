"""What checks, results and edits are called in messages and in the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One thing that people changed of a service.

    Nothing in it quotes what may be secret: see `request_in_words` and `expected_in_words`.

    Attributes:
        words: For the history: ``changed the limit from 500 ms to 800 ms``.
        what: Stable name of what was changed; empty where both sides read the same.
        before: How it was, in words; empty for what was not there.
        after: How it is now.
    """

    words: str
    what: str = ""
    before: str = ""
    after: str = ""

    @classmethod
    def of(cls, what: str, which: str, before: str, after: str) -> Edit:
        """Say that one thing became another."""
        words = f"changed {which} from {before} to {after}"
        return cls(words=words, what=what, before=before, after=after)


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
    """Return what came: ``503, after 1,204 ms``, or why nothing came."""
    what = str(result.http_status) if result.http_status is not None else result.reason
    if result.latency_ms is None:
        return what
    return f"{what}, after {result.latency_ms:,.0f} ms"


def parked_in_words(reason: ParkedReason) -> str:
    """Return why nothing is known of a check that is parked, in sentences."""
    return f"{_PARKED[reason]} The log of the server says why."


def list_changes(before: Service, after: Service) -> list[Edit]:
    """Return what an edit changed, in the order of the form."""
    return list(_changes(before, after))


def edits_in_words(edits: Iterable[Edit]) -> str:
    """Return one line: ``changed the limit from 500 ms to 800 ms; turned it upside down``."""
    return "; ".join(edit.words for edit in edits)


def _changes(before: Service, after: Service) -> Iterator[Edit]:
    if before.name != after.name:
        yield Edit.of("name", "the name", before.name, after.name)
    known = {check.id: check for check in before.checks}
    for number, check in enumerate(after.checks, 1):
        old = known.pop(check.id, None)
        if old is None:
            request = request_in_words(check)
            yield Edit(words=f"added {request}", what=f"check {number}", after=request)
        else:
            # Of one check alone nobody needs to be told which.
            which = f" of check {number}" if len(after.checks) > 1 else ""
            for edit in _changes_of_check(old, check):
                yield replace(edit, what=f"{edit.what}{which}")
    for number, removed in enumerate(known.values(), 1):
        request = request_in_words(removed)
        yield Edit(words=f"removed {request}", what=f"removed {number}", before=request)
    if before.remind_every != after.remind_every:
        periods = [_reminders(service) for service in (before, after)]
        yield Edit.of("reminders", "the reminders", *periods)
    if before.depends_on != after.depends_on:
        yield Edit(words="changed what it depends on")


def _changes_of_check(old: Check, new: Check) -> Iterator[Edit]:
    requests = [request_in_words(check) for check in (old, new)]
    if requests[0] != requests[1]:
        yield Edit.of("request", "the request", *requests)
    elif old.options != new.options:
        yield Edit(words="changed the request")
    if old.expectation != new.expectation:
        texts = [", ".join(_expectation_in_words(check.expectation)) for check in (old, new)]
        if texts[0] == texts[1]:
            yield Edit(words="changed the text that is expected")
        else:
            yield Edit.of("expected", "what is expected", *texts)
    if old.schedule.every != new.schedule.every:
        periods = [period_in_words(check.schedule.every) for check in (old, new)]
        yield Edit.of("period", "the period", *periods)
    yield from _changes_of_patience(old, new)


def _changes_of_patience(old: Check, new: Check) -> Iterator[Edit]:
    if old.answers_within != new.answers_within:
        yield Edit.of("limit", "the limit", _limit(old), _limit(new))
    if old.timeout != new.timeout:
        timeouts = [_milliseconds(check.timeout) for check in (old, new)]
        yield Edit.of("timeout", "the timeout", *timeouts)
    before, after = old.confirmation, new.confirmation
    if before.down != after.down:
        failures = "the failures that make it down"
        yield Edit.of("failures", failures, str(before.down), str(after.down))
    if before.up != after.up:
        good = "the good results that make it up"
        yield Edit.of("good results", good, str(before.up), str(after.up))
    if old.upside_down != new.upside_down:
        words = "turned it upside down" if new.upside_down else "turned it the right way up"
        sides = ["upside down" if check.upside_down else "the right way up" for check in (old, new)]
        yield Edit(words=words, what="side", before=sides[0], after=sides[1])


def _reminders(service: Service) -> str:
    return "none" if service.remind_every is None else period_in_words(service.remind_every)


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
