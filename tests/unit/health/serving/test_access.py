"""How much of a report somebody may see."""

from __future__ import annotations

import logging

import pytest

from allgreen.domain.report import Detail
from allgreen.errors import SettingsError
from allgreen.health.serving.access import Access
from allgreen.health.serving.exchange import Request

TOKEN = "correct-horse-battery"
pytestmark = pytest.mark.semantics(56)


def seen(
    access: Access,
    *,
    query: str = "",
    peer: str | None = "192.0.2.7",
    environment: str = "production",
    **headers: str,
) -> Detail:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("GET", "/healthcheck", query, named, peer)
    return access.detail_for(request, environment=lambda: environment)


@pytest.mark.parametrize(
    ("environment", "detail"),
    [
        ("production", Detail.NONE),
        ("staging", Detail.NONE),
        ("test", Detail.NONE),
        ("development", Detail.FULL),
    ],
)
def test_without_any_setting_details_are_for_development(environment: str, detail: Detail) -> None:
    assert seen(Access(), environment=environment, peer="127.0.0.1") is detail


@pytest.mark.parametrize("detail", Detail)
def test_what_everybody_sees_can_be_chosen(detail: Detail) -> None:
    assert seen(Access(anonymous=detail), environment="development") is detail


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (Detail.NONE, Detail.NONE),
        (Detail.SUMMARY, Detail.SUMMARY),
        (Detail.FULL, Detail.SUMMARY),
    ],
)
def test_everything_is_shown_to_everybody_in_development_only(
    detail: Detail, expected: Detail
) -> None:
    assert seen(Access(anonymous=detail), environment="production") is expected


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_is_shown_in_a_header(scheme: str) -> None:
    access = Access(tokens={TOKEN: Detail.FULL})

    assert seen(access, authorization=f"{scheme} {TOKEN}") is Detail.FULL


def test_a_token_is_shown_in_the_query() -> None:
    access = Access(tokens={TOKEN: Detail.FULL})

    assert seen(access, query=f"format=json&token={TOKEN}") is Detail.FULL


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        ("", ""),
        ("Bearer", ""),
        ("Bearer ", "token="),
        (f"Basic {TOKEN}", ""),
        (f"Bearer {TOKEN}x", f"token={TOKEN[:-1]}"),
        (f"Bearer {TOKEN.upper()}", f"xtoken={TOKEN}"),
        ("Bearer \udcff", "token=%FF"),
        (TOKEN, f"Token={TOKEN}"),
    ],
)
def test_what_is_not_the_token_opens_nothing(authorization: str, query: str) -> None:
    access = Access(tokens={TOKEN: Detail.FULL})

    assert seen(access, authorization=authorization, query=query) is Detail.NONE


def test_each_token_has_its_own_detail_and_the_most_counts() -> None:
    access = Access(tokens={TOKEN: Detail.SUMMARY, "other-token": Detail.FULL})

    assert seen(access, authorization=f"Bearer {TOKEN}") is Detail.SUMMARY
    both = seen(access, authorization=f"Bearer {TOKEN}", query="token=other-token")
    assert both is Detail.FULL


def test_tokens_in_other_scripts_are_compared_too() -> None:
    assert (
        seen(Access(tokens={"schlüssel": Detail.FULL}), query="token=schl%C3%BCssel") is Detail.FULL
    )


@pytest.mark.parametrize("token", ["", "  "])
def test_a_blank_token_is_refused(token: str) -> None:
    with pytest.raises(SettingsError, match="everybody would know it"):
        Access(tokens={token: Detail.FULL})


def test_a_network_opens_details_to_those_within() -> None:
    access = Access(networks={"10.0.0.0/8": Detail.SUMMARY, "10.9.0.0/16": Detail.FULL})

    assert seen(access, peer="10.1.0.1") is Detail.SUMMARY
    assert seen(access, peer="10.9.0.1") is Detail.FULL
    assert seen(access, peer="192.0.2.7") is Detail.NONE
    assert seen(access, peer=None) is Detail.NONE


def test_a_forged_header_opens_no_network() -> None:
    access = Access(networks={"127.0.0.0/8": Detail.FULL})

    assert seen(access, peer="192.0.2.7", x_forwarded_for="127.0.0.1") is Detail.NONE
    assert seen(access, peer="127.0.0.1", x_forwarded_for="192.0.2.7") is Detail.NONE


def test_behind_a_trusted_proxy_the_client_counts_and_not_the_proxy() -> None:
    access = Access(networks={"10.0.0.0/8": Detail.FULL}, trusted_proxies=["10.0.0.0/8"])

    assert seen(access, peer="10.0.0.1", x_forwarded_for="192.0.2.7") is Detail.NONE
    assert seen(access, peer="10.0.0.1", x_forwarded_for="10.3.0.1, 192.0.2.7") is Detail.NONE
    assert seen(access, peer="10.0.0.1", x_forwarded_for="192.0.2.7, 10.3.0.1") is Detail.NONE
    assert seen(access, peer="10.0.0.1", x_forwarded_for="10.3.0.1") is Detail.FULL


def test_the_program_can_decide_itself() -> None:
    access = Access(
        decide=lambda request: Detail.FULL if "cookie" in request.headers else Detail.SUMMARY,
        anonymous=Detail.FULL,
    )

    assert seen(access, cookie="session=1") is Detail.FULL
    assert seen(access) is Detail.SUMMARY


def test_a_token_counts_whatever_the_program_decides() -> None:
    access = Access(tokens={TOKEN: Detail.FULL}, decide=lambda _: Detail.NONE)

    assert seen(access, authorization=f"Bearer {TOKEN}") is Detail.FULL


def test_a_decision_that_raises_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def decide(request: Request) -> Detail:
        raise KeyError(request.headers["authorization"])

    access = Access(decide=decide, anonymous=Detail.FULL)

    with caplog.at_level(logging.WARNING):
        detail = seen(access, environment="development", authorization="Bearer s3cret-s3cret")

    assert detail is Detail.NONE
    assert "KeyError" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_decision_that_is_none_shows_nothing() -> None:
    access = Access(decide=lambda _: "everything", anonymous=Detail.FULL)  # type: ignore[arg-type, return-value]  # what programs write

    assert seen(access) is Detail.NONE


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("hmac.compare_digest", compare)
    access = Access(tokens={"first-token": Detail.FULL, "second-token": Detail.FULL})

    seen(access, authorization="Bearer first-token")

    assert compared == [(b"first-token", b"first-token"), (b"first-token", b"second-token")]
