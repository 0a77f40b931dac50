"""AI models: a real server that speaks as the providers do."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import HealthCheckError
from allgreen.health.components.ai_model import ai_model
from allgreen.health.fetching import MOST_BYTES
from tests.integration.health.peers import Reply, Seen, dripping, serving
from tests.services import free_port
from tests.unit.health.components.taking import take_check

KEY = "hunter2-very-secret"


def gemini(seen: Seen) -> Reply:
    """Answer as generativelanguage.googleapis.com does."""
    if seen.target != "/v1beta/models?pageSize=1":
        return Reply(404)
    if seen.headers.get("x-goog-api-key") != KEY:
        return Reply.of_json({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
    return Reply.of_json({"models": [{"name": "models/gemini"}], "nextPageToken": "x"})


def openai(seen: Seen) -> Reply:
    """Answer as api.openai.com does."""
    if seen.target != "/v1/models":
        return Reply(404)
    if seen.headers.get("authorization") != f"Bearer {KEY}":
        message = f"Incorrect API key provided: {seen.headers.get('authorization')}"
        return Reply.of_json({"error": {"message": message}}, 401)
    return Reply.of_json({"object": "list", "data": [{"id": "gpt", "object": "model"}]})


def anthropic(seen: Seen) -> Reply:
    """Answer as api.anthropic.com does."""
    if seen.target != "/v1/models?limit=1" or "anthropic-version" not in seen.headers:
        return Reply(404)
    if seen.headers.get("x-api-key") != KEY:
        return Reply.of_json({"type": "error", "error": {"type": "authentication_error"}}, 401)
    return Reply.of_json({"data": [{"type": "model", "id": "claude"}], "has_more": True})


PROVIDERS: dict[str, tuple[Callable[[Seen], Reply], str]] = {
    "gemini": (gemini, ""),
    "openai": (openai, "/v1/"),
    "anthropic": (anthropic, ""),
}


def read(provider: str, url: str, api_key: str = KEY) -> ComponentStatus:
    return take_check(ai_model(provider=provider, url=url, api_key=api_key, probe=True))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_takes_the_key_is_healthy(provider: str) -> None:
    answer, path = PROVIDERS[provider]
    with serving(answer) as peer:
        found = read(provider, peer.url + path)
        seen = peer.next()

    assert (found.status, found.message) == (HealthStatus.HEALTHY, "AI model answers")
    assert found.metadata == {"provider": provider, "has_api_key": True, "is_called": True}
    # Addresses are logged by everybody on the way.
    assert KEY not in seen.target


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.semantics("L11")
def test_a_provider_that_refuses_the_key_is_unhealthy(provider: str) -> None:
    answer, path = PROVIDERS[provider]
    with serving(answer) as peer:
        found = read(provider, peer.url + path, api_key="hunter3-wrong")

    assert found.status is HealthStatus.UNHEALTHY
    assert "refuses the API key" in found.message
    assert "hunter3" not in repr(found)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(429), HealthStatus.DEGRADED),
        (Reply(500), HealthStatus.UNHEALTHY),
        (Reply(302, b"", {"Location": "/elsewhere"}), HealthStatus.UNHEALTHY),
        (Reply(200, b"<html>Log in to the network</html>"), HealthStatus.UNHEALTHY),
        (Reply.of_json([]), HealthStatus.UNHEALTHY),
        (Reply.of_json({"data": None}), HealthStatus.UNHEALTHY),
        (Reply(200, b'{"data": [' + b" " * MOST_BYTES), HealthStatus.HEALTHY),
        (Reply(200, b" " * (MOST_BYTES + 1)), HealthStatus.UNHEALTHY),
    ],
    ids=["often", "broken", "redirect", "portal", "list", "none", "long", "long-nonsense"],
)
def test_other_answers_are_told_apart(reply: Reply, status: HealthStatus) -> None:
    with serving(lambda _: reply) as peer:
        found = read("openai", peer.url)
        peer.next()

        assert peer.seen.empty(), "a redirect would take the key along"
    assert found.status is status


@pytest.mark.parametrize("key", [KEY, f"{KEY}\nX-Evil: 1"], ids=["good", "two-lines"])
@pytest.mark.semantics("L11")
def test_what_is_raised_does_not_hold_the_key(key: str) -> None:
    with pytest.raises(HealthCheckError) as caught:
        read("openai", f"http://127.0.0.1:{free_port()}", key)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_does_not_speak_http_raises() -> None:
    with dripping(b"SSH-2.0-OpenSSH_9.6\r\n") as url, pytest.raises(HealthCheckError):
        read("openai", url)


def test_the_answer_of_a_provider_is_what_we_take_it_for() -> None:
    with serving(openai) as peer:
        read("openai", f"{peer.url}/v1")

        assert json.loads(openai(peer.next()).body)["object"] == "list"
