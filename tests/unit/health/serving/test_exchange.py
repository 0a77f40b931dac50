"""Requests and responses of the health endpoint."""

from __future__ import annotations

import pytest

from allgreen.health.serving.exchange import Request, Response


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("format=json", {"format": "json"}),
        ("format=", {"format": ""}),
        ("format", {"format": ""}),
        ("format=json&format=html", {"format": "json"}),
        ("token=a%20b&fresh=1", {"token": "a b", "fresh": "1"}),
        ("%FF=%FF", {"\ufffd": "\ufffd"}),
        ("&&&=&", {}),
        ("&".join("a=1" for _ in range(1000)), {}),
    ],
)
def test_the_first_value_of_each_name_counts(query: str, expected: dict[str, str]) -> None:
    parameters = Request("GET", "/", query).parameters()

    assert {name: value for name, value in parameters.items() if name} == expected


@pytest.mark.parametrize(
    ("status", "reason"), [(200, "OK"), (503, "Service Unavailable"), (599, "Health")]
)
def test_every_status_code_has_a_reason(status: int, reason: str) -> None:
    assert Response(status, [], b"").reason == reason
