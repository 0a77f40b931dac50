"""AI model: a key is there, and, when that is wanted, the provider takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPException
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Final, NamedTuple

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import HealthCheckError, SettingsError
from allgreen.health.components.steps import CheckFunction, Steps, describe, take
from allgreen.health.environment import read as read_environment
from allgreen.health.fetching import Address, Fetched, fetch
from allgreen.health.redaction import MASK, redact
from allgreen.health.registry import suggest

TIMEOUT_S: Final = 5.0

Key = str | Callable[[], Any] | Any


class Provider(NamedTuple):
    """How to ask for the models that a provider has, which costs nothing.

    Attributes:
        title: For people.
        variable: Where its key usually is in the environment.
        url: Where it answers; ends before the path.
        path: Of the list of models.
        headers: What to send; ``{key}`` stands for the key.
        listed: Under which name the answer holds the models.
    """

    title: str
    variable: str
    url: str
    path: str
    headers: dict[str, str]
    listed: str


PROVIDERS: Final = {
    # https://ai.google.dev/api/models
    "gemini": Provider(
        "Gemini",
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com",
        "/v1beta/models?pageSize=1",
        {"x-goog-api-key": "{key}"},
        "models",
    ),
    # https://platform.openai.com/docs/api-reference/models/list
    "openai": Provider(
        "OpenAI",
        "OPENAI_API_KEY",
        "https://api.openai.com/v1",
        "/models",
        {"Authorization": "Bearer {key}"},
        "data",
    ),
    # https://docs.anthropic.com/en/api/models-list
    "anthropic": Provider(
        "Anthropic",
        "ANTHROPIC_API_KEY",
        "https://api.anthropic.com",
        "/v1/models?limit=1",
        {"x-api-key": "{key}", "anthropic-version": "2023-06-01"},
        "data",
    ),
}


def ai_model(
    client: Any = None,
    *,
    provider: str | None = None,
    api_key: Key = None,
    url: str | None = None,
    probe: bool | None = None,
    timeout_s: float = TIMEOUT_S,
) -> CheckFunction:
    """Return a check of an AI model.

    Without a call it says whether there is a key, and is degraded when there is none. With a call
    it asks for the list of models, which every provider gives without a charge. The key is in no
    message.

    Args:
        client: What the program uses: a function that makes a call, or a client with
            ``models.list()``, as those of OpenAI, Anthropic and Google have; blocking or async.
        provider: ``gemini``, ``openai`` (and whoever speaks as it does) or ``anthropic``; by
            default the one that the client is of, and else ``gemini``.
        api_key: The key, or a function that returns it; by default what the environment has under
            the usual name, such as ``GEMINI_API_KEY``.
        url: Where the provider answers, such as ``http://localhost:11434/v1``.
        probe: Make a call; by default, when there is a client.
        timeout_s: Seconds for a call without a client.

    Raises:
        SettingsError: The provider is not known, or the address cannot be used.
    """
    known = _find_provider(provider or _made_by(client))
    if client is not None and not callable(client) and _lister(client) is None:
        raise SettingsError("client", "it is no function, and has no models.list().")
    if not 0 < timeout_s < float("inf"):
        raise SettingsError("timeout_s", f"{timeout_s!r} is no number of seconds.")
    address = Address.parse((url or known.url).rstrip("/") + known.path)
    makes_call = client is not None if probe is None else probe

    def check() -> object:
        key = _read_key(api_key, known)
        if not key and client is None:
            return _status(known, HealthStatus.DEGRADED, f"Missing {known.title} API key", False)
        if not makes_call:
            return _status(known, HealthStatus.HEALTHY, "AI model configured", bool(key))
        if client is not None:
            return take(_ask_client(client, known, key))
        return _ask_provider(known, address, key, timeout_s)

    return check


def _find_provider(name: str) -> Provider:
    known = PROVIDERS.get(name)
    if known is None:
        close = suggest(name, PROVIDERS)
        hint = f" Did you mean {close!r}?" if close else ""
        raise SettingsError("provider", f"{name!r} is not known.{hint}")
    return known


def _made_by(client: Any) -> str:
    package = type(client).__module__.partition(".")[0]
    return package if package in PROVIDERS else "gemini"


def _ask_client(client: Any, provider: Provider, key: str) -> Steps[Any]:
    call = _lister(client) or client
    try:
        value = yield call()
        # A list that is made as it is read has asked nobody yet.
        if isinstance(value, GeneratorType):
            value = next(value, None)
        elif isinstance(value, AsyncGeneratorType):
            value = yield anext(value, None)
    except Exception as error:  # noqa: BLE001 - clients raise what they like; it may hold the key
        raise HealthCheckError(_without(key, describe(error))) from None
    if value is False or _is_refusal(value):
        return _status(provider, HealthStatus.UNHEALTHY, "AI model check failed", bool(key))
    if isinstance(value, ComponentStatus | HealthStatus):
        return value
    return _status(provider, HealthStatus.HEALTHY, "AI model answers", bool(key), is_called=True)


def _ask_provider(
    provider: Provider, address: Address, key: str, timeout_s: float
) -> ComponentStatus:
    headers = {name: value.format(key=key) for name, value in provider.headers.items()}
    try:
        answer = fetch(address, headers=headers, timeout_s=timeout_s)
    except (OSError, HTTPException, ValueError) as error:
        # ValueError: a key with a line break is no header, and would be in the message.
        raise HealthCheckError(_without(key, describe(error))) from None
    status, message = _judge(provider, answer)
    return _status(provider, status, message, True, is_called=True)


def _judge(provider: Provider, answer: Fetched) -> tuple[HealthStatus, str]:
    title = provider.title
    if answer.status in (401, 403):
        return HealthStatus.UNHEALTHY, f"{title} refuses the API key ({answer.status})"
    if answer.status == 429:
        return HealthStatus.DEGRADED, f"{title} answers that it is asked too often (429)"
    if answer.status != 200:
        return HealthStatus.UNHEALTHY, f"AI model check failed: {title} answers {answer.status}"
    if not _lists_models(provider, answer):
        return HealthStatus.UNHEALTHY, f"AI model check failed: that is no answer of {title}"
    return HealthStatus.HEALTHY, "AI model answers"


def _lists_models(provider: Provider, answer: Fetched) -> bool:
    if not answer.is_whole:  # more models than we read; a list all the same
        return f'"{provider.listed}"'.encode() in answer.body
    try:
        body = json.loads(answer.body)
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get(provider.listed), list)


def _status(
    provider: Provider,
    status: HealthStatus,
    message: str,
    has_api_key: bool,
    *,
    is_called: bool = False,
) -> ComponentStatus:
    metadata = {
        "provider": provider.title.lower(),
        "has_api_key": has_api_key,
        "is_called": is_called,
    }
    return ComponentStatus("ai_model", status, message, 0.0, metadata)


def _is_refusal(value: object) -> bool:
    """Tell whether a response says no, as those of httpx, requests and aiohttp do."""
    return any(getattr(value, name, None) is False for name in ("is_success", "ok"))


def _lister(client: Any) -> Any:
    lister = getattr(getattr(client, "models", None), "list", None)
    return lister if callable(lister) else None


def _read_key(api_key: Key, provider: Provider) -> str:
    if api_key is None:
        return read_environment(provider.variable) or ""
    key = api_key() if callable(api_key) else api_key
    hidden = getattr(key, "get_secret_value", None)  # as pydantic keeps secrets
    return str((hidden() if callable(hidden) else key) or "").strip()


def _without(key: str, text: str) -> str:
    return redact(text.replace(key, MASK) if key else text)
