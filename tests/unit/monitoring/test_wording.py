"""What checks, results and edits are called."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from allgreen.domain.check import (
    Confirmation,
    DnsOptions,
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
    HeaderOperator,
    HeaderValue,
    JsonOperator,
    JsonValue,
    Leaf,
    Not,
    RecordMatch,
    RecordsAre,
    StatusIs,
    list_leaves,
)
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.service import Service
from allgreen.domain.status import Outcome
from allgreen.monitoring import wording
from allgreen.testing import a_check, a_result, a_service

STATUS = StatusIs(codes=(202,))
ACCEPTED = JsonValue(path="$.accepted", operator=JsonOperator.EQUALS, value="true")


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (timedelta(seconds=1), "every second"),
        (timedelta(seconds=90), "every 90 seconds"),
        (timedelta(minutes=1), "every minute"),
        (timedelta(minutes=15), "every 15 minutes"),
        (timedelta(hours=1), "every hour"),
        (timedelta(hours=36), "every 36 hours"),
        (timedelta(days=1), "every day"),
        (timedelta(weeks=2), "every 2 weeks"),
        (timedelta(milliseconds=1500), "every 1.5 seconds"),
    ],
)
def test_period(period: timedelta, words: str) -> None:
    assert wording.period_in_words(period) == words


REQUESTS: dict[str, tuple[Options, str]] = {
    "a look-up": (DnsOptions(name="example.org"), "DNS A example.org"),
    "a look-up at a server": (
        DnsOptions(name="example.org", record_type=RecordType.MX, server="192.0.2.53"),
        "DNS MX example.org at 192.0.2.53",
    ),
    "a connection": (
        TcpOptions(hostname="db.example.org", port=5432, send="secret"),
        "TCP db.example.org:5432",
    ),
    "a connection to a number": (TcpOptions(hostname="::1", port=22), "TCP [::1]:22"),
    "a handshake": (TlsOptions(hostname="example.org"), "TLS example.org:443"),
    "a handshake for a name": (
        TlsOptions(hostname="192.0.2.1", server_name="example.org"),
        "TLS 192.0.2.1:443 as example.org",
    ),
}


@pytest.mark.parametrize(("options", "words"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_of_each_kind(options: Options, words: str) -> None:
    assert wording.request_in_words(replace(a_check(), options=options)) == words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.org/a/b", "GET https://example.org/a/b"),
        ("https://user:secret@example.org:8443/a", "GET https://example.org:8443/a"),
        ("https://example.org/?token=secret#secret", "GET https://example.org/"),
        ("http://[::1]:9000/x", "GET http://[::1]:9000/x"),
    ],
)
def test_a_request_holds_nothing_secret(url: str, words: str) -> None:
    assert wording.request_in_words(a_check(url=url)) == words


EXPECTED: dict[str, tuple[Expectation, str]] = {
    "a status": (STATUS, "202"),
    "all of it": (
        AllOf(parts=(STATUS, ACCEPTED, CertificateLasts(days=14))),
        "202, $.accepted = true, certificate for 14 more days",
    ),
    "a text": (BodyContains(text="ok"), "a text in the body"),
    "a pattern": (BodyMatches(pattern="secret"), "a pattern in the body"),
    "a size": (BodySize(at_least=10, at_most=20), "a body of from 10 to 20 bytes"),
    "a header": (
        HeaderValue(name="Server", operator=HeaderOperator.EXISTS),
        "a header Server",
    ),
    "a text in a header": (
        HeaderValue(name="X-Key", operator=HeaderOperator.EQUALS, value="secret"),
        "a text in the header X-Key",
    ),
    "not a text in a header": (
        HeaderValue(name="X-Key", operator=HeaderOperator.NOT_EQUALS, value="secret"),
        "another text in the header X-Key",
    ),
    "records": (
        RecordsAre(values=("192.0.2.1", "192.0.2.2"), match=RecordMatch.ALL),
        "records: all of 192.0.2.1, 192.0.2.2",
    ),
    "a value that is there": (
        JsonValue(path="$.id", operator=JsonOperator.EXISTS),
        "$.id is there",
    ),
    "a text of JSON": (
        JsonValue(path="$.k", operator=JsonOperator.EQUALS, value="secret"),
        "$.k = a hidden value",
    ),
    "not a text of JSON": (
        JsonValue(path="$.k", operator=JsonOperator.NOT_EQUALS, value="secret"),
        "$.k ≠ a hidden value",
    ),
    "a text inside of JSON": (
        JsonValue(path="$", operator=JsonOperator.CONTAINS, value="secret"),
        "$ contains a hidden value",
    ),
    "a limit": (JsonValue(path="$.q", operator=JsonOperator.BELOW, value="9"), "$.q < 9"),
    "one of two": (
        AnyOf(parts=(STATUS, AllOf(parts=(BodyContains(text="ok"), ACCEPTED)))),
        "202 or a text in the body, $.accepted = true",
    ),
    "the opposite": (Not(part=BodyContains(text="error")), "not a text in the body"),
}


def test_every_expectation_has_words() -> None:
    described = {type(leaf) for tree, _ in EXPECTED.values() for leaf in list_leaves(tree)}

    assert described == set(get_args(Leaf))


@pytest.mark.parametrize(("expectation", "words"), EXPECTED.values(), ids=EXPECTED)
def test_expected(expectation: Expectation, words: str) -> None:
    assert wording.expected_in_words(a_check(expectation=expectation)) == words


def test_the_limit_is_expected_as_well() -> None:
    check = a_check(expectation=STATUS, answers_within=timedelta(milliseconds=800))

    assert wording.expected_in_words(check) == "202, within 800 ms"


@pytest.mark.parametrize(
    ("latency_ms", "http_status", "reason", "words"),
    [
        (1204.4, 503, "503 instead of 202", "503, after 1,204 ms"),
        (None, None, "connection refused", "connection refused"),
        (5000.0, None, "no answer in 5 s", "no answer in 5 s, after 5,000 ms"),
    ],
    ids=["an answer", "no connection", "no answer"],
)
def test_got(latency_ms: float | None, http_status: int | None, reason: str, words: str) -> None:
    result = replace(
        a_result(Outcome.FAIL, latency_ms=latency_ms, reason=reason), http_status=http_status
    )

    assert wording.got_in_words(result) == words


def told_of(before: Service, after: Service) -> str:
    return wording.edits_in_words(wording.list_changes(before, after))


def test_another_expectation_is_a_change() -> None:
    before = a_service(a_check(expectation=STATUS))
    after = a_service(a_check(expectation=BodyContains(text="ok")))

    assert told_of(before, after) == ("changed what is expected from 202 to a text in the body")


def test_another_text_in_the_body_is_a_change_that_does_not_quote_it() -> None:
    before = a_service(a_check(expectation=BodyContains(text="ok")))
    after = a_service(a_check(expectation=BodyContains(text="fine")))

    assert told_of(before, after) == "changed the text that is expected"


def test_a_check_is_turned_the_right_way_up_again() -> None:
    before = a_service(replace(a_check(), upside_down=True))

    assert told_of(before, a_service()) == "turned it the right way up"


def test_several_changes_are_told_in_one_line() -> None:
    before = a_service(a_check(answers_within=timedelta(milliseconds=500)))
    after = a_service(
        a_check(answers_within=timedelta(milliseconds=800), timeout=timedelta(seconds=5)),
        name="Checkout",
    )

    assert told_of(before, after) == (
        "changed the name from Payments webhook to Checkout; "
        "changed the limit from 500 ms to 800 ms; "
        "changed the timeout from 10000 ms to 5000 ms"
    )


def test_no_change_has_no_words() -> None:
    assert told_of(a_service(), a_service()) == ""


def test_what_an_edit_changed_is_noted_side_by_side() -> None:
    check = a_check(answers_within=timedelta(milliseconds=500))
    before = a_service(check)
    confirmation = Confirmation(down=2, up=3)
    changed = replace(
        check,
        answers_within=None,
        confirmation=confirmation,
        upside_down=True,
        timeout=timedelta(seconds=5),
    )
    after = replace(a_service(changed, name="Checkout"), remind_every=timedelta(hours=1))

    edits = wording.list_changes(before, after)

    assert {edit.what: (edit.before, edit.after) for edit in edits} == {
        "name": ("Payments webhook", "Checkout"),
        "limit": ("500 ms", "none"),
        "timeout": ("10000 ms", "5000 ms"),
        "failures": ("3", "2"),
        "good results": ("1", "3"),
        "side": ("the right way up", "upside down"),
        "reminders": ("none", "every hour"),
    }


def test_of_several_checks_it_is_noted_which_one_changed() -> None:
    first = a_check()
    gone, third = (replace(first, id=CheckId(name)) for name in ("b", "c"))
    before = a_service(first, gone)
    after = a_service(replace(first, answers_within=timedelta(seconds=2)), third)

    edits = wording.list_changes(before, after)

    request = wording.request_in_words(first)
    assert [(edit.what, edit.before, edit.after) for edit in edits] == [
        ("limit of check 1", "none", "2000 ms"),
        ("check 2", "", request),
        ("removed 1", request, ""),
    ]


def test_a_hidden_header_leaves_words_and_nothing_to_read() -> None:
    before = a_service(a_check(headers={"Authorization": "Bearer S3CRET"}))
    after = a_service(a_check(headers={"Authorization": "Bearer S4CRET"}))

    (edit,) = wording.list_changes(before, after)

    assert edit == wording.Edit(words="changed the request")


def test_another_service_that_it_depends_on_is_a_change() -> None:
    service = a_service()

    (edit,) = wording.list_changes(service, replace(service, depends_on=(ServiceId("s"),)))

    assert edit.words == "changed what it depends on"
