"""Where the program runs, and where its state may be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from allgreen.health.environment import environment_name, read, state_directory


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ALLGREEN_ENV",
        "APP_ENV",
        "ENV",
        "ALLGREEN_STATE_DIR",
        "XDG_STATE_HOME",
        "LOCALAPPDATA",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")


def test_unset_means_production() -> None:
    assert environment_name() == "production"


def test_the_first_name_that_is_set_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "three")
    assert environment_name() == "three"

    monkeypatch.setenv("APP_ENV", "two")
    assert environment_name() == "two"

    monkeypatch.setenv("ALLGREEN_ENV", "one")
    assert environment_name() == "one"


def test_blank_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", " \t")
    monkeypatch.setenv("APP_ENV", "staging")

    assert environment_name() == "staging"
    assert read("ALLGREEN_ENV") is None


def test_case_and_space_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_ENV", " Development ")

    assert environment_name() == "development"


def test_a_value_keeps_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLGREEN_STATE_DIR", " /srv/State ")

    assert read("ALLGREEN_STATE_DIR") == "/srv/State"
    assert state_directory() == Path("/srv/State")


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", "/home/ada/.local/state/allgreen"),
        ("darwin", "/home/ada/Library/Application Support/allgreen"),
        ("win32", "/home/ada/AppData/Local/allgreen"),
    ],
)
def test_each_platform_has_its_place(platform: str, expected: str) -> None:
    assert state_directory(platform) == Path(expected)


def test_windows_says_where_local_data_belong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAPPDATA", "/profile/local")

    assert state_directory("win32") == Path("/profile/local/allgreen")


@pytest.mark.parametrize(
    ("told", "expected"), [("/var/state", "/var/state"), ("state", "/home/ada/.local/state")]
)
def test_a_relative_state_home_counts_as_absent(
    told: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", told)

    assert state_directory("linux") == Path(expected) / "allgreen"


def test_an_account_without_a_home_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)

    assert state_directory("linux") is None
