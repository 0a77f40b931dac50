"""What is written as JSON comes back as the same value, through real JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.check import HttpOptions
from allgreen.domain.expectation import (
    AllOf,
    AnyOf,
    BodyContains,
    CertificateLasts,
    Expectation,
    Explanation,
    JsonOperator,
    JsonValue,
    Not,
    StatusIs,
)
from allgreen.storage.sql import codec

texts = st.text(max_size=20)
leaves = st.one_of(
    st.builds(
        StatusIs,
        codes=st.lists(st.integers(100, 599), max_size=3).map(tuple),
        classes=st.lists(st.integers(1, 5), max_size=3).map(tuple),
    ),
    st.builds(BodyContains, text=texts),
    st.builds(JsonValue, path=texts, operator=st.sampled_from(JsonOperator), value=texts),
    st.builds(CertificateLasts, days=st.integers(0, 400)),
)


def _branches(inner: st.SearchStrategy[Expectation]) -> st.SearchStrategy[Expectation]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, parts=parts), st.builds(AnyOf, parts=parts), st.builds(Not, part=inner)
    )


expectations = st.recursive(leaves, _branches, max_leaves=12)
options = st.builds(
    HttpOptions,
    method=st.sampled_from(["GET", "POST"]),
    url=texts,
    headers=st.dictionaries(texts, texts, max_size=3),
    body=st.none() | texts,
    follow_redirects=st.booleans(),
    verify_tls=st.booleans(),
    announce=st.booleans(),
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


@given(asked=options)
def test_options_come_back_from_their_two_parts(asked: HttpOptions) -> None:
    plain = json.loads(json.dumps(codec.options_to_json(asked)))

    assert codec.options_from_json(plain, codec.secrets_to_text(asked)) == asked


@given(lines=st.lists(explanations, max_size=4).map(tuple))
def test_explanations_come_back(lines: tuple[Explanation, ...]) -> None:
    stored = json.loads(json.dumps(codec.explanations_to_json(lines)))

    assert codec.explanations_from_json(stored) == lines


def test_plain_part_of_options_holds_no_secret() -> None:
    asked = HttpOptions(
        method="POST", url="https://a.example/", headers={"Authorization": "hidden"}, body="hidden"
    )

    assert "hidden" not in json.dumps(codec.options_to_json(asked))


def test_options_without_secrets_need_no_encryption() -> None:
    assert codec.secrets_to_text(HttpOptions(method="GET", url="https://a.example/")) is None


@pytest.mark.parametrize("tree", [{}, {"is": "moon_is_full"}, {"is": "status"}])
def test_expectation_of_an_unknown_kind_is_refused(tree: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match="no expectation that Allgreen knows"):
        codec.expectation_from_json(dict(tree))
