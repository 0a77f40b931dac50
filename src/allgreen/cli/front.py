"""The front of the command line: standard library only, so that a bare install answers too."""

import argparse
import sys
from collections.abc import Sequence

from allgreen import __version__
from allgreen.cli.exits import CheckExit, ExitCode, exit_code_of
from allgreen.errors import AllgreenError, MissingExtraError

LIBRARY_COMMANDS = {
    "check": "run the checks of a file, or look at a heartbeat file or an address",
}
PLATFORM_COMMANDS = {
    "serve": "run the whole platform in one process",
    "migrate": "bring the database up to date, and end",
    "admin": "let people in who are locked out, and say who runs Allgreen",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; every failure that can be foreseen is one line and an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["check"]:
            return _run_check(given[1:])
        if given and given[0] in PLATFORM_COMMANDS:
            return _run_platform(given)
        _parser().parse_args(given)
        _parser().print_help()
        return ExitCode.USAGE
    except AllgreenError as error:
        print(f"allgreen: {_one_line(error)}", file=sys.stderr)  # noqa: T201 - the command's answer
        return exit_code_of(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="allgreen", description='Answer one question: "is it healthy?"'
    )
    parser.add_argument("--version", action="version", version=f"allgreen {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, text in {**LIBRARY_COMMANDS, **PLATFORM_COMMANDS}.items():
        commands.add_parser(name, help=text)
    return parser


def _run_check(arguments: list[str]) -> int:
    from allgreen.cli.check import run_check  # noqa: PLC0415 - other commands need none of it

    try:
        return run_check(arguments)
    except AllgreenError as error:
        print(f"allgreen: {_one_line(error)}", file=sys.stderr)  # noqa: T201 - the command's answer
        return CheckExit.UNKNOWN


def _run_platform(arguments: list[str]) -> int:
    try:
        from allgreen.cli.platform import run  # noqa: PLC0415 - needs the extra "server"
    except ModuleNotFoundError as error:
        raise MissingExtraError("server", error.name or "fastapi") from None
    return run(arguments)


def _one_line(error: AllgreenError) -> str:
    return " ".join(str(error).split())
