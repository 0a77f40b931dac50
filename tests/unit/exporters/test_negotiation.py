"""Which format somebody gets: by RFC 9110, by name, and whatever the header holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.exporters.negotiation import ALL, METRICS, Format, choose, explain

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
AXIOS = "application/json, text/plain, */*"
OLD_JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.semantics(53, 54)
@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, Format.JSON),
        ("", Format.JSON),
        ("*/*", Format.JSON),
        (CHROME, Format.HTML),
        (PROMETHEUS, Format.OPENMETRICS),
        (AXIOS, Format.JSON),
        (OLD_JAVA, Format.HTML),
        ("*", Format.JSON),
        ("text/*", Format.TEXT),
        ("application/*", Format.JSON),
        ("text/plain", Format.TEXT),
        ("text/plain, */*", Format.TEXT),
        ("text/plain;version=0.0.4", Format.PROMETHEUS),
        ('text/plain; version="0.0.4"', Format.PROMETHEUS),
        ("text/plain;version=9", Format.JSON),
        ("text/plain;charset=utf-8", Format.TEXT),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text; version=0.0.1", Format.JSON),
        ("application/health+json", Format.HEALTH),
        ("APPLICATION/Health+JSON", Format.HEALTH),
        ("application/vnd.spring-boot.actuator.v3+json, application/json;q=.9", Format.SPRING),
    ],
)
def test_each_client_gets_what_it_can_read(accept: str | None, chosen: Format) -> None:
    assert choose(accept) is chosen


@pytest.mark.semantics(53)
@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("application/json;q=0.4, text/plain;q=0.5", Format.TEXT),
        ("text/html, application/json", Format.HTML),
        ("application/json, text/html", Format.HTML),
        ("application/json, text/html;q=0.9", Format.JSON),
        ("text/html;q=0.8, */*;q=0.8", Format.HTML),
        ("text/html;q=0, */*", Format.JSON),
        ("application/json;q=0, */*", Format.TEXT),
        ("application/json;q=0.000, application/*;q=0.1", Format.HEALTH),
        ("*/*;q=0.1, application/health+json;q=0.2", Format.HEALTH),
        ("application/json;q=0.2, application/json;q=0.9, text/plain;q=0.5", Format.JSON),
        ("application/json;q=2, text/plain", Format.JSON),
        ("text/plain;q=0.9;ext=1, application/json;q=0.8", Format.TEXT),
        ("text/plain ; Q=0.9 , application/json ; q = 0.8", Format.TEXT),
    ],
)
def test_the_higher_weight_wins_and_the_closer_range_decides_it(
    accept: str, chosen: Format
) -> None:
    assert choose(accept) is chosen


@pytest.mark.semantics(53)
@pytest.mark.parametrize(
    "accept",
    [
        ",,,;;;===",
        ";",
        "text",
        "/",
        "*/html",
        "text/",
        "te xt/html",
        "text/html;q=",
        "text/html;q=abc",
        "text/html;q=nan",
        "text/html;q=-1",
        "text/html;q=1e9",
        "text/html;q=.",
        'text/html;a="',
        "\x00\xff",
        "image/png",
    ],
)
def test_what_is_malformed_or_foreign_gets_an_answer_all_the_same(accept: str) -> None:
    chosen = choose(accept)

    assert chosen is (Format.HTML if accept.endswith('a="') else Format.JSON)


@pytest.mark.semantics(53)
def test_commas_and_semicolons_in_quotes_are_no_separators() -> None:
    assert choose('text/html;a="x,application/json;q=1\\"",text/plain;q=0.1') is Format.HTML


@pytest.mark.semantics(53)
def test_one_malformed_range_does_not_spoil_the_others() -> None:
    assert choose("text/html;q=x, ;;, text/plain") is Format.TEXT


@pytest.mark.semantics(53)
@given(st.text(max_size=200) | st.text('*/;,=q."\\ 01text', max_size=200))
def test_no_header_makes_it_raise(accept: str) -> None:
    assert choose(accept) in ALL


@pytest.mark.semantics(53)
def test_a_huge_header_is_read_in_part() -> None:
    assert choose("text/html;q=0.5," + "image/png," * 1_000_000 + "text/html") is Format.HTML
    assert choose("image/png," * 64 + "text/html") is Format.JSON


@pytest.mark.semantics(53)
@pytest.mark.parametrize("wanted", ALL)
def test_the_query_goes_before_the_header(wanted: Format) -> None:
    assert choose("text/html", wanted.value) is wanted
    assert choose("text/html", f" {wanted.value.upper()} ") is wanted


@pytest.mark.semantics(53)
@pytest.mark.parametrize("name", ["xml", "", "json;", "ｊｓｏｎ", "\x00"])
def test_a_name_that_there_is_not_chooses_nothing(name: str) -> None:
    assert choose("text/html", name) is None


def test_the_explanation_names_what_there_is() -> None:
    assert explain((Format.JSON, Format.HTML)) == (
        "There is no such format. ?format= can be one of: json, html.\n"
    )


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, Format.PROMETHEUS),
        ("*/*", Format.PROMETHEUS),
        (PROMETHEUS, Format.OPENMETRICS),
        ("text/plain", Format.PROMETHEUS),
        ("application/json", Format.PROMETHEUS),
        (CHROME, Format.PROMETHEUS),
    ],
)
def test_a_route_for_scrapers_offers_metrics_only(accept: str | None, chosen: Format) -> None:
    assert choose(accept, available=METRICS) is chosen
    assert choose(accept, "json", available=METRICS) is None


def test_a_route_with_the_page_alone_gives_it_to_everybody() -> None:
    assert choose("application/json", available=(Format.HTML,)) is Format.HTML


@pytest.mark.semantics(53)
def test_media_types_are_those_of_the_standards() -> None:
    assert {offered.value: offered.media_type for offered in Format} == {
        "json": "application/json",
        "text": "text/plain; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "health": "application/health+json",
        "prometheus": "text/plain; version=0.0.4; charset=utf-8",
        "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "spring": "application/vnd.spring-boot.actuator.v3+json",
        "microprofile": "application/json",
    }
    assert [offered for offered in Format if offered.is_metrics] == list(METRICS)
