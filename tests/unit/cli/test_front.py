"""The front of the command line, which a bare install has too."""

from __future__ import annotations

import pytest

from allgreen import __version__
from allgreen.cli import main
from allgreen.cli.exits import ExitCode, exit_code_of
from allgreen.errors import (
    AllgreenError,
    MissingExtraError,
    PortTakenError,
    SettingsError,
    StorageFullError,
    StorageUnavailableError,
)


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"allgreen {__version__}\n"


def test_without_a_command_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USAGE

    assert "serve" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["unknown"], ["--unknown"]])
def test_a_wrong_use_ends_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError("ALLGREEN_PORT", "no"), ExitCode.USAGE),
        (MissingExtraError("server", "fastapi"), ExitCode.USAGE),
        (StorageUnavailableError("no"), ExitCode.DATABASE),
        (StorageFullError("no"), ExitCode.DISK_FULL),
        (PortTakenError("no"), ExitCode.PORT),
        (AllgreenError("no"), ExitCode.FAULT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_failure_has_its_exit_code(error: AllgreenError, code: ExitCode) -> None:
    assert exit_code_of(error) is code
