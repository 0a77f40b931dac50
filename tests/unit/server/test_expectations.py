"""Between the form and the tree of expectations: what is shown reads back as what is stored."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.check import CheckKind, RecordType
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
    Not,
    RecordMatch,
    RecordsAre,
    StatusIs,
    list_leaves,
)
from allgreen.domain.veil import is_open
from allgreen.executors.verdict import Seen
from allgreen.server.catalog.check_schemas import ExpectationsInput
from allgreen.server.catalog.expectations import (
    Asked,
    list_patterns,
    read_expectations,
    show_expectations,
)
from allgreen.server.catalog.mistakes import Problems
from allgreen.server.views.explanations import HIDDEN, show_explanation
from allgreen.server.wire import encode
from allgreen.testing import a_check

HTTP, DNS = Asked(kind=CheckKind.HTTP), Asked(kind=CheckKind.DNS, record_type=RecordType.A)

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=9)
statuses = st.sampled_from(["200", "2xx", "204, 3xx"]).map(StatusIs.parse)
contained = st.builds(BodyContains, text=texts)
sizes = st.sampled_from(
    [BodySize(at_least=1), BodySize(at_most=9), BodySize(at_least=0, at_most=9)]
)
headers = st.builds(
    HeaderValue,
    name=st.sampled_from(["Server", "X-Id"]),
    operator=st.sampled_from([HeaderOperator.EQUALS, HeaderOperator.CONTAINS]),
    value=texts,
)
values = st.builds(
    JsonValue,
    path=st.sampled_from(["$", "$.a[0].b", "$.jobs[*].state"]),
    operator=st.sampled_from([JsonOperator.EQUALS, JsonOperator.CONTAINS]),
    value=texts,
)
certificates = st.builds(CertificateLasts, days=st.integers(1, 825))
leaves = st.one_of(statuses, contained, sizes, headers, values, certificates)


def _branches(inner: st.SearchStrategy[Expectation]) -> st.SearchStrategy[Expectation]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, parts=parts), st.builds(AnyOf, parts=parts), st.builds(Not, part=inner)
    )


def _maybe(part: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(part, max_size=1).map(tuple)


trees = st.recursive(leaves, _branches, max_leaves=6)
forms = st.tuples(
    statuses.map(lambda status: (status,)),
    _maybe(contained),
    _maybe(contained.map(lambda part: Not(part=part))),
    _maybe(st.just(BodyMatches(pattern="a+"))),
    st.lists(headers, max_size=2).map(tuple),
    _maybe(sizes),
    st.lists(values, max_size=2).map(tuple),
    _maybe(certificates),
).map(lambda groups: AllOf(parts=tuple(part for group in groups for part in group)))


def show(tree: Expectation, *, is_whole: bool = True) -> dict[str, Any]:
    """Return what travels."""
    shown = show_expectations(a_check(expectation=tree), is_whole=is_whole)
    written: dict[str, Any] = json.loads(encode(shown))
    return written


def read(form: dict[str, Any], asked: Asked = HTTP) -> tuple[Expectation, dict[str, str]]:
    """Return what a form says, and the code of each field that is refused."""
    problems = Problems()
    found = read_expectations(ExpectationsInput.model_validate(form), asked, problems, "")
    return found, {problem.field: problem.code for problem in problems.found}


@given(tree=forms)
def test_what_the_fields_can_say_is_shown_in_fields_and_reads_back(tree: AllOf) -> None:
    shown = show(tree)

    assert shown["expect"] is None
    assert read(shown) == (tree, {})


@given(tree=trees)
def test_any_tree_reads_back_as_it_was_shown(tree: Expectation) -> None:
    found, refused = read(show(tree))

    assert refused == {}
    assert found in (tree, AllOf(parts=(tree,)))


@given(tree=trees)
def test_who_may_not_edit_sees_no_text_that_is_looked_for(tree: Expectation) -> None:
    shown = json.dumps(show(tree, is_whole=False), ensure_ascii=False)
    marked = [
        leaf
        for leaf in list_leaves(tree)
        if isinstance(leaf, BodyContains | HeaderValue)
        or (isinstance(leaf, JsonValue) and not is_open(leaf))
    ]

    assert shown.count(HIDDEN) == len(marked)


OTHERS = {
    "without a status": AllOf(parts=(BodyContains(text="ok"),)),
    "in another order": AllOf(parts=(BodyContains(text="ok"), StatusIs(codes=(200,)))),
    "two of a kind": AllOf(parts=(StatusIs(codes=(200,)), *2 * (BodyContains(text="ok"),))),
    "one of two": AnyOf(parts=(StatusIs(codes=(200,)), StatusIs(codes=(404,)))),
    "the opposite": Not(part=StatusIs(codes=(200,))),
}


@pytest.mark.parametrize("tree", OTHERS.values(), ids=OTHERS)
def test_what_the_fields_cannot_say_is_shown_as_a_tree(tree: Expectation) -> None:
    shown = show(tree)

    assert (shown["status"], shown["body_contains"]) == ("", None)
    assert shown["expect"] is not None
    assert read(shown) == (tree, {})


def test_a_form_of_http_expects_200_unless_told_otherwise() -> None:
    assert read({}) == (AllOf(parts=(StatusIs(codes=(200,)),)), {})
    assert read({"expect": {"body_contains": "ok"}}) == (BodyContains(text="ok"), {})


def test_a_form_of_another_kind_expects_nothing_unless_told_otherwise() -> None:
    assert read({}, DNS) == (AllOf(parts=()), {})
    assert read({"status": ""}, DNS) == (AllOf(parts=()), {})


def test_what_an_upright_form_of_dns_says_reads_back() -> None:
    expectation, refused = read({"records": {"values": ["192.0.2.1"]}}, DNS)
    shown = show_expectations(
        replace(a_check(expectation=expectation), kind=CheckKind.DNS), is_whole=True
    )

    assert refused == {}
    assert json.loads(encode(shown))["records"] == {"values": ["192.0.2.1"], "match": "any"}


RECORDS = [
    (RecordType.A, "192.0.2.1", "192.0.2.1"),
    (RecordType.AAAA, "2001:DB8:0::1", "2001:db8::1"),
    (RecordType.CNAME, "WWW.Example.com.", "www.example.com"),
    (RecordType.NS, "ns1.example.com", "ns1.example.com"),
    (RecordType.MX, "10  Mail.Example.com.", "10 mail.example.com"),
    (RecordType.MX, "0 .", "0 ."),
    (RecordType.SRV, "0 5 5060 SIP.example.com.", "0 5 5060 sip.example.com"),
    (RecordType.TXT, "v=spf1 Include:X -all", "v=spf1 Include:X -all"),
    (RecordType.CAA, '0 issue "ca.example.net"', '0 issue "ca.example.net"'),
]


@pytest.mark.parametrize(("record_type", "typed", "kept"), RECORDS)
def test_a_record_is_kept_the_way_a_look_up_writes_it(
    record_type: RecordType, typed: str, kept: str
) -> None:
    asked = Asked(kind=CheckKind.DNS, record_type=record_type)

    found, refused = read({"records": {"values": [typed], "match": "exactly"}}, asked)

    assert refused == {}
    assert found == AllOf(parts=(RecordsAre(values=(kept,), match=RecordMatch.EXACTLY),))


@pytest.mark.parametrize(
    ("record_type", "typed"),
    [
        (RecordType.A, "example.com"),
        (RecordType.A, "::1"),
        (RecordType.AAAA, "192.0.2.1"),
        (RecordType.AAAA, "fe80::1%eth0"),
        (RecordType.NS, "10 ns1.example.com"),
        (RecordType.TXT, ""),
    ],
)
def test_a_record_that_cannot_be_found_is_refused_beside_itself(
    record_type: RecordType, typed: str
) -> None:
    asked = Asked(kind=CheckKind.DNS, record_type=record_type)

    _, refused = read({"records": {"values": ["", typed]}}, asked)

    assert refused == {"records.values.0": "record", "records.values.1": "record"}


@pytest.mark.parametrize(
    ("operand", "is_veiled"),
    [("Body", True), ("Header X-Key", True), ("Status", False), ("$.key", True), ("Size", False)],
)
def test_an_explanation_veils_the_text_that_was_looked_for(operand: str, is_veiled: bool) -> None:
    line = Explanation(operand=operand, actual="canary", expected="b", holds=False, quotes=True)

    whole, veiled = (show_explanation(line, is_whole=is_whole) for is_whole in (True, False))

    assert (whole.actual, whole.expected) == ("canary", "b")
    assert (veiled.actual, veiled.expected) == (HIDDEN, HIDDEN if is_veiled else "b")


@pytest.mark.parametrize(
    ("operator", "value", "shown"),
    [
        (JsonOperator.EQUALS, "true", "true"),
        (JsonOperator.EQUALS, "S3CRET", HIDDEN),
        (JsonOperator.NOT_EQUALS, "S3CRET", HIDDEN),
        (JsonOperator.CONTAINS, "true", HIDDEN),
        (JsonOperator.BELOW, "50", "50"),
        (JsonOperator.EXISTS, "", ""),
    ],
)
def test_who_may_not_edit_sees_switches_and_numbers_of_json_alone(
    operator: JsonOperator, value: str, shown: str
) -> None:
    tree = AllOf(parts=(JsonValue(path="$.key", operator=operator, value=value),))

    fields, node = (show(each, is_whole=False) for each in (tree, Not(part=tree.parts[0])))
    line = show_explanation(tree.explain(Seen('{"key": "other"}'))[0], is_whole=False)

    assert node["expect"]["not"]["json_value"]["value"] == shown
    assert value in json.dumps([fields, asdict(line)]) or shown == HIDDEN
    assert "S3CRET" not in json.dumps([fields, node, asdict(line)])


FITS = {
    CheckKind.HTTP: {"status", "headers", "size", "json_values", "certificate_days"},
    CheckKind.DNS: {"records"},
    CheckKind.TCP: {"size", "json_values"},
    CheckKind.TLS: {"certificate_days"},
}
FILLED: dict[str, Any] = {
    "status": "200",
    "body_contains": "ok",
    "body_lacks": "error",
    "body_matches": "o+k",
    "headers": [{"name": "Server", "operator": "exists"}],
    "size": {"at_least": 1},
    "json_values": [{"path": "$", "operator": "exists", "value": ""}],
    "certificate_days": 14,
    "records": {"values": ["192.0.2.1"]},
    "answers_within_ms": 500,
}


@pytest.mark.parametrize("kind", CheckKind)
def test_what_a_kind_of_check_cannot_find_is_refused(kind: CheckKind) -> None:
    asked = Asked(kind=kind, record_type=RecordType.A if kind is CheckKind.DNS else None)
    everywhere = {"body_contains", "body_lacks", "body_matches", "answers_within_ms"}

    _, refused = read(FILLED, asked)

    assert refused == dict.fromkeys(FILLED.keys() - FITS[kind] - everywhere, "not_for_kind")


NODES = {
    "status": "200",
    "header": FILLED["headers"][0],
    "size": FILLED["size"],
    "json_value": FILLED["json_values"][0],
    "certificate_days": 14,
    "records": FILLED["records"],
}


@pytest.mark.parametrize("name", NODES)
def test_what_a_kind_cannot_find_is_refused_within_a_tree_as_well(name: str) -> None:
    asked = Asked(kind=CheckKind.DNS, record_type=RecordType.A)
    form = {"expect": {"any_of": [{"body_contains": "x"}, {"not": {name: NODES[name]}}]}}

    _, refused = read(form, asked)

    place = f"expect.any_of.1.not.{name}"
    assert refused == ({} if name == "records" else {place: "not_for_kind"})


def test_the_patterns_of_a_form_are_listed_wherever_they_stand() -> None:
    header = {"name": "Server", "operator": "matches", "value": "b"}
    tree = {"all_of": [{"body_matches": "c"}, {"any_of": [{"not": {"header": header}}]}]}
    plain = {"name": "Server", "operator": "equals", "value": "no"}
    form = ExpectationsInput.model_validate(
        {"body_matches": "a", "headers": [header, plain], "expect": tree}
    )

    assert sorted(list_patterns(form)) == ["a", "b", "b", "c"]
