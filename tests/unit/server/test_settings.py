"""Settings: one clear sentence for each value that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from allgreen.errors import SettingsError
from allgreen.server.settings import Settings, default_data_dir


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLGREEN_PORT", "eighty"),
        ("ALLGREEN_PORT", "70000"),
        ("ALLGREEN_PUBLIC_URL", "allgreen.example.org"),
        ("ALLGREEN_PUBLIC_URL", "https://example.org/allgreen"),
        ("ALLGREEN_SMTP_URL", "mail.example.org"),
        ("ALLGREEN_DATABASE_URL", "mysql://localhost/x"),
        ("ALLGREEN_ALLOW_TARGETS", "127.0.0.1"),
        ("ALLGREEN_RESOLVER", "not a server"),
        ("ALLGREEN_CANARIES", "https://one.example,https://two.example"),
        ("ALLGREEN_MIN_INTERVAL_S", "0"),
        ("ALLGREEN_BACKOFF_SCALE", "nan"),
        ("ALLGREEN_REGISTRATION", "sometimes"),
        ("ALLGREEN_SECRET_KEY", "short"),
        ("ALLGREEN_GITHUB_CLIENT_SECRET", "without an id"),
        ("ALLGREEN_GITHUB_URL", "github.example.org"),
        ("ALLGREEN_GITHUB_API_URL", "https://me:secret@github.example.org/api/v3"),
        ("ALLGREEN_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("ALLGREEN_KEEP_RESULTS_DAYS", "0"),
        ("ALLGREEN_FAILPOINTS", "nowhere=kill"),
        ("ALLGREEN_FAILPOINTS", "after_accept=kill:3"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable_once(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert caught.value.setting == name
    assert str(caught.value).count("ALLGREEN_") == 1


def test_failpoints_are_taken_in_tests_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", "test")
    monkeypatch.setenv("ALLGREEN_FAILPOINTS", "after_accept=kill:3")

    assert Settings.load().failpoints == "after_accept=kill:3"


def test_an_id_of_github_needs_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_GITHUB_CLIENT_ID", "Iv1.0123")
    with pytest.raises(SettingsError) as caught:
        Settings.load()

    monkeypatch.setenv("ALLGREEN_GITHUB_CLIENT_SECRET", "a secret")
    settings = Settings.load()

    assert caught.value.setting == "ALLGREEN_GITHUB_CLIENT_SECRET"
    assert settings.has_github
    assert "a secret" not in repr(settings)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_GITHUB_URL", "")
    monkeypatch.setenv("ALLGREEN_GITHUB_CLIENT_ID", "")
    monkeypatch.setenv("ALLGREEN_SMTP_URL", "")
    monkeypatch.setenv("ALLGREEN_PUBLIC_URL", " ")

    settings = Settings.load()

    assert settings.smtp_url is None
    assert not settings.has_github
    assert settings.github_url == "https://github.com"
    assert settings.base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
    ],
)
def test_links_lead_to_the_address_that_is_listened_on(host: str, base_url: str) -> None:
    assert Settings.load(host=host).base_url == base_url


def test_a_flag_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_PORT", "9001")

    assert Settings.load(port=9002, host=None).port == 9002


@pytest.mark.parametrize(
    ("given", "env"),
    [
        ({}, "production"),
        ({"ENV": "test"}, "test"),
        ({"ENV": "test", "APP_ENV": "staging"}, "staging"),
        ({"ENV": "test", "APP_ENV": "staging", "ALLGREEN_ENV": "blue"}, "blue"),
    ],
    ids=["none", "ENV", "APP_ENV", "ALLGREEN_ENV"],
)
def test_the_environment_is_named_by_the_first_variable_that_is_set(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], env: str
) -> None:
    for name in ("ENV", "APP_ENV", "ALLGREEN_ENV"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert Settings.load().env == env


@pytest.mark.parametrize(
    ("environment", "system", "expected"),
    [
        ({"XDG_DATA_HOME": "/srv/data"}, "linux", Path("/srv/data/allgreen")),
        ({"XDG_DATA_HOME": "relative"}, "linux", Path.home() / ".local/share/allgreen"),
        ({}, "linux", Path.home() / ".local/share/allgreen"),
        ({}, "darwin", Path.home() / "Library/Application Support/Allgreen"),
    ],
)
def test_data_lies_where_the_platform_keeps_data(
    environment: dict[str, str], system: str, expected: Path
) -> None:
    assert default_data_dir(environment, system) == expected


def test_secrets_are_not_in_the_text_of_the_settings() -> None:
    settings = Settings.load(
        secret_key="canary" * 8,
        smtp_url="smtp://ana:canary@mail.example.org",
        metrics_token="canary",
    )

    assert "canary" not in repr(settings)


def test_the_secret_key_is_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "new")

    first, second = settings.read_secret_key(), settings.read_secret_key()

    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")

    with pytest.raises(SettingsError, match="ALLGREEN_DATA_DIR: cannot write to") as caught:
        Settings.load(data_dir=in_the_way / "data").read_secret_key()

    assert str(in_the_way) in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "too short"], ids=["absent", "empty", "short"])
def test_a_key_file_without_a_key_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)

    with pytest.raises(SettingsError, match="ALLGREEN_SECRET_KEY_FILE: ") as caught:
        Settings.load(secret_key_file=file).read_secret_key()

    assert str(file) in str(caught.value)


def test_no_secret_is_in_its_text() -> None:
    settings = Settings(
        database_url="postgresql://allgreen:canary@db/allgreen",
        smtp_url="smtp://allgreen:canary@mail.example.org",
        secret_key="canary" * 10,
        metrics_token="canary",
    )

    assert "canary" not in repr(settings) + str(settings)
