"""Settings of the HealthChecker: what is impossible is refused, with the name of the setting."""

from __future__ import annotations

from typing import Any

import pytest

from allgreen.errors import SettingsError
from allgreen.health.config.settings import HealthSettings


def read(**variables: str) -> HealthSettings:
    named = {f"ALLGREEN_HEALTH_{name}": value for name, value in variables.items()}
    return HealthSettings.from_environment(named.get)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read() == HealthSettings()
    assert HealthSettings().default_timeout_ms == 2000
    assert HealthSettings().retry_count == 1
    assert HealthSettings().backoff_base_seconds == 0.1


def test_the_environment_says_everything() -> None:
    found = read(
        TIMEOUT_MS="1500",
        TIMEOUTS_MS="database=5000, cache = 250.5",
        RETRIES="3",
        BACKOFF_S="0.25",
        COMPONENTS="database, cache",
    )

    assert found == HealthSettings(
        default_timeout_ms=1500,
        per_component_timeouts_ms={"database": 5000, "cache": 250.5},
        retry_count=3,
        backoff_base_seconds=0.25,
        components=frozenset({"database", "cache"}),
    )


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("TIMEOUT_MS", "soon", "'soon' is no number"),
        ("TIMEOUT_MS", "-1", "no number from 0 to 300000"),
        ("TIMEOUT_MS", "nan", "no number from 0 to 300000"),
        ("TIMEOUT_MS", "1e9", "no number from 0 to 300000"),
        ("TIMEOUTS_MS", "database", "write name=milliseconds"),
        ("TIMEOUTS_MS", "=5", "write name=milliseconds"),
        ("TIMEOUTS_MS", "database=5000,", "write name=milliseconds"),
        ("TIMEOUTS_MS", "database=-5", "no number from 0 to 300000"),
        ("RETRIES", "1.5", "no whole number"),
        ("RETRIES", "-1", "no whole number"),
        ("RETRIES", "٣", "no whole number"),
        ("RETRIES", "11", "no number from 0 to 10"),
        ("BACKOFF_S", "61", "no number from 0 to 60"),
        ("BACKOFF_S", "fast", "'fast' is no number"),
        ("COMPONENTS", "a,,b", "is text, and not empty"),
    ],
)
def test_what_is_impossible_is_refused_by_the_name_of_its_variable(
    variable: str, value: str, why: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{variable: value})

    assert caught.value.setting == f"ALLGREEN_HEALTH_{variable}"
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"default_timeout_ms": -1},
        {"default_timeout_ms": True},
        {"default_timeout_ms": "2000"},
        {"default_timeout_ms": float("inf")},
        {"per_component_timeouts_ms": {"database": float("nan")}},
        {"retry_count": -1},
        {"retry_count": 1.0},
        {"retry_count": True},
        {"backoff_base_seconds": -0.1},
        {"components": "database"},
        {"components": 5},
        {"components": [1]},
    ],
    ids=str,
)
@pytest.mark.semantics(21)
def test_what_is_impossible_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        HealthSettings(**options)


@pytest.mark.parametrize("timeout_ms", [0, None])
@pytest.mark.semantics(21)
def test_no_timeout_means_no_limit_of_its_own(timeout_ms: float | None) -> None:
    assert HealthSettings(default_timeout_ms=timeout_ms).timeout_ms("database") is None


def test_a_component_has_its_own_timeout_or_the_default() -> None:
    settings = HealthSettings(per_component_timeouts_ms={"database": 5000, "batch": 0})

    assert settings.timeout_ms("database") == 5000
    assert settings.timeout_ms("batch") is None
    assert settings.timeout_ms("cache") == 2000


def test_some_components_can_be_chosen() -> None:
    settings = HealthSettings(components=frozenset({"cache"}))

    assert settings.is_enabled("cache")
    assert not settings.is_enabled("database")
    assert HealthSettings().is_enabled("database")


def test_a_change_gives_other_settings_and_leaves_these() -> None:
    settings = HealthSettings()

    changed = settings.changed(retry_count=0)

    assert (settings.retry_count, changed.retry_count) == (1, 0)
    assert changed.default_timeout_ms == settings.default_timeout_ms


def test_a_change_that_is_impossible_is_refused() -> None:
    with pytest.raises(SettingsError, match="retry_count"):
        HealthSettings().changed(retry_count=-1)


def test_an_unknown_setting_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'retry_count'"):
        HealthSettings().changed(retry_counts=2)
    with pytest.raises(SettingsError, match=r"there is no such setting\.$"):
        HealthSettings().changed(xyz=2)


def test_nobody_can_change_the_timeouts_behind_its_back() -> None:
    timeouts: dict[str, float | None] = {"database": 5000.0}
    settings = HealthSettings(per_component_timeouts_ms=timeouts)

    timeouts["database"] = -1.0

    assert settings.timeout_ms("database") == 5000
