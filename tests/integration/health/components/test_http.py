"""Upstreams over HTTP: a good answer, a bad one, and one that asks us back."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.http import http
from allgreen.health.serving.depth import MOST, at_depth, current_depth, name_process, read_depth
from tests.integration.health.peers import Reply, Seen, serving, silent
from tests.services import free_port
from tests.unit.health.components.taking import take_check


def read(url: str, *args: Any, **options: Any) -> ComponentStatus:
    return take_check(http(url, *args, **options))


@pytest.mark.parametrize(
    ("status", "expected", "health"),
    [
        (200, 200, HealthStatus.HEALTHY),
        (204, range(200, 300), HealthStatus.HEALTHY),
        (401, {200, 401}, HealthStatus.HEALTHY),
        (503, 200, HealthStatus.UNHEALTHY),
        (302, 200, HealthStatus.UNHEALTHY),
    ],
)
def test_the_status_must_be_the_expected_one(
    status: int, expected: int | Container[int], health: HealthStatus
) -> None:
    with serving(lambda _: Reply(status, b"", {"Location": "/"})) as peer:
        found = read(peer.url, expected)

    assert found.status is health
    assert found.metadata["status_code"] == status
    assert str(status) in found.message


def test_an_upstream_that_is_degraded_is_no_better_here() -> None:
    with serving(lambda _: Reply(200, b"", {"X-Health": "Degraded"})) as peer:
        assert read(peer.url).status is HealthStatus.DEGRADED


@pytest.mark.parametrize("said", ["unhealthy", " Unhealthy "])
def test_an_upstream_that_is_unhealthy_is_so_whatever_its_status_code(said: str) -> None:
    with serving(lambda _: Reply(200, b"", {"X-Health": said})) as peer:
        assert read(peer.url).status is HealthStatus.UNHEALTHY


@pytest.mark.semantics(25)
def test_a_question_from_far_makes_no_outage_look_better() -> None:
    check = http(f"http://127.0.0.1:{free_port()}/")

    with at_depth(MOST):
        unknown = take_check(check)
    with pytest.raises(ConnectionRefusedError):
        take_check(check)
    with at_depth(MOST):
        known = take_check(check)

    assert (unknown.status, known.status) == (HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)


def test_an_upstream_that_is_not_there_raises() -> None:
    with pytest.raises(ConnectionRefusedError):
        read(f"http://127.0.0.1:{free_port()}/")


def test_an_upstream_that_is_silent_raises_in_time() -> None:
    with silent() as url, pytest.raises(TimeoutError):
        read(url, timeout_s=0.05)


def test_headers_are_sent_with_how_deep_the_question_is() -> None:
    with serving() as peer:
        read(f"{peer.url}/health", headers={"Authorization": "Bearer abc", "User-Agent": "shop"})
        seen = peer.next()

    assert seen.headers["authorization"] == "Bearer abc"
    assert seen.headers["user-agent"] == "shop"
    assert seen.headers["x-allgreen-depth"] == "1"
    assert seen.headers["x-allgreen-asker"] == name_process()


@pytest.mark.semantics(25)
def test_programs_that_ask_one_another_in_a_circle_end_it() -> None:
    asked: list[int] = []

    def answer(seen: Seen) -> Reply:
        # What a health endpoint does with a question: it asks its own upstream, which is itself.
        depth = read_depth(seen.headers.get("x-allgreen-depth"))
        asked.append(depth)
        with at_depth(depth):
            found = read(peer.url)
        headers = {} if found.status is HealthStatus.HEALTHY else {"X-Health": found.status.value}
        return Reply(200, b"", headers)

    with serving(answer) as peer:
        found = read(peer.url)

    assert asked == [1, 2, 3]
    assert found.status is HealthStatus.DEGRADED


def test_a_question_that_came_through_too_many_is_not_asked_on() -> None:
    with serving() as peer, at_depth(MOST):
        found = read(peer.url)

        assert peer.seen.empty()
    assert found.status is HealthStatus.DEGRADED
    assert found.message.startswith("Not asked: 3 programs")


@pytest.mark.parametrize(
    ("header", "depth"),
    [(None, 0), ("", 0), ("0", 0), ("2", 2), ("-1", MOST), ("x", MOST), ("9" * 999, MOST)],
)
def test_the_depth_is_read_from_its_header(header: str | None, depth: int) -> None:
    assert read_depth(header) == depth


def test_outside_of_a_question_the_depth_is_none() -> None:
    with at_depth(2):
        assert current_depth() == 2
    assert current_depth() == 0


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("url", {"url": "example.com"}),
        ("timeout_s", {"timeout_s": 0}),
        ("headers", {"headers": {"X-Allgreen-Depth": "0"}}),
        ("headers", {"headers": {"host": "elsewhere"}}),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused(setting: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        http(**{"url": "http://127.0.0.1/", **options})

    assert caught.value.setting == setting
