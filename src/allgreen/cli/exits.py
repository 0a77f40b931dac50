"""How commands end; docs/reference/cli.md lists the codes."""

from enum import IntEnum

from allgreen.errors import (
    AllgreenError,
    InvalidInputError,
    MissingExtraError,
    NotFoundError,
    PortTakenError,
    SettingsError,
    StorageFullError,
    StorageUnavailableError,
)


class ExitCode(IntEnum):
    """How a command ended; docs/reference/cli.md lists them."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    DATABASE = 3
    PORT = 4
    DISK_FULL = 5


class CheckExit(IntEnum):
    """How ``allgreen check`` ended."""

    HEALTHY = 0
    UNHEALTHY = 1
    UNKNOWN = 2
    """Nobody can say: it was asked wrongly, or what there is cannot be read or is too old."""


def exit_code_of(error: AllgreenError) -> ExitCode:
    """Return the exit code that tells scripts what went wrong."""
    match error:
        case SettingsError() | MissingExtraError() | InvalidInputError() | NotFoundError():
            return ExitCode.USAGE
        case StorageFullError():
            return ExitCode.DISK_FULL
        case StorageUnavailableError():
            return ExitCode.DATABASE
        case PortTakenError():
            return ExitCode.PORT
        case _:
            return ExitCode.FAULT
