"""What a check finds before it is saved, over real sockets: rules, trees and kinds."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from allgreen.server.settings import Settings
from tests.api import Person


@pytest.fixture
def settings(settings: Settings, httpserver: HTTPServer, silent_port: int) -> Settings:
    allowed = f"127.0.0.1:{httpserver.port}, 127.0.0.1:{silent_port}"
    return settings.model_copy(update={"allow_targets": allowed})


@pytest.fixture
def url(httpserver: HTTPServer) -> str:
    httpserver.expect_request("/health").respond_with_data(
        "queue: 12", headers={"X-Cache": "HIT"}, content_type="text/plain"
    )
    url: str = httpserver.url_for("/health")
    return url


async def preview(person: Person, **check: object) -> dict[str, Any]:
    answer = await person.client.post(f"{person.workspace}/preview", json=check)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def lines(found: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    return [
        (each["operand"], each["actual"], each["expected"], each["holds"])
        for each in found["explanations"]
    ]


async def test_every_rule_of_an_http_check_is_explained(owner: Person, url: str) -> None:
    expectations = {
        "body_lacks": "error",
        "body_matches": "queue: [0-9]{3}",
        "headers": [{"name": "x-cache", "operator": "matches", "value": "^(HIT|MISS)$"}],
        "size": {"at_most": 9},
        "certificate_days": 14,
    }

    found = await preview(owner, url=url, expectations=expectations)

    assert found["outcome"] == "fail"
    assert lines(found) == [
        ("Status", "200", "200", True),
        ("Body", "not found", "without error", True),
        ("Body", "not found", "matches queue: [0-9]{3}", False),
        ("Header x-cache", "HIT", "matches ^(HIT|MISS)$", True),
        ("Size", "9 bytes", "at most 9 bytes", True),
        ("Certificate", "not there", "at least 14 days", False),
    ]


async def test_a_tree_is_judged_as_a_whole(owner: Person, url: str) -> None:
    tree = {
        "any_of": [
            {"status": "503"},
            {"not": {"any_of": [{"body_contains": "error"}, {"size": {"at_least": 10}}]}},
        ]
    }

    found = await preview(owner, url=url, expectations={"expect": tree})

    assert found["outcome"] == "ok"
    assert lines(found) == [
        ("Body", "not found", "without error", True),
        ("Size", "9 bytes", "not at least 10 bytes", True),
    ]


async def test_upside_down_an_answer_is_a_failure(owner: Person, url: str) -> None:
    found = await preview(owner, url=url, upside_down=True)

    assert (found["outcome"], found["failure"]["class"]) == ("fail", "answered")
    assert lines(found) == [("Upside down", "answers", "a failure", False)]


async def test_upside_down_silence_is_good(owner: Person, silent_port: int) -> None:
    url = f"http://127.0.0.1:{silent_port}/"

    found = await preview(owner, url=url, upside_down=True)

    assert (found["outcome"], found["failure"]) == ("ok", None)
    assert lines(found) == [("Upside down", "connection refused", "a failure", True)]


async def test_a_tcp_check_speaks_and_listens(
    owner: Person, url: str, httpserver: HTTPServer
) -> None:
    check = {
        "kind": "tcp",
        "host": "127.0.0.1",
        "port": httpserver.port,
        "send": "GET /health HTTP/1.0\r\n\r\n",
        "expectations": {"body_matches": "^HTTP/1[.][01] 200", "body_contains": "queue: 12"},
    }

    found = await preview(owner, **check)

    assert url
    assert (found["outcome"], found["http_status"]) == ("ok", None)
    assert "queue: 12" in found["body_excerpt"]


async def test_a_tls_check_of_what_speaks_plain_says_so(
    owner: Person, httpserver: HTTPServer
) -> None:
    found = await preview(owner, kind="tls", host="127.0.0.1", port=httpserver.port)

    assert (found["outcome"], found["failure"]["class"]) == ("fail", "tls")
