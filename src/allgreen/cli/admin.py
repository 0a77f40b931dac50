"""``allgreen admin``: what who runs Allgreen does on its machine when nobody gets in any more.

It works while the server runs. No password is ever typed: what would end in the history of a shell
is printed as a link instead, which works once.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
import uvloop

from allgreen.cli.logs import write_logs
from allgreen.errors import InvalidInputError
from allgreen.server.app import open_platform
from allgreen.server.auth.schemas import clean_name
from allgreen.server.instance import actions, rescue
from allgreen.server.instance.actions import Act
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings

commands = typer.Typer(
    name="admin",
    help="Let people in who are locked out, and say who runs Allgreen.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Email = Annotated[str, typer.Argument(help="Address of the account.")]
Answer = TypeVar("Answer")


@commands.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="Name of who gets a new account.")] = "Admin",
) -> None:
    """Let an account run this Allgreen; one that there is not is made."""
    try:
        shown = clean_name(name)
    except ValueError as error:
        raise InvalidInputError.at("name", "name", str(error)) from None
    admin = _run(lambda platform: rescue.make_admin(platform, email, shown))
    made = "has an account now, and runs" if admin.is_new else "runs"
    typer.echo(f"{admin.email} {made} this Allgreen.")
    if admin.link:
        _print_link(admin.link)


@commands.command()
def reset_password(email: Email) -> None:
    """Print a link by which the owner of an account sets a password."""
    _print_link(_run(lambda platform: rescue.make_reset_link(platform, email)))


@commands.command()
def end_sessions(email: Email) -> None:
    """Sign an account out everywhere."""
    _do(email, actions.END_SESSIONS, "is signed out everywhere.")


@commands.command()
def remove_two_factor(email: Email) -> None:
    """Ask for no second factor of an account any more, and sign it out everywhere."""
    _do(email, actions.RESET_TWO_FACTOR, "has no second factor any more, and is signed out.")


@commands.command()
def enable(email: Email) -> None:
    """Let an account in again that was disabled."""
    _do(email, actions.ENABLE, "can sign in again.")


def _do(email: str, doing: Act, done: str) -> None:
    account = _run(lambda platform: rescue.rescue(platform, email, doing))
    typer.echo(f"{account.email} {done}")


def _run(work: Callable[[Platform], Awaitable[Answer]]) -> Answer:
    settings = Settings.load()
    write_logs()
    # What the server warns of at its start is not what is asked here.
    logging.getLogger("allgreen").setLevel(logging.ERROR)

    async def look_in() -> Answer:
        async with open_platform(settings, watches=False, is_guest=True) as platform:
            return await work(platform)

    return uvloop.run(look_in())


def _print_link(link: str) -> None:
    typer.echo("Set the password here within half an hour (the link works once):")
    typer.echo(link)
