"""Webhooks: what can be told without a network."""

from __future__ import annotations

from typing import Any

import pytest

from allgreen.errors import SettingsError
from allgreen.health.checker.webhooks import Webhook, is_signed, sign

BODY = b'{"event": "unhealthy"}'
NOW = 1_772_452_800.0


def headers_of(secret: bytes = b"key", at: float = NOW, body: bytes = BODY) -> dict[str, str]:
    timestamp = str(int(at))
    return {
        "X-Allgreen-Signature": sign(secret, timestamp, body),
        "X-Allgreen-Timestamp": timestamp,
    }


def test_the_signature_is_the_hmac_of_timestamp_and_body() -> None:
    # openssl: printf '1700000000.{}' | openssl dgst -sha256 -hmac key
    assert sign(b"key", "1700000000", b"{}") == (
        "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    )


@pytest.mark.parametrize("secret", ["key", b"key"])
def test_what_was_signed_is_believed(secret: str | bytes) -> None:
    assert is_signed(secret, headers_of(), BODY, now=NOW + 300)


def test_the_case_of_headers_does_not_matter() -> None:
    lower = {name.lower(): value for name, value in headers_of().items()}

    assert is_signed("key", lower, BODY, now=NOW)


@pytest.mark.parametrize(
    ("secret", "headers", "body", "now"),
    [
        ("other", headers_of(), BODY, NOW),
        ("key", headers_of(), BODY + b" ", NOW),
        ("key", headers_of(), BODY, NOW + 302),
        ("key", headers_of(), BODY, NOW - 302),
        ("key", {}, BODY, NOW),
        ("key", {**headers_of(), "X-Allgreen-Signature": "sha256=ü"}, BODY, NOW),
        ("key", {**headers_of(), "X-Allgreen-Timestamp": str(int(NOW) + 1)}, BODY, NOW),
        ("key", {**headers_of(), "X-Allgreen-Timestamp": "now"}, BODY, NOW),
        ("key", {**headers_of(), "X-Allgreen-Timestamp": "9" * 5000}, BODY, NOW),
    ],
    ids=["key", "body", "old", "ahead", "none", "strange", "moved", "no-time", "long-time"],
)
def test_what_was_not_sent_like_this_now_is_not_believed(
    secret: str, headers: dict[str, str], body: bytes, now: float
) -> None:
    assert not is_signed(secret, headers, body, now=now)


def test_by_default_the_time_is_now() -> None:
    assert not is_signed("key", headers_of(at=NOW - 10_000_000), BODY)


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("url", {"url": "not an address"}),
        ("secret", {"secret": ""}),
        ("timeout_s", {"timeout_s": 0}),
        ("timeout_s", {"timeout_s": float("inf")}),
        ("headers", {"headers": {"X-Allgreen-Signature": "mine"}}),
        ("headers", {"headers": {"content-type": "text/plain"}}),
        ("headers", {"headers": {"X-Évil": "1"}}),
        ("headers", {"headers": {"X Evil": "1"}}),
        ("headers", {"headers": {"X-Evil": "1\r\nHost: elsewhere"}}),
        ("attempts", {"attempts": 0}),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused(setting: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        Webhook(**{"url": "http://127.0.0.1/", **options})

    assert caught.value.setting == setting


@pytest.mark.semantics("L11")
def test_it_does_not_show_its_secrets() -> None:
    webhook = Webhook("https://hooks.example.com/T0/hunter2", secret="hunter3")

    assert repr(webhook) == "Webhook('hooks.example.com')"
    assert webhook.publisher.name == "webhook hooks.example.com"
