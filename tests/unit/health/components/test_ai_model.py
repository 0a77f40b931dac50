"""AI models: is there a key, and does a client of the program answer?"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import HealthCheckError, SettingsError
from allgreen.health.components.ai_model import ai_model
from tests.unit.health.components.taking import take_check

KEY = "hunter2-very-secret"


def read(*args: Any, **options: Any) -> ComponentStatus:
    return take_check(ai_model(*args, **options))


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        (None, "Missing Gemini API key"),
        ("openai", "Missing OpenAI API key"),
        ("anthropic", "Missing Anthropic API key"),
    ],
)
def test_without_a_key_it_is_degraded(
    monkeypatch: pytest.MonkeyPatch, provider: str | None, message: str
) -> None:
    for name in ("GEMINI", "OPENAI", "ANTHROPIC"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)

    found = read(provider=provider, probe=True)

    assert (found.status, found.message) == (HealthStatus.DEGRADED, message)
    assert found.metadata["has_api_key"] is False


def test_a_key_in_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    found = read(provider="openai")

    assert (found.status, found.message) == (HealthStatus.HEALTHY, "AI model configured")
    assert found.metadata == {"provider": "openai", "has_api_key": True, "is_called": False}


@pytest.mark.parametrize(
    "api_key",
    [KEY, f" {KEY}\n", lambda: KEY, SimpleNamespace(get_secret_value=lambda: KEY)],
    ids=["text", "space", "function", "secret"],
)
def test_a_key_can_be_given(api_key: object) -> None:
    assert read(api_key=api_key).metadata["has_api_key"] is True


@pytest.mark.parametrize("api_key", ["", " ", lambda: None])
def test_an_empty_key_is_none(api_key: object) -> None:
    assert read(api_key=api_key).status is HealthStatus.DEGRADED


class Models:
    """As clients of all three have them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def list(self) -> object:
        if self.error:
            raise self.error
        return SimpleNamespace(data=[])


class AsyncModels(Models):
    """The same, to be awaited."""

    async def list(self) -> object:
        return super().list()


@pytest.mark.parametrize("models", [Models(), AsyncModels()])
def test_a_client_that_lists_its_models_is_healthy(models: Models) -> None:
    found = read(SimpleNamespace(models=models))

    assert found.status is HealthStatus.HEALTHY
    assert found.metadata["is_called"] is True


@pytest.mark.parametrize("kind", [Models, AsyncModels])
@pytest.mark.semantics("L11")
def test_a_client_that_fails_raises_without_the_key(kind: type[Models]) -> None:
    models = kind(OSError(f"401: the key {KEY} is not valid"))

    with pytest.raises(HealthCheckError) as caught:
        read(SimpleNamespace(models=models), api_key=KEY)

    assert str(caught.value) == "OSError: 401: the key *** is not valid"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("value", [None, True, "Hello"])
def test_a_function_that_makes_a_call_is_enough(value: object) -> None:
    assert read(lambda: value).status is HealthStatus.HEALTHY


def test_a_function_that_says_no_is_believed() -> None:
    assert read(lambda: False).status is HealthStatus.UNHEALTHY


def test_a_function_that_says_more_is_believed() -> None:
    said = ComponentStatus("model", HealthStatus.DEGRADED, "Slow")

    assert read(lambda: said) is said


def test_a_coroutine_function_is_awaited() -> None:
    async def call() -> None:
        await asyncio.sleep(0)

    assert read(call).status is HealthStatus.HEALTHY


def test_a_client_is_not_asked_when_that_is_not_wanted() -> None:
    found = read(SimpleNamespace(models=Models(OSError())), probe=False)

    assert found.metadata["is_called"] is False


def test_the_provider_is_the_one_that_the_client_is_of() -> None:
    class OpenAI:
        models = Models()

    OpenAI.__module__ = "openai._client"

    assert read(OpenAI()).metadata["provider"] == "openai"


def test_an_unknown_provider_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'gemini'"):
        ai_model(provider="gemeni")
    with pytest.raises(SettingsError, match=r"is not known\.$"):
        ai_model(provider="xyz")


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("client", {"client": object()}),
        ("timeout_s", {"timeout_s": 0}),
        ("url", {"url": "localhost:11434"}),
    ],
    ids=["client", "timeout", "address"],
)
def test_what_cannot_be_used_is_refused(setting: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        ai_model(**options)

    assert caught.value.setting == setting
