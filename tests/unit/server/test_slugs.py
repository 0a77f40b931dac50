"""Names of public pages: which may be chosen, and which one is proposed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.server.status_pages.slugs import (
    LONGEST,
    RESERVED,
    SHORTEST,
    first_free,
    is_reserved,
    propose,
    read_slug,
)

SHAPE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize("slug", sorted(RESERVED))
def test_a_reserved_name_is_refused(slug: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are for people
        read_slug(slug)


def test_many_names_are_reserved() -> None:
    assert len(RESERVED) > 200


@pytest.mark.parametrize(
    "slug", ["adm1n", "ad-min", "l0g1n", "aIIgreen".lower(), "w-w-w", "5tatus", "adrnin", "vvvv-w"]
)
def test_what_is_easily_taken_for_a_reserved_name_is_too(slug: str) -> None:
    assert is_reserved(slug)


@pytest.mark.parametrize("slug", ["nordlys", "abc", "a-1", "x" * 63, "statuses-of-us"])
def test_other_names_may_be_chosen(slug: str) -> None:
    assert read_slug(slug) == slug


@given(st.text(max_size=100))
def test_what_is_accepted_has_the_shape_of_an_address(text: str) -> None:
    try:
        slug = read_slug(text)
    except ValueError:
        return
    assert SHAPE.fullmatch(slug)
    assert SHORTEST <= len(slug) <= LONGEST


@given(st.text(min_size=1, max_size=200))
def test_whatever_a_workspace_is_called_the_proposal_is_accepted(name: str) -> None:
    wish = propose(name)

    assert read_slug(wish) == wish
    assert read_slug(first_free(wish, {wish, f"{wish}-2"})) == f"{wish}-3"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Nordlys", "nordlys"),
        ("Éve & Søn, Ltd.", "eve-sn-ltd"),
        ("Статус", "our-services"),
        ("Status", "status-services"),
        ("A", "a-services"),
    ],
)
def test_a_proposal_is_made_of_the_name(name: str, slug: str) -> None:
    assert propose(name) == slug
