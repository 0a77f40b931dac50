"""What is written as JSON comes back as the same value, through real JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from allgreen.storage.sql import codec

texts = st.text(max_size=20)
ports = st.integers(1, 65535)
sizes = st.none() | st.integers(0, 65_536)
leaf_kinds: dict[type[Leaf], st.SearchStrategy[Expectation]] = {
    StatusIs: st.builds(
        StatusIs,
        codes=st.lists(st.integers(100, 599), max_size=3).map(tuple),
        classes=st.lists(st.integers(1, 5), max_size=3).map(tuple),
    ),
    BodyContains: st.builds(BodyContains, text=texts),
    BodyMatches: st.builds(BodyMatches, pattern=texts),
    BodySize: st.builds(BodySize, at_least=sizes, at_most=sizes),
    HeaderValue: st.builds(
        HeaderValue, name=texts, operator=st.sampled_from(HeaderOperator), value=texts
    ),
    JsonValue: st.builds(
        JsonValue, path=texts, operator=st.sampled_from(JsonOperator), value=texts
    ),
    CertificateLasts: st.builds(CertificateLasts, days=st.integers(0, 400)),
    RecordsAre: st.builds(
        RecordsAre,
        values=st.lists(texts, max_size=3).map(tuple),
        match=st.sampled_from(RecordMatch),
    ),
}
leaves = st.one_of(*leaf_kinds.values())


def _branches(inner: st.SearchStrategy[Expectation]) -> st.SearchStrategy[Expectation]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, parts=parts), st.builds(AnyOf, parts=parts), st.builds(Not, part=inner)
    )


expectations = st.recursive(leaves, _branches, max_leaves=12)
http_options = st.builds(
    HttpOptions,
    method=st.sampled_from(["GET", "POST"]),
    url=texts,
    headers=st.dictionaries(texts, texts, max_size=3),
    body=st.none() | texts,
    follow_redirects=st.booleans(),
    verify_tls=st.booleans(),
    announce=st.booleans(),
)
asked = st.one_of(
    st.tuples(st.just(CheckKind.HTTP), http_options),
    st.tuples(
        st.just(CheckKind.DNS),
        st.builds(
            DnsOptions,
            name=texts,
            record_type=st.sampled_from(RecordType),
            server=st.none() | texts,
        ),
    ),
    st.tuples(
        st.just(CheckKind.TCP),
        st.builds(TcpOptions, hostname=texts, port=ports, send=st.none() | texts),
    ),
    st.tuples(
        st.just(CheckKind.TLS),
        st.builds(
            TlsOptions,
            hostname=texts,
            port=ports,
            server_name=st.none() | texts,
            verify=st.booleans(),
        ),
    ),
)
explanations = st.builds(
    Explanation,
    operand=texts,
    actual=texts,
    expected=texts,
    holds=st.booleans(),
    quotes=st.booleans(),
)


@given(expectation=expectations)
def test_tree_of_expectations_comes_back(expectation: Expectation) -> None:
    tree = json.loads(json.dumps(codec.expectation_to_json(expectation)))

    assert codec.expectation_from_json(tree) == expectation


def test_every_expectation_and_all_options_are_tried_here() -> None:
    assert {*leaf_kinds, AllOf, AnyOf, Not} == set(get_args(Expectation))
    assert {HttpOptions, DnsOptions, TcpOptions, TlsOptions} == set(get_args(Options))


@pytest.mark.parametrize("leaf", leaf_kinds.values(), ids=[kind.__name__ for kind in leaf_kinds])
@given(data=st.data())
def test_every_expectation_comes_back(
    leaf: st.SearchStrategy[Expectation], data: st.DataObject
) -> None:
    expectation = data.draw(leaf)

    tree = json.loads(json.dumps(codec.expectation_to_json(expectation)))

    assert codec.expectation_from_json(tree) == expectation


@given(asked=asked)
def test_options_come_back_from_their_two_parts(asked: tuple[CheckKind, Options]) -> None:
    kind, options = asked
    plain = json.loads(json.dumps(codec.options_to_json(options)))

    assert codec.options_from_json(kind, plain, codec.secrets_to_text(options)) == options


@given(lines=st.lists(explanations, max_size=4).map(tuple))
def test_explanations_come_back(lines: tuple[Explanation, ...]) -> None:
    stored = json.loads(json.dumps(codec.explanations_to_json(lines)))

    assert codec.explanations_from_json(stored) == lines


@pytest.mark.parametrize(
    "options",
    [
        HttpOptions(method="POST", url="https://a.example/", headers={"Authorization": "hidden"}),
        HttpOptions(method="POST", url="https://a.example/", body="hidden"),
        TcpOptions(hostname="a.example", port=6379, send="AUTH hidden"),
    ],
    ids=["header", "body", "send"],
)
def test_plain_part_of_options_holds_no_secret(options: Options) -> None:
    plain, secret = codec.options_to_json(options), codec.secrets_to_text(options)

    assert "hidden" not in json.dumps(plain)
    assert secret is not None
    assert "hidden" in secret


@pytest.mark.parametrize(
    "options",
    [
        HttpOptions(method="GET", url="https://a.example/"),
        DnsOptions(name="a.example"),
        TcpOptions(hostname="a.example", port=22),
        TlsOptions(hostname="a.example"),
    ],
    ids=["http", "dns", "tcp", "tls"],
)
def test_options_without_secrets_need_no_encryption(options: Options) -> None:
    assert codec.secrets_to_text(options) is None


@pytest.mark.parametrize("tree", [{}, {"is": "moon_is_full"}, {"is": "status"}])
def test_expectation_of_an_unknown_kind_is_refused(tree: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match="no expectation that Allgreen knows"):
        codec.expectation_from_json(dict(tree))
